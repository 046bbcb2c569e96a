"""The speed limits in force: all downloads together, and each host."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable

from aniworld.config.schemas import DownloadsSection
from aniworld.downloads.fetch.throttle import Throttle
from aniworld.downloads.timetable import allowance

_LOOK = 1.0
"""Seconds for which an answer of the timetable is good."""
_MOST_HOSTS = 256


class SpeedLimits:
    """Asked at every use, so that a change of the settings, and the clock, count at once."""

    def __init__(
        self, section: Callable[[], DownloadsSection], local: Callable[[], dt.datetime] = dt.datetime.now
    ) -> None:
        self._section = section
        self._local = local
        self._known: tuple[DownloadsSection, float, int | None] | None = None
        self._all = Throttle(self._limit)
        self._hosts: dict[str, Throttle] = {}

    def of(self, host: str) -> Throttle:
        """The one to use for downloads from a host."""
        throttle = self._hosts.pop(host, None) or _HostThrottle(lambda: self._section().speed_limit_per_host, self._all)
        self._hosts[host] = throttle
        if len(self._hosts) > _MOST_HOSTS:
            del self._hosts[next(iter(self._hosts))]
        return throttle

    def _limit(self) -> int | None:
        section, now = self._section(), time.monotonic()
        if self._known is None or self._known[0] is not section or now - self._known[1] > _LOOK:
            self._known = (section, now, allowance(section, self._local()).speed_limit)
        return self._known[2]


class _HostThrottle(Throttle):
    """Two limits, one behind the other: the host's own and the one that all share."""

    def __init__(self, rate: Callable[[], int | None], shared: Throttle) -> None:
        super().__init__(rate)
        self._shared = shared

    @property
    def rate(self) -> int | None:
        return _smaller(super().rate, self._shared.rate)

    @property
    def quantum(self) -> int | None:
        return _smaller(super().quantum, self._shared.quantum)

    async def take(self, count: int) -> float:
        return await super().take(count) + await self._shared.take(count)


def _smaller(one: int | None, other: int | None) -> int | None:
    known = [value for value in (one, other) if value is not None]
    return min(known) if known else None
