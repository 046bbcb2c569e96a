"""The library's SQL about names: what they may tell, and where things lie once they were moved."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, bindparam, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from aniworld.library.models import Episode, EpisodeFile, Series
from aniworld.library.text import same_name
from aniworld.library.types import MovedPath


class MovingRepository:
    """All queries on it, in one session."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def keys(self) -> list[str]:
        """Of the series that have a folder, by name."""
        query = select(Series.key).where(Series.deleted_at.is_(None), Series.folder.is_not(None))
        return list(await self._session.scalars(query.order_by(Series.name_folded, Series.id)))

    async def series(self, keys: Collection[str]) -> list[Row[Any]]:
        """(id, key, name, year, folder, loading status) of some series that have a folder, by name."""
        query = select(Series.id, Series.key, Series.name, Series.year, Series.folder, Series.loading_status).where(
            Series.key.in_(keys), Series.deleted_at.is_(None), Series.folder.is_not(None)
        )
        return list(await self._session.execute(query.order_by(Series.name_folded, Series.id)))

    async def files(self, ids: Collection[UUID]) -> list[Row[Any]]:
        """The files of some series, with all that their names may tell, in order."""
        query = (
            select(
                Episode.series_id, Episode.id.label("episode_id"), Episode.season, Episode.episode, Episode.title,
                Episode.absolute, EpisodeFile.path, EpisodeFile.language, EpisodeFile.language_source,
                EpisodeFile.media,
            )
            .join(Episode, Episode.id == EpisodeFile.episode_id)
            .where(Episode.series_id.in_(ids), EpisodeFile.replaced_at.is_(None))
            .order_by(Episode.season, Episode.episode, EpisodeFile.language)
        )  # fmt: skip
        return list(await self._session.execute(query))

    async def counted(self, ids: Collection[UUID]) -> Mapping[UUID, int]:
        """Episode → its number over all seasons, counted, of the series whose source tells none."""
        told = select(Episode.series_id).where(Episode.absolute.is_not(None), Episode.season > 0)
        query = (
            select(Episode.id, Episode.series_id)
            .where(Episode.series_id.in_(ids), Episode.season > 0, Episode.series_id.not_in(told))
            .order_by(Episode.season, Episode.episode)
        )
        counts: dict[UUID, int] = {}
        numbers: dict[UUID, int] = {}
        for row in await self._session.execute(query):
            counts[row.series_id] = numbers[row.id] = counts.get(row.series_id, 0) + 1
        return numbers

    async def folders(self) -> dict[str, str]:
        """Folded folder → key of the series that has it, deleted or not."""
        query = select(Series.folder_folded, Series.key).where(Series.folder_folded.is_not(None))
        return {str(row.folder_folded): row.key for row in await self._session.execute(query)}

    async def follow(self, moved: Sequence[MovedPath]) -> None:
        """These lie elsewhere now, in this order."""
        for are_folders, some in itertools.groupby(moved, key=lambda one: one.is_folder):
            if not are_folders:
                await self._videos(some)
                continue
            for one in some:
                await self._folder(one)

    async def _folder(self, moved: MovedPath) -> None:
        source, target = moved.source, moved.target
        if "/" not in source:
            values = {"folder": target, "folder_folded": same_name(target)}
            await self._session.execute(update(Series).where(Series.folder == source).values(**values))
        below = func.substr(EpisodeFile.path, 1, len(source) + 1) == f"{source}/"
        new = target + func.substr(EpisodeFile.path, len(source) + 1)
        await self._session.execute(update(EpisodeFile).where(below).values(path=new))

    async def _videos(self, moved: Iterable[MovedPath]) -> None:
        table = EpisodeFile.__table__
        await (await self._session.connection()).execute(
            update(table).where(table.c.path == bindparam("source")).values(path=bindparam("target")),  # type: ignore[arg-type]
            [{"source": one.source, "target": one.target} for one in moved],
        )
