"""What descriptions are made of, and what a metadata service tells."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from aniworld.config.schemas import MetadataField, MetadataOrigin, MetadataService
from aniworld.kit.schema import Schema
from aniworld.media.types import MediaInfo

PictureKind = Literal["poster", "fanart", "logo", "banner", "thumb"]

PICTURE_FILES: dict[PictureKind, str] = {
    "poster": "poster.jpg",
    "fanart": "fanart.jpg",
    "logo": "clearlogo.png",
    "banner": "banner.jpg",
    "thumb": "landscape.jpg",
}
"""The names that Jellyfin and Kodi both look for in a series' folder."""

SERIES_NFO = "tvshow.nfo"
SEASON_NFO = "season.nfo"


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesFacts:
    """What a ``tvshow.nfo`` tells. What is empty is not written, and does not empty what is there."""

    title: str
    original_title: str = ""
    sort_title: str = ""
    plot: str = ""
    age_rating: str = ""
    """``FSK 12``, ``TV-14``."""
    year: int | None = None
    premiered: dt.date | None = None
    ended: dt.date | None = None
    ongoing: bool | None = None
    """None: not known."""
    duration: float | None = None
    """Seconds that an episode lasts."""
    studios: tuple[str, ...] = ()
    genres: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    ratings: tuple[Rating, ...] = ()
    """The one that counts first."""
    ids: tuple[tuple[str, str], ...] = ()
    """(service, id): an :data:`IdKind`, or the name of a source. The first that players know is made the default."""
    named_seasons: tuple[tuple[int, str], ...] = ()
    """(season, name); names that tell only the number are left out by the writer."""
    people: tuple[Person, ...] = ()
    """In order of importance."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SeasonFacts:
    """What a ``season.nfo`` tells."""

    season: int
    title: str = ""
    plot: str = ""
    premiered: dt.date | None = None
    ids: tuple[tuple[str, str], ...] = ()
    """Of the season; (service, id) as in :class:`SeriesFacts`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesMarks:
    """By what a ``tvshow.nfo`` says which series it is about."""

    title: str = ""
    year: int | None = None
    ids: tuple[tuple[str, str], ...] = ()
    """(service in lower case, id)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EpisodeFacts:
    """What the description beside an episode tells."""

    series: str
    season: int
    episode: int
    title: str = ""
    plot: str = ""
    aired: dt.date | None = None
    duration: float | None = None
    """Seconds."""
    ratings: tuple[Rating, ...] = ()
    ids: tuple[tuple[str, str], ...] = ()
    """Of the episode; (service, id) as in :class:`SeriesFacts`."""
    directors: tuple[str, ...] = ()
    writers: tuple[str, ...] = ()
    airs_before: tuple[int, int] | None = None
    """A special: the (season, episode) that it is seen before."""
    airs_after: int | None = None
    """A special: the season that it is seen after; wins over ``airs_before``."""
    media: MediaInfo | None = None
    """What the file itself holds."""


Service = MetadataService
"""Who is asked."""
Origin = MetadataOrigin
"""Who tells: a service, or the source of the series itself."""
Field = MetadataField
"""What has an order of preference of its own."""
IdKind = Literal["anilist", "mal", "anidb", "kitsu", "tmdb", "tvdb", "imdb"]
"""Whose ids are kept."""
Format = Literal["tv", "movie", "ova", "ona", "special", "unknown"]
Relation = Literal["prequel", "sequel", "parent", "side_story", "alternative", "summary", "other"]


class Picture(Schema, frozen=True):
    """A picture that is offered."""

    kind: PictureKind
    url: str
    language: str | None = None
    """BCP 47 of the words in it; None: there are none, or it is not told."""
    width: int | None = None
    height: int | None = None
    score: float = 0.0
    """How much people like it; only to be compared with others of the same service."""
    season: int | None = None
    """Of one season; None: of the series."""
    service: Origin = "source"
    """Who offers it."""


class PictureFacts(Schema, frozen=True):
    """What a picture is."""

    width: int
    height: int
    color: str | None = None
    """What it looks like from afar: ``#rrggbb``."""


class DrawJob(Schema, frozen=True, omit_defaults=True):
    """What is to be made of a picture, which follows."""

    size: int
    """Its bytes."""
    kind: PictureKind | None = None
    """Make it one that is kept; None: make a thumbnail."""
    width: int = 0
    """Of the thumbnail; 0: none, only the facts."""


class DrawAnswer(Schema, frozen=True, omit_defaults=True):
    """What was made, which follows."""

    size: int = 0
    """Its bytes."""
    facts: PictureFacts | None = None
    problem: str | None = None


class Person(Schema, frozen=True):
    """Somebody who speaks or plays in a series."""

    name: str
    role: str = ""
    picture: str | None = None


