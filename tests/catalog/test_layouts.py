"""The sample catalogue in three layouts, each read by a profile alone, and each telling the same."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from aniworld.catalog.service import Catalog
from aniworld.catalog.types import EpisodeInfo, EpisodeRef, Language, SeriesInfo
from aniworld.config.service import ConfigService
from aniworld.events.bus import EventBus
from aniworld.kit.net import HttpClient
from aniworld.sample import LAYOUTS, SampleSource, install_profile

OTHERS = ("sample-tabs", "sample-data")
TITLES = ("Clockwork Garden", "Paper Lanterns", "Tide and Ember")


@pytest.fixture
async def catalog(tmp_path: Path) -> AsyncIterator[Catalog]:
    """The catalogue with the sample site three times."""
    async with SampleSource(tmp_path / "sample", seconds=2, bitrate=200_000) as source:
        for layout in LAYOUTS:
            install_profile(tmp_path / "providers", source.url, layout)
        async with HttpClient(allowed_hosts=lambda: {f"127.0.0.1:{source.port}"}) as http:
            catalog = Catalog(tmp_path / "providers", http, ConfigService(tmp_path, EventBus()))
            await catalog.load()
            assert catalog.problems == ()
            yield catalog


async def keys(catalog: Catalog, name: str) -> dict[str, str]:
    """The key of each series at the source, by title."""
    source = catalog.provider(name)
    return {hit.name: hit.provider_key for hit in await source.search("")}


async def everything(catalog: Catalog, name: str) -> dict[str, SeriesInfo]:
    source = catalog.provider(name)
    return {title: await source.series(key) for title, key in (await keys(catalog, name)).items()}


def plain(episode: EpisodeInfo) -> EpisodeInfo:
    return msgspec.structs.replace(episode, absolute=None)


@pytest.mark.parametrize("name", OTHERS)
async def test_search(catalog: Catalog, name: str) -> None:
    source, first = catalog.provider(name), catalog.provider("sample")
    for query in ("", "garden", "TIDE and"):
        wanted, hits = await first.search(query), await source.search(query)
        assert [(hit.name, hit.year, hit.cover_url) for hit in hits] == [
            (hit.name, hit.year, hit.cover_url) for hit in wanted
        ]
    assert await source.search("nothing at all") == []


@pytest.mark.parametrize("name", OTHERS)
async def test_series(catalog: Catalog, name: str) -> None:
    wanted, told = await everything(catalog, "sample"), await everything(catalog, name)
    assert tuple(told) == tuple(wanted) == TITLES
    for title, series in told.items():
        same = wanted[title]
        assert (series.year, series.status, series.genres) == (same.year, same.status, same.genres)
        assert series.description == same.description
        assert (series.artwork.poster, series.artwork.fanart) == (same.artwork.poster, same.artwork.fanart)
        assert [season.season for season in series.seasons] == [season.season for season in same.seasons]
        for season, other in zip(series.seasons, same.seasons, strict=True):
            assert season.name
            assert [plain(episode) for episode in season.episodes] == [plain(episode) for episode in other.episodes]


async def test_episodes_that_are_counted_through_all_seasons(catalog: Catalog) -> None:
    garden = (await everything(catalog, "sample-tabs"))["Clockwork Garden"]
    assert [(season.season, [episode.absolute for episode in season.episodes]) for season in garden.seasons] == [
        (1, [1, 2, 3, 4, 5, 6]),
        (2, [7, 8, 9, 10]),
        (0, [None]),
    ]


@pytest.mark.parametrize("name", OTHERS)
async def test_links(catalog: Catalog, name: str) -> None:
    source, first = catalog.provider(name), catalog.provider("sample")
    key = (await keys(catalog, name))["Clockwork Garden"]
    for season, episode in ((1, 2), (2, 3), (0, 1)):
        for language in (Language("ja+en"), Language("de")):
            ref = EpisodeRef(provider_key="clockwork-garden", season=season, episode=episode)
            links = await source.links(msgspec.structs.replace(ref, provider_key=key), language)
            assert len(links) == 2
            assert links == await first.links(ref, language)
    stream = await catalog.resolve(links[0])
    assert stream.url.endswith(".mp4")


@pytest.mark.parametrize("name", OTHERS)
async def test_what_is_not_out_has_no_links(catalog: Catalog, name: str) -> None:
    key = (await keys(catalog, name))["Tide and Ember"]
    ref = EpisodeRef(provider_key=key, season=1, episode=8)
    assert await catalog.provider(name).links(ref, Language("de")) == []
