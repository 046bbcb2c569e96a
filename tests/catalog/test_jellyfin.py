"""A Jellyfin server that speaks the documented API and knows who may ask."""

from __future__ import annotations

import asyncio
import json
import logging
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from aniworld.catalog import profile as profiles
from aniworld.catalog.errors import CatalogError, InvalidProfileError, NotAtSourceError, SourceChangedError
from aniworld.catalog.errors import SourceUnreachableError as Unreachable
from aniworld.catalog.hosters.direct import DirectHoster
from aniworld.catalog.pages.reader import Reader
from aniworld.catalog.providers import jellyfin
from aniworld.catalog.providers.jellyfin import JellyfinProfile
from aniworld.catalog.tools import Tools
from aniworld.catalog.types import EpisodeRef, Language, SeriesHit
from tests.catalog.api_host import Query, source, speaks
from tests.kit.net_host import Handler, Request, answer, client, host, redirect

KEY = "0123456789abcdef0123456789abcdef"
PASSWORD = "correct horse"
BASE = 'kind = "jellyfin"\nname = "den"\ntitle = "The den"\nbase_url = "{url}/media"\n'
WITH_KEY = f'{BASE}api_key = "{KEY}"\n'
WITH_PASSWORD = f'{BASE}username = "me"\npassword = "{PASSWORD}"\n'
GARDEN, USER = "a" * 32, "b" * 32


def file(number: int, audio: list[str], subtitles: list[str], size: int = 1000) -> dict[str, Any]:
    tracks: list[dict[str, Any]] = [{"Type": "Video", "Codec": "h264"}]
    tracks += [{"Type": "Audio", "Language": language, "IsForced": False} for language in audio]
    tracks += [{"Type": "Subtitle", "Language": language, "IsForced": False} for language in subtitles]
    return {"Id": f"{number:032x}", "Size": size, "Container": "mkv", "MediaStreams": tracks}


def episode(season: int | None, number: int | None, *sources: dict[str, Any], **more: Any) -> dict[str, Any]:
    about = {"Id": f"{season or 0:016x}{number or 0:016x}", "Name": f"Part {number}", "Type": "Episode"}
    placed = {"ParentIndexNumber": season, "IndexNumber": number, "LocationType": "FileSystem", "CanDownload": True}
    return about | placed | {"MediaSources": list(sources)} | more


def track(kind: str, language: str, index: int | None, *, text: bool = True, forced: bool = False) -> dict[str, Any]:
    """A track in a file of its own."""
    told = {"Type": kind, "Language": language, "Index": index, "IsForced": forced}
    return told | {"IsExternal": True, "IsTextSubtitleStream": text}


BESIDE = [
    {"Type": "Audio", "Language": "jpn"},
    track("Subtitle", "ger", 3),
    track("Subtitle", "fre", 4, text=False),
    track("Subtitle", "spa", 5, forced=True),
    track("Subtitle", "ita", None),
    track("Audio", "eng", 6),
]
EPISODES = [
    episode(
        1, 1, file(1, ["jpn"], ["ger", "eng", "jpn"]), file(2, ["deu", "jpn"], [], 3000),
        PremiereDate="2021-04-09T00:00:00.0000000Z",
    ),
    episode(1, 2, file(3, [], []), RunTimeTicks=14_210_000_000, IndexNumberEnd=3),
    episode(1, 4, PremiereDate="2099-01-01T00:00:00.0000000Z", LocationType="Virtual"),
    episode(1, 5, file(4, ["jpn"], []), CanDownload=False),
    episode(0, 1, file(5, ["jpn"], ["ger"])),
    episode(0, 2, file(8, ["jpn"], ["ger"]) | {"MediaStreams": BESIDE}),
    episode(None, 6, file(6, ["jpn"], [])),
    episode(1, None, file(7, ["jpn"], [])),
]  # fmt: skip
SERIES = {
    "Id": GARDEN,
    "Name": "Clockwork Garden",
    "Type": "Series",
    "ProductionYear": 2021,
    "Overview": "It ticks.\n\nIt grows.",
    "Genres": ["Mystery", "Garden"],
    "Status": "Ended",
    "ImageTags": {"Primary": "abc", "Logo": 'x" y'},
    "BackdropImageTags": ["def"],
}


