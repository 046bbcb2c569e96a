"""kill -9 at any moment of a download: it goes on by itself from what it had, and ends as if nothing had been."""

from __future__ import annotations

import asyncio
import random
import shutil
import signal
import time
from pathlib import Path

import httpx
import pytest

from tests.faults.loaded import FILE, LINE, PIECE, SECONDS
from tests.faults.support import HOSTERS, POINTS, Bench, must_be_right
from tests.library_client import eventually, items

SYNC = 4 * 1024 * 1024
ON_THE_WAY = LINE // 10 + 1024 * 1024
"""Bytes that the line brings in 0.1 s, and those in the sockets."""
AT_ONCE = 8
"""Pieces fetched at the same time, each of which may be lost."""


@pytest.mark.timeout(60 + 20 * POINTS)
@pytest.mark.parametrize("kind", ["direct", "hls"])
async def test_killed_at_any_moment(bench: Bench, tmp_path: Path, kind: str) -> None:
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    rng = random.Random(seed)
    size = FILE if kind == "direct" else PIECE * (SECONDS // 2)
    lost_at_most = SYNC if kind == "direct" else PIECE * AT_ONCE
    line = bench.source.line
    waits, again, left, round_ = [], [], POINTS, 0
    while left > 0:
        place = tmp_path / f"{round_}"
        round_ += 1
        process, client, id_ = await bench.begin(place, HOSTERS[kind])
        line.served.clear()
        await client.post("/api/queue/start")
        kills = 0
        # Some three kills to a download: in the midst of it, but also while the finished file is put together.
        for _ in range(min(left, 3)):
            await goes_on(bench, client, id_)
            await asyncio.sleep(rng.uniform(0, 1.3 * size / LINE / 2))
            if (await items(client))[id_]["status"] == "completed":
                break
            await process.end(signal.SIGKILL)
            kills += 1
            client = await process.start()
            began = time.monotonic()
            await goes_on(bench, client, id_)
            waits.append(time.monotonic() - began)
        left -= max(kills, 1)
        await must_be_right(process, client, id_)
        again.append(line.sent - size)
        assert again[-1] <= kills * (lost_at_most + ON_THE_WAY), f"{again[-1]} bytes again after {kills} kills"
        await asyncio.to_thread(shutil.rmtree, place)
    print(f"{kind}: {len(waits)} kills, went on after {max(waits, default=0):.2f} s at most, bytes again {again}")


async def goes_on(bench: Bench, client: httpx.AsyncClient, id_: str) -> None:
    """Without a word from anybody: bytes come, or the item is beyond that."""
    before = bench.source.line.sent

    async def moved() -> bool:
        item = (await items(client))[id_]
        whole = item["progress"]["total_bytes"] == item["progress"]["downloaded_bytes"]
        return (
            bench.source.line.sent > before or item["status"] == "completed" or (item["status"] != "failed" and whole)
        )

    await eventually(moved, within=10)
