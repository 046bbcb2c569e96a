"""What the API says and is told about metadata services and one series."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

import msgspec
from msgspec import Meta

from aniworld.kit.schema import Input, Schema
from aniworld.metadata.types import Candidate, Service

_NUMBER = r"^[1-9][0-9]{0,9}$"
"""Every service numbers its entries."""
_ID = r"^[A-Za-z0-9_-]+$"


class MetadataOut(Schema, frozen=True):
    """What one service said about a series."""

    service: Service
    enabled: bool
    """It is asked."""
    id: str | None
    """Of the series at the service; null: it is not known, or (pinned) none."""
    title: str
    year: int | None
    confidence: float
    """0 to 1."""
    pinned: bool
    """A person chose it; it is never changed by itself."""
    url: str | None
    """Its page, for a person to open."""
    problem: str | None
    """Why it told nothing when it was asked last."""
    fetched_at: dt.datetime | None
    ask_after: dt.datetime | None
    """When it is asked again."""
    candidates: list[Candidate]
    """What else may be meant, the likeliest first."""


class MetadataOfSeries(Schema, frozen=True):
    """What every service said."""

    services: list[MetadataOut]


class MetadataSearch(Schema, frozen=True):
    """What the services have under a title."""

    items: list[Candidate]
    problems: list[str]


class ChooseMetadata(Input, frozen=True):
    """Another series of the service; null: none."""

    id: Annotated[str, Meta(pattern=_NUMBER)] | None


class PlaceOut(Schema, frozen=True):
    """Episodes of one of the source's seasons, and where they are at the service."""

    first: int
    last: int | None
    """Null: to the end of the season."""
    id: str
    season: int
    offset: int
    """Added to the source's number it is the service's."""
    order: str | None
    """Another order of the service; null: its own."""


class SeasonMappingOut(Schema, frozen=True):
    """Where one of the source's seasons lies at a service."""

    season: int
    segments: list[PlaceOut]
    """Empty: nowhere, or in doubt."""
    confidence: float
    pinned: bool


class ServiceMapping(Schema, frozen=True):
    """Where the seasons lie at one service."""

    service: Service
    seasons: list[SeasonMappingOut]


class MappingOut(Schema, frozen=True):
    """Where the source's seasons lie at every service."""

    services: list[ServiceMapping]


class PlaceIn(Input, frozen=True):
    """Episodes of one of the source's seasons, and where they are at the service."""

    id: Annotated[str, Meta(pattern=_NUMBER)]
    season: Annotated[int, Meta(ge=0, le=10_000)]
    offset: Annotated[int, Meta(ge=-100_000, le=100_000)] = 0
    first: Annotated[int, Meta(ge=0, le=100_000)] = 1
    last: Annotated[int, Meta(ge=0, le=100_000)] | None = None
    order: Annotated[str, Meta(min_length=1, max_length=64, pattern=_ID)] | None = None


class SeasonMappingIn(Input, frozen=True):
    """One season at one service."""

    service: Service
    season: Annotated[int, Meta(ge=0, le=10_000)]
    segments: Annotated[list[PlaceIn], Meta(max_length=50)] = msgspec.field(default_factory=list)
    """Empty and pinned: it is not at the service."""
    pinned: bool = True
    """False: it is found by itself again."""


class PutMapping(Input, frozen=True):
    """Only the seasons that are named change."""

    seasons: Annotated[list[SeasonMappingIn], Meta(min_length=1, max_length=500)]