@dataclass
class Den:
    """The server. ``episodes`` and ``token`` may change under way."""

    episodes: list[Any] = field(default_factory=lambda: list(EPISODES))
    token: str = "first-token"
    logins: int = 0

    def __call__(self, request: Request, path: str, query: Query) -> object:
        said = request.headers.get("authorization", "")
        if not (path.startswith("/media/") and said.startswith('MediaBrowser Client="Aniworld", Device=')):
            return answer(b"", "400 Bad Request")
        path = path.removeprefix("/media")
        if path == "/Users/AuthenticateByName":
            return self.log_in(request, said)
        if f'Token="{KEY}"' not in said and (f'Token="{self.token}"' not in said or query.get("userId") != USER):
            return answer(b"", "401 Unauthorized")
        return self.answer(path, query)

    def log_in(self, request: Request, said: str) -> object:
        assert request.method == "POST"
        assert "Token" not in said
        self.logins += 1
        if json.loads(request.body) != {"Username": "me", "Pw": PASSWORD}:
            return answer(b"", "401 Unauthorized")
        return {"User": {"Id": USER, "Name": "me"}, "AccessToken": self.token, "ServerId": "c" * 32}

    def answer(self, path: str, query: Query) -> object:
        match path.split("/"):
            case ["", "Items"] if "ids" in query:
                return listing([SERIES] if query["ids"] == GARDEN else [])
            case ["", "Items"]:
                assert (query["includeItemTypes"], query["recursive"]) == ("Series", "true")
                odd = [{"Id": "../../x", "Name": "Above"}, {"Id": "d" * 32, "Name": 7}, 5, {"Name": "None"}]
                found = [SERIES, SERIES, *odd]
                return listing(found if query.get("searchTerm", "garden") == "garden" else [])
            case ["", "Shows", key, "Seasons"] if key == GARDEN:
                named = ((1, "Staffel 1"), (0, "Specials"))
                return listing(
                    [{"Id": f"{number:032x}", "Name": name, "IndexNumber": number} for number, name in named]
                )
            case ["", "Shows", key, "Episodes"] if key == GARDEN:
                start, limit = int(query.get("startIndex", 0)), int(query.get("limit", 10**6))
                fitting = [item for item in self.episodes if "season" not in query or fits(item, int(query["season"]))]
                return {"Items": fitting[start : start + limit], "TotalRecordCount": len(fitting), "StartIndex": start}
        return None


def fits(item: Any, season: int) -> bool:
    return not isinstance(item, dict) or item.get("ParentIndexNumber") in (season, None)


def listing(items: list[Any]) -> dict[str, Any]:
    return {"Items": items, "TotalRecordCount": len(items), "StartIndex": 0}


def ref(number: int, season: int = 1, key: str = GARDEN) -> EpisodeRef:
    return EpisodeRef(provider_key=key, season=season, episode=number)


def tags(*found: str) -> tuple[Language, ...]:
    return tuple(Language(tag) for tag in found)


# --- what it has ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("profile", [WITH_KEY, WITH_PASSWORD])
async def test_search(tmp_path: Path, profile: str) -> None:
    async with source(tmp_path, speaks(Den()), profile) as (den, site):
        picture = f"{site.url}/media/Items/{GARDEN}/Images/Primary?tag=abc"
        hit = SeriesHit(provider_key=GARDEN, name="Clockwork Garden", year=2021, cover_url=picture)
        assert await den.search("garden") == [hit]
        assert await den.search(" ") == [hit]
        assert await den.search("x&y=z") == []
        assert den.owns(picture)
        assert not den.owns("http://10.0.0.1/Items")


async def test_series(tmp_path: Path) -> None:
    async with source(tmp_path, speaks(Den()), WITH_PASSWORD) as (den, site):
        series = await den.series(GARDEN)
    base = f"{site.url}/media"
    assert (series.name, series.year, series.status) == ("Clockwork Garden", 2021, "completed")
    assert series.description == "It ticks.\n\nIt grows."
    assert series.genres == ("Mystery", "Garden")
    assert series.site == f"{base}/web/#/details?id={GARDEN}"
    assert series.artwork.poster == f"{base}/Items/{GARDEN}/Images/Primary?tag=abc"
    assert series.artwork.logo == f"{base}/Items/{GARDEN}/Images/Logo?tag=x%22%20y"
    assert series.artwork.fanart == f"{base}/Items/{GARDEN}/Images/Backdrop/0"
    assert series.artwork.banner is None
    regular, specials = series.seasons
    assert (regular.season, regular.name, specials.season, specials.name) == (1, "Staffel 1", 0, "Specials")
    assert [(found.episode, found.languages) for found in regular.episodes] == [
        (1, tags("ja", "ja+de", "ja+en", "de")),
        (2, tags("und")),
        (3, tags("und")),
        (4, ()),
        (5, ()),
        (6, tags("ja")),
    ]
    assert str(regular.episodes[0].aired) == "2021-04-09"
    assert regular.episodes[1].duration == 1421
    assert str(regular.episodes[3].aired) == "2099-01-01"
    both = tags("ja", "ja+de")
    assert [(found.episode, found.languages) for found in specials.episodes] == [(1, both), (2, both)]


