"""The scan's SQL about what was moved from here: it is known at its new place, and nothing came or went."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import ColumnElement, delete, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from aniworld.library.types import MovedPath
from aniworld.naming.path import parse_path
from aniworld.scan.models import Directory, Folder, Video
from aniworld.scan.walk import NEVER


class MovedRepository:
    """Follows moves, in the session of whoever moved."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def follow(self, moved: Sequence[MovedPath], removed: Collection[str]) -> None:
        """``moved``: in this order; ``removed``: directories that were empty and are gone."""
        for one in moved:
            await (self._folder(one) if one.is_folder else self._video(one))
        if removed:
            await self._session.execute(delete(Directory).where(Directory.path.in_(removed)))

    async def _folder(self, moved: MovedPath) -> None:
        source, target = moved.source, moved.target
        if "/" not in source:
            # A row of that name may be left of a folder that is no longer there.
            await self._session.execute(delete(Folder).where(Folder.name == target))
            await self._session.execute(update(Folder).where(Folder.name == source).values(name=target))
        paths = list(await self._session.scalars(select(Directory.path).where(_below(Directory.path, source))))
        for path in paths:  # read again, so that whoever watches them learns their names
            values = {"path": moved.follow(path), "mtime_ns": NEVER}
            await self._session.execute(update(Directory).where(Directory.path == path).values(**values))
        await self._outdate([source.rpartition("/")[0], target.rpartition("/")[0]])
        for path in list(await self._session.scalars(select(Video.path).where(_below(Video.path, source)))):
            await self._put(path, moved.follow(path))

    async def _video(self, moved: MovedPath) -> None:
        await self._put(moved.source, moved.target)
        await self._outdate([_parent(moved.source), _parent(moved.target), _parent(_parent(moved.target))])

    async def _put(self, source: str, target: str) -> None:
        parsed = parse_path(target)
        folder = select(Folder.id).where(Folder.name == target.partition("/")[0]).scalar_subquery()
        await self._session.execute(
            update(Video)
            .where(Video.path == source)
            .values(
                path=target,
                folder_id=func.coalesce(folder, Video.folder_id),
                directory=_parent(target),
                kind=parsed.kind,
                season=parsed.season,
                episodes=list(parsed.episodes),
                absolute=list(parsed.absolute),
                languages=",".join(parsed.languages),
                version=parsed.version,
            )
        )

    async def _outdate(self, directories: Collection[str]) -> None:
        await self._session.execute(update(Directory).where(Directory.path.in_(directories)).values(mtime_ns=NEVER))


def _parent(path: str) -> str:
    return path.rpartition("/")[0]


def _below(column: InstrumentedAttribute[str], path: str) -> ColumnElement[bool]:
    """The path itself and all below; no ``LIKE``, which knows no case in SQLite."""
    return or_(column == path, func.substr(column, 1, len(path) + 1) == f"{path}/")
