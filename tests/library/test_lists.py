"""Lists by any column, facets, and answers that are kept: never older than what another process has written."""

from __future__ import annotations

import re
from typing import Any, get_args
from uuid import UUID

import pytest
from sqlalchemy import delete, event, false, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from aniworld.db.answers import Answers
from aniworld.db.base import Base, new_id
from aniworld.db.engine import Database
from aniworld.downloads.models import QueueState
from aniworld.downloads.service import DownloadService
from aniworld.kit.clock import now
from aniworld.library.facets import facets_of
from aniworld.library.list_repository import LIST_TABLES, ListRepository
from aniworld.library.models import Season, Series, SeriesGenre, SeriesLanguage
from aniworld.library.service import DETAIL_TABLES
from aniworld.library.types import SeriesQuery, SeriesSort
from tests.library.conftest import Shelf

_MOMENT = now()


async def _fill(db: Database) -> None:
    async with db.write() as session:
        for number, name in enumerate("abcd"):
            id_, values = (
                new_id(),
                {"status": ("ongoing", "completed")[number % 2], "year": (None, 2001, 2002, 2002)[number]},
            )
            await session.execute(
                insert(Series).values(
                    id=id_, key=name, name=name, name_folded=name, provider="one", provider_key=name, size=number % 2,
                    total_episodes=2, downloaded_episodes=2 - number % 2, missing_episodes=number % 2,
                    folder=name if number else None, monitored=number != 3, created_at=_MOMENT, updated_at=_MOMENT,
                    **values,
                )
            )  # fmt: skip
            await session.execute(insert(SeriesGenre).values(series_id=id_, genre=("drama", "comedy")[number // 2]))
            await session.execute(insert(SeriesLanguage).values(series_id=id_, language="de", episodes=2 - number % 2))


async def _keys(db: Database, query: SeriesQuery, sort: SeriesSort = "name", order: Any = "asc") -> str:
    async with db.read() as session:
        items, total = await ListRepository(session).page(query, sort, order, 10, 0)
    assert total == len(items)
    return "".join(item.key for item in items)


async def _ids(session: AsyncSession) -> list[UUID]:
    return list(await session.scalars(select(Series.id).order_by(Series.key)))


async def test_filters_and_orders(db: Database) -> None:
    await _fill(db)
    for asked, expected in (
        ({"year_from": 2002}, "cd"),
        ({"year_to": 2001}, "b"),
        ({"genres": ("Drama",), "status": "ongoing"}, "a"),
        ({"genres": ("drama", "comedy")}, ""),
        ({"monitored": False}, "d"),
        ({"has_folder": False}, "a"),
        ({"language": "de"}, "abcd"),
        ({"lacks_language": "de"}, "bd"),
        ({"lacks_language": "ja"}, "abcd"),
    ):
        assert await _keys(db, SeriesQuery(**asked)) == expected, asked
    assert await _keys(db, SeriesQuery(), "year", "asc") == "bcda"
    assert await _keys(db, SeriesQuery(), "year", "desc") == "dcba"
    assert await _keys(db, SeriesQuery(), "size", "desc") == "dbca"
    for sort in get_args(SeriesSort):
        assert sorted(await _keys(db, SeriesQuery(), sort, "desc")) == list("abcd")


async def test_facets_leave_their_own_choice_aside(db: Database) -> None:
    await _fill(db)
    query = SeriesQuery(status="ongoing", genres=("comedy",))
    async with db.read() as session:
        lists = ListRepository(session)
        facets = facets_of(query, await lists.groups(query), await lists.genres(query))
    assert {facet.value: facet.count for facet in facets.status} == {"ongoing": 1, "completed": 1}
    assert [(facet.value, facet.count) for facet in facets.year] == [(2002, 1)]
    assert [(facet.value, facet.count) for facet in facets.genre] == [("comedy", 1)]
    assert {facet.value: facet.count for facet in facets.filter if facet.count} == {"all": 1, "loading": 1}


async def test_a_kept_answer_is_never_older_than_a_write_elsewhere(db: Database, database_url: str) -> None:
    await _fill(db)
    made = 0

    async def make() -> str:
        nonlocal made
        made += 1
        return await _keys(db, SeriesQuery(status="ongoing"))

    answers, other = Answers(db), Database(database_url)
    first = await answers.get("x", LIST_TABLES, make)
    assert (await answers.get("x", LIST_TABLES, make), made, first.body) == (first, 1, b'"ac"')
    for status, expected in (("completed", b'"c"'), ("ongoing", b'"ac"')):
        async with other.write() as session:
            await session.execute(update(Series).where(Series.key == "a").values(status=status))
        assert (await answers.get("x", LIST_TABLES, make)).body == expected
    await other.close()
    assert made == 3


async def test_an_answer_is_kept_while_other_tables_are_written(db: Database) -> None:
    await _fill(db)
    answers = Answers(db)
    first = await answers.get("x", LIST_TABLES, lambda: _keys(db, SeriesQuery()))
    async with db.write() as session:
        await session.execute(update(QueueState).values(paused=True))
        await session.execute(insert(Season).values(id=new_id(), series_id=(await _ids(session))[0], season=1))
    assert await answers.get("x", LIST_TABLES, lambda: _keys(db, SeriesQuery())) is first
    before = await db.versions()
    with pytest.raises(ZeroDivisionError):
        async with db.write() as session:
            await session.execute(update(Series).values(year=1))
            raise ZeroDivisionError
    assert await db.versions() == before
    for table in LIST_TABLES:
        first = await answers.get("x", LIST_TABLES, lambda: _keys(db, SeriesQuery()))
        async with db.write() as session:
            await session.execute(delete(Base.metadata.tables[table]).where(false()))
        assert await answers.get("x", LIST_TABLES, lambda: _keys(db, SeriesQuery())) is not first, table


async def test_answers_name_all_tables_that_they_read(both: Shelf) -> None:
    key = await both.loaded()
    read: set[str] = set()

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        read.update(re.findall(r"(?:FROM|JOIN) (\w+)", statement))

    both.library.queue_states = DownloadService.states_of.__get__(object())
    event.listen(both.db.engine.sync_engine, "before_cursor_execute", note)
    query = SeriesQuery(q="a", genres=("x",), year_from=1, language="de", lacks_language="de", has_folder=True)
    await both.library.list(query)
    await both.library.facets(query)
    assert read == set(LIST_TABLES)
    read.clear()
    await both.library.get(key)
    assert read == set(DETAIL_TABLES)
