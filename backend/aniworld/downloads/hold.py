"""Why the queue waits although nobody paused it. Pure."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from aniworld.downloads.types import HoldReason

_GROWN = 16 * 1024 * 1024
"""So many bytes more than there were, and it is worth a try whatever was needed."""
_PATIENCE = 300.0
"""Seconds after which it is tried although nothing can be seen: a quota does not show in the free space."""


@dataclass(frozen=True, slots=True)
class Hold:
    """The queue starts nothing by itself until this has passed."""

    reason: HoldReason
    message: str
    until: dt.datetime | None = None
    """When it ends, where that is known."""


@dataclass(frozen=True, slots=True)
class Space:
    """The free space when it did not do."""

    free: int
    needed: int | None
    """What would have been enough, where that is known."""
    at: float
    """Seconds of a clock that only goes forward."""
    message: str
    """What happened."""

    def enough(self, free: int, now: float) -> bool:
        """Whether it is worth another try with so many bytes free."""
        known = self.needed is not None and free > self.free and free >= self.needed
        return known or free >= self.free + _GROWN or now - self.at >= _PATIENCE
