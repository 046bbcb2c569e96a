"""Directory listings: as real servers write them, and as nobody should."""

from __future__ import annotations

import asyncio
import base64
import html
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from aniworld.catalog import profile as profiles
from aniworld.catalog.apis.listing import LINKS, from_json, from_links
from aniworld.catalog.errors import CatalogError, InvalidProfileError, NotAtSourceError, SourceChangedError
from aniworld.catalog.errors import SourceUnreachableError as Unreachable
from aniworld.catalog.hosters.direct import DirectHoster
from aniworld.catalog.pages.extract import extract
from aniworld.catalog.pages.reader import Reader
from aniworld.catalog.pages.rules import Page
from aniworld.catalog.providers import index
from aniworld.catalog.providers.index import IndexProfile
from aniworld.catalog.tools import Tools
from aniworld.catalog.types import EpisodeRef, Language, SeriesHit
from tests.catalog.api_host import Query, source, speaks
from tests.kit.net_host import Handler, Request, answer, client, host, redirect

LISTINGS = Path(__file__).parent / "listings"
PROFILE = 'kind = "index"\nname = "attic"\ntitle = "The attic"\nbase_url = "{url}/shelf"\n'

Tree = dict[str, Any]
SHELF: Tree = {
    "Clockwork Garden (2021)": {
        "Season 1": {
            "Clockwork Garden - S01E01 [ja+de].mkv": "",
            "Clockwork Garden - S01E01 [de].mkv": "",
            "Clockwork Garden - S01E02.mkv": "",
            "Clockwork Garden - S01E02.nfo": "",
            "Clockwork Garden - S01E02.ger.srt": "",
        },
        "Specials": {"OVA 1.mkv": ""},
        "poster.jpg": "",
        "Fanart.PNG": "",
    },
    "Paper Lanterns": {"[Group] Paper Lanterns - 03v2 [1080p].mkv": "", "[Group] Paper Lanterns - 10.mkv": ""},
    "Café & Straße 100% #1": {"1.mkv": "", "2.mkv": ""},
    "Empty": {},
    "loose.mkv": "",
}


def shown(folder: Tree, before: str = "") -> str:
    names = [name + "/" * isinstance(inner, dict) for name, inner in folder.items()]
    links = "".join(f'<a href="{before}{quote(name)}">{html.escape(name[:20])}..&gt;</a>\n' for name in names)
    return f'<h1>Index of it</h1><pre><a href="?C=N;O=D">Name</a><a href="../">../</a>\n{links}</pre>'


def serves(tree: Tree, *, json: bool = False) -> Handler:
    """A web server with that tree below ``/shelf/``."""

    def api(_: Request, path: str, __: Query) -> object:
        place: Any = {"shelf": tree}
        *parts, last = path.split("/")[1:]
        for part in parts:
            place = place.get(part) if isinstance(place, dict) else None
        if isinstance(place, dict) and last == "":
            rows = [
                {"name": name, "type": "directory" if isinstance(inner, dict) else "file"}
                for name, inner in place.items()
            ]
            return rows if json else answer(shown(place).encode(), Content_Type="text/html; charset=utf-8")
        if isinstance(place, dict) and isinstance(place.get(last), dict):
            return redirect(quote(f"{path}/"), 301)
        if isinstance(place, dict) and last in place:
            return answer(b"x", "206 Partial", Content_Range="bytes 0-0/7000", Content_Type="video/x-matroska")
        return None

    return speaks(api)


def episode(key: str, number: int, season: int = 1) -> EpisodeRef:
    return EpisodeRef(provider_key=key, season=season, episode=number)


# --- as servers write them ------------------------------------------------------------------------------------------

FOLDERS = {
    "A & B's <Tale> #1 100%",
    "A title that is so very long that every server that draws a table in plain text has to cut it somewhere",
    "Clockwork Garden (2021)",
    "Über Straße 君の名",
}
FILES = {
    '50% of it; all? +1 & "two".mkv',
    "An episode with a name that is so very long that it will be cut - S01E02 - in the middle of it all.mkv",
    "Paper Lanterns - 01 [ja+de].mkv",
    "a:b.mkv",
    "notes.txt",
}


