"""Access over real HTTP."""

from __future__ import annotations

import asyncio
import datetime as dt
import uuid
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any

import httpx

from aniworld.access.service import AccessService
from aniworld.config.service import ConfigService
from aniworld.db.engine import Database
from aniworld.events.bus import EventBus
from tests.access.conftest import OTHER_PASSWORD, PASSWORD, QUICK, Clock, Door, make_app, until
from tests.conftest import serving

PROXIED = {"X-Forwarded-For": "127.0.0.1"}


def code_of(answer: httpx.Response) -> str:
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    problem = answer.json()
    assert problem["status"] == answer.status_code
    assert problem["title"]
    assert problem["detail"]
    return str(problem["type"]).removeprefix("/problems/")


def cookie_of(answer: httpx.Response) -> Any:
    return SimpleCookie(answer.headers["set-cookie"])["aniworld_session"]


async def test_setup_over_http(fresh: Door, anime_dir: Path) -> None:
    async with fresh.client() as client:
        status = await client.get("/api/auth/status")
        assert status.json() == {"setup_required": True, "authenticated": False, "expires_at": None}
        body = {"password": PASSWORD, "anime_directory": str(anime_dir), "setup_code": fresh.access.setup_code}
        answer = await client.post("/api/auth/setup", json=body, headers=PROXIED)
        assert answer.status_code == 201
        assert set(answer.json()) == {"access_token", "token_type", "expires_at"}
        assert answer.headers["cache-control"] == "no-store"
        status = await client.get("/api/auth/status")  # by the cookie
        assert status.json() == {
            "setup_required": False,
            "authenticated": True,
            "expires_at": answer.json()["expires_at"],
        }
        assert answer.json()["expires_at"].endswith("Z")
        again = await client.post("/api/auth/setup", json=body)
        assert (again.status_code, code_of(again)) == (409, "setup-done")


async def test_only_a_client_on_this_machine_may_leave_the_code_out(fresh: Door, anime_dir: Path) -> None:
    body = {"password": PASSWORD, "anime_directory": str(anime_dir)}
    for header in ("X-Forwarded-For", "Forwarded", "X-Real-IP", "Via", "X-Forwarded-Proto", "CF-Connecting-IP"):
        async with fresh.client() as client:
            answer = await client.post("/api/auth/setup", json=body, headers={header: "127.0.0.1"})
        assert (answer.status_code, code_of(answer)) == (403, "wrong-setup-code"), header
        assert answer.json()["errors"][0]["field"] == "setup_code"
    async with fresh.client() as client:
        assert (await client.post("/api/auth/setup", json=body)).status_code == 201


REFUSED: list[tuple[dict[str, Any], int, str, str]] = [
    ({"password": "aniworld1"}, 400, "weak-password", "password"),
    ({"password": "short"}, 400, "weak-password", "password"),
    ({"password": "ü9kß" * 250}, 400, "weak-password", "password"),
    ({"password": "x" * 1025}, 400, "invalid-input", "password"),
    ({"password": "correct\x00horse battery"}, 400, "invalid-input", "password"),
    ({"password": None}, 400, "invalid-input", "password"),
    ({"anime_directory": "/no/such/place"}, 400, "invalid-input", "anime_directory"),
    ({"anime_directory": "/\x00"}, 400, "invalid-input", "anime_directory"),
    ({"anime_directory": None}, 400, "invalid-input", "anime_directory"),
    ({"anime_directory": "/" + "x" * 5000}, 400, "invalid-input", "anime_directory"),
    ({"setup_code": "WRNG-CODE"}, 403, "wrong-setup-code", "setup_code"),
    ({"setup_code": "x" * 65}, 400, "invalid-input", "setup_code"),
    ({"setup_code": "ＡＣ４７－ß🐈"}, 403, "wrong-setup-code", "setup_code"),
    ({"admin": True}, 400, "invalid-input", ""),
]


async def test_a_setup_that_is_refused_names_the_field(fresh: Door, anime_dir: Path) -> None:
    async with fresh.client() as client:
        for change, status, code, field in REFUSED:
            body = {"password": PASSWORD, "anime_directory": str(anime_dir), **change}
            answer = await client.post("/api/auth/setup", json=body)
            assert (answer.status_code, code_of(answer)) == (status, code), change
            assert not field or answer.json()["errors"][0]["field"] == field
            assert "set-cookie" not in answer.headers
            assert (await client.get("/api/auth/status")).json()["setup_required"]


BROKEN = [
    b"",
    b"{",
    b"[]",
    b"null",
    b'"text"',
    b'{"password": "\\ud800aaaaaaaaa"}',
    b'{"password": "\xff\xfe"}',
    b'{"password": 1e999}',
    b'{"password": ' + b"[" * 60000,
]


async def test_broken_bodies_are_bad_input(door: Door) -> None:
    async with door.client(headers={"Content-Type": "application/json"}) as client:
        for body in BROKEN:
            for path in ("setup", "login"):
                answer = await client.post(f"/api/auth/{path}", content=body)
                assert (answer.status_code, code_of(answer)) == (400, "invalid-input"), body[:40]


