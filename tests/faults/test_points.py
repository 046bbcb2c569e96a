"""Hundreds of deaths of a server in use: at any moment, while it starts, and in the calls that make things last."""

from __future__ import annotations

import asyncio
import contextlib
import random
import signal
import time
from pathlib import Path

import httpx
import pytest

from tests.faults import strace
from tests.faults.leg import Leg
from tests.faults.shelf import ShelfSource, shelf_source
from tests.faults.support import POINTS, seed

LANES = 2
"""Servers at the same time: most of a death is the start after it, and that keeps one core busy."""
LEG = max(1, min(100, POINTS // LANES))
"""Deaths of one server."""
IN_CALL = 2.0
"""Seconds in which a server has to come to the call it is to die in."""


@pytest.mark.timeout(120 + 4 * POINTS)
async def test_killed_anywhere(tmp_path: Path) -> None:
    strace.must_be_there()
    numbers = iter(range(0, POINTS, LEG))

    async def lane(source: ShelfSource) -> None:
        for number in numbers:
            await one_leg(source, tmp_path / f"{number}", seed(number), min(LEG, POINTS - number))

    async with contextlib.AsyncExitStack() as stack:
        sources = [await stack.enter_async_context(shelf_source(tmp_path / f"source-{n}")) for n in range(LANES)]
        async with asyncio.TaskGroup() as group:
            for source in sources:
                group.create_task(lane(source))


async def one_leg(source: ShelfSource, place: Path, chance: int, deaths: int) -> None:
    """So many deaths of one server, each followed by another start, which sees what is left; then all is fetched."""
    leg = Leg(source, place / "run", random.Random(chance), place / "workshop")
    try:
        await leg.begin()
        await stop(leg)
        while sum(leg.deaths.values()) < deaths:
            await leg.rng.choices([at_some_moment, while_starting, in_a_call, in_good_order], [60, 10, 30, 10])[0](leg)
        await leg.start()
        await leg.finish()
    except BaseException as error:
        error.add_note(f"Again with FAULT_SEED={chance} FAULT_POINTS={deaths * LANES}")
        raise
    finally:
        print(leg.told())
        await leg.process.close()


async def stop(leg: Leg) -> None:
    """It ends in good order."""
    leg.shelf.interrupt(killed=False)
    assert await leg.process.end(signal.SIGTERM) == 0


async def in_good_order(leg: Leg) -> None:
    """It runs and is used, and is told to stop. That is no death."""
    await leg.start()
    living = asyncio.create_task(leg.live())
    try:
        await asyncio.sleep(leg.rng.uniform(0, 0.4))
        leg.dying = True  # what it answers from now on may or may not be done
    finally:
        await living
    await stop(leg)


async def at_some_moment(leg: Leg) -> None:
    """It runs and is used, and is gone."""
    await leg.start()
    living = asyncio.create_task(leg.live())
    try:
        if leg.rng.random() < 0.5:
            await leg.goes_on()
        await asyncio.sleep(leg.rng.uniform(0, 0.5))
        leg.interrupt()
        await leg.process.kill()
    finally:
        await living
    await leg.died("at some moment")


async def while_starting(leg: Leg) -> None:
    """It is killed before it is there."""
    await leg.process.launch()
    await asyncio.sleep(leg.rng.uniform(0.2, 1.0))
    leg.interrupt()
    await leg.process.kill()
    await leg.died("while starting")


async def in_a_call(leg: Leg) -> None:
    """Its last call is one of those that matter: while it looks at what the last death left, or in use."""
    call, path = leg.rng.choice(strace.TARGETS)
    number = int(leg.rng.expovariate(strace.RARITY[call])) + 1
    leg.process.prefix = strace.failing(f"{call}:signal=KILL:when={number}", None if path is None else leg.place / path)
    began = time.monotonic()
    await leg.process.launch()
    leg.process.prefix = ()
    living: asyncio.Task[None] | None = None
    if await came_up(leg):
        with contextlib.suppress(httpx.TransportError):
            await leg.arrived(began)
            living = asyncio.create_task(leg.live())
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(leg.process.ended(), IN_CALL)
    leg.interrupt()
    how = f"not in {call}" if leg.process.alive else f"in {call}{' of the WAL' if path else ''}"
    await leg.process.kill()
    if living is not None:
        await living
    await leg.died(how)


async def came_up(leg: Leg) -> bool:
    """Whether it lives long enough to be asked."""
    try:
        await leg.process.ready()
    except (AssertionError, httpx.TransportError):
        return False
    return True
