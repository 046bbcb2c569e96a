"""A catalogue that is one JSON file: ``{"series": [{"key", "name", "year", "episodes": [...]}]}``."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, ClassVar, Literal

import msgspec

from aniworld.catalog.errors import NotAtSourceError, SourceChangedError, from_net
from aniworld.catalog.profile import Profile
from aniworld.catalog.tools import Tools
from aniworld.catalog.types import EpisodeInfo, EpisodeRef, Language, Link, SeasonInfo, SeriesHit, SeriesInfo
from aniworld.kit.net.errors import NetError
from aniworld.kit.net.guard import parse_url


class ExampleProfile(Profile, frozen=True, kw_only=True):
    """What the user writes into ``providers/<any name>.toml``. Keys that are not here are refused."""

    base_url: Annotated[str, msgspec.Meta(max_length=500)]
    kind: Literal["example"] = "example"


class Episode(msgspec.Struct):
    """What the other side says. Give every field the limits that make sense: the answer is not yours."""

    season: Annotated[int, msgspec.Meta(ge=0, le=99_999)]
    episode: Annotated[int, msgspec.Meta(ge=0, le=99_999)]
    tickets: dict[str, str]
    """Language → the address of a ticket."""
    title: str = ""
    aired: dt.date | None = None


class Series(msgspec.Struct):
    """One series of the catalogue."""

    key: str
    name: str
    year: int | None = None
    episodes: list[Episode] = []


class Catalogue(msgspec.Struct):
    """The whole file."""

    series: list[Series]


class ExampleProvider:
    """Holds no state but what it was made with; may be called several times at once."""

    api: ClassVar[int] = 1
    kind: ClassVar[str] = "example"
    profile: ClassVar[type[Profile]] = ExampleProfile

    def __init__(self, profile: ExampleProfile, tools: Tools) -> None:
        self._profile = profile
        # The way out: it checks addresses, sizes and times, asks politely and nothing twice. Open no connection of
        # your own; tools.client is for what is no page.
        self._pages = tools.pages.of(profile.name, profile.requests_per_second)
        self._host = parse_url(profile.base_url)[1].entry

    @property
    def name(self) -> str:
        """Stored with every series that comes from here."""
        return self._profile.name

    @property
    def title(self) -> str:
        """For people."""
        return self._profile.title

    def owns(self, url: str) -> bool:
        """Whether a picture may be fetched from there."""
        return parse_url(url)[1].entry == self._host

    async def search(self, query: str) -> list[SeriesHit]:
        """Every series with the query in its name."""
        found = [series for series in await self._catalogue() if query.casefold() in series.name.casefold()]
        return [SeriesHit(provider_key=series.key, name=series.name, year=series.year) for series in found]

    async def series(self, provider_key: str) -> SeriesInfo:
        """The series with its seasons and episodes."""
        series = await self._series(provider_key)
        seasons: dict[int, list[EpisodeInfo]] = {}
        for episode in series.episodes:
            seasons.setdefault(episode.season, []).append(
                EpisodeInfo(
                    season=episode.season,
                    episode=episode.episode,
                    title=episode.title,
                    aired=episode.aired,
                    languages=tuple(Language(tag) for tag in episode.tickets),
                )
            )
        return SeriesInfo(
            provider_key=provider_key,
            name=series.name,
            year=series.year,
            seasons=tuple(SeasonInfo(season=season, episodes=tuple(found)) for season, found in seasons.items()),
        )

    async def links(self, episode: EpisodeRef, language: Language) -> list[Link]:
        """One ticket, or none when the episode is not there in that language."""
        series = await self._series(episode.provider_key)
        return [
            Link(hoster=self.title, kind="example-ticket", url=found.tickets[language], language=language)
            for found in series.episodes
            if (found.season, found.episode) == (episode.season, episode.episode) and language in found.tickets
        ]

    async def _series(self, key: str) -> Series:
        for series in await self._catalogue():
            if series.key == key:
                return series
        raise NotAtSourceError(f"{self.title} has no such series")

    async def _catalogue(self) -> list[Series]:
        url = self._profile.base_url.rstrip("/") + "/catalogue.json"
        try:
            answer = await self._pages.get(url)
            return answer.json(Catalogue).series
        except NetError as error:
            raise from_net(error, self.title) from error
        except msgspec.MsgspecError as error:
            raise SourceChangedError(f"{self.title} answers in another form: {error}") from error
