"""yt-dlp in a process of its own: what a page can do to it, and to nobody else."""

from __future__ import annotations

import asyncio
import os
import sys
import zlib
from pathlib import Path

import pytest

from aniworld.catalog.errors import CatalogError, NotAtSourceError, SourceChangedError, SourceUnreachableError
from aniworld.catalog.extraction import client as extraction
from aniworld.catalog.extraction.client import AT_ONCE, Extractor
from aniworld.kit.net.proxy import Budget
from tests.kit.net_host import Handler, Host, Request, answer, client, host, redirect

PAGE = b'<html><head><title>One</title></head><body><video src="/one.mp4"></video></body></html>'


def html(body: bytes = PAGE) -> Handler:
    return answer(body, Content_Type="text/html")


async def resolve(extractor: Extractor, site: Host, path: str = "/watch") -> str:
    return (await extractor.resolve(f"{site.url}{path}", "Alpha", max_height=None, language="ja")).url


def children() -> set[int]:
    """Processes that this one started and that are not gone."""
    found = set()
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == os.getpid():
            found.add(int(path.parent.name))
    return found


async def test_the_server_never_imports_it() -> None:
    async with host(html()) as site, client(site) as http:
        assert await resolve(Extractor(http), site) == f"{site.url}/one.mp4"
    assert "yt_dlp" not in sys.modules


@pytest.mark.parametrize(
    ("handler", "error", "permanent", "told"),
    [
        (answer(b"", "404 Not Found"), NotAtSourceError, True, "404"),
        (answer(b"", "503 Busy"), SourceUnreachableError, False, "503"),
        (answer(b"", "403 Forbidden"), SourceUnreachableError, True, "403"),
        (html(b"<html><body>Nothing here</body></html>"), SourceChangedError, True, "no video on the page"),
        (redirect("http://10.0.0.1/"), SourceUnreachableError, True, "private"),
        (redirect("http://127.0.0.1:1/"), SourceUnreachableError, True, "not allowed"),
        (redirect("file:///etc/passwd"), CatalogError, True, "Alpha"),
        (redirect("/watch"), CatalogError, True, "Alpha"),
    ],
)
async def test_what_is_no_video(handler: Handler, error: type[CatalogError], permanent: bool, told: str) -> None:
    async with host(handler) as site, client(site) as http:
        with pytest.raises(error, match=told) as caught:
            await resolve(Extractor(http), site)
        assert caught.value.permanent is permanent
        assert "Alpha" in caught.value.detail
        assert site.url not in caught.value.detail
        assert len(site.requests) <= 12


async def test_a_host_that_is_not_there() -> None:
    async with host(html()) as site, client(site) as http:
        site_url = site.url
        entry = site.entry
    del http
    async with client(Host(html(), int(entry.rpartition(":")[2]))) as again:
        with pytest.raises(SourceUnreachableError) as caught:
            await Extractor(again).resolve(site_url, "Alpha", max_height=None, language=None)
        assert not caught.value.permanent


async def test_a_page_that_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extraction, "RESOLVE_SECONDS", 3.0)
    came = asyncio.Event()

    async def hangs(_: Request, __: asyncio.StreamWriter) -> None:
        came.set()
        await asyncio.sleep(120)

    async with host(hangs) as site, client(site) as http:
        before = children()
        with pytest.raises(SourceUnreachableError, match="within 3 s"):
            await resolve(Extractor(http), site)
        assert came.is_set()
        assert children() <= before


