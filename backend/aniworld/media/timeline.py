"""One running time for pieces whose clocks start anew in between. Pure."""

from __future__ import annotations

import math

from aniworld.media.types import StreamKind

BACK = 1.0
AHEAD = 10.0
"""Seconds by which a track's clock may be off without having been set anew."""


class Clock:
    """One track's clock, as far as it has been read."""

    __slots__ = ("end", "epoch", "kind", "shift")

    def __init__(self, kind: StreamKind) -> None:
        self.kind = kind
        self.epoch = 0
        self.shift = 0.0
        """Seconds to add to its times at present."""
        self.end = math.nan
        """When what came last is over, with the shift; no number before anything came."""


class Timeline:
    """Says by how much to shift a packet's times so that what follows in the file follows in time.

    Each time a clock is set anew an *epoch* begins. The track that meets it first fixes the shift; the others join when
    their own clocks jump, so that picture and sound stay together.
    """

    def __init__(self, start: float) -> None:
        self._shifts = [-start]
        self._clocks: list[Clock] = []

    def clock(self, kind: StreamKind) -> Clock:
        """For one more track."""
        clock = Clock(kind)
        self._clocks.append(clock)
        return clock

    def read(self, clock: Clock, time: float, duration: float) -> float:
        """Seconds to add to a packet's times; ``time`` is when it is decoded, by its own clock.

        As long as the time with the clock's shift lies between ``end - BACK`` and ``end + AHEAD`` this only moves the
        clock's end; who has many packets looks himself.
        """
        if clock.kind == "subtitle":  # comes seldom, so its own steps tell nothing
            return self._shifts[max(other.epoch for other in self._clocks)]
        epoch = clock.epoch
        if not math.isnan(clock.end) and not _follows(clock.end, time + self._shifts[epoch]):
            for later in range(epoch + 1, len(self._shifts)):
                if _follows(clock.end, time + self._shifts[later]):
                    epoch = later
                    break
            else:
                self._shifts.append(max(end for other in self._clocks if not math.isnan(end := other.end)) - time)
                epoch = len(self._shifts) - 1
        clock.epoch, clock.shift = epoch, self._shifts[epoch]
        clock.end = time + clock.shift + duration
        return clock.shift


def _follows(end: float, time: float) -> bool:
    return end - BACK <= time <= end + AHEAD
