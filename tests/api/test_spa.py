"""The built pages over real HTTP: files from a fixed table, the first page for every page's address, nothing else."""

from __future__ import annotations

import asyncio
import base64
import gzip
import hashlib
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from aniworld.config.settings import Settings
from aniworld.spa import WEB, Spa
from tests.api.document import PROBLEM
from tests.conftest import Running, run_app

INLINE = "\n\t\tstart('äöü');\n\t"
PAGE = f'<!doctype html><title>Pages</title><script src="/_app/a.js"></script><script>{INLINE}</script>'
SCRIPT = "export const size = 1;\n" * 50
HTML = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


@dataclass(frozen=True)
class Pages:
    """A server with a small build behind it."""

    server: Running
    web: Path

    async def get(self, path: str, **headers: str) -> httpx.Response:
        """As a stranger asks: pages need no session."""
        async with httpx.AsyncClient(base_url=self.server.url, trust_env=False, headers={"Accept": "*/*"}) as client:
            return await client.get(path, headers={"Accept-Encoding": "identity", **headers})

    async def raw(self, line: str) -> tuple[int, bytes]:
        """Send a request line word for word, as no client would."""
        host, port = self.server.url.removeprefix("http://").split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(
            f"{line} HTTP/1.1\r\nHost: {host}\r\nAccept: text/html\r\nConnection: close\r\n\r\n".encode("latin-1")
        )
        answer = await reader.read()
        writer.close()
        await writer.wait_closed()
        return int(answer.split(b" ")[1]), answer


@pytest.fixture
async def server(settings: Settings, anime: Path) -> AsyncIterator[Running]:
    """A server that nobody has set up: its pages are for everybody."""
    async with run_app(settings, anime, set_up=False) as running:
        yield running


@pytest.fixture
async def pages(server: Running, tmp_path: Path) -> AsyncIterator[Pages]:
    web = tmp_path / "web"
    asset = web / "_app" / "immutable" / "chunks" / "a.Bx1.js"
    asset.parent.mkdir(parents=True)
    (web / "index.html").write_text(PAGE)
    (web / "favicon.svg").write_text("<svg/>")
    asset.write_text(SCRIPT)
    asset.with_name("a.Bx1.js.gz").write_bytes(gzip.compress(SCRIPT.encode()))
    asset.with_name("a.Bx1.js.br").write_bytes(b"not really brotli, but what the build left")
    (tmp_path / "secret.txt").write_text("secret")
    (web / "link.txt").symlink_to(tmp_path / "secret.txt")
    (web / "folder").symlink_to(tmp_path, target_is_directory=True)
    (web / "favicon.svg.gz").symlink_to(tmp_path / "secret.txt")
    (web / "server.py").write_text("secret")
    server.app.state.spa = await asyncio.to_thread(Spa, web)
    yield Pages(server, web)


def is_problem(answer: httpx.Response, status: int) -> bool:
    return answer.status_code == answer.json()["status"] == status and answer.headers["content-type"] == PROBLEM


@pytest.mark.parametrize(
    "path", ["/", "/library", "/library/a-series", "/settings/downloads?tab=1", "/queue/", "/apis"]
)
async def test_every_page_is_the_first_page(pages: Pages, path: str) -> None:
    answer = await pages.get(path, **HTML)
    assert (answer.status_code, answer.text) == (200, PAGE)
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["cache-control"] == "no-cache"
    policy = answer.headers["content-security-policy"]
    digest = base64.b64encode(hashlib.sha256(INLINE.encode()).digest()).decode()
    assert f"script-src 'self' 'sha256-{digest}';" in policy
    assert policy.count("sha256-") == 1
    assert "frame-ancestors 'none'" in policy
    assert "unsafe-eval" not in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "set-cookie" not in answer.headers


