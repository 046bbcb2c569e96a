"""Hundreds of deaths of a server in use: at any moment, while it starts, and in the calls that make things last."""

from __future__ import annotations

import asyncio
import contextlib
import random
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from tests.faults import strace
from tests.faults.leg import Leg
from tests.faults.shelf import ShelfSource, shelf_source
from tests.faults.support import POINTS, seed

LEG = 100
"""Deaths of one server."""


@pytest.fixture
async def source(tmp_path: Path) -> AsyncIterator[ShelfSource]:
    async with shelf_source(tmp_path / "source") as source:
        yield source


@pytest.mark.timeout(120 + 4 * POINTS)
async def test_killed_anywhere(tmp_path: Path, source: ShelfSource) -> None:
    strace.must_be_there()
    for number in range(0, POINTS, LEG):
        chance = seed(number)
        leg = Leg(source, tmp_path / f"{number}", random.Random(chance), tmp_path / "workshop")
        try:
            await leg.begin()
            while sum(leg.deaths.values()) < min(LEG, POINTS - number):
                await leg.rng.choices([at_some_moment, while_starting, in_a_call], [60, 10, 30])[0](leg)
            await leg.finish()
        finally:
            print(leg.told())
            await leg.process.close()


async def at_some_moment(leg: Leg) -> None:
    """It runs and is used, and is gone."""
    living = asyncio.create_task(leg.live())
    try:
        if leg.rng.random() < 0.5:
            await leg.goes_on()
        await asyncio.sleep(leg.rng.uniform(0, 0.7))
        leg.interrupt()
        await leg.process.kill()
    finally:
        await living
    await leg.died("at some moment")
    await leg.start()


async def while_starting(leg: Leg) -> None:
    """It is killed twice, the second time before it is there again."""
    leg.interrupt()
    await leg.process.kill()
    await leg.died("at some moment")
    await leg.process.launch()
    await asyncio.sleep(leg.rng.uniform(0.2, 1.0))
    leg.interrupt()
    await leg.process.kill()
    await leg.died("while starting")
    await leg.start()


async def in_a_call(leg: Leg) -> None:
    """It stops in good order; started again, its last call is one of those that matter."""
    leg.shelf.interrupt(killed=False)
    assert await leg.process.end(signal.SIGTERM) == 0
    call, path = leg.rng.choice(strace.TARGETS)
    number = int(leg.rng.expovariate(strace.RARITY[call])) + 1
    leg.process.prefix = strace.failing(f"{call}:signal=KILL:when={number}", None if path is None else leg.place / path)
    await leg.process.launch()
    leg.process.prefix = ()
    living: asyncio.Task[None] | None = None
    with contextlib.suppress(AssertionError, httpx.TransportError):
        await leg.process.ready()
        living = asyncio.create_task(leg.live())
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(leg.process.ended(), 2)
    leg.interrupt()
    how = f"not in {call}" if leg.process.alive else f"in {call}{' of the WAL' if path else ''}"
    await leg.process.kill()
    if living is not None:
        await living
    await leg.died(how)
    await leg.start()
