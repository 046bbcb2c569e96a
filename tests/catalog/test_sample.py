"""The whole sample catalogue, through the profile that is shipped with it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from aniworld.catalog.service import Catalog
from aniworld.catalog.types import EpisodeRef, Language
from aniworld.config.service import ConfigService
from aniworld.events.bus import EventBus
from aniworld.kit import clock
from aniworld.kit.net import HttpClient
from aniworld.sample import SampleSource, install_profile

BOTH = (Language("ja+en"), Language("de"))


@pytest.fixture
async def catalog(tmp_path: Path) -> AsyncIterator[Catalog]:
    """The catalogue with the sample site as its only source."""
    async with SampleSource(tmp_path / "sample", seconds=2, bitrate=200_000) as source:
        install_profile(tmp_path / "providers", source.url)
        async with HttpClient(allowed_hosts=lambda: {f"127.0.0.1:{source.port}"}) as http:
            catalog = Catalog(tmp_path / "providers", http, ConfigService(tmp_path, EventBus()))
            await catalog.load()
            assert catalog.problems == ()
            yield catalog


async def test_search(catalog: Catalog) -> None:
    (answer,) = await catalog.search("")
    assert (answer.source, answer.problem) == ("sample", None)
    assert [(hit.provider_key, hit.name, hit.year) for hit in answer.hits] == [
        ("clockwork-garden", "Clockwork Garden", 2021),
        ("paper-lanterns", "Paper Lanterns", 2019),
        ("tide-and-ember", "Tide and Ember", 2024),
    ]
    (answer,) = await catalog.search("garden CLOCK", provider="sample")
    assert [hit.name for hit in answer.hits] == ["Clockwork Garden"]
    (answer,) = await catalog.search("nothing at all")
    assert (answer.hits, answer.problem) == ((), None)


async def test_every_series(catalog: Catalog) -> None:
    shape = {
        "clockwork-garden": ("completed", {1: 6, 2: 4, 0: 1}),
        "paper-lanterns": ("completed", {1: 12}),
        "tide-and-ember": ("ongoing", {1: 8}),
    }
    for key, (status, seasons) in shape.items():
        series = await catalog.series("sample", key)
        assert (series.provider_key, series.status) == (key, status)
        assert {season.season: len(season.episodes) for season in series.seasons} == seasons
        assert series.year
        assert series.description
        assert series.genres
        assert series.site.endswith(f"/series/{key}")
        for url in (series.artwork.poster, series.artwork.fanart, series.artwork.logo):
            assert url
        for season in series.seasons:
            assert season.name == ("Specials" if season.season == 0 else f"Season {season.season}")
            assert [episode.episode for episode in season.episodes] == list(range(1, seasons[season.season] + 1))
            for episode in season.episodes:
                assert episode.title
                assert episode.aired
                assert episode.duration == 2
                out = episode.aired <= clock.now().date()
                assert episode.languages == (BOTH if out else ())


async def test_what_is_not_out_has_no_links(catalog: Catalog) -> None:
    for number in (7, 8):
        ref = EpisodeRef(provider_key="tide-and-ember", season=1, episode=number)
        assert await catalog.links("sample", ref, Language("de")) == []


@pytest.mark.parametrize("language", BOTH)
async def test_both_hosters(catalog: Catalog, language: Language) -> None:
    ref = EpisodeRef(provider_key="clockwork-garden", season=0, episode=1)
    direct, hls = await catalog.links("sample", ref, language)
    assert (direct.hoster, direct.kind, direct.language) == ("Streamline", "direct", language)
    assert (hls.hoster, hls.kind, hls.language) == ("Rivulet", "hls", language)
    file, playlist = await catalog.resolve(direct), await catalog.resolve(hls)
    assert file.protocol == "http"
    assert file.url.endswith(".mp4")
    assert file.size is not None
    assert file.size > 10_000
    assert playlist.protocol == "hls"
    assert playlist.url.endswith(".m3u8")


async def test_a_picture(catalog: Catalog) -> None:
    poster = (await catalog.series("sample", "paper-lanterns")).artwork.poster
    assert poster is not None
    assert (await catalog.cover("sample", poster)).startswith(b"\xff\xd8\xff")