async def test_an_asset_is_kept_for_ever(pages: Pages) -> None:
    path = "/_app/immutable/chunks/a.Bx1.js"
    plain = await pages.get(path)
    assert (plain.status_code, plain.text) == (200, SCRIPT)
    assert plain.headers["content-type"].startswith("text/javascript")
    assert plain.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert plain.headers["vary"] == "Accept-Encoding"
    assert "content-encoding" not in plain.headers
    tag = plain.headers["etag"]
    for known in (tag, tag.removeprefix("W/"), f'"x", {tag}'):
        again = await pages.get(path, **{"If-None-Match": known})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
        assert "immutable" in again.headers["cache-control"]
    assert (await pages.get(path, **{"If-None-Match": '"other"'})).status_code == 200


ENCODINGS = {
    "br, gzip": "br",
    "gzip, deflate": "gzip",
    "GZIP;q=0.5": "gzip",
    "br;q=0, gzip": "gzip",
    "br;q=0.0, gzip; q=0": None,
    "deflate": None,
    "": None,
}


async def test_the_packed_form_that_the_client_takes(pages: Pages) -> None:
    directory = pages.web / "_app/immutable/chunks"
    files = {"br": "a.Bx1.js.br", "gzip": "a.Bx1.js.gz", None: "a.Bx1.js"}
    async with httpx.AsyncClient(base_url=pages.server.url, trust_env=False) as client:
        for accepted, encoding in ENCODINGS.items():
            url, headers = "/_app/immutable/chunks/a.Bx1.js", {"Accept-Encoding": accepted}
            async with client.stream("GET", url, headers=headers) as answer:
                body = b"".join([chunk async for chunk in answer.aiter_raw()])
            assert answer.headers.get("content-encoding") == encoding, accepted
            assert body == (directory / files[encoding]).read_bytes()
            assert answer.headers["content-length"] == str(len(body))


NO_FILES = [
    "/_app/immutable/chunks/gone.js",
    "/_app/immutable/chunks/gone",
    "/_app/",
    "/favicon.png",
    "/library/cover.jpg",
    "/link.txt",
    "/folder/secret.txt",
    "/favicon.svg.gz",
    "/_app/immutable/chunks/a.Bx1.js.br",
    "/server.py",
    "/index.htm",
    "/.env",
]


async def test_what_is_no_file_of_the_build_is_not_found(pages: Pages) -> None:
    for path in NO_FILES:
        for headers in (HTML, {}):
            answer = await pages.get(path, **headers)
            assert is_problem(answer, 404), path
            assert "secret" not in answer.text


async def test_only_who_wants_a_page_gets_one(pages: Pages) -> None:
    assert is_problem(await pages.get("/library", Accept="application/json"), 404)
    assert (await pages.get("/", Accept="*/*")).text == PAGE
    link = await pages.get("/favicon.svg", **{"Accept-Encoding": "gzip"})
    assert (link.text, link.headers.get("content-encoding")) == ("<svg/>", None)


ODD = [
    "/../secret.txt",
    "/../../../../../../etc/passwd",
    "/%2e%2e/secret.txt",
    "/..%2fsecret.txt",
    "/..%5csecret.txt",
    "/%252e%252e%252fsecret.txt",
    "/_app/../../secret.txt",
    "/_app/immutable/..%2f..%2f..%2fsecret.txt",
    "//etc/passwd",
    "/%2fetc%2fpasswd",
    "/folder/../secret.txt",
    "/index.html%00.txt",
    "/%00",
    "/secret.txt%00.html",
    "/C:/secret.txt",
    "/%ff%fe.txt",
]


async def test_nothing_else_is_ever_read(pages: Pages) -> None:
    for path in ODD:
        status, answer = await pages.raw(f"GET {path}")
        assert not answer.endswith(b"secret"), path
        assert b"root:" not in answer, path
        assert status in (200, 400, 404), path
        if status == 200:  # a page's address, however odd
            assert answer.endswith(PAGE.encode()), path


