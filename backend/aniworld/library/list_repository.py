"""The SQL behind the lists: any filter and any order, from stored counts and indexes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, case, delete, exists, func, insert, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from aniworld.kit.text import fold
from aniworld.library.models import Episode, EpisodeFile, Series, SeriesGenre, SeriesLanguage, SeriesTitle
from aniworld.library.repository import COLUMNS, series_out
from aniworld.library.schemas import SeriesOut
from aniworld.library.types import SeriesFilter, SeriesQuery, SeriesSort, SortOrder

LIST_TABLES = ("series", "series_titles", "series_genres", "series_languages")
"""What lists and facets are made of."""
_OPEN = ("pending", "loading_episodes", "loading_nfo", "loading_logo", "loading_images")
_FACET_GENRES = 200

_BY_VALUE: dict[SeriesSort, Any] = {
    "missing": Series.missing_episodes,
    "year": Series.year,
    "status": Series.status,
    "provider": Series.provider,
    "total": Series.total_episodes,
    "downloaded": Series.downloaded_episodes,
    "next_air": Series.next_air_date,
    "size": Series.size,
    "loading": Series.loading_status,
}
_SORTS: dict[SeriesSort, tuple[Any, ...]] = {
    "name": (Series.name_folded, Series.id),
    "added": (Series.created_at, Series.id),
    "updated": (Series.updated_at, Series.id),
    **{name: (column, Series.name_folded, Series.id) for name, column in _BY_VALUE.items()},
}
"""Each is the columns of an index, all in one direction, so that it is walked either way and nothing is sorted."""
_MAY_BE_UNKNOWN: frozenset[SeriesSort] = frozenset({"year", "next_air"})

FILTERS: dict[SeriesFilter, tuple[ColumnElement[bool], ...]] = {
    "all": (),
    "missing": (Series.missing_episodes > 0,),
    "complete": (Series.episodes_loaded.is_(True), Series.total_episodes > 0, Series.missing_episodes == 0),
    "loading": (Series.loading_status.in_(_OPEN),),
    "failed": (Series.loading_status == "failed",),
}


class ListRepository:
    """All queries of lists, in one session. Deleted series are in none."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def page(
        self, query: SeriesQuery, sort: SeriesSort, order: SortOrder, limit: int, offset: int
    ) -> tuple[list[SeriesOut], int]:
        """A page of the library, and how many there are in all. What is unknown comes last in both orders."""
        conditions = [*_chosen(query), *_narrowed(query)]
        total = await self._session.scalar(select(func.count()).select_from(Series).where(*conditions)) or 0
        ordering = [column.desc() if order == "desc" else column.asc() for column in _SORTS[sort]]
        if sort in _MAY_BE_UNKNOWN:
            ordering[0] = ordering[0].nulls_last()
        rows = await self._session.execute(
            select(*COLUMNS).where(*conditions).order_by(*ordering).limit(limit).offset(offset)
        )
        return [series_out(row) for row in rows], total

    async def groups(self, query: SeriesQuery) -> Sequence[Row[Any]]:
        """(status, year, provider, missing, complete, loading, failed, number) of the series that fit what is no
        facet of its own; see :func:`~aniworld.library.facets.facets_of`.
        """
        filters = [
            case((_all(conditions), 1), else_=0).label(name) for name, conditions in FILTERS.items() if conditions
        ]
        columns = (Series.status, Series.year, Series.provider, *filters)
        statement = select(*columns, func.count().label("number")).where(*_narrowed(query))
        return (await self._session.execute(statement.group_by(*columns))).all()

    async def genres(self, query: SeriesQuery) -> list[tuple[str, int]]:
        """How many of the series are of each genre; the most common ones."""
        statement = (
            select(SeriesGenre.genre, func.count().label("number"))
            .join(Series, Series.id == SeriesGenre.series_id)
            .where(*_chosen(query), *_narrowed(query))
            .group_by(SeriesGenre.genre)
            .order_by(func.count().desc(), SeriesGenre.genre)
            .limit(_FACET_GENRES)
        )
        return [(genre, number) for genre, number in (await self._session.execute(statement)).tuples()]

    async def count_languages(self, series_ids: Sequence[UUID]) -> None:
        """Write down how many episodes of these series are there in each language."""
        await self._session.execute(delete(SeriesLanguage).where(SeriesLanguage.series_id.in_(series_ids)))
        there = (
            select(EpisodeFile.language, Episode.series_id, func.count())
            .join(Episode, Episode.id == EpisodeFile.episode_id)
            .where(Episode.series_id.in_(series_ids), EpisodeFile.replaced_at.is_(None))
            .group_by(EpisodeFile.language, Episode.series_id)
        )
        await self._session.execute(insert(SeriesLanguage).from_select(["language", "series_id", "episodes"], there))


def _all(conditions: Sequence[ColumnElement[bool]]) -> ColumnElement[bool]:
    first, *others = conditions
    for other in others:
        first = first & other
    return first


def _chosen(query: SeriesQuery) -> list[ColumnElement[bool]]:
    """Conditions on what facets count."""
    conditions = list(FILTERS[query.filter])
    if query.status is not None:
        conditions.append(Series.status == query.status)
    if query.year_from is not None:
        conditions.append(Series.year >= query.year_from)
    if query.year_to is not None:
        conditions.append(Series.year <= query.year_to)
    if query.provider is not None:
        conditions.append(Series.provider == query.provider)
    return conditions


def _narrowed(query: SeriesQuery) -> list[ColumnElement[bool]]:
    """All other conditions."""
    conditions: list[ColumnElement[bool]] = [Series.deleted_at.is_(None), *map(_is_called, fold(query.q).split())]
    for genre in query.genres:
        of_genre = select(SeriesGenre.series_id).where(SeriesGenre.genre == fold(genre)[:100])
        conditions.append(Series.id.in_(of_genre))
    if query.monitored is not None:
        conditions.append(Series.monitored.is_(query.monitored))
    if query.has_folder is not None:
        conditions.append(Series.folder.is_not(None) if query.has_folder else Series.folder.is_(None))
    if query.language is not None:
        there = select(SeriesLanguage.series_id).where(SeriesLanguage.language == query.language)
        conditions.append(Series.id.in_(there))
    if query.lacks_language is not None:
        out = Series.downloaded_episodes + Series.missing_episodes
        whole = exists().where(
            SeriesLanguage.language == query.lacks_language,
            SeriesLanguage.series_id == Series.id,
            SeriesLanguage.episodes >= out,
        )
        conditions += [out > 0, ~whole]
    return conditions


def _is_called(word: str) -> ColumnElement[bool]:
    """The word stands in one of the names of a series."""
    also = exists().where(SeriesTitle.series_id == Series.id, SeriesTitle.folded.contains(word, autoescape=True))
    return or_(Series.name_folded.contains(word, autoescape=True), also)
