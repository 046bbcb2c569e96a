"""Names made comparable with those of files and addresses. Pure."""

from __future__ import annotations

import re
import unicodedata

from aniworld.kit.text import fold

_APOSTROPHES = re.compile("['’‘`´ʼ]")
_NOT_IN_SLUG = re.compile(r"[^a-z0-9]+")
_SLUG_LENGTH = 80


def same_name(name: str) -> str:
    """What two file names share that some file systems cannot tell apart."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def slug(text: str) -> str:
    """``a-z``, ``0-9`` and single hyphens, at most 80 long; empty if nothing of the text can be said with them."""
    plain = _APOSTROPHES.sub("", fold(text.replace("×", "x")))
    return _NOT_IN_SLUG.sub("-", plain)[: _SLUG_LENGTH + 1].strip("-")[:_SLUG_LENGTH].rstrip("-")
