"""Disks that are full, or not ours to write on."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.faults import machine
from tests.faults.loaded import FILE
from tests.faults.support import HOSTERS, RESERVE, Bench, must_be_right
from tests.library_client import eventually, items, reaches

MIB = 1024 * 1024
NOBODY = 65534
ORDINARY = ("setpriv", "--inh-caps=-all", "--bounding-set=-dac_override,-dac_read_search")
"""Starts a program that may write no more than its files' owner says, also as root."""


@machine.mounts
@pytest.mark.parametrize("kind", ["direct", "hls"])
@pytest.mark.parametrize("more", [0, 12], ids=["before the start", "in the midst"])
async def test_a_full_disk(bench: Bench, tmp_path: Path, kind: str, more: int) -> None:
    anime = tmp_path / "run" / "anime"
    with machine.mounted(anime, "-t", "tmpfs", "-o", f"size={RESERVE // MIB + more}m", "tmpfs"):
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


async def test_a_directory_that_may_not_be_written(bench: Bench, tmp_path: Path) -> None:
    """Root may write anywhere, so the server runs without that right on a directory that is another's."""
    if os.geteuid() == 0:
        machine.must_run(*ORDINARY, sys.executable, "-c", "")
    place = tmp_path / "run"
    process, client, id_ = await bench.begin(place, HOSTERS["direct"], max_retries=0)
    await process.end(signal.SIGTERM)
    if os.geteuid() == 0:
        process.prefix = ORDINARY
    directories = [process.anime, *(path for path in process.anime.rglob("*") if path.is_dir())]
    for directory in directories:
        if os.geteuid() == 0:
            os.chown(directory, NOBODY, NOBODY)
        directory.chmod(0o555)
    try:
        client = await process.start()
        await client.post("/api/queue/start")
        item = await reaches(client, id_, "failed")
        assert "Permission denied" in item["error_message"]
        assert str(process.anime) in item["error_message"]
    finally:
        for directory in directories:
            directory.chmod(0o777)
    await client.post("/api/queue/retry", json={"item_ids": [id_], "force": True})
    await must_be_right(process, client, id_)
