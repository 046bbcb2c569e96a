"""The queue's verbs, in any order and with crashes in between, against a model that is a list."""

from __future__ import annotations

import asyncio
import datetime as dt
import shutil
import tempfile
from collections import Counter
from collections.abc import Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, TypeVar
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from sqlalchemy import delete, update

from aniworld.catalog.service import Catalog
from aniworld.config.service import ConfigService
from aniworld.db.base import Base
from aniworld.db.engine import Database
from aniworld.downloads.errors import ItemNotFoundError, NotPendingError, WrongStateError
from aniworld.downloads.lease_repository import LeaseRepository
from aniworld.downloads.models import Download
from aniworld.downloads.schemas import Added, EpisodeChoice
from aniworld.downloads.service import DownloadService
from aniworld.downloads.types import PRIORITY_RANK, Priority, Status
from aniworld.events.bus import EventBus
from aniworld.kit.clock import now
from aniworld.kit.net import HttpClient
from aniworld.library.service import LibraryService
from tests.downloads.conftest import IdleEngine, fill
from tests.faults.support import POINTS

T = TypeVar("T")
EPISODES = 6
LEASE = dt.timedelta(seconds=60)
PRIORITIES: tuple[Priority, ...] = ("low", "normal", "high")
MOST_RETRIES = 4
"""As configured unless somebody says otherwise."""
OPEN = ("pending", "downloading", "paused")


@dataclass
class Item:
    """What the model knows of one."""

    id: UUID
    episode: int
    language: str = "de"
    status: Status = "pending"
    rank: int = PRIORITY_RANK["normal"]
    retries: int = 0

    @property
    def wanted(self) -> tuple[int, str]:
        """What it is an attempt at; only one of them is open at a time."""
        return self.episode, self.language


