"""The connections that media comes over, against real servers on loopback, most of them ill-behaved."""

from __future__ import annotations

import asyncio
import hashlib
import random
import socket
import ssl
from typing import Any

import pytest

from aniworld.kit.net import HttpClient, Kind, transport
from aniworld.kit.net.errors import AddressRefusedError, BadAnswerError, NetError, TimedOutError, TooLargeError
from aniworld.kit.net.lines import CrowdedError, Wish
from tests.kit.net_host import Host, Request, answer, client, host, redirect
from tests.kit.test_net_tls import CERTIFICATE

MIB = 1024 * 1024


async def whole(http: HttpClient, url: str, wish: Wish | None = None, **headers: str) -> bytes:
    got = b""
    async with http.open(url, headers=headers, wish=wish) as response:
        while block := await response.block():
            got += bytes(block)
    return got


async def test_bodies_come_over_one_connection() -> None:
    async with host(answer(b"abc")) as site, client(site) as http:
        for _ in range(3):
            assert await whole(http, f"{site.url}/x%20y?z#f", Range="bytes=0-2") == b"abc"
        asked = site.requests[-1]
        assert (asked.method, asked.target) == ("GET", "/x%20y?z")
        assert asked.headers["host"] == site.entry
        assert asked.headers["range"] == "bytes=0-2"
        assert asked.headers["accept-encoding"] == "identity"
        assert site.connections == 1


@pytest.mark.parametrize("framing", ["length", "chunked", "end"])
async def test_a_large_body_is_the_same_at_the_other_end(framing: str) -> None:
    rng = random.Random(framing)
    data = rng.randbytes(9 * MIB + 17)

    async def handler(_: Request, writer: asyncio.StreamWriter) -> None:
        fields = {"length": f"Content-Length: {len(data)}\r\n", "chunked": "Transfer-Encoding: chunked\r\n", "end": ""}
        writer.write(f"HTTP/1.1 200 OK\r\n{fields[framing]}\r\n".encode())
        at = 0
        while at < len(data):
            piece = data[at : at + rng.randrange(1, 400_000)]
            at += len(piece)
            writer.write(b"%x\r\n%b\r\n" % (len(piece), piece) if framing == "chunked" else piece)
            await writer.drain()
        if framing == "chunked":
            writer.write(b"0\r\n\r\n")
        if framing == "end":
            writer.close()

    async with host(handler) as site, client(site) as http:
        assert await whole(http, site.url) == data
        assert await whole(http, site.url, Wish(buffer=64 * 1024)) == data