@pytest.mark.parametrize("path", sorted(LISTINGS.iterdir()), ids=lambda path: str(path.name))
async def test_what_real_servers_write(path: Path, tmp_path: Path) -> None:
    """nginx 1.22, Apache 2.4, Caddy 2.6, lighttpd 1.4, rclone 1.60 and Python, asked for one and the same folder."""
    form = "application/json" if path.suffix == ".json" else "text/html"
    handler = answer(path.read_bytes(), Content_Type=form)
    async with source(tmp_path, handler, PROFILE) as (attic, site):
        assert isinstance(attic, index.IndexProvider)
        entries = await attic._read(f"{site.url}/shelf/")
        assert {entry.name for entry in entries if entry.is_folder} == FOLDERS
        assert {entry.name for entry in entries if not entry.is_folder} == FILES
        for entry in entries:
            site.requests.clear()
            site.handler = answer(b"<a href=x.mkv>x</a>", Content_Type="text/html")
            await attic._read(entry.url)
            # The address leads to the very name, whatever way the server spells it.
            (asked,) = [request.target for request in site.requests]
            (same,) = from_links(f"{site.url}/shelf/", [f"{site.url}{asked}"])
            assert (same.name, same.is_folder) == (entry.name, entry.is_folder)


# --- what it has ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("json", [False, True])
async def test_search(tmp_path: Path, json: bool) -> None:
    async with source(tmp_path, serves(SHELF, json=json), PROFILE) as (attic, site):
        assert await attic.search("GARDEN clock") == [
            SeriesHit(provider_key="Clockwork Garden (2021)", name="Clockwork Garden", year=2021)
        ]
        assert [hit.provider_key for hit in await attic.search("cafe strasse")] == ["Café & Straße 100% #1"]
        assert [hit.name for hit in await attic.search("")][:2] == ["Café & Straße 100% #1", "Clockwork Garden"]
        assert await attic.search("nothing") == []
        assert len(site.requests) == 1  # the names are kept for a while
        assert site.requests[0].headers["accept"].startswith("application/json")


async def test_the_best_name_comes_first(tmp_path: Path) -> None:
    tree: Tree = {name: {} for name in ("The Garden", "Garden 10", "Garden 2", "Garden", "Gardens")}
    async with source(tmp_path, serves(tree), PROFILE) as (attic, _):
        found = [hit.provider_key for hit in await attic.search("garden")]
        assert found == ["Garden", "Garden 2", "Garden 10", "Gardens", "The Garden"]


@pytest.mark.parametrize("json", [False, True])
async def test_series(tmp_path: Path, json: bool) -> None:
    async with source(tmp_path, serves(SHELF, json=json), PROFILE + 'language = "ja"') as (attic, site):
        garden = await attic.series("Clockwork Garden (2021)")
        lanterns = await attic.series("Paper Lanterns")
        cafe = await attic.series("Café & Straße 100% #1")
        with pytest.raises(NotAtSourceError):
            await attic.series("Unknown")
    base = f"{site.url}/shelf/Clockwork%20Garden%20%282021%29"
    assert (garden.name, garden.year, garden.site) == ("Clockwork Garden", 2021, f"{base}/")
    assert (garden.artwork.poster, garden.artwork.fanart) == (f"{base}/poster.jpg", f"{base}/Fanart.PNG")
    assert attic.owns(f"{base}/poster.jpg")
    regular, specials = garden.seasons
    assert [(found.episode, set(found.languages)) for found in regular.episodes] == [
        (1, {"ja+de", "de"}),
        (2, {"ja", "ja+de"}),
    ]
    assert [(found.season, found.episode) for found in specials.episodes] == [(0, 1)]
    assert [found.episode for found in lanterns.seasons[0].episodes] == [3, 10]
    assert [found.episode for found in cafe.seasons[0].episodes] == [1, 2]


async def test_links(tmp_path: Path) -> None:
    async with source(tmp_path, serves(SHELF), PROFILE) as (attic, site), client(site) as http:
        key = "Clockwork Garden (2021)"
        (link,) = await attic.links(episode(key, 1), Language("de"))
        assert (link.hoster, link.kind, link.headers) == ("The attic", "direct", {})
        stream = await DirectHoster(Tools(http, Reader())).resolve(link)
        assert stream.size == 7000
        assert await attic.links(episode(key, 1), Language("fr")) == []
        (link,) = await attic.links(episode(key, 2), Language("und+de"))
        (subtitles,) = (await DirectHoster(Tools(http, Reader())).resolve(link)).subtitles
        assert (subtitles.url[-11:], subtitles.format, subtitles.language) == ("E02.ger.srt", "srt", "de")
        for missing in (episode(key, 9), episode(key, 1, 5)):
            with pytest.raises(NotAtSourceError):
                await attic.links(missing, Language("de"))


