"""How fast one service is asked: everybody in the order in which they come, and never more than it allows."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable, Mapping

MOST = 10_000
"""A limit above that is none."""


class Pace:
    """At most ``limit`` requests in ``seconds``, ``gap`` seconds apart. ``clock`` and ``sleep`` are for tests."""

    def __init__(
        self,
        limit: int,
        seconds: float,
        gap: float,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.limit = limit
        self.seconds = seconds
        self._gap = gap
        self._clock = clock
        self._sleep = sleep
        self._sent: deque[float] = deque()
        self._closed_until = 0.0
        self._queue = asyncio.Lock()  # hands itself on in the order of those who wait

    async def turn(self) -> None:
        """Wait until a request may go out; it counts from then on."""
        async with self._queue:
            while (wait := self.wait()) > 0:
                await self._sleep(wait)
            self._sent.append(self._clock())

    def wait(self) -> float:
        """Seconds until the next request may go out, were nobody waiting."""
        now = self._clock()
        self._forget(now)
        waits = [self._closed_until - now]
        if self._sent:
            waits.append(self._sent[-1] + self._gap - now)
        if len(self._sent) >= self.limit:
            waits.append(self._sent[-self.limit] + self.seconds - now)
        return max(waits)

    @property
    def remaining(self) -> int:
        """Requests that may still go out in this window."""
        now = self._clock()
        self._forget(now)
        return 0 if now < self._closed_until else max(0, self.limit - len(self._sent))

    def told(self, headers: Mapping[str, str]) -> None:
        """What an answer says about the limit: others at this address use it up, too."""
        limit, remaining = _count(headers, "x-ratelimit-limit"), _count(headers, "x-ratelimit-remaining")
        if limit:
            self.limit = limit
        if remaining is not None:
            now = self._clock()
            self._forget(now)
            missing = self.limit - remaining - len(self._sent)
            self._sent.extend([now] * max(0, min(missing, MOST)))

    def close(self, seconds: float) -> None:
        """Nobody asks for so long."""
        self._closed_until = max(self._closed_until, self._clock() + seconds)

    def _forget(self, now: float) -> None:
        while self._sent and self._sent[0] <= now - self.seconds:
            self._sent.popleft()


def _count(headers: Mapping[str, str], name: str) -> int | None:
    value = headers.get(name, "").strip()
    return int(value) if value.isascii() and value.isdigit() and len(value) <= 5 and int(value) <= MOST else None
