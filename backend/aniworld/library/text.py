"""Names made comparable with those of files and addresses. Pure."""

from __future__ import annotations

import re
import unicodedata

from aniworld.kit.text import fold

_APOSTROPHES = re.compile("['’‘`´ʼ]")
_NOT_IN_SLUG = re.compile(r"[^a-z0-9]+")
_SLUG_LENGTH = 80
_RESERVED_KEYS = frozenset({"add", "bulk", "facets", "organise", "rescan", "unmatched"})
"""Words that stand where a key stands in an address, of the API or of the pages."""


def same_name(name: str) -> str:
    """What two file names share that some file systems cannot tell apart."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def slug(text: str) -> str:
    """``a-z``, ``0-9`` and single hyphens, at most 80 long; empty if nothing of the text can be said with them."""
    plain = _APOSTROPHES.sub("", fold(text.replace("×", "x")))
    return _NOT_IN_SLUG.sub("-", plain)[: _SLUG_LENGTH + 1].strip("-")[:_SLUG_LENGTH].rstrip("-")


def key_base(name: str, provider_key: str) -> str:
    """What the key of a series begins with."""
    return slug(name) or slug(provider_key) or "series"


def free_key(base: str, taken: set[str]) -> str:
    """The base, with a number behind it if it is taken."""
    key = base
    number = 1
    while key in taken or key in _RESERVED_KEYS:
        number += 1
        key = f"{base}-{number}"
    return key
