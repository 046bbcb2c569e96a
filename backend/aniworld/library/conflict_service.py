"""What a person says about episodes that a source counts differently."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

from aniworld.db.engine import after_commit
from aniworld.events.bus import publish_after_commit
from aniworld.events.types import SeriesRef, SeriesUpdated
from aniworld.library.conflict_repository import ConflictRepository
from aniworld.library.episode_repository import EpisodeRepository
from aniworld.library.errors import ConflictGoneError, NumberTakenError, SeriesNotFoundError
from aniworld.library.listing_repository import ListingRepository
from aniworld.library.repository import SeriesRepository, to_load
from aniworld.library.season_service import Seasons
from aniworld.library.types import ConflictState

_STATES: dict[str, ConflictState] = {"accept": "accepted", "keep": "kept", "reopen": "open"}


class Conflicts(Seasons):
    """The verbs of conflicts."""

    async def resolve(self, key: str, conflict_id: UUID, resolution: Literal["accept", "keep", "reopen"]) -> None:
        """Settle a conflict, or take back that it was kept; where it is accepted the episodes are loaded again.

        Accepting gives episodes the numbers of the leading source, or takes over what another one most likely means.
        Raises :class:`SeriesNotFoundError`, :class:`ConflictGoneError`, and :class:`NumberTakenError` where a number
        is that of an episode that stays.
        """
        async with self._db.write() as session:
            repository, conflicts = SeriesRepository(session), ConflictRepository(session)
            row = await repository.find(key)
            if row is None or row.deleted_at is not None:
                raise SeriesNotFoundError
            conflict = await conflicts.get(row.id, conflict_id)
            if conflict is None or (resolution == "reopen" and conflict.state != "kept"):
                raise ConflictGoneError
            numbers = {}
            if resolution == "accept" and conflict.kind == "renumbered":
                numbers = await conflicts.differing(row.id, (conflict.provider, conflict.provider_key))
            if not numbers:
                await conflicts.settle(conflict_id, _STATES[resolution])
            else:
                episodes = await EpisodeRepository(session).episodes(row.id)
                staying = {(one.season, one.episode) for one in episodes if one.id not in numbers}
                if taken := sorted(staying & set(numbers.values())):
                    told = ", ".join(f"S{season:02d}E{episode:02d}" for season, episode in taken[:5])
                    raise NumberTakenError(f"There is another episode under {told} already; its file is in the way")
                listing = ListingRepository(session)
                await listing.move(numbers)
                await listing.store_seasons(row.id, ())
                await conflicts.describe_again(list(numbers))
                await conflicts.drop(conflict_id)
                await self._recount(session, row.id, row.languages)
            if resolution == "accept":
                await repository.change(row.id, **to_load(("episodes",)))
            publish_after_commit(self._bus, session, SeriesUpdated(data=SeriesRef(key=key, name=row.name)))
            after_commit(session, self.wake_loader)