async def test_many_episodes_come_page_by_page(tmp_path: Path) -> None:
    server = Den([episode(1, number, file(number, ["jpn"], [])) for number in range(1, 1001)])
    async with source(tmp_path, speaks(server), WITH_KEY) as (den, site):
        (season, _) = (await den.series(GARDEN)).seasons
        assert [found.episode for found in season.episodes] == list(range(1, 1001))
        assert sum("startIndex" in request.target for request in site.requests) == 6


async def test_links_lead_to_the_original_file(tmp_path: Path) -> None:
    async with source(tmp_path, speaks(Den()), WITH_KEY + 'language = "ja+de"') as (den, site):
        (german,) = await den.links(ref(1), Language("de"))
        assert german.url == f"{site.url}/media/Items/{2:032x}/Download"
        both = await den.links(ref(1), Language("ja"))
        assert [link.url[-10:] for link in both] == ["2/Download", "1/Download"]  # the larger one first
        assert (both[0].hoster, both[0].kind) == ("The den", "direct")
        assert await den.links(ref(1), Language("fr")) == []
        assert len(await den.links(ref(3), Language("ja+de"))) == 1
        assert await den.links(ref(4), Language("ja")) == []
        assert len(await den.links(ref(1, 0), Language("ja+de"))) == 1
        for missing in (ref(99), ref(1, 9), ref(1, key="d" * 32)):
            with pytest.raises(NotAtSourceError):
                await den.links(missing, Language("ja"))
        with pytest.raises(Unreachable, match="this account may not download") as caught:
            await den.links(ref(5), Language("ja"))
        assert not caught.value.permanent  # an administrator may allow it


async def test_subtitles_beside_the_file_come_with_the_link(tmp_path: Path) -> None:
    async with source(tmp_path, speaks(Den()), WITH_KEY) as (den, site):
        (link,) = await den.links(ref(2, 0), Language("ja+de"))
        (subtitles,) = link.subtitles
        item, version = f"{0:016x}{2:016x}", f"{8:032x}"
        assert subtitles.url == f"{site.url}/media/Videos/{item}/{version}/Subtitles/3/Stream.vtt"
        assert (subtitles.format, subtitles.language, subtitles.headers) == ("vtt", "de", link.headers)
        (link,) = await den.links(ref(1, 0), Language("ja+de"))
        assert link.subtitles == ()


@pytest.mark.parametrize("key", ["", "x", "../Users", "a" * 33, "a" * 31 + "/", "g" * 32])
async def test_keys_lead_nowhere_else(tmp_path: Path, key: str) -> None:
    async with source(tmp_path, speaks(Den()), WITH_KEY) as (den, site):
        for call in (den.series(key), den.links(ref(1, key=key), Language("ja"))):
            with pytest.raises(NotAtSourceError):
                await call
        assert site.requests == []


async def test_a_series_that_is_gone(tmp_path: Path) -> None:
    async with source(tmp_path, speaks(Den()), WITH_KEY) as (den, _):
        with pytest.raises(NotAtSourceError, match="has no such series"):
            await den.series("d" * 32)


# --- who asks -------------------------------------------------------------------------------------------------------


async def test_one_login_for_all_requests(tmp_path: Path) -> None:
    server = Den()
    async with source(tmp_path, speaks(server), WITH_PASSWORD) as (den, _):
        await asyncio.gather(*(den.search("garden") for _ in range(8)))
        assert server.logins == 1
        server.token = "second-token"  # somebody has ended the session at the server
        assert len(await den.search("garden")) == 1
        assert server.logins == 2


async def test_a_wrong_password_is_not_tried_until_the_account_is_locked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = Den()
    async with source(tmp_path, speaks(server), WITH_PASSWORD.replace("horse", "donkey")) as (den, _):
        for reason in ("refuses the name or password", "is not asked again", "is not asked again"):
            with pytest.raises(Unreachable, match=reason) as caught:
                await den.search("garden")
            assert caught.value.permanent
        assert server.logins == 1
        monkeypatch.setattr(jellyfin, "LOCKED_OUT_SECONDS", 0)
        assert isinstance(den, jellyfin.JellyfinProvider)
        den._refused_until = 0
        with pytest.raises(Unreachable, match="refuses"):
            await den.search("garden")
        assert server.logins == 2