async def test_what_was_listed_is_kept_for_links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tree: Tree = {f"Series {number}": {"Season 1": {"1.mkv": "", "2.mkv": ""}} for number in range(20)}
    async with source(tmp_path, serves(tree), PROFILE) as (attic, site):
        asked = [attic.links(episode("Series 1", number), Language("und")) for number in (1, 2, 1, 2)]
        assert [len(links) for links in await asyncio.gather(*asked)] == [1] * 4
        assert len(site.requests) == 2
        tree["Series 1"]["Season 1"]["3.mkv"] = ""
        assert len((await attic.series("Series 1")).seasons[0].episodes) == 3  # looked at anew
        assert len(await attic.links(episode("Series 1", 3), Language("und"))) == 1
        assert len(site.requests) == 4
        for number in range(20):
            await attic.series(f"Series {number}")
        assert isinstance(attic, index.IndexProvider)
        assert len(attic._known) == index.KEPT_SERIES
        before = len(site.requests)
        monkeypatch.setattr(index, "KEPT_SECONDS", -1)
        await attic.series("Series 1")
        await attic.links(episode("Series 1", 1), Language("und"))
        assert len(site.requests) == before + 4


async def test_series_in_folders_by_letter(tmp_path: Path) -> None:
    tree: Tree = {"A": {"Alpha": {"1.mkv": ""}, "x.mkv": ""}, "B": {"Beta": {"1.mkv": ""}}, "C": {}}
    async with source(tmp_path, serves(tree), PROFILE + "levels = 2") as (attic, _):
        assert [hit.provider_key for hit in await attic.search("")] == ["A/Alpha", "B/Beta"]
        assert (await attic.series("A/Alpha")).name == "Alpha"
        for key in ("A", "A/Alpha/Season 1"):
            with pytest.raises(NotAtSourceError):
                await attic.series(key)


async def test_a_server_that_asks_who_it_is(tmp_path: Path) -> None:
    said = "Basic " + base64.b64encode("me:schön".encode()).decode()
    tree = serves(SHELF)

    async def handler(request: Request, writer: asyncio.StreamWriter) -> None:
        known = request.headers.get("authorization") == said
        await (tree if known else answer(b"", "401 Who"))(request, writer)

    async with source(tmp_path, handler, PROFILE) as (attic, _):
        with pytest.raises(Unreachable, match="401"):
            await attic.search("")
    mine = PROFILE + 'username = "me"\npassword = "schön"\n'
    async with source(tmp_path, handler, mine) as (attic, site), client(site) as http:
        (link,) = await attic.links(episode("Clockwork Garden (2021)", 1), Language("de"))
        assert (await DirectHoster(Tools(http, Reader())).resolve(link)).size == 7000
        for text in (repr(link), repr(attic), link.url):
            assert said not in text
            assert "schön" not in text


# --- names and addresses that lead elsewhere ------------------------------------------------------------------------

BASE = "http://attic.example/shelf/"


@pytest.mark.parametrize(
    "href",
    [
        "../", "..", "/", "/shelf/", "./", "", "?C=N", "#x", "/other/x.mkv", "../x.mkv", "a/b.mkv",
        "//evil.example/x.mkv", "http://evil.example/shelf/x.mkv", "https://attic.example/shelf/x.mkv",
        "javascript:alert(1)", "data:text/html,x", "x.mkv?token=1", "..%2f..%2fetc%2fpasswd", "%2e%2e/", "%2e%2e%2fx",
        "a%00b.mkv", "a%0ab.mkv", "a%5cb.mkv", "%ff%fe.mkv", ".hidden", "%2ehidden", "a%2fb.mkv", "x" * 300,
        "%E2%80%AEvkm.exe",
    ],
)  # fmt: skip
def test_links_that_are_no_entries(href: str) -> None:
    page = Page(
        html=f'<base href="http://evil.example/"><a href="{html.escape(href)}">x</a>',
        url=BASE,
        hosts=("attic.example:80",),
    )
    (found,) = extract(page, [LINKS])
    links = [url for item in found.items for url in item.get("href", ())]
    assert from_links(BASE, links) == []


