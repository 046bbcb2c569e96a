"""Names made comparable. Pure."""

from __future__ import annotations

import unicodedata

_NOT_DECOMPOSED = str.maketrans({"ø": "o", "æ": "ae", "œ": "oe", "đ": "d", "ł": "l", "ð": "d", "þ": "th", "ı": "i"})
_VOICING = frozenset("\u3099\u309a")
"""Marks that make another letter in Japanese, not an accent."""


def fold(text: str) -> str:
    """Without case, accents and width, white space made single: what two spellings of one name share."""
    decomposed = unicodedata.normalize("NFKD", text).casefold().translate(_NOT_DECOMPOSED)
    plain = "".join(char for char in decomposed if unicodedata.category(char) != "Mn" or char in _VOICING)
    return " ".join(unicodedata.normalize("NFKC", plain).split())
