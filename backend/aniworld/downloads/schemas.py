"""What the API says and is told about the queue."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from msgspec import Meta

from aniworld.config.schemas import LanguageTag
from aniworld.downloads.types import HoldReason, HosterFailure, Priority, Status
from aniworld.events.types import Progress
from aniworld.kit.schema import Input, Schema
from aniworld.library.types import RefusalReason

SeriesKey = Annotated[str, Meta(min_length=1, max_length=200, pattern=r"^[^\x00]+$")]
ItemIds = Annotated[list[UUID], Meta(max_length=10_000)]


class QueueItem(Schema, frozen=True):
    """One (episode, language) in the queue, or what became of it."""

    id: str
    series_key: str
    series_name: str
    season: int
    episode: int
    title: str
    status: Status
    priority: Priority
    position: int
    progress: Progress
    error_message: str | None
    error_code: str | None
    """What went wrong, as in ``/problems/<code>``."""
    failures: list[HosterFailure]
    """Why each hoster did not deliver, at the last attempt; empty where none was asked."""
    retry_count: int
    retry_at: dt.datetime | None
    """After a failure: when it is tried again."""
    provider: str | None
    hoster: str | None
    language: str
    file_path: str | None
    """Relative to the anime directory."""
    created_at: dt.datetime
    started_at: dt.datetime | None
    completed_at: dt.datetime | None


class QueuePage(Schema, frozen=True):
    """A page of the queue."""

    items: list[QueueItem]
    total: int
    limit: int
    offset: int


class QueueStatistics(Schema, frozen=True):
    """The queue in numbers. Bytes and speed are those of the running downloads."""

    pending: int
    active: int
    paused: int
    completed: int
    failed: int
    total_bytes: int
    downloaded_bytes: int
    speed: int
    eta_seconds: int | None


class QueueHold(Schema, frozen=True):
    """Why the queue waits although nobody paused it. It goes on by itself."""

    reason: HoldReason
    message: str
    until: dt.datetime | None
    """When it goes on, where that is known."""


class QueueOverview(Schema, frozen=True):
    """The queue at a glance."""

    is_running: bool
    is_paused: bool
    """Nothing new begins: somebody paused it, or ``hold`` says why."""
    hold: QueueHold | None
    active_downloads: list[QueueItem]
    pending_queue: list[QueueItem]
    completed_downloads: list[QueueItem]
    failed_downloads: list[QueueItem]
    statistics: QueueStatistics


class QueueModeOut(Schema, frozen=True):
    """Whether downloads run."""

    is_running: bool
    is_paused: bool


class EpisodeChoice(Input, frozen=True):
    """An episode to queue; without a language the library's order of languages chooses."""

    season: Annotated[int, Meta(ge=0, le=10_000)]
    episode: Annotated[int, Meta(ge=0, le=100_000)]
    language: LanguageTag | None = None


class AddToQueue(Input, frozen=True):
    """Episodes of one series to queue."""

    series_key: SeriesKey
    episodes: Annotated[list[EpisodeChoice], Meta(min_length=1, max_length=10_000)]
    priority: Priority = "normal"


class DownloadSeries(Input, frozen=True):
    """Episodes of the series to queue, or all that is missing."""

    episodes: Annotated[list[EpisodeChoice], Meta(max_length=10_000)] = msgspec.field(default_factory=list)
    missing: bool = False
    priority: Priority = "normal"


class Skipped(Schema, frozen=True):
    """Why an episode was not queued."""

    season: int
    episode: int
    reason: RefusalReason | Literal["already_queued"]


class Added(Schema, frozen=True):
    """What was queued and what was not."""

    added_items: list[str]
    skipped: list[Skipped]


class ItemList(Input, frozen=True):
    """Queue items."""

    item_ids: ItemIds


class Retry(Input, frozen=True):
    """Failed items to try again; none named: all of them."""

    item_ids: ItemIds = msgspec.field(default_factory=list)
    force: bool = False
    """Also those that have used up their attempts."""


class Reorder(Input, frozen=True):
    """Either the new order of some pending items, or one item and its new place (0 is the front)."""

    item_ids: Annotated[list[UUID], Meta(min_length=1, max_length=10_000)] | None = None
    item_id: UUID | None = None
    new_position: Annotated[int, Meta(ge=0, le=10_000_000)] | None = None


class SetPriority(Input, frozen=True):
    """A priority for some open items."""

    item_ids: Annotated[list[UUID], Meta(min_length=1, max_length=10_000)]
    priority: Priority


class RetriedCount(Schema, frozen=True):
    """How many items are tried again."""

    retried_count: int


class ClearedCount(Schema, frozen=True):
    """How many items were removed."""

    cleared_count: int
