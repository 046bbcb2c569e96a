"""How fast a service is asked, on a clock of the test's own."""

from __future__ import annotations

import asyncio
import itertools

import pytest

from aniworld.metadata.sources.pace import Pace


class Clock:
    """Time passes only while somebody sleeps."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds
        await asyncio.sleep(0)


@pytest.fixture
def clock() -> Clock:
    return Clock()


def pace(clock: Clock, limit: int = 30, seconds: float = 60.0, gap: float = 0.25) -> Pace:
    return Pace(limit, seconds, gap, clock=clock, sleep=clock.sleep)


async def test_no_window_holds_more_than_the_limit(clock: Clock) -> None:
    ours = pace(clock)
    sent = []
    for _ in range(95):
        await ours.turn()
        sent.append(clock.now)
    assert all(later - before >= 0.25 for before, later in itertools.pairwise(sent))
    assert all(later - before >= 60 for before, later in zip(sent, sent[30:], strict=False))
    assert sent[-1] - sent[0] < 4 * 60


async def test_everybody_in_the_order_in_which_they_came(clock: Clock) -> None:
    ours, order = pace(clock, limit=1), []

    async def one(number: int) -> None:
        await ours.turn()
        order.append(number)

    await asyncio.gather(*(one(number) for number in range(6)))
    assert order == list(range(6))


async def test_what_others_at_the_same_address_use_up_is_missing(clock: Clock) -> None:
    ours = pace(clock)
    await ours.turn()
    ours.told({"x-ratelimit-limit": "30", "x-ratelimit-remaining": "0"})
    assert ours.remaining == 0
    assert ours.wait() == pytest.approx(60)
    ours.told({"x-ratelimit-limit": "90"})
    assert (ours.limit, ours.remaining) == (90, 60)


async def test_a_service_that_asks_for_a_pause_gets_it(clock: Clock) -> None:
    ours = pace(clock)
    ours.close(7.0)
    ours.close(3.0)  # the longer one holds
    before = clock.now
    await ours.turn()
    assert clock.now - before == pytest.approx(7.0)


@pytest.mark.parametrize("value", ["", "-1", "many", "1e3", "99999999999", "٣", "0x10"])
def test_a_limit_that_is_none_changes_nothing(clock: Clock, value: str) -> None:
    ours = pace(clock)
    ours.told({"x-ratelimit-limit": value, "x-ratelimit-remaining": value})
    assert (ours.limit, ours.remaining) == (30, 30)
