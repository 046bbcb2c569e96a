"""The whole server and the sample source: searched, added, loaded, shown."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from aniworld.config.settings import Settings
from aniworld.sample import SampleSource, install_profile
from tests.conftest import Running, run_app


@pytest.fixture
async def server(settings: Settings, anime: Path, tmp_path: Path) -> AsyncIterator[Running]:
    """The server with the sample source beside it."""
    async with SampleSource(tmp_path / "cache", seconds=1) as source:
        install_profile(settings.data_dir / "providers", source.url)
        trusted = replace(settings, trusted_hosts=frozenset({f"127.0.0.1:{source.port}"}))
        async with run_app(trusted, anime) as running:
            yield running


async def _loaded(server: Running, key: str) -> dict[str, Any]:
    async with asyncio.timeout(60):
        while True:
            state = (await server.client.get(f"/api/anime/{key}/loading-status")).json()
            if state["loading_status"] in ("completed", "failed"):
                assert state["error"] is None
                detail: dict[str, Any] = (await server.client.get(f"/api/anime/{key}")).json()
                return detail
            await asyncio.sleep(0.05)


async def test_all_that_the_sample_source_has(server: Running) -> None:
    found = (await server.client.get("/api/search", params={"q": "e"})).json()
    assert found["failed_providers"] == []
    hits = {hit["provider_key"]: hit for hit in found["items"]}
    assert set(hits) == {"clockwork-garden", "paper-lanterns", "tide-and-ember"}
    cover = await server.client.get(hits["paper-lanterns"]["cover_url"])
    assert (cover.status_code, cover.headers["content-type"]) == (200, "image/jpeg")
    for hit in hits.values():
        body = {name: hit[name] for name in ("provider", "provider_key", "name")}
        assert (await server.client.post("/api/anime/add", json=body)).status_code == 202

    garden, lanterns, tide = [await _loaded(server, key) for key in sorted(hits)]
    assert [(part["season"], len(part["episodes"])) for part in garden["seasons"]] == [(1, 6), (2, 4), (0, 1)]
    assert (garden["year"], garden["status"], garden["missing_episodes"]) == (2021, "completed", 10)
    assert lanterns["total_episodes"] == 12
    assert (tide["status"], tide["total_episodes"], tide["missing_episodes"]) == ("ongoing", 8, 6)
    episodes = tide["seasons"][0]["episodes"]
    assert [episode["is_out"] for episode in episodes] == [True] * 6 + [False] * 2
    assert [unit["language"] for unit in episodes[0]["languages"]] == ["ja+en", "de"]
    assert episodes[7]["languages"] == []

    folder = server.anime / "Clockwork Garden (2021)"
    assert sorted(path.name for path in folder.iterdir()) == ["clearlogo.png", "fanart.jpg", "poster.jpg", "tvshow.nfo"]
    nfo = ET.fromstring((folder / "tvshow.nfo").read_bytes())
    told = [nfo.findtext(tag) for tag in ("title", "year", "status")]
    assert told == ["Clockwork Garden", "2021", "Ended"]
    for kind in ("poster", "fanart", "logo"):
        answer = await server.client.get(f"/api/anime/clockwork-garden/images/{kind}")
        assert (answer.status_code, answer.headers["content-type"].partition("/")[0]) == (200, "image")
        assert "max-age" in answer.headers["cache-control"]
    assert (await server.client.get("/api/anime", params={"filter": "complete"})).json()["total"] == 0
    operations = (await server.client.get("/api/operations")).json()["items"]
    ended = sorted((operation["type"], operation["status"]) for operation in operations)
    assert ended == [("load", "completed")] * 3 + [("scan", "completed")]
