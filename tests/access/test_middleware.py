"""What every answer passes: the Host check, security headers, ETags."""

from __future__ import annotations

import asyncio
import json
import socket

from aniworld.middleware import content_security_policy
from tests.access.conftest import Door, until


async def ask(door: Door, *lines: str) -> tuple[int, dict[str, str], bytes]:
    """Send a request word for word."""
    host, port = door.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        writer.write("\r\n".join([*lines, "Connection: close", "", ""]).encode("latin-1"))
        answer = await reader.read()
    finally:
        writer.close()
        await writer.wait_closed()
    head, _, body = answer.partition(b"\r\n\r\n")
    first, *rest = head.decode("latin-1").split("\r\n")
    headers = dict(line.lower().split(": ", 1) for line in rest)
    return int(first.split(" ")[1]), headers, body


NAME = socket.gethostname()


HOSTS = [
    ("127.0.0.1", 200),
    ("127.0.0.1:8000", 200),
    ("192.0.2.9:65535", 200),
    ("[::1]", 200),
    ("[::1]:8000", 200),
    ("[2001:DB8::9]:8000", 200),
    ("localhost", 200),
    ("LocalHost:8000", 200),
    ("localhost.:8000", 200),
    (NAME, 200),
    (f"{NAME.partition('.')[0].upper()}.local:8000", 200),
    ("anime.home.example", 200),
    ("Anime.Home.Example.:8000", 200),
    ("anime.home.example.evil.example", 421),
    ("xanime.home.example", 421),
    ("evil.example", 421),
    ("evil.example:8000", 421),
    ("localhost.evil.example", 421),
    ("127.0.0.1.evil.example", 421),
    ("2130706433", 421),
    ("127.1", 421),
    ("0x7f.0.0.1", 421),
    ("localhost..", 421),
    ("::1", 400),
    ("[127.0.0.1]", 421),
    ("[::1", 400),
    ("[fe80::1%25eth0]", 400),
    ("localhost:", 400),
    ("localhost:80a", 400),
    ("user@localhost", 400),
    ("localhost/evil.example", 400),
    ("local host", 400),
    ("localhost, evil.example", 400),
    ("löcalhost", 400),
    ("", 400),
]


async def test_it_answers_only_to_its_own_names(door: Door) -> None:
    await door.config.patch("access", {"allowed_hosts": ["anime.home.example"]})
    for host, expected in HOSTS:
        for path, fine in (("/api/auth/status", 200), ("/page", 200), ("/api/events", 401), ("/nothing", 404)):
            status, headers, body = await ask(door, f"GET {path} HTTP/1.1", f"Host: {host}")
            assert status == (fine if expected == 200 else expected), (host, path, body)
            assert headers["x-content-type-options"] == "nosniff"
            if expected != 200:
                assert headers["content-type"] == "application/problem+json"
                problem = json.loads(body)
                assert problem["status"] == expected
                assert problem["type"] == ("/problems/unknown-host" if expected == 421 else "/problems/bad-host")
                assert expected != 421 or "allowed_hosts" in problem["detail"]


async def test_a_host_that_is_missing_or_there_twice_is_refused(door: Door) -> None:
    status, _headers, _body = await ask(door, "GET /api/auth/status HTTP/1.0")
    assert status == 400
    status, _headers, _body = await ask(door, "GET /api/auth/status HTTP/1.1", "Host: localhost", "Host: localhost")
    assert status == 400
    status, _headers, _body = await ask(
        door, "GET /api/auth/status HTTP/1.1", "Host: evil.example", "X-Forwarded-Host: localhost"
    )
    assert status == 421


async def test_a_name_that_is_configured_counts_at_once(door: Door) -> None:
    async with door.client(headers={"Host": "anime.home.example"}) as client:
        assert (await client.get("/page")).status_code == 421
        await door.config.patch("access", {"allowed_hosts": ["Anime.Home.Example"]})
        assert (await client.get("/page")).status_code == 200


