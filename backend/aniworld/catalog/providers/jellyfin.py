"""A Jellyfin server on which one has an account or a key: its series, and the original files of their episodes.

Only what Jellyfin documents is used, in the form that servers since 10.8 take. The token travels in the header that is
meant for it and never in an address; a link carries it as a header for the server's own origin.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal, TypeVar
from urllib.parse import quote, urlencode

import msgspec
from msgspec import Meta

from aniworld import __version__
from aniworld.catalog import answers, languages
from aniworld.catalog.apis.jellyfin import ID, KEY, Item, Listing, LoggedIn, MediaSource, MediaStream, good
from aniworld.catalog.errors import CatalogError, NotAtSourceError, SourceChangedError, SourceUnreachableError, from_net
from aniworld.catalog.pages import text
from aniworld.catalog.pages.addresses import own
from aniworld.catalog.pages.shape import MAX_EPISODES, MAX_HITS
from aniworld.catalog.profile import LanguageTag, Profile, base_url_problems
from aniworld.catalog.tools import JSON, Tools, json_of
from aniworld.catalog.types import (
    Artwork,
    EpisodeInfo,
    EpisodeRef,
    Language,
    Link,
    SeasonInfo,
    SeriesHit,
    SeriesInfo,
    SeriesStatus,
    Subtitle,
)
from aniworld.kit.errors import FieldError
from aniworld.kit.net.errors import BadAnswerError, HttpStatusError, NetError
from aniworld.kit.net.guard import parse_url

log = logging.getLogger(__name__)

T = TypeVar("T")

PAGE_ITEMS = 200
"""Episodes that are asked for at a time."""
LOCKED_OUT_SECONDS = 900.0
"""How long a refused password is not tried again: servers lock accounts after a few attempts."""

_TICKS = 10_000_000
_MOST_IN_ONE = 50
_STATUS: dict[str, SeriesStatus] = {"Continuing": "ongoing", "Ended": "completed"}


class JellyfinProfile(Profile, frozen=True, kw_only=True):
    """Where the server is and who one is there: a key, or a name and a password."""

    base_url: Annotated[str, Meta(max_length=500)]
    api_key: Annotated[str, Meta(pattern=KEY, description="a key as the server shows it")] = ""
    username: Annotated[str, Meta(max_length=200)] = ""
    password: Annotated[str, Meta(max_length=200)] = ""
    language: LanguageTag = languages.UNKNOWN
    """Of an episode whose sound has no language."""
    kind: Literal["jellyfin"] = "jellyfin"

    def problems(self, adapters: frozenset[str] | None) -> Iterator[FieldError]:
        """No way to log in, or two."""
        yield from base_url_problems(self.base_url)
        if bool(self.api_key) == bool(self.username):
            yield FieldError(field="api_key", message="give either api_key, or username and password")
        if self.password and not self.username:
            yield FieldError(field="password", message="has no username")

    @property
    def secret(self) -> bool:
        """It holds a key or a password."""
        return True


@dataclass(frozen=True, slots=True)
class _Session:
    headers: dict[str, str]
    user: str = ""

    def __repr__(self) -> str:
        return "_Session()"


class JellyfinProvider:
    """A Jellyfin server. Keeps what it needs to stay logged in."""

    kind: ClassVar[str] = "jellyfin"
    profile: ClassVar[type[Profile]] = JellyfinProfile

    def __init__(self, profile: JellyfinProfile, tools: Tools) -> None:
        self._profile = profile
        self._client = tools.client
        self._pages = tools.pages.of(profile.name, profile.requests_per_second)
        self._base = profile.base_url.rstrip("/")
        self._hosts = (parse_url(profile.base_url)[1].entry,)
        self._logging_in = asyncio.Lock()
        self._session: _Session | None = None
        self._refused_until = 0.0
        if profile.api_key:
            self._session = _Session(self._headers(profile.api_key))

    @property
    def name(self) -> str:
        """The profile's name."""
        return self._profile.name

    @property
    def title(self) -> str:
        """The profile's title."""
        return self._profile.title

    def owns(self, url: str) -> bool:
        """Whether the address is on the server."""
        return own(url, self._hosts)

    async def search(self, query: str) -> list[SeriesHit]:
        """What the server finds; all series where nothing is asked for."""
        asked = {"includeItemTypes": "Series", "recursive": "true", "limit": str(MAX_HITS), "enableUserData": "false"}
        found = await self._items("/Items", asked | ({"searchTerm": query[:200]} if query.strip() else {}))
        return answers.hits(
            SeriesHit(
                provider_key=item.id,
                name=item.name or "",
                year=item.production_year,
                cover_url=self._picture(item, "Primary"),
            )
            for item in found
        )

    async def series(self, provider_key: str) -> SeriesInfo:
        """The series, its seasons and all their episodes."""
        _check_id(provider_key)
        fields = "Overview,Genres"
        found = await self._items("/Items", {"ids": provider_key, "includeItemTypes": "Series", "fields": fields})
        if not found:
            raise NotAtSourceError(f"{self.title} has no such series")
        about = found[0]
        backdrop = f"{self._base}/Items/{about.id}/Images/Backdrop/0" if about.backdrop_image_tags else None
        pictures = {kind.lower(): self._picture(about, kind) for kind in ("Logo", "Banner", "Thumb")}
        return answers.series(
            SeriesInfo(
                provider_key=provider_key,
                name=about.name or "",
                year=about.production_year,
                description=about.overview or "",
                genres=tuple(about.genres),
                status=_STATUS.get(about.status or "", "unknown"),
                site=f"{self._base}/web/#/details?id={about.id}",
                artwork=Artwork(poster=self._picture(about, "Primary"), fanart=backdrop, **pictures),
                seasons=await self._seasons(provider_key),
            ),
            self.title,
        )

    async def links(self, episode: EpisodeRef, language: Language) -> list[Link]:
        """The original file in that language, the largest where there are several versions."""
        _check_id(episode.provider_key)
        asked = {"season": str(episode.season), "fields": "MediaSources,CanDownload"}
        for item in await self._all(f"/Shows/{episode.provider_key}/Episodes", asked):
            if episode.episode in _numbers(item) and _season(item) == episode.season:
                if item.can_download is False:
                    raise SourceUnreachableError(f"{self.title}: this account may not download")
                return await self._files(item, language)
        raise NotAtSourceError(f"{self.title} does not have this episode")

    # --- what it has --------------------------------------------------------------------------------------------

    async def _seasons(self, key: str) -> tuple[SeasonInfo, ...]:
        named = {
            item.index_number: item.name or ""
            for item in await self._items(f"/Shows/{key}/Seasons", {})
            if item.index_number is not None
        }
        episodes: dict[int, list[EpisodeInfo]] = {number: [] for number in named}
        for item in await self._all(f"/Shows/{key}/Episodes", {"fields": "MediaSources,CanDownload"}):
            for number in _numbers(item):
                episodes.setdefault(_season(item), []).append(self._episode(item, number))
        return tuple(
            SeasonInfo(season=season, name=named.get(season, ""), episodes=tuple(found))
            for season, found in episodes.items()
        )

    def _episode(self, item: Item, number: int) -> EpisodeInfo:
        spoken = [tag for source in item.media_sources for tag in self._spoken(source)]
        there = item.location_type != "Virtual" and item.can_download is not False
        return EpisodeInfo(
            season=_season(item),
            episode=number,
            title=item.name or "",
            aired=text.date(item.premiere_date or "", ""),
            duration=item.run_time_ticks / _TICKS if item.run_time_ticks else None,
            languages=answers.languages(spoken) if there else (),
        )

    def _spoken(self, source: MediaSource) -> tuple[Language, ...]:
        tracks = source.media_streams
        sounds = [track.language for track in tracks if track.type == "Audio" and not track.is_external]
        texts = [track.language for track in tracks if _is_read(track)]
        return languages.spoken_and_read(sounds, texts) or (Language(self._profile.language),)

    async def _files(self, item: Item, language: Language) -> list[Link]:
        fitting = [
            source for source in item.media_sources if language in self._spoken(source) and ID.fullmatch(source.id)
        ]
        fitting.sort(key=lambda source: source.size or 0, reverse=True)
        session = await self._logged_in()
        return answers.links(
            [
                Link(
                    hoster=self.title,
                    kind="direct",
                    url=f"{self._base}/Items/{source.id}/Download",
                    language=language,
                    headers=session.headers,
                    subtitles=self._beside(item, source, session),
                )
                for source in fitting
            ]
        )

    def _beside(self, item: Item, source: MediaSource, session: _Session) -> tuple[Subtitle, ...]:
        """Subtitles that are not in the file; the server gives every text as WebVTT."""
        base = f"{self._base}/Videos/{item.id}/{source.id}/Subtitles"
        return tuple(
            Subtitle(
                url=f"{base}/{track.index}/Stream.vtt",
                format="vtt",
                language=languages.tag(track.language),
                headers=session.headers,
            )
            for track in source.media_streams
            if track.is_external and _is_read(track)
        )[:_MOST_IN_ONE]

    def _picture(self, item: Item, kind: str) -> str | None:
        tag = item.image_tags.get(kind)
        return None if tag is None else f"{self._base}/Items/{item.id}/Images/{kind}?tag={quote(tag[:100], safe='')}"

    # --- asking -------------------------------------------------------------------------------------------------

    async def _all(self, path: str, asked: dict[str, str]) -> list[Item]:
        """A list of episodes, page by page."""
        found: list[Item] = []
        for start in range(0, MAX_EPISODES + PAGE_ITEMS, PAGE_ITEMS):
            page = asked | {"startIndex": str(start), "limit": str(PAGE_ITEMS), "enableUserData": "false"}
            listing = await self._get(path, page, Listing)
            if len(listing.items) > PAGE_ITEMS:
                raise SourceChangedError(f"{self.title} answers with more episodes than were asked for")
            found += good(listing)
            if len(listing.items) < PAGE_ITEMS:
                return found
        raise SourceChangedError(f"{self.title} lists more than {MAX_EPISODES} episodes")

    async def _items(self, path: str, asked: dict[str, str]) -> list[Item]:
        found = await self._get(path, asked, Listing)
        return good(msgspec.structs.replace(found, items=found.items[: MAX_HITS * 2]))

    async def _get(self, path: str, asked: dict[str, str], type_: type[T]) -> T:
        """One request. A token that is not taken any more is replaced once, where there is a password."""
        for last in (False, True):
            session = await self._logged_in()
            query = urlencode(asked | ({"userId": session.user} if session.user else {}))
            try:
                answer = await self._pages.get(f"{self._base}{path}?{query}", headers=JSON | session.headers)
                return json_of(answer, type_, self.title)
            except HttpStatusError as error:
                if not self.owns(error.url):
                    raise self._moved(error.url) from error
                if error.http_status != 401:
                    raise from_net(error, self.title) from error
                if last or self._profile.api_key:
                    raise _refused(f"{self.title} does not take the key") from error
                if self._session is session:
                    self._session = None
            except NetError as error:
                raise from_net(error, self.title) from error
        raise AssertionError("the second attempt answers or raises")

    async def _logged_in(self) -> _Session:
        async with self._logging_in:
            if self._session is None:
                if time.monotonic() < self._refused_until:
                    raise _refused(f"{self.title} has refused the name or password and is not asked again for now")
                self._session = await self._log_in()
            return self._session

    async def _log_in(self) -> _Session:
        who = {"Username": self._profile.username, "Pw": self._profile.password}
        url = f"{self._base}/Users/AuthenticateByName"
        try:
            answer = await self._client.post_json(url, who, LoggedIn, headers=self._headers())
        except HttpStatusError as error:
            if 300 <= error.http_status < 400:
                raise self._moved("another address") from error
            if error.http_status in (400, 401, 403):
                self._refused_until = time.monotonic() + LOCKED_OUT_SECONDS
                raise _refused(f"{self.title} refuses the name or password") from error
            raise from_net(error, self.title) from error
        except BadAnswerError as error:
            raise SourceChangedError(f"{self.title} answers a login in an unexpected form") from error
        except NetError as error:
            raise from_net(error, self.title) from error
        if not ID.fullmatch(answer.user.id):
            raise SourceChangedError(f"{self.title} answers a login in an unexpected form")
        log.info("Logged in at %s", self.name)
        return _Session(self._headers(answer.access_token), answer.user.id)

    def _moved(self, to: str) -> CatalogError:
        return SourceChangedError(f"{self.title} now answers at {to[:200]}: put that into its profile")

    def _headers(self, token: str = "") -> dict[str, str]:
        """Who asks. One device for each profile and machine: a login ends those before it on the same device."""
        machine = f"{socket.gethostname()} {self.name} {self._profile.username}"
        device = hashlib.sha256(machine.encode()).hexdigest()[:32]
        said = {"Client": "Aniworld", "Device": "Aniworld", "DeviceId": device, "Version": __version__}
        if token:
            said["Token"] = token
        return {"Authorization": "MediaBrowser " + ", ".join(f'{key}="{value}"' for key, value in said.items())}


def _is_read(track: MediaStream) -> bool:
    """Whether they are subtitles of everything that is said, and can be had."""
    there = not track.is_external or (track.is_text_subtitle_stream and track.index is not None)
    return track.type == "Subtitle" and not track.is_forced and there


def _season(item: Item) -> int:
    return item.parent_index_number if item.parent_index_number is not None else 1


def _numbers(item: Item) -> range:
    """The numbers of an episode: one, or several where a file holds more."""
    first = item.index_number
    if first is None or not 0 <= first <= text.MAX_NUMBER:
        return range(0)
    last = item.index_number_end if item.index_number_end is not None else first
    return range(first, min(max(first, last), first + _MOST_IN_ONE - 1) + 1)


def _check_id(key: str) -> None:
    if not ID.fullmatch(key):
        raise NotAtSourceError("That is no series of this source")


def _refused(detail: str) -> CatalogError:
    error = SourceUnreachableError(detail)
    error.permanent = True
    return error
