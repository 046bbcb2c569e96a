"""What the server and the process that runs yt-dlp say to each other. Knows nothing of either."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal

from msgspec import Meta

from aniworld.catalog.types import Address, Stream
from aniworld.kit.schema import Schema

MOST_ENTRIES = 5000

Reason = Literal["unknown-page", "gone", "refused", "broken", "network", "no-format", "protected", "live", "memory"]
Text = Annotated[str, Meta(max_length=500)]
Number = Annotated[int, Meta(ge=0, le=100_000)]


class ResolveJob(Schema, frozen=True, tag="resolve"):
    """Find out what is behind a page, and choose."""

    url: str
    proxy: str
    """The only way out."""
    max_height: int | None = None
    language: str | None = None
    """``audio[+subtitles]`` in BCP 47."""


class ListJob(Schema, frozen=True, tag="list"):
    """List what is on a page, without looking behind each entry."""

    url: str
    proxy: str
    most: int = MOST_ENTRIES


Job = ResolveJob | ListJob


class Found(Schema, frozen=True, tag="found"):
    """What can be fetched."""

    stream: Stream


class Entry(Schema, frozen=True):
    """One video of a list, as far as the list tells."""

    url: Address
    title: Text = ""
    season: Number | None = None
    episode: Number | None = None
    duration: Annotated[float, Meta(ge=0, le=1e6)] | None = None
    """Seconds."""
    date: dt.date | None = None
    """When it was put there."""


class Listed(Schema, frozen=True, tag="listed"):
    """A list, in its order."""

    title: Text = ""
    description: Annotated[str, Meta(max_length=10_000)] = ""
    entries: Annotated[tuple[Entry, ...], Meta(max_length=MOST_ENTRIES)] = ()
    more: bool = False
    """There are more than were asked for."""


class Failed(Schema, frozen=True, tag="failed"):
    """Nothing came of it; why, as a word and in yt-dlp's own words."""

    reason: Reason
    message: Text = ""
    http_status: int | None = None


Answer = Found | Listed | Failed
