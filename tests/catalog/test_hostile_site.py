"""A site that blocks, throws, answers nonsense or never ends: it harms nothing but itself, and not for long."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from aniworld.catalog.errors import CatalogError, SourceChangedError, SourceUnreachableError
from aniworld.catalog.pages import shape
from aniworld.catalog.providers import site as site_module
from aniworld.catalog.types import EpisodeRef, Language
from tests.catalog.site_host import PAGES, PROFILE, serve, shelf
from tests.kit.net_host import Handler, Request, answer, host, redirect

EPISODES = PROFILE[PROFILE.index("[episodes]") : PROFILE.index("[links]")]
DE = Language("de")


def paged(extra: str, items: str = '"tr"') -> str:
    """The profile with a list of episodes that goes on."""
    return PROFILE.replace(EPISODES, EPISODES.replace('"tr"', items, 1).replace("\n\n", f"\n{extra}\n\n"))


def endless(make: Callable[[int], str]) -> Handler:
    """Season 1 goes on and on; ``make`` is told which page it is."""
    count = 0
    plain = serve(PAGES)

    async def handler(request: Request, writer: asyncio.StreamWriter) -> None:
        nonlocal count
        if request.target.startswith("/anime/one/1"):
            count += 1
            await answer(make(count).encode(), Content_Type="text/html")(request, writer)
        else:
            await plain(request, writer)

    return handler


async def test_a_list_that_leads_in_a_circle_is_read_once(tmp_path: Path) -> None:
    handler = endless(lambda page: f"<tr><td class=n>{page}</tr><a href='/anime/one/1'>next</a>")
    profile = paged('next = { css = "a", attr = "href" }')
    async with shelf(tmp_path, handler, profile) as (source, site):
        series = await source.series("one")
    assert len(series.seasons[0].episodes) == 1
    assert sum(request.target.startswith("/anime/one/1") for request in site.requests) == 1


async def test_a_list_without_an_end_is_given_up(tmp_path: Path) -> None:
    handler = endless(lambda page: f"<tr><td class=n>{page}</tr><a href='/anime/one/1?{page}'>next</a>")
    profile = paged('next = { css = "a", attr = "href" }\npages = 5')
    async with shelf(tmp_path, handler, profile) as (source, site):
        with pytest.raises(SourceChangedError, match=r"episodes goes on after 5 pages; raise episodes\.pages"):
            await source.series("one")
    assert sum(request.target.startswith("/anime/one/1") for request in site.requests) == 5


async def test_a_page_that_is_always_the_same_is_the_last(tmp_path: Path) -> None:
    handler = endless(lambda _: "<tr><td class=n>1</tr>")
    profile = paged("").replace('page = "/anime/{key}/{season}"', 'page = "/anime/{key}/{season}?p={page}"')
    async with shelf(tmp_path, handler, profile) as (source, site):
        with pytest.raises(CatalogError):  # season 2 has no such pages
            await source.series("one")
    assert sum(request.target.startswith("/anime/one/1") for request in site.requests) <= 2


async def test_pages_full_of_episodes_are_bounded_together(tmp_path: Path) -> None:
    def page(number: int) -> str:
        rows = "".join(f"<tr><td class=n>{number * 400 + row}</tr>" for row in range(400))
        return f"{rows}<a href='/anime/one/1?{number}'>next</a>"

    profile = paged('next = { css = "a", attr = "href" }\npages = 100')
    async with shelf(tmp_path, endless(page), profile) as (source, site):
        with pytest.raises(SourceChangedError, match=r"episodes\.items finds more"):
            await source.series("one")
    assert sum(request.target.startswith("/anime/one/1") for request in site.requests) <= shape.MAX_EPISODES / 400 + 1


async def test_a_next_page_on_another_host_is_not_read(tmp_path: Path) -> None:
    async with host(answer(b"<tr><td class=n>7</tr>")) as other:
        handler = endless(lambda _: f"<tr><td class=n>1</tr><a href='{other.url}/more'>next</a>")
        async with shelf(tmp_path, handler, paged('next = { css = "a", attr = "href" }'), (other,)) as (source, _):
            series = await source.series("one")
        assert len(series.seasons[0].episodes) == 1
        assert other.requests == []


async def test_a_million_episodes_in_json(tmp_path: Path) -> None:
    million = json.dumps({"all": list(range(1_000_000))}).encode()
    plain = serve(PAGES)

    async def handler(request: Request, writer: asyncio.StreamWriter) -> None:
        asked_for = request.target.startswith("/anime/one/")
        await (answer(million, Content_Type="application/json") if asked_for else plain)(request, writer)

    episodes = '[episodes]\npage = "/anime/{key}/{season}"\nanswer = "json"\nitems = "all[]"\nnumber = ""\n\n'
    episodes = episodes.replace('number = ""', "number = {}")
    async with shelf(tmp_path, handler, PROFILE.replace(EPISODES, episodes)) as (source, _):
        with pytest.raises(SourceChangedError, match=r"episodes\.items finds more"):
            await source.series("one")


async def test_a_site_that_is_slow_page_after_page_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(site_module, "SERIES_SECONDS", 0.3)
    monkeypatch.setattr(site_module, "LINKS_SECONDS", 0.3)
    plain = serve(PAGES)

    async def handler(request: Request, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(5)
        await plain(request, writer)

    async with shelf(tmp_path, handler) as (source, _):
        for call in (source.series("one"), source.links(EpisodeRef(provider_key="one", season=1, episode=1), DE)):
            with pytest.raises(SourceUnreachableError, match="did not tell it all within") as caught:
                await call
            assert not caught.value.permanent


async def test_no_private_address_is_reached_by_redirects(tmp_path: Path) -> None:
    async with host(answer(b"<h1>secret</h1>")) as canary:
        for code in (301, 302, 303, 307, 308):
            async with shelf(tmp_path, redirect(f"{canary.url}/", code)) as (source, _):
                for call in (source.search("x"), source.series("one")):
                    with pytest.raises(SourceUnreachableError):
                        await call
        assert canary.requests == []
        assert canary.connections == 0


NONSENSE = {
    "numbers": "<table><tr><td class=n>99999999999999999999</tr><tr><td class=n>-1</tr><tr><td class=n>٣</tr></table>",
    "a picture": "\x89PNG\r\n\x1a\n" + "\x00" * 5000,
    "an empty page": "",
    "the front page": "<html><title>Welcome</title><p>Log in to go on",
    "a challenge": "<title>Just a moment...</title><script>challenge()</script>",
}


@pytest.mark.parametrize("name", NONSENSE)
async def test_nonsense_is_a_site_that_has_changed(tmp_path: Path, name: str) -> None:
    pages = dict.fromkeys(PAGES, NONSENSE[name])
    async with shelf(tmp_path, serve(pages)) as (source, _):
        for call in (
            source.search("one & two"),
            source.series("one"),
            source.links(EpisodeRef(provider_key="one", season=1, episode=1), DE),
        ):
            with pytest.raises(SourceChangedError):
                await call


async def test_what_one_source_does_another_does_not_feel(tmp_path: Path) -> None:
    bad, good = tmp_path / "bad", tmp_path / "good"
    bad.mkdir()
    good.mkdir()
    deep = dict.fromkeys(PAGES, "<div>" * 100000)
    async with shelf(bad, serve(deep)) as (hostile, _), shelf(good, serve(PAGES)) as (source, _):
        tasks = [asyncio.create_task(hostile.search("one & two")) for _ in range(4)]
        await asyncio.sleep(0.2)
        assert len(await source.search("one & two")) == 2
        assert (await source.series("one")).name
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
