"""Every event, on one page.

An event says "look again at these" and names the views it touches; only progress carries numbers. On the wire it is
``{"type", "timestamp", "data"}``. Events are published after the commit of what they tell.
"""

from __future__ import annotations

import datetime as dt
from typing import ClassVar, Literal

import msgspec

from aniworld.kit.clock import now
from aniworld.kit.schema import Schema

Topic = Literal["downloads", "download_progress", "queue_progress", "scan_progress", "series", "system"]


class Event(msgspec.Struct, kw_only=True, frozen=True, tag_field="type"):
    """Base: ``topic`` decides who hears it; of two waiting events with the same ``merge_key`` only the newer stays."""

    topic: ClassVar[Topic]
    timestamp: dt.datetime = msgspec.field(default_factory=now)

    @property
    def merge_key(self) -> str | None:
        """What an unread event may be replaced by; None: every one counts."""
        return None


class DownloadRef(Schema, frozen=True):
    """Names a queue item and the series whose views it touches."""

    download_id: str
    series_key: str
    series_name: str
    season: int
    episode: int
    language: str


class DownloadError(DownloadRef, frozen=True):
    """A queue item that failed, and why."""

    error: str
    will_retry: bool


class QueueAction(Schema, frozen=True):
    """What happened to the queue as a whole."""

    action: Literal[
        "items_added",
        "items_removed",
        "items_changed",
        "items_retried",
        "items_requeued",
        "queue_reordered",
        "completed_cleared",
        "failed_cleared",
        "pending_cleared",
    ]
    count: int
    series_keys: list[str]


class Progress(Schema, frozen=True):
    """How far a download is. Bytes, bytes per second, seconds; None where it is not known."""

    percent: float
    downloaded_bytes: int
    total_bytes: int | None
    speed: int
    eta_seconds: int | None


class DownloadProgressData(Schema, frozen=True):
    """Progress of one queue item."""

    download_id: str
    series_key: str
    series_name: str
    season: int
    episode: int
    progress: Progress


class LoadingSteps(Schema, frozen=True):
    """Which parts of a series are loaded."""

    episodes: bool
    nfo: bool
    logo: bool
    images: bool


class SeriesLoading(Schema, frozen=True):
    """Where the background loading of a series stands."""

    key: str
    status: str
    progress: LoadingSteps
    message: str


class SeriesRef(Schema, frozen=True):
    """Names a series."""

    key: str
    name: str


class OperationProgress(Schema, frozen=True):
    """Where a piece of long work stands; ``percent`` is None where the whole is not known."""

    id: str
    type: str
    status: str
    current: int
    total: int | None
    percent: float | None
    message: str


class ProviderState(Schema, frozen=True):
    """A catalogue or hoster whose state became another."""

    name: str
    kind: Literal["catalogue", "hoster"]
    state: Literal["healthy", "degraded", "down"]
    reason: str
    """What went wrong; empty where it became better."""


class Nothing(Schema, frozen=True):
    """No data: the type says it all."""


class Message(Schema, frozen=True):
    """Something to tell a person. ``code`` is what the SPA translates."""

    code: str
    message: str


class ScanNumbers(Schema, frozen=True):
    """How far a scan is, in folders."""

    operation_id: str
    current: int
    total: int
    changed: int
    """Folders in which something came or went."""


class ScanProblem(Schema, frozen=True):
    """Why a scan ended early."""

    operation_id: str
    error: str


class DownloadStarted(Event, frozen=True, tag="download_started"):
    """A worker took a queue item."""

    topic = "downloads"
    data: DownloadRef


class DownloadComplete(Event, frozen=True, tag="download_complete"):
    """The episode is in the library."""

    topic = "downloads"
    data: DownloadRef


class DownloadFailed(Event, frozen=True, tag="download_failed"):
    """An attempt failed."""

    topic = "downloads"
    data: DownloadError


class QueueStatus(Event, frozen=True, tag="queue_status"):
    """The queue changed as a whole."""

    topic = "downloads"
    data: QueueAction


