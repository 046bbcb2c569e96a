"""The proxy that another process goes out through."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import socket
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlsplit

import pytest

from aniworld.kit.net import HttpClient
from aniworld.kit.net.errors import AddressRefusedError, TooLargeError
from aniworld.kit.net.proxy import MAX_CONNECTIONS, Budget, Proxy
from tests.kit.net_host import Handler, Host, Request, client, host
from tests.kit.net_host import answer as answer_and_stay

BUDGET = Budget(down=100_000, up=10_000, requests=20)


def answer(body: bytes) -> Handler:
    """And the connection ends, as was asked for."""

    async def handler(request: Request, writer: asyncio.StreamWriter) -> None:
        await answer_and_stay(body)(request, writer)
        await writer.drain()
        writer.close()

    return handler


@contextlib.asynccontextmanager
async def served(handler: Handler, budget: Budget = BUDGET) -> AsyncIterator[tuple[Proxy, Host]]:
    """A host that may be reached, and a proxy to it."""
    async with host(handler) as site, client(site) as http, http.proxy(budget) as proxy:
        yield proxy, site


def authorization(proxy: Proxy) -> str:
    parts = urlsplit(proxy.url)
    token = base64.b64encode(f"{parts.username}:{parts.password}".encode()).decode()
    return f"Proxy-Authorization: Basic {token}\r\n"


async def say(proxy: Proxy, text: str, after: bytes = b"", *, known: bool = True) -> bytes:
    """What the proxy answers; ``after`` is sent behind the head."""
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
    try:
        writer.write((text + (authorization(proxy) if known else "") + "\r\n").encode() + after)
        async with asyncio.timeout(10):
            got = b""
            with contextlib.suppress(ConnectionError):
                while block := await reader.read(65536):
                    got += block
            return got
    finally:
        writer.transport.abort()


async def test_a_request_and_a_tunnel() -> None:
    async with served(answer(b"hello")) as (proxy, site):
        plain = await say(proxy, f"GET {site.url}/a?b=1 HTTP/1.1\r\nHost: elsewhere.example\r\nX-One: 1\r\n")
        assert plain.startswith(b"HTTP/1.1 200")
        assert plain.endswith(b"hello")
        (request,) = site.requests
        assert request.target == "/a?b=1"
        assert request.headers == {"host": site.entry, "x-one": "1", "connection": "close"}
        inner = f"GET /t HTTP/1.1\r\nHost: {site.entry}\r\nConnection: close\r\n\r\n".encode()
        reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
        writer.write(f"CONNECT {site.entry} HTTP/1.1\r\n{authorization(proxy)}\r\n".encode())
        assert b"200" in await reader.readuntil(b"\r\n\r\n")
        writer.write(inner)
        assert (await reader.readexactly(12)).startswith(b"HTTP/1.1 200")
        writer.transport.abort()
        assert [seen.target for seen in site.requests] == ["/a?b=1", "/t"]


async def test_a_body_is_passed_on() -> None:
    seen = b""

    async def takes(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal seen
        seen = await reader.readuntil(b"12345")
        writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(takes, "127.0.0.1", 0)
    entry = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server, HttpClient(allowed_hosts=lambda: {entry}) as http, http.proxy(BUDGET) as proxy:
        told = await say(proxy, f"POST http://{entry}/ HTTP/1.1\r\nContent-Length: 5\r\n", b"12345")
        assert told.startswith(b"HTTP/1.1 204")
        assert seen.startswith(b"POST / HTTP/1.1\r\n")
        assert b"\r\nContent-Length: 5\r\n" in seen


@pytest.mark.parametrize(
    "head",
    [
        "",
        "Proxy-Authorization: Basic d29ya2VyOndvcmtlcg==\r\n",
        "Proxy-Authorization: Bearer x\r\n",
        "Proxy-Authorization: Basic \r\n",
        "Authorization: Basic d29ya2VyOndvcmtlcg==\r\n",
    ],
)
async def test_nobody_else_gets_anything(head: str) -> None:
    async with served(answer(b"hello")) as (proxy, site):
        for first in (f"GET {site.url}/ HTTP/1.1\r\n", f"CONNECT {site.entry} HTTP/1.1\r\n"):
            assert (await say(proxy, first + head, known=False)).startswith(b"HTTP/1.1 407")
        assert site.connections == 0


async def test_each_has_a_password_of_its_own() -> None:
    async with served(answer(b"hello")) as (one, site), HttpClient(allowed_hosts=lambda: {site.entry}) as http:
        async with http.proxy(BUDGET) as two:
            assert urlsplit(one.url).password != urlsplit(two.url).password
            told = await say(two, f"GET {site.url}/ HTTP/1.1\r\n{authorization(one)}", known=False)
            assert told.startswith(b"HTTP/1.1 407")
            port = two.port
        with pytest.raises(ConnectionError):
            await asyncio.open_connection("127.0.0.1", port)


@pytest.mark.parametrize(
    "first",
    [
        "GET / HTTP/1.1",
        "GET http://h/ HTTP/2",
        "CONNECT 10.0.0.1 HTTP/1.1 x",
        "TRACE http://h/ HTTP/1.1",
        "GET ftp://h/ HTTP/1.1",
        "GET file:///etc/passwd HTTP/1.1",
        "GET http://user:pass@h/ HTTP/1.1",
        "CONNECT h HTTP/1.1",
        "CONNECT h:99999 HTTP/1.1",
        "CONNECT h:22 HTTP/1.1",
        "CONNECT user@h:443 HTTP/1.1",
        "CONNECT h:443/x HTTP/1.1",
        "nonsense",
        "\0\0\0",
    ],
)
async def test_what_is_no_request_of_ours(first: str) -> None:
    async with served(answer(b"hello")) as (proxy, site):
        status = (await say(proxy, f"{first}\r\n"))[9:12]
        assert status in (b"400", b"403", b"502")
        assert site.connections == 0


async def test_a_header_that_smuggles_is_refused() -> None:
    async with served(answer(b"hello")) as (proxy, site):
        assert b" 400 " in await say(proxy, f"GET {site.url}/ HTTP/1.1\r\nBad header\r\n")
        assert b" 400 " in await say(proxy, f"GET {site.url}/ HTTP/1.1\r\nA: b\nHost: x\r\n")
        assert site.connections == 0


async def test_a_head_without_an_end_is_cut() -> None:
    async with served(answer(b"hello")) as (proxy, _site):
        assert b" 400 " in await say(proxy, f"GET http://h/ HTTP/1.1\r\nA: {'x' * 70_000}\r\n")


async def test_private_addresses() -> None:
    async with served(answer(b"hello")) as (proxy, site):
        for target in (f"localhost:{site.port}", "127.0.0.1:80", "10.0.0.1:443", "169.254.169.254:80", "[::1]:8080"):
            assert (await say(proxy, f"CONNECT {target} HTTP/1.1\r\n"))[9:12] == b"403"
            assert isinstance(proxy.failure, AddressRefusedError)
            assert (await say(proxy, f"GET http://{target}/ HTTP/1.1\r\n"))[9:12] == b"403"
        assert site.connections == 0


async def test_a_name_is_resolved_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer that changes between the check and the connection changes nothing."""
    asked: list[str] = []
    real = socket.getaddrinfo

    def flips(name: str, port: Any, *args: Any, **kwargs: Any) -> Any:
        if name != "flips.example":
            return real(name, port, *args, **kwargs)
        asked.append(name)
        address = "127.0.0.1" if len(asked) > 1 else "192.0.2.1"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    monkeypatch.setattr(socket, "getaddrinfo", flips)
    async with served(answer(b"hello")) as (proxy, site):
        assert (await say(proxy, "CONNECT flips.example:80 HTTP/1.1\r\n"))[9:12] == b"403"
        assert asked == ["flips.example"]
        assert site.connections == 0


