"""What a source tells about series, episodes, links and streams. Knows no database and none of our ids."""

from __future__ import annotations

import datetime as dt
from typing import Literal, NewType

import msgspec

from aniworld.kit.schema import Schema

Language = NewType("Language", str)
"""``audio[+subtitles]`` in BCP 47: ``de``, ``ja+de``, ``ja+en``."""

SeriesStatus = Literal["ongoing", "completed", "unknown"]


class SeriesHit(Schema, frozen=True):
    """One answer to a search."""

    provider_key: str
    """The series' name at the source, opaque to everyone else."""
    name: str
    year: int | None = None
    cover_url: str | None = None


class Artwork(Schema, frozen=True):
    """Addresses of pictures at the source."""

    poster: str | None = None
    fanart: str | None = None
    logo: str | None = None
    banner: str | None = None
    thumb: str | None = None


class EpisodeInfo(Schema, frozen=True):
    """An episode as the source lists it."""

    season: int
    """0 holds the specials."""
    episode: int
    title: str = ""
    absolute: int | None = None
    aired: dt.date | None = None
    """A date in the future: announced, not out."""
    duration: float | None = None
    """Seconds, where the source tells."""
    languages: tuple[Language, ...] = ()
    """What can be had now; empty: nothing yet."""


class SeasonInfo(Schema, frozen=True):
    """A season and its episodes, in order."""

    season: int
    name: str = ""
    episodes: tuple[EpisodeInfo, ...] = ()


class SeriesInfo(Schema, frozen=True):
    """Everything a source tells about one series."""

    provider_key: str
    name: str
    year: int | None = None
    description: str = ""
    genres: tuple[str, ...] = ()
    status: SeriesStatus = "unknown"
    site: str = ""
    """Address of the series' page, for a person to open."""
    artwork: Artwork = msgspec.field(default_factory=Artwork)
    seasons: tuple[SeasonInfo, ...] = ()


class EpisodeRef(Schema, frozen=True):
    """Names an episode at its source."""

    provider_key: str
    season: int
    episode: int


class Link(Schema, frozen=True):
    """One place where an episode can be had in one language."""

    hoster: str
    """Name of the hoster as the source shows it (for people)."""
    kind: str
    """Name of the hoster adapter that can resolve it: ``direct``, ``hls``."""
    url: str
    language: Language
    headers: dict[str, str] = msgspec.field(default_factory=dict)
    """What the host wants to be sent (a credential, a ``Referer``), to the address's own origin only."""

    def __repr__(self) -> str:
        return f"Link({self.kind} {self.url} {self.language})"  # headers may be secret


class Stream(Schema, frozen=True):
    """What can be fetched: the end of the chain source → link → stream."""

    url: str
    protocol: Literal["http", "hls"]
    headers: dict[str, str] = msgspec.field(default_factory=dict)
    """Headers that the host wants (``Referer``), sent to the URL's own origin only."""
    size: int | None = None
    """Bytes, where known in advance."""
    expires_at: dt.datetime | None = None
    """When the address dies, where known."""

    def __repr__(self) -> str:
        return f"Stream({self.protocol} {self.url} {self.size})"  # headers may be secret
