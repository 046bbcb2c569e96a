"""Adds up what a file's packets cover, and says whether that is all of it. Pure.

What a file says of its own length proves nothing: one that was cut short still says how long it was.
"""

from __future__ import annotations

from aniworld.media.refusal import RefusalError
from aniworld.media.types import StreamKind

_HOLE_WITH_SOUND = 0.75
_HOLE_WITHOUT = 5.0
"""Seconds in which nothing at all plays. Sound comes in steps of a few milliseconds; a still picture may stand."""


class Tally:
    """Fed with what every packet covers, in the order of the file; a few neighbours of one track may come as one."""

    def __init__(self) -> None:
        self._start: float | None = None
        self._end = 0.0
        self._last = 0.0
        """Also of subtitles: a file counts them to its length, and they may stay after the picture has gone."""
        self._ends: dict[StreamKind, float] = {}
        self._hole = (0.0, 0.0)

    def add(self, kind: StreamKind, start: float, end: float) -> None:
        """Something plays from ``start`` to ``end`` (seconds; nothing does where they are no numbers)."""
        if not start <= end:
            return
        self._last = max(self._last, end)
        if kind == "subtitle":
            return
        if self._start is None:
            self._start = self._end = start
        self._start = min(self._start, start)
        if start - self._end > self._hole[1] - self._hole[0]:
            self._hole = (self._end, start)
        self._end = max(self._end, end)
        self._ends[kind] = max(self._ends.get(kind, end), end)

    @property
    def duration(self) -> float:
        """Seconds from the first packet to the end of the last one."""
        return self._end - (self._start or 0.0)

    def check(self, *, declared: float | None, expected: float | None, tolerance: float | None) -> None:
        """Raises :class:`RefusalError` where something is missing.

        ``declared`` is what the file says of itself, ``expected`` what somebody else says, both in seconds;
        ``tolerance`` holds for the latter (default: 2 s or 2 %, the larger).
        """
        if self._start is None or "video" not in self._ends:
            raise RefusalError("no-video", "The file holds no picture")
        duration = self.duration
        there = self._last - self._start
        if declared is not None and there < declared - max(1.0, 0.005 * declared):
            raise RefusalError("cut-short", f"The file ends after {there:.1f} of {declared:.1f} s")
        if expected is not None:
            margin = tolerance if tolerance is not None else max(2.0, 0.02 * expected)
            if duration < expected - margin:
                raise RefusalError("too-short", f"The video is {duration:.1f} s long, not {expected:.1f} s")
            if duration > expected * 1.1 + margin:
                raise RefusalError("too-long", f"The video is {duration:.1f} s long, not {expected:.1f} s")
        picture = self._ends["video"] - self._start
        if picture < duration - max(10.0, 0.1 * duration):
            raise RefusalError("picture-ends", f"The picture ends after {picture:.1f} of {duration:.1f} s")
        hole = self._hole[1] - self._hole[0]
        if hole > (_HOLE_WITH_SOUND if "audio" in self._ends else _HOLE_WITHOUT):
            at = self._hole[0] - self._start
            raise RefusalError("hole", f"{hole:.1f} s are missing at {at:.1f} s")
