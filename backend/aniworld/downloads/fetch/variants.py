"""Chooses from an HLS master playlist: which picture, which sound, which subtitles. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from aniworld.downloads.fetch.errors import PlaylistError
from aniworld.kit.languages import same_language

_PICTURE_CODECS = ("avc", "hvc", "hev", "dvh", "dva", "vp0", "vp8", "vp9", "av01", "mp4v")
_MOST_SUBTITLES = 8


@dataclass(frozen=True, slots=True)
class Rendition:
    """Sound or subtitles with a playlist of their own."""

    url: str
    language: str | None = None
    """BCP 47, where the playlist tells."""
    name: str | None = None
    forced: bool = False
    """Subtitles of signs and foreign speech only."""


@dataclass(frozen=True, slots=True)
class Master:
    """What to take of a master playlist."""

    video: str
    """Address of the playlist; its pieces hold the sound too, unless ``audio`` is there."""
    audio: Rendition | None = None
    subtitles: tuple[Rendition, ...] = ()


def choose(playlist: Any, max_height: int | None, language: str | None, *, subtitles: bool) -> Master:
    """The variant of the highest bandwidth not taller than ``max_height``; if all are taller, one of the lowest.

    One that offers what is wanted goes before one that does not.
    ``language`` is ``audio[+subtitles]``: the sound is the one in that language, else the playlist's default one. Of
    the ``subtitles`` those in the wanted language; without one, those that belong to the sound (forced ones); all
    where no language is wanted at all. Raises :class:`PlaylistError`.
    """
    wanted, _plus, wanted_subtitles = (language or "").partition("+")
    variants = [variant for variant in playlist.playlists if _has_picture(variant.stream_info)]
    if not variants:
        raise PlaylistError("The playlist lists no video")

    def height(variant: Any) -> int:
        resolution = variant.stream_info.resolution
        return int(resolution[1]) if resolution else 0

    def offers(kind: str, group: str | None, language: str) -> bool:
        return any(same_language(language, media.language) for media in _group(playlist, kind, group))

    def rank(variant: Any) -> tuple[bool, bool, int, int]:
        info = variant.stream_info
        speaks = offers("AUDIO", info.audio, wanted)
        shows = subtitles and offers("SUBTITLES", info.subtitles, wanted_subtitles)
        return speaks, shows, info.bandwidth or 0, height(variant)

    fitting = [variant for variant in variants if max_height is None or height(variant) <= max_height]
    if fitting:
        best = max(fitting, key=rank)
    else:
        lowest = min(map(height, variants))
        best = max((variant for variant in variants if height(variant) == lowest), key=rank)
    info = best.stream_info
    return Master(
        video=_address(best.absolute_uri),
        audio=_audio(_group(playlist, "AUDIO", info.audio), wanted),
        subtitles=_subtitles(_group(playlist, "SUBTITLES", info.subtitles), wanted, wanted_subtitles)
        if subtitles
        else (),
    )


def _group(playlist: Any, kind: str, name: str | None) -> list[Any]:
    return [media for media in playlist.media if name and media.type == kind and media.group_id == name]


def _audio(group: list[Any], wanted: str) -> Rendition | None:
    """None: the sound is in the pieces of the video."""
    if not group:
        return None

    def rank(media: Any) -> tuple[bool, bool, bool]:
        return same_language(wanted, media.language), media.default == "YES", media.autoselect == "YES"

    best = max(group, key=rank)  # of equals the first
    return _rendition(best) if best.uri else None


def _subtitles(group: list[Any], audio: str, wanted: str) -> tuple[Rendition, ...]:
    there = [media for media in group if media.uri]
    if not audio and not wanted:
        chosen = there
    elif wanted:
        chosen = [media for media in there if same_language(wanted, media.language)]
        if not chosen and len(there) == 1 and not there[0].language:
            chosen = there
    else:
        chosen = [media for media in there if media.forced == "YES" and same_language(audio, media.language)]
    return tuple(_rendition(media) for media in chosen[:_MOST_SUBTITLES])


def _rendition(media: Any) -> Rendition:
    return Rendition(
        url=_address(media.absolute_uri),
        language=(media.language or "")[:40] or None,
        name=(media.name or "")[:200] or None,
        forced=media.forced == "YES",
    )


def _has_picture(info: Any) -> bool:
    if not info.codecs or info.resolution:
        return True
    return any(codec.strip().lower().startswith(_PICTURE_CODECS) for codec in info.codecs.split(","))


def _address(uri: str) -> str:
    if urlsplit(uri).scheme.lower() not in ("http", "https"):
        raise PlaylistError(f"The playlist leads to an address that is not HTTP ({uri[:80]!r})")
    return uri
