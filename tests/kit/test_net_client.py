"""The guarded client against real servers on loopback, most of them ill-behaved."""

from __future__ import annotations

import asyncio
import gzip
import socket
from typing import Any

import pytest

from aniworld.kit.net import IMAGE, KEY, MEDIA, PAGE, HttpClient, Kind, raise_for_status, transport
from aniworld.kit.net.errors import (
    AddressRefusedError,
    BadAnswerError,
    HttpStatusError,
    NetError,
    TimedOutError,
    TooLargeError,
)
from aniworld.kit.net.kinds import POLITE_REQUESTS
from tests.kit.net_host import Request, answer, client, host, redirect


async def test_a_page_arrives() -> None:
    async with host(answer("Grüße".encode(), Content_Type="text/html; charset=utf-8")) as site, client(site) as http:
        got = await http.get(f"{site.url}/a%20b?c=d#e")
        assert (got.url, got.text()) == (f"{site.url}/a%20b?c=d#e", "Grüße")
        assert await http.get_text(f"{site.url}/") == "Grüße"
        asked = site.requests[0]
        assert (asked.method, asked.target) == ("GET", "/a%20b?c=d")
        assert asked.headers["host"] == site.entry
        assert asked.headers["user-agent"].startswith("Aniworld/")
        assert asked.headers["accept-encoding"] == "gzip"
        assert site.connections == 1, "the connection is used again"


async def test_a_stream_is_not_touched() -> None:
    body = gzip.compress(b"left as it is")
    async with host(answer(body, "206 Partial Content", Content_Encoding="gzip")) as site, client(site) as http:
        async with http.stream("GET", f"{site.url}/file", headers={"Range": "bytes=0-9"}) as response:
            pieces = [piece async for piece in response.aiter_raw(7)]
        assert response.status_code == 206
        assert b"".join(pieces) == body
        assert max(map(len, pieces)) == 7
        assert site.requests[0].headers["range"] == "bytes=0-9"
        assert site.requests[0].headers["accept-encoding"] == "identity"


async def test_a_body_larger_than_memory_may_hold_flows_through() -> None:
    size = 64 * 1024 * 1024

    async def handler(_: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(f"HTTP/1.1 200 OK\r\nContent-Length: {size}\r\n\r\n".encode())
        for _piece in range(64):
            writer.write(bytes(1024 * 1024))
            await writer.drain()

    async with host(handler) as site, client(site) as http:
        got = 0
        async with http.stream("GET", site.url) as response:
            async for piece in response.aiter_raw():
                assert len(piece) <= 256 * 1024
                got += len(piece)
        assert got == size


async def test_no_status_is_an_error_for_a_stream() -> None:
    async with host(answer(b"gone", "410 Gone")) as site, client(site) as http:
        async with http.stream("HEAD", site.url) as response:
            assert response.status_code == 410
            with pytest.raises(HttpStatusError):
                raise_for_status(response)


@pytest.mark.parametrize(
    ("status", "permanent"),
    [(400, True), (403, True), (404, True), (408, False), (429, False), (500, False), (503, False)],
)
async def test_statuses(status: int, permanent: bool) -> None:
    async with host(answer(b"no", f"{status} No", Retry_After="7")) as site, client(site) as http:
        with pytest.raises(HttpStatusError) as caught:
            await http.get_bytes(f"{site.url}/x")
        assert (caught.value.http_status, caught.value.permanent) == (status, permanent)
        assert (caught.value.retry_after, caught.value.url) == (7, f"{site.url}/x")


async def test_private_addresses_are_not_connected_to() -> None:
    async with host(answer()) as canary, client() as http:
        for url in (canary.url, f"http://localhost:{canary.port}", f"http://[::ffff:127.0.0.1]:{canary.port}"):
            with pytest.raises(AddressRefusedError):
                await http.get(url)
        assert canary.connections == 0


async def test_a_name_that_leads_home_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    connected: list[str] = []

    async def connect_tcp(_: Any, address: str, *__: Any) -> Any:
        connected.append(address)
        raise AssertionError

    monkeypatch.setattr("httpcore.AnyIOBackend.connect_tcp", connect_tcp)
    monkeypatch.setattr(
        socket,
        "getaddrinfo",
        lambda host, port, **_: [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))],
    )
    async with client() as http:
        with pytest.raises(AddressRefusedError):
            await http.get("http://rebind.example/")
    assert connected == []


