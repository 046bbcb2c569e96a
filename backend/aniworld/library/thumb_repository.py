"""The library's SQL for the pictures beside the videos."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from aniworld.kit.clock import now
from aniworld.library.models import Episode, EpisodeFile, Series

_DUE = (
    select(
        EpisodeFile.id, EpisodeFile.path, EpisodeFile.size, EpisodeFile.thumb, Episode.still, Series.key, Series.name
    )
    .join(Episode, Episode.id == EpisodeFile.episode_id)
    .join(Series, Series.id == Episode.series_id)
    .where(EpisodeFile.thumb_at.is_(None), EpisodeFile.replaced_at.is_(None), Series.deleted_at.is_(None))
)


class ThumbRepository:
    """All queries on them, in one session."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def next_due(self) -> Row[Any] | None:
        """A file that nobody has looked after: (id, path, size, thumb, still, key and name of the series)."""
        return (await self._session.execute(_DUE.order_by(EpisodeFile.id).limit(1))).first()

    async def is_due(self, row: Row[Any]) -> bool:
        """Whether it is still so."""
        found = (await self._session.execute(_DUE.where(EpisodeFile.id == row.id))).first()
        return found is not None and tuple(found) == tuple(row)

    async def done(self, row: Row[Any], thumb: str | None) -> bool:
        """That is what lies beside it, whatever it holds; False: something changed meanwhile, it is due again."""
        if not await self.is_due(row):
            return False
        await self._session.execute(
            update(EpisodeFile).where(EpisodeFile.path == row.path).values(thumb=thumb, thumb_at=now())
        )
        return True

    async def again(self, series_id: UUID) -> None:
        """All of a series are looked after again."""
        episodes = select(Episode.id).where(Episode.series_id == series_id)
        await self._session.execute(
            update(EpisodeFile).where(EpisodeFile.episode_id.in_(episodes)).values(thumb_at=None)
        )

    async def again_of(self, episode_ids: Collection[UUID]) -> None:
        """Those of these episodes are."""
        await self._session.execute(
            update(EpisodeFile).where(EpisodeFile.episode_id.in_(episode_ids)).values(thumb_at=None)
        )