class QueueStarted(Event, frozen=True, tag="queue_started"):
    """Downloads may run."""

    topic = "downloads"
    data: Nothing = msgspec.field(default_factory=Nothing)


class QueueStopped(Event, frozen=True, tag="queue_stopped"):
    """Nothing runs, nothing starts."""

    topic = "downloads"
    data: Nothing = msgspec.field(default_factory=Nothing)


class QueuePaused(Event, frozen=True, tag="queue_paused"):
    """What runs goes on, nothing new starts."""

    topic = "downloads"
    data: Nothing = msgspec.field(default_factory=Nothing)


class QueueResumed(Event, frozen=True, tag="queue_resumed"):
    """The pause is over."""

    topic = "downloads"
    data: Nothing = msgspec.field(default_factory=Nothing)


class DownloadProgress(Event, frozen=True, tag="download_progress"):
    """Numbers of one running download, at most four a second."""

    topic = "download_progress"
    data: DownloadProgressData

    @property
    def merge_key(self) -> str | None:
        """A newer reading replaces an unread one."""
        return f"progress:{self.data.download_id}"


class SeriesLoadingUpdate(Event, frozen=True, tag="series_loading_update"):
    """A step of a series' background loading began, ended or failed."""

    topic = "series"
    data: SeriesLoading


class SeriesAdded(Event, frozen=True, tag="series_added"):
    """A series is in the library; its data follows."""

    topic = "series"
    data: SeriesRef


class SeriesUpdated(Event, frozen=True, tag="series_updated"):
    """A series, its episodes or its files changed."""

    topic = "series"
    data: SeriesRef


class SeriesRemoved(Event, frozen=True, tag="series_removed"):
    """A series left the library."""

    topic = "series"
    data: SeriesRef


class ScanProgress(Event, frozen=True, tag="scan_progress"):
    """The scan went on."""

    topic = "scan_progress"
    data: ScanNumbers

    @property
    def merge_key(self) -> str | None:
        """A newer reading replaces an unread one."""
        return f"scan:{self.data.operation_id}"


class ScanComplete(Event, frozen=True, tag="scan_complete"):
    """The scan is over: what is in the library may be more or less than before."""

    topic = "scan_progress"
    data: ScanNumbers


class ScanFailed(Event, frozen=True, tag="scan_failed"):
    """The scan ended early; nothing was removed."""

    topic = "scan_progress"
    data: ScanProblem


class OperationUpdate(Event, frozen=True, tag="operation_update"):
    """Long work began, went on or ended."""

    topic = "system"
    data: OperationProgress

    @property
    def merge_key(self) -> str | None:
        """A newer reading replaces an unread one."""
        return f"operation:{self.data.id}"


class ProviderChanged(Event, frozen=True, tag="provider_state"):
    """A catalogue or hoster became healthy, degraded or down."""

    topic = "system"
    data: ProviderState

    @property
    def merge_key(self) -> str | None:
        """The newer state replaces an unread one."""
        return f"provider:{self.data.kind}:{self.data.name}"


class SystemInfo(Event, frozen=True, tag="system_info"):
    """Worth knowing."""

    topic = "system"
    data: Message


class SystemWarning(Event, frozen=True, tag="system_warning"):
    """Worth a look."""

    topic = "system"
    data: Message


class SystemError(Event, frozen=True, tag="system_error"):
    """Something is broken."""

    topic = "system"
    data: Message


class Resync(Event, frozen=True, tag="resync"):
    """Events were lost to this reader: fetch everything again. Goes to every topic."""

    topic = "system"
    data: Nothing = msgspec.field(default_factory=Nothing)


AppEvent = (
    DownloadStarted
    | DownloadComplete
    | DownloadFailed
    | QueueStatus
    | QueueStarted
    | QueueStopped
    | QueuePaused
    | QueueResumed
    | DownloadProgress
    | SeriesLoadingUpdate
    | SeriesAdded
    | SeriesUpdated
    | SeriesRemoved
    | ScanProgress
    | ScanComplete
    | ScanFailed
    | OperationUpdate
    | ProviderChanged
    | SystemInfo
    | SystemWarning
    | SystemError
    | Resync
)
"""One message of the stream."""
