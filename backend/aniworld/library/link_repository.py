"""The library's SQL for what a scan found: by what series are recognised, and many files at once."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import ColumnElement, Insert, Row, SQLColumnExpression, delete, exists, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from aniworld.db.base import new_id
from aniworld.kit.clock import now
from aniworld.library.models import Episode, EpisodeFile, Series, SeriesId
from aniworld.library.text import same_name
from aniworld.library.types import FoundVideo, KnownSeries
from aniworld.media.types import MediaInfo

_RECOGNISED = (
    Series.id,
    Series.key,
    Series.name,
    Series.year,
    Series.provider,
    Series.provider_key,
    Series.folder,
)


class LinkRepository:
    """All queries of linking, in one session."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session
        self._dialect = session.get_bind().dialect.name

    async def recognisable(self, ids: Collection[UUID] | None = None) -> list[KnownSeries]:
        """Every series that is not deleted, or those of them that are named."""
        query = select(*_RECOGNISED).where(Series.deleted_at.is_(None))
        if ids is not None:
            query = query.where(Series.id.in_(ids))
        rows = list(await self._session.execute(query))
        told: dict[UUID, list[tuple[str, str]]] = {}
        by_id = select(SeriesId.series_id, SeriesId.kind, SeriesId.value)
        if ids is not None:
            by_id = by_id.where(SeriesId.series_id.in_(ids))
        for series_id, kind, value in await self._session.execute(by_id):
            told.setdefault(series_id, []).append((kind, value))
        return [KnownSeries(**row._mapping, ids=tuple(told.get(row.id, ()))) for row in rows]

    async def series(self, id_: UUID) -> Row[Any] | None:
        """(key, name, languages) of a series that is not deleted."""
        query = select(Series.key, Series.name, Series.languages).where(Series.id == id_, Series.deleted_at.is_(None))
        return (await self._session.execute(query)).first()

    async def is_free(self, series_id: UUID, folder: str) -> bool:
        """Whether no other series that is not deleted has the folder, or episodes in it."""
        others = select(Series.id).where(Series.id != series_id, Series.deleted_at.is_(None))
        inside = (
            select(EpisodeFile.id)
            .join(Episode, Episode.id == EpisodeFile.episode_id)
            .where(Episode.series_id == Series.id, EpisodeFile.path.startswith(f"{folder}/", autoescape=True))
        )
        taken = others.where(or_(Series.folder_folded == same_name(folder), inside.exists()))
        return (await self._session.scalar(taken)) is None

    async def take_folder(self, series_id: UUID, folder: str) -> bool:
        """The folder is the series' from now on; False: it is another one's.

        One that was deleted gives it up, with the files in it: should it come back, it comes back without.
        """
        if not await self.is_free(series_id, folder):
            return False
        mine = Series.folder_folded == same_name(folder)
        rows = await self._session.execute(select(Series.id, Series.folder).where(mine, Series.id != series_id))
        for id_, name in rows.tuples():
            episodes = select(Episode.id).where(Episode.series_id == id_)
            await self._session.execute(
                delete(EpisodeFile).where(
                    EpisodeFile.episode_id.in_(episodes), EpisodeFile.path.startswith(f"{name}/", autoescape=True)
                )
            )
            await self._session.execute(
                update(Series).where(Series.id == id_).values(folder=None, folder_folded=None, updated_at=now())
            )
        await self._session.execute(
            update(Series)
            .where(Series.id == series_id)
            .values(folder=folder, folder_folded=same_name(folder), updated_at=now())
        )
        return True

    async def take_out(self, ids: Collection[UUID]) -> dict[str, dict[str, Any]]:
        """Forget files that will be put elsewhere; what is known of each, by path, for :meth:`put_files`."""
        kept: dict[str, dict[str, Any]] = {}
        for id_ in ids:
            query = select(EpisodeFile.path, EpisodeFile.media, EpisodeFile.created_at).where(EpisodeFile.id == id_)
            for path, media, created_at in await self._session.execute(query):
                kept[path] = {"media": media, "created_at": created_at}
            await self._session.execute(delete(EpisodeFile).where(EpisodeFile.id == id_))
        return kept

    async def put_files(
        self, files: Mapping[tuple[UUID, str], FoundVideo], known: Mapping[str, Mapping[str, Any]]
    ) -> None:
        """Files that are there, by (episode, language). A place that got a file meanwhile keeps that.

        ``known``: by path, of those that were in another place.
        """
        moment = now()
        rows: Sequence[Mapping[str, Any]] = [
            {
                "id": new_id(),
                "episode_id": episode_id,
                "language": language,
                "language_source": video.language_source,
                "path": video.path,
                "size": video.size,
                "media": None,
                "created_at": moment,
                **known.get(video.path, {}),
            }
            for (episode_id, language), video in files.items()
        ]
        if rows:
            await self._session.execute(self._insert().on_conflict_do_nothing(), rows)  # type: ignore[attr-defined]

    async def put_media(self, series_id: UUID, path: str, media: MediaInfo) -> None:
        """What a file holds; where that is another thing than was known, its description is due again."""
        values = msgspec.to_builtins(media)
        episodes = select(Episode.id).where(Episode.series_id == series_id)
        query = select(EpisodeFile.id, EpisodeFile.media).where(
            EpisodeFile.episode_id.in_(episodes), EpisodeFile.path == path
        )
        changed = [id_ for id_, known in await self._session.execute(query) if known != values]
        if changed:
            statement = update(EpisodeFile).where(EpisodeFile.id.in_(changed))
            await self._session.execute(statement.values(media=values, nfo_written_at=None))

    def _insert(self) -> Insert:
        return postgresql.insert(EpisodeFile) if self._dialect == "postgresql" else sqlite.insert(EpisodeFile)

    async def resize_files(self, sizes: Mapping[UUID, int]) -> None:
        """Files that were replaced under their names."""
        if sizes:
            due = {"media": None, "nfo_written_at": None, "thumb_at": None}
            changed = [{"id": id_, "size": size, **due} for id_, size in sizes.items()]
            await self._session.execute(update(EpisodeFile), changed)


def has_left(series_id: SQLColumnExpression[Any]) -> ColumnElement[bool]:
    """Whether the series with the id in that column was deleted: what lies in its folders is nobody's."""
    return exists().where(Series.id == series_id, Series.deleted_at.is_not(None))
