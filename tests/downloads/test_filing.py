"""Work files: each installation sees and sweeps its own."""

from __future__ import annotations

import resource
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from uuid import UUID

import pytest

from aniworld.catalog.service import Catalog
from aniworld.db.base import new_id
from aniworld.db.engine import Database
from aniworld.downloads.filing import WORK
from aniworld.downloads.lease_repository import LeaseRepository
from aniworld.downloads.pipeline import EpisodePipeline
from aniworld.kit.net import HttpClient
from tests.downloads.conftest import Queue, fill


@pytest.fixture
async def http() -> AsyncIterator[HttpClient]:
    async with HttpClient(allowed_hosts=frozenset) as client:
        yield client


async def pipeline_of(queue: Queue, anime: Path, http: HttpClient) -> EpisodePipeline:
    anime.mkdir(exist_ok=True)
    await queue.config.patch("library", {"anime_directory": str(anime)})
    catalog = Catalog(anime, http, queue.config)
    return EpisodePipeline(queue.db, queue.bus, queue.config, catalog, http, queue.library)


async def work_of(queue: Queue, anime: Path) -> Path:
    async with queue.db.write() as session:
        return anime.joinpath(*WORK, await LeaseRepository(session).installation())


def leave_files(work: Path, id_: UUID) -> Path:
    directory = work / str(id_) / "Streamline direct"
    directory.mkdir(parents=True)
    (directory / "video.part").write_bytes(b"half of it")
    return directory / "video.part"


async def test_two_installations_on_one_disk_leave_each_other_alone(
    sqlite_template: Path, tmp_path: Path, http: HttpClient, make_queue: Callable[[Database], Awaitable[Queue]]
) -> None:
    anime = tmp_path / "anime"
    kept: list[Path] = []
    databases: list[Database] = []
    for number in (1, 2):
        shutil.copy(sqlite_template, tmp_path / f"{number}.db")
        db = Database(f"sqlite+aiosqlite:///{tmp_path / f'{number}.db'}")
        databases.append(db)
        await fill(db, "one")
        queue = await make_queue(db)
        pipeline = await pipeline_of(queue, anime, http)
        waits, done = await queue.add(1, 2)
        await queue.force(done, status="completed")
        await pipeline.heal()
        work = await work_of(queue, anime)
        part = leave_files(work, waits)
        kept.append(part)
        gone = [leave_files(work, done), leave_files(work, new_id())]
        await pipeline.heal()
        assert not any(path.exists() for path in gone)
        assert all(path.exists() for path in kept)
    for db in databases:
        await db.close()


async def test_clearing_many_removes_the_files_of_those_that_have_any(
    queue: Queue, tmp_path: Path, http: HttpClient
) -> None:
    anime = tmp_path / "anime"
    pipeline = await pipeline_of(queue, anime, http)
    work = await work_of(queue, anime)
    ids = [new_id() for _ in range(50)]
    gone, stays = leave_files(work, ids[7]), leave_files(work, new_id())
    await pipeline.discard(ids)
    assert not gone.parent.parent.exists()
    assert stays.exists()
    await pipeline.discard([UUID(stays.parents[1].name)])
    assert not stays.exists()


async def test_what_cannot_be_removed_is_removed_later(queue: Queue, tmp_path: Path, http: HttpClient) -> None:
    pipeline = await pipeline_of(queue, tmp_path / "anime", http)
    work = await work_of(queue, tmp_path / "anime")
    gone, wanted_again = new_id(), *await queue.add(1)
    await pipeline.discard([gone])
    paths = [leave_files(work, id_) for id_ in (gone, wanted_again)]
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (3, before[1]))  # nothing more can be opened
    try:
        for id_ in (gone, wanted_again):
            await pipeline.discard([id_])
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
    assert [path.exists() for path in paths] == [True, True]
    await pipeline.sweep()
    assert [path.exists() for path in paths] == [False, True]