async def test_security_headers_are_on_every_answer(door: Door) -> None:
    token = await door.login()
    async with door.client(token=token) as client:
        for method, path, status in (
            ("GET", "/page", 200),
            ("GET", "/api/thing", 200),
            ("GET", "/api/pieces", 200),
            ("GET", "/nowhere", 404),
            ("GET", "/api/nowhere", 404),
            ("POST", "/api/thing", 405),
            ("POST", "/api/echo", 400),
            ("POST", "/api/auth/logout", 204),
            ("GET", "/api/thing", 401),
        ):
            answer = await client.request(method, path, json=[] if path == "/api/echo" else None)
            assert answer.status_code == status, path
            headers = answer.headers
            assert headers["x-content-type-options"] == "nosniff"
            assert headers["x-frame-options"] == "DENY"
            assert headers["referrer-policy"] == "no-referrer"
            assert headers["cross-origin-opener-policy"] == "same-origin"
            assert headers["cross-origin-resource-policy"] == "same-origin"
            assert "frame-ancestors 'none'" in headers["content-security-policy"]
            assert "unsafe-eval" not in headers["content-security-policy"]
            if path.startswith("/api"):
                assert "default-src 'none'" in headers["content-security-policy"]
                known = "private, no-cache" if (path, status) == ("/api/thing", 200) else "no-store"
                assert headers["cache-control"] == known, path
            else:
                assert "default-src 'self'" in headers["content-security-policy"]
                assert "cache-control" not in headers
            for name in headers:
                assert len(headers.get_list(name)) == 1, name


async def test_what_an_answer_says_itself_is_kept(door: Door) -> None:
    async with door.client(token=await door.login()) as client:
        assert (await client.get("/api/kept")).headers["cache-control"] == "private, max-age=60"


def test_the_policy_of_our_pages() -> None:
    policy = dict(
        directive.strip().split(" ", 1) for directive in content_security_policy(["aGFzaA==", "b3RoZXI="]).split(";")
    )
    assert policy["script-src"] == "'self' 'sha256-aGFzaA==' 'sha256-b3RoZXI='"
    assert policy["default-src"] == "'self'"
    assert policy["object-src"] == policy["base-uri"] == policy["frame-ancestors"] == "'none'"
    assert "http" not in " ".join(policy.values())
    assert "unsafe-inline" not in policy["script-src"]


async def test_an_answer_that_is_known_already_is_not_sent_again(door: Door) -> None:
    async with door.client(token=await door.login()) as client:
        first = await client.get("/api/thing")
        tag = first.headers["etag"]
        assert tag.startswith('W/"')
        assert (await client.get("/api/thing")).headers["etag"] == tag
        for known in (tag, tag.removeprefix("W/"), f'"other", {tag}', "*", f'W/"a",{tag},W/"b"'):
            again = await client.get("/api/thing", headers={"If-None-Match": known})
            assert (again.status_code, again.content) == (304, b""), known
            assert again.headers["etag"] == tag
            assert again.headers["x-content-type-options"] == "nosniff"
            assert "content-length" not in again.headers
            assert "content-type" not in again.headers
        for unknown in ('"other"', tag[:-2] + '"', tag.strip('W/"'), ""):
            again = await client.get("/api/thing", headers={"If-None-Match": unknown})
            assert (again.status_code, again.content) == (200, first.content), unknown
        changed = await client.get("/api/who")
        assert changed.headers["etag"] != tag


async def test_a_tag_is_no_way_past_the_guard(door: Door) -> None:
    async with door.client() as client:
        assert (await client.get("/api/thing", headers={"If-None-Match": "*"})).status_code == 401


async def test_only_whole_json_answers_to_get_are_tagged(door: Door) -> None:
    async with door.client(token=await door.login()) as client:
        pieces = await client.get("/api/pieces", headers={"If-None-Match": "*"})
        assert (pieces.status_code, pieces.content) == (200, b"[1,2]")
        assert "etag" not in pieces.headers
        echo = await client.post("/api/echo", json={"a": 1}, headers={"If-None-Match": "*"})
        assert (echo.status_code, echo.json()) == (200, {"a": 1})
        assert "etag" not in echo.headers
        assert "etag" not in (await client.get("/page")).headers
        assert "etag" not in (await client.get("/api/nowhere")).headers


async def test_event_streams_are_passed_on_as_they_come(door: Door) -> None:
    async with (
        door.client(token=await door.login()) as client,
        client.stream("GET", "/api/events", headers={"If-None-Match": "*"}) as answer,
    ):
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert "etag" not in answer.headers
        assert b"welcome" in await anext(answer.aiter_raw())
    await until(lambda: door.bus.connections == 0)