async def test_head(pages: Pages) -> None:
    async with httpx.AsyncClient(base_url=pages.server.url, trust_env=False) as client:
        for path in ("/", "/library/x", "/_app/immutable/chunks/a.Bx1.js", "/favicon.svg", "/health"):
            headers = {**HTML, "Accept-Encoding": "identity"}
            head, whole = await client.head(path, headers=headers), await client.get(path, headers=headers)
            assert (head.status_code, head.content) == (200, b"")
            if not path.startswith("/health"):
                assert head.headers == {**whole.headers, "date": head.headers["date"]}, path
        assert (await client.head("/gone.js")).status_code == 404


async def test_pages_cannot_be_changed(pages: Pages) -> None:
    async with httpx.AsyncClient(base_url=pages.server.url, trust_env=False) as client:
        for path in ("/", "/library", "/index.html", "/gone.js", "/health"):
            for method in ("POST", "PUT", "PATCH", "DELETE"):
                answer = await client.request(method, path, headers=HTML, json={})
                assert is_problem(answer, 405), (method, path)
                assert "GET" in answer.headers["allow"]


async def test_the_api_is_never_a_page(pages: Pages) -> None:
    for path in ("/api", "/api/", "/api/unknown", "/api/anime/a/b/c", "/api/index.html"):
        assert is_problem(await pages.get(path, **HTML), 404), path
    assert is_problem(await pages.get("/api/anime", **HTML), 401)


async def test_pages_that_are_not_built(server: Running, tmp_path: Path) -> None:
    server.app.state.spa = Spa(tmp_path / "nothing")
    async with httpx.AsyncClient(base_url=server.url, trust_env=False, headers=HTML) as client:
        answer = await client.get("/")
        assert is_problem(answer, 503)
        assert answer.json()["type"] == "/problems/spa-not-built"
        assert answer.headers["retry-after"]
        assert str(tmp_path) not in answer.text
        assert (await client.get("/health")).status_code == 200


async def test_files_that_go_while_it_runs(pages: Pages) -> None:
    """As when they are built anew: the pages are away for a moment, then they are the new ones."""
    asset = pages.web / "_app" / "immutable" / "chunks" / "a.Bx1.js"
    asset.unlink()
    assert is_problem(await pages.get("/_app/immutable/chunks/a.Bx1.js"), 404)
    (pages.web / "index.html").unlink()
    answer = await pages.get("/library", **HTML)
    assert is_problem(answer, 503)
    assert str(pages.web) not in answer.text
    asset.with_name("b.js").write_text("2")
    (pages.web / "index.html").write_text("<!doctype html><script>two()</script>")
    answer = await pages.get("/library", **HTML)
    assert "two()" in answer.text
    digest = base64.b64encode(hashlib.sha256(b"two()").digest()).decode()
    assert f"'sha256-{digest}'" in answer.headers["content-security-policy"]
    assert (await pages.get("/_app/immutable/chunks/b.js")).text == "2"


async def test_the_real_build(server: Running) -> None:
    """Everything that its first page asks for is there, and its inline scripts are those that the policy allows."""
    assert (WEB / "index.html").is_file(), "run ./just setup"
    async with httpx.AsyncClient(base_url=server.url, trust_env=False) as client:
        page = await client.get("/library/some-series", headers=HTML)
        assert page.status_code == 200
        files = re.findall(r'(?:href|src)="(/[^"]+)"', page.text) + re.findall(r'import\("(/[^"]+)"\)', page.text)
        assert len(files) >= 3
        for file in files:
            answer = await client.get(file)
            assert answer.status_code == 200, file
            if file.startswith("/_app/immutable/"):
                assert "immutable" in answer.headers["cache-control"]
        inline = re.findall(r"<script(?![^>]*\bsrc=)[^>]*>(.*?)</script>", page.text, re.DOTALL)
        assert inline
        for script in inline:
            digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
            assert f"'sha256-{digest}'" in page.headers["content-security-policy"]
        assert not re.search(r"\son\w+=\"", page.text), "the policy forbids inline handlers"
        assert not re.search(r"(?:src|href)=\"https?:", page.text), "nothing comes from elsewhere"
