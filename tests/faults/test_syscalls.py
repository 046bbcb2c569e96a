"""Killed, or refused by the disk, in the very call that was to make something last."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
from collections.abc import Iterable
from pathlib import Path

import httpx
import pytest

from tests.faults.strace import CALLS, calls, traced, why_not
from tests.faults.support import FEW, HOSTERS, Bench, must_be_right
from tests.library_client import eventually, items

FAST = 1e9
pytestmark = [
    pytest.mark.timeout(120 + 30 * FEW),
    pytest.mark.skipif(why_not() is not None, reason=str(why_not())),
]


async def counted(bench: Bench, place: Path, kind: str) -> list[tuple[str, int]]:
    """The calls that one download makes, as (name, which one of its thread)."""
    process, client, id_ = await bench.begin(place, HOSTERS[kind])
    assert process.process is not None
    async with traced(process.process, place / "calls"):
        await client.post("/api/queue/start")
        await must_be_right(process, client, id_)
    found = calls(place / "calls")
    return [(name, number + 1) for name in CALLS for number in range(found[name])]


def spread(points: list[tuple[str, int]], wanted: int) -> Iterable[tuple[str, int]]:
    """So many of them, of all kinds."""
    if len(points) <= wanted:
        return points
    return [points[index * len(points) // wanted] for index in range(wanted)]


async def start(client: httpx.AsyncClient) -> bool:
    """Whether the server has said that it will."""
    with contextlib.suppress(httpx.HTTPError):
        return (await client.post("/api/queue/start")).is_success
    return False


@pytest.mark.parametrize("kind", ["direct", "hls"])
async def test_refused_by_the_disk(bench: Bench, tmp_path: Path, kind: str) -> None:
    """It is tried again, or the queue pauses and says why; the item is never lost and never wrong."""
    bench.source.line.speed = FAST
    points = [point for point in await counted(bench, tmp_path / "counted", kind) if "unlink" not in point[0]]
    paused = 0
    for index, (name, number) in enumerate(spread(points, FEW)):
        error = ("EIO", "ENOSPC")[index % 2]
        place = tmp_path / f"{name}-{number}"
        process, client, id_ = await bench.begin(place, HOSTERS[kind])
        assert process.process is not None
        async with traced(process.process, place / "calls", f"{name}:error={error}:when={number}"):
            async with asyncio.timeout(30):
                while not await start(client):
                    pass

            async def settled() -> bool:
                status = (await client.get("/api/queue/status")).json()  # noqa: B023
                if status.get("is_paused"):
                    return True
                return (await items(client))[id_]["status"] in ("completed", "failed")  # noqa: B023

            await eventually(settled, within=60)
        status = (await client.get("/api/queue/status")).json()
        if status["is_paused"]:
            paused += 1
            assert error == "ENOSPC"
            assert "space" in (await items(client))[id_]["error_message"].lower()
            await client.post("/api/queue/resume")
        assert (await items(client))[id_]["status"] != "failed", (name, number, await items(client))
        await must_be_right(process, client, id_)
        await asyncio.to_thread(shutil.rmtree, place)
        print(f"{kind}: {error} in {name} {number}")
    print(f"{kind}: paused {paused} times")