async def test_a_page_without_an_end() -> None:
    async def endless(_: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<html>")
        while True:
            writer.write(b"<p>" * 20_000)
            await writer.drain()

    async with host(endless) as site, client(site) as http:
        with pytest.raises(SourceChangedError, match="8 MiB"):
            await resolve(Extractor(http), site)


async def test_a_small_page_that_becomes_a_large_one() -> None:
    """Two GiB in two MiB."""
    packer = zlib.compressobj(9, wbits=31)
    head = packer.compress(b"<html>") + packer.flush(zlib.Z_FULL_FLUSH)
    block = packer.compress(b" " * 64 * 1024 * 1024) + packer.flush(zlib.Z_FULL_FLUSH)
    bomb = head + block * 32

    async with host(answer(bomb, Content_Type="text/html", Content_Encoding="gzip")) as site, client(site) as http:
        with pytest.raises(SourceChangedError, match="8 MiB"):
            await resolve(Extractor(http), site)


async def test_a_process_that_dies(monkeypatch: pytest.MonkeyPatch) -> None:
    async def hangs(_: Request, __: asyncio.StreamWriter) -> None:
        (worker,) = children() - before
        os.kill(worker, 9)

    async with host(hangs) as site, client(site) as http:
        before = children()
        with pytest.raises(SourceChangedError, match="SIGKILL"):
            await resolve(Extractor(http), site)
        site.handler = html()
        assert await resolve(Extractor(http), site) == f"{site.url}/one.mp4"


async def test_an_answer_that_is_none(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Whatever has taken over the process: what it says is read as from a stranger."""
    answers = [
        b"",
        b"no json\n",
        b'{"type":"found","stream":{"url":"file:///etc/passwd","protocol":"http"}}\n',
        b'{"type":"found","stream":{"url":"http://h/","protocol":"ftp"}}\n',
        b'{"type":"found"}\n',
        b'{"type":"listed","entries":[' + b'{"url":"http://h/"},' * 6000 + b'{"url":"http://h/"}]}\n',
        b"x" * (extraction._LONGEST_ANSWER + 10),
        b"[" * 100_000 + b"\n",
    ]
    script = tmp_path / "worker.sh"
    monkeypatch.setattr(sys, "executable", str(script))
    async with host(html()) as site, client(site) as http:
        for said in answers:
            (tmp_path / "answer").write_bytes(said)
            script.write_text(f"#!/bin/sh\nread job\ncat {tmp_path / 'answer'}\n")
            script.chmod(0o755)
            with pytest.raises(SourceChangedError):
                await resolve(Extractor(http), site)


async def test_it_learns_nothing_of_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    script = tmp_path / "worker.sh"
    script.write_text(f"#!/bin/sh\nread job\nenv > {tmp_path / 'env'}\npwd >> {tmp_path / 'env'}\n")
    script.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(script))
    for name in ("ANIWORLD_SECRET", "HTTP_PROXY", "http_proxy", "HOME", "NETRC", "XDG_CONFIG_HOME", "SSL_CERT_FILE"):
        monkeypatch.setenv(name, "/tmp/surely-not")
    async with host(html()) as site, client(site) as http:
        with pytest.raises(SourceChangedError):
            await resolve(Extractor(http), site)
    assert "surely-not" not in (tmp_path / "env").read_text()


async def test_proxies_of_the_environment_are_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    async with host(answer(b"caught")) as canary, host(html()) as site, client(site) as http:
        for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, canary.url)
        monkeypatch.setenv("NO_PROXY", "*")
        monkeypatch.setenv("no_proxy", "*")
        assert await resolve(Extractor(http), site) == f"{site.url}/one.mp4"
        assert canary.connections == 0


async def test_twenty_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A few processes at a time, and the loop goes on meanwhile."""
    most = 0
    before = children()

    async def counts(request: Request, writer: asyncio.StreamWriter) -> None:
        nonlocal most
        most = max(most, len(children() - before))
        await html()(request, writer)

    async with host(counts) as site, client(site) as http:
        extractor = Extractor(http)
        urls = await asyncio.gather(*(resolve(extractor, site, f"/watch-{number}") for number in range(20)))
        assert urls == [f"{site.url}/one.mp4"] * 20
        assert 0 < most <= AT_ONCE
        assert children() <= before


async def test_a_cancelled_one_leaves_nothing() -> None:
    came = asyncio.Event()

    async def hangs(_: Request, __: asyncio.StreamWriter) -> None:
        came.set()
        await asyncio.sleep(120)

    async with host(hangs) as site, client(site) as http:
        before = children()
        task = asyncio.create_task(resolve(Extractor(http), site))
        await came.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert children() <= before


async def test_so_many_requests_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extraction, "RESOLVE_BUDGET", Budget(down=10**6, up=10**6, requests=3))

    async def leads_on(request: Request, writer: asyncio.StreamWriter) -> None:
        await redirect(f"/{len(site.requests)}")(request, writer)

    async with host(leads_on) as site, client(site) as http:
        with pytest.raises(SourceChangedError, match="requests"):
            await resolve(Extractor(http), site)
        assert len(site.requests) == 3