async def test_a_key_that_is_not_taken(tmp_path: Path) -> None:
    async with source(tmp_path, speaks(Den()), WITH_KEY.replace(KEY, "another-key")) as (den, site):
        with pytest.raises(Unreachable, match="does not take the key") as caught:
            await den.search("garden")
        assert caught.value.permanent
        assert len(site.requests) == 1


async def test_a_server_that_takes_no_token_it_gave(tmp_path: Path) -> None:
    server = Den()

    def api(request: Request, path: str, query: Query) -> object:
        server.token = f"token-{server.logins}-that-changes"
        return server(request, path, query)

    async with source(tmp_path, speaks(api), WITH_PASSWORD) as (den, _):
        with pytest.raises(Unreachable, match="does not take the key"):
            await den.search("garden")
    assert server.logins == 2


async def test_secrets_stay_at_home(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Neither password nor token is in an address, a log, an error or what can be printed."""
    caplog.set_level(logging.DEBUG)
    texts: list[str] = []
    async with source(tmp_path, speaks(Den()), WITH_PASSWORD) as (den, site):
        (link, _) = await den.links(ref(1), Language("ja"))
        texts += [repr(link), str(link), repr(den), repr(await den.series(GARDEN))]
        assert isinstance(den, jellyfin.JellyfinProvider)
        texts += [repr(den._session), repr(den._profile)]
        assert link.headers["Authorization"].endswith('Token="first-token"')
        targets = [request.target for request in site.requests]
        for number in (99, 5):
            with pytest.raises(CatalogError) as caught:
                await den.links(ref(number), Language("ja"))
            texts += [repr(caught.value), caught.value.detail]
    for text in (*texts, *targets, caplog.text):
        assert "first-token" not in text
        assert PASSWORD not in text
        assert "correct" not in text


async def test_a_download_sends_the_token_to_its_own_server_only(tmp_path: Path) -> None:
    here = answer(b"x", "206 Partial", Content_Range="bytes 0-0/1000", Content_Type="video/x-matroska")
    leads_away: list[str] = []

    def api(request: Request, path: str, query: Query) -> object:
        if path.endswith("/Download"):
            return redirect(leads_away[0]) if leads_away else here
        return Den()(request, path, query)

    async with host(here) as elsewhere, source(tmp_path, speaks(api), WITH_KEY) as (den, site):
        (link,) = await den.links(ref(1), Language("de"))
        async with client(site, elsewhere) as http:
            stream = await DirectHoster(Tools(http, Reader())).resolve(link)
            assert (stream.size, stream.headers) == (1000, link.headers)
            assert KEY in site.requests[-1].headers["authorization"]
            assert KEY not in repr(stream)
            leads_away.append(f"{elsewhere.url}/file")
            stream = await DirectHoster(Tools(http, Reader())).resolve(link)
            assert (stream.url, stream.headers) == (f"{elsewhere.url}/file", {})
            assert "authorization" not in elsewhere.requests[-1].headers


async def test_a_server_that_has_moved_gets_no_password(tmp_path: Path) -> None:
    async with host(speaks(Den())) as new:
        for profile in (WITH_PASSWORD, WITH_KEY):
            moved = redirect(f"{new.url}/media/Items", 307)
            async with source(tmp_path, moved, profile, also=(new,)) as (den, _):
                with pytest.raises(SourceChangedError, match="now answers at"):
                    await den.search("garden")
        assert all("authorization" not in request.headers and not request.body for request in new.requests)


# --- the profile ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (BASE, "give either api_key, or username and password"),
        (f'{WITH_KEY}username = "me"', "give either api_key, or username and password"),
        (f'{WITH_KEY}password = "{PASSWORD}"', "has no username"),
        (f'{BASE}api_key = "se cret"', "api_key"),
        (WITH_KEY.replace("{url}", "http://me:secret@den.example"), "must not hold a user name or password"),
        (WITH_KEY.replace("{url}", "ftp://den.example"), "Only http and https"),
        (WITH_KEY.replace("/media", "/media?x=1"), "must end with the path"),
    ],
)
def test_wrong_profiles(tmp_path: Path, text: str, problem: str) -> None:
    path = tmp_path / "den.toml"
    path.write_text(text.replace("{url}", "http://den.example"))
    with pytest.raises(InvalidProfileError) as caught:
        profiles.load(path, {"jellyfin": JellyfinProfile})
    assert problem in caught.value.detail
    for secret in (KEY, PASSWORD, "se cret", "secret@"):
        assert secret not in caught.value.detail


def test_a_file_that_others_can_read_is_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "den.toml"
    path.write_text(WITH_KEY.replace("{url}", "http://den.example"))
    path.chmod(0o600)
    profiles.load(path, {"jellyfin": JellyfinProfile})
    assert caplog.text == ""
    path.chmod(0o640)
    profiles.load(path, {"jellyfin": JellyfinProfile})
    assert "den.toml holds a password or key and others can read it" in caplog.text


# --- outages and nonsense -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("profile", [WITH_KEY, WITH_PASSWORD])
@pytest.mark.parametrize(
    ("handler", "error", "permanent"),
    [
        (answer(b"", "503 Starting", Retry_After="45"), Unreachable, False),
        (answer(b"", "429 Slow", Retry_After="45"), Unreachable, False),
        (answer(b"", "500 Oh"), Unreachable, False),
        (answer(b"", "404 Not Found"), NotAtSourceError, True),
        (answer(b"null", Content_Type="application/json"), SourceChangedError, True),
        (answer(b'{"Items": 5, "User": 7, "AccessToken": []}'), SourceChangedError, True),
        (answer(b'{"User": {"Id": "x"}, "AccessToken": "a\\r\\nX: y-123456", "Items": {}}'), SourceChangedError, True),
        (answer(b'{"User": {"Id": "../.."}, "AccessToken": "abcdefgh", "Items": ""}'), SourceChangedError, True),
        (answer(b"{" * 50_000), SourceChangedError, True),
        (answer(b'{"Items": [' + b"[]," * 2_000_000 + b"[]]}"), SourceChangedError, True),
        (answer(b" " * (9 * 1024 * 1024)), SourceChangedError, True),
    ],
)
async def test_what_is_no_answer(
    tmp_path: Path, profile: str, handler: Handler, error: type[CatalogError], permanent: bool
) -> None:
    async with source(tmp_path, handler, profile) as (den, _):
        with pytest.raises(error) as caught:
            await den.search("garden")
    assert caught.value.permanent is permanent
    assert caught.value.detail.startswith("The den")


async def test_more_episodes_than_can_be(tmp_path: Path) -> None:
    async with source(tmp_path, speaks(Den([{}] * 6000)), WITH_KEY) as (den, site):
        with pytest.raises(SourceChangedError, match="more than 5000 episodes"):
            await den.series(GARDEN)
        assert len(site.requests) < 40

    def endless(request: Request, path: str, query: Query) -> object:
        if path.endswith("/Episodes"):
            return listing([episode(1, 1)] * 1000)
        return Den()(request, path, query)

    async with source(tmp_path, speaks(endless), WITH_KEY) as (den, _):
        with pytest.raises(SourceChangedError, match="more episodes than were asked for"):
            await den.series(GARDEN)


async def test_hostile_episodes(tmp_path: Path) -> None:
    codes = [f"{a}{b}" for a in "abcdefghij" for b in "abcdefghij"]
    odd: list[Any] = [
        None,
        "x",
        [],
        {"Id": 5},
        episode(1, 10**30, file(1, ["jpn"], [])),
        episode(1, -1),
        episode(10**9, 1),
        episode(1, 1, Name={"a": 1}),
        episode(1, 2, file(1, ["<b>", "..", "x" * 5000, "jpn-Jpan-JP-x"], ["\u202e"] * 500), Name="<b>\u202e\x00 B"),
        episode(1, 3, file(1, [f"{code}c" for code in codes], [f"{code}d" for code in codes])),
        episode(1, 4, {"Id": "../../System/Shutdown", "MediaStreams": []}),
        episode(1, 5, IndexNumberEnd=10**9, RunTimeTicks=10**18, PremiereDate="0001-01-01T00:00:00Z"),
    ]  # fmt: skip
    async with source(tmp_path, speaks(Den(odd)), WITH_KEY) as (den, _):
        (season, _) = (await den.series(GARDEN)).seasons
        assert [found.episode for found in season.episodes] == [2, 3, *range(4, 55)]
        second, third, _, fifth = season.episodes[:4]
        assert (second.title, second.languages) == ("<b> B", tags("ja"))
        assert len(third.languages) == 50
        assert (fifth.duration, fifth.aired) == (None, None)
        assert await den.links(ref(4), Language("und")) == []
