"""Runs the queue: takes items into slots, keeps their leases, and writes down what became of them.

The queue is the table. Waking the engine only makes it look; a wake-up that is lost costs a few seconds, never an item.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
import secrets
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol
from uuid import UUID

from aniworld.config.service import ConfigService
from aniworld.db.engine import Database
from aniworld.downloads.ends import Ends
from aniworld.downloads.errors import AllHostersFailedError, DownloadFailedError
from aniworld.downloads.fetch.errors import DiskFullError
from aniworld.downloads.hold import Hold, Space
from aniworld.downloads.lease_repository import LeaseRepository
from aniworld.downloads.progress import Meter
from aniworld.downloads.timetable import allowance, next_change
from aniworld.downloads.types import Claimed
from aniworld.events.bus import EventBus, publish_after_commit
from aniworld.events.types import (
    DownloadProgress,
    DownloadProgressData,
    DownloadRef,
    DownloadStarted,
    Message,
    QueueAction,
    QueuePaused,
    QueueResumed,
    QueueStatus,
    SystemError,
)
from aniworld.kit.clock import now
from aniworld.kit.errors import AppError
from aniworld.kit.files import free_space
from aniworld.kit.tasks import look_for_ever, to_the_end
from aniworld.operations.errors import OperationCancelledError
from aniworld.operations.service import Operations

log = logging.getLogger(__name__)

LEASE = dt.timedelta(seconds=60)
_FLUSH = 1.0
_TELL = 0.25
_PACE = 1.0
"""Seconds before the next item after one whose host is left alone: a long queue for it must not flood the source."""
_LOOK = 5.0
"""Seconds between two looks at the table without a wake-up."""


class Pipeline(Protocol):
    """One item from the queue to the library."""

    async def run(self, item: Claimed, meter: Meter) -> None:
        """All five steps. Raises :class:`~aniworld.kit.errors.AppError` with a reason a person understands."""
        ...

    async def heal(self) -> None:
        """Finish what a crash interrupted between the finished file and the row that says so."""
        ...

    async def discard(self, ids: Collection[UUID]) -> None:
        """Remove the work files of some items."""
        ...

    async def sweep(self) -> None:
        """Try again to remove those that could not be removed."""
        ...


@dataclass(slots=True)
class _Running:
    item: Claimed
    meter: Meter
    task: asyncio.Task[None]


class Engine:
    """Slots, leases, progress. ``run`` is a supervised worker."""

    def __init__(
        self,
        db: Database,
        bus: EventBus,
        config: ConfigService,
        operations: Operations,
        pipeline: Pipeline,
        *,
        alone: bool,
        is_there: Callable[[Path], bool] = Path.is_dir,
    ) -> None:
        self._is_there = is_there
        self._db = db
        self._bus = bus
        self._config = config
        self._operations = operations
        self._pipeline = pipeline
        self._alone = alone
        self._owner = secrets.token_hex(8)
        self._wake = asyncio.Event()
        self._running: dict[UUID, _Running] = {}
        self._ends = Ends(db, bus, config, self._owner)
        self._hold: Hold | None = None
        self._space: Space | None = None
        """The free space when it did not do, as long as the queue waits for more."""
        config.subscribe(lambda _config: self.wake())

    # --- what the verbs need ------------------------------------------------------------------------------------

    def meter(self, id_: UUID) -> Meter | None:
        """The live numbers of a download that runs here."""
        running = self._running.get(id_)
        return running.meter if running else None

    def wake(self) -> None:
        """Look at the queue again."""
        self._wake.set()

    async def interrupt(self, ids: Iterable[UUID]) -> None:
        """End those that run here and wait until they have."""
        tasks = [running.task for id_ in ids if (running := self._running.get(id_)) is not None]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    async def discard(self, ids: Collection[UUID]) -> None:
        """Remove the work files of items that are gone."""
        await self._pipeline.discard(ids)

    @property
    def hold(self) -> Hold | None:
        """Why the queue waits although nobody paused it."""
        return self._hold

    def press_on(self) -> None:
        """Somebody says that there is space now: try it."""
        self._space = None
        self.wake()

    # --- the worker ---------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Work until cancelled; then everything that runs ends at a resumable point and waits in the table."""
        await self._recover(all_leases=self._alone)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._flush_for_ever())
                group.create_task(self._tell_for_ever())
                await look_for_ever(self._wake, self._fill)
        finally:
            await self.interrupt(list(self._running))

    async def _recover(self, *, all_leases: bool) -> None:
        async with self._db.write() as session:
            count = await LeaseRepository(session).requeue_abandoned(all_leases=all_leases)
            if count:
                log.info("%d interrupted downloads go on", count)
                action = QueueAction(action="items_requeued", count=count, series_keys=[])
                publish_after_commit(self._bus, session, QueueStatus(data=action))
        await self._pipeline.heal()

    async def _fill(self) -> float:
        """Take items while there is a free slot; seconds until it is worth another look."""
        moment = now()
        config = self._config.current
        async with self._db.read() as session:
            mode = await LeaseRepository(session).mode()
        if not mode.running:
            self._set_hold(None)
            await self.interrupt(list(self._running))
            return _LOOK
        if config.library.anime_directory is None:
            return _LOOK
        await self._look_around(config.library.anime_directory)
        if self._hold is not None and self._hold.reason != "disk-full":
            await self.interrupt(list(self._running))
        while self._hold is None and not mode.paused and len(self._running) < config.downloads.slots:
            async with self._db.write() as session:
                repository = LeaseRepository(session)
                mode = await repository.mode()
                item = await repository.claim(self._owner, LEASE) if mode.running and not mode.paused else None
                if item is not None:
                    publish_after_commit(self._bus, session, DownloadStarted(data=_ref(item)))
            if item is None:
                break
            self._begin(item)
        async with self._db.read() as session:
            due = await LeaseRepository(session).next_due(moment)
        return _LOOK if due is None else min(_LOOK, max(0.05, (due - now()).total_seconds()))

    def _begin(self, item: Claimed) -> None:
        meter = Meter()
        task = asyncio.create_task(self._work(item, meter), name=f"download {item.id}")
        self._running[item.id] = _Running(item, meter, task)

    async def _work(self, item: Claimed, meter: Meter) -> None:
        label = f"{item.series_name} S{item.season:02d}E{item.episode:02d} ({item.language})"
        try:
            async with self._operations.run("download", label, id_=str(item.id)):
                await self._pipeline.run(item, meter)
        except asyncio.CancelledError:
            await self._settle(self._ends.interrupted(item, meter))
        except OperationCancelledError:
            await self._settle(self._cancelled(item))
        except DiskFullError as error:
            log.warning("%s: %s", label, error.detail)
            await self._settle(self._disk_full(item, meter, error))
        except AppError as error:
            log.info("%s: %s", label, error.detail)
            await self._settle(self._ends.failed(item, error))
            if isinstance(error, AllHostersFailedError) and error.only_waits:
                await asyncio.sleep(_PACE)
        except Exception:  # whatever it was, it is this item's failure, not the queue's
            log.exception("%s failed unexpectedly", label)
            unexpected = DownloadFailedError("An unexpected error; the log tells more")
            unexpected.permanent = False
            await self._settle(self._ends.failed(item, unexpected))
        finally:
            del self._running[item.id]
            self.wake()

    async def _cancelled(self, item: Claimed) -> None:
        await self._ends.cancelled(item)
        await self._pipeline.discard([item.id])

    async def _settle(self, write: Any) -> None:
        """Let the last write of an item finish, even while the program stops."""
        try:
            await to_the_end(write)
        except AppError:
            # The database is away. The lease runs out, or the next start finds it: the item is not lost.
            log.exception("The state of a download could not be written")

    # --- waiting ------------------------------------------------------------------------------------------------

    async def _look_around(self, anime: str) -> None:
        """Find out whether there is a reason to wait."""
        section, local = self._config.current.downloads, dt.datetime.now()
        if allowance(section, local).paused:
            end = next_change(section, local)
            until = None if end is None else end.astimezone(dt.UTC)
            self._set_hold(Hold("quiet-hours", "Quiet hours: nothing is fetched", until))
            return
        if not await asyncio.to_thread(self._is_there, Path(anime)):  # never made anew: its disk is not mounted
            self._set_hold(Hold("directory-gone", "The anime directory is not there; is its disk mounted?"))
            return
        if (space := self._space) is not None:
            free = await asyncio.to_thread(free_space, Path(anime))
            if self._space is space and not space.enough(free, asyncio.get_running_loop().time()):
                self._set_hold(Hold("disk-full", space.message))
                return
            log.info("There is space again; downloads go on")
        self._set_hold(None)

    async def _disk_full(self, item: Claimed, meter: Meter, error: DiskFullError) -> None:
        """No item can go on without space: all wait until there is some, and it is said why."""
        config = self._config.current
        if config.library.anime_directory is not None:
            free = await asyncio.to_thread(free_space, Path(config.library.anime_directory))
            missing = None if meter.total_bytes is None else max(meter.total_bytes - meter.downloaded, 0)
            needed = None if missing is None else missing + config.downloads.min_free_space
            self._space = Space(free, needed, asyncio.get_running_loop().time(), error.detail)
        if self._hold is None or self._hold.reason != "disk-full":
            self._bus.publish(SystemError(data=Message(code=error.code, message=error.detail)))
        self._set_hold(Hold("disk-full", error.detail))
        await self._ends.no_space(item, meter, error)

    def _set_hold(self, hold: Hold | None) -> None:
        if hold is None:
            self._space = None
        if hold != self._hold:
            self._hold = hold
            self._bus.publish(QueueResumed() if hold is None else QueuePaused())

    # --- progress -----------------------------------------------------------------------------------------------

    async def _flush_for_ever(self) -> None:
        renewed = asyncio.get_running_loop().time()
        while True:
            await asyncio.sleep(_FLUSH)
            due = asyncio.get_running_loop().time() - renewed > LEASE.total_seconds() / 4
            changed = {
                id_: (running.meter.downloaded, running.meter.total_bytes)
                for id_, running in self._running.items()
                if running.meter.changed or due
            }
            if changed:
                for id_ in changed:
                    if (running := self._running.get(id_)) is not None:
                        running.meter.changed = False
                async with self._db.write() as session:
                    kept = await LeaseRepository(session).renew(self._owner, LEASE, changed)
                # A lease that is no longer ours: somebody removed the item, or another process took it over.
                await self.interrupt(changed.keys() - kept)
            if due:
                # Those of a process that died, and of an item here whose end could not be written.
                await self._recover_leases()
                await self._pipeline.sweep()
                renewed = asyncio.get_running_loop().time()

    async def _recover_leases(self) -> None:
        async with self._db.write() as session:
            if await LeaseRepository(session).requeue_abandoned(all_leases=False):
                self.wake()

    async def _tell_for_ever(self) -> None:
        told: dict[UUID, tuple[int, int]] = {}
        while True:
            await asyncio.sleep(_TELL if self._running else _FLUSH)
            for id_, running in self._running.items():
                reading = running.meter.reading()
                if told.get(id_) == (reading.downloaded_bytes, reading.speed):
                    continue
                told[id_] = (reading.downloaded_bytes, reading.speed)
                item = running.item
                self._bus.publish(
                    DownloadProgress(
                        data=DownloadProgressData(
                            download_id=str(id_),
                            series_key=item.series_key,
                            series_name=item.series_name,
                            season=item.season,
                            episode=item.episode,
                            progress=reading,
                        )
                    )
                )
            for id_ in told.keys() - self._running.keys():
                del told[id_]


def _names(item: Claimed) -> dict[str, Any]:
    return {
        "download_id": str(item.id),
        "series_key": item.series_key,
        "series_name": item.series_name,
        "season": item.season,
        "episode": item.episode,
        "language": item.language,
    }


def _ref(item: Claimed) -> DownloadRef:
    return DownloadRef(**_names(item))
