"""The system refuses calls, one here and one there: nothing breaks, nothing is lost, and it goes on by itself."""

from __future__ import annotations

import asyncio
import contextlib
import random
import resource
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.faults import strace
from tests.faults.leg import Leg
from tests.faults.shelf import ShelfSource, is_direct, shelf_source
from tests.faults.support import seed, share
from tests.library_client import eventually, items

REFUSALS = share(10, 300)
CALLS = ("pwrite64", "write", "fsync", "fdatasync", "rename", "renameat2", "openat", "mkdir", "ftruncate", "fallocate")
ERRORS = ("ENOSPC", "EIO", "EDQUOT", "EFBIG")


@pytest.fixture
async def source(tmp_path: Path) -> AsyncIterator[ShelfSource]:
    async with shelf_source(tmp_path / "source") as source:
        yield source


@pytest.mark.timeout(180 + 16 * REFUSALS)
async def test_refused_anywhere(tmp_path: Path, source: ShelfSource) -> None:
    strace.must_be_there()
    leg = Leg(source, tmp_path / "run", random.Random(seed()), tmp_path / "workshop")
    leg.ledger.faulty = True
    try:
        await leg.begin(max_retries=20)
        for _refusal in range(REFUSALS):
            await leg.process.end(signal.SIGTERM)
            await one_refusal(leg)
        await leg.process.end(signal.SIGTERM)
        await leg.start()
        await leg.client.post("/api/queue/retry", json={"item_ids": [], "force": True})
        await leg.finish()
    finally:
        print(leg.told())
        await leg.process.close()


async def one_refusal(leg: Leg) -> None:
    """The server runs while some calls of one kind fail; it may refuse to start, but not to live on."""
    call, error = leg.rng.choice(CALLS), leg.rng.choice(ERRORS)
    first, step = leg.rng.randrange(1, 12), leg.rng.choice(["", f"+{leg.rng.randrange(5, 40)}"])
    # Sockets and pipes are written to as well, and libraries opened: only what is about the server's own files.
    path = leg.rng.choice([leg.place / "data", leg.place / "anime"])
    leg.process.prefix = strace.failing(f"{call}:error={error}:when={first}{step}", None)
    if call in ("write", "openat", "mkdir"):
        leg.process.prefix = strace.failing(f"{call}:error={error}:when={first}{step}", path)
    await leg.process.launch()
    leg.process.prefix = ()
    leg.deaths[f"{error} in {call}"] += 1
    try:
        await leg.process.ready()
    except (AssertionError, httpx.HTTPError):
        # It could not start, or could not be asked; then it ends in good order and says why.
        leg.interrupt()
        await leg.process.kill()
    else:
        leg.dying = False
        living = asyncio.create_task(leg.live())
        await asyncio.sleep(1.2)
        assert leg.process.alive, "".join(leg.process.output[-20:])
        leg.dying = True
        await living
        leg.shelf.interrupt(killed=True)
        await leg.process.end(signal.SIGTERM)
    await leg.inspector.look(leg.process.anime)
    await leg.start()


@pytest.mark.timeout(300)
async def test_no_more_descriptors(tmp_path: Path, source: ShelfSource) -> None:
    """With hardly a descriptor left nothing new can be opened; when there are some again, it goes on."""
    leg = Leg(source, tmp_path / "run", random.Random(seed()), tmp_path / "workshop")
    leg.ledger.faulty = True
    try:
        await leg.begin(max_retries=20)
        assert leg.process.process is not None
        pid = leg.process.process.pid
        before = resource.prlimit(pid, resource.RLIMIT_NOFILE)
        for more in (0, 1, 3, 6):
            open_ = len(list(Path(f"/proc/{pid}/fd").iterdir()))
            resource.prlimit(pid, resource.RLIMIT_NOFILE, (open_ + more, before[1]))
            living = asyncio.create_task(leg.live())
            await asyncio.sleep(1)
            resource.prlimit(pid, resource.RLIMIT_NOFILE, before)
            leg.dying = True
            with contextlib.suppress(httpx.HTTPError):
                await living
            leg.dying = False
            assert leg.process.alive
        assert (await leg.client.get("/health")).status_code == 200
        await leg.client.post("/api/queue/retry", json={"item_ids": [], "force": True})
        await leg.check()
        await leg.finish()
    finally:
        print(leg.told())
        await leg.process.close()


@pytest.mark.timeout(300)
async def test_no_larger_file(tmp_path: Path, source: ShelfSource) -> None:
    """A limit on the size of files, as some file systems have: it is told, and nothing is wrong when it is gone."""
    leg = Leg(source, tmp_path / "run", random.Random(seed()), tmp_path / "workshop")
    leg.ledger.faulty = True
    try:
        await leg.begin(max_retries=0)
        assert leg.process.process is not None
        pid = leg.process.process.pid
        before = resource.prlimit(pid, resource.RLIMIT_FSIZE)
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (3 * 1024 * 1024, before[1]))
        await leg.add(3)

        # All have ended, so that none is just about to fail when the limit goes. Pieces are small enough.
        async def ended() -> list[dict[str, Any]] | None:
            there = list((await items(leg.client)).values())
            return there if {item["status"] for item in there} <= {"failed", "completed"} else None

        for item in await eventually(ended):
            assert item["status"] == ("failed" if is_direct(item["episode"]) else "completed"), item
            if item["status"] == "failed":
                assert item["error_code"] == "disk-error", item
                assert "too large" in item["error_message"].lower(), item
        resource.prlimit(pid, resource.RLIMIT_FSIZE, before)
        await leg.client.post("/api/queue/retry", json={"item_ids": [], "force": True})
        await leg.finish()
    finally:
        print(leg.told())
        await leg.process.close()
