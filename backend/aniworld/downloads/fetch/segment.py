"""A stretch of a file on its way over one connection."""

from __future__ import annotations

import time

_NEW = 0.5
"""Seconds in which a connection does not show yet how fast it is."""


class Segment:
    """A stretch that one connection fetches. ``end`` may come nearer while it does, or move as far as ``reach``."""

    __slots__ = ("begun", "end", "first", "pos", "reach")

    def __init__(self, start: int, end: int) -> None:
        self.first = self.pos = start
        self.end = end
        self.reach = end
        """As far as the answer goes."""
        self.begun = time.monotonic()

    @property
    def left(self) -> int:
        """Bytes that are still to come."""
        return self.end - self.pos

    @property
    def rate(self) -> float:
        """Bytes per second so far."""
        return (self.pos - self.first) / max(time.monotonic() - self.begun, 0.001)

    def seconds(self, usual: float) -> float:
        """What is left will take so long; one that has just begun will be as fast as usual."""
        is_new = time.monotonic() - self.begun < _NEW
        return self.left / max(self.rate, usual if is_new else 1.0)