async def test_a_body_that_is_too_large_is_refused(door: Door) -> None:
    async with door.client() as client:
        answer = await client.post("/api/auth/login", json={"password": "x" * 70_000})
        assert (answer.status_code, code_of(answer)) == (413, "too-large")


async def test_of_two_setups_at_once_one_wins(fresh: Door, anime_dir: Path) -> None:
    async with fresh.client() as client:
        body = {"password": PASSWORD, "anime_directory": str(anime_dir)}
        answers = await asyncio.gather(*(client.post("/api/auth/setup", json=body) for _ in range(6)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409, 409, 409]


async def test_a_login_gives_a_token_and_a_cookie(door: Door) -> None:
    async with door.client() as client:
        answer = await client.post("/api/auth/login", json={"password": PASSWORD})
    assert answer.status_code == 200
    token = answer.json()
    assert token["token_type"] == "bearer"
    assert dt.datetime.fromisoformat(token["expires_at"]) == (door.clock() + dt.timedelta(hours=24))
    cookie = cookie_of(answer)
    assert cookie.value == token["access_token"]
    assert (cookie["httponly"], cookie["samesite"].lower(), cookie["path"]) == (True, "strict", "/")
    assert cookie["max-age"] == str(24 * 3600)
    assert not cookie["secure"]
    assert not cookie["domain"]
    assert set(answer.headers) & {"authorization", "access-control-allow-origin"} == set()


async def test_a_remembered_login_lasts_longer(door: Door) -> None:
    async with door.client() as client:
        answer = await client.post("/api/auth/login", json={"password": PASSWORD, "remember": True})
    assert cookie_of(answer)["max-age"] == str(30 * 24 * 3600)


async def test_below_a_path_and_by_https_the_cookie_says_so(door: Door) -> None:
    """What a server in front that speaks TLS makes of the request."""
    app = make_app(door.access, door.bus)

    async def behind(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            scope = {**scope, "scheme": "https", "root_path": "/anime", "path": "/anime" + scope["path"]}
        await app(scope, receive, send)

    async with serving(behind) as url, httpx.AsyncClient(base_url=url) as client:
        answer = await client.post("/api/auth/login", json={"password": PASSWORD})
        assert answer.status_code == 200, answer.text
        assert (cookie_of(answer)["path"], cookie_of(answer)["secure"]) == ("/anime", True)
        assert (await client.get("/api/auth/status")).headers["etag"]


async def test_a_wrong_password_is_told_and_then_throttled(door: Door) -> None:
    async with door.client() as client:
        for _ in range(5):
            answer = await client.post("/api/auth/login", json={"password": "wrong" + PASSWORD})
            assert (answer.status_code, code_of(answer)) == (401, "wrong-password")
            assert "set-cookie" not in answer.headers
        # What a client says of itself changes nothing.
        for number in range(3):
            answer = await client.post(
                "/api/auth/login", json={"password": PASSWORD}, headers={"X-Forwarded-For": f"192.0.2.{number}"}
            )
            assert (answer.status_code, code_of(answer)) == (429, "too-many-attempts")
            assert answer.headers["retry-after"] == "30"
    async with door.client(address="127.0.0.2") as elsewhere:
        assert (await elsewhere.post("/api/auth/login", json={"password": PASSWORD})).status_code == 200
    door.clock.forward(seconds=30)
    assert await door.login()


async def test_who_is_in_stays_in_while_others_guess(door: Door) -> None:
    token = await door.login()
    for number in range(2, 14):
        async with door.client(address=f"127.0.0.{number}") as client:
            for _ in range(2):
                last = await client.post("/api/auth/login", json={"password": "wrong" + PASSWORD})
    assert last.status_code == 429
    async with door.client(token=token) as client:
        assert (await client.get("/api/thing")).status_code == 200


async def test_logging_out_kills_every_copy_of_the_token(door: Door) -> None:
    token = await door.login()
    async with door.client(token=token) as client, door.client(token=token) as copy:
        assert (await copy.get("/api/thing")).status_code == 200
        answer = await client.post("/api/auth/logout")
        assert answer.status_code == 204
        assert answer.content == b""
        assert cookie_of(answer).value == ""
        assert cookie_of(answer)["max-age"] == "0"
        assert (await copy.get("/api/thing")).status_code == 401
        assert (await client.post("/api/auth/logout")).status_code == 401


async def test_changing_the_password(door: Door) -> None:
    own, other = await door.login(), await door.login()
    async with door.client(token=own) as client:
        wrong = {"current_password": "not it at all", "new_password": OTHER_PASSWORD}
        answer = await client.post("/api/auth/password", json=wrong)
        assert (answer.status_code, code_of(answer)) == (400, "wrong-current-password")
        assert answer.json()["errors"][0]["field"] == "current_password"
        weak = {"current_password": PASSWORD, "new_password": "qwertz123"}
        answer = await client.post("/api/auth/password", json=weak)
        assert (answer.status_code, code_of(answer)) == (400, "weak-password")
        assert answer.json()["errors"][0]["field"] == "new_password"
        right = {"current_password": PASSWORD, "new_password": OTHER_PASSWORD}
        assert (await client.post("/api/auth/password", json=right)).status_code == 204
        assert (await client.get("/api/thing")).status_code == 200
        answer = await client.post("/api/auth/login", json={"password": PASSWORD})
        assert answer.status_code == 401
        assert (await client.post("/api/auth/login", json={"password": OTHER_PASSWORD})).status_code == 200
    async with door.client(token=other) as client:
        assert (await client.get("/api/thing")).status_code == 401


async def test_the_list_of_sessions_and_ending_one(door: Door) -> None:
    async with door.client(headers={"User-Agent": "Other/1.0"}, address="127.0.0.9") as client:
        other = (await client.post("/api/auth/login", json={"password": PASSWORD, "remember": True})).json()
    own = await door.login()
    async with door.client(token=own) as client:
        page = (await client.get("/api/auth/sessions")).json()
        assert (page["total"], page["limit"], page["offset"]) == (2, 100, 0)
        mine = next(item for item in page["items"] if item["current"])
        theirs = next(item for item in page["items"] if not item["current"])
        assert theirs == {
            "id": theirs["id"],
            "created_at": theirs["created_at"],
            "expires_at": other["expires_at"],
            "last_seen_at": theirs["created_at"],
            "address": "127.0.0.9",
            "user_agent": "Other/1.0",
            "remembered": True,
            "current": False,
        }
        short = (await client.get("/api/auth/sessions", params={"limit": 1, "offset": 1})).json()
        assert (len(short["items"]), short["total"]) == (1, 2)
        assert (await client.get("/api/auth/sessions", params={"limit": 501})).status_code == 400

        assert (await client.delete(f"/api/auth/sessions/{theirs['id']}")).status_code == 204
        async with door.client(token=other["access_token"]) as gone:
            assert (await gone.get("/api/thing")).status_code == 401
        for unknown in (theirs["id"], uuid.uuid4(), "not-an-id", "1"):
            answer = await client.delete(f"/api/auth/sessions/{unknown}")
            assert (answer.status_code, "not-found" in code_of(answer)) == (404, True)
        assert (await client.delete(f"/api/auth/sessions/{mine['id']}")).status_code == 204
        assert (await client.get("/api/thing")).status_code == 401


class Listener:
    """An event stream that is being read."""

    def __init__(self, door: Door, token: str) -> None:
        self.ended = asyncio.Event()
        self.received = b""
        self._door, self._token = door, token
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Listener:
        before = self._door.bus.connections
        self._task = asyncio.create_task(self._read())
        await until(lambda: self._door.bus.connections > before)
        return self

    async def __aexit__(self, *_error: object) -> None:
        assert self._task is not None
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _read(self) -> None:
        async with self._door.client(token=self._token) as client, client.stream("GET", "/api/events") as answer:
            assert answer.status_code == 200
            async for chunk in answer.aiter_bytes():
                self.received += chunk
        self.ended.set()


async def test_the_event_streams_of_a_session_end_with_it(door: Door) -> None:
    own, other = await door.login(), await door.login()
    async with Listener(door, other) as first, Listener(door, other) as second, Listener(door, own) as mine:
        theirs = await door.access.authenticate(other)
        async with door.client(token=own) as client:
            assert (await client.delete(f"/api/auth/sessions/{theirs.id}")).status_code == 204
        async with asyncio.timeout(5):
            await first.ended.wait()
            await second.ended.wait()
        assert not mine.ended.is_set()
        assert b"welcome" in first.received
        right = {"current_password": PASSWORD, "new_password": OTHER_PASSWORD}
        third = await door.login()
        async with Listener(door, third) as late, door.client(token=own) as client:
            assert (await client.post("/api/auth/password", json=right)).status_code == 204
            async with asyncio.timeout(5):
                await late.ended.wait()
        assert not mine.ended.is_set()
        async with door.client(token=own) as client:
            assert (await client.post("/api/auth/logout")).status_code == 204
        async with asyncio.timeout(5):
            await mine.ended.wait()


async def test_the_event_stream_of_a_session_that_expires_ends(door: Door) -> None:
    token = await door.login()
    remembered = await door.login(remember=True)
    async with Listener(door, token) as listener, Listener(door, remembered) as other:
        await door.access.watch()
        assert not listener.ended.is_set()
        door.clock.forward(hours=25)
        await door.access.watch()
        async with asyncio.timeout(5):
            await listener.ended.wait()
        assert not other.ended.is_set()


async def test_the_event_stream_of_a_session_that_another_process_ends_ends(
    door: Door, sqlite_db: Database, config: ConfigService, data_dir: Path, clock: Clock
) -> None:
    """Such as the command that resets the password."""
    token = await door.login()
    command = AccessService(sqlite_db, EventBus(), config, data_dir, clock=clock, passwords=QUICK)
    running = asyncio.create_task(door.access.run())
    async with Listener(door, token) as listener:
        await command.reset_password(OTHER_PASSWORD)
        async with asyncio.timeout(10):
            await listener.ended.wait()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