class Rating(Schema, frozen=True):
    """What people think of a series or an episode."""

    name: str
    """As Kodi calls it: ``themoviedb``, ``anilist``."""
    value: Annotated[float, Meta(ge=0, le=10)]
    votes: int | None = None


class ServiceEpisode(Schema, frozen=True):
    """An episode as a service counts it."""

    season: int
    """0 holds the specials; a service that knows no seasons counts all in 1."""
    episode: int
    absolute: int | None = None
    title: str = ""
    plot: str = ""
    aired: dt.date | None = None
    duration: float | None = None
    """Seconds."""
    still: str | None = None
    """Address of a picture."""
    ratings: tuple[Rating, ...] = ()
    directors: tuple[str, ...] = ()
    writers: tuple[str, ...] = ()
    ids: dict[IdKind, str] = msgspec.field(default_factory=dict)


class ServiceSeason(Schema, frozen=True):
    """A season as a service counts it."""

    season: int
    name: str = ""
    """Empty where it only tells the number."""
    plot: str = ""
    premiered: dt.date | None = None
    ids: dict[IdKind, str] = msgspec.field(default_factory=dict)
    episodes: tuple[ServiceEpisode, ...] = ()


class Related(Schema, frozen=True):
    """Another entry of the same service that belongs to this one: AniList has one for each cour."""

    relation: Relation
    id: str
    title: str = ""
    format: Format = "unknown"
    year: int | None = None
    episode_count: int | None = None


class EpisodeOrder(Schema, frozen=True):
    """Another way in which a service counts the episodes of a series (TMDB calls it an episode group)."""

    id: str
    name: str
    kind: Literal["aired", "absolute", "dvd", "digital", "arcs", "production", "tv"]
    episode_count: int = 0


class Told(Schema, frozen=True):
    """What is told about a series. Anything may be empty, which says nothing."""

    ids: dict[IdKind, str] = msgspec.field(default_factory=dict)
    title: str = ""
    """In the language that was asked for."""
    original_title: str = ""
    titles: tuple[str, ...] = ()
    """Every title and synonym in any language."""
    format: Format = "unknown"
    year: int | None = None
    premiered: dt.date | None = None
    ended: dt.date | None = None
    ongoing: bool | None = None
    """None: not known."""
    plot: str = ""
    genres: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    studios: tuple[str, ...] = ()
    duration: float | None = None
    """Seconds that an episode lasts."""
    age_rating: str = ""
    ratings: tuple[Rating, ...] = ()
    people: tuple[Person, ...] = ()
    pictures: tuple[Picture, ...] = ()
    """Of the series and of its seasons."""
    episode_count: int | None = None
    seasons: tuple[ServiceSeason, ...] = ()
    next_airing: tuple[int, dt.datetime] | None = None
    """(episode, when)."""


class ServiceSeries(Told, frozen=True, kw_only=True):
    """All that one service tells about a series. Kept as it is, so that a service that is down empties nothing."""

    service: Origin
    id: str
    related: tuple[Related, ...] = ()
    orders: tuple[EpisodeOrder, ...] = ()


class MergedSeries(Told, frozen=True, kw_only=True):
    """What all together tell: each field from the best who says something. Pictures: the best of each kind first."""

    origins: dict[Field, Origin] = msgspec.field(default_factory=dict)
    """Whose value was taken."""


class Wanted(Schema, frozen=True):
    """What is known of a series that is looked for."""

    titles: tuple[str, ...]
    """In any language, the best known first; at least one."""
    year: int | None = None
    episode_count: int | None = None
    """Of all its seasons without specials, as the source counts them."""
    format: Format = "unknown"
    ids: dict[IdKind, str] = msgspec.field(default_factory=dict)
    """A service whose own id is here is not searched: that is the one."""


class Candidate(Schema, frozen=True):
    """What a service has that may be meant."""

    service: Service
    id: str
    title: str
    titles: tuple[str, ...] = ()
    year: int | None = None
    format: Format = "unknown"
    episode_count: int | None = None
    confidence: float = 0.0
    """0 to 1."""
    sure: bool = False
    """It is taken without asking anybody. At most one of a service."""
    picture: str | None = None
    """A small poster."""


class ServiceProblem(Schema, frozen=True):
    """Why a service told nothing."""

    service: Service
    detail: str
    permanent: bool
    """Trying again does not help until somebody changes something."""
    retry_after: float | None = None
    """Seconds."""


class IdEntry(Schema, frozen=True):
    """What the lists of ids know about one entry of AniList or AniDB, and where it lies in the others' seasons."""

    ids: dict[IdKind, str]
    format: Format = "unknown"
    tmdb_season: int | None = None
    tvdb_season: int | None = None
    tmdb_offset: int = 0
    tvdb_offset: int = 0
    """Added to an episode's number in this entry it is the one in the other's season."""
