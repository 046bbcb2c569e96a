"""Forms and cookies: sent to the site that they are for, and to no other."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from aniworld.kit.net.cookies import MAX_COOKIES, Jar
from aniworld.kit.net.errors import AddressRefusedError, BadAnswerError, HttpStatusError
from tests.kit.net_host import Request, answer, client, host, redirect


def jar(*lines: str, url: str = "http://site.example/a/b", mine: str = "example") -> Jar:
    made = Jar(lambda address: mine in address)
    made.keep(httpx.URL(url), httpx.Headers([("set-cookie", line) for line in lines]))
    return made


@pytest.mark.parametrize(
    ("line", "url", "sent"),
    [
        ("a=1", "http://site.example/a/c", "a=1"),
        ("a=1", "http://site.example/", None),
        ("a=1; Path=/", "http://site.example/", "a=1"),
        ("a=1; Path=/x", "http://site.example/xy", None),
        ("a=1; Path=/", "http://www.site.example/", None),
        ("a=1; Path=/; Domain=site.example", "http://www.site.example/", "a=1"),
        ("a=1; Path=/; Domain=.example", "http://other.example/", None),
        ("a=1; Path=/; Domain=other.example", "http://other.example/", None),
        ("a=1; Path=/; Secure", "http://site.example/", None),
        ("a=1; Path=/; Secure", "https://site.example/", "a=1"),
        ("a=1; Path=/; Max-Age=60", "http://site.example/", "a=1"),
        ("a=1; Path=/; Max-Age=0", "http://site.example/", None),
        ("a=1; Path=/; Expires=Wed, 21 Oct 2015 07:28:00 GMT", "http://site.example/", None),
        ("a=1; Path=/; Expires=nonsense", "http://site.example/", "a=1"),
        ("a=" + "x" * 5000, "http://site.example/a/c", None),
        ("a b=1; Path=/", "http://site.example/", None),
        ("a=\x7f; Path=/", "http://site.example/", None),
        ("nothing", "http://site.example/a/c", None),
    ],
)
def test_which_cookie_goes_where(line: str, url: str, sent: str | None) -> None:
    assert jar(line).header(httpx.URL(url)) == sent


def test_a_jar_is_small_and_knows_its_own() -> None:
    assert jar("a=1; Path=/", mine="other").header(httpx.URL("http://site.example/")) is None
    kept = jar(*(f"c{number}=1; Path=/" for number in range(MAX_COOKIES)))
    kept.keep(httpx.URL("http://site.example/"), httpx.Headers([("set-cookie", "last=1; Path=/")]))
    sent = (kept.header(httpx.URL("http://site.example/")) or "").split("; ")
    assert len(sent) == MAX_COOKIES
    assert sent[-1] == "last=1"


async def test_a_cookie_of_a_redirect_is_kept_and_stays_at_home() -> None:
    async with host(answer(b"elsewhere", Set_Cookie="theirs=1")) as other:

        async def handler(request: Request, writer: asyncio.StreamWriter) -> None:
            if request.target == "/start":
                await answer(status="302 Elsewhere", Location="/next", Set_Cookie="ours=1; Path=/")(request, writer)
            elif request.target == "/away":
                await redirect(f"{other.url}/")(request, writer)
            else:
                await answer(b"here")(request, writer)

        async with host(handler) as site, client(site, other) as http:
            kept = Jar(lambda url: url.startswith(site.url))
            await http.get(f"{site.url}/start", jar=kept)
            assert [request.headers.get("cookie") for request in site.requests] == [None, "ours=1"]
            await http.get(f"{site.url}/away", jar=kept)
            assert site.requests[-1].headers["cookie"] == "ours=1"
            assert "cookie" not in other.requests[-1].headers
            await http.get(f"{site.url}/", jar=kept)
            assert site.requests[-1].headers["cookie"] == "ours=1"
            await http.get(f"{site.url}/")
            assert "cookie" not in site.requests[-1].headers


async def test_a_form_is_sent_once() -> None:
    async def handler(request: Request, writer: asyncio.StreamWriter) -> None:
        if request.target == "/search":
            await redirect("/found", 303)(request, writer)
        else:
            await answer(b"found")(request, writer)

    async with host(handler) as site, client(site) as http:
        found = await http.post_form(f"{site.url}/search", {"q": "a b&ö", "x": ""}, headers={"Referer": "x"})
    assert found.content == b"found"
    assert [request.method for request in site.requests] == ["POST", "GET"]
    assert [request.body for request in site.requests] == [b"q=a+b%26%C3%B6&x=", b""]
    assert site.requests[0].headers["content-type"] == "application/x-www-form-urlencoded"
    assert "content-type" not in site.requests[1].headers


async def test_a_form_goes_nowhere_else() -> None:
    async with host(answer(b"x")) as other, host(redirect(f"{other.url}/", 307)) as site, client(site, other) as http:
        with pytest.raises(AddressRefusedError, match="form"):
            await http.post_form(f"{site.url}/", {"password": "x"})
        assert other.requests == []
    async with host(answer(b"x")) as private, client() as http:
        with pytest.raises(AddressRefusedError):
            await http.post_form(f"{private.url}/", {"a": "b"})
        assert private.requests == []


async def test_json_is_sent_and_answered() -> None:
    async with host(answer(b'{"a": 1}', Content_Type="application/json")) as site, client(site) as http:
        assert await http.post_json(f"{site.url}/x", {"b": "ö"}, dict[str, int], headers={"X-A": "1"}) == {"a": 1}
        with pytest.raises(BadAnswerError):
            await http.post_json(f"{site.url}/x", {}, list[str])
    (sent, _) = site.requests
    assert (sent.method, sent.body) == ("POST", '{"b":"ö"}'.encode())
    assert (sent.headers["content-type"], sent.headers["x-a"]) == ("application/json", "1")


@pytest.mark.parametrize("status", [301, 307, 308, 401, 500])
async def test_json_follows_nobody(status: int) -> None:
    async with host(answer(b"{}")) as other:
        moved = answer(status=f"{status} Elsewhere", Location=f"{other.url}/", Retry_After="7")
        async with host(moved) as site, client(site, other) as http:
            with pytest.raises(HttpStatusError) as caught:
                await http.post_json(site.url, {"password": "x"}, dict[str, int])
            assert (caught.value.http_status, caught.value.retry_after) == (status, 7)
        assert other.requests == []
    async with host(answer(b"{}")) as private, client() as http:
        with pytest.raises(AddressRefusedError):
            await http.post_json(private.url, {}, dict[str, int])
        assert private.requests == []
