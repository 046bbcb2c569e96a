"""What the tests of access stand on: the service with a clock that the test holds, and a server around it."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from argon2 import PasswordHasher
from litestar import HttpMethod, Litestar, Request, Response, Router, get, route
from litestar.di import Provide
from litestar.params import JSONBody
from litestar.response import Stream

import aniworld.access.routes
import aniworld.events.routes
from aniworld.access.errors import TooManyAttemptsError, WrongPasswordError
from aniworld.access.guards import client_of, require_session
from aniworld.access.passwords import Passwords
from aniworld.access.service import AccessService
from aniworld.access.types import Client
from aniworld.api import EXCEPTION_HANDLERS
from aniworld.config.service import ConfigService
from aniworld.db.engine import Database
from aniworld.events.bus import EventBus
from aniworld.kit.errors import AppError
from aniworld.middleware import protect
from tests.conftest import serving

PASSWORD = "correct horse battery"  # of throw-away servers
OTHER_PASSWORD = "a stable of other horses"
WRONG = "certainly not this"
QUICK = Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
"""The same hash with less work."""


@dataclass
class Clock:
    """A clock that moves when it is told to."""

    moment: dt.datetime = field(default_factory=lambda: dt.datetime(2030, 5, 6, 7, 8, 9, tzinfo=dt.UTC))

    def __call__(self) -> dt.datetime:
        return self.moment

    def forward(self, **span: float) -> None:
        """Let time pass."""
        self.moment += dt.timedelta(**span)


def lan(number: int = 5) -> Client:
    """A client elsewhere on the network."""
    return Client(address=f"192.0.2.{number}", user_agent="curl/8", local=False)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    directory = tmp_path / "data"
    directory.mkdir(mode=0o700)
    return directory


@pytest.fixture
def anime_dir(tmp_path: Path) -> Path:
    directory = tmp_path / "library"
    directory.mkdir()
    return directory


@pytest.fixture
def config(data_dir: Path, bus: EventBus) -> ConfigService:
    return ConfigService(data_dir, bus)


@pytest.fixture
async def access(db: Database, bus: EventBus, config: ConfigService, data_dir: Path, clock: Clock) -> AccessService:
    """The service on a database of each kind, not set up."""
    service = AccessService(db, bus, config, data_dir, clock=clock, passwords=QUICK)
    await service.load()
    return service


@pytest.fixture
async def owned(access: AccessService, anime_dir: Path) -> AccessService:
    """The service, set up, with nobody logged in."""
    login = await access.setup(lan(1), password=PASSWORD, anime_directory=str(anime_dir), setup_code=access.setup_code)
    await access.logout(login.session.id)
    return access


@dataclass(frozen=True)
class Door:
    """A server that runs, and the parts behind it."""

    url: str
    access: AccessService
    config: ConfigService
    bus: EventBus
    clock: Clock

    def client(
        self, *, token: str | None = None, address: str = "127.0.0.1", headers: Mapping[str, str] | None = None
    ) -> httpx.AsyncClient:
        """A client with its own cookies, coming from its own loopback address."""
        return httpx.AsyncClient(
            base_url=self.url,
            headers={**({"Authorization": f"Bearer {token}"} if token else {}), **(headers or {})},
            transport=httpx.AsyncHTTPTransport(local_address=address),
            timeout=20,
        )

    async def login(self, **options: Any) -> str:
        """A new session's token."""
        async with self.client() as client:
            answer = await client.post("/api/auth/login", json={"password": PASSWORD, **options})
            assert answer.status_code == 200, answer.text
            return str(answer.json()["access_token"])


@route("/echo", http_method=[HttpMethod.POST, HttpMethod.PUT, HttpMethod.PATCH, HttpMethod.DELETE], status_code=200)
async def echo(data: JSONBody[dict[str, Any] | None] = None) -> dict[str, Any]:
    """Gives back what it gets."""
    return data or {}


@get("/thing")
async def thing() -> dict[str, str]:
    """The same every time."""
    return {"name": "thing"}


@get("/pieces")
async def pieces() -> Stream:
    """JSON that comes in pieces."""

    def parts() -> Iterator[bytes]:
        yield b"[1,"
        yield b"2]"

    return Stream(parts(), media_type="application/json")


@get("/kept")
async def kept() -> Response[dict[str, str]]:
    """Says itself how long it may be kept."""
    return Response({"name": "kept"}, headers={"Cache-Control": "private, max-age=60"})


@get("/who", opt={"public": True})
async def who(request: Request[Any, Any, Any]) -> dict[str, Any]:
    """How the server sees the client."""
    client = client_of(request)
    return {"address": client.address, "local": client.local, "user_agent": client.user_agent}


@get("/page", media_type="text/html")
async def page() -> str:
    """Not part of the API."""
    return "<!doctype html><title>Page</title>"


def make_app(access: AccessService, bus: EventBus) -> Litestar:
    """The doors, with a few rooms behind them."""
    api = Router(
        "/api",
        route_handlers=[
            aniworld.access.routes.router,
            aniworld.events.routes.router,
            echo,
            thing,
            pieces,
            kept,
            who,
        ],
        guards=[require_session],
    )
    app = Litestar(
        route_handlers=[api, page],
        exception_handlers=EXCEPTION_HANDLERS,
        dependencies={
            "access": Provide(lambda: access, sync_to_thread=False),
            "bus": Provide(lambda: bus, sync_to_thread=False),
        },
        openapi_config=None,
        logging_config=None,
    )
    app.state.access = access
    app.asgi_handler = protect(app.asgi_handler)
    return app


@pytest.fixture
async def fresh(
    sqlite_db: Database, bus: EventBus, config: ConfigService, data_dir: Path, clock: Clock
) -> AsyncIterator[Door]:
    """A server that nobody has set up."""
    access = AccessService(sqlite_db, bus, config, data_dir, clock=clock, passwords=QUICK)
    await access.load()
    async with serving(make_app(access, bus)) as url:
        yield Door(url, access, config, bus, clock)
        bus.close()


@pytest.fixture
async def door(fresh: Door, anime_dir: Path) -> Door:
    """A server with an owner, nobody logged in."""
    login = await fresh.access.setup(
        lan(1), password=PASSWORD, anime_directory=str(anime_dir), setup_code=fresh.access.setup_code
    )
    await fresh.access.logout(login.session.id)
    return fresh


async def until(condition: Any, timeout: float = 10) -> None:
    """Wait for something that another task brings about."""
    async with asyncio.timeout(timeout):
        while not condition():
            await asyncio.sleep(0.005)


async def begin(access: AccessService, client: Client | None = None, *, remember: bool = False) -> str:
    """A new session's token."""
    return (await access.login(client or lan(), PASSWORD, remember=remember)).token


async def guess(access: AccessService, client: Client | None = None) -> AppError:
    """One wrong password; how it was answered."""
    with pytest.raises((WrongPasswordError, TooManyAttemptsError)) as caught:
        await access.login(client or lan(), WRONG, remember=False)
    return caught.value


def wait_of(error: AppError) -> float | None:
    """For how long an answer tells to wait; None: it does not."""
    return error.retry_after if isinstance(error, TooManyAttemptsError) else None
