"""A process that is killed in the middle costs a few bytes, never the file."""

from __future__ import annotations

import asyncio
import sys
from asyncio.subprocess import PIPE, Process
from pathlib import Path

import pytest

from aniworld.downloads.fetch.service import FILE, fetch
from aniworld.kit.net.client import HttpClient
from tests.downloads.fetch.process import REFUSED
from tests.downloads.fetch.support import QUICK, Sink, checkpoint, hls, http, video
from tests.media.clips import make_segments
from tests.origin import Body, Fault, Origin

ROOT = Path(__file__).parents[3]
MIB = 1024 * 1024
SIZE = 24 * MIB
KILLS = 4
LOST = 4 * MIB
"""May be fetched again after each kill, beside what is on the way over each connection:"""
ON_THE_WAY = MIB


async def start(url: str, directory: Path, largest: int = 0, connections: int = 1) -> Process:
    module = "tests.downloads.fetch.process"
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", module, url, str(directory), str(largest), str(connections), stdout=PIPE, cwd=ROOT
    )


@pytest.mark.parametrize("connections", [1, 6])
async def test_killed_again_and_again(origin: Origin, client: HttpClient, tmp_path: Path, connections: int) -> None:
    data = video(size=SIZE)
    url = origin.add("/v", Body(data), [Fault(chunk=32 * 1024, pause=0.008, times=None)])
    for kill in range(1, KILLS + 1):
        process = await start(url, tmp_path, connections=connections)
        while origin.sent("/v") < kill * SIZE // (KILLS + 1) and process.returncode is None:
            await asyncio.sleep(0.01)
        process.kill()
        assert await process.wait() == -9
    if connections > 1:
        assert checkpoint(tmp_path / FILE).pieces
    origin.fail("/v")
    await fetch(http(url), tmp_path, client=client, progress=Sink(), limits=QUICK)
    assert (tmp_path / FILE).read_bytes() == data
    if connections == 1:
        assert len(origin.requests) == KILLS + 1
    else:
        assert origin.peak > 2
    assert origin.sent("/v") <= SIZE + KILLS * (LOST + connections * ON_THE_WAY)


async def test_a_stream_of_pieces_is_killed(origin: Origin, client: HttpClient, tmp_path: Path) -> None:
    _text, paths = make_segments(tmp_path / "made", 3)
    pieces = [path.read_bytes() for path in paths] * 20
    slow = {number: [Fault(before=0.05)] for number in range(len(pieces))}
    url = origin.add_hls("/s", pieces, seconds=1.0, faults=slow)
    process = await start(url, tmp_path / "work")
    while len(origin.requests) < 30:
        await asyncio.sleep(0.01)
    process.kill()
    assert await process.wait() == -9
    fetched = await fetch(hls(url), tmp_path / "work", client=client, progress=Sink(), limits=QUICK)
    assert b"".join(path.read_bytes() for path in fetched.paths) == b"".join(pieces)
    asked = [len(origin.seen(f"/s/{number:05}.ts")) for number in range(len(pieces))]
    assert sum(asked) <= len(pieces) + QUICK.segments


@pytest.mark.parametrize("limit", [1, 700_000, 1_000_003])
async def test_a_disk_that_refuses(origin: Origin, client: HttpClient, tmp_path: Path, limit: int) -> None:
    """The limit on a process's files stands for a disk: writing fails from some byte on."""
    data = video(size=3 * MIB)
    url = origin.add("/v", Body(data))
    process = await start(url, tmp_path, largest=limit)
    said, _ = await process.communicate()
    assert process.returncode == REFUSED
    assert b"DiskError" in said
    assert b"File too large" in said
    sidecar = tmp_path / f"{FILE}.json"
    assert not sidecar.exists() or checkpoint(tmp_path / FILE).offset <= limit
    fetched = await fetch(http(url), tmp_path, client=client, progress=Sink(), limits=QUICK)
    assert fetched.paths[0].read_bytes() == data
