"""Which bytes of a file are there: stretches that neither touch nor overlap, in order. Pure."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable

Span = tuple[int, int]
"""First byte and the one behind the last."""


class Spans:
    """A set of positions."""

    def __init__(self, spans: Iterable[Span] = ()) -> None:
        self._starts: list[int] = []
        self._ends: list[int] = []
        for start, end in spans:
            self.add(start, end)

    def add(self, start: int, end: int) -> None:
        """Put a stretch in."""
        if start >= end:
            return
        first = bisect_left(self._ends, start)
        last = bisect_right(self._starts, end)
        if first < last:
            start, end = min(start, self._starts[first]), max(end, self._ends[last - 1])
        self._starts[first:last] = [start]
        self._ends[first:last] = [end]

    @property
    def prefix(self) -> int:
        """How far the stretch goes that begins at 0."""
        return self._ends[0] if self._starts and self._starts[0] == 0 else 0

    @property
    def count(self) -> int:
        """Positions in all."""
        return sum(self._ends) - sum(self._starts)

    @property
    def end(self) -> int:
        """Behind the last one."""
        return self._ends[-1] if self._ends else 0

    def all(self) -> tuple[Span, ...]:
        """The stretches."""
        return tuple(zip(self._starts, self._ends, strict=True))

    def before(self, at: int) -> int:
        """How many positions right before this one are there without a hole."""
        place = bisect_left(self._starts, at) - 1
        return at - self._starts[place] if place >= 0 and self._ends[place] >= at else 0

    def after(self, at: int) -> int:
        """How many positions from this one on are there without a hole."""
        place = bisect_right(self._starts, at) - 1
        return max(self._ends[place] - at, 0) if place >= 0 else 0

    def gaps(self, total: int) -> list[Span]:
        """What is missing below ``total``."""
        borders = [0, *(border for span in self.all() for border in span), total]
        pairs = zip(borders[::2], borders[1::2], strict=True)
        return [(start, min(end, total)) for start, end in pairs if start < min(end, total)]
