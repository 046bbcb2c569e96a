"""The power goes, again and again, while a server is in use: what it acknowledged is there, what is done is whole."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.faults import machine
from tests.faults.leg import Leg
from tests.faults.shelf import ShelfSource, shelf_source
from tests.faults.support import seed, share

CUTS = share(5, 100)
"""Of each kind."""
LEG = 50
"""Cuts of one disk."""


@pytest.fixture
async def source(tmp_path: Path) -> AsyncIterator[ShelfSource]:
    async with shelf_source(tmp_path / "source") as source:
        yield source


@machine.mounts
@pytest.mark.timeout(120 + 16 * CUTS)
@pytest.mark.parametrize("what", ["machine", "disk"])
async def test_cut_off(tmp_path: Path, source: ShelfSource, what: str) -> None:
    """The whole machine starts anew, or only the disk was gone for a while."""
    for number in range(0, CUTS, LEG):
        power = machine.PowerUps(tmp_path)
        with machine.Disk(tmp_path / f"image-{number}", tmp_path / f"{number}", 2048) as disk:
            leg = Leg(source, disk.where, random.Random(seed(number)), tmp_path / "workshop")
            try:
                await leg.begin()
                for _cut in range(min(LEG, CUTS - number)):
                    await one_cut(leg, disk)
                    if what == "machine":
                        leg.process.prefix = power.prefix()
                    await leg.start()
                await leg.finish()
            finally:
                print(leg.told())
                await leg.process.close()


async def one_cut(leg: Leg, disk: machine.Disk) -> None:
    living = asyncio.create_task(leg.live())
    try:
        await leg.goes_on()
        await asyncio.sleep(leg.rng.uniform(0, 1.2))
        leg.interrupt()
        disk.cut()
        await leg.process.kill()
    finally:
        await living
    await leg.process.wait()
    disk.again()
    leg.inspector.forget()
    await leg.died("without power")