async def test_the_checked_address_is_the_one_that_is_connected_to(monkeypatch: pytest.MonkeyPatch) -> None:
    """A second look-up between check and connection would be a door: there is exactly one."""
    async with host(answer(b"here")) as site:
        looked_up: list[str] = []

        def getaddrinfo(name: str, port: int, **_: Any) -> list[Any]:
            looked_up.append(name)
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

        monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
        async with HttpClient(allowed_hosts=lambda: {f"site.example:{site.port}"}) as http:
            assert await http.get_bytes(f"http://site.example:{site.port}/") == b"here"
            assert site.requests[0].headers["host"] == f"site.example:{site.port}"
        assert looked_up == ["site.example"]


async def test_an_address_that_does_not_answer_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    async with host(answer(b"second")) as site:
        entries = [(socket.AF_INET6, socket.SOCK_STREAM, 6, "", ("::1", site.port))]
        entries.append((socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", site.port)))
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: entries)
        async with HttpClient(allowed_hosts=lambda: {f"site.example:{site.port}"}) as http:
            assert await http.get_bytes(f"http://site.example:{site.port}/") == b"second"


async def test_the_list_is_read_at_each_use() -> None:
    allowed: set[str] = set()
    async with host(answer(b"yes")) as site, HttpClient(allowed_hosts=lambda: allowed) as http:
        with pytest.raises(AddressRefusedError):
            await http.get(site.url)
        allowed.add(site.entry)
        assert await http.get_bytes(site.url) == b"yes"
        allowed.clear()
        with pytest.raises(AddressRefusedError):
            await http.get(site.url)
        assert len(site.requests) == 1


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_redirects_are_followed(status: int) -> None:
    async def handler(request: Request, writer: asyncio.StreamWriter) -> None:
        next_step = redirect("./b/../c?d=1", status) if request.target == "/a/x" else answer(b"there")
        await next_step(request, writer)

    async with host(handler) as site, client(site) as http:
        got = await http.get(f"{site.url}/a/x", headers={"X-Own": "1"})
        assert (got.url, got.content) == (f"{site.url}/a/c?d=1", b"there")
        assert site.requests[1].headers["x-own"] == "1"
        assert site.connections == 1


@pytest.mark.parametrize(
    "to",
    [
        "http://169.254.169.254/latest/meta-data",
        "http://10.0.0.1/",
        "http://[::1]/",
        "http://2130706433/",
        "file:///etc/passwd",
        "http://user@example.org/",
        "http://example.org:22/",
        "http://exa\\mple.org/",
    ],
)
async def test_redirects_pass_the_guard(to: str) -> None:
    async with host(redirect(to)) as site, client(site) as http:
        with pytest.raises(AddressRefusedError):
            await http.get(site.url)


async def test_a_redirect_to_another_private_port_is_refused() -> None:
    async with host(answer(b"secret")) as canary, host(redirect(f"http://127.0.0.1:{canary.port}/")) as site:
        async with client(site) as http:
            with pytest.raises(AddressRefusedError):
                await http.get(site.url)
        assert canary.connections == 0


async def test_redirect_loops_end() -> None:
    async with host(redirect("/again")) as site, client(site) as http:
        with pytest.raises(BadAnswerError, match="more than 5"):
            await http.get(site.url)
        assert len(site.requests) == 6


async def test_five_hops_are_fine() -> None:
    async def handler(request: Request, writer: asyncio.StreamWriter) -> None:
        hop = int(request.target[1:])
        await (answer(b"end") if hop == 5 else redirect(f"/{hop + 1}"))(request, writer)

    async with host(handler) as site, client(site) as http:
        assert await http.get_bytes(f"{site.url}/0") == b"end"


async def test_headers_do_not_travel_to_another_origin() -> None:
    headers = {"Authorization": "Bearer x", "Cookie": "a=b", "Referer": "http://x/", "X-Own": "1", "Range": "bytes=5-"}
    async with host(answer(b"end")) as other, host(redirect(f"{other.url}/")) as site, client(site, other) as http:
        await http.get(site.url, headers=headers)
        assert headers.items() <= {name.title(): value for name, value in site.requests[0].headers.items()}.items()
        seen = other.requests[0].headers
        assert seen["range"] == "bytes=5-"
        assert seen["host"] == other.entry
        assert not {"authorization", "cookie", "referer", "x-own"} & seen.keys()


async def test_cookies_are_not_kept() -> None:
    async with host(answer(b"", Set_Cookie="session=1; Path=/")) as site, client(site) as http:
        await http.get(site.url)
        await http.get(site.url)
        assert "cookie" not in site.requests[1].headers


async def test_the_environment_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    async with host(answer(b"proxy")) as proxy, host(answer(b"direct")) as site, client(site) as http:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url)
        assert await http.get_bytes(site.url) == b"direct"
        assert proxy.connections == 0


