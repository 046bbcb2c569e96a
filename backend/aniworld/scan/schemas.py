"""What the API says about the anime directory."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from aniworld.kit.schema import Input, Schema
from aniworld.library.service import AddSeries, FailedProvider, SearchItem
from aniworld.naming.types import Kind
from aniworld.scan.types import Reason


class CandidateOut(Schema, frozen=True):
    """A series that a folder may be of."""

    key: str
    name: str
    year: int | None
    confidence: Annotated[float, Meta(ge=0, le=1)]
    reason: Reason


class UnmatchedFolderOut(Schema, frozen=True):
    """A folder that belongs to no series."""

    id: str
    name: str
    title: str
    """What its description or its name says that it holds."""
    year: int | None
    videos: int
    size: int
    """Bytes."""
    ignored: bool
    candidates: list[CandidateOut]
    """Series of the library, the likeliest first."""


class UnmatchedPage(Schema, frozen=True):
    """A page of folders without a series."""

    items: list[UnmatchedFolderOut]
    total: int
    limit: int
    offset: int


class Rescan(Schema, frozen=True):
    """The scan that was begun, or is running already."""

    operation_id: str


class ScanResult(Schema, frozen=True):
    """What a scan has come to."""

    folders: int
    videos: int
    changed: int
    """Folders in which something came or went."""
    problem_count: int
    problems: list[str]
    """The first of what could not be looked at."""


class AcceptFolder(Input, frozen=True):
    """Which series the folder is of: one of the library by its key, or one of a source, which is added."""

    key: Annotated[str, Meta(min_length=1, max_length=200, pattern=r"^[^\x00]*$")] | None = None
    series: AddSeries | None = None


class AcceptSuggested(Input, frozen=True):
    """Take what is suggested for folders without a series."""

    least: Annotated[float, Meta(ge=0.6, le=1, description="Only where the suggestion is at least so likely")] = 0.8


class Accepted(Schema, frozen=True):
    """Which folders were given to which series."""

    items: list[AcceptedFolder]


class AcceptedFolder(Schema, frozen=True):
    """A folder that has a series now."""

    id: str
    name: str
    key: str
    """Of the series."""


class FoundSeries(Schema, frozen=True):
    """A series at the sources that a folder may be of."""

    series: SearchItem
    confidence: Annotated[float, Meta(ge=0, le=1)]


class FoundPage(Schema, frozen=True):
    """What the sources have under a folder's title, the likeliest first."""

    items: list[FoundSeries]
    failed_providers: list[FailedProvider]


class ParsedName(Schema, frozen=True):
    """What a name is taken for, and why."""

    name: str
    title: str
    year: int | None
    season: int | None
    episodes: list[int]
    absolute: list[int]
    special: bool
    kind: Kind
    version: int | None
    group: str | None
    languages: list[str]
    rule: str
    """What decided, in words."""
