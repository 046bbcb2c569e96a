"""One speed limit for all that share it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

_BURST = 0.25
"""Seconds whose bytes may come at once."""
_LOOK = 0.25
"""Seconds after which a changed limit is seen by those who wait."""
_TICK = 0.001
_SMALLEST = 64 * 1024


def _unlimited() -> int | None:
    return None


class Throttle:
    """A bucket that fills at ``rate`` bytes per second; asked each time, so a new rate counts at once. None: no limit.

    Bytes are taken after they came: whoever took them waits until the bucket is no longer in debt, and meanwhile the
    socket is not read.
    """

    def __init__(self, rate: Callable[[], int | None] = _unlimited) -> None:
        self._rate = rate
        self._tokens = 0.0
        self._filled = time.monotonic()

    @property
    def rate(self) -> int | None:
        """Bytes per second now."""
        return self._rate()

    @property
    def quantum(self) -> int | None:
        """Bytes to take at once, so that the flow stays even; None: as many as one likes."""
        rate = self._rate()
        return None if rate is None else max(rate // 8, _SMALLEST)

    async def take(self, count: int) -> float:
        """Account for bytes that came, and wait as long as that was too fast; the seconds waited."""
        rate = self._fill()
        if rate is None:
            return 0.0
        self._tokens -= count
        begun = time.monotonic()
        while rate is not None and self._tokens < 0:
            await asyncio.sleep(min(max(-self._tokens / rate, _TICK), _LOOK))
            rate = self._fill()
        return time.monotonic() - begun

    def _fill(self) -> int | None:
        rate, now = self._rate(), time.monotonic()
        if rate is None:
            self._tokens = 0.0
        else:
            self._tokens = min(self._tokens + rate * (now - self._filled), rate * _BURST)
        self._filled = now
        return rate