async def endless(_: Request, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    while True:
        writer.write(b"10000\r\n" + bytes(65536) + b"\r\n")
        await writer.drain()


async def test_an_endless_body_is_stopped() -> None:
    async with host(endless) as site, client(site) as http:
        with pytest.raises(TooLargeError):
            await http.get(site.url, kind=IMAGE)
        with pytest.raises(TooLargeError):
            await http.get(site.url, kind=KEY)
        with pytest.raises(TooLargeError):
            async with http.stream("GET", site.url, kind=PAGE) as response:
                async for _ in response.aiter_raw():
                    pass


async def trickle(_: Request, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
    while True:
        writer.write(b".")
        await writer.drain()
        await asyncio.sleep(0.02)


async def test_a_slow_body_is_stopped() -> None:
    hasty = Kind("page", 1000, 0.3)
    async with host(trickle) as site, client(site) as http:
        with pytest.raises(TimedOutError):
            await http.get(site.url, kind=hasty)


async def test_silence_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    async def silent(_: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n12345")
        await writer.drain()
        await asyncio.sleep(60)

    monkeypatch.setitem(transport.TIMEOUTS, "read", 0.2)
    async with host(silent) as site, client(site) as http:
        got = b""
        with pytest.raises(TimedOutError, match="silent"):
            async with http.stream("GET", site.url, kind=MEDIA) as response:
                async for piece in response.aiter_raw():
                    got += piece
        assert got == b"12345"


async def test_the_callers_own_timeout_stays_its_own() -> None:
    async with host(trickle) as site, client(site) as http:
        with pytest.raises(TimeoutError) as caught:
            async with asyncio.timeout(0.1):
                await http.get(site.url)
        assert not isinstance(caught.value, NetError)


async def test_the_callers_own_errors_pass_untouched() -> None:
    async with host(answer(b"x")) as site, client(site) as http:
        with pytest.raises(OSError, match="disk"):
            async with http.stream("GET", site.url):
                raise OSError("disk")


@pytest.mark.parametrize(
    "wire",
    [
        b"",
        b"nonsense\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort",
        b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n12345",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n123",
        b"HTTP/1.1 200 OK\r\nX: " + b"x" * 300_000 + b"\r\n\r\n",
    ],
)
async def test_answers_that_are_no_http(wire: bytes) -> None:
    async def handler(_: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(wire)
        await writer.drain()
        writer.close()

    async with host(handler) as site, client(site) as http:
        with pytest.raises(NetError) as caught:
            await http.get(site.url)
        assert not caught.value.permanent


async def test_nobody_listens() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        entry = f"127.0.0.1:{unused.getsockname()[1]}"
        async with HttpClient(allowed_hosts=lambda: {entry}) as http:
            with pytest.raises(NetError, match=r"[Cc]onnection") as caught:
                await http.get(f"http://{entry}/")
            assert not caught.value.permanent


async def test_headers_cannot_be_smuggled() -> None:
    async with host(answer()) as site, client(site) as http:
        with pytest.raises(AddressRefusedError):
            await http.get(site.url, headers={"Referer": "x\r\nX-Evil: 1"})
        assert site.requests == []


async def test_pages_of_one_host_wait_for_each_other() -> None:
    busy = most = 0

    async def handler(request: Request, writer: asyncio.StreamWriter) -> None:
        nonlocal busy, most
        busy += 1
        most = max(most, busy)
        await asyncio.sleep(0.02)
        busy -= 1
        await answer(b"x")(request, writer)

    async with host(handler) as site, client(site) as http:
        await asyncio.gather(*(http.get(site.url) for _ in range(12)))
        assert most == POLITE_REQUESTS
