"""The queue's verbs. What they promise is on disk when they return; the engine is only woken."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any, Protocol
from uuid import UUID

import msgspec
from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncSession

from aniworld.config.service import ConfigService
from aniworld.db.base import new_id
from aniworld.db.engine import Database, after_commit
from aniworld.downloads.errors import ItemNotFoundError, NotPendingError, WrongStateError
from aniworld.downloads.hold import Hold
from aniworld.downloads.lease_repository import LeaseRepository
from aniworld.downloads.progress import Meter, progress
from aniworld.downloads.repository import GAP, DownloadRepository
from aniworld.downloads.schemas import (
    Added,
    EpisodeChoice,
    QueueHold,
    QueueItem,
    QueueModeOut,
    QueueOverview,
    QueuePage,
    QueueStatistics,
    Skipped,
)
from aniworld.downloads.types import PRIORITY_RANK, RANK_PRIORITY, HosterFailure, Priority, QueueMode, Status
from aniworld.events.bus import EventBus, publish_after_commit
from aniworld.events.types import (
    AppEvent,
    QueueAction,
    QueuePaused,
    QueueResumed,
    QueueStarted,
    QueueStatus,
    QueueStopped,
)
from aniworld.kit.clock import now
from aniworld.kit.errors import InvalidInputError
from aniworld.library.service import LibraryService
from aniworld.library.types import MovedPath

_LISTED: tuple[Status, ...] = ("downloading", "pending", "completed", "failed")


class RunningDownloads(Protocol):
    """What the verbs need of the engine."""

    def meter(self, id_: UUID) -> Meter | None:
        """The live numbers of a download that runs here."""
        ...

    def wake(self) -> None:
        """Look at the queue again."""
        ...

    async def interrupt(self, ids: Iterable[UUID]) -> None:
        """End those that run here and wait until they have: each at a resumable point, its row untouched."""
        ...

    async def discard(self, ids: Collection[UUID]) -> None:
        """Remove the work files of items that are gone."""
        ...

    @property
    def hold(self) -> Hold | None:
        """Why the queue waits although nobody paused it."""
        ...

    def press_on(self) -> None:
        """Try again now what waits for space."""
        ...


class DownloadService:
    """Everything that a client can do with the queue."""

    def __init__(
        self, db: Database, bus: EventBus, config: ConfigService, library: LibraryService, engine: RunningDownloads
    ) -> None:
        self._db = db
        self._bus = bus
        self._config = config
        self._library = library
        self._engine = engine

    # --- looking ------------------------------------------------------------------------------------------------

    async def page(self, statuses: Sequence[Status], series_key: str | None, *, limit: int, offset: int) -> QueuePage:
        """A page of the queue."""
        async with self._db.read() as session:
            rows, total = await DownloadRepository(session).page(
                statuses=statuses, series_key=series_key, limit=limit, offset=offset
            )
        return QueuePage(items=[self._item(row) for row in rows], total=total, limit=limit, offset=offset)

    async def overview(self, limit: int) -> QueueOverview:
        """The queue at a glance; each list holds at most ``limit`` items, the counts are whole."""
        async with self._db.read() as session:
            repository = DownloadRepository(session)
            mode = await repository.mode()
            counts = await repository.counts()
            active, pending, completed, failed = [
                [self._item(row) for row in await repository.top(status, limit)] if counts[status] else []
                for status in _LISTED
            ]
        hold = self._engine.hold if mode.running else None
        speed = sum(item.progress.speed for item in active)
        known = [item.progress for item in active if item.progress.total_bytes is not None]
        remaining = sum((item.total_bytes or 0) - item.downloaded_bytes for item in known)
        return QueueOverview(
            is_running=mode.running,
            is_paused=mode.paused or hold is not None,
            hold=None if hold is None else QueueHold(reason=hold.reason, message=hold.message, until=hold.until),
            active_downloads=active,
            pending_queue=pending,
            completed_downloads=completed,
            failed_downloads=failed,
            statistics=QueueStatistics(
                pending=counts["pending"],
                active=counts["downloading"],
                paused=counts["paused"],
                completed=counts["completed"],
                failed=counts["failed"],
                total_bytes=sum(item.total_bytes or 0 for item in known),
                downloaded_bytes=sum(item.progress.downloaded_bytes for item in active),
                speed=speed,
                eta_seconds=round(remaining / speed) if speed and known else None,
            ),
        )

    async def running(self, session: AsyncSession) -> set[tuple[str, int, int]]:
        """(series key, season, episode) of what is being fetched or filed."""
        return await LeaseRepository(session).running()

    async def follow(
        self, session: AsyncSession, series_key: str, moved: Sequence[MovedPath], _removed: Collection[str]
    ) -> None:
        """Files of a series lie elsewhere now; in the caller's transaction."""
        await LeaseRepository(session).follow(series_key, moved)

    async def states_of(self, session: AsyncSession, series_key: str) -> dict[tuple[UUID, str], str]:
        """The queue's state of each (episode, language) of a series."""
        return await DownloadRepository(session).states_of(series_key)

    # --- adding and removing ------------------------------------------------------------------------------------

    async def add(
        self, series_key: str, episodes: Sequence[EpisodeChoice] | None, priority: Priority = "normal"
    ) -> Added:
        """Queue episodes of a series, or all that is missing (None). What is open already is skipped, not doubled."""
        wanted = None if episodes is None else [(choice.season, choice.episode, choice.language) for choice in episodes]
        targets, refusals = await self._library.download_targets(series_key, wanted)
        moment = now()
        rows: list[dict[str, Any]] = [
            {
                "id": new_id(),
                "episode_id": target.episode_id,
                "language": target.language,
                "series_key": target.series_key,
                "series_name": target.series_name,
                "season": target.season,
                "episode": target.episode,
                "title": target.title,
                "status": "pending",
                "priority": PRIORITY_RANK[priority],
                "created_at": moment,
            }
            for target in targets
        ]
        skipped = [Skipped(season=r.season, episode=r.episode, reason=r.reason) for r in refusals]
        added: set[UUID] = set()
        if rows:
            async with self._db.write() as session:
                repository = DownloadRepository(session)
                added = await repository.add(rows)
                if added:
                    await self._begin_if_wanted(session, repository)
                    self._tell(session, "items_added", len(added), [series_key])
        skipped += [
            Skipped(season=row["season"], episode=row["episode"], reason="already_queued")
            for row in rows
            if row["id"] not in added
        ]
        return Added(added_items=[str(row["id"]) for row in rows if row["id"] in added], skipped=skipped)

    async def add_missing(self, series_key: str) -> int:
        """Queue all that a series lacks; how many episodes were added."""
        return len((await self.add(series_key, None)).added_items)

    async def remove(self, ids: Sequence[UUID], *, must_exist: bool = False) -> None:
        """Take items out of the queue, whatever their state; partial files go too, finished ones stay."""
        async with self._db.write() as session:
            removed = await DownloadRepository(session).remove(ids)
            if must_exist and not removed:
                raise ItemNotFoundError
            self._tell(session, "items_removed", len(removed), [key for _id, key in removed])
        await self._drop(id_ for id_, _key in removed)

    async def drop_series(self, series_key: str) -> None:
        """Take what is still to be fetched for a series out of the queue."""
        async with self._db.write() as session:
            repository = DownloadRepository(session)
            removed = await repository.remove(await repository.open_of(series_key))
            self._tell(session, "items_removed", len(removed), [series_key])
        await self._drop(id_ for id_, _key in removed)

    async def clear(self, status: Status) -> int:
        """Take all items of one ended or pending state out of the queue."""
        async with self._db.write() as session:
            statuses: tuple[Status, ...] = ("failed", "cancelled") if status == "failed" else (status,)
            removed = await DownloadRepository(session).clear(statuses)
            action = {"completed": "completed_cleared", "failed": "failed_cleared"}.get(status, "pending_cleared")
            self._tell(session, action, len(removed), [key for _id, key in removed])
        await self._drop(id_ for id_, _key in removed)
        return len(removed)

    async def _drop(self, ids: Iterable[UUID]) -> None:
        gone = list(ids)
        await self._engine.interrupt(gone)
        await self._engine.discard(gone)
        self._engine.wake()

    # --- the queue's mode ---------------------------------------------------------------------------------------

    async def start(self) -> QueueModeOut:
        """Run downloads; ends a pause as well."""
        mode = await self._set_mode(lambda _old: QueueMode(running=True, paused=False), QueueStarted())
        self._engine.press_on()
        return mode

    async def stop(self) -> QueueModeOut:
        """Run none: what runs ends at a resumable point and waits again."""
        return await self._set_mode(lambda _old: QueueMode(running=False, paused=False), QueueStopped())

    async def pause(self) -> QueueModeOut:
        """Begin no new ones; what runs goes on."""
        return await self._set_mode(lambda old: QueueMode(running=old.running, paused=True), QueuePaused())

    async def resume(self) -> QueueModeOut:
        """End the pause."""
        mode = await self._set_mode(lambda old: QueueMode(running=old.running, paused=False), QueueResumed())
        self._engine.press_on()
        return mode

    async def _set_mode(self, change: Callable[[QueueMode], QueueMode], event: AppEvent) -> QueueModeOut:
        async with self._db.write() as session:
            repository = DownloadRepository(session)
            old = await repository.mode()
            new = change(old)
            if new != old:
                await repository.set_mode(new)
                publish_after_commit(self._bus, session, event)
                after_commit(session, self._engine.wake)
        return QueueModeOut(is_running=new.running, is_paused=new.paused)

    async def _begin_if_wanted(self, session: AsyncSession, repository: DownloadRepository) -> None:
        after_commit(session, self._engine.wake)
        mode = await repository.mode()
        if self._config.current.downloads.auto_start and not mode.running:
            await repository.set_mode(QueueMode(running=True, paused=mode.paused))
            publish_after_commit(self._bus, session, QueueStarted())

    # --- single items -------------------------------------------------------------------------------------------

    async def pause_item(self, id_: UUID) -> QueueItem:
        """Hold one item back; a running one stops at a resumable point."""
        return await self._move(id_, "paused", allowed_already="paused")

    async def resume_item(self, id_: UUID) -> QueueItem:
        """Let a held item wait its turn again."""
        return await self._move(id_, "pending", only_from="paused", allowed_already="pending")

    async def _move(
        self, id_: UUID, target: Status, *, allowed_already: Status, only_from: Status | None = None
    ) -> QueueItem:
        async with self._db.write() as session:
            repository = DownloadRepository(session)
            row = await repository.get(id_)
            if row is None:
                raise ItemNotFoundError
            if row.status != allowed_already:
                if (only_from is not None and row.status != only_from) or not await repository.move(id_, target):
                    raise WrongStateError(f"The item is {row.status}")
                self._tell(session, "items_changed", 1, [row.series_key])
        await self._engine.interrupt([id_])
        self._engine.wake()
        async with self._db.read() as session:
            row = await DownloadRepository(session).get(id_)
        if row is None:
            raise ItemNotFoundError
        return self._item(row)

    async def retry(self, ids: Sequence[UUID], *, force: bool) -> int:
        """Try failed items again; without ``force`` only those that have attempts left."""
        limit = None if force else self._config.current.downloads.max_retries
        async with self._db.write() as session:
            repository = DownloadRepository(session)
            count = await repository.retry(ids, below=limit)
            if count:
                await self._begin_if_wanted(session, repository)
                self._tell(session, "items_retried", count, [])
        return count

    async def set_priority(self, ids: Sequence[UUID], priority: Priority) -> None:
        """Give open items a priority."""
        async with self._db.write() as session:
            count = await DownloadRepository(session).set_priority(ids, PRIORITY_RANK[priority])
            self._tell(session, "queue_reordered", count, [])
        self._engine.wake()

    async def reorder(self, ids: Sequence[UUID]) -> None:
        """Put pending items in this order, in the places that they hold together now."""
        async with self._db.write() as session:
            repository = DownloadRepository(session)
            positions = await repository.pending_positions(ids)
            unique = list(dict.fromkeys(ids))
            if len(unique) != len(ids):
                raise InvalidInputError.field("item_ids", "An item stands there twice")
            if len(positions) != len(unique):
                raise NotPendingError
            await repository.set_positions(dict(zip(unique, sorted(positions.values()), strict=True)))
            self._tell(session, "queue_reordered", len(unique), [])

    async def move_to(self, id_: UUID, index: int) -> None:
        """Put one pending item at a place (0 is the front) among those of its priority."""
        async with self._db.write() as session:
            repository = DownloadRepository(session)
            row = await repository.get(id_)
            if row is None or row.status != "pending":
                raise NotPendingError
            place = await self._place(repository, row, index)
            if place is None:
                await repository.renumber()
                place = await self._place(repository, row, index)
            await repository.set_positions({id_: place if place is not None else row.position})
            self._tell(session, "queue_reordered", 1, [row.series_key])

    @staticmethod
    async def _place(repository: DownloadRepository, row: Row[Any], index: int) -> int | None:
        """A free position at that place; None: there is no room between the two neighbours."""
        before, after = await repository.neighbours(row.id, index)
        # Priority goes first: next to items of another priority only the near end of one's own is within reach.
        low = before[1] if before is not None and before[0] == row.priority else None
        high = after[1] if after is not None and after[0] == row.priority else None
        if low is not None and high is not None:
            return (low + high) // 2 if high - low > 1 else None
        if high is not None:
            return high - GAP
        if low is not None:
            return low + GAP
        return int(row.position)

    # --- helpers ------------------------------------------------------------------------------------------------

    def _tell(self, session: AsyncSession, action: Any, count: int, series_keys: Iterable[str]) -> None:
        if count:
            keys = sorted(set(series_keys))
            data = QueueAction(action=action, count=count, series_keys=keys)
            publish_after_commit(self._bus, session, QueueStatus(data=data))

    def _item(self, row: Row[Any]) -> QueueItem:
        meter = self._engine.meter(row.id) if row.status == "downloading" else None
        numbers = (
            meter.reading()
            if meter is not None
            else progress(row.downloaded_bytes, row.total_bytes, done=row.status == "completed")
        )
        return QueueItem(
            id=str(row.id),
            series_key=row.series_key,
            series_name=row.series_name,
            season=row.season,
            episode=row.episode,
            title=row.title,
            status=row.status,
            priority=RANK_PRIORITY[row.priority],
            position=row.position,
            progress=numbers,
            error_message=row.error_message,
            error_code=row.error_code,
            failures=msgspec.convert(row.failures or [], list[HosterFailure]),
            retry_count=row.retry_count,
            retry_at=row.not_before,
            provider=row.provider,
            hoster=row.hoster,
            language=row.language,
            file_path=row.file_path,
            created_at=row.created_at,
            started_at=row.started_at,
            completed_at=row.completed_at,
        )
