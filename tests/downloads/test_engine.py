"""The engine: slots, ends of every kind, leases. The pipeline is a small double; the real one runs in tests/faults."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import pytest

from aniworld.db.engine import DatabaseUnavailableError
from aniworld.downloads.engine import Engine
from aniworld.downloads.errors import AllHostersFailedError, Failure, HostRestingError, TargetExistsError
from aniworld.downloads.fetch.errors import DiskFullError, SourceGoneError, StalledError
from aniworld.downloads.lease_repository import LeaseRepository
from aniworld.downloads.repository import DownloadRepository
from aniworld.downloads.schemas import QueueItem
from aniworld.downloads.types import HosterFailure
from aniworld.kit.clock import now
from tests.downloads.conftest import Running, ScriptedPipeline, eventually


@dataclass
class Disk:
    """How much is free, for the tests that must not depend on what else this machine does."""

    free: int = 100 * 1024 * 1024

    def __call__(self, _path: Path) -> int:
        return self.free


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    disk = Disk()
    monkeypatch.setattr("aniworld.downloads.engine.free_space", disk)
    return disk


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


async def test_a_full_disk_holds_the_queue(running: Running, disk: Disk) -> None:
    (id_,) = await running.queue.add(1)
    await running.verbs.start()
    await running.started(id_)
    running.pipeline.fail(id_, DiskFullError("no space left"))
    await running.until(id_, "pending")
    overview = await running.verbs.overview(5)
    assert overview.is_paused
    assert overview.pending_queue[0].error_message == "no space left"
    assert overview.pending_queue[0].retry_count == 0


async def test_space_that_somebody_made_is_tried_at_once(running: Running, disk: Disk) -> None:
    (id_,) = await running.queue.add(1)
    await running.verbs.start()
    await running.started(id_)
    running.pipeline.fail(id_, DiskFullError("no space left"))
    await running.until(id_, "pending")
    hold = (await running.verbs.overview(5)).hold
    assert hold is not None
    assert (hold.reason, hold.message) == ("disk-full", "no space left")
    assert (await running.verbs.resume()).is_paused is False
    await running.started(id_)
    assert (await running.verbs.overview(5)).hold is None


async def test_the_queue_goes_on_by_itself_when_there_is_space(running: Running, disk: Disk) -> None:
    (id_,) = await running.queue.add(1)
    await running.verbs.start()
    await running.started(id_)
    running.pipeline.fail(id_, DiskFullError("no space left"))
    await running.until(id_, "pending")
    running.engine.wake()
    await asyncio.sleep(0.05)
    assert await running.queue.status(id_) == "pending"
    disk.free = 1024 * 1024 * 1024
    running.engine.wake()
    await running.started(id_)
    assert (await running.verbs.overview(1)).hold is None


async def test_a_pause_outlives_a_full_disk(running: Running, disk: Disk) -> None:
    (id_,) = await running.queue.add(1)
    await running.verbs.start()
    await running.started(id_)
    running.pipeline.fail(id_, DiskFullError("no space left"))
    await running.until(id_, "pending")
    await running.verbs.pause()
    running.engine.press_on()

    async def goes_on() -> bool:
        return (await running.verbs.overview(1)).hold is None

    await eventually(goes_on)
    await asyncio.sleep(0.05)
    assert (await running.verbs.overview(1)).is_paused
    assert await running.queue.status(id_) == "pending"


async def test_a_directory_that_is_away_holds_the_queue_and_is_not_made_anew(running: Running) -> None:
    (id_,) = await running.queue.add(1)
    await running.verbs.start()
    await running.started(id_)
    anime = Path(running.queue.config.current.library.anime_directory or "")
    away = anime.rename(anime.with_name("away"))
    running.engine.wake()
    await running.until(id_, "pending")
    overview = await running.verbs.overview(5)
    assert overview.hold is not None
    assert overview.hold.reason == "directory-gone"
    assert overview.pending_queue[0].retry_count == 0
    assert not anime.exists()
    away.rename(anime)
    running.engine.wake()
    await running.started(id_)
    assert (await running.verbs.overview(5)).hold is None


async def test_quiet_hours_hold_the_queue_and_let_it_go_on(running: Running) -> None:
    (id_,) = await running.queue.add(1)
    await running.verbs.start()
    await running.started(id_)
    days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
    always = {"days": days, "start": "00:00", "end": "00:00", "pause": True}
    await running.queue.config.patch("downloads", {"quiet_hours": [always]})
    await running.until(id_, "pending")
    overview = await running.verbs.overview(5)
    assert (overview.is_running, overview.is_paused) == (True, True)
    assert overview.hold is not None
    assert (overview.hold.reason, overview.hold.until) == ("quiet-hours", None)
    assert overview.pending_queue[0].progress.downloaded_bytes == 40
    await running.queue.config.patch("downloads", {"quiet_hours": []})
    await running.started(id_)
    assert (await running.verbs.overview(5)).hold is None


async def _only(running: Running, id_: UUID) -> QueueItem:
    items = (await running.verbs.page([], None, limit=50, offset=0)).items
    return next(item for item in items if item.id == str(id_))


async def test_the_reason_of_each_hoster_is_kept(running: Running) -> None:
    (id_,) = await running.queue.add(1)
    await running.verbs.start()
    await running.started(id_)
    errors = [("Streamline", StalledError("nothing came")), ("Rivulet", SourceGoneError(404))]
    running.pipeline.fail(id_, AllHostersFailedError([Failure(hoster, error) for hoster, error in errors]))
    await running.started(id_)  # it is tried again: one of the two may deliver later
    running.pipeline.fail(id_, AllHostersFailedError([Failure("Rivulet", SourceGoneError(404))]))
    await running.until(id_, "failed")
    item = await _only(running, id_)
    assert item.error_code == "all-hosters-failed"
    assert item.failures == [HosterFailure(hoster="Rivulet", reason="The host answered 404", code="source-gone")]
    await running.verbs.stop()
    await running.verbs.retry([id_], force=True)
    item = await _only(running, id_)
    assert (item.failures, item.error_code, item.error_message) == ([], None, None)


async def test_waiting_for_a_host_uses_up_no_attempt(running: Running) -> None:
    (id_,) = await running.queue.add(1)
    await running.verbs.start()
    await running.started(id_)
    resting = HostRestingError("host:80 keeps failing", retry_after=600)
    running.pipeline.fail(
        id_, AllHostersFailedError([Failure("Streamline", resting), Failure("Rivulet", SourceGoneError(404))])
    )
    await running.until(id_, "pending")
    item = await _only(running, id_)
    assert item.retry_count == 0
    assert item.retry_at is not None
    assert 500 < (item.retry_at - now()).total_seconds() <= 661
    assert [failure.code for failure in item.failures] == ["host-resting", "source-gone"]


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
