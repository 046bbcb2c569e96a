"""What the API says about the metadata services."""

from __future__ import annotations

import datetime as dt
from typing import Literal

from aniworld.kit.schema import Schema
from aniworld.metadata.types import Field, Origin, Service

ServiceState = Literal["healthy", "degraded", "down", "key_refused", "off"]


class MetadataServiceOut(Schema, frozen=True):
    """A metadata service, and how it does."""

    name: Service
    title: str
    """For people."""
    homepage: str
    """Where people find it."""
    attribution: str
    """The words that its terms want to be shown, in its own language; empty: a link will do."""
    enabled: bool
    """The user wants it; it is asked if it also has a key or needs none."""
    needs_key: bool
    key_set: bool
    state: ServiceState
    """What has never been asked is healthy; off: switched off, or without the key that it needs."""
    limit: int
    """Requests that it allows, as it says itself or its documentation does."""
    limit_seconds: float
    """In so many seconds."""
    remaining: int
    """Requests of those that are left now."""
    last_error: str | None
    last_error_at: dt.datetime | None
    last_answer_at: dt.datetime | None
    """When it answered last."""
    down_until: dt.datetime | None
    """It is left alone until then."""


class MetadataServiceList(Schema, frozen=True):
    """Every metadata service, and whose value is taken."""

    items: list[MetadataServiceOut]
    orders: dict[Field, list[Origin]]
    """For each field everybody, the preferred one first: what the configuration says, then the usual order."""
