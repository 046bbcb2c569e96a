"""The Internet Archive, as its documentation shows its answers."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from aniworld.catalog.errors import CatalogError, NotAtSourceError, SourceChangedError, SourceUnreachableError
from aniworld.catalog.hosters.direct import DirectHoster
from aniworld.catalog.pages.reader import Reader
from aniworld.catalog.tools import Tools
from aniworld.catalog.types import EpisodeRef, Language, SeriesHit
from tests.catalog.api_host import Query, source, speaks
from tests.kit.net_host import Handler, Request, answer, client, redirect

PROFILE = """
kind = "archive"
name = "old-films"
title = "Old films"
query = "collection:(films) OR creator:Somebody"
base_url = "{url}"
"""
DE, JA = Language("de"), Language("ja")


def derived(name: str, original: str, form: str) -> dict[str, Any]:
    return {"name": name, "source": "derivative", "original": original, "format": form, "size": "1000"}


def original(name: str, form: str = "Matroska", **more: Any) -> dict[str, Any]:
    return {"name": name, "source": "original", "format": form, "size": "5000", "md5": "0" * 32, **more}


GARDEN = {
    "created": 1616004182,
    "d1": "ia600308.us.archive.org",
    "dir": "/21/items/garden",
    "server": "ia800308.us.archive.org",
    "files_count": 9,
    "metadata": {
        "identifier": "garden",
        "mediatype": "movies",
        "collection": ["films", "community"],
        "title": "Clockwork Garden",
        "description": "A <b>garden</b>.<br />It ticks &amp; grows.<script>alert(1)</script>",
        "subject": "Clocks; Gardens;Clocks",
        "date": "1999-04-01",
        "language": "jpn",
    },
    "files": [
        original("Clockwork Garden - S01E02.mkv", title="The <i>second</i>", length="1421.5"),
        original("Clockwork Garden - S01E01 [German Dub].mkv", length="23:41"),
        derived("Clockwork Garden - S01E01.mp4", "Clockwork Garden - S01E01 [German Dub].mkv", "h.264"),
        derived("Clockwork Garden - S01E01_512kb.mp4", "Clockwork Garden - S01E01 [German Dub].mkv", "512Kb MPEG4"),
        original("Clockwork Garden - S01E03.mkv", private="true"),
        original("Specials/Clockwork Garden - OVA 1.mkv"),
        derived("garden.thumbs/Clockwork Garden - S01E01_000001.jpg", "x.mkv", "Thumbnail"),
        {"name": "Clockwork Garden - S01E02.en.vtt", "source": "original", "format": "Web Video Text Tracks"},
        {"name": "Clockwork Garden - S01E02.fr.srt", "source": "original", "private": "true"},
        {"name": "garden_meta.xml", "source": "original", "format": "Metadata"},
        {"name": "garden_archive.torrent", "source": "metadata", "format": "Archive BitTorrent"},
    ],
}
ITEMS: dict[str, object] = {
    "garden": GARDEN,
    "dark": {"created": 1, "is_dark": True, "dir": "/1/items/dark", "server": "ia1.us.archive.org"},
    "nothing": {},
    "broken": {"error": "Couldn't locate item 'broken'"},
    "away": {"metadata": {"title": "Away"}, "files": [], "servers_unavailable": True},
    "loose": {
        "metadata": {"title": ["Loose"]},
        "files": [original(f"{name}.mp4") for name in ("The wind", "The end", "Rain")],
    },
    "film": {"metadata": {"title": "A Film", "year": 1927}, "files": [original("film_final.ogv", "Ogg Video")]},
}


def archive(_: Request, path: str, query: Query) -> object:
    match path.split("/"):
        case ["", "metadata", key]:
            return ITEMS.get(key, {})
        case ["", "advancedsearch.php"] if "garden" in query["q"]:
            docs = [
                {"identifier": "garden", "title": "Clockwork Garden", "date": "1999-04-01T00:00:00Z"},
                {"identifier": "garden-2", "title": ["The Garden", "Again"], "year": 2001},
                {"identifier": "untitled"},
                {"identifier": "../../etc", "title": "Above"},
                {"identifier": ["a"], "title": "A list"},
                {"title": "Without"},
            ]
            return {"responseHeader": {"status": 0}, "response": {"numFound": 6, "start": 0, "docs": docs}}
        case ["", "advancedsearch.php"] if "wrong" in query["q"]:
            return {"error": "Invalid query <b>x</b>", "forensics": {}}
        case ["", "advancedsearch.php"]:
            return {"response": {"numFound": 0, "start": 0, "docs": []}}
    return None


def episode(number: int, season: int = 1, key: str = "garden") -> EpisodeRef:
    return EpisodeRef(provider_key=key, season=season, episode=number)


async def test_search(tmp_path: Path) -> None:
    async with source(tmp_path, speaks(archive), PROFILE) as (films, site):
        assert await films.search("garden") == [
            SeriesHit(
                provider_key="garden", name="Clockwork Garden", year=1999, cover_url=f"{site.url}/services/img/garden"
            ),
            SeriesHit(
                provider_key="garden-2", name="The Garden", year=2001, cover_url=f"{site.url}/services/img/garden-2"
            ),
            SeriesHit(provider_key="untitled", name="untitled", cover_url=f"{site.url}/services/img/untitled"),
        ]
        assert await films.search("nothing at all") == []
        assert films.owns(f"{site.url}/services/img/garden")
        assert not films.owns("https://archive.org/services/img/garden")


async def test_a_query_cannot_leave_the_profiles_own(tmp_path: Path) -> None:
    async with source(tmp_path, speaks(archive), PROFILE) as (films, site):
        await films.search('x") OR collection:(everything) \\ é ' + "many " * 20)
        await films.search("")
    asked = [parse_qs(urlsplit(request.target).query) for request in site.requests]
    words = (
        '"x" AND "OR" AND "collection" AND "everything" AND "é" AND "many" AND "many" AND "many" AND "many" AND "many"'
    )
    ours = "(collection:(films) OR creator:Somebody) AND mediatype:(movies)"
    assert [values["q"][0] for values in asked] == [f"{ours} AND {words}", ours]
    assert asked[0]["rows"] == ["100"]
    assert asked[0]["fl[]"] == ["identifier", "title", "year", "date"]


async def test_an_item_is_a_series(tmp_path: Path) -> None:
    async with source(tmp_path, speaks(archive), PROFILE) as (films, site):
        series = await films.series("garden")
    assert (series.provider_key, series.name, series.year) == ("garden", "Clockwork Garden", 1999)
    assert series.description == "A garden .\n\nIt ticks & grows. alert(1)"
    assert series.genres == ("Clocks", "Gardens")
    assert series.site == f"{site.url}/details/garden"
    assert series.artwork.poster == f"{site.url}/services/img/garden"
    regular, specials = series.seasons
    assert [(found.season, found.episode, found.languages) for found in regular.episodes] == [
        (1, 1, (DE,)),
        (1, 2, (JA, Language("ja+en"))),
    ]
    assert [found.duration for found in regular.episodes] == [1421.0, 1421.5]
    assert regular.episodes[1].title == "The <i>second</i>"
    assert [(found.season, found.episode) for found in specials.episodes] == [(0, 1)]


async def test_links_in_the_order_of_preference(tmp_path: Path) -> None:
    async with source(tmp_path, speaks(archive), PROFILE) as (films, site):
        links = await films.links(episode(1), DE)
        assert [link.url.removeprefix(f"{site.url}/download/garden/Clockwork%20Garden%20-%20") for link in links] == [
            "S01E01%20%5BGerman%20Dub%5D.mkv",
            "S01E01.mp4",
            "S01E01_512kb.mp4",
        ]
        assert {(link.hoster, link.kind, link.language) for link in links} == {("Old films", "direct", DE)}
        assert await films.links(episode(1), JA) == []
        for missing in (episode(3), episode(99), episode(1, 7)):
            with pytest.raises(NotAtSourceError):
                await films.links(missing, DE)
    async with source(tmp_path, speaks(archive), PROFILE + 'prefer = ["512KB mpeg4", "mp4"]') as (films, site):
        links = await films.links(episode(1), DE)
        assert [link.url[-10:] for link in links] == ["_512kb.mp4", "S01E01.mp4", "Dub%5D.mkv"]


async def test_names_without_numbers(tmp_path: Path) -> None:
    async with source(tmp_path, speaks(archive), PROFILE + 'language = "en"') as (films, site):
        (season,) = (await films.series("loose")).seasons
        assert [found.episode for found in season.episodes] == [1, 2, 3]
        (link,) = await films.links(episode(3, key="loose"), Language("en"))
        assert link.url == f"{site.url}/download/loose/The%20wind.mp4"
        film = await films.series("film")
        assert (film.year, [len(season.episodes) for season in film.seasons]) == (1927, [1])


@pytest.mark.parametrize(
    ("key", "error", "reason"),
    [
        ("nothing", NotAtSourceError, "has no such item"),
        ("dark", NotAtSourceError, "has taken this item away"),
        ("broken", SourceUnreachableError, "Couldn't locate"),
        ("away", SourceUnreachableError, "servers with this item are out of reach"),
        ("../etc/passwd", NotAtSourceError, "no item of the archive"),
        ("a b", NotAtSourceError, "no item of the archive"),
        ("", NotAtSourceError, "no item of the archive"),
        ("x" * 101, NotAtSourceError, "no item of the archive"),
    ],
)
async def test_items_that_are_not_there(tmp_path: Path, key: str, error: type[CatalogError], reason: str) -> None:
    async with source(tmp_path, speaks(archive), PROFILE) as (films, _):
        for call in (films.series(key), films.links(episode(1, key=key), DE)):
            with pytest.raises(error, match=reason):
                await call


async def test_a_query_that_the_archive_does_not_take(tmp_path: Path) -> None:
    async with source(tmp_path, speaks(archive), PROFILE.replace("creator", "wrong")) as (films, _):
        with pytest.raises(SourceChangedError, match="does not take the query: Invalid query"):
            await films.search("x")


@pytest.mark.parametrize(
    ("handler", "error", "retry_after", "permanent"),
    [
        (answer(b"", "503 Slow Down", Retry_After="120"), SourceUnreachableError, 120, False),
        (answer(b"", "429 Too Many Requests", Retry_After="9"), SourceUnreachableError, 9, False),
        (answer(b"", "500 Oh"), SourceUnreachableError, 30, False),
        (answer(b"<h1>Very busy</h1>", Content_Type="text/html"), SourceUnreachableError, 30, False),
        (answer(b"[1, 2]", Content_Type="application/json"), SourceChangedError, 30, True),
        (answer(b'{"metadata": 7}', Content_Type="application/json"), SourceChangedError, 30, True),
        (answer(b'{"metadata": {}, "files": {"a": 1}}'), SourceChangedError, 30, True),
        (answer(b"[" * 100_000), SourceChangedError, 30, True),
        (answer(b'{"metadata": {}, "files": [' + b"0," * 10 + b"0]}"), SourceChangedError, 30, True),
        (answer(b'{"metadata": {}, "files": [' + b"{}," * 2_000_000 + b"{}]}"), SourceChangedError, 30, True),
        (answer(b" " * (9 * 1024 * 1024)), SourceChangedError, 30, True),
        (answer(b"", "404 Not Found"), NotAtSourceError, None, True),
        (redirect("http://169.254.169.254/latest"), SourceUnreachableError, 30, True),
    ],
)
async def test_outages_and_nonsense(
    tmp_path: Path, handler: Handler, error: type[CatalogError], retry_after: float | None, permanent: bool
) -> None:
    async with source(tmp_path, handler, PROFILE) as (films, _):
        with pytest.raises(error) as caught:
            await films.series("garden")
    assert caught.value.permanent is permanent
    assert caught.value.detail.startswith("Old films")
    if retry_after is not None:
        assert caught.value.retry_after == retry_after


async def test_hostile_items(tmp_path: Path) -> None:
    names: list[object] = [
        "../../etc/passwd.mkv",
        "/abs.mkv",
        "a//b.mkv",
        "a\nb.mkv",
        ".mkv",
        "mkv",
        7,
        None,
        ["a.mkv"],
    ]
    odd: list[dict[str, Any]] = [{"name": name, "source": "original"} for name in [*names, "x" * 2000 + ".mkv"]]
    lists = {"source": ["x"], "format": {"a": 1}, "title": {"a": 1}, "length": [10**400], "original": 9}
    odd += [
        {"name": "S01E01.mkv", **lists},
        {"name": "S01E99999999999999999999.mkv", "size": -1},
        {"name": "S99999999999E01.mkv"},
        {"source": "original"},
        {},
    ]
    about = {"title": "<script>alert(1)</script>\u202e", "description": ["<" * 50_000, {"a": 1}]}
    about |= {"subject": [["x"]], "year": 1e99, "language": {"a": 1}}  # type: ignore[dict-item]
    item: dict[str, object] = {"metadata": about, "files": odd, "is_dark": "no", "servers_unavailable": [1]}
    async with source(tmp_path, speaks(lambda *_: item), PROFILE) as (films, _):
        series = await films.series("garden")
    assert series.name == "<script>alert(1)</script>"
    assert (series.year, series.genres) == (None, ("x",))
    found = [(found.season, found.episode) for season in series.seasons for found in season.episodes]
    assert (1, 1) in found
    assert all(season <= 99_999 and number <= 99_999 for season, number in found)


async def test_more_files_than_a_series_has(tmp_path: Path) -> None:
    item = {"metadata": {"title": "Many"}, "files": [original(f"S01E{number}.mkv") for number in range(5001)]}
    async with source(tmp_path, speaks(lambda *_: item), PROFILE) as (films, _):
        with pytest.raises(SourceChangedError, match="more than 5000 videos"):
            await films.series("garden")


async def test_a_link_leads_to_the_server_that_has_the_file(tmp_path: Path) -> None:
    def api(request: Request, path: str, query: Query) -> object:
        if path.startswith("/download/"):
            return redirect(f"/21/items{path.removeprefix('/download')}".replace(" ", "%20"))
        if path.startswith("/21/items/"):
            return answer(b"x", "206 Partial", Content_Range="bytes 0-0/5000", Content_Type="video/x-matroska")
        return archive(request, path, query)

    async with source(tmp_path, speaks(api), PROFILE) as (films, site), client(site) as http:
        (link,) = await films.links(episode(2), Language("ja+en"))
        stream = await DirectHoster(Tools(http, Reader())).resolve(link)
    assert stream.size == 5000
    assert [(text.url[-9:], text.language) for text in stream.subtitles] == [("02.en.vtt", "en")]
    assert stream.url == f"{site.url}/21/items/garden/Clockwork%20Garden%20-%20S01E02.mkv"


async def test_reading_a_large_item_holds_nobody_up(tmp_path: Path) -> None:
    item = {"metadata": {"title": "Long"}, "files": [original(f"Long - {number:04}.mkv") for number in range(3000)]}
    ticks = 0

    async def tick() -> None:
        nonlocal ticks
        while True:
            await asyncio.sleep(0.001)
            ticks += 1

    async with source(tmp_path, speaks(lambda *_: item), PROFILE) as (films, _):
        ticking = asyncio.create_task(tick())
        series = await films.series("garden")
        ticking.cancel()
    assert [len(season.episodes) for season in series.seasons] == [3000]
    assert ticks > 10
