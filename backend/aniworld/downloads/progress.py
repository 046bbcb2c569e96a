"""Progress of running downloads: kept in memory, told a few times a second, written to disk once a second."""

from __future__ import annotations

import time
from collections import deque

from aniworld.events.types import Progress

_WINDOW = 5.0
"""Seconds over which the speed is measured."""
_SAMPLE = 0.25


class Meter:
    """Counts one download's bytes. Does no I/O and never waits."""

    def __init__(self, downloaded: int = 0, total: int | None = None) -> None:
        self.downloaded = downloaded
        self.total_bytes = total
        self.received = 0
        """Bytes that came, whatever became of them; never less than it was."""
        self.changed = True
        self._samples: deque[tuple[float, int]] = deque()

    def total(self, total: int | None) -> None:
        """The size, once it is known or better estimated."""
        self.total_bytes = total
        self.changed = True

    def add(self, count: int) -> None:
        """Bytes arrived."""
        self.downloaded += count
        self.received += count
        self.changed = True
        now = time.monotonic()
        if not self._samples or now - self._samples[-1][0] >= _SAMPLE:
            self._samples.append((now, self.downloaded))
            while now - self._samples[0][0] > _WINDOW:
                self._samples.popleft()

    def reset(self, downloaded: int) -> None:
        """Begin to count from here: a resumed part, or another hoster."""
        self.downloaded = downloaded
        self.changed = True
        self._samples.clear()

    @property
    def speed(self) -> int:
        """Bytes per second over the last seconds."""
        if not self._samples:
            return 0
        first, then = self._samples[0]
        elapsed = time.monotonic() - first
        return int((self.downloaded - then) / elapsed) if elapsed >= _SAMPLE else 0

    def reading(self) -> Progress:
        """All numbers."""
        return progress(self.downloaded, self.total_bytes, self.speed)


def progress(downloaded: int, total: int | None, speed: int = 0, *, done: bool = False) -> Progress:
    """The numbers of a download; ``total`` may be an estimate and is never below what is there."""
    if total is not None:
        total = max(total, downloaded)
    eta = round((total - downloaded) / speed) if total is not None and speed > 0 else None
    percent = 100.0 if done else round(100 * downloaded / total, 1) if total else 0.0
    return Progress(
        percent=percent,
        downloaded_bytes=downloaded,
        total_bytes=total,
        speed=0 if done else speed,
        eta_seconds=None if done else eta,
    )
