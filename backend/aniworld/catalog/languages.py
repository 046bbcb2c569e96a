"""Languages as others write them, made ours: ``jpn`` with subtitles in ``ger`` is ``ja+de``. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable

from aniworld.catalog.types import Language
from aniworld.kit.languages import CODES, SHORT

UNKNOWN = Language("und")
"""BCP 47 for a language that nobody tells."""

_NAMES = (
    "ar arabic|bg bulgarian|ca catalan|cs czech|da danish|de german|de deutsch|el greek|en english|es spanish|"
    "es español|fi finnish|fr french|fr français|he hebrew|hi hindi|hr croatian|hu hungarian|id indonesian|"
    "it italian|it italiano|ja japanese|ja 日本語|ko korean|nl dutch|no norwegian|pl polish|pt portuguese|pt-BR pob|"
    "ro romanian|ru russian|sk slovak|sr serbian|sv swedish|th thai|tr turkish|uk ukrainian|vi vietnamese|"
    "zh chinese|zh mandarin|zh cmn|pt-BR pt-br|es-419 es-419|es-419 es-la"
)
_TAGS = SHORT | {code: code for code in CODES} | {name: tag for tag, name in map(str.split, _NAMES.split("|"))}
_NOBODY = frozenset({"und", "mis", "mul", "zxx", "unknown"})
_CODE = re.compile(r"([a-z]{2,3})(?:-.*)?")


def tag(word: object) -> str | None:
    """The BCP 47 tag for a code of ISO 639, a tag with more to it, or the English name of a language.

    A region is kept only where people mean another language by it.
    """
    if not isinstance(word, str) or len(word) > 40:
        return None
    if found := known(word):
        return found
    code = _CODE.fullmatch(word.strip().casefold())
    return code[1] if code and code[1] not in _NOBODY else None


def known(word: str) -> str | None:
    """The same for a language that we know the name of: a word of three letters may be any word."""
    word = word.strip().casefold().replace("_", "-")
    if word in _TAGS:
        return _TAGS[word]
    code = _CODE.fullmatch(word)
    return _TAGS.get(code[1]) if code else None


def spoken_and_read(audio: Iterable[object], subtitles: Iterable[object]) -> tuple[Language, ...]:
    """What one file can be watched in: every sound alone, and with subtitles of every other language."""
    sounds = list(dict.fromkeys(found for word in audio if (found := tag(word))))
    texts = list(dict.fromkeys(found for word in subtitles if (found := tag(word))))
    alone = [Language(sound) for sound in sounds]
    return tuple(alone + [Language(f"{sound}+{text}") for sound in sounds for text in texts if text != sound])
