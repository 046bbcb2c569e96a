"""Names made comparable: folded for search and sort, slugged for addresses. Pure."""

from __future__ import annotations

import re
import unicodedata

_NOT_DECOMPOSED = str.maketrans({"ø": "o", "æ": "ae", "œ": "oe", "đ": "d", "ł": "l", "ð": "d", "þ": "th", "ı": "i"})
_VOICING = frozenset("\u3099\u309a")
"""Marks that make another letter in Japanese, not an accent."""
_APOSTROPHES = re.compile("['’‘`´ʼ]")
_NOT_IN_SLUG = re.compile(r"[^a-z0-9]+")
_SLUG_LENGTH = 80


def fold(text: str) -> str:
    """Without case, accents and width, white space made single: what two spellings of one name share."""
    decomposed = unicodedata.normalize("NFKD", text).casefold().translate(_NOT_DECOMPOSED)
    plain = "".join(char for char in decomposed if unicodedata.category(char) != "Mn" or char in _VOICING)
    return " ".join(unicodedata.normalize("NFKC", plain).split())


def same_name(name: str) -> str:
    """What two file names share that some file systems cannot tell apart."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def slug(text: str) -> str:
    """``a-z``, ``0-9`` and single hyphens, at most 80 long; empty if nothing of the text can be said with them."""
    plain = _APOSTROPHES.sub("", fold(text.replace("×", "x")))
    return _NOT_IN_SLUG.sub("-", plain)[: _SLUG_LENGTH + 1].strip("-")[:_SLUG_LENGTH].rstrip("-")
