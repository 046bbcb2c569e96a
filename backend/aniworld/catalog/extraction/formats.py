"""Chooses among what yt-dlp found: which picture, which sound. Pure.

yt-dlp could choose by itself, in a language of its own; what a user sets never becomes text in that.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

import msgspec

from aniworld.catalog.types import Fragment
from aniworld.kit.languages import same_language
from aniworld.kit.schema import Schema

Protocol = Literal["http", "hls", "fragments"]


class Format(Schema, frozen=True):
    """One way in which a video can be had."""

    url: str
    protocol: Protocol
    picture: bool = True
    sound: bool = True
    height: int | None = None
    bitrate: float = 0.0
    """Kilobits a second."""
    language: str | None = None
    """Of the sound, in BCP 47 or ISO 639-2, where the host tells."""
    language_rank: int = 0
    """The original or default one is preferred by the host."""
    manifest: str | None = None
    """The list of variants that it is one of."""
    size: int | None = None
    headers: dict[str, str] = msgspec.field(default_factory=dict)
    fragments: tuple[Fragment, ...] = ()


Choice = tuple[Format, Format | None]
"""The picture, and the sound where it is apart."""


def choose(formats: Sequence[Format], max_height: int | None, language: str | None) -> Choice | None:
    """The best there is, by these in turn: it speaks the language, has sound, fits ``max_height``, is the tallest.

    Where all are taller than ``max_height`` it is one of the lowest. ``formats`` are in yt-dlp's order, the best last,
    which decides between equals. ``language`` is ``audio[+subtitles]``; what does not say what it speaks goes before
    what says that it is another language. None: there is no picture.
    """
    wanted = (language or "").partition("+")[0]
    sounds = [(place, format_) for place, format_ in enumerate(formats) if format_.sound and not format_.picture]
    pictures = [(place, format_) for place, format_ in enumerate(formats) if format_.picture]
    if not pictures:
        return None
    choices = [(place, (picture, _sound_for(picture, sounds, wanted))) for place, picture in pictures]
    fits = [entry for entry in choices if _fits(entry[1][0], max_height)]
    lowest = min(format_.height or 0 for _, format_ in pictures)
    candidates = fits or [entry for entry in choices if (entry[1][0].height or 0) == lowest]

    def rank(entry: tuple[int, Choice]) -> tuple[int, bool, int, int]:
        place, (picture, sound) = entry
        heard = sound or picture
        return _speaks(heard, wanted), heard.sound, picture.height or 0, place

    best = max(candidates, key=rank)
    # A language that only what is too tall has is not worth leaving the limit for.
    return best[1]


def _sound_for(picture: Format, sounds: Iterable[tuple[int, Format]], wanted: str) -> Format | None:
    """The best sound for a picture; None where it has sound itself, in no worse a language."""
    if picture.sound:
        if not wanted or _speaks(picture, wanted) == 2:
            return None
        sounds = [(place, sound) for place, sound in sounds if _speaks(sound, wanted) > _speaks(picture, wanted)]

    def rank(entry: tuple[int, Format]) -> tuple[int, int, bool, float, int]:
        place, sound = entry
        same = picture.manifest is not None and sound.manifest == picture.manifest
        return _speaks(sound, wanted), sound.language_rank, same, sound.bitrate, place

    best = max(sounds, key=rank, default=None)
    return best[1] if best is not None else None


def _fits(picture: Format, max_height: int | None) -> bool:
    return max_height is None or (picture.height or 0) <= max_height


def _speaks(format_: Format, wanted: str) -> int:
    """2: the language that is wanted; 1: nobody knows which, or none is wanted; 0: another one."""
    if not wanted or not format_.language:
        return 1
    return 2 if same_language(wanted, format_.language) else 0
