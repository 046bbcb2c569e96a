"""The SQL on what pictures series have."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, case, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from aniworld.library.models import Episode, EpisodeFile, Series


class PictureRepository:
    """All in one session."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def all_with_folder(self) -> Sequence[UUID]:
        """Every series that may have pictures."""
        query = select(Series.id).where(Series.folder.is_not(None), Series.deleted_at.is_(None))
        return list(await self._session.scalars(query))

    async def known(self, ids: Collection[UUID]) -> list[Row[Any]]:
        """What is known of the pictures of these series, as far as they have a folder."""
        query = select(Series.id, Series.key, Series.name, Series.folder, Series.images, Series.images_seen).where(
            Series.id.in_(ids), Series.folder.is_not(None), Series.deleted_at.is_(None)
        )
        return list(await self._session.execute(query))

    async def put(self, id_: UUID, images: dict[str, Any], seen: dict[str, Any]) -> None:
        """Write down what they are now."""
        await self._session.execute(
            update(Series).where(Series.id == id_, Series.deleted_at.is_(None)).values(images=images, images_seen=seen)
        )

    async def find(self, key: str) -> Row[Any] | None:
        """The series and its folder."""
        query = select(Series.id, Series.folder).where(Series.key == key, Series.deleted_at.is_(None))
        return (await self._session.execute(query)).first()

    async def videos(self, key: str, season: int, episode: int, thumb: str | None) -> Sequence[str]:
        """The files of an episode; first the one that has the picture with that hash."""
        query = (
            select(EpisodeFile.path)
            .join(Episode, Episode.id == EpisodeFile.episode_id)
            .join(Series, Series.id == Episode.series_id)
            .where(
                Series.key == key,
                Series.deleted_at.is_(None),
                Episode.season == season,
                Episode.episode == episode,
                EpisodeFile.replaced_at.is_(None),
            )
            .order_by(case((EpisodeFile.thumb == thumb, 0), else_=1), EpisodeFile.created_at)
        )
        return list(await self._session.scalars(query))
