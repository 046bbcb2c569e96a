"""The SQL, on both databases."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import replace

import pytest
from sqlalchemy.exc import IntegrityError

from aniworld.access.repository import AccessRepository
from aniworld.access.types import Session
from aniworld.db.base import new_id
from aniworld.db.engine import Database

NOON = dt.datetime(2030, 1, 1, 12, 0, 0, 123456, tzinfo=dt.UTC)


def session(minutes_ago: int = 0, hours: int = 24) -> Session:
    seen = NOON - dt.timedelta(minutes=minutes_ago)
    return Session(
        id=new_id(),
        created_at=seen,
        expires_at=NOON + dt.timedelta(hours=hours),
        last_seen_at=seen,
        address="192.0.2.7",
        user_agent="curl/8",
        remembered=False,
    )


async def fill(db: Database, *sessions: Session) -> None:
    async with db.write() as database:
        for one in sessions:
            await AccessRepository(database).add(one)


async def all_ids(db: Database) -> set[uuid.UUID]:
    async with db.read() as database:
        items, _total = await AccessRepository(database).page(NOON - dt.timedelta(days=9), 500, 0)
    return {item.id for item in items}


async def test_there_is_one_owner(db: Database) -> None:
    first, second = uuid.uuid4(), uuid.uuid4()
    async with db.write() as database:
        access = AccessRepository(database)
        assert await access.owner() is None
        assert not await access.set_password("kept", first, NOON)
        await access.add_owner("kept", first, NOON)
    with pytest.raises(IntegrityError):
        async with db.write() as database:
            await AccessRepository(database).add_owner("other", second, NOON)
    async with db.write() as database:
        assert await AccessRepository(database).owner(lock=True) == ("kept", first)
        assert await AccessRepository(database).set_password("new", second, NOON)
    async with db.read() as database:
        assert await AccessRepository(database).owner() == ("new", second)


async def test_a_session_is_read_as_it_was_written(db: Database) -> None:
    one = session()
    await fill(db, one)
    async with db.read() as database:
        assert await AccessRepository(database).get(one.id) == one
        assert await AccessRepository(database).get(new_id()) is None


async def test_pages_hold_what_holds_the_last_active_first(db: Database) -> None:
    rows = [session(minutes_ago=minutes) for minutes in (5, 1, 9)]
    await fill(db, *rows, session(hours=0))
    async with db.read() as database:
        access = AccessRepository(database)
        assert await access.page(NOON, 500, 0) == ([rows[1], rows[0], rows[2]], 3)
        assert await access.page(NOON, 1, 1) == ([rows[0]], 3)
        assert await access.page(NOON, 1, 5) == ([], 3)


async def test_last_activity_of_several_at_once(db: Database) -> None:
    rows = [session(minutes_ago=9) for _ in range(3)]
    await fill(db, *rows)
    async with db.write() as database:
        await AccessRepository(database).touch({rows[0].id: NOON, rows[2].id: NOON, new_id(): NOON})
    async with db.read() as database:
        access = AccessRepository(database)
        assert [await access.get(row.id) for row in rows] == [
            replace(rows[0], last_seen_at=NOON),
            rows[1],
            replace(rows[2], last_seen_at=NOON),
        ]


async def test_ending_sessions(db: Database) -> None:
    rows = [session() for _ in range(4)]
    await fill(db, *rows)
    async with db.write() as database:
        access = AccessRepository(database)
        assert await access.delete(rows[0].id)
        assert not await access.delete(rows[0].id)
        assert set(await access.delete_others(rows[1].id)) == {rows[2].id, rows[3].id}
    assert await all_ids(db) == {rows[1].id}
    async with db.write() as database:
        assert await AccessRepository(database).delete_others(None) == [rows[1].id]
    assert await all_ids(db) == set()


async def test_a_purge_takes_the_expired_and_the_longest_unused(db: Database) -> None:
    expired = session(hours=0)
    rows = [session(minutes_ago=minutes) for minutes in (4, 2, 3, 1)]
    await fill(db, expired, *rows)
    async with db.write() as database:
        assert set(await AccessRepository(database).purge(NOON, 3)) == {expired.id, rows[0].id, rows[2].id}
    # The expired one counted among the newest: what is too much by one goes at the next login.
    assert await all_ids(db) == {rows[1].id, rows[3].id}


async def test_which_sessions_hold(db: Database) -> None:
    holds, expired = session(), session(hours=0)
    await fill(db, holds, expired)
    async with db.read() as database:
        assert await AccessRepository(database).holding([holds.id, expired.id, new_id()], NOON) == {holds.id}


async def test_failures_are_counted_by_bucket(db: Database) -> None:
    async with db.write() as database:
        access = AccessRepository(database)
        assert [await access.add_failure("client:a", NOON) for _ in range(3)] == [1, 2, 3]
        assert await access.add_failure("client:b", NOON) == 1
        await access.block("client:a", NOON + dt.timedelta(minutes=1))
    async with db.write() as database:
        access = AccessRepository(database)
        assert await access.blocked_until("client:a") == NOON + dt.timedelta(minutes=1)
        assert await access.blocked_until("client:b") is None
        await access.forget("client:a")
        assert await access.blocked_until("client:a") is None
        assert await access.add_failure("client:a", NOON) == 1


async def test_the_minutes_of_all_clients(db: Database) -> None:
    early, late = NOON - dt.timedelta(minutes=20), NOON - dt.timedelta(minutes=3)
    async with db.write() as database:
        access = AccessRepository(database)
        await access.add_failure("all:early", early)
        await access.add_failure("all:late", late)
        await access.add_failure("all:late", late)
        await access.add_failure("client:a", late)
        assert await access.minutes(NOON - dt.timedelta(minutes=15)) == [(late, 2)]
        await access.forget_before(NOON - dt.timedelta(minutes=10))
        assert await access.minutes(early - dt.timedelta(days=1)) == [(late, 2)]
        await access.forget_all()
        assert await access.minutes(early - dt.timedelta(days=1)) == []
        assert await access.add_failure("client:a", NOON) == 1
