"""The library's SQL about files that give way to a better language."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any
from uuid import UUID

from sqlalchemy import Row, delete, exists, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from aniworld.kit.clock import now
from aniworld.library.models import EpisodeFile, EpisodeVersion


class ReplacedRepository:
    """All queries on them, in one session."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def languages_of(self, episode_id: UUID) -> set[str]:
        """The languages in which an episode is there."""
        query = select(EpisodeFile.language).where(
            EpisodeFile.episode_id == episode_id, EpisodeFile.replaced_at.is_(None)
        )
        return set(await self._session.scalars(query))

    async def give_way(self, episode_id: UUID, languages: Collection[str]) -> None:
        """A better language of the episode is there: these files are to be moved away."""
        await self._session.execute(
            update(EpisodeFile)
            .where(EpisodeFile.episode_id == episode_id, EpisodeFile.language.in_(languages))
            .values(replaced_at=now())
        )

    async def waiting(self, limit: int) -> list[Row[Any]]:
        """(id, episode id, language, path) of files that are to be moved away, the oldest first."""
        query = select(EpisodeFile.id, EpisodeFile.episode_id, EpisodeFile.language, EpisodeFile.path).where(
            EpisodeFile.replaced_at.is_not(None)
        )
        return list(await self._session.execute(query.order_by(EpisodeFile.id).limit(limit)))

    async def successors(self, episode_id: UUID) -> list[Row[Any]]:
        """(path, size) of what an episode has and keeps."""
        query = select(EpisodeFile.path, EpisodeFile.size).where(
            EpisodeFile.episode_id == episode_id, EpisodeFile.replaced_at.is_(None)
        )
        return list(await self._session.execute(query))

    async def is_kept(self, path: str) -> bool:
        """Whether the file is still some other episode's, or the episode's in another language."""
        query = select(exists().where(EpisodeFile.path == path, EpisodeFile.replaced_at.is_(None)))
        return bool(await self._session.scalar(query))

    async def versions(self, row: Any) -> list[str]:
        """Paths of the further files of one that gives way, as far as no other episode has them."""
        query = select(EpisodeVersion.path).where(
            EpisodeVersion.episode_id == row.episode_id, EpisodeVersion.language == row.language
        )
        paths = set(await self._session.scalars(query))
        if not paths:
            return []
        files = select(EpisodeFile.path).where(EpisodeFile.id != row.id, EpisodeFile.path.in_(paths))
        others = select(EpisodeVersion.path).where(
            EpisodeVersion.episode_id != row.episode_id, EpisodeVersion.path.in_(paths)
        )
        used = {*await self._session.scalars(files), *await self._session.scalars(others)}
        return sorted(paths - used)

    async def keep_after_all(self, id_: UUID) -> None:
        """What should have replaced it is not there."""
        await self._session.execute(update(EpisodeFile).where(EpisodeFile.id == id_).values(replaced_at=None))

    async def forget(self, row: Any) -> None:
        """It is moved away with its versions; a file that came anew in that language meanwhile stays known."""
        await self._session.execute(
            delete(EpisodeVersion).where(
                EpisodeVersion.episode_id == row.episode_id, EpisodeVersion.language == row.language
            )
        )
        await self._session.execute(
            delete(EpisodeFile).where(
                EpisodeFile.id == row.id, EpisodeFile.path == row.path, EpisodeFile.replaced_at.is_not(None)
            )
        )
