"""The scan's SQL about what was moved from here: it is known at its new place, and nothing came or went."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterable, Sequence
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, bindparam, case, delete, func, or_, select, update
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
        for are_folders, some in itertools.groupby(moved, key=lambda one: one.is_folder):
            if are_folders:
                for one in some:
                    await self._folder(one)
            else:
                await self._videos(list(some))
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
        paths = list(await self._session.scalars(select(Video.path).where(_below(Video.path, source))))
        await self._put((path, moved.follow(path)) for path in paths)

    async def _videos(self, moved: Sequence[MovedPath]) -> None:
        await self._put((one.source, one.target) for one in moved)
        parents = {_parent(path) for one in moved for path in (one.source, one.target)}
        await self._outdate(parents | {_parent(path) for path in parents})

    async def _put(self, moved: Iterable[tuple[str, str]]) -> None:
        """(source, target), one after the other."""
        table, folders = Video.__table__, Folder.__table__
        folder = select(folders.c.id).where(folders.c.name == bindparam("folder")).scalar_subquery()
        rows = [_told(source, target) for source, target in moved]
        if rows:
            await (await self._session.connection()).execute(
                update(table)  # type: ignore[arg-type]
                .where(table.c.path == bindparam("source"))
                .values(
                    folder_id=func.coalesce(folder, table.c.folder_id),
                    **{name: bindparam(f"new_{name}") for name in _TOLD},
                    **{name: case((table.c.described, table.c[name]), else_=_new(name)) for name in _NUMBERS},
                ),
                rows,
            )

    async def _outdate(self, directories: Collection[str]) -> None:
        await self._session.execute(update(Directory).where(Directory.path.in_(directories)).values(mtime_ns=NEVER))


_TOLD = ("path", "directory", "languages", "version")
_NUMBERS = ("kind", "season", "episodes", "absolute")
"""What a description tells better than a name: it moves with its video."""


def _new(name: str) -> BindParameter[Any]:
    return bindparam(f"new_{name}", type_=Video.__table__.c[name].type)


def _told(source: str, target: str) -> dict[str, Any]:
    """What a row says of a video at its new place."""
    parsed = parse_path(target)
    return {
        "source": source,
        "folder": target.partition("/")[0],
        "new_path": target,
        "new_directory": _parent(target),
        "new_kind": parsed.kind,
        "new_season": parsed.season,
        "new_episodes": list(parsed.episodes),
        "new_absolute": list(parsed.absolute),
        "new_languages": ",".join(parsed.languages),
        "new_version": parsed.version,
    }


def _parent(path: str) -> str:
    return path.rpartition("/")[0]


def _below(column: InstrumentedAttribute[str], path: str) -> ColumnElement[bool]:
    """The path itself and all below; no ``LIKE``, which knows no case in SQLite."""
    return or_(column == path, func.substr(column, 1, len(path) + 1) == f"{path}/")
