"""The scan's SQL: what was seen when, and what changed."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import Row, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from aniworld.db.base import new_id
from aniworld.kit.clock import now
from aniworld.library.types import FoundVideo
from aniworld.scan.models import Directory, Folder, Video
from aniworld.scan.types import UnmatchedFolder
from aniworld.scan.walk import Seen

T = TypeVar("T")
_CHUNK = 500
"""Rows or ids in one statement: below every database's limit of parameters."""


@dataclass(slots=True)
class KnownFolder:
    """A folder as the last scan left it."""

    id: UUID
    series_id: UUID | None
    directories: dict[str, int] = field(default_factory=dict)
    """Path → modification time (ns)."""


class ScanRepository:
    """All queries on what lies in the anime directory, in one session."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session
        self._dialect = session.get_bind().dialect.name

    async def known(self) -> dict[str, KnownFolder]:
        """Every folder and directory, by the folder's name."""
        rows = (await self._session.execute(select(Folder.id, Folder.name, Folder.series_id))).tuples()
        folders = {name: KnownFolder(id_, series_id) for id_, name, series_id in rows}
        by_id = {folder.id: folder for folder in folders.values()}
        query = select(Directory.folder_id, Directory.path, Directory.mtime_ns)
        for folder_id, path, mtime_ns in (await self._session.execute(query)).tuples():
            by_id[folder_id].directories[path] = mtime_ns
        return folders

    async def store(self, batch: Sequence[tuple[Seen, KnownFolder | None, Mapping[str, Any]]]) -> dict[str, UUID]:
        """Write down what was seen of some folders: (what, as it was known, title and year); the ids by name."""
        ids = {seen.folder: folder.id if folder is not None else new_id() for seen, folder, _about in batch}
        moment = now()
        added = [
            {"id": ids[seen.folder], "name": seen.folder, "seen_at": moment, **about}
            for seen, folder, about in batch
            if folder is None
        ]
        await self._insert(Folder, added)
        for _seen, folder, about in batch:
            if folder is not None and about:
                await self._session.execute(update(Folder).where(Folder.id == folder.id).values(**about))
        known = [(seen, folder) for seen, folder, _about in batch if folder is not None]
        gone = [path for seen, _folder in known for path in seen.gone]
        reread = [path for seen, _folder in known for path in seen.changed]
        for chunk in _chunks([*gone, *reread]):
            await self._session.execute(delete(Directory).where(Directory.path.in_(chunk)))
            await self._session.execute(delete(Video).where(Video.directory.in_(chunk)))
        await self._insert(
            Directory,
            [
                {"path": path, "folder_id": ids[seen.folder], "mtime_ns": mtime}
                for seen, _folder, _about in batch
                for path, mtime in seen.changed.items()
            ],
        )
        await self._insert(
            Video,
            [
                {
                    "path": video.path,
                    "folder_id": ids[seen.folder],
                    "directory": video.path.rpartition("/")[0],
                    "size": video.size,
                    "mtime_ns": video.mtime_ns,
                    "kind": video.parsed.kind,
                    "season": video.parsed.season,
                    "episodes": list(video.parsed.episodes),
                    "absolute": list(video.parsed.absolute),
                    "languages": ",".join(video.parsed.languages),
                    "version": video.parsed.version,
                }
                for seen, _folder, _about in batch
                for video in seen.videos
            ],
        )
        await self._count(list(ids.values()))
        return ids

    async def _insert(self, table: type[Any], rows: Sequence[Mapping[str, Any]]) -> None:
        if rows:
            await self._session.execute(insert(table.__table__), rows)

    async def _count(self, ids: Collection[UUID]) -> None:
        """Write down how many videos the folders hold."""
        of_folder = Video.folder_id == Folder.id
        count = select(func.count()).where(of_folder).correlate(Folder).scalar_subquery()
        size = select(func.coalesce(func.sum(Video.size), 0)).where(of_folder).correlate(Folder).scalar_subquery()
        for chunk in _chunks(list(ids)):
            await self._session.execute(update(Folder).where(Folder.id.in_(chunk)).values(videos=count, size=size))

    async def forget(self, ids: Collection[UUID]) -> None:
        """Folders that are no longer there."""
        for chunk in _chunks(list(ids)):
            await self._session.execute(delete(Video).where(Video.folder_id.in_(chunk)))
            await self._session.execute(delete(Directory).where(Directory.folder_id.in_(chunk)))
            await self._session.execute(delete(Folder).where(Folder.id.in_(chunk)))

    async def forget_all(self) -> None:
        """The anime directory is another one now."""
        for table in (Video, Directory, Folder):
            await self._session.execute(delete(table))

    async def videos(self, series_id: UUID) -> list[FoundVideo]:
        """The videos in the folders of a series."""
        query = (
            select(Video.path, Video.size, Video.kind, Video.season, Video.episodes, Video.absolute, Video.languages,
                   Video.version)
            .join(Folder, Folder.id == Video.folder_id)
            .where(Folder.series_id == series_id)
        )  # fmt: skip
        return [
            FoundVideo(
                path=row.path,
                size=row.size,
                kind=row.kind,
                season=row.season,
                episodes=tuple(row.episodes),
                absolute=tuple(row.absolute),
                languages=tuple(row.languages.split(",")) if row.languages else (),
                version=row.version,
            )
            for row in await self._session.execute(query)
        ]

    async def unmatched(self, *, ignored: bool, limit: int, offset: int) -> tuple[list[UnmatchedFolder], int]:
        """Folders that belong to no series, by name, and how many there are."""
        conditions = (Folder.series_id.is_(None), Folder.ignored.is_(ignored), Folder.videos > 0)
        total = await self._session.scalar(select(func.count()).select_from(Folder).where(*conditions)) or 0
        query = select(*_FOLDER).where(*conditions).order_by(Folder.name).limit(limit).offset(offset)
        return [_folder(row) for row in await self._session.execute(query)], total

    async def loose(self, names: Collection[str] | None = None) -> list[UnmatchedFolder]:
        """Every folder without a series that nobody has set aside; ``names``: only of these."""
        query = select(*_FOLDER).where(Folder.series_id.is_(None), Folder.ignored.is_(False))
        rows = list(await self._session.execute(query))
        return [_folder(row) for row in rows if names is None or row.name in names]

    async def folder(self, id_: UUID) -> UnmatchedFolder | None:
        """One folder, whatever it belongs to."""
        row = (await self._session.execute(select(*_FOLDER).where(Folder.id == id_))).first()
        return None if row is None else _folder(row)

    async def assign(self, pairs: Mapping[UUID, UUID]) -> None:
        """These folders belong to these series."""
        for folder_id, series_id in pairs.items():
            values = {"series_id": series_id, "ignored": False}
            await self._session.execute(update(Folder).where(Folder.id == folder_id).values(**values))

    async def release(self, id_: UUID) -> None:
        """The folder belongs to no series."""
        await self._session.execute(update(Folder).where(Folder.id == id_).values(series_id=None))

    async def ignore(self, id_: UUID, *, ignored: bool) -> None:
        """Set a folder aside, or take it up again."""
        await self._session.execute(update(Folder).where(Folder.id == id_).values(ignored=ignored))

    async def series_of(self, names: Iterable[str]) -> set[UUID]:
        """The series that have one of these folders."""
        found: set[UUID] = set()
        for chunk in _chunks(list(names)):
            query = select(Folder.series_id).where(Folder.name.in_(chunk), Folder.series_id.is_not(None))
            found |= {id_ for id_ in await self._session.scalars(query) if id_ is not None}
        return found

    async def totals(self) -> tuple[int, int]:
        """(folders, videos) that are known."""
        row = (await self._session.execute(select(func.count(), func.coalesce(func.sum(Folder.videos), 0)))).one()
        return int(row[0]), int(row[1])


_FOLDER = (
    Folder.id, Folder.name, Folder.title, Folder.year, Folder.ids, Folder.series_id, Folder.ignored, Folder.videos,
    Folder.size,
)  # fmt: skip


def _folder(row: Row[Any]) -> UnmatchedFolder:
    values = dict(row._mapping)
    values["ids"] = tuple((str(service), str(id_)) for service, id_ in values["ids"])
    return UnmatchedFolder(**values)


def _chunks(items: Sequence[T]) -> Iterable[Sequence[T]]:
    for start in range(0, len(items), _CHUNK):
        yield items[start : start + _CHUNK]
