"""Lists of videos as a source: the real yt-dlp reads them from a real server."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from aniworld.catalog import profile as profiles
from aniworld.catalog.errors import CatalogError, InvalidProfileError, NotAtSourceError
from aniworld.catalog.extraction.episodes import arrange
from aniworld.catalog.extraction.types import Entry
from aniworld.catalog.pages.reader import Reader
from aniworld.catalog.providers import ytdlp
from aniworld.catalog.providers.ytdlp import YtdlpProfile, YtdlpProvider
from aniworld.catalog.tools import Tools
from aniworld.catalog.types import EpisodeRef, Language, Link
from tests.kit.net_host import Handler, Host, Request, answer, client, host

PROFILE = """
kind = "ytdlp"
name = "studio"
title = "The studio"
language = "ja+en"

[series.garden]
name = "Clockwork Garden"
year = 2019
lists = [{ url = "URL/first", season = 1 }, { url = "URL/second", season = 2 }]

[series.harbour]
name = "Harbour 9"
language = "de"
lists = [{ url = "URL/harbour" }]
"""


def feed(*items: str) -> bytes:
    head = '<?xml version="1.0"?><rss version="2.0" xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd"><channel>'
    return f"{head}<title>A list</title>{''.join(items)}</channel></rss>".encode()


def item(path: str, title: str, more: str = "") -> str:
    return f"<item><title>{title}</title><link>URL/{path}</link>{more}</item>"


PAGES = {
    "/first": feed(item("a2", "Second"), item("a1", "First"), item("t", "Trailer")),
    "/second": feed(item("b1", "Clockwork Garden S02E01"), item("b2", "Clockwork Garden - 02 [German Dub]")),
    "/harbour": feed(
        item("h7", "Seven", "<itunes:season>3</itunes:season><itunes:episode>7</itunes:episode>"),
        item("h8", "Harbour 9 - Episode 8"),
        item("h0", "About us"),
    ),
}


def lists() -> Handler:
    async def serve(request: Request, writer: asyncio.StreamWriter) -> None:
        body = PAGES.get(request.target)
        if body is None:
            await answer(b"", "404 Not Found")(request, writer)
            return
        here = f"http://{request.headers['host']}".encode()
        await answer(body.replace(b"URL", here), Content_Type="application/rss+xml")(request, writer)

    return serve


@contextlib.asynccontextmanager
async def studio(directory: Path) -> AsyncIterator[tuple[YtdlpProvider, Host]]:
    async with host(lists()) as site, client(site) as http:
        path = directory / "studio.toml"
        path.write_text(PROFILE.replace("URL", site.url))
        yield YtdlpProvider(profiles.load(path, {"ytdlp": YtdlpProfile}), Tools(http, Reader())), site


async def test_the_search_asks_nobody(tmp_path: Path) -> None:
    async with studio(tmp_path) as (source, site):
        assert [hit.provider_key for hit in await source.search("clock GARDEN")] == ["garden"]
        assert [hit.year for hit in await source.search("garden")] == [2019]
        assert len(await source.search("")) == 2
        assert await source.search("nothing") == []
        assert site.connections == 0
        assert source.owns(f"{site.url}/x.jpg")
        assert not source.owns("http://elsewhere.example/x.jpg")


async def test_a_list_for_each_season(tmp_path: Path) -> None:
    async with studio(tmp_path) as (source, site):
        info = await source.series("garden")
        assert (info.name, info.year, info.site) == ("Clockwork Garden", 2019, f"{site.url}/first")
        told = [
            (season.season, episode.episode, episode.title) for season in info.seasons for episode in season.episodes
        ]
        assert told == [
            (1, 1, "Second"),
            (1, 2, "First"),
            (2, 1, "Clockwork Garden S02E01"),
            (2, 2, "Clockwork Garden - 02 [German Dub]"),
        ]
        assert [episode.languages for episode in info.seasons[1].episodes] == [("ja+en",), ("de",)]


async def test_numbers_that_the_site_tells(tmp_path: Path) -> None:
    async with studio(tmp_path) as (source, _site):
        info = await source.series("harbour")
        told = [(season.season, episode.episode) for season in info.seasons for episode in season.episodes]
        assert told == [(1, 8), (3, 7)]


async def test_links_read_a_list_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with studio(tmp_path) as (source, site):
        refs = [EpisodeRef(provider_key="garden", season=2, episode=number) for number in (1, 2, 3)]
        found = await asyncio.gather(*(source.links(ref, Language("ja+en")) for ref in refs))
        link = Link(hoster="127.0.0.1", kind="ytdlp", url=f"{site.url}/b1", language=Language("ja+en"))
        assert found == [[link], [], []]
        assert [one.url for one in await source.links(refs[1], Language("de"))] == [f"{site.url}/b2"]
        assert [request.target for request in site.requests] == ["/first", "/second"]
        monkeypatch.setattr(ytdlp, "KEPT_SECONDS", -1.0)
        await source.series("garden")
        await source.links(refs[0], Language("ja+en"))
        assert len(site.requests) == 6


async def test_what_is_not_there(tmp_path: Path) -> None:
    async with studio(tmp_path) as (source, site):
        with pytest.raises(NotAtSourceError):
            await source.series("nothing")
        site.handler = answer(b"", "404 Not Found")
        with pytest.raises(NotAtSourceError, match="The studio"):
            await source.series("garden")
        site.handler = answer(b"<html>Nothing</html>", Content_Type="text/html")
        with pytest.raises(CatalogError, match="The studio"):
            await source.links(EpisodeRef(provider_key="garden", season=1, episode=1), Language("de"))


async def test_a_list_of_a_million(tmp_path: Path) -> None:
    """More than any series has: a failure of that one, within the limits of a page."""
    async with studio(tmp_path) as (source, site):
        site.handler = answer(feed(item("x", "x") * 1_000_000), Content_Type="application/rss+xml")
        with pytest.raises(CatalogError, match="8 MiB"):
            await source.series("harbour")


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("URL/first", "file:///etc/passwd", "Only http and https"),
        ("URL/first", "http://me:secret@x.example/", "user name"),
        ("[series.garden]", '[series."Gar den"]', "series"),
        ('lists = [{ url = "URL/harbour" }]', "lists = []", "lists"),
        ("season = 1", "season = -1", "season"),
        ('language = "de"', 'language = "deutsch!"', "language"),
    ],
)
def test_a_profile_that_is_wrong(tmp_path: Path, old: str, new: str, told: str) -> None:
    path = tmp_path / "studio.toml"
    path.write_text(PROFILE.replace(old, new).replace("URL", "http://x.example"))
    with pytest.raises(InvalidProfileError) as caught:
        profiles.load(path, {"ytdlp": YtdlpProfile})
    assert told in caught.value.detail


def entry(title: str, **more: object) -> Entry:
    return Entry(url=f"http://x.example/{abs(hash(title))}", title=title, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("season", "entries", "places"),
    [
        (None, [entry("One"), entry("Two")], [(1, 1), (1, 2)]),
        (4, [entry("One"), entry("Two")], [(4, 1), (4, 2)]),
        (None, [entry("One", season=2, episode=5)], [(2, 5)]),
        (3, [entry("One", season=2, episode=5)], [(3, 5)]),
        (None, [entry("Show S02E05"), entry("Making of")], [(2, 5)]),
        (None, [entry("Show Episode 12"), entry("Show Episode 11")], [(1, 12), (1, 11)]),
        (None, [entry("Show 2nd"), entry("x", episode=100_000)], []),
        (1, [entry("Show - Trailer"), entry("The thing itself")], [(1, 1)]),
        (None, [], []),
    ],
)
def test_where_an_episode_belongs(season: int | None, entries: list[Entry], places: list[tuple[int, int]]) -> None:
    assert list(arrange("Show", [(season, entries)], "ja")) == places


def test_an_episode_that_is_there_twice() -> None:
    found = arrange("Show", [(1, [entry("Show - 01 [German Dub]"), entry("Show - 01")])], "ja")
    assert [video.languages for video in found[1, 1]] == [("de",), ("ja",)]


async def test_dates_and_lengths_come_along(tmp_path: Path) -> None:
    dated = item(
        "d", "Dated", "<pubDate>Tue, 05 Mar 2024 10:00:00 GMT</pubDate><itunes:duration>24:00</itunes:duration>"
    )
    async with studio(tmp_path) as (source, site):
        site.handler = answer(feed(dated).replace(b"URL", site.url.encode()), Content_Type="application/rss+xml")
        (season,) = (await source.series("harbour")).seasons
        (episode,) = season.episodes
        assert (episode.aired, episode.duration) == (dt.date(2024, 3, 5), 1440)
