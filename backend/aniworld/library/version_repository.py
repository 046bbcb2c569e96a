"""The library's SQL about further files of an (episode, language)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import Row, delete, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from aniworld.library.models import Episode, EpisodeVersion

Versions = Mapping[tuple[UUID, str, str], int]
"""(Episode, language, path) → bytes."""


class VersionRepository:
    """All queries on them, in one session."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def of(self, series_id: UUID) -> list[Row[Any]]:
        """(episode id, language, path, size) of a series, by path."""
        query = (
            select(EpisodeVersion.episode_id, EpisodeVersion.language, EpisodeVersion.path, EpisodeVersion.size)
            .join(Episode, Episode.id == EpisodeVersion.episode_id)
            .where(Episode.series_id == series_id)
            .order_by(EpisodeVersion.path)
        )
        return list(await self._session.execute(query))

    async def put(self, series_id: UUID, versions: Versions) -> None:
        """These are the further files of a series from now on."""
        mine = select(Episode.id).where(Episode.series_id == series_id)
        await self._session.execute(delete(EpisodeVersion).where(EpisodeVersion.episode_id.in_(mine)))
        rows = [
            {"episode_id": episode_id, "language": language, "path": path, "size": size}
            for (episode_id, language, path), size in versions.items()
        ]
        if rows:
            await self._session.execute(insert(EpisodeVersion), rows)
