"""One running time for pieces whose clocks start anew in between. Pure."""

from __future__ import annotations

from aniworld.downloads.media.types import StreamKind

_BACK = 1.0
_AHEAD = 10.0
"""Seconds by which a track's clock may be off without having been set anew."""


class Timeline:
    """Says by how much to shift a packet's times so that what follows in the file follows in time.

    Each time a clock is set anew an *epoch* begins. The track that meets it first fixes the shift; the others join when
    their own clocks jump, so that picture and sound stay together.
    """

    def __init__(self, start: float) -> None:
        self._shifts = [-start]
        self._epochs: dict[tuple[int, int], int] = {}
        self._ends: dict[tuple[int, int], float] = {}

    def shift(self, track: tuple[int, int], kind: StreamKind, time: float, duration: float) -> float:
        """Seconds to add to the packet's times; ``time`` is when it is decoded, ``track`` its input and its number."""
        if kind == "subtitle":  # comes seldom, so its own steps tell nothing
            return self._shifts[max(self._epochs.values(), default=0)]
        epoch = self._epochs.get(track, 0)
        end = self._ends.get(track)
        if end is not None and not self._follows(end, time + self._shifts[epoch]):
            for later in range(epoch + 1, len(self._shifts)):
                if self._follows(end, time + self._shifts[later]):
                    epoch = later
                    break
            else:
                self._shifts.append(max(self._ends.values()) - time)
                epoch = len(self._shifts) - 1
        self._epochs[track] = epoch
        self._ends[track] = time + self._shifts[epoch] + duration
        return self._shifts[epoch]

    @staticmethod
    def _follows(end: float, time: float) -> bool:
        return end - _BACK <= time <= end + _AHEAD
