"""What the API says and is told about sources and hosters."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from aniworld.catalog.types import State
from aniworld.kit.schema import Input, Schema

ProviderKind = Literal["catalogue", "hoster"]


class ProviderOut(Schema, frozen=True):
    """A catalogue or hoster, and how it does."""

    name: str
    title: str
    """For people."""
    kind: ProviderKind
    enabled: bool
    position: int | None
    """Its place among the preferred ones of its kind, from 0; null: it is not among them."""
    state: State
    success_rate: float | None
    """0 to 1, of the last day's requests, at most 50; null: there were none."""
    median_latency: float | None
    """Seconds; null: nothing succeeded."""
    requests: int
    """How many the rate is made of."""
    last_error: str | None
    last_error_at: dt.datetime | None
    last_checked_at: dt.datetime | None
    """When it was asked last."""
    down_until: dt.datetime | None
    """Down: from then on it is asked again."""


class ProviderList(Schema, frozen=True):
    """Every catalogue, then every hoster that was met, the preferred ones first."""

    items: list[ProviderOut]
    problems: list[str]
    """Profiles that cannot be used, and why."""


class UpdateProvider(Input, frozen=True):
    """What is named changes."""

    enabled: bool | msgspec.UnsetType = msgspec.UNSET
    position: Annotated[int, Meta(ge=0, le=200)] | msgspec.UnsetType | None = msgspec.UNSET
    """Its place among the preferred ones of its kind, from 0; null: none of them."""


class StateChange(Schema, frozen=True):
    """A state that became another."""

    at: dt.datetime
    before: State
    state: State
    reason: str
    """What went wrong; empty where it became better."""


class StateChangePage(Schema, frozen=True):
    """A page of a history, newest first."""

    items: list[StateChange]
    total: int
    limit: int
    offset: int
