"""Playlists, channels and series pages of anything that yt-dlp knows: a series is one list, or one for each season."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Annotated, ClassVar, Literal
from urllib.parse import urlsplit

from msgspec import Meta

from aniworld.catalog import answers, languages
from aniworld.catalog.errors import NotAtSourceError
from aniworld.catalog.extraction import episodes
from aniworld.catalog.pages.addresses import own
from aniworld.catalog.profile import LanguageTag, Profile, Word
from aniworld.catalog.tools import Tools
from aniworld.catalog.types import EpisodeRef, Language, Link, SeriesHit, SeriesInfo
from aniworld.kit.errors import FieldError
from aniworld.kit.net.errors import AddressRefusedError
from aniworld.kit.net.guard import parse_url
from aniworld.kit.schema import Input

KEPT_SECONDS = 600.0
"""How long a list that was read serves to find the links of its episodes."""
_KEY = r"^[a-z0-9][a-z0-9_-]{0,63}$"


class VideoList(Input, frozen=True):
    """The address of a list."""

    url: Annotated[str, Meta(min_length=1, max_length=2000)]
    season: Annotated[int, Meta(ge=0, le=999)] | None = None
    """What all of it is; left out: as each entry says, else 1."""


class ListedSeries(Input, frozen=True):
    """A series and where its videos are listed."""

    name: Word
    lists: Annotated[tuple[VideoList, ...], Meta(min_length=1, max_length=100)]
    year: Annotated[int, Meta(ge=1900, le=2100)] | None = None
    language: LanguageTag | None = None
    """Of its videos; left out: the profile's."""


class YtdlpProfile(Profile, frozen=True, kw_only=True):
    """The series that the user has put together."""

    series: Annotated[dict[Annotated[str, Meta(pattern=_KEY)], ListedSeries], Meta(min_length=1, max_length=500)]
    language: LanguageTag = languages.UNKNOWN
    """Of a video whose title does not tell."""
    kind: Literal["ytdlp"] = "ytdlp"

    def problems(self, adapters: frozenset[str] | None) -> Iterator[FieldError]:
        """Addresses that are none."""
        for key, series in self.series.items():
            for found in series.lists:
                try:
                    parse_url(found.url)
                except AddressRefusedError as error:
                    yield FieldError(field=f"series.{key}", message=f"{found.url[:200]}: {error.detail}")


@dataclass(slots=True)
class _Kept:
    """What was read last of a series."""

    reading: asyncio.Lock = field(default_factory=asyncio.Lock)
    found: episodes.Episodes | None = None
    until: float = 0.0


class YtdlpProvider:
    """Lists of videos. Beside its tools it holds what it read last of each series, for a few minutes."""

    kind: ClassVar[str] = "ytdlp"
    profile: ClassVar[type[Profile]] = YtdlpProfile

    def __init__(self, profile: YtdlpProfile, tools: Tools) -> None:
        self._profile = profile
        self._extractor = tools.extractor
        self._hosts = {parse_url(found.url)[1].entry for series in profile.series.values() for found in series.lists}
        self._kept = {key: _Kept() for key in profile.series}

    @property
    def name(self) -> str:
        """The profile's name."""
        return self._profile.name

    @property
    def title(self) -> str:
        """The profile's title."""
        return self._profile.title

    def owns(self, url: str) -> bool:
        """Whether the address is on the host of one of the lists."""
        return own(url, self._hosts)

    async def search(self, query: str) -> list[SeriesHit]:
        """The series of the profile whose names hold all words; asks nobody."""
        words = query.casefold().split()
        return answers.hits(
            SeriesHit(provider_key=key, name=series.name, year=series.year)
            for key, series in self._profile.series.items()
            if all(word in series.name.casefold() for word in words)
        )

    async def series(self, provider_key: str) -> SeriesInfo:
        """The series' lists, read anew."""
        series, kept = self._of(provider_key)
        async with kept.reading:
            found = await self._read(series, kept)
        return answers.series(
            SeriesInfo(
                provider_key=provider_key,
                name=series.name,
                year=series.year,
                site=series.lists[0].url,
                seasons=episodes.seasons(found),
            ),
            self.title,
        )

    async def links(self, episode: EpisodeRef, language: Language) -> list[Link]:
        """The pages of the episode's videos in that language."""
        series, kept = self._of(episode.provider_key)
        async with kept.reading:
            found = kept.found
            if found is None or time.monotonic() >= kept.until:
                found = await self._read(series, kept)
        return answers.links(
            [
                Link(
                    hoster=urlsplit(video.entry.url).hostname or self.title,
                    kind="ytdlp",
                    url=video.entry.url,
                    language=language,
                )
                for video in found.get((episode.season, episode.episode), ())
                if language in video.languages
            ]
        )

    def _of(self, key: str) -> tuple[ListedSeries, _Kept]:
        if key not in self._kept:
            raise NotAtSourceError("That is no series of this source")
        return self._profile.series[key], self._kept[key]

    async def _read(self, series: ListedSeries, kept: _Kept) -> episodes.Episodes:
        lists = [(found.season, (await self._extractor.list(found.url, self.title)).entries) for found in series.lists]
        language = series.language or self._profile.language
        found = await asyncio.to_thread(episodes.arrange, series.name, lists, language)
        kept.found, kept.until = found, time.monotonic() + KEPT_SECONDS
        return found
