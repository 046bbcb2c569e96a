"""What is asked for, and how large and how slow it may be."""

from __future__ import annotations

from dataclasses import dataclass

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Kind:
    """Limits of one kind of answer."""

    name: str
    max_bytes: int
    """Of the body: as it is read, and decoded where it is decoded."""
    seconds: float | None
    """From the first redirect to the last byte; None: only the silence between two pieces is limited."""
    accept: str = "*/*"
    polite: bool = False
    """Whether requests to one host wait for each other (see ``POLITE_REQUESTS``)."""


PAGE = Kind("page", 8 * MIB, 30, "text/html,application/xhtml+xml,application/json;q=0.9,*/*;q=0.8", polite=True)
IMAGE = Kind("image", 16 * MIB, 60, "image/*")
PLAYLIST = Kind("playlist", 4 * MIB, 30, "application/vnd.apple.mpegurl,application/x-mpegurl,*/*;q=0.8")
SUBTITLES = Kind("file of subtitles", 8 * MIB, 60)
KEY = Kind("key", 16, 15)
MEDIA = Kind("media", 64 * 1024 * MIB, None)

POLITE_REQUESTS = 4
"""Pages that are fetched from one host at the same time."""
