"""One limit for all that share it."""

from __future__ import annotations

import asyncio
import time

import pytest

from aniworld.downloads.fetch.throttle import Throttle
from aniworld.downloads.fetch.types import Limits
from tests.downloads.fetch.support import Fetcher


class Clock:
    """Time that passes only while somebody sleeps."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(time, "monotonic", clock.monotonic)
    monkeypatch.setattr(asyncio, "sleep", clock.sleep)
    return clock


async def test_no_limit(clock: Clock) -> None:
    throttle = Throttle()
    assert throttle.quantum is None
    assert await throttle.take(10**12) == 0
    assert clock.now == 1000


async def test_as_fast_as_allowed(clock: Clock) -> None:
    throttle = Throttle(lambda: 1_000_000)
    for _ in range(100):
        await throttle.take(100_000)
    assert clock.now - 1000 == pytest.approx(10, abs=0.3)


async def test_a_change_counts_at_once_also_for_those_who_wait(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    rate: list[int | None] = [1000]
    throttle = Throttle(lambda: rate[0])

    async def sleep(seconds: float) -> None:
        clock.now += seconds
        if clock.now > 1010:
            rate[0] = None

    monkeypatch.setattr(asyncio, "sleep", sleep)
    await throttle.take(1_000_000)
    assert clock.now - 1000 < 11


async def test_a_download_keeps_to_it(fetcher: Fetcher) -> None:
    fetcher.serve()
    begun = time.monotonic()
    await fetcher.run(Limits(reserve=0, throttle=Throttle(lambda: 1_000_000)))
    assert fetcher.holds()
    # 600,000 bytes, of which a quarter of a second's may come at once; never sooner, whatever the machine does.
    assert time.monotonic() - begun > 0.3


async def test_downloads_share_it(fetcher: Fetcher) -> None:
    fetcher.serve()
    taken: list[int] = []

    class Counting(Throttle):
        async def take(self, count: int) -> float:
            taken.append(count)
            return await super().take(count)

    limits = Limits(reserve=0, throttle=Counting(lambda: 10**9))
    await fetcher.run(limits)
    fetcher.work.unlink()
    await fetcher.run(limits)
    await asyncio.sleep(0)
    assert sum(taken) == 2 * 600_000
