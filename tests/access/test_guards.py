"""Deny by default, and who may ask for a change."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx

from tests.access.conftest import PASSWORD, Door

PUBLIC = {("GET", "/api/auth/status"), ("POST", "/api/auth/setup"), ("POST", "/api/auth/login"), ("GET", "/api/who")}


ROUTES = [
    ("GET", "/api/auth/status"),
    ("POST", "/api/auth/setup"),
    ("POST", "/api/auth/login"),
    ("POST", "/api/auth/logout"),
    ("POST", "/api/auth/password"),
    ("GET", "/api/auth/sessions"),
    ("DELETE", "/api/auth/sessions/01890a5d-ac96-774b-bcce-b302099a8057"),
    ("GET", "/api/events"),
    ("GET", "/api/events/status"),
    ("GET", "/api/thing"),
    ("GET", "/api/pieces"),
    ("POST", "/api/echo"),
    ("PUT", "/api/echo"),
    ("PATCH", "/api/echo"),
    ("DELETE", "/api/echo"),
    ("GET", "/api/who"),
]


async def test_without_a_session_everything_but_the_listed_is_refused(door: Door) -> None:
    async with door.client() as client:
        for authorization in (None, "Bearer", "Bearer x", "Bearer a.b.c", "Basic YTpi", "Bearer " + "x" * 5000):
            headers = {"Authorization": authorization} if authorization else {}
            for method, path in ROUTES:
                if (method, path) in PUBLIC:
                    continue
                answer = await client.request(method, path, headers=headers)
                assert answer.status_code == 401, (method, path, authorization)
                assert answer.headers["content-type"] == "application/problem+json"
                assert answer.json() == {
                    "type": "/problems/unauthenticated",
                    "title": "Log in first",
                    "status": 401,
                    "detail": "Log in first",
                }


PATHS = [
    "/api/thing/",
    "/api//thing",
    "/api/./thing",
    "/api/thing%2f",
    "/api/auth/status/../../thing",
    "/api/thing?public=1",
    "/api/thing;/api/auth/status",
    "/API/thing",
    "/api/%74hing",
]


async def test_other_spellings_of_a_path_do_not_get_by(door: Door) -> None:
    async with door.client() as client:
        for path in PATHS:
            url = httpx.URL(door.url).copy_with(raw_path=path.encode())
            answer = await client.send(client.build_request("GET", url))
            assert answer.status_code in (401, 404), path
            assert set(answer.json()) == {"type", "title", "status", "detail"}


async def test_a_token_comes_as_bearer_or_cookie(door: Door) -> None:
    token = await door.login()
    dead = await door.login()
    await door.access.logout((await door.access.authenticate(dead)).id)
    async with door.client() as client:

        async def status(**headers: str) -> int:
            return (await client.get("/api/thing", headers=headers)).status_code

        assert await status(Authorization=f"Bearer {token}") == 200
        assert await status(Authorization=f"bearer  {token}") == 200
        assert await status(Cookie=f"a=b; aniworld_session={token}; c=d") == 200
        # A password that a proxy in front asked for is not ours to judge.
        assert await status(Authorization="Basic YTpi", Cookie=f"aniworld_session={token}") == 200
        # A token that is given counts, not what else there is.
        assert await status(Authorization=f"Bearer {dead}", Cookie=f"aniworld_session={token}") == 401
        assert await status(Cookie=f"aniworld_session={dead}; aniworld_session={token}") == 401
        assert await status(Cookie=f"xaniworld_session={token}") == 401
        assert (await client.get("/api/thing", params={"token": token, "access_token": token})).status_code == 401


ORIGINS: list[tuple[dict[str, str], int, int]] = [
    ({}, 403, 200),
    ({"Origin": "{own}"}, 200, 200),
    ({"Origin": "{own}/"}, 200, 200),
    ({"Sec-Fetch-Site": "same-origin"}, 200, 200),
    ({"Sec-Fetch-Site": "none"}, 200, 200),
    ({"Sec-Fetch-Site": "same-origin", "Origin": "{own}"}, 200, 200),
    ({"Sec-Fetch-Site": "same-site"}, 403, 403),
    ({"Sec-Fetch-Site": "cross-site"}, 403, 403),
    ({"Sec-Fetch-Site": "cross-site", "Origin": "{own}"}, 403, 403),
    ({"Sec-Fetch-Site": "same-origin", "Origin": "https://elsewhere.example"}, 403, 403),
    ({"Origin": "https://elsewhere.example"}, 403, 403),
    ({"Origin": "null"}, 403, 403),
    ({"Origin": ""}, 403, 403),
    ({"Origin": "http://127.0.0.1"}, 403, 403),
    ({"Origin": "http://127.0.0.1:1"}, 403, 403),
    ({"Origin": "{own}.elsewhere.example"}, 403, 403),
    ({"Origin": "http://user@{host}"}, 403, 403),
    ({"Origin": "file://{host}"}, 403, 403),
    ({"Origin": "http://["}, 403, 403),
    ({"Referer": "{own}/"}, 403, 200),
]
"""Headers, and how a change is answered that comes with the cookie or with the token."""


async def test_a_change_must_come_from_here(door: Door) -> None:
    token = await door.login()
    host = door.url.removeprefix("http://")
    async with door.client() as client:
        for headers, by_cookie, by_bearer in ORIGINS:
            sent = {name: value.format(own=door.url, host=host) for name, value in headers.items()}
            for credentials, expected in (
                ({"Cookie": f"aniworld_session={token}"}, by_cookie),
                ({"Authorization": f"Bearer {token}"}, by_bearer),
            ):
                answer = await client.post("/api/echo", json={"a": 1}, headers={**sent, **credentials})
                assert answer.status_code == expected, (headers, credentials)
                if expected == 403:
                    assert answer.json()["type"] == "/problems/cross-site"
                # Looking changes nothing and is free.
                assert (await client.get("/api/thing", headers={**sent, **credentials})).status_code == 200


async def test_another_site_cannot_log_anybody_in(door: Door) -> None:
    async with door.client() as client:
        body = {"password": PASSWORD}
        for headers in ({"Origin": "https://elsewhere.example"}, {"Sec-Fetch-Site": "cross-site"}):
            assert (await client.post("/api/auth/login", json=body, headers=headers)).status_code == 403
        # An old cookie is in nobody's way.
        headers = {"Cookie": "aniworld_session=old"}
        assert (await client.post("/api/auth/login", json=body, headers=headers)).status_code == 200


KINDS = [
    ("application/json", 200),
    ("application/json; charset=utf-8", 200),
    ("Application/JSON", 200),
    (None, 415),
    ("", 415),
    ("text/plain", 415),
    ("text/plain; application/json", 415),
    ("application/x-www-form-urlencoded", 415),
    ("multipart/form-data; boundary=x", 415),
    ("application/jsonp", 415),
    ("application/problem+json", 415),
]


async def test_bodies_are_json(door: Door) -> None:
    async def pieces() -> Any:
        yield b'{"a": '
        yield b"1}"

    async with door.client(token=await door.login()) as client:
        for kind, expected in KINDS:
            headers = {} if kind is None else {"Content-Type": kind}
            for method in ("POST", "PUT", "PATCH", "DELETE"):
                for content in (b'{"a": 1}', pieces()):
                    answer = await client.request(method, "/api/echo", content=content, headers=headers)
                    assert answer.status_code == expected, (kind, method, answer.text)
                    if expected == 415:
                        assert answer.json()["type"] == "/problems/unsupported-media-type"
                    else:
                        assert answer.json() == {"a": 1}


async def test_login_too_takes_only_json(door: Door) -> None:
    async with door.client() as client:
        body = f'{{"password": "{PASSWORD}"}}'.encode()
        answer = await client.post("/api/auth/login", content=body, headers={"Content-Type": "text/plain"})
        assert answer.status_code == 415


async def test_no_other_site_is_invited(door: Door) -> None:
    token = await door.login()
    async with door.client(token=token) as client:
        asked = {"Origin": "https://elsewhere.example", "Access-Control-Request-Method": "POST"}
        for method, path in (("OPTIONS", "/api/echo"), ("GET", "/api/thing"), ("OPTIONS", "/api/auth/login")):
            answer = await client.request(method, path, headers=asked)
            assert not [name for name in answer.headers if name.startswith("access-control-")]


async def test_headers_of_a_proxy_are_not_believed(door: Door) -> None:
    async with door.client(address="127.0.0.3") as client:
        told = {"X-Forwarded-For": "192.0.2.1", "X-Real-IP": "192.0.2.1", "Forwarded": "for=192.0.2.1"}
        assert (await client.get("/api/who", headers=told)).json()["address"] == "127.0.0.3"


async def test_who_counts_as_this_machine(door: Door) -> None:
    cases: list[tuple[dict[str, str], bool]] = [
        ({}, True),
        ({"Host": "localhost:8000"}, True),
        ({"Host": "[::1]:8000"}, True),
        ({"Host": "192.0.2.8"}, False),  # a proxy on this machine that passes the name on
        ({"Via": "1.1 proxy"}, False),
        ({"X-Forwarded-For": ""}, False),
    ]
    async with door.client() as client:
        for headers, local in cases:
            assert (await client.get("/api/who", headers=headers)).json()["local"] is local, headers
    # A proxy that passes nothing on still speaks HTTP/1.0 to us.
    reader, writer = await asyncio.open_connection("127.0.0.1", int(door.url.rpartition(":")[2]))
    writer.write(b"GET /api/who HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n")
    assert b'"local":false' in await reader.read()
    writer.close()
    await writer.wait_closed()
