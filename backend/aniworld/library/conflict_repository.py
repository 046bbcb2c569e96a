"""The library's SQL about episodes that a source counts differently."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import Row, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from aniworld.db.base import new_id
from aniworld.kit.clock import now
from aniworld.library.models import Episode, EpisodeFile, EpisodeOffer, SeriesConflict
from aniworld.library.types import ConflictState
from aniworld.library.uniting import Conflict, Source


class ConflictRepository:
    """All queries on conflicts, in one session."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def of(self, series_id: UUID) -> list[Row[Any]]:
        """What is open of a series, or was kept, the oldest first."""
        query = select(SeriesConflict.__table__).where(
            SeriesConflict.series_id == series_id, SeriesConflict.state.in_(("open", "kept"))
        )
        return list(await self._session.execute(query.order_by(SeriesConflict.id)))

    async def get(self, series_id: UUID, id_: UUID) -> Row[Any] | None:
        """One of a series."""
        query = select(SeriesConflict.__table__).where(SeriesConflict.series_id == series_id, SeriesConflict.id == id_)
        return (await self._session.execute(query)).first()

    async def accepted(self, series_id: UUID) -> set[Source]:
        """Sources of which a person says that what is likely is right."""
        query = select(SeriesConflict.provider, SeriesConflict.provider_key).where(
            SeriesConflict.series_id == series_id,
            SeriesConflict.state == "accepted",
        )
        return {(provider, key) for provider, key in (await self._session.execute(query)).tuples()}

    async def store(self, series_id: UUID, answered: Sequence[Source], conflicts: Sequence[Conflict]) -> None:
        """What was found when these sources answered. One that was settled comes up again with other episodes only."""
        table = SeriesConflict
        rows = await self._session.execute(select(table.__table__).where(table.series_id == series_id))
        known = {(row.kind, (row.provider, row.provider_key)): row for row in rows}
        found = {(conflict.kind, conflict.source): conflict for conflict in conflicts}
        settled = [
            row.id
            for place, row in known.items()
            if place not in found and place[1] in answered and row.state != "accepted"
        ]
        if settled:
            await self._session.execute(delete(table).where(table.id.in_(settled)))
        for place, conflict in found.items():
            episodes = msgspec.to_builtins(conflict.episodes)
            row = known.get(place)
            if row is None:
                values = {"series_id": series_id, "kind": conflict.kind, "state": "open", "created_at": now()}
                values |= {"provider": conflict.source[0], "provider_key": conflict.source[1], "episodes": episodes}
                await self._session.execute(insert(table).values(id=new_id(), **values))
            elif row.episodes != episodes:
                state = "open" if _numbers(episodes) - _numbers(row.episodes) else row.state
                await self._session.execute(
                    update(table).where(table.id == row.id).values(episodes=episodes, state=state)
                )

    async def settle(self, id_: UUID, state: ConflictState) -> None:
        """A person has decided."""
        await self._session.execute(update(SeriesConflict).where(SeriesConflict.id == id_).values(state=state))

    async def drop(self, id_: UUID) -> None:
        """It is none any more."""
        await self._session.execute(delete(SeriesConflict).where(SeriesConflict.id == id_))

    async def differing(self, series_id: UUID, source: Source) -> dict[UUID, tuple[int, int]]:
        """The episodes that the source counts differently → its number."""
        query = (
            select(Episode.id, EpisodeOffer.season, EpisodeOffer.episode)
            .join(Episode, Episode.id == EpisodeOffer.episode_id)
            .where(
                Episode.series_id == series_id,
                EpisodeOffer.provider == source[0],
                EpisodeOffer.provider_key == source[1],
                (Episode.season != EpisodeOffer.season) | (Episode.episode != EpisodeOffer.episode),
            )
        )
        return {id_: (season, episode) for id_, season, episode in (await self._session.execute(query)).tuples()}

    async def describe_again(self, ids: Sequence[UUID]) -> None:
        """The descriptions beside the files of these episodes are to be written anew."""
        await self._session.execute(
            update(EpisodeFile).where(EpisodeFile.episode_id.in_(ids)).values(nfo_written_at=None)
        )


def _numbers(episodes: Sequence[Any]) -> set[tuple[int, int]]:
    return {(episode["source_season"], episode["source_episode"]) for episode in episodes}