def test_rows_that_are_no_entries() -> None:
    names: list[Any] = [
        "..",
        ".",
        "",
        "a/b",
        "..\\x",
        "a\nb",
        ".x",
        "x" * 300,
        5,
        None,
        ["x"],
        "\u202evkm",
        "a/../../b",
    ]
    rows: list[Any] = [{"name": name, "type": "directory"} for name in names]
    rows += [{"name": "socket", "type": "other"}, {"type": "file"}, 7, None, [], "x"]
    assert from_json(BASE, rows) == []
    (entry,) = from_json(BASE, [{"name": "a?b#c%2f.mkv", "type": "file", "url": "http://evil.example/"}] * 3)
    assert entry.url == f"{BASE}a%3Fb%23c%252f.mkv"


@pytest.mark.parametrize(
    "key", ["", "..", "../x", "/etc", "a/../b", "a//b", "a\\b", "a\nb", "x" * 201, "Season/1", "http://evil/"]
)
async def test_keys_lead_nowhere_else(tmp_path: Path, key: str) -> None:
    async with source(tmp_path, serves(SHELF), PROFILE) as (attic, site):
        for call in (attic.series(key), attic.links(episode(key, 1), Language("de"))):
            with pytest.raises(NotAtSourceError):
                await call
        assert site.requests == []


async def test_only_what_is_below_is_read(tmp_path: Path) -> None:
    async with host(serves(SHELF)) as elsewhere:
        for place in ("/", "/shelfish/", "/other/", f"{elsewhere.url}/shelf/"):
            async with source(tmp_path, redirect(place), PROFILE, also=(elsewhere,)) as (attic, site):
                site.handler = moved(place, site.handler)
                with pytest.raises(SourceChangedError, match="leads away from its folder"):
                    await attic.search("")
                assert not attic.owns(f"{site.url}/other/x.jpg")
                assert not attic.owns(f"{site.url}/shelf/../x.jpg")
                assert not attic.owns(f"{site.url}/shelf/%2e%2e/x.jpg")


def moved(place: str, leads: Handler) -> Handler:
    async def handler(request: Request, writer: asyncio.StreamWriter) -> None:
        await (leads if request.target == "/shelf/" else answer(shown(SHELF).encode()))(request, writer)

    return handler


# --- without an end -------------------------------------------------------------------------------------------------


async def test_a_folder_in_itself(tmp_path: Path) -> None:
    garden: Tree = {"A - 01.mkv": "", "Season 2": {"A - 02.mkv": ""}}
    garden["again"] = garden
    garden["Season 2"]["up"] = garden
    async with source(tmp_path, serves({"A": garden}), PROFILE) as (attic, site):
        series = await attic.series("A")
        assert [[found.episode for found in season.episodes] for season in series.seasons] == [[1], [2]]
        links = await attic.links(episode("A", 1), Language("und"))
        assert [link.url for link in links] == [f"{site.url}/shelf/A/A%20-%2001.mkv"]
        assert len(site.requests) < 12


async def test_folders_without_an_end(tmp_path: Path) -> None:
    """Every page shows three more folders, under names that are never the same."""
    count = 0

    def api(_: Request, path: str, __: Query) -> object:
        nonlocal count
        count += 1
        return [{"name": f"{count}-{number}", "type": "directory"} for number in range(3)]

    async with source(tmp_path, speaks(api), PROFILE) as (attic, site):
        series = await attic.series("1-0")
        assert series.seasons == ()
        assert len(site.requests) == 1 + 3 + 9 + 27

    def wide(_: Request, path: str, __: Query) -> object:
        return [{"name": f"{path.count('/')}-{number}", "type": "directory"} for number in range(20)]

    async with source(tmp_path, speaks(wide), PROFILE) as (attic, site):
        with pytest.raises(SourceChangedError, match=f"more than {index.MAX_PAGES} folders"):
            await attic.series("1-0")
        assert len(site.requests) <= index.MAX_PAGES


@pytest.mark.parametrize("json", [False, True])
async def test_too_many_names(tmp_path: Path, json: bool) -> None:
    tree = {f"{number}": "" for number in range(30_000)}
    async with source(tmp_path, serves(tree, json=json), PROFILE) as (attic, _):
        with pytest.raises(SourceChangedError, match="more than 10000 names|takes too long to read"):
            await attic.search("")


