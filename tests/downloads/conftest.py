"""A queue on a real database, over a library with two series in it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import insert, update

from aniworld.catalog.service import Catalog
from aniworld.config.service import ConfigService
from aniworld.db.base import new_id
from aniworld.db.engine import Database
from aniworld.downloads.engine import Engine
from aniworld.downloads.hold import Hold
from aniworld.downloads.models import Download
from aniworld.downloads.progress import Meter
from aniworld.downloads.repository import DownloadRepository
from aniworld.downloads.schemas import EpisodeChoice
from aniworld.downloads.service import DownloadService
from aniworld.downloads.types import Claimed
from aniworld.events.bus import EventBus
from aniworld.kit.clock import now
from aniworld.kit.net import HttpClient
from aniworld.library.models import Episode, EpisodeLanguage, Series
from aniworld.library.service import LibraryService
from aniworld.operations.service import Operations

EPISODES = 30


@dataclass
class IdleEngine:
    """What the verbs need of the engine, while nothing runs."""

    woken: int = 0
    interrupted: list[UUID] = field(default_factory=list)
    discarded: list[UUID] = field(default_factory=list)

    def meter(self, id_: UUID) -> Meter | None:
        return None

    def wake(self) -> None:
        self.woken += 1

    async def interrupt(self, ids: Iterable[UUID]) -> None:
        self.interrupted.extend(ids)

    async def discard(self, ids: Collection[UUID]) -> None:
        self.discarded.extend(ids)

    hold: Hold | None = None

    def press_on(self) -> None:
        self.woken += 1


@dataclass
class Queue:
    """The queue's verbs and what they stand on."""

    db: Database
    bus: EventBus
    config: ConfigService
    library: LibraryService
    engine: IdleEngine
    verbs: DownloadService

    async def add(self, *numbers: int, key: str = "one", **options: Any) -> list[UUID]:
        """Queue episodes of the first season in German; the ids."""
        choices = [EpisodeChoice(season=1, episode=number, language="de") for number in numbers]
        return [UUID(id_) for id_ in (await self.verbs.add(key, choices, **options)).added_items]

    async def order(self) -> list[UUID]:
        """The ids of pending items as they will run."""
        page = await self.verbs.page(["pending"], None, limit=500, offset=0)
        return [UUID(item.id) for item in page.items]

    async def force(self, id_: UUID, **values: Any) -> None:
        """Write into a row what only the engine would."""
        async with self.db.write() as session:
            await session.execute(update(Download).where(Download.id == id_).values(**values))

    async def status(self, id_: UUID) -> str:
        """The state of an item; ``gone`` if it is not there."""
        page = await self.verbs.page([], None, limit=500, offset=0)
        return next((item.status for item in page.items if item.id == str(id_)), "gone")


async def fill(db: Database, key: str, episodes: int = EPISODES) -> None:
    """A series with one season that can be had in German and with English subtitles."""
    moment = now()
    async with db.write() as session:
        series = new_id()
        await session.execute(
            insert(Series).values(
                id=series,
                key=key,
                name=key,
                name_folded=key,
                provider="sample",
                provider_key=key,
                folder=key,
                folder_folded=key,
                loading_status="completed",
                created_at=moment,
                updated_at=moment,
            )
        )
        ids = [new_id() for _ in range(episodes)]
        rows = [
            {"id": id_, "series_id": series, "season": 1, "episode": index + 1, "title": f"Number {index + 1}"}
            for index, id_ in enumerate(ids)
        ]
        await session.execute(insert(Episode), rows)
        languages = [{"episode_id": id_, "language": language} for id_ in ids for language in ("de", "ja+en")]
        await session.execute(insert(EpisodeLanguage), languages)


@pytest.fixture
async def make_queue(bus: EventBus, tmp_path: Path) -> AsyncIterator[Callable[[Database], Awaitable[Queue]]]:
    """Makes a queue on a database."""
    http = HttpClient(allowed_hosts=frozenset)

    async def make(db: Database) -> Queue:
        data = tmp_path / "data"
        data.mkdir(exist_ok=True)
        config = ConfigService(data, bus)
        library = LibraryService(db, bus, config, Catalog(data / "providers", http, config))
        engine = IdleEngine()
        verbs = DownloadService(db, bus, config, library, engine)
        library.queue_states = verbs.states_of
        return Queue(db, bus, config, library, engine, verbs)

    yield make
    await http.aclose()


@pytest.fixture
async def queue(db: Database, make_queue: Callable[[Database], Awaitable[Queue]]) -> Queue:
    """The queue, on each kind of database."""
    await fill(db, "one")
    await fill(db, "two")
    return await make_queue(db)


async def eventually(check: Callable[[], Awaitable[Any]]) -> Any:
    """The first truthy answer."""
    async with asyncio.timeout(10):
        while not (answer := await check()):
            await asyncio.sleep(0.01)
    return answer


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

    async def sweep(self) -> None:
        return

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
