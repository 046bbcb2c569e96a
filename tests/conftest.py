"""What tests stand on: real databases made by the real migrations, and the real server on loopback."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import socket
import tempfile
import uuid
from collections.abc import AsyncIterator, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import asyncpg
import httpx
import pgserver
import pytest
import uvicorn
from litestar import Litestar

from aniworld.app import Parts, create_app
from aniworld.config.settings import Settings
from aniworld.db import migrate
from aniworld.db.engine import Database
from aniworld.events.bus import EventBus
from aniworld.metadata.sources.api import Addresses

PASSWORD = "correct horse battery"


def run_apart(coroutine: Coroutine[Any, Any, object]) -> None:
    """Run a coroutine in a loop of its own: a fixture of the session may be asked for inside a test's loop."""
    with ThreadPoolExecutor(1) as pool:
        pool.submit(asyncio.run, coroutine).result()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty SQLite database, migrated once."""
    directory = tmp_path_factory.mktemp("sqlite")
    run_apart(migrate.upgrade(f"sqlite+aiosqlite:///{directory / 'template.db'}", directory))
    return directory / "template.db"


@dataclass(frozen=True)
class Postgres:
    """A PostgreSQL server of the tests' own, listening on a socket in a directory."""

    socket_directory: str

    def url(self, name: str) -> str:
        """SQLAlchemy's URL of one of its databases."""
        return f"postgresql+asyncpg://postgres@/{name}?host={quote(self.socket_directory)}"

    async def execute(self, statement: str) -> None:
        """Run one statement as the administrator."""
        connection = await asyncpg.connect(host=self.socket_directory, user="postgres", database="postgres")
        try:
            await connection.execute(statement)
        finally:
            await connection.close()


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A real PostgreSQL with a migrated template database."""
    # Not below pytest's own directory: started by root the server runs as another user, who may not look in there.
    directory = Path(tempfile.mkdtemp(prefix="aniworld-pg-"))
    server = pgserver.get_server(directory, cleanup_mode="stop")
    try:
        postgres = Postgres(str(server.get_postmaster_info().socket_dir))
        run_apart(postgres.execute("CREATE DATABASE template_aniworld"))
        run_apart(migrate.upgrade(postgres.url("template_aniworld"), directory / "backups"))
        yield postgres
    finally:
        server.cleanup()
        shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture(params=["sqlite", "postgresql"])
async def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[str]:
    """An empty, migrated database; the test runs once on each kind."""
    if request.param == "sqlite":
        target = tmp_path / "test.db"
        shutil.copy(request.getfixturevalue("sqlite_template"), target)
        yield f"sqlite+aiosqlite:///{target}"
        return
    postgres: Postgres = request.getfixturevalue("postgres")
    name = f"test_{uuid.uuid4().hex}"
    await postgres.execute(f"CREATE DATABASE {name} TEMPLATE template_aniworld")
    yield postgres.url(name)
    await postgres.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
async def db(database_url: str) -> AsyncIterator[Database]:
    """The database, open."""
    database = Database(database_url)
    yield database
    await database.close()


@pytest.fixture
async def sqlite_db(sqlite_template: Path, tmp_path: Path) -> AsyncIterator[Database]:
    """An empty SQLite database, for tests that have nothing to do with the kind."""
    shutil.copy(sqlite_template, tmp_path / "test.db")
    database = Database(f"sqlite+aiosqlite:///{tmp_path / 'test.db'}")
    yield database
    await database.close()


@pytest.fixture
def bus() -> EventBus:
    """An event bus that nobody listens to yet."""
    return EventBus()


@contextlib.asynccontextmanager
async def serving(app: Any) -> AsyncIterator[str]:
    """Serve an application on loopback, in this event loop; its address."""
    sock = socket.socket()
    sock.bind(("127.0.0.1", 0))
    server = uvicorn.Server(
        uvicorn.Config(app, lifespan="on", log_config=None, ws="none", proxy_headers=False, timeout_graceful_shutdown=2)
    )
    task = asyncio.create_task(server.serve(sockets=[sock]))
    try:
        while not server.started:
            if task.done():
                await task
                raise RuntimeError("The server did not start")
            await asyncio.sleep(0.005)
        yield f"http://127.0.0.1:{sock.getsockname()[1]}"
    finally:
        server.should_exit = True
        parts = getattr(getattr(app, "state", None), "parts", None)
        if isinstance(parts, Parts):
            parts.bus.close()
        await task


@dataclass(frozen=True)
class Running:
    """A server that runs, a client that is logged in, and the parts behind it."""

    app: Litestar
    parts: Parts
    url: str
    client: httpx.AsyncClient
    anime: Path
    data: Path


NOWHERE = Addresses(
    anilist="http://127.0.0.1:9/graphql",
    tmdb="http://127.0.0.1:9/3",
    tmdb_pictures="http://127.0.0.1:9/t/p",
    fanart="http://127.0.0.1:9/v3.2",
    anime_lists="http://127.0.0.1:9/lists.json",
)
"""Metadata services that the guard does not let anybody reach: no test asks the real ones."""


@contextlib.asynccontextmanager
async def run_app(
    settings: Settings, anime: Path, *, set_up: bool = True, services: Addresses = NOWHERE
) -> AsyncIterator[Running]:
    """The whole server; with ``set_up`` the owner exists and the client carries a token."""
    app = create_app(settings, services)
    parts: Parts = app.state.parts
    async with serving(app) as url, httpx.AsyncClient(base_url=url, trust_env=False, timeout=30) as client:
        if set_up:
            setup = {"password": PASSWORD, "anime_directory": str(anime)}
            if (await client.get("/api/auth/status")).json()["setup_required"]:
                answer = await client.post("/api/auth/setup", json={**setup, "setup_code": parts.access.setup_code})
                assert answer.status_code == 201, answer.text
            answer = await client.post("/api/auth/login", json={"password": PASSWORD, "remember": False})
            assert answer.status_code == 200, answer.text
            client.cookies.clear()
            client.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
        yield Running(app, parts, url, client, anime, settings.data_dir)


@pytest.fixture
def settings(sqlite_template: Path, tmp_path: Path) -> Settings:
    """Settings of a server on an empty SQLite database in a directory of its own."""
    data = tmp_path / "data"
    data.mkdir(mode=0o700)
    shutil.copy(sqlite_template, data / "aniworld.db")
    return Settings(data_dir=data)


@pytest.fixture
def anime(tmp_path: Path) -> Path:
    """An empty anime directory."""
    directory = tmp_path / "anime"
    directory.mkdir()
    return directory


@pytest.fixture
async def server(settings: Settings, anime: Path) -> AsyncIterator[Running]:
    """The whole server, set up, without a source."""
    async with run_app(settings, anime) as running:
        yield running
