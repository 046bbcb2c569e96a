"""Catalogue websites, read by their profiles alone."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from aniworld.catalog.errors import CatalogError, NotAtSourceError, SourceChangedError, SourceUnreachableError
from aniworld.catalog.pages import shape
from aniworld.catalog.providers.site import SEASONS_AT_ONCE, SiteProvider
from aniworld.catalog.types import EpisodeRef, Language, Link, SeriesHit
from aniworld.kit.net.errors import AddressRefusedError
from tests.catalog.site_host import PAGES, PROFILE, serve, shelf
from tests.kit.net_host import Handler, Request, answer, host, redirect

DE, JA_DE = Language("de"), Language("ja+de")


def episode(season: int, number: int, key: str = "one") -> EpisodeRef:
    return EpisodeRef(provider_key=key, season=season, episode=number)


async def test_search(tmp_path: Path) -> None:
    async with shelf(tmp_path, serve(PAGES)) as (source, site):
        assert await source.search("one & two") == [
            SeriesHit(provider_key="one", name="One & Two", year=1999, cover_url=f"{site.url}/one.jpg"),
            SeriesHit(provider_key="café/x", name="Café"),
        ]
        assert await source.search("nothing") == []


async def test_series(tmp_path: Path) -> None:
    async with shelf(tmp_path, serve(PAGES)) as (source, site):
        series = await source.series("one")
    assert (series.provider_key, series.name, series.year, series.status) == ("one", "One & Two", None, "completed")
    assert series.description == "First.\n\nLine.\n\nSecond."
    assert series.genres == ("Action", "Drama")
    assert series.site == f"{site.url}/anime/one"
    assert series.artwork.poster == f"{site.url}/anime/one.jpg"
    assert [(season.season, season.name, len(season.episodes)) for season in series.seasons] == [
        (1, "Staffel 1", 2),
        (2, "Staffel 2", 0),
        (0, "Filme", 1),
    ]
    first, second = series.seasons[0].episodes
    assert (first.season, first.episode, first.title, first.aired) == (1, 1, "A <b>", None)
    assert first.languages == (DE, JA_DE)
    assert (second.episode, second.aired, second.duration, second.languages) == (2, dt.date(1999, 12, 31), 1440, ())


async def test_links(tmp_path: Path) -> None:
    async with shelf(tmp_path, serve(PAGES)) as (source, site):
        assert await source.links(episode(1, 1), DE) == [
            Link(hoster="Alpha", kind="direct", url=f"{site.url}/go/1", language=DE),
            Link(hoster="beta", kind="hls", url=f"{site.url}/go/3", language=DE),
        ]
        assert [link.url for link in await source.links(episode(1, 1), JA_DE)] == [f"{site.url}/go/2"]
        assert await source.links(episode(1, 1), Language("en")) == []
        assert await source.links(episode(1, 2), DE) == []


async def test_what_the_site_does_not_have(tmp_path: Path) -> None:
    async with shelf(tmp_path, serve(PAGES)) as (source, _):
        with pytest.raises(NotAtSourceError, match="The Shelf"):
            await source.series("two")
        with pytest.raises(NotAtSourceError):
            await source.links(episode(1, 99), DE)


@pytest.mark.parametrize("key", ["", ".", "..", "../admin", "a/../../b", "/etc", "a//b", "a\\b", "a\nb", "x" * 201])
async def test_keys_lead_nowhere_else(tmp_path: Path, key: str) -> None:
    async with shelf(tmp_path, serve(PAGES)) as (source, site):
        with pytest.raises(NotAtSourceError):
            await source.series(key)
        with pytest.raises(NotAtSourceError):
            await source.links(episode(1, 1, key), DE)
        assert site.requests == []


async def test_keys_and_queries_are_quoted(tmp_path: Path) -> None:
    async with shelf(tmp_path, serve(PAGES)) as (source, site):
        for call in (source.series("café/x?y=1#z&{key}"), source.search("a/b&c=d #é")):
            with pytest.raises(CatalogError):
                await call
        assert [request.target for request in site.requests] == [
            "/anime/caf%C3%A9/x%3Fy%3D1%23z%26%7Bkey%7D",
            "/find?q=a%2Fb%26c%3Dd%20%23%C3%A9",
        ]


Call = Callable[[SiteProvider], Awaitable[Any]]


@pytest.mark.parametrize(
    ("changed", "call", "rule"),
    [
        ({}, lambda source: source.search("redesigned"), "search.items finds nothing"),
        ({"/find?q=x": "<div class=hit>No link</div>"}, lambda source: source.search("x"), "search found items"),
        ({"/anime/one": "<h2>One</h2>"}, lambda source: source.series("one"), "series.name"),
        ({"/anime/one": ""}, lambda source: source.series("one"), "series.name"),
        ({"/anime/one": "<h1>One</h1>"}, lambda source: source.series("one"), "seasons.items finds nothing"),
        (
            {"/anime/one": "<h1>One</h1><ul class=seasons>" + "<a>1</a>" * 201},
            lambda source: source.series("one"),
            "seasons.items finds more",
        ),
        (
            {"/anime/one": "<h1>One</h1><ul class=seasons><a>Erste</a></ul>"},
            lambda source: source.series("one"),
            "seasons found items, but none",
        ),
        ({"/anime/one/2": "<b>Alles neu</b>"}, lambda source: source.series("one"), "episodes.items finds nothing"),
        (
            {"/anime/one/2": "<table><tr><td class=number>1</tr></table>"},
            lambda source: source.series("one"),
            "episodes found items, but none",
        ),
        ({}, lambda source: source.links(episode(0, 1), DE), "links.items finds nothing"),
        (
            {"/anime/one/1/1": "<li><b>Alpha</b><a href=/go/1></a></li>"},
            lambda source: source.links(episode(1, 1), DE),
            "links found no usable link",
        ),
    ],
)
async def test_a_site_that_has_changed_names_the_rule(
    tmp_path: Path, changed: dict[str, str], call: Call, rule: str
) -> None:
    async with shelf(tmp_path, serve(PAGES | changed)) as (source, _):
        with pytest.raises(SourceChangedError) as caught:
            await call(source)
        assert rule in caught.value.detail
        assert caught.value.permanent


async def test_a_million_episodes_harm_nobody(tmp_path: Path) -> None:
    many = "".join(f"<tr><td class=n>{number}</tr>" for number in range(10_000, 15_001))
    async with shelf(tmp_path, serve(PAGES | {"/anime/one/2": f"<table>{many}</table>"})) as (source, _):
        with pytest.raises(SourceChangedError, match=r"episodes\.items finds more"):
            await source.series("one")
    half = "".join(f"<tr><td class=n>{number}</tr>" for number in range(10_000, 12_600))
    pages = PAGES | {"/anime/one/2": f"<table>{half}</table>", "/anime/one/0": f"<table>{half}</table>"}
    async with shelf(tmp_path, serve(pages)) as (source, _):
        with pytest.raises(SourceChangedError, match=f"more than {shape.MAX_EPISODES} in all"):
            await source.series("one")


@pytest.mark.parametrize(
    ("handler", "error", "permanent"),
    [
        (answer(b"no", "403 Forbidden"), SourceUnreachableError, True),
        (answer(b"no", "429 Slow down", Retry_After="77"), SourceUnreachableError, False),
        (answer(b"no", "500 Oh"), SourceUnreachableError, False),
        (answer(b"no", "410 Gone"), NotAtSourceError, True),
        (redirect("http://169.254.169.254/"), SourceUnreachableError, True),
        (redirect("/again"), SourceUnreachableError, True),
        (answer(b"x" * (9 * 1024 * 1024)), SourceChangedError, True),
        (answer(b"x", Content_Encoding="br"), SourceUnreachableError, True),
    ],
)
async def test_failures_say_whether_a_retry_helps(
    tmp_path: Path, handler: Handler, error: type[CatalogError], permanent: bool
) -> None:
    async with shelf(tmp_path, handler) as (source, _):
        with pytest.raises(error) as caught:
            await source.series("one")
        assert caught.value.permanent is permanent
        assert caught.value.detail.startswith("The Shelf")
        assert caught.value.retry_after == (77 if "429" in caught.value.detail else 30)


async def test_a_site_that_has_moved_is_told(tmp_path: Path) -> None:
    async with host(serve(PAGES)) as new:
        async with shelf(tmp_path, redirect(f"{new.url}/anime/one"), also=(new,)) as (source, _):
            with pytest.raises(SourceChangedError, match=f"now answers at {new.url}/anime/one"):
                await source.series("one")


async def test_a_site_that_cannot_be_reached(tmp_path: Path) -> None:
    async with shelf(tmp_path, serve(PAGES)) as (source, _):
        pass
    with pytest.raises(SourceUnreachableError, match="The Shelf cannot be asked") as caught:
        await source.series("one")
    assert not isinstance(caught.value.__cause__, AddressRefusedError)
    assert not caught.value.permanent


async def test_seasons_are_fetched_a_few_at_a_time(tmp_path: Path) -> None:
    busy = most = 0
    seasons = "".join(f"<a>Staffel {number}</a>" for number in range(1, 21))
    pages = {"/anime/one": f"<h1>One</h1><ul class=seasons>{seasons}</ul>"}
    pages |= {f"/anime/one/{number}": "<p class=none></p>" for number in range(1, 21)}
    plain = serve(pages)

    async def handler(request: Request, writer: asyncio.StreamWriter) -> None:
        nonlocal busy, most
        busy += 1
        most = max(most, busy)
        await plain(request, writer)
        busy -= 1

    async with shelf(tmp_path, handler) as (source, _):
        series = await source.series("one")
    assert [season.season for season in series.seasons] == list(range(1, 21))
    assert most == SEASONS_AT_ONCE


async def test_a_season_that_fails_fails_the_series(tmp_path: Path) -> None:
    pages = dict(PAGES)
    del pages["/anime/one/2"]
    async with shelf(tmp_path, serve(pages)) as (source, _):
        with pytest.raises(NotAtSourceError):
            await source.series("one")


async def test_a_site_without_seasons_and_languages(tmp_path: Path) -> None:
    before, _, rest = PROFILE.partition("[seasons]")
    profile = before + "[episodes]" + rest.partition("[episodes]")[2]
    profile = profile.replace("/{season}", "").replace(
        'page = "/anime/{key}"\nitems', 'page = "/anime/{key}/all"\nitems'
    )
    profile = profile.replace('languages = { css = "img", attr = "title" }\n', "")
    table = "<table><tr><td class=n>1<td class=d>1.1.2020</tr><tr><td class=n>2<td class=d>1.1.2099</tr></table>"
    async with shelf(tmp_path, serve({"/anime/one": "<h1>One</h1>", "/anime/one/all": table}), profile) as (source, _):
        (season,) = (await source.series("one")).seasons
    assert season.season == 1
    assert [found.languages for found in season.episodes] == [(DE, JA_DE), ()]
