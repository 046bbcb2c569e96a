"""What the fault tests do again and again, and what must hold after every one of them."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import httpx

from aniworld.sample import install_profile
from tests.faults.loaded import SECONDS, LoadedSource
from tests.faults.process import ServerProcess
from tests.library_client import add_series, eventually, items, queue, reaches

RESERVE = 64 * 1024 * 1024
"""What downloads leave free: less than usual, for disks are small here."""
POINTS = int(os.environ.get("FAULT_POINTS", "100"))
"""Deaths in all; ``./just faults`` sets ten times as many. Other kinds of faults are a share of them."""


def share(ci: int, full: int) -> int:
    """How many of a kind: ``ci`` in a run of 100 points, ``full`` in one of 1,000."""
    return max(1, ci * POINTS // 100 if POINTS <= 100 else full * POINTS // 1000)


def seed(number: int = 0) -> int:
    """What decides of everything random in a run; told, so that a run can be repeated with ``FAULT_SEED``."""
    given = os.environ.get("FAULT_SEED")
    chance = int(given) + number if given else random.randrange(2**32)
    print(f"FAULT_SEED={chance}")
    return chance


HOSTERS = {"direct": "Streamline", "hls": "Rivulet"}


def configure(data: Path, source: LoadedSource, hoster: str, **downloads: Any) -> None:
    """Settings of a server that knows the source and prefers one of its hosters."""
    install_profile(data / "providers", source.url)
    section = {"hosters": [hoster], "retry_delay": 0.2, "min_free_space": RESERVE, **downloads}
    config = {
        "version": 1,
        "downloads": section,
        "providers": {"allowed_hosts": [f"127.0.0.1:{source.port}"]},
        "metadata": {"anilist": False},
    }
    (data / "config.json").write_text(json.dumps(config))


@dataclass
class Bench:
    """A server's directories, once prepared, to be copied for every fault."""

    template: Path
    source: LoadedSource
    key: str = ""
    token: str | None = None

    async def prepare(self) -> None:
        """Set up a server with a series in its library; then stop it."""
        (self.template / "data").mkdir(parents=True)
        (self.template / "anime").mkdir()
        configure(self.template / "data", self.source, "Streamline")
        process = ServerProcess(self.template / "data", self.template / "anime")
        client = await process.start()
        self.key = await add_series(client)
        await process.end(signal.SIGTERM)
        self.token = process.token

    async def begin(self, place: Path, hoster: str, **downloads: Any) -> tuple[ServerProcess, httpx.AsyncClient, str]:
        """A fresh copy of it that runs, with one item in its queue."""
        shutil.copytree(self.template, place, dirs_exist_ok=True)
        configure(place / "data", self.source, hoster, **downloads)
        process = ServerProcess(place / "data", place / "anime", token=self.token)
        client = await process.start()
        await client.patch("/api/config/section/library", json={"anime_directory": str(process.anime)})
        (id_,) = await queue(client, self.key, (1, 1))
        return process, client, id_


async def must_be_right(process: ServerProcess, client: httpx.AsyncClient, id_: str) -> None:
    """The item ends well: once, with the whole file in its place and nothing beside it."""
    done = await reaches(client, id_, "completed", within=60)
    assert list(await items(client)) == [id_]
    found = [path for path in process.anime.rglob("*.mkv") if ".aniworld" not in path.parts]
    assert [str(path.relative_to(process.anime)) for path in found] == [done["file_path"]]
    assert length(found[0]) > SECONDS - 0.5
    work = process.anime / ".aniworld" / "work"

    async def swept() -> bool:
        return not list(work.glob("*/*"))

    await eventually(swept, within=10)
    await process.end(signal.SIGTERM)
    with sqlite3.connect(process.data / "aniworld.db") as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    database.close()


def length(path: Path) -> float:
    """Seconds up to the last packet of the picture."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        assert stream.time_base is not None
        return float(max(packet.pts for packet in container.demux(stream) if packet.pts is not None) * stream.time_base)
