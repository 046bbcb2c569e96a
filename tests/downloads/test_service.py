"""The queue's verbs, on both databases."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import event

from aniworld.config.schemas import DownloadsSection
from aniworld.db.base import new_id
from aniworld.db.engine import Database
from aniworld.downloads.errors import ItemNotFoundError, NotPendingError, WrongStateError
from aniworld.downloads.lease_repository import LeaseRepository
from aniworld.downloads.schemas import EpisodeChoice
from aniworld.downloads.types import Claimed
from aniworld.kit.clock import now
from aniworld.kit.errors import InvalidInputError
from aniworld.library.errors import SeriesNotFoundError
from tests.downloads.conftest import EPISODES, Queue, fill

LEASE = dt.timedelta(seconds=60)


async def claim(queue: Queue, owner: str = "me") -> Claimed | None:
    async with queue.db.write() as session:
        return await LeaseRepository(session).claim(owner, LEASE)


async def test_adding_twice_adds_once(queue: Queue) -> None:
    choices = [EpisodeChoice(season=1, episode=1, language="de"), EpisodeChoice(season=1, episode=1, language="ja+en")]
    first = await queue.verbs.add("one", choices)
    assert len(first.added_items) == 2  # a dub and a sub are two things
    second = await queue.verbs.add("one", [*choices, EpisodeChoice(season=1, episode=2, language="de")])
    assert len(second.added_items) == 1
    assert [(skip.episode, skip.reason) for skip in second.skipped] == [(1, "already_queued")] * 2


async def test_two_at_once_add_once(queue: Queue) -> None:
    answers = await asyncio.gather(*(queue.add(1, 2, 3) for _ in range(4)))
    assert sum(map(len, answers)) == 3
    assert len(await queue.order()) == 3


async def test_what_cannot_be_had_is_told(queue: Queue) -> None:
    choices = [
        EpisodeChoice(season=1, episode=1, language="fr"),
        EpisodeChoice(season=7, episode=1),
        EpisodeChoice(season=1, episode=2),
    ]
    answer = await queue.verbs.add("one", choices)
    assert {(skip.season, skip.episode, skip.reason) for skip in answer.skipped} == {
        (1, 1, "language_not_available"),
        (7, 1, "unknown_episode"),
    }
    (item,) = (await queue.verbs.page([], "one", limit=10, offset=0)).items
    assert item.language == "ja+en"  # the first wanted language that can be had
    with pytest.raises(SeriesNotFoundError):
        await queue.verbs.add("nowhere", choices)


async def test_all_that_is_missing(queue: Queue) -> None:
    await queue.add(3)
    answer = await queue.verbs.add("one", None)
    assert len(answer.added_items) >= EPISODES - 1
    assert (await queue.verbs.overview(5)).statistics.pending == len(answer.added_items) + 1


async def test_order_is_priority_then_place_then_age(queue: Queue) -> None:
    low = await queue.add(1, 2, priority="low")
    normal = await queue.add(3, 4)
    high = await queue.add(5, priority="high")
    assert await queue.order() == [*high, *normal, *low]
    await queue.verbs.set_priority([low[1]], "high")
    assert await queue.order() == [low[1], *high, *normal, low[0]]
    claimed = [await claim(queue) for _ in range(5)]
    assert [item.id for item in claimed if item] == [low[1], *high, *normal, low[0]]
    assert await claim(queue) is None


async def test_reordering_some_keeps_the_places_of_the_rest(queue: Queue) -> None:
    a, b, c, d, e = await queue.add(1, 2, 3, 4, 5)
    await queue.verbs.reorder([d, a])
    assert await queue.order() == [d, b, c, a, e]
    with pytest.raises(NotPendingError):
        await queue.verbs.reorder([a, new_id()])
    with pytest.raises(InvalidInputError):
        await queue.verbs.reorder([a, a])
    await claim(queue)
    with pytest.raises(NotPendingError):
        await queue.verbs.reorder([a, d])


@pytest.mark.parametrize(("index", "expected"), [(0, "eabcd"), (2, "abecd"), (4, "abcde"), (99, "abcde")])
async def test_moving_one_to_a_place(queue: Queue, index: int, expected: str) -> None:
    ids = await queue.add(1, 2, 3, 4, 5)
    names = dict(zip(ids, "abcde", strict=True))
    await queue.verbs.move_to(ids[4], index)
    assert "".join(names[id_] for id_ in await queue.order()) == expected


async def test_there_is_always_room_between_two(queue: Queue) -> None:
    ids = await queue.add(*range(1, 8))
    model = list(ids)
    for step in range(60):  # halves the same gap again and again: without renumbering it would run out after 20
        moved = model[-1 - step % 2]
        model.remove(moved)
        model.insert(1, moved)
        await queue.verbs.move_to(moved, 1)
    assert await queue.order() == model


async def test_pause_and_resume_of_one(queue: Queue) -> None:
    first, second = await queue.add(1, 2)
    assert (await queue.verbs.pause_item(first)).status == "paused"
    assert (await queue.verbs.pause_item(first)).status == "paused"
    assert await queue.order() == [second]
    assert (await queue.verbs.resume_item(first)).status == "pending"
    assert await queue.order() == [first, second]
    await queue.force(first, status="completed")
    with pytest.raises(WrongStateError):
        await queue.verbs.pause_item(first)
    with pytest.raises(ItemNotFoundError):
        await queue.verbs.pause_item(new_id())


async def test_pausing_a_running_one_interrupts_it(queue: Queue) -> None:
    (id_,) = await queue.add(1)
    assert await claim(queue)
    await queue.verbs.pause_item(id_)
    assert queue.engine.interrupted == [id_]
    assert await queue.status(id_) == "paused"
    async with queue.db.write() as session:  # what the interrupted worker writes comes too late to undo it
        assert not await LeaseRepository(session).release(id_, "me", downloaded=1, total=2)


async def test_the_mode_is_kept(queue: Queue) -> None:
    assert (await queue.verbs.overview(1)).is_running is False
    assert (await queue.verbs.start()).is_running
    assert (await queue.verbs.start()).is_running
    assert (await queue.verbs.pause()).is_paused
    overview = await queue.verbs.overview(1)
    assert (overview.is_running, overview.is_paused) == (True, True)
    assert not (await queue.verbs.resume()).is_paused
    assert not (await queue.verbs.stop()).is_running


async def test_nothing_starts_by_itself_unless_told_so(queue: Queue) -> None:
    await queue.add(1)
    assert not (await queue.verbs.overview(1)).is_running
    await queue.config.patch("downloads", {"auto_start": True})
    await queue.add(2)
    assert (await queue.verbs.overview(1)).is_running


async def test_retry_takes_up_what_has_attempts_left(queue: Queue) -> None:
    one, two, three = await queue.add(1, 2, 3)
    limit = DownloadsSection().max_retries
    await queue.force(one, status="failed", retry_count=0, error_message="gone")
    await queue.force(two, status="failed", retry_count=limit)
    assert await queue.verbs.retry([], force=False) == 1
    assert await queue.status(one) == "pending"
    assert await queue.status(two) == "failed"
    assert await queue.verbs.retry([two, three], force=True) == 1
    assert set(await queue.order()) == {one, two, three}


async def test_retrying_an_old_failure_never_doubles_an_episode(queue: Queue) -> None:
    (old,) = await queue.add(1)
    await queue.force(old, status="failed")
    (newer,) = await queue.add(1)
    assert await queue.verbs.retry([old], force=True) == 0
    await queue.force(newer, status="failed")
    assert await queue.verbs.retry([old, newer], force=True) == 1
    assert await queue.order() == [newer]


async def test_removing_and_clearing(queue: Queue) -> None:
    a, b, c, d, e = await queue.add(1, 2, 3, 4, 5)
    await queue.force(b, status="completed")
    await queue.force(c, status="failed")
    await queue.force(d, status="paused")
    await queue.verbs.remove([a, new_id()])
    with pytest.raises(ItemNotFoundError):
        await queue.verbs.remove([a], must_exist=True)
    assert await queue.verbs.clear("completed") == 1
    assert await queue.verbs.clear("failed") == 1
    assert await queue.verbs.clear("pending") == 1
    assert [await queue.status(id_) for id_ in (a, b, c, d, e)] == ["gone", "gone", "gone", "paused", "gone"]
    assert set(queue.engine.discarded) == {a, b, c, e}


async def test_a_page_counts_all_and_holds_some(queue: Queue) -> None:
    await queue.add(*range(1, 11))
    await queue.add(1, key="two")
    page = await queue.verbs.page(["pending"], "one", limit=3, offset=8)
    assert (len(page.items), page.total) == (2, 10)
    overview = await queue.verbs.overview(4)
    assert (len(overview.pending_queue), overview.statistics.pending) == (4, 11)


async def test_a_page_of_all_goes_from_what_runs_to_what_is_done(queue: Queue) -> None:
    ids = await queue.add(*range(1, 9))
    for number, (index, status) in enumerate([(2, "completed"), (0, "completed"), (5, "failed"), (6, "paused")]):
        await queue.force(ids[index], status=status, completed_at=now() + dt.timedelta(seconds=number))
    await claim(queue)
    expected = [ids[number] for number in (1, 3, 4, 7, 6, 5, 0, 2)]
    whole = await queue.verbs.page([], None, limit=50, offset=0)
    assert [item.id for item in whole.items] == [str(id_) for id_ in expected]
    for offset in range(9):  # pages across the borders of states
        page = await queue.verbs.page([], "one", limit=3, offset=offset)
        assert [item.id for item in page.items] == [str(id_) for id_ in expected[offset : offset + 3]]
        assert page.total == 8


async def test_what_has_waited_long_enough_is_ready(queue: Queue) -> None:
    first, second = await queue.add(1, 2)
    await queue.force(first, not_before=now() - dt.timedelta(seconds=1))
    item = await claim(queue)
    assert item is not None
    assert item.id == first
    assert (await claim(queue) or item).id == second


async def test_a_claim_passes_over_none_that_wait(
    sqlite_db: Database, make_queue: Callable[[Database], Awaitable[Queue]]
) -> None:
    """However many wait after a failure: SQLite takes the index of those that are ready."""
    await fill(sqlite_db, "one")
    queue = await make_queue(sqlite_db)
    seen: list[tuple[str, Any]] = []
    event.listen(queue.db.engine.sync_engine, "before_cursor_execute", lambda *told: seen.append((told[2], told[3])))
    await queue.add(1)
    await claim(queue)
    statement, values = next(told for told in reversed(seen) if "RETURNING" in told[0])
    async with queue.db.engine.connect() as connection:
        plan = (await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)).all()
    assert any("ix_downloads_next" in row[-1] for row in plan), plan


async def test_a_series_that_leaves_takes_what_is_to_be_fetched_along(queue: Queue) -> None:
    first, second = await queue.add(1, 2)
    await claim(queue)
    async with queue.db.write() as session:
        await LeaseRepository(session).move(first, "failed", completed_at=now())
    queue.library.removed = queue.verbs.drop_series
    other = await queue.verbs.add("two", [EpisodeChoice(season=1, episode=1, language="de")])
    await queue.library.delete("one")
    left = {item.id for item in (await queue.verbs.page((), None, limit=10, offset=0)).items}
    assert left == {str(first), *other.added_items}  # what has ended stays, to be read
    assert str(second) not in left


async def test_an_installation_has_one_name(queue: Queue) -> None:
    async def name() -> str:
        async with queue.db.write() as session:
            return await LeaseRepository(session).installation()

    names = set(await asyncio.gather(*(name() for _ in range(4))))
    assert len(names) == 1
    await queue.verbs.start()
    assert await name() in names
    assert (await queue.verbs.overview(1)).is_running


async def test_claims_are_never_given_twice(queue: Queue) -> None:
    ids = await queue.add(*range(1, 21))

    async def take(owner: str) -> list[UUID]:
        taken = []
        while item := await claim(queue, owner):
            taken.append(item.id)
        return taken

    taken = await asyncio.gather(*(take(str(number)) for number in range(6)))
    flat = [id_ for part in taken for id_ in part]
    assert sorted(flat) == sorted(ids)


async def test_a_lease_that_ran_out_is_taken_over(queue: Queue) -> None:
    first, second = await queue.add(1, 2)
    await claim(queue, "dead")
    await claim(queue, "alive")
    await queue.force(first, lease_until=now() - dt.timedelta(seconds=1))
    async with queue.db.write() as session:
        assert await LeaseRepository(session).requeue_abandoned(all_leases=False) == 1
    item = await claim(queue, "alive")
    assert item is not None
    assert item.id == first
    async with queue.db.write() as session:
        repository = LeaseRepository(session)
        assert await repository.renew("dead", LEASE, {first: (1, 2), second: (1, 2)}) == set()
        assert await repository.renew("alive", LEASE, {first: (5, 9)}) == {first}


async def test_an_item_that_waits_after_a_failure_is_not_claimed_early(queue: Queue) -> None:
    first, second = await queue.add(1, 2)
    await queue.force(first, not_before=now() + dt.timedelta(hours=1))
    item = await claim(queue)
    assert item is not None
    assert item.id == second
    assert await claim(queue) is None
    async with queue.db.read() as session:
        due = await LeaseRepository(session).next_due(now())
    assert due is not None
