"""Sessions: no update is lost, a cancelled writer leaves no lock behind, what is told is on disk."""

from __future__ import annotations

import asyncio
import contextlib
import random
import sqlite3
import threading

import pytest
from sqlalchemy import text

from aniworld.db import engine as engine_module
from aniworld.db.engine import Database, DatabaseUnavailableError, after_commit


@pytest.fixture
async def counter(db: Database) -> Database:
    async with db.write() as session:
        await session.execute(text("CREATE TABLE counter (n INTEGER)"))
        await session.execute(text("INSERT INTO counter VALUES (0)"))
    return db


async def increment(db: Database) -> None:
    async with db.write() as session:
        lock = " FOR UPDATE" if db.dialect == "postgresql" else ""
        value = await session.scalar(text(f"SELECT n FROM counter{lock}"))
        await session.execute(text("UPDATE counter SET n = :n"), {"n": value + 1})


async def count(db: Database) -> int:
    async with db.read() as session:
        return int(await session.scalar(text("SELECT n FROM counter")) or 0)


async def test_no_update_is_lost(counter: Database) -> None:
    await asyncio.gather(*(increment(counter) for _ in range(60)))
    assert await count(counter) == 60


async def test_a_cancelled_writer_leaves_no_lock_and_nothing_half_done(counter: Database) -> None:
    rng = random.Random(1)
    done = 0
    for _ in range(150):
        task = asyncio.create_task(increment(counter))
        await asyncio.sleep(rng.random() * 0.004)
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        async with asyncio.timeout(3):
            await increment(counter)
        done += 1
    assert done <= await count(counter) <= 2 * done


async def test_a_time_limit_around_a_write_is_one(counter: Database) -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.02):
            while True:
                await increment(counter)
    await increment(counter)


async def test_a_cancelled_task_ends_after_its_transaction(counter: Database) -> None:
    async def work() -> None:
        for _ in range(100_000):
            await increment(counter)

    task = asyncio.create_task(work())
    await asyncio.sleep(0.05)
    task.cancel()
    async with asyncio.timeout(3):
        with pytest.raises(asyncio.CancelledError):
            await task


async def test_callbacks_run_after_the_commit_only(counter: Database) -> None:
    seen: list[int] = []
    async with counter.write() as session:
        after_commit(session, lambda: seen.append(1))
        await session.execute(text("UPDATE counter SET n = 7"))
        assert seen == []
    assert seen == [1]
    with pytest.raises(RuntimeError):
        async with counter.write() as session:
            after_commit(session, lambda: seen.append(2))
            await session.execute(text("UPDATE counter SET n = 8"))
            raise RuntimeError
    assert seen == [1]
    assert await count(counter) == 7


async def test_readers_do_not_wait_for_a_writer(counter: Database) -> None:
    async with counter.write() as session:
        await session.execute(text("UPDATE counter SET n = 5"))
        async with asyncio.timeout(3):
            assert await count(counter) == 0


async def test_a_reader_sees_one_state(counter: Database) -> None:
    """However many statements it takes, whoever writes between them."""
    async with counter.read() as session:
        assert await session.scalar(text("SELECT n FROM counter")) == 0
        await increment(counter)
        assert await session.scalar(text("SELECT n FROM counter")) == 0
    assert await count(counter) == 1


async def test_a_lock_that_another_program_holds_is_told(sqlite_db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine_module, "_BUSY_MS", 50)
    path = sqlite_db.engine.url.database
    assert path is not None
    database = Database(f"sqlite+aiosqlite:///{path}")
    held, release = threading.Event(), threading.Event()

    def hold() -> None:
        connection = sqlite3.connect(path)
        connection.execute("BEGIN EXCLUSIVE")
        held.set()
        release.wait(10)
        connection.rollback()
        connection.close()

    thread = threading.Thread(target=hold)
    thread.start()
    await asyncio.to_thread(held.wait)
    try:
        with pytest.raises(DatabaseUnavailableError):
            async with database.write() as session:
                await session.execute(text("SELECT 1"))
    finally:
        release.set()
        await asyncio.to_thread(thread.join)
    async with database.write() as session:
        await session.execute(text("SELECT 1"))
    await database.close()


async def test_rows_come_whole_whoever_asks_for_them(sqlite_db: Database) -> None:
    """Few come along with the statement; of many the rest is fetched."""
    async with sqlite_db.write() as session:
        await session.execute(text("CREATE TABLE many (n INTEGER)"))
        connection = await session.connection()
        made = await connection.execute(text("INSERT INTO many VALUES (:n)"), [{"n": n} for n in range(1000)])
        assert made.rowcount == 1000
        back = await session.execute(text("UPDATE many SET n = n WHERE n >= 100 RETURNING n"))
        assert sorted(back.scalars()) == list(range(100, 1000))
    async with sqlite_db.read() as session:
        for count in (0, 1, 255, 256, 257, 1000):
            query = text("SELECT n FROM many ORDER BY n LIMIT :count")
            assert list(await session.scalars(query, {"count": count})) == list(range(count))
            streamed = await session.stream(query, {"count": count}, execution_options={"yield_per": 100})
            assert [row.n async for row in streamed] == list(range(count))
        left = await session.stream(text("SELECT n FROM many ORDER BY n"), execution_options={"yield_per": 10})
        assert (await anext(left)).n == 0
        await left.close()
        first = await session.stream(text("SELECT n FROM many ORDER BY n"))
        assert [(await first.fetchone()).n for _ in range(300)] == list(range(300))  # type: ignore[union-attr]
        await first.close()
    async with sqlite_db.write() as session:  # nothing is left open
        await session.execute(text("DROP TABLE many"))
