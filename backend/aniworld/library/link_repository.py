"""The library's SQL for what a scan found: by what series are recognised, and many files at once."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Insert, Row, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from aniworld.db.base import new_id
from aniworld.kit.clock import now
from aniworld.library.models import EpisodeFile, Series, SeriesId
from aniworld.library.types import KnownSeries

_RECOGNISED = (
    Series.id,
    Series.key,
    Series.name,
    Series.year,
    Series.provider,
    Series.provider_key,
    Series.folder,
)


class LinkRepository:
    """All queries of linking, in one session."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session
        self._dialect = session.get_bind().dialect.name

    async def recognisable(self, ids: Collection[UUID] | None = None) -> list[KnownSeries]:
        """Every series that is not deleted, or those of them that are named."""
        query = select(*_RECOGNISED).where(Series.deleted_at.is_(None))
        if ids is not None:
            query = query.where(Series.id.in_(ids))
        rows = list(await self._session.execute(query))
        told: dict[UUID, list[tuple[str, str]]] = {}
        by_id = select(SeriesId.series_id, SeriesId.kind, SeriesId.value)
        if ids is not None:
            by_id = by_id.where(SeriesId.series_id.in_(ids))
        for series_id, kind, value in await self._session.execute(by_id):
            told.setdefault(series_id, []).append((kind, value))
        return [KnownSeries(**row._mapping, ids=tuple(told.get(row.id, ()))) for row in rows]

    async def series(self, id_: UUID) -> Row[Any] | None:
        """(key, name, languages) of a series that is not deleted."""
        query = select(Series.key, Series.name, Series.languages).where(Series.id == id_, Series.deleted_at.is_(None))
        return (await self._session.execute(query)).first()

    async def put_files(self, files: Iterable[tuple[UUID, str, str, int]]) -> None:
        """Files that are there: (episode, language, path, size). A place that got a file meanwhile keeps that."""
        moment = now()
        rows: Sequence[Mapping[str, Any]] = [
            {
                "id": new_id(),
                "episode_id": episode_id,
                "language": language,
                "path": path,
                "size": size,
                "created_at": moment,
            }
            for episode_id, language, path, size in files
        ]
        if rows:
            await self._session.execute(self._insert().on_conflict_do_nothing(), rows)  # type: ignore[attr-defined]

    def _insert(self) -> Insert:
        return postgresql.insert(EpisodeFile) if self._dialect == "postgresql" else sqlite.insert(EpisodeFile)

    async def resize_files(self, sizes: Mapping[UUID, int]) -> None:
        """Files that were replaced under their names."""
        if sizes:
            changed = [{"id": id_, "size": size, "media": None, "nfo_written_at": None} for id_, size in sizes.items()]
            await self._session.execute(update(EpisodeFile), changed)
