"""The scan's SQL: what was seen when, and what changed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import Row, Select, case, delete, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from aniworld.db.base import new_id
from aniworld.kit.clock import now
from aniworld.library.service import has_left
from aniworld.library.types import FoundVideo
from aniworld.scan.models import Directory, Folder, Video
from aniworld.scan.types import UnmatchedFolder
from aniworld.scan.walk import Seen
from aniworld.scan.walk import Video as FoundHere

T = TypeVar("T")
_LOOSE = or_(Folder.series_id.is_(None), has_left(Folder.series_id))
"""Of no series. One that is restored finds its folders again, unless they are another's by now."""
_CHUNK = 500
"""Rows or ids in one statement: below every database's limit of parameters."""


@dataclass(slots=True)
class KnownFolder:
    """A folder as the last scan left it."""

    id: UUID
    series_id: UUID | None
    about: dict[str, Any]
    """Title, year and ids."""
    directories: dict[str, int] = field(default_factory=dict)
    """Path → modification time (ns)."""


class ScanRepository:
    """All queries on what lies in the anime directory, in one session."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session
        self._dialect = session.get_bind().dialect.name

    async def known(self, names: Collection[str] | None = None) -> dict[str, KnownFolder]:
        """Every folder and directory, or those of the folders named, by the folder's name."""
        folders: dict[str, KnownFolder] = {}
        for chunk in (None,) if names is None else _chunks(list(names)):
            query = select(Folder.id, Folder.name, Folder.series_id, Folder.title, Folder.year, Folder.ids)
            directories = select(Directory.path, Directory.mtime_ns)
            if chunk is not None:
                query = query.where(Folder.name.in_(chunk))
                directories = directories.join(Folder, Folder.id == Directory.folder_id).where(Folder.name.in_(chunk))
            async for id_, name, series_id, title, year, ids in self._rows(query):
                about = {"title": title, "year": year, "ids": ids}
                folders[name] = KnownFolder(id_, series_id, about)
            async for path, mtime_ns in self._rows(directories):
                folders[path.partition("/")[0]].directories[path] = mtime_ns
        return folders

    async def _rows(self, query: Select[Any]) -> AsyncIterator[Row[Any]]:
        """Many rows, a few at a time: others have their turn in between."""
        result = await self._session.stream(query.execution_options(yield_per=_CHUNK))
        async for rows in result.partitions():
            for row in rows:
                yield row
            await asyncio.sleep(0)

    async def directories(self) -> list[str]:
        """The path of every directory that was read."""
        return [path async for (path,) in self._rows(select(Directory.path))]

    async def store(self, batch: Sequence[tuple[Seen, KnownFolder | None, Mapping[str, Any]]]) -> set[str]:
        """Write down what was seen of some folders: (what, as it was known, title, year and ids).

        Only what is another thing than before is written; the names of the folders of which something is.
        """
        known = [(seen, folder, about) for seen, folder, about in batch if folder is not None]
        changed = await self._add([(seen, about) for seen, folder, about in batch if folder is None])
        gone = [path for seen, _, _ in known for path in seen.gone]
        for chunk in _chunks(gone):
            await self._session.execute(delete(Directory).where(Directory.path.in_(chunk)))
            await self._session.execute(delete(Video).where(Video.directory.in_(chunk)))
        before = await self._videos_in([path for seen, _, _ in known for path in seen.changed])
        old: list[str] = []
        new: list[dict[str, Any]] = []
        times: dict[str, tuple[UUID, int]] = {}
        recount: list[UUID] = []
        for seen, folder, about in known:
            rows = {video.path: _video(video, folder.id) for video in seen.videos}
            stored = {path: row for directory in seen.changed for path, row in before.get(directory, {}).items()}
            other = [path for path, row in rows.items() if stored.get(path) != _facts(row)]
            old += [path for path in stored if path not in rows or path in other]
            new += [rows[path] for path in other]
            times |= {
                path: (folder.id, time) for path, time in seen.changed.items() if folder.directories.get(path) != time
            }
            if other or seen.gone or len(stored) != len(rows):
                recount.append(folder.id)
                changed.add(seen.folder)
            if about and about != folder.about:
                await self._session.execute(update(Folder).where(Folder.id == folder.id).values(**about))
                changed.add(seen.folder)
        for chunk in _chunks(old):
            await self._session.execute(delete(Video).where(Video.path.in_(chunk)))
        for paths in _chunks(list(times)):
            await self._session.execute(delete(Directory).where(Directory.path.in_(paths)))
        await self._insert(
            Directory, [{"path": path, "folder_id": id_, "mtime_ns": time} for path, (id_, time) in times.items()]
        )
        await self._insert(Video, new)
        await self._count(recount)
        return changed

    async def _add(self, folders: Sequence[tuple[Seen, Mapping[str, Any]]]) -> set[str]:
        """Folders that were not known."""
        moment = now()
        ids = {seen.folder: new_id() for seen, _about in folders}
        rows = [
            {
                "id": ids[seen.folder],
                "name": seen.folder,
                "seen_at": moment,
                "videos": len(seen.videos),
                "size": sum(video.size for video in seen.videos),
                "title": seen.folder,
                "year": None,
                "ids": [],
                **about,
            }
            for seen, about in folders
        ]
        await self._insert(Folder, rows)
        await self._insert(
            Directory,
            [
                {"path": path, "folder_id": ids[seen.folder], "mtime_ns": time}
                for seen, _about in folders
                for path, time in seen.changed.items()
            ],
        )
        await self._insert(
            Video, [_video(video, ids[seen.folder]) for seen, _about in folders for video in seen.videos]
        )
        return set(ids)

    async def _videos_in(self, directories: Sequence[str]) -> dict[str, dict[str, tuple[Any, ...]]]:
        """What is known of the videos in these directories: directory → path → facts."""
        found: dict[str, dict[str, tuple[Any, ...]]] = {}
        for chunk in _chunks(directories):
            query = select(Video.directory, Video.path, *_FACTS).where(Video.directory.in_(chunk))
            for directory, path, *facts in await self._session.execute(query):
                found.setdefault(directory, {})[path] = tuple(facts)
        return found

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
        """Folders that are no longer there. What a person said of one stays, should it come back."""
        for chunk in _chunks(list(ids)):
            await self._session.execute(delete(Video).where(Video.folder_id.in_(chunk)))
            await self._session.execute(delete(Directory).where(Directory.folder_id.in_(chunk)))
            said = or_(Folder.series_id.is_not(None), Folder.ignored)
            await self._session.execute(delete(Folder).where(Folder.id.in_(chunk), ~said))
            await self._session.execute(update(Folder).where(Folder.id.in_(chunk)).values(videos=0, size=0))

    async def forget_all(self) -> None:
        """The anime directory is another one now."""
        for table in (Video, Directory, Folder):
            await self._session.execute(delete(table))

    async def videos(self, series_id: UUID) -> list[FoundVideo]:
        """The videos in the folders of a series."""
        query = (
            select(Video.path, Video.size, Video.kind, Video.season, Video.episodes, Video.absolute, Video.languages,
                   Video.version, Video.described, Video.tracks)
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
                described=row.described,
                tracks=tuple(row.tracks.split(",")) if row.tracks else (),
            )
            for row in await self._session.execute(query)
        ]

    async def unheard(self, after: str, limit: int) -> list[Row[Any]]:
        """(path, size, mtime, series) of videos of series whose names tell no language and into which nobody looked.

        In order of their paths, those behind ``after``.
        """
        query = (
            select(Video.path, Video.size, Video.mtime_ns, Folder.series_id)
            .join(Folder, Folder.id == Video.folder_id)
            .where(
                Video.path > after,
                Video.tracks.is_(None),
                Video.languages == "",
                Video.kind.in_(("episode", "special")),
                Folder.series_id.is_not(None),
            )
        )
        return list(await self._session.execute(query.order_by(Video.path).limit(limit)))

    async def put_tracks(self, video: Any, languages: Sequence[str]) -> None:
        """What the tracks of a video tell, unless it was replaced meanwhile; ``video``: of :meth:`unheard`."""
        same = (Video.path == video.path, Video.size == video.size, Video.mtime_ns == video.mtime_ns)
        await self._session.execute(update(Video).where(*same).values(tracks=",".join(languages)))

    async def unmatched(self, *, ignored: bool, limit: int, offset: int) -> tuple[list[UnmatchedFolder], int]:
        """Folders that belong to no series, by name, and how many there are."""
        conditions = (_LOOSE, Folder.ignored.is_(ignored), Folder.videos > 0)
        total = await self._session.scalar(select(func.count()).select_from(Folder).where(*conditions)) or 0
        query = select(*_FOLDER).where(*conditions).order_by(Folder.name).limit(limit).offset(offset)
        return [_folder(row) for row in await self._session.execute(query)], total

    async def loose(self, names: Collection[str] | None = None) -> list[UnmatchedFolder]:
        """Every folder without a series that nobody has set aside; ``names``: only of these."""
        query = select(*_FOLDER).where(_LOOSE, Folder.ignored.is_(False))
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

    async def take_up(self, names: Collection[str]) -> None:
        """A person says that these folders are of series: they are not set aside."""
        await self._session.execute(update(Folder).where(Folder.name.in_(names), Folder.ignored).values(ignored=False))

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

    async def videos_in_all(self) -> int:
        """How many videos are known."""
        return int(await self._session.scalar(select(func.coalesce(func.sum(Folder.videos), 0))) or 0)


