"""The words of the scan."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal
from uuid import UUID

Reason = Literal["id", "title_and_year", "title", "similar"]
"""Why a folder may be of a series."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnmatchedFolder:
    """A folder in the anime directory, and what it says that it holds."""

    id: UUID
    name: str
    title: str
    year: int | None
    ids: tuple[tuple[str, str], ...]
    series_id: UUID | None
    ignored: bool
    videos: int
    size: int
    """Bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A series that a folder may be of."""

    series_id: UUID
    key: str
    name: str
    year: int | None
    confidence: float
    """0 to 1."""
    reason: Reason
