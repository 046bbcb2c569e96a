"""The event stream over real HTTP."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import socket
import struct
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from aniworld.events import bus as bus_module
from aniworld.events.bus import RING
from aniworld.events.types import DownloadProgress, DownloadProgressData, Message, Progress, SystemInfo
from tests.api.document import PROBLEM, validate
from tests.conftest import PASSWORD, Running
from tests.library_client import eventually


@dataclass
class Stream:
    """One open stream, read message by message."""

    answer: httpx.Response
    comments: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._lines = self.answer.aiter_lines()

    async def opened(self) -> None:
        """Wait for the greeting: from here on nothing is missed."""
        async with asyncio.timeout(10):
            self.comments.append(await anext(self._lines))
        assert self.comments == [": welcome"]

    async def next(self) -> dict[str, str]:
        """The next message, its fields by name; comments are set aside."""
        message: dict[str, str] = {}
        async with asyncio.timeout(10):
            async for line in self._lines:
                if line.startswith(":"):
                    self.comments.append(line)
                elif line:
                    name, _, value = line.partition(": ")
                    assert name not in message, "a field stands there twice"
                    message[name] = value
                elif "event" in message:
                    return message
                else:
                    message = {}
        raise EOFError

    async def events(self, count: int) -> list[tuple[str, dict[str, Any]]]:
        """The next messages as (type, whole data)."""
        found = []
        for _ in range(count):
            message = await self.next()
            data = json.loads(message["data"])
            assert data["type"] == message["event"]
            found.append((message["event"], data))
        return found

    async def ended(self) -> None:
        """Wait for the server to end it."""
        with pytest.raises(EOFError):
            while True:
                await self.next()


@contextlib.asynccontextmanager
async def listening(server: Running, *, last: str | None = None, token: str | None = None, **query: str) -> Any:
    headers = {"Last-Event-ID": last} if last is not None else {}
    headers |= {"Authorization": f"Bearer {token}"} if token else {}
    async with server.client.stream("GET", "/api/events", params=query, headers=headers, timeout=20) as answer:
        assert answer.status_code == 200, await answer.aread()
        stream = Stream(answer)
        await stream.opened()
        yield stream


async def until_connections(server: Running, count: int) -> None:
    async def reached() -> bool:
        return server.parts.bus.connections == count

    await eventually(reached, within=10)


def tell(server: Running, text: str) -> None:
    server.parts.bus.publish(SystemInfo(data=Message(code="test", message=text)))


def texts(events: list[tuple[str, dict[str, Any]]]) -> list[str]:
    return [data["data"].get("message", "") for _type, data in events]


async def another_session(server: Running) -> tuple[str, str]:
    """A second login: its token and its id."""
    answer = await server.client.post("/api/auth/login", json={"password": PASSWORD, "remember": False})
    server.client.cookies.clear()
    token: str = answer.json()["access_token"]
    page = await server.client.get("/api/auth/sessions", headers={"Authorization": f"Bearer {token}"})
    (own,) = [item["id"] for item in page.json()["items"] if item["current"]]
    return token, own


async def test_a_message_is_as_promised(server: Running) -> None:
    async with listening(server) as stream:
        assert stream.answer.headers["content-type"].startswith("text/event-stream")
        assert stream.answer.headers["cache-control"] == "no-store"
        assert stream.answer.headers["x-accel-buffering"] == "no"
        assert "content-encoding" not in stream.answer.headers
        answer = await server.client.post("/api/queue/start")
        assert answer.status_code == 200
        first = await stream.next()
        assert set(first) == {"id", "event", "data"}
        assert first["event"] == "queue_started"
        data = json.loads(first["data"])
        assert set(data) == {"type", "timestamp", "data"}
        assert data["timestamp"].endswith("Z")
        assert validate({"$ref": "#/components/schemas/QueueStarted"}, data) == []
        await server.client.post("/api/queue/stop")
        second = await stream.next()
        assert second["event"] == "queue_stopped"
        assert int(second["id"]) > int(first["id"])


async def test_only_the_topics_that_were_asked_for(server: Running) -> None:
    async with listening(server, topics="downloads") as downloads, listening(server, topics="system, series") as system:
        tell(server, "one")
        await server.client.post("/api/queue/start")
        tell(server, "two")
        await server.client.post("/api/queue/stop")
        assert [type_ for type_, _data in await downloads.events(2)] == ["queue_started", "queue_stopped"]
        assert texts(await system.events(2)) == ["one", "two"]
        status = (await server.client.get("/api/events/status")).json()
        assert status == {"connections": 2, "topics": {"downloads": 1, "series": 1, "system": 1}}
    await until_connections(server, 0)
    assert (await server.client.get("/api/events/status")).json() == {"connections": 0, "topics": {}}


async def test_what_was_missed_comes_first(server: Running) -> None:
    async with listening(server, topics="system") as stream:
        tell(server, "seen")
        last = (await stream.next())["id"]
    for text in ("missed", "missed too"):
        tell(server, text)
    async with listening(server, topics="system", last=last) as stream:
        tell(server, "live")
        messages = [await stream.next() for _ in range(3)]
        assert [json.loads(message["data"])["data"]["message"] for message in messages] == [
            "missed",
            "missed too",
            "live",
        ]
        numbers = [int(message["id"]) for message in messages]
        assert int(last) < numbers[0] < numbers[1] < numbers[2]
    async with listening(server, topics="system", last=messages[-1]["id"]) as stream:
        tell(server, "nothing was missed")
        assert texts(await stream.events(1)) == ["nothing was missed"]


@pytest.mark.parametrize("last", ["0", "1", "not-an-id", "-5", "9" * 40, "٣"], ids=repr)
async def test_an_id_that_is_not_kept_brings_a_resync(server: Running, last: str) -> None:
    tell(server, "before")
    headers = [(b"last-event-id", last.encode())]
    async with server.client.stream("GET", "/api/events", params={"topics": "series"}, headers=headers) as answer:
        stream = Stream(answer)
        message = await stream.next()
        assert message["event"] == "resync"
        assert validate({"$ref": "#/components/schemas/Resync"}, json.loads(message["data"])) == []
    # Whoever comes back with the id of the resync is up to date.
    async with listening(server, topics="system", last=message["id"]) as again:
        tell(server, "after")
        assert texts(await again.events(1)) == ["after"]


async def test_who_was_away_for_too_long_gets_a_resync(server: Running) -> None:
    async with listening(server, topics="system") as stream:
        tell(server, "seen")
        last = (await stream.next())["id"]
    for number in range(RING + 1):
        tell(server, str(number))
    async with listening(server, topics="system", last=last) as stream:
        assert (await stream.next())["event"] == "resync"


async def test_silence_is_broken_by_a_comment(server: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    assert bus_module.KEEPALIVE == 15.0
    monkeypatch.setattr(bus_module, "KEEPALIVE", 0.05)
    async with listening(server) as stream:
        await asyncio.sleep(0.3)
        tell(server, "after a while")
        await stream.next()
        assert ": ping" in stream.comments


@pytest.mark.parametrize(
    ("query", "headers", "status"),
    [
        ("", {"Authorization": ""}, 401),
        ("", {"Authorization": "Bearer wrong"}, 401),
        ("?topics=downloads,other", {}, 400),
        ("?topics=" + "system," * 30, {}, 400),
        ("", {"Last-Event-ID": "1" * 41}, 400),
        ("", {"Host": "evil.example"}, 421),
    ],
)
async def test_a_stream_that_is_refused(server: Running, query: str, headers: dict[str, str], status: int) -> None:
    answer = await server.client.get(f"/api/events{query}", headers=headers)
    assert (answer.status_code, answer.headers["content-type"]) == (status, PROBLEM)
    assert server.parts.bus.connections == 0


async def test_the_cookie_opens_it_too_as_browsers_do(server: Running) -> None:
    token = server.client.headers["Authorization"].removeprefix("Bearer ")
    async with httpx.AsyncClient(base_url=server.url, trust_env=False, timeout=20) as browser:
        cookie = {"Cookie": f"aniworld_session={token}", "Accept": "text/event-stream"}
        async with browser.stream("GET", "/api/events?topics=system", headers=cookie) as answer:
            assert answer.status_code == 200
            await until_connections(server, 1)
            tell(server, "hello")
            assert texts(await Stream(answer).events(1)) == ["hello"]


@pytest.mark.parametrize("how", ["revoked", "logged out", "password changed"])
async def test_the_stream_of_a_session_that_is_over_ends(server: Running, how: str) -> None:
    token, session = await another_session(server)
    async with listening(server, token=token) as theirs, listening(server, topics="system") as mine:
        if how == "revoked":
            answer = await server.client.delete(f"/api/auth/sessions/{session}")
        elif how == "logged out":
            answer = await server.client.post("/api/auth/logout", headers={"Authorization": f"Bearer {token}"})
        else:
            body = {"current_password": PASSWORD, "new_password": "a stable of other horses"}
            answer = await server.client.post("/api/auth/password", json=body)
        assert answer.status_code == 204
        await theirs.ended()
        await until_connections(server, 1)
        tell(server, "still here")
        assert texts(await mine.events(1)) == ["still here"]
        again = await server.client.get("/api/events", headers={"Authorization": f"Bearer {token}"})
        assert again.status_code == 401


async def test_clients_that_go_leave_nothing(server: Running) -> None:
    """Some say goodbye, some hang up in mid stream, some are cut off before they have read a byte."""
    host, port = server.url.removeprefix("http://").split(":")
    request = (
        f"GET /api/events HTTP/1.1\r\nHost: {host}\r\nAuthorization: {server.client.headers['Authorization']}\r\n\r\n"
    )
    before = len(asyncio.all_tasks())
    for goodbye in ("close", "reset", "half", "close", "reset"):
        writers = []
        for _ in range(10):
            _reader, writer = await asyncio.open_connection(host, int(port))
            writer.write(request.encode())
            writers.append(writer)
        await until_connections(server, 10)
        for writer in writers:
            if goodbye == "reset":
                linger = struct.pack("ii", 1, 0)
                writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                writer.transport.abort()
            elif goodbye == "half":
                writer.write_eof()
            writer.close()
        tell(server, "to nobody")
        await until_connections(server, 0)
    # Gone before the answer began.
    for _ in range(20):
        _reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(request.encode())
        writer.transport.abort()

    async def quiet() -> bool:
        return server.parts.bus.connections == 0 and len(asyncio.all_tasks()) <= before + 2

    await eventually(quiet, within=10)


def progress(item: int, done: int, padding: str) -> DownloadProgress:
    numbers = Progress(percent=0, downloaded_bytes=done, total_bytes=None, speed=0, eta_seconds=None)
    return DownloadProgress(
        data=DownloadProgressData(
            download_id=str(item), series_key="k", series_name=padding, season=1, episode=1, progress=numbers
        )
    )


@contextlib.asynccontextmanager
async def stalled(server: Running) -> AsyncIterator[None]:
    """A client that asks for the stream and never reads."""
    host, port = server.url.removeprefix("http://").split(":")
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    sock.setblocking(False)
    loop = asyncio.get_running_loop()
    await loop.sock_connect(sock, (host, int(port)))
    head = (
        f"GET /api/events HTTP/1.1\r\nHost: {host}\r\nAuthorization: {server.client.headers['Authorization']}\r\n\r\n"
    )
    await loop.sock_sendall(sock, head.encode())
    try:
        yield
    finally:
        sock.close()


async def test_a_client_that_does_not_read_disturbs_nobody(
    server: Running, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    monkeypatch.setattr(bus_module, "CUT_AFTER", 0.5)
    gc.disable()  # what is cut is let go at once, not when the collector finds it
    request.addfinalizer(gc.enable)
    async with stalled(server), listening(server, topics="system,download_progress") as mine:
        await until_connections(server, 2)
        padding = "x" * 2000
        sent = 0

        async def cut() -> bool:
            nonlocal sent
            for _ in range(100):
                sent += 1
                tell(server, f"{sent} {padding}")
                server.parts.bus.publish(progress(sent % 3, sent, padding))
            await asyncio.sleep(0)
            return server.parts.bus.connections == 1

        async def read_all() -> int:
            """Messages arrive in order, progress merged; a resync stands for those that were dropped."""
            last = 0
            while True:
                message = await mine.next()
                assert int(message["id"]) >= last
                last = int(message["id"])
                if message["event"] == "system_info":
                    text = json.loads(message["data"])["data"]["message"]
                    if text == "the end":
                        return last

        reading = asyncio.create_task(read_all())
        await eventually(cut, within=15)
        tell(server, "the end")
        assert await asyncio.wait_for(reading, 20) > 0
        assert (await server.client.get("/api/events/status")).json()["connections"] == 1
    await until_connections(server, 0)


async def test_streams_end_when_the_server_stops(server: Running) -> None:
    async with listening(server) as first, listening(server, topics="system") as second:
        tell(server, "last words")
        server.parts.bus.close()
        assert texts(await second.events(1)) == ["last words"]
        await first.ended()
        await second.ended()
        async with server.client.stream("GET", "/api/events") as late:
            await Stream(late).ended()
    await until_connections(server, 0)
