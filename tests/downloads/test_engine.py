"""The engine: slots, ends of every kind, leases. The pipeline is a small double; the real one runs in tests/faults."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from dataclasses import dataclass, field
from uuid import UUID

import pytest

from aniworld.db.engine import Database, DatabaseUnavailableError
from aniworld.downloads.engine import Engine
from aniworld.downloads.errors import TargetExistsError
from aniworld.downloads.fetch.errors import DiskFullError, StalledError
from aniworld.downloads.lease_repository import LeaseRepository
from aniworld.downloads.progress import Meter
from aniworld.downloads.repository import DownloadRepository
from aniworld.downloads.service import DownloadService
from aniworld.downloads.types import Claimed
from aniworld.operations.service import Operations
from tests.downloads.conftest import Queue, eventually, fill


@dataclass
class ScriptedPipeline:
    """Runs until it is told how to end."""

    ends: dict[UUID, asyncio.Future[None]] = field(default_factory=dict)
    discarded: list[UUID] = field(default_factory=list)
    most: int = 0
    db: Database | None = None

    async def run(self, item: Claimed, meter: Meter) -> None:
        end = self.ends[item.id] = asyncio.get_running_loop().create_future()
        self.most = max(self.most, sum(not future.done() for future in self.ends.values()))
        meter.total(100)
        meter.add(40)
        try:
            await end
        finally:
            if not end.done():
                end.cancel()
        assert self.db is not None
        async with self.db.write() as session:
            await DownloadRepository(session).move(item.id, "completed")

    async def heal(self) -> None:
        return

    async def discard(self, ids: Collection[UUID]) -> None:
        self.discarded.extend(ids)

    def fail(self, id_: UUID, error: Exception) -> None:
        self.ends[id_].set_exception(error)


@dataclass
class Running:
    queue: Queue
    engine: Engine
    verbs: DownloadService
    pipeline: ScriptedPipeline
    operations: Operations
    task: asyncio.Task[None]

    async def started(self, *ids: UUID) -> None:
        async def check() -> bool:
            return all(id_ in self.pipeline.ends and not self.pipeline.ends[id_].done() for id_ in ids)

        await eventually(check)

    async def until(self, id_: UUID, status: str) -> None:
        async def check() -> bool:
            return await self.queue.status(id_) == status

        await eventually(check)


@pytest.fixture
async def running(sqlite_db: Database, make_queue: Callable[[Database], Awaitable[Queue]]) -> AsyncIterator[Running]:
    await fill(sqlite_db, "one")
    queue = await make_queue(sqlite_db)
    await queue.config.patch("downloads", {"retry_delay": 0.1, "max_retries": 2})
    await queue.config.patch("library", {"anime_directory": str(_directory(queue))})
    pipeline = ScriptedPipeline(db=sqlite_db)
    operations = Operations(queue.bus)
    engine = Engine(sqlite_db, queue.bus, queue.config, operations, pipeline, alone=True)
    verbs = DownloadService(sqlite_db, queue.bus, queue.config, queue.library, engine)
    queue.verbs = verbs
    task = asyncio.create_task(engine.run())
    yield Running(queue, engine, verbs, pipeline, operations, task)
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


def _directory(queue: Queue) -> object:
    directory = queue.config._file.parent.with_name("anime")
    directory.mkdir()
    return directory


async def test_no_more_than_the_slots_and_nothing_unless_started(running: Running) -> None:
    ids = await running.queue.add(1, 2, 3, 4)
    await asyncio.sleep(0.05)
    assert running.pipeline.ends == {}
    await running.verbs.start()
    await running.started(*ids[:2])
    assert running.pipeline.most == 2
    await running.queue.config.patch("downloads", {"slots": 3})  # in force without a restart
    await running.started(ids[2])
    running.pipeline.ends[ids[0]].set_result(None)
    await running.until(ids[0], "completed")
    await running.started(ids[3])
    assert running.pipeline.most == 3


async def test_pausing_lets_go_on_and_starts_nothing(running: Running) -> None:
    first, second, third = await running.queue.add(1, 2, 3)
    await running.verbs.start()
    await running.started(first, second)
    await running.verbs.pause()
    running.pipeline.ends[first].set_result(None)
    await running.until(first, "completed")
    await asyncio.sleep(0.05)
    assert third not in running.pipeline.ends
    assert await running.queue.status(second) == "downloading"
    await running.verbs.resume()
    await running.started(third)


async def test_stopping_brings_all_back_to_the_queue(running: Running) -> None:
    first, second = await running.queue.add(1, 2)
    await running.verbs.start()
    await running.started(first, second)
    await running.verbs.stop()
    await running.until(first, "pending")
    await running.until(second, "pending")
    item = (await running.verbs.overview(5)).pending_queue[0]
    assert (item.progress.downloaded_bytes, item.progress.total_bytes) == (40, 100)


async def test_a_passing_failure_is_tried_again_until_the_attempts_are_used_up(running: Running) -> None:
    (id_,) = await running.queue.add(1)
    await running.verbs.start()
    for attempt in range(3):
        await running.started(id_)
        running.pipeline.fail(id_, StalledError("the host went to sleep"))
        await running.until(id_, "pending" if attempt < 2 else "failed")
    (item,) = (await running.verbs.overview(5)).failed_downloads
    assert (item.retry_count, item.error_message) == (2, "the host went to sleep")


async def test_a_permanent_failure_is_not_tried_again(running: Running) -> None:
    (id_,) = await running.queue.add(1)
    await running.verbs.start()
    await running.started(id_)
    running.pipeline.fail(id_, TargetExistsError("somebody else's file"))
    await running.until(id_, "failed")
    assert (await running.verbs.overview(5)).failed_downloads[0].retry_count == 0


async def test_an_unexpected_error_is_the_items_not_the_queues(running: Running) -> None:
    first, second, third = await running.queue.add(1, 2, 3)
    await running.verbs.start()
    await running.started(first, second)
    running.pipeline.fail(first, RuntimeError("token=secret"))
    await running.until(first, "pending")
    running.pipeline.ends[second].set_result(None)
    await running.started(third)
    page = await running.verbs.page([], None, limit=10, offset=0)
    assert all("secret" not in (item.error_message or "") for item in page.items)


async def test_a_full_disk_holds_the_queue(running: Running) -> None:
    (id_,) = await running.queue.add(1)
    await running.verbs.start()
    await running.started(id_)
    running.pipeline.fail(id_, DiskFullError("no space left"))
    await running.until(id_, "pending")
    overview = await running.verbs.overview(5)
    assert overview.is_paused
    assert overview.pending_queue[0].error_message == "no space left"
    assert overview.pending_queue[0].retry_count == 0


async def test_removing_a_running_item_ends_it(running: Running) -> None:
    (id_,) = await running.queue.add(1)
    await running.verbs.start()
    await running.started(id_)
    await running.verbs.remove([id_])
    assert running.pipeline.ends[id_].cancelled()
    assert running.pipeline.discarded == [id_]
    assert await running.queue.status(id_) == "gone"


async def test_cancelling_the_operation_cancels_the_item(running: Running) -> None:
    (id_,) = await running.queue.add(1)
    await running.verbs.start()
    await running.started(id_)
    running.operations.cancel(str(id_))
    await running.until(id_, "cancelled")
    assert running.pipeline.discarded == [id_]


async def test_pausing_one_leaves_the_slot_to_the_next(running: Running) -> None:
    first, second, third = await running.queue.add(1, 2, 3)
    await running.verbs.start()
    await running.started(first, second)
    await running.verbs.pause_item(first)
    assert await running.queue.status(first) == "paused"
    await running.started(third)
    await running.verbs.resume_item(first)
    running.pipeline.ends[third].set_result(None)
    await running.started(first)


async def test_a_row_that_somebody_else_deleted_ends_the_download(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    (id_,) = await running.queue.add(1)
    await running.verbs.start()
    await running.started(id_)
    async with running.queue.db.write() as session:
        await DownloadRepository(session).remove([id_])
    meter = running.engine.meter(id_)
    assert meter is not None
    meter.add(1)

    async def ended() -> bool:
        return running.pipeline.ends[id_].cancelled()

    await eventually(ended)


async def test_what_a_dead_process_held_runs_at_the_next_start(running: Running) -> None:
    (id_,) = await running.queue.add(1)
    await running.verbs.start()
    await running.started(id_)
    running.task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await running.task
    await running.queue.force(id_, status="downloading", lease_owner="dead")
    again = ScriptedPipeline(db=running.queue.db)
    engine = Engine(running.queue.db, running.queue.bus, running.queue.config, running.operations, again, alone=True)
    task = asyncio.create_task(engine.run())

    async def runs() -> bool:
        return id_ in again.ends

    await eventually(runs)
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    assert await running.queue.status(id_) == "pending"


async def test_an_end_that_could_not_be_written_is_no_end(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    """The disk refused when the failure was to be written down: the item goes on when its lease has run out."""
    monkeypatch.setattr("aniworld.downloads.engine.LEASE", dt.timedelta(seconds=0.4))
    monkeypatch.setattr("aniworld.downloads.engine._FLUSH", 0.05)
    (id_,) = await running.queue.add(1)
    await running.verbs.start()
    await running.started(id_)

    async def refuse(*_arguments: object, **_values: object) -> bool:
        raise DatabaseUnavailableError

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(LeaseRepository, "move", refuse)
        running.pipeline.fail(id_, StalledError("nothing came"))
        await eventually(lambda: _ended(running, id_))
    await running.started(id_)
    running.pipeline.ends[id_].set_result(None)
    await running.until(id_, "completed")


async def _ended(running: Running, id_: UUID) -> bool:
    return running.engine.meter(id_) is None
