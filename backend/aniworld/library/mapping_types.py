"""The words for where a source's seasons lie at a metadata service (:mod:`aniworld.library.mapping`)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Numbered:
    """An episode as somebody counts it."""

    number: int
    title: str = ""
    aired: dt.date | None = None
    absolute: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceSeason:
    """A season of the source; 0 holds the specials."""

    season: int
    name: str = ""
    episodes: tuple[Numbered, ...] = ()
    """In order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A stretch that a service counts from its first episode on: a season of TMDB, an entry of AniList."""

    id: str
    """Of the series or entry at the service."""
    season: int = 1
    name: str = ""
    episodes: tuple[Numbered, ...] = ()
    """In order; may be fewer than ``count`` where the service does not tell them one by one."""
    count: int | None = None
    """None: as many as are listed, or, where none is, nobody knows how many there will be."""
    began: dt.date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Hint:
    """Where a list of ids says that a season of the source lies."""

    season: int
    part: tuple[str, int]
    """(id, season) at the service."""
    offset: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """Episodes of one season of the source, and where they are at the service."""

    season: int
    first: int
    last: int | None
    """None: to the end of the season, whatever comes."""
    id: str
    service_season: int
    offset: int
    """Added to the source's number it is the service's."""
    confidence: float = 1.0
    pinned: bool = False
    order: str | None = None
    """The other order of the service in which it is counted so; None: its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SeasonMapping:
    """What was found out about one season of the source."""

    season: int
    segments: tuple[Segment, ...]
    """Empty: in doubt, or the service does not have it."""
    confidence: float
    """Of the best place, taken or not."""
    pinned: bool = False
    """A person decided it; without segments: it is not at the service."""
