"""What the API says and is told about the library."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from msgspec import Meta

from aniworld.catalog.types import SeriesStatus
from aniworld.config.schemas import LanguageMode, LanguageTag
from aniworld.kit.schema import Input, Schema
from aniworld.library.types import (
    MAX_SOURCES,
    STEPS,
    ConflictKind,
    ImageKind,
    LanguageSource,
    LoadingStatus,
    QueueState,
    Step,
)
from aniworld.metadata.types import IdKind, Person, Rating

_PLAIN = r"^[^\x00-\x1f\x7f]+$"
_PLAIN_WORDS = r"^[^\x00-\x1f\x7f]*[^\s\x00-\x1f\x7f][^\x00-\x1f\x7f]*$"


class ImageOut(Schema, frozen=True):
    """A picture in a series' folder."""

    hash: str
    """Of its content; as ``v`` in its address it may be kept for ever."""
    width: int
    height: int
    color: str | None
    """``#rrggbb``: what it looks like from afar."""


class SeriesOut(Schema, frozen=True):
    """A series of the library."""

    key: str
    name: str
    provider: str
    provider_key: str
    site: str
    """Address of its page at the source; empty where unknown."""
    folder: str | None
    """Name of its folder in the anime directory, once that is decided."""
    year: int | None
    status: SeriesStatus
    description: str
    genres: list[str]
    images: dict[ImageKind, ImageOut]
    """The pictures that are known to be there."""
    total_episodes: int
    """Episodes that are wanted, and those that are there without being wanted."""
    downloaded_episodes: int
    """Episodes that are there in a wanted language."""
    missing_episodes: int
    """Episodes that are out, wanted and not there."""
    season_count: int
    """Without the specials."""
    size: int
    """Bytes of its files on disk."""
    next_air_date: dt.date | None
    """When the next episode comes, where that is known."""
    monitored: bool
    languages: list[str] | None
    """Wanted languages of its own, the best first; null: those of the library."""
    language_mode: LanguageMode | None
    language_wait_days: int | None
    """Of its own; null: those of the library."""
    specials: bool | None
    """Whether season 0 is wanted; null: as the library."""
    loading_status: LoadingStatus
    episodes_loaded: bool
    nfo_loaded: bool
    logo_loaded: bool
    images_loaded: bool
    loading_started_at: dt.datetime | None
    loading_completed_at: dt.datetime | None
    loading_error: str | None
    created_at: dt.datetime
    updated_at: dt.datetime


class SeriesPage(Schema, frozen=True):
    """A page of the library."""

    items: list[SeriesOut]
    total: int
    limit: int
    offset: int


class Facet(Schema, frozen=True):
    """A value that series have, and how many of them."""

    value: str
    count: int


class YearFacet(Schema, frozen=True):
    """A year, and how many series are of it."""

    value: int
    count: int


class SeriesFacets(Schema, frozen=True):
    """What a list could be narrowed down to. Each but the genres leaves its own filter aside: what could be chosen
    instead.
    """

    filter: list[Facet]
    genre: list[Facet]
    """Folded; the most common first."""
    status: list[Facet]
    year: list[YearFacet]
    """The newest first."""
    provider: list[Facet]


class EpisodeLanguageOut(Schema, frozen=True):
    """An episode in one language: what can be had, queued and kept."""

    language: str
    available: bool
    """The source offers it now."""
    is_downloaded: bool
    queue_status: QueueState | None
    file_path: str | None
    language_source: LanguageSource | None
    """How the language of the file is known; null where there is none."""


class EpisodeFileOut(Schema, frozen=True):
    """A file of an episode on the disk."""

    path: str
    """Relative to the anime directory."""
    size: int
    """Bytes."""
    language: str
    version: int | None
    """As its name tells, ``v2`` say; null: it does not."""
    is_best: bool
    """Of several in this language the one that is the episode's."""


class EpisodeOut(Schema, frozen=True):
    """An episode."""

    season: int
    episode: int
    absolute: int | None
    title: str
    aired: dt.date | None
    duration: float | None
    """Seconds, where the source tells."""
    plot: str
    rating: float | None
    """0 to 10."""
    is_out: bool
    """It has aired or can be had."""
    is_downloaded: bool
    """It is there in a wanted language."""
    file_path: str | None
    """Relative to the anime directory; of the best language that is there."""
    file_size: int | None
    download_date: dt.datetime | None
    thumb: str | None
    """The hash of the picture beside its file, as ``v`` in its address (``getEpisodeImage``); null: there is none."""
    queue_status: QueueState | None
    languages: list[EpisodeLanguageOut]
    """The wanted ones first, in their order."""
    files: list[EpisodeFileOut]
    """All that are there: the best one of each language first, then other versions of them."""


class SeasonOut(Schema, frozen=True):
    """A season; number 0 holds the specials."""

    season: int
    name: str
    monitored: bool
    """It is wanted: what is out of it and not there is missing. The specials are as the series or the library says."""
    episodes: list[EpisodeOut]


class SourceOut(Schema, frozen=True):
    """A series at one source."""

    provider: str
    provider_key: str
    name: str
    """What the source calls it."""


class NextAiring(Schema, frozen=True):
    """The episode that is shown next."""

    episode: int
    """As the service counts it."""
    at: dt.datetime


class ConflictEpisode(Schema, frozen=True):
    """An episode that a source counts differently."""

    season: int | None
    """Here; null: it is not clear which one it is, or it has no place yet."""
    episode: int | None
    source_season: int
    source_episode: int
    title: str
    confidence: float | None
    """How sure it is that these are one, 0 to 1."""
    has_file: bool


