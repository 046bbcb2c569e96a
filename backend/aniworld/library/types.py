"""The words of the library."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal
from uuid import UUID

import msgspec

from aniworld.catalog.types import EpisodeRef, Language, SeriesStatus
from aniworld.kit.schema import Schema
from aniworld.library.naming import DEFAULT_NAMES, EpisodeName, Names, SeriesName
from aniworld.media.types import MediaInfo
from aniworld.metadata.types import IdKind, Rating

LoadingStatus = Literal[
    "pending", "loading_episodes", "loading_nfo", "loading_logo", "loading_images", "completed", "failed"
]
Step = Literal["episodes", "nfo", "logo", "images"]
STEPS: tuple[Step, ...] = ("episodes", "nfo", "logo", "images")
"""What is loaded of a series, in order."""

ImageKind = Literal["poster", "fanart", "logo", "banner", "thumb"]
ImageSize = Literal["small", "large"]
"""Of a picture that is made for the pages; for screens with ordinary and with fine pixels."""
QueueState = Literal["pending", "downloading", "paused", "completed", "failed", "cancelled"]
SeriesFilter = Literal["all", "missing", "complete", "loading", "failed"]
SeriesSort = Literal[
    "name",
    "added",
    "updated",
    "missing",
    "year",
    "status",
    "provider",
    "total",
    "downloaded",
    "next_air",
    "size",
    "loading",
]
SortOrder = Literal["asc", "desc"]
LanguageSource = Literal["name", "tracks", "assumed", "download"]
"""How the language of a file is known. ``assumed``: neither its name nor its tracks tell; it may be another one."""
RefusalReason = Literal[
    "unknown_episode",
    "not_out_yet",
    "already_downloaded",
    "language_not_available",
    "waits_for_better_language",
]
ConflictKind = Literal["renumbered", "doubtful"]
"""``renumbered``: the leading source counts differently than files lie here; ``doubtful``: another one lists episodes
of which it is not clear which they are."""
ConflictState = Literal["open", "kept", "accepted"]
MAX_SOURCES = 20
"""Sources of one series."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesQuery:
    """Which series a list shows: those that fit all of it."""

    filter: SeriesFilter = "all"
    q: str = ""
    """Words in any order."""
    genres: tuple[str, ...] = ()
    """All of them."""
    status: SeriesStatus | None = None
    year_from: int | None = None
    year_to: int | None = None
    provider: str | None = None
    monitored: bool | None = None
    language: str | None = None
    """At least one episode is there in it."""
    lacks_language: str | None = None
    """At least one episode that is out is not there in it."""
    has_folder: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """An (episode, language) that can be downloaded."""

    episode_id: UUID
    language: Language
    series_key: str
    series_name: str
    season: int
    episode: int
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Why an episode that was asked for cannot be downloaded."""

    season: int
    episode: int
    reason: RefusalReason


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceRef:
    """A series at one of its sources."""

    provider: str
    provider_key: str
    name: str
    """What the source calls it."""


@dataclass(frozen=True, slots=True)
class EpisodeSource:
    """Where an episode may be had."""

    provider: str
    ref: EpisodeRef


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetDetails:
    """All that a running download needs to know of its (episode, language)."""

    provider: str
    ref: EpisodeRef
    others: tuple[EpisodeSource, ...]
    """The same episode at the series' other sources, in their order."""
    language: Language
    series_key: str
    series_name: str
    folder: str
    """Name of the series' folder in the anime directory."""
    year: int | None
    season: int
    episode: int
    title: str
    duration: float | None
    """Seconds, where the source tells."""
    taken: frozenset[str]
    """Paths of the files that the episode has in other languages, relative to the anime directory."""
    absolute: int | None = None
    """Its number over all seasons, if names tell it."""
    ids: Mapping[str, str] = field(default_factory=dict)
    """The series' at services, if names tell them."""
    names: Names = DEFAULT_NAMES

    def path(self, extension: str) -> str:
        """Where the finished file goes, relative to the anime directory. ``extension``: with or without its dot."""
        episode = EpisodeName(
            season=self.season,
            episodes=(self.episode,),
            title=self.title,
            absolute=(self.absolute,) if self.absolute is not None else (),
            languages=(str(self.language),),
        )
        series = SeriesName(self.series_name, self.year, self.ids)
        return self.names.free_path(self.folder, series, episode, extension, taken=self.taken)


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadJob:
    """A series that this process holds the lease of, to load what is missing of it."""

    id: UUID
    key: str
    name: str
    provider: str
    provider_key: str
    token: str
    """Names the lease: writes of somebody who lost it change nothing."""
    done: dict[Step, bool]
    attempts: int
    replace_images: bool


class MoreOfEpisode(Schema, frozen=True):
    """What is told of an episode beside its columns."""

    ids: dict[IdKind, str] = msgspec.field(default_factory=dict)
    ratings: tuple[Rating, ...] = ()
    directors: tuple[str, ...] = ()
    writers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingNfo:
    """An episode's file whose description is to be written."""

    file_id: UUID
    path: str
    series_id: UUID
    series_key: str
    series_name: str
    season: int
    episode: int
    title: str
    aired: dt.date | None
    duration: float | None
    plot: str = ""
    more: MoreOfEpisode = field(default_factory=MoreOfEpisode)
    media: MediaInfo | None = field(default=None, compare=False)
    """What the file holds; None: nobody has looked yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownSeries:
    """By what a folder of a series can be recognised."""

    id: UUID
    key: str
    name: str
    year: int | None
    provider: str
    provider_key: str
    folder: str | None
    """Name of its folder, once it is decided."""
    ids: tuple[tuple[str, str], ...] = ()
    """(Service in lower case, id), as far as they are known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundVideo:
    """A video in a folder of a series, and what its path says, or the description beside it."""

    path: str
    """Relative to the anime directory, with slashes."""
    size: int
    kind: str
    """``episode``, ``special``, ``extra`` or ``unknown``."""
    season: int | None
    episodes: tuple[int, ...]
    absolute: tuple[int, ...]
    languages: tuple[str, ...]
    """That its name tells."""
    version: int | None
    tracks: tuple[str, ...] = ()
    """Languages that its tracks tell, where the name tells none."""
    described: bool = False
    """Its numbers are those of a description that others wrote: they count more than what is known of the file."""
    fetched: tuple[str, ...] = ()
    """Languages in which it was fetched; known of a file that turns out to be another episode."""

    @property
    def told(self) -> tuple[str, ...]:
        """The languages that it is known to be in; empty: they have to be assumed."""
        return self.languages or self.fetched or self.tracks

    @property
    def language_source(self) -> LanguageSource:
        """How its languages are known."""
        if self.languages:
            return "name"
        return "download" if self.fetched else "tracks" if self.tracks else "assumed"


@dataclass(frozen=True, slots=True)
class MovedPath:
    """Something that lies elsewhere now. Paths are relative to the anime directory, with slashes."""

    source: str
    target: str
    is_folder: bool = False

    def follow(self, path: str) -> str:
        """Where what lay at that path lies now."""
        if path == self.source:
            return self.target
        if self.is_folder and path.startswith(f"{self.source}/"):
            return self.target + path[len(self.source) :]
        return path


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedFile:
    """A video of a series, and what its name may tell."""

    path: str
    episode: EpisodeName


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedSeries:
    """A series with its files, as their names may tell them."""

    id: UUID
    key: str
    name: str
    year: int | None
    folder: str
    busy: bool
    """It is being loaded: somebody writes into its folder."""
    files: tuple[NamedFile, ...]
