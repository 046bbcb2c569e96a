"""From a source to the whole file: over broken connections, and with the credential where one is needed."""

from __future__ import annotations

import asyncio
import random
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from aniworld.catalog.pages.reader import Reader
from aniworld.catalog.registry import Registry
from aniworld.catalog.tools import Tools
from aniworld.catalog.types import EpisodeRef, Language
from aniworld.downloads.fetch.service import fetch
from aniworld.downloads.fetch.types import Limits
from tests.catalog import test_archive, test_index, test_jellyfin
from tests.catalog.api_host import Query, source, speaks
from tests.downloads.fetch.support import Sink
from tests.kit.net_host import Handler, Request, client, redirect

FILE = random.Random(7).randbytes(300_000)


class Delivery:
    """Sends the file, whole or a range of it; the first connection breaks in the middle."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.broken = False

    async def __call__(self, request: Request, writer: asyncio.StreamWriter) -> None:
        self.requests.append(request)
        found = re.fullmatch(r"bytes=(\d+)-(\d*)", request.headers.get("range", ""))
        start, last = (int(found[1]), int(found[2] or len(FILE) - 1)) if found else (0, len(FILE) - 1)
        part = FILE[start : last + 1]
        head = f"HTTP/1.1 {'206 Partial Content' if found else '200 OK'}\r\nContent-Length: {len(part)}\r\n"
        head += (
            f'Content-Range: bytes {start}-{last}/{len(FILE)}\r\nContent-Type: video/x-matroska\r\nETag: "1"\r\n\r\n'
        )
        breaks = not self.broken and len(part) > 1
        writer.write(head.encode() + (part[: len(part) // 2] if breaks else part))
        if breaks:
            self.broken = True
            await writer.drain()
            writer.close()


def index_server(delivery: Delivery) -> Handler:
    listing = test_index.serves(test_index.SHELF)

    async def handler(request: Request, writer: asyncio.StreamWriter) -> None:
        await (delivery if request.target.endswith(".mkv") else listing)(request, writer)

    return handler


def jellyfin_server(delivery: Delivery) -> Handler:
    den = test_jellyfin.Den()

    def api(request: Request, path: str, query: Query) -> object:
        return delivery if path.endswith("/Download") else den(request, path, query)

    return speaks(api)


def archive_server(delivery: Delivery) -> Handler:
    def api(request: Request, path: str, query: Query) -> object:
        if path.startswith("/download/"):
            return redirect("/items" + request.target.removeprefix("/download"))
        return delivery if path.startswith("/items/") else test_archive.archive(request, path, query)

    return speaks(api)


@pytest.mark.parametrize(
    ("server", "profile", "key", "language", "credential"),
    [
        (index_server, test_index.PROFILE, "Clockwork Garden (2021)", "de", None),
        (index_server, test_index.PROFILE + 'username = "me"', "Clockwork Garden (2021)", "de", "Basic "),
        (jellyfin_server, test_jellyfin.WITH_KEY, test_jellyfin.GARDEN, "de", test_jellyfin.KEY),
        (jellyfin_server, test_jellyfin.WITH_PASSWORD, test_jellyfin.GARDEN, "de", "first-token"),
        (archive_server, test_archive.PROFILE, "garden", "de", None),
    ],
)
async def test_the_whole_file(
    tmp_path: Path, server: Callable[[Delivery], Handler], profile: str, key: str, language: str, credential: str | None
) -> None:
    delivery = Delivery()
    async with source(tmp_path, server(delivery), profile) as (made, site), client(site) as http:
        ref = EpisodeRef(provider_key=key, season=1, episode=1)
        link = (await made.links(ref, Language(language)))[0]
        stream = await Registry().make_hosters(Tools(http, Reader()))[link.kind].resolve(link)
        assert stream.size == len(FILE)
        progress = Sink()
        limits = Limits(connections=2, split_bytes=50_000, worth=0.0)
        fetched = await fetch(stream, tmp_path / "work", client=http, progress=progress, limits=limits)
    assert fetched.paths[0].read_bytes() == FILE
    assert len(delivery.requests) > 2  # asked for its size, broken, gone on with
    said = {request.headers.get("authorization") for request in delivery.requests}
    assert len(said) == 1
    (only,) = said
    assert (only is None) if credential is None else (only is not None and credential in only)
