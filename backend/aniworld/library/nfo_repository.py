"""The library's SQL for the descriptions beside the videos."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import Row, Select, and_, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from aniworld.kit.clock import now
from aniworld.library.models import Episode, EpisodeFile, Season, Series
from aniworld.library.types import MoreOfEpisode, PendingNfo
from aniworld.media.types import MediaInfo

_FILES = (
    select(
        EpisodeFile.id.label("file_id"),
        EpisodeFile.path,
        EpisodeFile.media,
        Series.id.label("series_id"),
        Series.key.label("series_key"),
        Series.name.label("series_name"),
        Episode.season,
        Episode.episode,
        Episode.title,
        Episode.aired,
        Episode.duration,
        Episode.plot,
        Episode.facts,
    )
    .join(Episode, Episode.id == EpisodeFile.episode_id)
    .join(Series, Series.id == Episode.series_id)
    .where(EpisodeFile.replaced_at.is_(None), Series.deleted_at.is_(None))
)


class NfoRepository:
    """All queries on them, in one session."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def pending(self, limit: int) -> list[PendingNfo]:
        """Files that have no description beside them yet, the oldest first."""
        return await self._files(
            _FILES.where(EpisodeFile.nfo_written_at.is_(None)).order_by(EpisodeFile.id).limit(limit)
        )

    async def of_paths(self, paths: Collection[str]) -> list[PendingNfo]:
        """What these files hold, in order of the episodes: a file may be of several."""
        return await self._files(
            _FILES.where(EpisodeFile.path.in_(paths)).order_by(EpisodeFile.path, Episode.season, Episode.episode)
        )

    async def _files(self, query: Select[Any]) -> list[PendingNfo]:
        found = []
        for row in await self._session.execute(query):
            media = msgspec.convert(row.media, MediaInfo) if row.media is not None else None
            values = {**row._mapping, "media": media, "more": msgspec.convert(row.facts or {}, MoreOfEpisode)}
            del values["facts"]
            found.append(PendingNfo(**values))
        return found

    async def written(self, files: Sequence[PendingNfo]) -> None:
        """These have their description; not those of which something changed while it was written."""
        due = {file.file_id: file for file in await self.of_paths({file.path for file in files})}
        ids = [file.file_id for file in files if due.get(file.file_id) == file]
        await self._session.execute(update(EpisodeFile).where(EpisodeFile.id.in_(ids)).values(nfo_written_at=now()))

    async def rewrite(self, series_id: UUID) -> None:
        """The descriptions of all files of a series are to be written again."""
        episodes = select(Episode.id).where(Episode.series_id == series_id)
        await self._session.execute(
            update(EpisodeFile).where(EpisodeFile.episode_id.in_(episodes)).values(nfo_written_at=None)
        )

    async def put_media(self, ids: Collection[UUID], media: MediaInfo) -> None:
        """What a file holds; ``ids``: of its rows."""
        values = {"media": msgspec.to_builtins(media)}
        await self._session.execute(update(EpisodeFile).where(EpisodeFile.id.in_(ids)).values(values))

    async def seasons_in(self, folder: str) -> set[int]:
        """Of which seasons there are files whose path begins so."""
        query = (
            select(Episode.season)
            .join(EpisodeFile, EpisodeFile.episode_id == Episode.id)
            .where(EpisodeFile.path.startswith(folder, autoescape=True), EpisodeFile.replaced_at.is_(None))
        )
        return set(await self._session.scalars(query.distinct()))

    async def season(self, series_id: UUID, season: int) -> Row[Any] | None:
        """(name, began: when its first episode was shown, facts: of the series)."""
        began = (
            select(func.min(Episode.aired)).where(Episode.series_id == series_id, Episode.season == season)
        ).scalar_subquery()
        query = (
            select(func.coalesce(Season.name, "").label("name"), began.label("began"), Series.facts)
            .outerjoin(Season, and_(Season.series_id == Series.id, Season.season == season))
            .where(Series.id == series_id)
        )
        return (await self._session.execute(query)).first()
