"""From a link to what can be fetched."""

from __future__ import annotations

import asyncio

import pytest

from aniworld.catalog.errors import CatalogError, NotAtSourceError, SourceChangedError, SourceUnreachableError
from aniworld.catalog.hosters.direct import DirectHoster
from aniworld.catalog.hosters.hls import HlsHoster
from aniworld.catalog.pages.reader import Reader
from aniworld.catalog.registry import HOSTERS
from aniworld.catalog.tools import Tools
from aniworld.catalog.types import Language, Link, Stream
from aniworld.kit.net import HttpClient
from tests.kit.net_host import Handler, Host, Request, answer, client, host, redirect


def tools(http: HttpClient) -> Tools:
    return Tools(http, Reader())


def link(site: Host, kind: str) -> Link:
    return Link(hoster="Alpha", kind=kind, url=f"{site.url}/go/1", language=Language("de"))


def leads_to(target: str, then: Handler) -> Handler:
    async def handler(request: Request, writer: asyncio.StreamWriter) -> None:
        await (redirect(target) if request.target == "/go/1" else then)(request, writer)

    return handler


@pytest.mark.parametrize(
    ("then", "size"),
    [
        (answer(b"x", "206 Partial", Content_Range="bytes 0-0/123456", Content_Type="video/mp4"), 123456),
        (answer(b"x", "206 Partial", Content_Range="bytes 0-0/*"), None),
        (answer(b"x" * 500, Content_Type="application/octet-stream"), 500),
        (answer(b"x" * 500, Content_Encoding="gzip"), None),
    ],
)
async def test_direct(then: Handler, size: int | None) -> None:
    async with host(leads_to("/file.mp4?token=1", then)) as site, client(site) as http:
        stream = await DirectHoster(tools(http)).resolve(link(site, "direct"))
        assert stream == Stream(url=f"{site.url}/file.mp4?token=1", protocol="http", size=size)
        assert [request.headers["range"] for request in site.requests] == ["bytes=0-0"] * 2


@pytest.mark.parametrize("hoster", [DirectHoster, HlsHoster])
async def test_a_links_headers_stay_on_its_origin(hoster: type[DirectHoster | HlsHoster]) -> None:
    playlist = answer(b"#EXTM3U\n", Content_Type="application/vnd.apple.mpegurl")
    async with host(playlist) as elsewhere, host(leads_to("/file", playlist)) as site, client(site, elsewhere) as http:
        with_secret = Link(
            hoster="A", kind="x", url=f"{site.url}/go/1", language=Language("de"), headers={"Authorization": "secret"}
        )
        stream = await hoster(tools(http)).resolve(with_secret)
        assert (stream.url, stream.headers) == (f"{site.url}/file", {"Authorization": "secret"})
        assert [request.headers.get("authorization") for request in site.requests] == ["secret"] * 2
        assert "secret" not in repr(with_secret) + repr(stream)
        site.handler = redirect(f"{elsewhere.url}/file")
        stream = await hoster(tools(http)).resolve(with_secret)
        assert (stream.url, stream.headers) == (f"{elsewhere.url}/file", {})
        assert "authorization" not in elsewhere.requests[-1].headers


async def test_direct_does_not_read_the_file() -> None:
    async def endless(_: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n")
        while True:
            writer.write(bytes(65536))
            await writer.drain()

    async with host(endless) as site, client(site) as http:
        stream = await DirectHoster(tools(http)).resolve(link(site, "direct"))
        assert stream.size == 99999999999


async def test_hls() -> None:
    playlist = answer(b"\xef\xbb\xbf#EXTM3U\n#EXT-X-VERSION:3\n", Content_Type="application/vnd.apple.mpegurl")
    async with host(leads_to("/a/master.m3u8", playlist)) as site, client(site) as http:
        stream = await HlsHoster(tools(http)).resolve(link(site, "hls"))
        assert stream == Stream(url=f"{site.url}/a/master.m3u8", protocol="hls")


PAGE = answer(b"<html>Prove that you are human</html>", Content_Type="text/html; charset=utf-8")


@pytest.mark.parametrize("hoster", HOSTERS)
@pytest.mark.parametrize(
    ("handler", "error", "permanent"),
    [
        (answer(b"", "404 Not Found"), NotAtSourceError, True),
        (answer(b"", "410 Gone"), NotAtSourceError, True),
        (answer(b"", "503 Later", Retry_After="5"), SourceUnreachableError, False),
        (answer(b"", "403 No"), SourceUnreachableError, True),
        (PAGE, SourceChangedError, True),
        (answer(b'{"error": 1}', Content_Type="application/json"), SourceChangedError, True),
        (redirect("http://10.0.0.1/file.mp4"), SourceUnreachableError, True),
    ],
)
async def test_what_is_no_stream(
    hoster: type[DirectHoster | HlsHoster], handler: Handler, error: type[CatalogError], permanent: bool
) -> None:
    async with host(handler) as site, client(site) as http:
        with pytest.raises(error) as caught:
            await hoster(tools(http)).resolve(link(site, hoster.name))
        assert caught.value.permanent is permanent
        assert "Alpha" in caught.value.detail