class QueueMachine(RuleBasedStateMachine):
    template: ClassVar[Path]
    postgres: ClassVar[str | None] = None
    """Address of a database that is emptied for each run; None: a file of SQLite, made anew."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.directory = Path(tempfile.mkdtemp(prefix="aniworld-queue-"))
        if self.postgres is None:
            shutil.copy(self.template, self.directory / "queue.db")
            self.url = f"sqlite+aiosqlite:///{self.directory / 'queue.db'}"
        else:
            self.url = self.postgres
        self.items: list[Item] = []
        """In the order of their positions, whatever their state."""
        self.running = self.paused = False
        self.open()
        self.run(self.empty())
        self.run(fill(self.db, "one", EPISODES))

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self.loop.run_until_complete(work)

    async def empty(self) -> None:
        async with self.db.write() as session:
            for table in reversed(Base.metadata.sorted_tables):
                await session.execute(delete(table))

    def open(self) -> None:
        """As at the start of the program."""
        self.db = Database(self.url)
        bus = EventBus()
        config = ConfigService(self.directory, bus)
        catalog = Catalog(self.directory / "providers", HttpClient(allowed_hosts=frozenset), config)
        library = LibraryService(self.db, bus, config, catalog)
        self.verbs = DownloadService(self.db, bus, config, library, IdleEngine())
        library.queue_states = self.verbs.states_of

    def teardown(self) -> None:
        self.run(self.db.close())
        self.loop.close()
        shutil.rmtree(self.directory)

    # --- the model ----------------------------------------------------------------------------------------------

    def pending(self) -> list[Item]:
        """As they will run: by priority, then by position."""
        return sorted((item for item in self.items if item.status == "pending"), key=lambda item: item.rank)

    def some(self, data: st.DataObject, *statuses: Status) -> Item:
        return data.draw(st.sampled_from([item for item in self.items if not statuses or item.status in statuses]))

    def has(self, *statuses: Status) -> bool:
        return any(not statuses or item.status in statuses for item in self.items)

    # --- the verbs ----------------------------------------------------------------------------------------------

    @rule(episodes=st.lists(st.integers(1, EPISODES), min_size=1, max_size=4), priority=st.sampled_from(PRIORITIES))
    def add(self, episodes: list[int], priority: Priority) -> None:
        choices = [EpisodeChoice(season=1, episode=number, language="de") for number in episodes]
        self.added(self.run(self.verbs.add("one", choices, priority)), episodes, "de", priority)

    @rule()
    def add_all_that_is_missing(self) -> None:
        """In the language that is wanted most."""
        self.added(self.run(self.verbs.add("one", None)), list(range(1, EPISODES + 1)), "ja+en", "normal")

    def added(self, added: Added, episodes: list[int], language: str, priority: Priority) -> None:
        open_ = {item.wanted for item in self.items if item.status in OPEN}
        new = [number for number in dict.fromkeys(episodes) if (number, language) not in open_]
        assert len(added.added_items) == len(new)
        ids = [UUID(id_) for id_ in added.added_items]
        # Which id is which episode only the queue can tell.
        page = self.run(self.verbs.page([], None, limit=500, offset=0))
        numbers = {UUID(item.id): item.episode for item in page.items}
        assert sorted(numbers[id_] for id_ in ids) == sorted(new)
        self.items += [Item(id_, numbers[id_], language, rank=PRIORITY_RANK[priority]) for id_ in ids]

    @precondition(lambda self: self.has())
    @rule(data=st.data())
    def remove(self, data: st.DataObject) -> None:
        gone = data.draw(st.lists(st.sampled_from(self.items), min_size=1, max_size=3, unique_by=lambda item: item.id))
        self.run(self.verbs.remove([*(item.id for item in gone), uuid4()]))
        self.items = [item for item in self.items if item not in gone]

    @rule()
    def what_is_not_there(self) -> None:
        for verb in (self.verbs.pause_item, self.verbs.resume_item):
            with pytest.raises(ItemNotFoundError):
                self.run(verb(uuid4()))
        with pytest.raises(ItemNotFoundError):
            self.run(self.verbs.remove([uuid4()], must_exist=True))
        with pytest.raises(NotPendingError):
            self.run(self.verbs.reorder([uuid4()]))

    @rule(status=st.sampled_from(["pending", "completed", "failed"]))
    def clear(self, status: Status) -> None:
        gone = [
            item for item in self.items if item.status in {"failed": ("failed", "cancelled")}.get(status, (status,))
        ]
        assert self.run(self.verbs.clear(status)) == len(gone)
        self.items = [item for item in self.items if item not in gone]

    @rule(verb=st.sampled_from(["start", "stop", "pause", "resume"]))
    def mode(self, verb: str) -> None:
        mode = self.run(getattr(self.verbs, verb)())
        self.running = {"start": True, "stop": False}.get(verb, self.running)
        self.paused = verb == "pause"
        assert (mode.is_running, mode.is_paused) == (self.running, self.paused)

    @precondition(lambda self: self.has())
    @rule(data=st.data())
    def pause_item(self, data: st.DataObject) -> None:
        item = self.some(data)
        if item.status in OPEN:
            assert self.run(self.verbs.pause_item(item.id)).status == "paused"
            item.status = "paused"
        else:
            with pytest.raises(WrongStateError):
                self.run(self.verbs.pause_item(item.id))

    @precondition(lambda self: self.has())
    @rule(data=st.data())
    def resume_item(self, data: st.DataObject) -> None:
        item = self.some(data)
        if item.status in ("paused", "pending"):
            assert self.run(self.verbs.resume_item(item.id)).status == "pending"
            item.status = "pending"
        else:
            with pytest.raises(WrongStateError):
                self.run(self.verbs.resume_item(item.id))

    @precondition(lambda self: self.has("failed", "cancelled"))
    @rule(data=st.data(), force=st.booleans(), everything=st.booleans())
    def retry(self, data: st.DataObject, *, force: bool, everything: bool) -> None:
        ended = [item for item in self.items if item.status in ("failed", "cancelled")]
        named = [] if everything else data.draw(st.lists(st.sampled_from(ended), min_size=1, max_size=3))
        chosen = [item for item in self.items if item.status == "failed"] if everything else named
        again = [
            item
            for item in ended
            if item in chosen and not self.is_blocked(item) and (force or item.retries < MOST_RETRIES)
        ]
        ids = list(dict.fromkeys(item.id for item in named))
        assert self.run(self.verbs.retry(ids, force=force)) == len(again)
        for item in again:
            item.status = "pending"
            item.retries = 0 if force else item.retries + 1

    def is_blocked(self, item: Item) -> bool:
        """Whether another attempt at the same is open, or a newer one ended."""
        return any(
            other.status in OPEN or (other.status in ("failed", "cancelled") and other.id > item.id)
            for other in self.items
            if other.wanted == item.wanted and other is not item
        )

    @precondition(lambda self: self.has())
    @rule(data=st.data(), priority=st.sampled_from(PRIORITIES))
    def set_priority(self, data: st.DataObject, priority: Priority) -> None:
        item = self.some(data)
        self.run(self.verbs.set_priority([item.id], priority))
        if item.status in ("pending", "paused"):
            item.rank = PRIORITY_RANK[priority]

    @precondition(lambda self: self.has("pending"))
    @rule(data=st.data())
    def reorder(self, data: st.DataObject) -> None:
        mine = data.draw(st.permutations([item for item in self.items if item.status == "pending"]))
        mine = mine[: data.draw(st.integers(1, len(mine)))]
        self.run(self.verbs.reorder([item.id for item in mine]))
        places = sorted(self.items.index(item) for item in mine)
        for place, item in zip(places, mine, strict=True):
            self.items[place] = item

    @precondition(lambda self: self.has("pending"))
    @rule(data=st.data(), index=st.integers(0, EPISODES))
    def move_to(self, data: st.DataObject, index: int) -> None:
        item = self.some(data, "pending")
        # Told for queues of one priority; between priorities only the near end of one's own is within reach.
        alike = [other for other in self.pending() if other is not item]
        self.run(self.verbs.move_to(item.id, index))
        if all(other.rank == item.rank for other in alike):
            index = min(index, len(alike))
            expected = [*alike[:index], item, *alike[index:]]
            assert self.order() == [other.id for other in expected]
        self.learn_order()

    @precondition(lambda self: self.has("downloading", "completed", "paused"))
    @rule(data=st.data())
    def move_what_does_not_wait(self, data: st.DataObject) -> None:
        item = self.some(data, "downloading", "completed", "paused")
        with pytest.raises(NotPendingError):
            self.run(self.verbs.move_to(item.id, 0))

    # --- the engine's side --------------------------------------------------------------------------------------

    @rule()
    def claim(self) -> None:
        async def claim() -> Any:
            async with self.db.write() as session:
                return await LeaseRepository(session).claim("machine", LEASE)

        claimed = self.run(claim())
        expected = self.pending()
        assert (claimed.id if claimed else None) == (expected[0].id if expected else None)
        if expected:
            expected[0].status = "downloading"

    @precondition(lambda self: self.has("downloading"))
    @rule(
        data=st.data(),
        end=st.sampled_from(["failed", "failed", "cancelled", "pending"]),
        retries=st.integers(0, MOST_RETRIES + 1),
    )
    def fail(self, data: st.DataObject, end: Status, retries: int) -> None:
        """It fails, is cancelled as an operation, or is interrupted."""
        item = self.some(data, "downloading")

        async def fail() -> bool:
            async with self.db.write() as session:
                values: dict[str, Any] = {"retry_count": retries}
                if end != "pending":
                    values["completed_at"] = now()
                return await LeaseRepository(session).move(item.id, end, **values)

        assert self.run(fail())
        item.status, item.retries = end, retries

    @precondition(lambda self: self.has("downloading"))
    @rule(data=st.data())
    def lose_a_lease(self, data: st.DataObject) -> None:
        """The process that held one is gone; another one takes back that one alone."""
        item = self.some(data, "downloading")

        async def lose() -> int:
            async with self.db.write() as session:
                past = now() - LEASE
                await session.execute(update(Download).where(Download.id == item.id).values(lease_until=past))
                return await LeaseRepository(session).requeue_abandoned(all_leases=False)

        assert self.run(lose()) == 1
        item.status = "pending"

    @precondition(lambda self: self.has("downloading"))
    @rule(data=st.data())
    def complete(self, data: st.DataObject) -> None:
        item = self.some(data, "downloading")

        async def complete() -> None:
            async with self.db.write() as session:
                await LeaseRepository(session).complete(item.id, f"one/{item.episode}.mkv", 1)

        self.run(complete())
        item.status = "completed"

    @rule(committed=st.booleans())
    def crash(self, committed: bool) -> None:
        """The program dies, perhaps in the middle of a write, and starts again."""

        async def die() -> None:
            if not committed:
                with pytest.raises(KeyboardInterrupt):
                    async with self.db.write() as session:
                        await LeaseRepository(session).clear(["pending", "failed", "completed"])
                        raise KeyboardInterrupt
            await self.db.close()

        async def recover() -> None:
            async with self.db.write() as session:
                await LeaseRepository(session).requeue_abandoned(all_leases=True)

        self.run(die())
        self.open()
        self.run(recover())
        for item in self.items:
            if item.status == "downloading":
                item.status = "pending"

    # --- what always holds --------------------------------------------------------------------------------------

    def order(self) -> list[UUID]:
        return [UUID(item.id) for item in self.run(self.verbs.page(["pending"], None, limit=500, offset=0)).items]

    def learn_order(self) -> None:
        """Take over the positions that the queue has now."""
        page = self.run(self.verbs.page([], None, limit=500, offset=0))
        positions = {UUID(item.id): item.position for item in page.items}
        self.items.sort(key=lambda item: (positions[item.id], item.id))

    @invariant()
    def agree(self) -> None:
        page = self.run(self.verbs.page([], None, limit=500, offset=0))
        told = {
            UUID(item.id): (item.status, item.episode, item.language, PRIORITY_RANK[item.priority], item.retry_count)
            for item in page.items
        }
        assert told == {
            item.id: (item.status, item.episode, item.language, item.rank, item.retries) for item in self.items
        }
        assert self.order() == [item.id for item in self.pending()]
        open_ = [item.wanted for item in self.items if item.status in OPEN]
        assert len(open_) == len(set(open_))
        overview = self.run(self.verbs.overview(500))
        assert (overview.is_running, overview.is_paused) == (self.running, self.paused)
        counted = Counter(item.status for item in self.items)
        told_counts = overview.statistics
        assert (told_counts.pending, told_counts.active, told_counts.paused, told_counts.completed) == tuple(
            counted[status] for status in ("pending", "downloading", "paused", "completed")
        )
        assert told_counts.failed == counted["failed"]


@pytest.mark.timeout(300 + 2 * POINTS)
def test_the_queue_does_what_its_model_does(database_url: str, sqlite_template: Path) -> None:
    QueueMachine.template = sqlite_template
    QueueMachine.postgres = database_url if database_url.startswith("postgresql") else None
    run_state_machine_as_test(
        QueueMachine,
        settings=settings(
            max_examples=max(6, POINTS // (16 if QueueMachine.postgres else 8)),
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
