"""Which seasons of a series are wanted, and the counts that follow."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from aniworld.db.engine import after_commit
from aniworld.events.bus import publish_after_commit
from aniworld.events.types import SeriesRef, SeriesUpdated
from aniworld.library.episode_repository import EpisodeRepository
from aniworld.library.errors import SeasonNotFoundError, SeriesNotFoundError
from aniworld.library.link_service import FolderLinks
from aniworld.library.repository import SeriesRepository, wanted_of
from aniworld.library.schemas import SeriesOut
from aniworld.library.season_repository import SeasonRepository


class Seasons(FolderLinks):
    """The verbs of a season."""

    async def monitor_season(self, key: str, season: int, *, monitored: bool) -> SeriesOut:
        """Say whether a season is wanted; of season 0 that is what the series says of specials.

        Raises :class:`SeriesNotFoundError`, :class:`SeasonNotFoundError`.
        """
        async with self._db.write() as session:
            repository = SeriesRepository(session)
            row = await repository.find(key)
            if row is None or row.deleted_at is not None:
                raise SeriesNotFoundError
            if not await SeasonRepository(session).monitor(row.id, season, monitored=monitored):
                raise SeasonNotFoundError
            await repository.change(row.id, **({"specials": monitored} if season == 0 else {}))
            await self._recount(session, row.id, row.languages)
            changed = await repository.get(key)
            assert changed is not None
            publish_after_commit(self._bus, session, SeriesUpdated(data=SeriesRef(key=key, name=row.name)))
            after_commit(session, self.wake_loader)
        return changed[1]

    async def _recount(self, session: AsyncSession, id_: UUID, languages: str | None) -> None:
        """Count a series again that wants these languages."""
        wanted = wanted_of(languages, self._configured)
        await EpisodeRepository(session).recount([id_], wanted, specials=self._specials)
