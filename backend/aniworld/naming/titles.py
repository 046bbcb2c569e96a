"""What the title of a series says: its words, its season, its year. Pure.

Sources write one series in many ways: ``Overlord II``, ``Overlord 2nd Season``, ``Overlord: Staffel 2``. What is
compared are the words without case, accents, width, punctuation and articles, with one spelling of long vowels and
umlauts, katakana as hiragana, and the season and the year apart.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass

from aniworld.kit.text import fold

_YEAR = re.compile(r"[(\[]\s*((?:19[3-9]|20[0-4])\d)\s*[)\]]|[\s,-]((?:19[6-9]|20[0-3])\d)\s*$")
_ALTERNATIVES = re.compile(r"\s+[/|]\s+")
_APOSTROPHES = re.compile("['’‘`´ʼ]")
_MARKS = re.compile(r"[^\w\s]|_")
_ORDINAL = r"(\d{1,2})(?:st|nd|rd|th|\.)?"
_SEASONS = (
    re.compile(rf"\b(?:season|staffel|saison|temporada|stagione|part|teil|cour)\s+{_ORDINAL}(?=\s|$)"),
    re.compile(r"\b(\d{1,2})(?:st|nd|rd|th)?\s+(?:season|staffel|saison|temporada|stagione|part|teil|cour)\b"),
    re.compile(r"第\s*(\d{1,2})\s*[期季]"),
    re.compile(r"(\d{1,2})\s*기(?=\s|$)"),
    re.compile(r"\bs(\d{1,2})(?=\s|$)"),
)
_WORDS = re.compile(
    r"\b(?:(?:the|die)\s+)?(first|second|third|fourth|fifth|final|erste|zweite|dritte|vierte|letzte)\s+(?:season|staffel|part)\b"
)
_NUMBERS = {
    "first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5, "final": 99,
    "erste": 1, "zweite": 2, "dritte": 3, "vierte": 4, "letzte": 99,
}  # fmt: skip
_ROMAN = {"ii": 2, "iii": 3, "iv": 4, "v": 5, "vi": 6, "vii": 7, "viii": 8, "ix": 9}
_ARTICLES = frozenset({"the", "a", "an", "der", "die", "das", "le", "la", "les"})
_AND = frozenset({"and", "und", "et", "to"})
_LONG = (("ou", "o"), ("oo", "o"), ("oe", "o"), ("uu", "u"), ("ue", "u"), ("ae", "a"), ("aa", "a"))
"""Two ways to write one vowel: ``Shoujo`` and ``Shojo``, ``Maedchen`` and ``Mädchen``."""
_KATAKANA = {code: code - 0x60 for code in range(0x30A1, 0x30F7)}

LONGEST = 500
"""Characters of a title that are looked at."""


@dataclass(frozen=True, slots=True)
class Title:
    """A title in its parts."""

    text: str
    """Folded, without marks: what somebody would type."""
    words: tuple[str, ...]
    """In one spelling, without the season, the year and what carries no meaning."""
    season: int
    """1 where the title does not say; 99: the final one."""
    year: int | None

    @property
    def core(self) -> str:
        """What two spellings of one title share."""
        return "".join(self.words)


def variants(name: str) -> tuple[Title, ...]:
    """The title, and what it is made of where a source gives two in one: ``Attack on Titan / Shingeki no Kyojin``."""
    parts = [part for part in _ALTERNATIVES.split(name[:LONGEST]) if part.strip()]
    whole = title(name)
    return tuple(dict.fromkeys([whole, *(title(part) for part in parts)])) if len(parts) > 1 else (whole,)


@functools.lru_cache(maxsize=4096)
def title(name: str) -> Title:
    """Take a title apart."""
    name = name[:LONGEST]
    year = None
    if (found := _YEAR.search(name)) and name[: found.start()].strip():
        year = int(found.group(1) or found.group(2))
        name = name[: found.start()] + " " + name[found.end() :]
    folded = _APOSTROPHES.sub("", fold(name)).replace("&", " and ").replace("×", "x")
    text = " ".join(_MARKS.sub(" ", folded).split())
    season, rest = _season(" ".join(_MARKS.sub(" ", folded.replace(". staffel", " staffel")).split()))
    words = [word for word in rest.split() if word not in _AND]
    if len(words) > 1 and words[0] in _ARTICLES:
        words = words[1:]
    return Title(text, tuple(_spelled(word) for word in words) or (text or folded,), season, year)


def _season(text: str) -> tuple[int, str]:
    """The season that a title names, and the title without it. A number alone at its end is one, too."""
    for pattern in _SEASONS:
        if (found := pattern.search(text)) and text[: found.start()].strip():
            return int(found.group(1)), f"{text[: found.start()]} {text[found.end() :]}"
    if (found := _WORDS.search(text)) and text[: found.start()].strip():
        return _NUMBERS[found.group(1)], f"{text[: found.start()]} {text[found.end() :]}"
    head, _, last = text.rpartition(" ")
    if head and last in _ROMAN:
        return _ROMAN[last], head
    if head and last.isascii() and last.isdigit() and 2 <= int(last) <= 20:
        return int(last), head
    return 1, text


def _spelled(word: str) -> str:
    word = word.translate(_KATAKANA).replace("ー", "")
    for twice, once in _LONG:
        word = word.replace(twice, once)
    return word
