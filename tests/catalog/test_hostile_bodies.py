"""Bodies that are made to hurt, let loose on a real process: it stays small, and lets everybody else run."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.architecture.tree import ROOT
from tests.catalog.hostile_site import BODIES, profiles, serve
from tests.kit.net_host import host

GROWN = 64
"""MiB."""
STALL = 0.25
"""Seconds."""
CHILD = 640
"""MiB of the largest process of its own that was needed, for a picture of 36 million pixels."""
AT_ONCE = 4
"""As a site is asked at most."""
TOO_MUCH = ("page-too-long", "page-endless", "page-gzip-bomb", "page-gzip-cut", "playlist-endless")


async def endure(names: list[str], directory: Path, at_once: int) -> dict[str, Any]:
    for name, text in profiles():
        (directory / f"{name}.toml").write_text(text)
    async with host(serve()) as site:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.catalog.hostile_subject", site.url, str(directory), str(at_once), *names,
            stdout=asyncio.subprocess.PIPE, cwd=ROOT,
        )  # fmt: skip
        try:
            async with asyncio.timeout(240):
                out, _ = await process.communicate()
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
    report: dict[str, Any] = json.loads(out)
    return report


@pytest.mark.timeout(300)
async def test_hostile_bodies(tmp_path: Path) -> None:
    assert len([name for name in BODIES if not name.endswith("harmless")]) >= 50
    report = await endure(list(BODIES), tmp_path, AT_ONCE)
    ends = report["ends"]
    assert set(ends) == set(BODIES)
    assert {name: end for name, end in ends.items() if name.endswith("harmless") and end != "answered"} == {}
    assert {name: ends[name] for name in TOO_MUCH if "larger than" not in ends[name]} == {}
    assert "not there after 30 s" in ends["page-trickles"]
    assert report["grown"] <= GROWN, report["marks"]
    assert report["stall"] <= STALL, report["marks"]
    assert report["child"] <= CHILD, report["marks"]
