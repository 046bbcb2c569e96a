"""Many faults in a row, drawn at random: what comes is one version of the video, whole, or an error with a reason."""

from __future__ import annotations

import asyncio
import dataclasses
import random
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from aniworld.kit.net.client import HttpClient
from tests.faults.delivery import IMPATIENT, Delivery, Material, any_fault, make_material
from tests.faults.support import POINTS, seed
from tests.origin import Body, Fault, Origin

SCHEDULES = POINTS * 5 // 2
"""Of each kind."""
LANES = 8
CALLS = 20
LATER = "Wed, 01 Jan 2025 10:00:00 GMT"


@pytest.fixture
async def origin() -> AsyncIterator[Origin]:
    async with Origin() as origin:
        yield origin


@pytest.fixture(scope="session")
def material(tmp_path_factory: pytest.TempPathFactory) -> Material:
    return make_material(tmp_path_factory.mktemp("material"))


async def all_of_them(origin: Origin, one: Callable[[random.Random, str, HttpClient], Awaitable[None]]) -> None:
    """Several at a time, for each waits most of its time; each with a seed and a client of its own."""
    first = seed()
    chances = iter(range(first, first + SCHEDULES))

    async def lane() -> None:
        async with HttpClient(allowed_hosts=lambda: {f"127.0.0.1:{origin.port}"}) as client:
            for chance in chances:
                try:
                    await one(random.Random(chance), f"{chance}", client)
                except BaseException as error:
                    error.add_note(f"Again with FAULT_SEED={chance} FAULT_POINTS=1")
                    raise

    async with asyncio.TaskGroup() as group:
        for _lane in range(LANES):
            group.create_task(lane())


async def deliver(delivery: Delivery, rng: random.Random) -> None:
    """Fetch it until it is there, now and then giving up in the midst."""
    delivery.limits = dataclasses.replace(
        IMPATIENT, connections=rng.choice([1, 1, 4]), split_bytes=8192, worth=0.0, segments=rng.choice([1, 3])
    )
    for _pause in range(rng.choice([0, 0, 0, 1, 2])):
        await delivery.cancelled(rng.uniform(0, 0.03))
    await delivery.must_come(CALLS)
    shutil.rmtree(delivery.directory)


@pytest.mark.timeout(60 + POINTS)
async def test_a_file(origin: Origin, material: Material, tmp_path: Path) -> None:
    async def one(rng: random.Random, name: str, client: HttpClient) -> None:
        etag, date = rng.choice([("auto", None), ("auto", None), (None, LATER), (None, None), ('W/"1"', None)])
        versions = [Body(data, etag=etag, last_modified=date) for data in material.versions]
        delivery = Delivery(origin, client, material, tmp_path / name, name)
        delivery.allowed = list(material.versions)
        faults = [any_fault(rng, len(material.versions[0]), versions) for _ in range(rng.randrange(1, 12))]
        if rng.random() < 0.3:  # slow enough that a pause comes in the midst
            faults.insert(0, Fault(chunk=8192, pause=0.002))
        delivery.serve_file(faults, versions[0])
        await deliver(delivery, rng)

    await all_of_them(origin, one)


@pytest.mark.timeout(60 + POINTS)
async def test_pieces(origin: Origin, material: Material, tmp_path: Path) -> None:
    async def one(rng: random.Random, name: str, client: HttpClient) -> None:
        delivery = Delivery(origin, client, material, tmp_path / name, name)
        faults: dict[int, list[Fault]] = {}
        for _ in range(rng.randrange(1, 12)):
            number = rng.randrange(len(material.pieces))
            faults.setdefault(number, []).append(any_fault(rng, len(material.pieces[number]), []))
        delivery.serve_pieces(faults, [any_fault(rng, 200, []) for _ in range(rng.choice([0, 0, 1, 3]))])
        await deliver(delivery, rng)

    await all_of_them(origin, one)