async def test_more_videos_than_a_series_has(tmp_path: Path) -> None:
    tree = {"A": {f"A - {number}.mkv": "" for number in range(5001)}}
    async with source(tmp_path, serves(tree, json=True), PROFILE) as (attic, _):
        with pytest.raises(SourceChangedError, match="more than 5000 videos"):
            await attic.series("A")


async def test_a_server_that_takes_its_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def slow(_: Request, __: asyncio.StreamWriter) -> None:
        await asyncio.sleep(60)

    monkeypatch.setattr(index, "SECONDS", 0.3)
    async with source(tmp_path, slow, PROFILE) as (attic, _):
        with pytest.raises(Unreachable, match="did not list its folders within"):
            await attic.series("A")


# --- outages and nonsense -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("handler", "error", "permanent"),
    [
        (answer(b"", "503 Later", Retry_After="12"), Unreachable, False),
        (answer(b"", "429 Slow", Retry_After="12"), Unreachable, False),
        (answer(b"", "403 Forbidden"), Unreachable, True),
        (answer(b"", "404 Not Found"), NotAtSourceError, True),
        (answer(b"<h1>Welcome</h1>", Content_Type="text/html"), SourceChangedError, True),
        (answer(b"\x00\xff" * 1000, Content_Type="video/mp4"), SourceChangedError, True),
        (answer(b'{"a": 1}', Content_Type="application/json"), SourceChangedError, True),
        (answer(b"[" * 100_000, Content_Type="application/json"), SourceChangedError, True),
        (answer(b"[]", Content_Type="application/json"), SourceChangedError, True),
        (answer(b"[" + b"{}," * 2_000_000 + b"{}]", Content_Type="application/json"), SourceChangedError, True),
        (answer(b"<b>" * 50_000, Content_Type="text/html"), SourceChangedError, True),
        (answer(b" " * (9 * 1024 * 1024)), SourceChangedError, True),
    ],
)
async def test_what_is_no_listing(tmp_path: Path, handler: Handler, error: type[CatalogError], permanent: bool) -> None:
    async with source(tmp_path, handler, PROFILE) as (attic, _):
        with pytest.raises(error) as caught:
            await attic.search("")
    assert caught.value.permanent is permanent
    assert caught.value.detail.startswith("The attic")
    if not permanent:
        assert caught.value.retry_after == 12


@pytest.mark.parametrize(("status", "fails"), [("403 Forbidden", False), ("404 Gone", False), ("503 Later", True)])
async def test_a_folder_that_cannot_be_read(tmp_path: Path, status: str, fails: bool) -> None:
    """One that is forbidden is left out; one that fails for now fails the series, or its episodes would be gone."""
    whole = serves(SHELF)

    async def handler(request: Request, writer: asyncio.StreamWriter) -> None:
        await (answer(b"", status) if "Specials" in request.target else whole)(request, writer)

    async with source(tmp_path, handler, PROFILE) as (attic, _):
        if fails:
            with pytest.raises(Unreachable):
                await attic.series("Clockwork Garden (2021)")
        else:
            series = await attic.series("Clockwork Garden (2021)")
            assert [season.season for season in series.seasons] == [1]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (PROFILE + 'password = "secret"', "has no username"),
        (PROFILE + 'username = "a:b"', "must be a name without a colon"),
        (PROFILE + "levels = 4", "levels"),
        (PROFILE.replace("{url}", "file:///etc"), "Only http and https"),
        (PROFILE.replace("{url}", "http://me:secret@attic.example"), "must not hold a user name"),
    ],
)
def test_wrong_profiles(tmp_path: Path, text: str, problem: str) -> None:
    path = tmp_path / "attic.toml"
    path.write_text(text.replace("{url}", "http://attic.example"))
    with pytest.raises(InvalidProfileError) as caught:
        profiles.load(path, {"index": IndexProfile})
    assert problem in caught.value.detail
    assert "secret" not in caught.value.detail


async def test_names_of_people_who_like_scripts(tmp_path: Path) -> None:
    name = "<img src=x onerror=alert(1)>"
    tree: Tree = {name: {"<script> - 01.mkv": "", "S01E99999999999999.mkv": "", "1e9.mkv": ""}}
    async with source(tmp_path, serves(tree), PROFILE) as (attic, _):
        (hit,) = await attic.search("img")
        assert hit.provider_key == name
        series = await attic.series(name)
    numbers = [found.episode for season in series.seasons for found in season.episodes]
    assert 1 in numbers
    assert max(numbers) <= 99_999