class ConflictOut(Schema, frozen=True):
    """Where a source counts differently than the library; somebody has to say what holds."""

    id: UUID
    kind: ConflictKind
    provider: str
    provider_key: str
    episodes: list[ConflictEpisode]
    created_at: dt.datetime


class ResolveConflict(Input, frozen=True):
    """What holds."""

    resolution: Annotated[
        Literal["accept", "keep", "reopen"],
        Meta(
            description="accept: as the source counts; files go with their episodes. keep: as it is here."
            " reopen: a decision to keep is taken back"
        ),
    ]


class SeriesDetail(SeriesOut, frozen=True):
    """A series with its seasons and episodes."""

    ids: dict[IdKind, str]
    """What the services call it: ``anilist``, ``mal``, ``anidb``, ``kitsu``, ``tmdb``, ``tvdb``, ``imdb``."""
    original_title: str
    titles: list[str]
    """In any language."""
    studios: list[str]
    ratings: list[Rating]
    """The one that counts first."""
    people: list[Person]
    """A few, in order of importance."""
    next_airing: NextAiring | None
    sources: list[SourceOut]
    """Where it can be had: the one that lists its episodes, then those that are asked when it has none."""
    seasons: list[SeasonOut]
    conflicts: list[ConflictOut]
    """What waits for a decision: accept or keep."""
    kept_conflicts: list[ConflictOut]
    """Where a person decided that all stays as it is; reopen takes that back."""


class LoadingProgress(Schema, frozen=True):
    """Which parts of a series are loaded."""

    episodes: bool
    nfo: bool
    logo: bool
    images: bool


class LoadingState(Schema, frozen=True):
    """Where the loading of a series stands."""

    key: str
    loading_status: LoadingStatus
    progress: LoadingProgress
    message: str
    started_at: dt.datetime | None
    completed_at: dt.datetime | None
    error: str | None


class AddSource(Input, frozen=True):
    """A series at one source, as a search shows it."""

    provider: Annotated[str, Meta(min_length=1, max_length=64, pattern=_PLAIN)]
    provider_key: Annotated[str, Meta(min_length=1, max_length=500, pattern=_PLAIN)]
    name: Annotated[str, Meta(min_length=1, max_length=500, pattern=_PLAIN_WORDS)]


class AddSeries(Input, frozen=True):
    """A series as a search shows it."""

    provider: Annotated[str, Meta(min_length=1, max_length=64, pattern=_PLAIN)]
    provider_key: Annotated[str, Meta(min_length=1, max_length=500, pattern=_PLAIN)]
    name: Annotated[str, Meta(min_length=1, max_length=300, pattern=_PLAIN_WORDS)]
    sources: Annotated[
        list[AddSource], Meta(max_length=MAX_SOURCES, description="All that have it, in the order to be asked")
    ] = msgspec.field(default_factory=list)


class ReloadSeries(Input, frozen=True):
    """What to load again; left out: everything."""

    parts: Annotated[list[Step], Meta(min_length=1, max_length=4)] = msgspec.field(default_factory=lambda: list(STEPS))


class UpdateSeries(Input, frozen=True):
    """What is named changes."""

    name: (
        Annotated[str, Meta(min_length=1, max_length=500, pattern=_PLAIN_WORDS, description="Kept over reloads")]
        | msgspec.UnsetType
        | None
    ) = msgspec.UNSET
    """Null: as source and services call it."""
    folder: (
        Annotated[
            str,
            Meta(
                min_length=1,
                max_length=255,
                pattern=_PLAIN,
                description="Name of a folder in the anime directory, there or to be made; files elsewhere stay known",
            ),
        ]
        | msgspec.UnsetType
    ) = msgspec.UNSET
    provider: Annotated[str, Meta(min_length=1, max_length=64, pattern=_PLAIN)] | msgspec.UnsetType = msgspec.UNSET
    """With ``provider_key``: the source that lists the episodes from now on; the others are asked after it."""
    provider_key: Annotated[str, Meta(min_length=1, max_length=500, pattern=_PLAIN)] | msgspec.UnsetType = msgspec.UNSET
    monitored: bool | msgspec.UnsetType = msgspec.UNSET
    languages: (
        Annotated[
            list[LanguageTag],
            Meta(
                min_length=1,
                max_length=20,
                description="The best first",
                extra_json_schema={"uniqueItems": True},
            ),
        ]
        | msgspec.UnsetType
        | None
    ) = msgspec.UNSET
    """Null: those of the library."""
    language_mode: LanguageMode | msgspec.UnsetType | None = msgspec.UNSET
    """Null: as the library."""
    language_wait_days: Annotated[int, Meta(ge=0, le=365)] | msgspec.UnsetType | None = msgspec.UNSET
    """Null: as the library."""
    specials: bool | msgspec.UnsetType | None = msgspec.UNSET
    """Whether season 0 is wanted; null: as the library."""
    sources: (
        Annotated[
            list[AddSource],
            Meta(min_length=1, max_length=MAX_SOURCES, description="All of them; the first lists the episodes"),
        ]
        | msgspec.UnsetType
    ) = msgspec.UNSET


class UpdateSeason(Input, frozen=True):
    """What of a season is to change."""

    monitored: Annotated[bool, Meta(description="Whether its episodes are wanted")]
