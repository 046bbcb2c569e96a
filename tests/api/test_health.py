"""Is it up, and can it work: asked while parts of it die."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from aniworld import health
from aniworld.config.settings import Settings
from aniworld.kit import supervise
from tests.api.document import check, operations
from tests.conftest import Postgres, Running, run_app
from tests.library_client import eventually


async def ready(server: Running, status: int) -> dict[str, Any]:
    """The state of each part, once the answer has that status."""

    async def answered() -> dict[str, Any] | None:
        async with httpx.AsyncClient(base_url=server.url, trust_env=False, timeout=20) as stranger:
            answer = await stranger.get("/health/ready")
        await check_async(answer)
        if answer.status_code != status:
            return None
        assert answer.headers["content-type"] == "application/json"
        assert ("retry-after" in answer.headers) == (status == 503)
        body: dict[str, Any] = answer.json()
        assert body["status"] == ("ready" if status == 200 else "not_ready")
        for secret in (str(server.data), str(server.anime), "postgres", "127.0.0.1"):
            assert secret not in answer.text.replace('"postgresql"', "")
        return body

    body: dict[str, Any] = await eventually(answered, within=20)
    assert (await server.client.get("/health")).json()["status"] == "healthy"
    return body


async def check_async(answer: httpx.Response) -> None:
    """The answer as the document says."""
    await answer.aread()
    check(answer)


def states(body: dict[str, Any]) -> dict[str, str]:
    return {name: body[name]["status"] for name in ("database", "anime_directory", "providers")}


async def test_a_server_in_good_health(server: Running) -> None:
    body = await ready(server, 200)
    assert states(body) == {"database": "ok", "anime_directory": "ok", "providers": "not_configured"}
    assert {name: worker["status"] for name, worker in body["workers"].items()} == {
        "access": "ok",
        "bulk": "ok",
        "gallery": "ok",
        "loader": "ok",
        "organise": "ok",
        "tracks": "ok",
        "downloads": "ok",
        "sources": "ok",
        "watcher": "ok",
        "scans": "ok",
    }
    first = (await server.client.get("/health")).json()["uptime_seconds"]
    assert (await server.client.get("/health")).json()["uptime_seconds"] >= first > 0
    head = await server.client.head("/health/ready")
    assert (head.status_code, head.content) == (200, b"")


async def test_a_server_that_nobody_has_set_up(settings: Settings, anime: Path) -> None:
    async with run_app(settings, anime, set_up=False) as server:
        body = await ready(server, 503)
        assert states(body)["anime_directory"] == "not_configured"
        assert states(body)["database"] == "ok"


async def test_the_anime_directory_goes_and_comes_back(server: Running) -> None:
    away = server.anime.with_name("away")
    server.anime.rename(away)
    assert states(await ready(server, 503))["anime_directory"] == "down"
    away.rename(server.anime)
    assert states(await ready(server, 200))["anime_directory"] == "ok"
    server.anime.rename(away)
    server.anime.mkdir()
    assert "mounted" in (await ready(server, 503))["anime_directory"]["detail"], "the place where a disk should be"
    server.anime.rmdir()
    server.anime.write_text("a file in its place")
    assert states(await ready(server, 503))["anime_directory"] == "down"


async def test_a_directory_that_does_not_answer(server: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a network share that hangs: it is told in time, and everything else goes on."""
    released = asyncio.Event()
    loop = asyncio.get_running_loop()
    real = os.access

    def hang(path: str, mode: int) -> bool:
        if path == str(server.anime):
            asyncio.run_coroutine_threadsafe(released.wait(), loop).result(30)
        return real(path, mode)

    monkeypatch.setattr(health, "PROBE_LIMIT", 0.2)
    monkeypatch.setattr(os, "access", hang)
    assert states(await ready(server, 503))["anime_directory"] == "down"
    released.set()
    monkeypatch.undo()
    assert states(await ready(server, 200))["anime_directory"] == "ok"


async def test_a_worker_that_keeps_dying(server: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    """It shows, it is restarted, and once it lives again all is well."""
    supervisor = server.parts.supervisor
    monkeypatch.setattr(supervise, "FIRST_DELAY", 0.3)
    broken = True

    async def work() -> None:
        if broken:
            raise ValueError("the secret is 4711")
        await asyncio.sleep(3600)

    supervisor.states["extra"] = supervise.WorkerState("extra")
    task = asyncio.create_task(supervisor._keep("extra", work))
    try:
        body = await ready(server, 503)
        assert body["workers"]["extra"]["status"] == "down"
        assert "ValueError" in body["workers"]["extra"]["detail"]
        assert "4711" not in str(body)
        assert {worker["status"] for name, worker in body["workers"].items() if name != "extra"} == {"ok"}
        assert (await server.client.get("/api/anime")).status_code == 200
        broken = False
        body = await ready(server, 200)
        assert body["workers"]["extra"]["status"] == "ok"
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    assert (await ready(server, 503))["workers"]["extra"]["detail"].startswith("stopped")


async def test_a_worker_of_ours_that_dies_is_back_soon(server: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    died = asyncio.Event()

    async def die() -> None:
        died.set()
        raise RuntimeError

    monkeypatch.setattr(server.parts.access, "watch", die)
    async with asyncio.timeout(10):
        await died.wait()
    assert "RuntimeError" in (await ready(server, 503))["workers"]["access"]["detail"]
    monkeypatch.undo()
    assert "restarted" in (await ready(server, 200))["workers"]["access"]["detail"]


async def test_the_database_file_is_gone(server: Running) -> None:
    """Open connections would go on with it, and all that they write would be lost."""
    file = server.data / "aniworld.db"
    file.rename(file.with_suffix(".away"))
    assert states(await ready(server, 503))["database"] == "down"
    file.with_suffix(".away").rename(file)
    assert states(await ready(server, 200))["database"] == "ok"


@pytest.fixture
async def on_postgres(postgres: Postgres, tmp_path: Path, anime: Path) -> AsyncIterator[Running]:
    """A server on PostgreSQL."""
    await postgres.execute("DROP DATABASE IF EXISTS health WITH (FORCE)")
    await postgres.execute("CREATE DATABASE health TEMPLATE template_aniworld")
    data = tmp_path / "data"
    data.mkdir(mode=0o700)
    async with run_app(Settings(data_dir=data, database_url=postgres.url("health")), anime) as running:
        yield running
    await postgres.execute("DROP DATABASE IF EXISTS health WITH (FORCE)")
    shutil.rmtree(data)


async def test_the_database_server_is_gone(on_postgres: Running, postgres: Postgres) -> None:
    """Every operation says so and names a time to come back, nothing crashes, and afterwards all is as it was."""
    server = on_postgres
    assert states(await ready(server, 200))["database"] == "ok"
    await postgres.execute("ALTER DATABASE health WITH ALLOW_CONNECTIONS false")
    await postgres.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'health'")
    try:
        assert states(await ready(server, 503))["database"] == "down"
        for operation in operations():
            if operation.path.startswith("/api") and operation.id not in ("authStatus", "setup"):
                answer = await server.client.request(operation.method, operation.address(), json=operation.body)
                await check_async(answer)
                assert answer.status_code == 503, (operation.id, answer.text)
                assert answer.headers["retry-after"]
    finally:
        await postgres.execute("ALTER DATABASE health WITH ALLOW_CONNECTIONS true")
    assert states(await ready(server, 200))["database"] == "ok"
    assert (await server.client.get("/api/anime")).status_code == 200
