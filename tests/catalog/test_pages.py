"""Saved pages beside what must come of them: every folder of ``pages`` is a case, found by itself.

A case holds ``profile.toml``, the pages, and ``case.json``: which request is answered by which file (with ``POST`` its
form), what is asked, and what must be answered. ``{base}`` in the files is where the site is served.
"""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from aniworld.catalog import profile as profiles
from aniworld.catalog.pages.profile import SiteProfile
from aniworld.catalog.pages.reader import Reader
from aniworld.catalog.providers.site import SiteProvider
from aniworld.catalog.registry import Registry
from aniworld.catalog.tools import Tools
from aniworld.catalog.types import EpisodeRef, Language
from tests.kit.net_host import Handler, Request, answer, client, host

FOLDER = Path(__file__).with_name("pages")
CASES = sorted(path.name for path in FOLDER.iterdir() if (path / "case.json").is_file())
KINDS = {".html": "text/html", ".json": "application/json"}


def serve(folder: Path, pages: dict[str, str], base: list[str]) -> Handler:
    async def handler(request: Request, writer: asyncio.StreamWriter) -> None:
        asked = f"{request.method} {request.target}"
        if request.body:
            asked += f" {request.body.decode()}"
        if asked in pages:
            file = folder / pages[asked]
            body = file.read_bytes().replace(b"{base}", base[0].encode())
            await answer(body, Content_Type=KINDS[file.suffix])(request, writer)
        else:
            await answer(f"no {asked}".encode(), "404 Not Found")(request, writer)

    return handler


def plain(value: object, base: str) -> Any:
    """As in the file: no defaults, and ``{base}`` for where the site is."""
    told = json.loads(msgspec.json.encode(value).decode().replace(base, "{base}"))
    return _without_defaults(told)


def _without_defaults(value: Any) -> Any:
    if isinstance(value, dict):
        kept = {name: _without_defaults(inner) for name, inner in value.items()}
        return {name: inner for name, inner in kept.items() if inner not in (None, "", [], {}, "unknown")}
    return [_without_defaults(inner) for inner in value] if isinstance(value, list) else value


def test_there_are_cases() -> None:
    assert len(CASES) >= 4


@pytest.mark.parametrize("name", CASES)
async def test_what_comes_of_the_pages(name: str, tmp_path: Path) -> None:
    folder = FOLDER / name
    case = json.loads((folder / "case.json").read_text())
    base: list[str] = []
    async with host(serve(folder, case["pages"], base)) as site, client(site) as http:
        base.append(site.url)
        profile = tmp_path / "profile.toml"
        profile.write_text((folder / "profile.toml").read_text().replace("{base}", site.url))
        made = profiles.load(profile, {"site": SiteProfile}, adapters=Registry().adapters)
        source = SiteProvider(made, Tools(http, Reader()))
        for query, hits in case["search"].items():
            assert plain(await source.search(query), site.url) == hits
        for key, series in case["series"].items():
            assert plain(await source.series(key), site.url) == series
        for asked in case["links"]:
            ref = EpisodeRef(provider_key=asked["key"], season=asked["season"], episode=asked["episode"])
            links = await source.links(ref, Language(asked["language"]))
            assert plain(links, site.url) == asked["links"]
    unused = set(case["pages"]) - {
        f"{request.method} {request.target}" + (f" {request.body.decode()}" if request.body else "")
        for request in site.requests
    }
    assert unused == set()