async def test_over_tls(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    path = tmp_path / "somebody.pem"
    path.write_text(CERTIFICATE)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(path)
    monkeypatch.setattr(
        socket, "getaddrinfo", lambda _h, port, **_k: [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]
    )
    data = random.Random(1).randbytes(5 * MIB)
    async with host(answer(data), server) as site:
        names = {f"{name}:{site.port}" for name in ("somebody.example", "other.example")}
        async with HttpClient(allowed_hosts=lambda: names) as http:
            with pytest.raises(NetError, match="certificate is not valid"):
                await whole(http, f"https://somebody.example:{site.port}/")
        monkeypatch.setattr(transport, "tls_context", lambda: ssl.create_default_context(cafile=str(path)))
        async with HttpClient(allowed_hosts=lambda: names) as http:
            got = await whole(http, f"https://somebody.example:{site.port}/")
            assert hashlib.sha256(got).digest() == hashlib.sha256(data).digest()
            with pytest.raises(NetError, match="certificate is not valid"):
                await whole(http, f"https://other.example:{site.port}/")


async def test_a_slow_reader_holds_the_other_side_back() -> None:
    sent = 0

    async def handler(_: Request, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1073741824\r\n\r\n")
        while True:
            writer.write(bytes(MIB))
            await writer.drain()
            sent += MIB

    async with host(handler) as site, client(site) as http:
        async with http.open(site.url, wish=Wish(buffer=256 * 1024)) as response:
            await response.block()
            await asyncio.sleep(0.5)
            assert sent < 64 * MIB  # what the kernel's buffers hold on both sides, no more


async def test_private_addresses_are_not_connected_to() -> None:
    async with host(answer(b"secret")) as site, HttpClient(allowed_hosts=frozenset) as http:
        for url in (site.url, f"http://127.0.0.1:80/x?{site.port}"):
            with pytest.raises(AddressRefusedError):
                await whole(http, url)
        assert site.connections == 0


async def test_redirects_pass_the_guard() -> None:
    async with host(answer(b"secret")) as inner, host(redirect(f"{inner.url}/")) as site, client(site) as http:
        with pytest.raises(AddressRefusedError):
            await whole(http, site.url)
        assert inner.connections == 0


async def test_redirects_are_followed_and_end() -> None:
    async with host(answer(b"there")) as goal, host(redirect(f"{goal.url}/x")) as site, client(site, goal) as http:
        async with http.open(f"{site.url}/go", headers={"Referer": "r", "Range": "bytes=0-"}) as response:
            assert response.url == f"{goal.url}/x"
            assert bytes(await response.block()) == b"there"
        assert "referer" in site.requests[0].headers
        assert "referer" not in goal.requests[0].headers
        assert goal.requests[0].headers["range"] == "bytes=0-"
    async with host(redirect("/")) as site, client(site) as http:
        with pytest.raises(BadAnswerError):
            await whole(http, site.url)
        assert len(site.requests) == 6
        assert site.connections == 1


async def test_headers_cannot_be_smuggled() -> None:
    async with host(answer()) as site, client(site) as http:
        with pytest.raises(AddressRefusedError):
            await whole(http, site.url, Referer="x\r\nX-Evil: 1")
        assert site.requests == []


@pytest.mark.parametrize(
    "wire",
    [
        b"",
        b"nonsense\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n123",
        b"HTTP/1.1 200 OK\r\nX: " + b"x" * 300_000 + b"\r\n\r\n",
        b"HTTP/1.1 103 Hint\r\n\r\n" * 20,
        b"HTTP/1.1 101 Switching\r\n\r\n",
    ],
)
async def test_answers_that_are_no_http(wire: bytes) -> None:
    async def handler(_: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(wire)
        await writer.drain()
        writer.close()

    async with host(handler) as site, client(site) as http:
        with pytest.raises(NetError) as caught:
            await whole(http, site.url)
        assert not caught.value.permanent


async def test_interim_answers_are_passed_over() -> None:
    async def handler(_: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 103 Hint\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

    async with host(handler) as site, client(site) as http:
        assert await whole(http, site.url) == b"ok"


async def test_what_came_before_the_silence_is_handed_out() -> None:
    async def silent(_: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n12345")
        await writer.drain()
        await asyncio.sleep(60)

    async with host(silent) as site, client(site) as http:
        got = b""
        with pytest.raises(TimedOutError, match="silent"):
            async with http.open(site.url, wish=Wish(silence=0.3)) as response:
                while block := await response.block():
                    got += bytes(block)
        assert got == b"12345"


async def test_a_body_beyond_its_limit() -> None:
    async with host(answer(bytes(200_000))) as site, client(site) as http:
        with pytest.raises(TooLargeError):
            async with http.open(site.url, kind=Kind("small", 100_000, None)) as response:
                while await response.block():
                    pass


async def test_a_connection_that_the_host_closed_meanwhile() -> None:
    async def once(request: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        await writer.drain()
        writer.close()  # without having said so

    async with host(once) as site, client(site) as http:
        assert [await whole(http, site.url) for _ in range(3)] == [b"ok"] * 3
        assert site.connections == 3


async def test_bytes_that_nobody_asked_for_are_never_an_answer() -> None:
    async def split(_: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(
            b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok" + b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil"
        )

    async with host(split) as site, client(site) as http:
        assert [await whole(http, site.url) for _ in range(3)] == [b"ok"] * 3
        assert site.connections == 3


def slow(site_answer: asyncio.Event) -> Any:
    async def handler(_: Request, writer: asyncio.StreamWriter) -> None:
        await site_answer.wait()
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

    return handler


async def seen(site: Host, count: int) -> None:
    async with asyncio.timeout(5):
        while len(site.requests) < count:
            await asyncio.sleep(0.01)


async def test_a_host_gets_so_many_requests_at_once() -> None:
    go = asyncio.Event()
    async with host(slow(go)) as site, client(site) as http:
        tasks = [asyncio.create_task(whole(http, site.url, Wish(per_host=2))) for _ in range(6)]
        await seen(site, 2)
        await asyncio.sleep(0.1)
        assert len(site.requests) == 2
        with pytest.raises(CrowdedError):
            await whole(http, site.url, Wish(per_host=2, extra=True))
        tasks[3].cancel()  # one of those that wait
        tasks[0].cancel()  # one of those that were asked
        await seen(site, 3)
        go.set()
        done = await asyncio.gather(*tasks, return_exceptions=True)
        assert done.count(b"ok") == 4
        assert len(site.requests) == 5


async def test_leaving_in_the_middle_costs_the_connection_only() -> None:
    async with host(answer(bytes(MIB))) as site, client(site) as http:
        for _ in range(3):
            async with http.open(site.url) as response:
                await response.block(1)
        assert len(await whole(http, site.url)) == MIB
        assert site.connections == 4
