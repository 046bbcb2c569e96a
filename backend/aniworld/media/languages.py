"""Language tags as containers want them. Pure."""

from __future__ import annotations

from aniworld.kit.languages import CODES, SHORT
from aniworld.media.types import Container


def track_languages(language: str | None, container: Container) -> tuple[str | None, str | None]:
    """Tags for sound and subtitles of ``audio[+subtitles]`` in BCP 47; None where nothing is known."""
    if not language:
        return None, None
    audio, _plus, subtitles = language.partition("+")
    return language_code(audio, container), language_code(subtitles, container)


def language_code(tag: str, container: Container) -> str | None:
    """What a container calls the language of a BCP 47 tag; None where nothing is known."""
    primary = tag.partition("-")[0].lower()
    if primary in CODES:
        return CODES[primary][0 if container == "matroska" else 1]
    if primary in SHORT:
        return CODES[SHORT[primary]][0 if container == "matroska" else 1]
    return primary if len(primary) == 3 and primary.isascii() and primary.isalpha() else None
