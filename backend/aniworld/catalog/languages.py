"""Languages as others write them, made ours: ``jpn`` with subtitles in ``ger`` is ``ja+de``. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable

from aniworld.catalog.types import Language

UNKNOWN = Language("und")
"""BCP 47 for a language that nobody tells."""

_WORDS = {
    "ar": "ara arabic", "bg": "bul bulgarian", "ca": "cat catalan", "cs": "ces cze czech", "da": "dan danish",
    "de": "deu ger german deutsch", "el": "ell gre greek", "en": "eng english", "es": "spa spanish español",
    "et": "est estonian", "fa": "fas per persian", "fi": "fin finnish", "fr": "fra fre french français",
    "he": "heb hebrew", "hi": "hin hindi", "hr": "hrv croatian", "hu": "hun hungarian", "id": "ind indonesian",
    "is": "isl ice icelandic", "it": "ita italian italiano", "ja": "jpn japanese 日本語", "ko": "kor korean",
    "lt": "lit lithuanian", "lv": "lav latvian", "ms": "msa may malay", "nl": "nld dut dutch",
    "no": "nor nob norwegian", "pl": "pol polish", "pt": "por portuguese", "pt-BR": "pob", "ro": "ron rum romanian",
    "ru": "rus russian", "sk": "slk slo slovak", "sl": "slv slovenian", "sr": "srp serbian", "sv": "swe swedish",
    "th": "tha thai", "tl": "tgl fil tagalog", "tr": "tur turkish", "uk": "ukr ukrainian", "vi": "vie vietnamese",
    "zh": "zho chi chinese cmn mandarin",
}  # fmt: skip
_TAGS = {word: tag for tag, words in _WORDS.items() for word in (tag.casefold(), *words.split())}
_NOBODY = frozenset({"und", "mis", "mul", "zxx", "unknown"})
_CODE = re.compile(r"([a-z]{2,3})(?:-([a-z]{2}|[0-9]{3}|[a-z]{4}))?(?:-.*)?")


def tag(word: object) -> str | None:
    """The BCP 47 tag for a code of ISO 639, a tag with more to it, or the English name of a language."""
    if not isinstance(word, str) or len(word) > 40:
        return None
    word = word.strip().casefold().replace("_", "-")
    if word in _TAGS:
        return _TAGS[word]
    code = _CODE.fullmatch(word)
    if code is None or code[1] in _NOBODY or word in _NOBODY:
        return None
    language = _TAGS.get(code[1], code[1])
    return f"{language}-{code[2].upper()}" if code[2] and len(code[2]) < 4 and "-" not in language else language


def spoken_and_read(audio: Iterable[object], subtitles: Iterable[object]) -> tuple[Language, ...]:
    """What one file can be watched in: every sound alone, and with subtitles of every other language."""
    sounds = list(dict.fromkeys(found for word in audio if (found := tag(word))))
    texts = list(dict.fromkeys(found for word in subtitles if (found := tag(word))))
    alone = [Language(sound) for sound in sounds]
    return tuple(alone + [Language(f"{sound}+{text}") for sound in sounds for text in texts if text != sound])