_FACTS = (
    Video.size, Video.mtime_ns, Video.kind, Video.season, Video.episodes, Video.absolute, Video.languages,
    Video.version, Video.described,
)  # fmt: skip
_FACT_NAMES = tuple(column.key for column in _FACTS)


def _video(video: FoundHere, folder_id: UUID) -> dict[str, Any]:
    parsed = video.parsed
    return {
        "path": video.path,
        "folder_id": folder_id,
        "directory": video.path.rpartition("/")[0],
        "size": video.size,
        "mtime_ns": video.mtime_ns,
        "kind": parsed.kind,
        "season": parsed.season,
        "episodes": list(parsed.episodes),
        "absolute": list(parsed.absolute),
        "languages": ",".join(parsed.languages),
        "version": parsed.version,
        "described": video.described,
    }


def _facts(row: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(row[name] for name in _FACT_NAMES)


_FOLDER = (
    Folder.id, Folder.name, Folder.title, Folder.year, Folder.ids, Folder.ignored, Folder.videos, Folder.size,
    case((has_left(Folder.series_id), None), else_=Folder.series_id).label("series_id"),
)  # fmt: skip


def _folder(row: Row[Any]) -> UnmatchedFolder:
    values = dict(row._mapping)
    values["ids"] = tuple((str(service), str(id_)) for service, id_ in values["ids"])
    return UnmatchedFolder(**values)


def _chunks(items: Sequence[T]) -> Iterable[Sequence[T]]:
    for start in range(0, len(items), _CHUNK):
        yield items[start : start + _CHUNK]
