"""Disks that are full, cut off from power, or not ours to write on."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import random
import shutil
import signal
import struct
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.loaded import FILE, LINE
from tests.faults.support import FEW, HOSTERS, RESERVE, Bench, must_be_right
from tests.library_client import eventually, has_bytes, items, reaches

MIB = 1024 * 1024
SHUTDOWN, AT_ONCE = 0x8004587D, 2
"""The ioctl that cuts a file system off, and: without writing anything more."""
NOBODY = 65534
ORDINARY = ("setpriv", "--inh-caps=-all", "--bounding-set=-dac_override,-dac_read_search")
"""Starts a program that may write no more than its files' owner says, also as root."""


@contextlib.contextmanager
def mounted(where: Path, *arguments: str) -> Iterator[None]:
    where.mkdir(parents=True, exist_ok=True)
    subprocess.run(["mount", *arguments, str(where)], check=True, capture_output=True)
    try:
        yield
    finally:
        subprocess.run(["umount", str(where)], check=True)


def refusal(*command: str) -> str | None:
    """Why a command cannot be run here; None: it can."""
    if shutil.which(command[0]) is None:
        return f"{command[0]} is not there"
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return None if done.returncode == 0 else f"{' '.join(command)}: {done.stderr.strip()[:200]}"


def no_mount() -> str | None:
    return "mounting needs root" if os.geteuid() != 0 else refusal("unshare", "-m", "mount", "-t", "tmpfs", "x", "/mnt")


def no_loop() -> str | None:
    return no_mount() or refusal("losetup", "-f") or refusal("mkfs.ext4", "-V")


def no_ordinary_rights() -> str | None:
    return None if os.geteuid() != 0 else refusal(*ORDINARY, sys.executable, "-c", "")


@pytest.mark.skipif(no_mount() is not None, reason=str(no_mount()))
@pytest.mark.parametrize("kind", ["direct", "hls"])
@pytest.mark.parametrize("more", [0, 12], ids=["before the start", "in the midst"])
async def test_a_full_disk(bench: Bench, tmp_path: Path, kind: str, more: int) -> None:
    anime = tmp_path / "run" / "anime"
    with mounted(anime, "-t", "tmpfs", "-o", f"size={RESERVE // MIB + more}m", "tmpfs"):
        process, client, id_ = await bench.begin(tmp_path / "run", HOSTERS[kind])
        await client.post("/api/queue/start")

        async def waits() -> bool:
            status = (await client.get("/api/queue/status")).json()
            return status["is_paused"] and not status["active_downloads"]

        await eventually(waits)
        status = (await client.get("/api/queue/status")).json()
        assert status["hold"]["reason"] == "disk-full"
        item = (await items(client))[id_]
        assert (item["status"], item["error_code"], item["retry_count"]) == ("pending", "disk-full", 0)
        assert "free" in item["error_message"] or "space" in item["error_message"]
        assert shutil.disk_usage(anime).free >= RESERVE - MIB * 8
        assert (await client.get("/health")).status_code == 200
        subprocess.run(["mount", "-o", f"remount,size={RESERVE // MIB + 120}m", str(anime)], check=True)
        before = bench.source.line.sent  # nobody has to resume anything
        await must_be_right(process, client, id_)
        if more and kind == "hls":
            assert bench.source.line.sent - before < FILE - more * MIB + 8 * MIB  # what was there was used


@pytest.mark.skipif(no_loop() is not None, reason=str(no_loop()))
@pytest.mark.timeout(120 + 30 * FEW)
@pytest.mark.parametrize("kind", ["direct", "hls"])
async def test_a_power_cut(bench: Bench, tmp_path: Path, kind: str) -> None:
    """What was acknowledged is there, and what is called finished is whole."""
    image, place = tmp_path / "disk", tmp_path / "run"
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    rng = random.Random(seed)
    for number in range(max(1, FEW // 2)):
        with image.open("wb") as stream:
            stream.truncate(512 * MIB)
        subprocess.run(["mkfs.ext4", "-q", "-F", str(image)], check=True)
        with mounted(place, "-o", "loop", str(image)):
            process, client, id_ = await bench.begin(place, HOSTERS[kind])
            os.sync()  # what was copied for the test; from here on it is for the server to see to
            await client.post("/api/queue/start")
            await has_bytes(client, id_, 1)
            await asyncio.sleep(rng.uniform(0, 1.5 * FILE / LINE))
            said = (await items(client))[id_]
            cut(place)
            await process.end(signal.SIGKILL)
        with mounted(place, "-o", "loop", str(image)):
            client = await process.start()
            now = (await items(client))[id_]
            assert said["status"] != "completed" or now["status"] == "completed"
            await must_be_right(process, client, id_)
        print(f"{kind}, cut {number}: {said['status']} at {said['progress']['downloaded_bytes']}")


def cut(where: Path) -> None:
    """As if the power had gone: nothing more reaches the disk."""
    descriptor = os.open(where, os.O_RDONLY)
    try:
        fcntl.ioctl(descriptor, SHUTDOWN, struct.pack("I", AT_ONCE))
    finally:
        os.close(descriptor)


@pytest.mark.skipif(no_ordinary_rights() is not None, reason=str(no_ordinary_rights()))
async def test_a_directory_that_may_not_be_written(bench: Bench, tmp_path: Path) -> None:
    """Root may write anywhere, so the server runs without that right on a directory that is another's."""
    place = tmp_path / "run"
    process, client, id_ = await bench.begin(place, HOSTERS["direct"], max_retries=0)
    await process.end(signal.SIGTERM)
    if os.geteuid() == 0:
        process.prefix = ORDINARY
        os.chown(process.anime, NOBODY, NOBODY)
    process.anime.chmod(0o555)
    try:
        client = await process.start()
        await client.post("/api/queue/start")
        item = await reaches(client, id_, "failed")
        assert "Permission denied" in item["error_message"]
        assert str(process.anime) in item["error_message"]
    finally:
        process.anime.chmod(0o777)
    await client.post("/api/queue/retry", json={"item_ids": [id_], "force": True})
    await must_be_right(process, client, id_)
