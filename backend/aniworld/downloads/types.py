"""The words of the queue."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from aniworld.catalog.types import Language
from aniworld.kit.schema import Schema

Status = Literal["pending", "downloading", "paused", "completed", "failed", "cancelled"]
Priority = Literal["low", "normal", "high"]

HoldReason = Literal["directory-gone", "disk-full", "quiet-hours"]
"""Why the queue waits although nobody paused it."""

PRIORITY_RANK: dict[Priority, int] = {"high": 0, "normal": 1, "low": 2}
RANK_PRIORITY: dict[int, Priority] = {rank: name for name, rank in PRIORITY_RANK.items()}

STATUSES: tuple[Status, ...] = ("downloading", "pending", "paused", "failed", "cancelled", "completed")
"""In the order in which they matter to a person."""

OPEN: tuple[Status, ...] = ("pending", "downloading", "paused")
"""While an item is open, no second one for the same episode and language can be queued."""


class HosterFailure(Schema, frozen=True):
    """Why one hoster, or a source, did not deliver."""

    hoster: str
    """Empty: the source itself."""
    reason: str
    code: str
    """The error's code, as in ``/problems/<code>``."""
    source: str = ""
    """Where the hoster was listed; empty where that was not written down."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """A queue item that this process holds the lease of."""

    id: UUID
    episode_id: UUID | None
    language: Language
    series_key: str
    series_name: str
    season: int
    episode: int
    retry_count: int
    filing_path: str | None
    """Where the finished file was about to go when an earlier attempt ended; relative to the anime directory."""
    filing_size: int | None


@dataclass(frozen=True, slots=True)
class QueueMode:
    """What the user told the queue; kept over restarts."""

    running: bool
    paused: bool
