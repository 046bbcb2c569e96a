"""The library's SQL about seasons that are wanted."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import exists, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from aniworld.db.base import new_id
from aniworld.library.models import Episode, Season


class SeasonRepository:
    """All queries on them, in one session."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def monitor(self, series_id: UUID, season: int, *, monitored: bool) -> bool:
        """Say whether a season is wanted; False: the series has no such season."""
        named = (Season.series_id == series_id, Season.season == season)
        if await self._session.scalar(select(exists().where(*named))):
            await self._session.execute(update(Season).where(*named).values(monitored=monitored))
            return True
        has_episodes = exists().where(Episode.series_id == series_id, Episode.season == season)
        if not await self._session.scalar(select(has_episodes)):
            return False
        values = {"id": new_id(), "series_id": series_id, "season": season, "monitored": monitored}
        await self._session.execute(insert(Season).values(values))
        return True
