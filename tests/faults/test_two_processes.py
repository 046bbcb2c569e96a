"""Two servers on one PostgreSQL: what a killed one held the other takes over, from its bytes."""

from __future__ import annotations

import signal
import uuid
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.conftest import Postgres
from tests.faults.loaded import FILE, LINE, LoadedSource
from tests.faults.process import ServerProcess
from tests.faults.support import HOSTERS, configure, length
from tests.library_client import add_series, has_bytes, items, queue, reaches

MIB = 1024 * 1024
SLOW = 1_000_000
"""Bytes a second: more than half a minute for one file."""


@pytest.fixture
async def shared(postgres: Postgres, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[None]:
    name = f"shared_{uuid.uuid4().hex}"
    await postgres.execute(f"CREATE DATABASE {name} TEMPLATE template_aniworld")
    monkeypatch.setenv("ANIWORLD_DATABASE_URL", postgres.url(name))
    yield
    await postgres.execute(f"DROP DATABASE {name} WITH (FORCE)")


async def test_the_other_takes_over_what_a_killed_one_held(
    shared: None, large_source: LoadedSource, tmp_path: Path
) -> None:
    anime = tmp_path / "anime"
    anime.mkdir()
    servers = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        configure(tmp_path / name, large_source, HOSTERS["direct"], slots=1)
        servers.append(ServerProcess(tmp_path / name, anime, module="tests.faults.short_leases"))
    one, two = servers
    try:
        large_source.line.speed = SLOW  # while servers start
        client = await one.start()
        key = await add_series(client)
        first, second = await queue(client, key, (1, 1), (1, 2))
        await client.post("/api/queue/start")
        await has_bytes(client, first, 1)  # so it is the first server that has it
        client = await two.start()
        await client.patch("/api/config/section/library", json={"anime_directory": str(anime)})
        await has_bytes(client, second, 1)  # both work, each at its own
        large_source.line.speed = LINE
        had = (await has_bytes(client, first, 2 * MIB))["progress"]["downloaded_bytes"]
        large_source.line.speed = SLOW  # so that neither ends while this is looked at
        states = {id_: item["status"] for id_, item in (await items(client)).items()}
        assert states == {first: "downloading", second: "downloading"}
        await one.end(signal.SIGKILL)
        large_source.line.speed = 8 * LINE
        for id_ in (first, second):
            done = await reaches(client, id_, "completed", within=60)
            assert length(anime / done["file_path"]) > 20
        assert large_source.line.sent < 2 * FILE + 6 * MIB, f"killed with {had} bytes"
        assert len([path for path in anime.rglob("*.mkv") if ".aniworld" not in path.parts]) == 2
    finally:
        for server in servers:
            await server.close()
