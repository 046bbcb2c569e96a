"""Disks of 1 to 40 MiB that fill up while something is fetched or put together: told, kept, and gone on with."""

from __future__ import annotations

import contextlib
import dataclasses
import random
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from aniworld.catalog.types import Stream
from aniworld.downloads.fetch.errors import DiskFullError
from aniworld.downloads.fetch.service import fetch
from aniworld.kit.net.client import HttpClient
from aniworld.media import client as media
from tests.downloads.fetch.support import QUICK, Sink
from tests.faults import machine
from tests.faults.shelf import DIRECT, PIECE, ShelfSource, shelf_source
from tests.faults.support import POINTS

SIZES = range(1, 41) if POINTS > 100 else (1, 2, 5, 8, 9, 16, 24)
"""MiB."""
ROOM = 64


@pytest.fixture
async def source(tmp_path: Path) -> AsyncIterator[ShelfSource]:
    async with shelf_source(tmp_path / "source") as source:
        source.shelf.speed = 1e10
        yield source


@machine.mounts
@pytest.mark.parametrize("kind", ["file", "pieces"])
@pytest.mark.timeout(60 + 3 * POINTS)
async def test_it_fills_up(tmp_path: Path, source: ShelfSource, kind: str) -> None:
    shelf = source.shelf
    episode = 1 if kind == "file" else 2
    address = "/media/1.mp4" if kind == "file" else "/media/2/media.m3u8"
    stream = Stream(url=source.url + address, protocol="http" if kind == "file" else "hls")
    whole = shelf.size(episode)
    async with HttpClient(allowed_hosts=lambda: {f"127.0.0.1:{source.port}"}) as client:
        for size in SIZES:
            place = tmp_path / f"{size}"
            limits = dataclasses.replace(QUICK, retries=0, segments=2)
            with machine.mounted(place, "-t", "tmpfs", "-o", f"size={size}m", "tmpfs"):
                # Somebody else takes space while it runs, so that what is checked at the start does not hold.
                filler = place / "filler"
                filler.write_bytes(bytes(random.Random(size).randrange(size * 1024 * 1024 // 2)))
                full = False
                try:
                    fetched = await fetch(stream, place / "work", client=client, progress=Sink(), limits=limits)
                    await media.remux(fetched.paths, place / "made.mkv")
                except DiskFullError as error:
                    full = True
                    assert error.detail
                assert full or size * 1024 * 1024 > whole
                subprocess.run(["mount", "-o", f"remount,size={ROOM}m", str(place)], check=True)
                await shelf.at_rest()
                before = shelf.served[episode]
                fetched = await fetch(stream, place / "work", client=client, progress=Sink(), limits=limits)
                bodies = [path.read_bytes() for path in fetched.paths]
                if kind == "file":
                    assert bodies == [shelf.file(episode)]
                else:
                    assert bodies == [shelf.piece(episode, number) for number in range(shelf.seconds(episode))]
                    await shelf.at_rest()
                    there = max(0, min(size, whole // PIECE) - 4)
                    assert shelf.served[episode] - before <= whole - there * PIECE
                await media.remux(fetched.paths, place / "made.mkv")


@machine.mounts
async def test_a_file_without_a_length(tmp_path: Path, source: ShelfSource) -> None:
    """Nobody knows beforehand that it does not fit."""
    from tests.origin import Body, Fault, Origin

    data = source.shelf.file(1)
    async with Origin() as origin, HttpClient(allowed_hosts=lambda: {f"127.0.0.1:{origin.port}"}) as client:
        stream = Stream(url=origin.add("/v", Body(data), [Fault(framing="chunked", times=None)]), protocol="http")
        for size in SIZES:
            place = tmp_path / f"{size}"
            with machine.mounted(place, "-t", "tmpfs", "-o", f"size={size}m", "tmpfs"):
                fits = size * 1024 * 1024 > DIRECT + 64 * 1024
                with contextlib.nullcontext() if fits else pytest.raises(DiskFullError, match="space"):
                    await fetch(stream, place / "work", client=client, progress=Sink(), limits=QUICK)
                subprocess.run(["mount", "-o", f"remount,size={ROOM}m", str(place)], check=True)
                fetched = await fetch(stream, place / "work", client=client, progress=Sink(), limits=QUICK)
                assert fetched.paths[0].read_bytes() == data
