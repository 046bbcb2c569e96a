"""What the API says about renaming."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

from msgspec import Meta

from aniworld.kit.schema import Input, Schema
from aniworld.organise.types import ChangeStatus, Kind, MoveState, Reason

SeriesKey = Annotated[str, Meta(min_length=1, max_length=200, pattern=r"^[^\x00]*$")]
SeriesKeys = Annotated[list[SeriesKey], Meta(max_length=500, description="Only these series; left out: all")]


class PreviewRequest(Input, frozen=True):
    """Of which series to look."""

    series_keys: SeriesKeys | None = None


class OrganiseRequest(Input, frozen=True):
    """Do what a preview showed."""

    token: Annotated[str, Meta(max_length=64, pattern="^[0-9a-f]+$", description="Of the preview that was shown")]
    series_keys: SeriesKeys | None = None
    """As for the preview."""


class PathChange(Schema, frozen=True):
    """Where something lies, and where it would."""

    source: str
    target: str
    conflict: Reason | None = None
    """Why it stays."""


class FileChange(Schema, frozen=True):
    """A video, and what goes along with it."""

    source: str
    target: str
    beside: list[PathChange]
    conflict: Reason | None = None
    """Why it stays."""


class SeriesChange(Schema, frozen=True):
    """What would move of one series."""

    key: str
    name: str
    folder: PathChange | None
    files: list[FileChange]


class OrganiseCounts(Schema, frozen=True):
    """Of the whole, not of the page."""

    series: int
    folders: int
    files: int
    beside: int
    conflicts: int


class OrganisePreview(Schema, frozen=True):
    """What would move, by series. What is called right already is not listed."""

    token: str
    """Names exactly this: whoever does it sends it back."""
    counts: OrganiseCounts
    items: list[SeriesChange]
    total: int
    limit: int
    offset: int


class Started(Schema, frozen=True):
    """It goes on in the background."""

    operation_id: str


class ChangeOut(Schema, frozen=True):
    """What was renamed at one time."""

    id: str
    status: ChangeStatus
    series: int
    moved: int
    left: int
    created_at: dt.datetime
    finished_at: dt.datetime | None
    undone_at: dt.datetime | None


class ChangePage(Schema, frozen=True):
    """Changes, the newest first."""

    items: list[ChangeOut]
    total: int
    limit: int
    offset: int


class MoveOut(Schema, frozen=True):
    """One renaming of a change."""

    series_key: str
    series_name: str
    kind: Kind
    source: str
    target: str
    state: MoveState
    reason: Reason | None


class ChangeDetail(Schema, frozen=True):
    """A change with what was left, and some of what was moved."""

    id: str
    status: ChangeStatus
    moves: list[MoveOut]
