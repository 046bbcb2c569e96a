"""Renames what the library has to what the templates say: a preview, then done, with a journal, and undone.

A series at a time: its moves are written down, then done on the disk, then one write tells everybody where things lie.
Meanwhile nothing is scanned and no finished download of the series is filed. What a crash cut off is finished at the
next start, before anybody looks at the disk.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import itertools
import logging
from collections.abc import Awaitable, Callable, Collection, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from aniworld.config.service import ConfigService
from aniworld.db.base import new_id
from aniworld.db.engine import Database
from aniworld.events.bus import EventBus, publish_after_commit
from aniworld.events.types import SeriesRef, SeriesUpdated
from aniworld.kit.clock import now
from aniworld.kit.tasks import to_the_end
from aniworld.library.errors import NoAnimeDirectoryError
from aniworld.library.moving_service import MovingService
from aniworld.library.service import LibraryService
from aniworld.library.types import MovedPath
from aniworld.operations.errors import OperationCancelledError
from aniworld.operations.service import Operation, Operations
from aniworld.organise import disk
from aniworld.organise.errors import (
    AlreadyUndoneError,
    ChangeNotFoundError,
    OrganiseRunningError,
    PreviewChangedError,
)
from aniworld.organise.plan import in_turns
from aniworld.organise.preview_service import Previews
from aniworld.organise.repository import OrganiseRepository
from aniworld.organise.schemas import ChangeDetail, ChangeOut, ChangePage, MoveOut, OrganisePreview
from aniworld.organise.types import Move, SeriesPlan

log = logging.getLogger(__name__)

KEPT = dt.timedelta(days=90)
"""How long a change can be undone."""
_DAY = 86400.0
_SHOWN = 500

Follow = Callable[[AsyncSession, str, Sequence[MovedPath], Collection[str]], Awaitable[None]]
"""Told in the same transaction what was moved of a series (its key), and which directories are gone."""


class OrganiseService:
    """The verbs; ``run`` is a supervised worker."""

    def __init__(
        self,
        db: Database,
        bus: EventBus,
        config: ConfigService,
        operations: Operations,
        library: LibraryService,
        there: Callable[[Path], bool],
        still: Callable[[], asyncio.Lock] = asyncio.Lock,
    ) -> None:
        self.followers: list[Follow] = []
        """Others that keep paths; set where all is tied together."""
        self._db = db
        self._bus = bus
        self._config = config
        self._operations = operations
        self._library = library
        self._moving = MovingService(db, config)
        self.previews = Previews(db, config, self._moving, there)
        self._there = there
        self._still = still
        self._job: tuple[UUID, Callable[[Operation], Awaitable[None]], str] | None = None
        self._wake = asyncio.Event()

    # --- the verbs ----------------------------------------------------------------------------------------------

    async def preview(
        self, keys: Sequence[str] | None, *, limit: int, offset: int, token: str | None = None
    ) -> OrganisePreview:
        """What would move; ``token``: of the preview whose further part it is.

        Raises :class:`NoAnimeDirectoryError` and :class:`PreviewChangedError`.
        """
        return await self.previews.page(keys, limit=limit, offset=offset, token=token)

    async def organise(self, keys: Sequence[str] | None, token: str) -> str:
        """Do what the preview of that token showed; the operation that does.

        Raises :class:`PreviewChangedError` and :class:`OrganiseRunningError`.
        """
        id_, work = await self._prepared(keys, token)
        self._start(id_, work, "Renaming files")
        return str(id_)

    async def organise_now(self, keys: Sequence[str] | None, token: str) -> UUID:
        """The same, in this task."""
        id_, work = await self._prepared(keys, token)
        async with self._operations.run("system", "Renaming files", id_=str(id_)) as operation:
            await work(operation)
        return id_

    async def undo(self, id_: UUID) -> str:
        """Put back what a change moved; the operation that does.

        Raises :class:`ChangeNotFoundError`, :class:`AlreadyUndoneError` and :class:`OrganiseRunningError`.
        """
        work = await self._undoing(id_)
        operation = new_id()
        self._start(operation, work, "Putting files back")
        return str(operation)

    async def undo_now(self, id_: UUID) -> None:
        """The same, in this task."""
        work = await self._undoing(id_)
        async with self._operations.run("system", "Putting files back") as operation:
            await work(operation)

    async def changes(self, *, limit: int, offset: int) -> ChangePage:
        """The newest first."""
        async with self._db.read() as session:
            rows, total = await OrganiseRepository(session).page(limit=limit, offset=offset)
        items = [ChangeOut(**{**row._mapping, "id": str(row.id)}) for row in rows]
        return ChangePage(items=items, total=total, limit=limit, offset=offset)

    async def change(self, id_: UUID) -> ChangeDetail:
        """One change; what was left comes first. Raises :class:`ChangeNotFoundError`."""
        async with self._db.read() as session:
            repository = OrganiseRepository(session)
            row = await repository.change(id_)
            moves = await repository.moves(id_, ("moving", "moved", "left", "undoing", "undone"))
        if row is None:
            raise ChangeNotFoundError
        moves.sort(key=lambda move: (move.reason is None, move.position))
        shown = [
            MoveOut(**{name: value for name, value in move._mapping.items() if name != "position"})
            for move in moves[:_SHOWN]
        ]
        return ChangeDetail(id=str(id_), status=row.status, moves=shown)

    # --- the worker ---------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Do what is asked for, until cancelled."""
        while True:
            await self.heal()
            async with self._db.write() as session:
                await OrganiseRepository(session).clear(now() - KEPT)
            try:
                async with asyncio.timeout(_DAY):
                    await self._wake.wait()
            except TimeoutError:
                continue
            self._wake.clear()
            if self._job is None:
                continue
            id_, work, message = self._job
            try:
                async with self._operations.run("system", message, id_=str(id_)) as operation:
                    await work(operation)
            except OperationCancelledError:
                log.info("Renaming was cancelled; what was renamed stays so and can be undone")
            finally:
                self._job = None

    async def heal(self) -> None:
        """Finish what something cut off. Does nothing while the anime directory is away."""
        async with self._db.read() as session:
            unfinished = await OrganiseRepository(session).unfinished()
        running = self._job[0] if self._job is not None else None
        unfinished = [row for row in unfinished if row.id != running]
        directory = self._config.current.library.anime_directory
        if not unfinished or directory is None or not await asyncio.to_thread(self._there, Path(directory)):
            return
        for row in unfinished:
            undoing = row.status == "undoing"
            async with self._db.read() as session:
                rows = await OrganiseRepository(session).moves(row.id, ("undoing" if undoing else "moving",))
            for _key, group in _by_series(rows):
                await self._do(row.id, list(group), undoing=undoing, finish=True)
            if rows:
                log.warning("%d renamings that something cut off were finished", len(rows))
            # What had not begun stays as it is.
            await self._settle(row.id, "done")

    # --- doing it -----------------------------------------------------------------------------------------------

    def _start(self, id_: UUID, work: Callable[[Operation], Awaitable[None]], message: str) -> None:
        self._job = (id_, work, message)
        self._wake.set()

    def _check_free(self) -> None:
        if self._job is not None:
            raise OrganiseRunningError

    async def _prepared(
        self, keys: Sequence[str] | None, token: str
    ) -> tuple[UUID, Callable[[Operation], Awaitable[None]]]:
        self._check_free()
        plans = await self.previews.plans(keys)
        if self.previews.token(plans) != token:
            raise PreviewChangedError
        self._check_free()
        plans = [plan for plan in plans if plan.moves]
        id_ = new_id()
        async with self._db.write() as session:
            await OrganiseRepository(session).begin(id_)

        async def work(operation: Operation) -> None:
            total, done, position = sum(len(plan.moves) for plan in plans), 0, 0
            try:
                for plan in plans:
                    operation.advance(done, total, plan.name)
                    position += await to_the_end(self._series(id_, position, plan))
                    done += len(plan.moves)
            except asyncio.CancelledError:  # what failed otherwise stays open, and is finished by :meth:`heal`
                await to_the_end(self._settle(id_, "done"))
                raise
            await self._settle(id_, "done")
            operation.advance(done, total, "Renaming files")
            operation.result = await self._result(id_)

        return id_, work

    async def _series(self, id_: UUID, position: int, plan: SeriesPlan) -> int:
        """Do what was planned of a series; how many moves that were."""
        async with self._still(), self._library.placing(plan.key):
            plan = await self.previews.again(plan)  # a description may have been written since
            for moves in in_turns(plan.moves):
                async with self._db.write() as session:
                    await OrganiseRepository(session).write_down(id_, position, plan.key, plan.name, moves)
                async with self._db.read() as session:
                    rows = await OrganiseRepository(session).moves(id_, ("moving",))
                await self._do(id_, rows, undoing=False)
                position += len(moves)
        return len(plan.moves)

    async def _undoing(self, id_: UUID) -> Callable[[Operation], Awaitable[None]]:
        self._check_free()
        async with self._db.read() as session:
            repository = OrganiseRepository(session)
            row = await repository.change(id_)
            moves = await repository.moves(id_, ("moved",))
        if row is None:
            raise ChangeNotFoundError
        if row.status == "undone":
            raise AlreadyUndoneError
        if row.status != "done":
            raise OrganiseRunningError
        async with self._db.write() as session:
            await OrganiseRepository(session).set_status(id_, "undoing")
        groups = [list(group) for _key, group in _by_series(list(reversed(moves)))]

        async def work(operation: Operation) -> None:
            done = 0
            try:
                for rows in groups:
                    operation.advance(done, len(moves), rows[0].series_name)
                    await to_the_end(self._series_back(id_, rows))
                    done += len(rows)
            except asyncio.CancelledError:
                await to_the_end(self._settle(id_, "done"))
                raise
            await self._settle(id_, "undone")
            operation.advance(done, len(moves), "Putting files back")
            operation.result = await self._result(id_)

        return work

    async def _series_back(self, id_: UUID, rows: Sequence[Any]) -> None:
        async with self._still(), self._library.placing(rows[0].series_key):
            back = {Move(row.kind, row.target, row.source): row for row in rows}
            for moves in in_turns(list(back)):
                async with self._db.write() as session:
                    states = {back[move].position: ("undoing", None) for move in moves}
                    await OrganiseRepository(session).set_states(id_, states)
                await self._do(id_, [back[move] for move in moves], undoing=True)

    async def _do(self, id_: UUID, rows: Sequence[Any], *, undoing: bool, finish: bool = False) -> None:
        """Do what is written down of a series, then write where things lie."""
        directory = self._config.current.library.anime_directory
        if directory is None:
            raise NoAnimeDirectoryError
        rows = sorted(rows, key=lambda row: row.position, reverse=undoing)
        moves = {
            row.position: Move(row.kind, *((row.target, row.source) if undoing else (row.source, row.target)))
            for row in rows
        }
        result = await asyncio.to_thread(
            disk.move, Path(directory), list(moves.values()), there=self._there, finish=finish
        )
        states: dict[int, tuple[str, str | None]] = {}
        for position, move in moves.items():
            reason = result.left.get(move)
            done, stays = ("undone", "moved") if undoing else ("moved", "left")
            states[position] = (done, None) if reason is None else (stays, reason)
        moved = [MovedPath(one.source, one.target, one.kind == "folder") for one in result.done if one.kind != "beside"]
        key, name = rows[0].series_key, rows[0].series_name
        async with self._db.write() as session:
            await OrganiseRepository(session).set_states(id_, states)
            await self._moving.follow(session, moved)
            for follow in self.followers:
                await follow(session, key, moved, result.removed)
            publish_after_commit(self._bus, session, SeriesUpdated(data=SeriesRef(key=key, name=name)))

    async def _settle(self, id_: UUID, status: str) -> None:
        async with self._db.write() as session:
            await OrganiseRepository(session).set_status(id_, status)

    async def _result(self, id_: UUID) -> dict[str, Any]:
        async with self._db.read() as session:
            row = await OrganiseRepository(session).change(id_)
        assert row is not None
        return {"change_id": str(id_), "moved": row.moved, "left": row.left, "series": row.series}


def _by_series(rows: Sequence[Any]) -> Any:
    return itertools.groupby(rows, key=lambda row: row.series_key)