async def test_bytes_are_counted() -> None:
    async def endless(_: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            writer.write(bytes(10_000))
            await writer.drain()

    async with served(endless) as (proxy, site):
        assert len(await say(proxy, f"GET {site.url}/ HTTP/1.1\r\n")) <= BUDGET.down
        assert isinstance(proxy.failure, TooLargeError)
    async with served(answer(b"ok")) as (proxy, site):
        await say(proxy, f"CONNECT {site.entry} HTTP/1.1\r\n", bytes(50_000))
        assert isinstance(proxy.failure, TooLargeError)


async def test_requests_are_counted() -> None:
    async with served(answer(b"ok"), Budget(down=10**6, up=10**6, requests=3)) as (proxy, site):
        told = [(await say(proxy, f"GET {site.url}/ HTTP/1.1\r\n"))[9:12] for _ in range(5)]
        assert told == [b"200"] * 3 + [b"403"] * 2


async def test_so_many_at_once_and_all_end_with_the_block() -> None:
    async def silent(_: Request, __: asyncio.StreamWriter) -> None:
        await asyncio.sleep(60)

    budget = Budget(down=10**6, up=10**6, requests=100)
    async with host(silent) as site, client(site) as http:
        async with http.proxy(budget) as proxy:
            waiting = [asyncio.create_task(say(proxy, f"GET {site.url}/ HTTP/1.1\r\n")) for _ in range(MAX_CONNECTIONS)]
            while site.connections < MAX_CONNECTIONS:
                await asyncio.sleep(0.01)
            assert (await say(proxy, f"GET {site.url}/ HTTP/1.1\r\n"))[9:12] == b"503"
        async with asyncio.timeout(5):
            assert await asyncio.gather(*waiting) == [b""] * MAX_CONNECTIONS
