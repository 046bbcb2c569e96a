"""The queue's SQL. The database is the queue: a claim is one conditional update that also writes a lease."""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    CursorResult,
    Insert,
    Row,
    and_,
    delete,
    func,
    insert,
    null,
    or_,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from aniworld.db.base import Base
from aniworld.downloads.models import Download, QueueState
from aniworld.downloads.states import sources
from aniworld.downloads.types import OPEN, STATUSES, QueueMode, Status

GAP = 1 << 20
"""Between the positions of two items that were added one after the other: room for one to be put in between."""
_CHUNK = 500
"""Ids in one statement: below every database's limit of parameters."""

ORDER = (Download.priority, Download.position, Download.id)
_COLUMNS = tuple(
    getattr(Download, name)
    for name in (
        "id", "series_key", "series_name", "season", "episode", "title", "status", "priority", "position",
        "downloaded_bytes", "total_bytes", "error_code", "error_message", "failures", "retry_count", "not_before",
        "provider", "hoster", "language", "file_path", "created_at", "started_at", "completed_at",
    )
)  # fmt: skip


class DownloadRepository:
    """What the verbs ask of the queue, in one session."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session
        self._dialect = session.get_bind().dialect.name

    # --- the mode -----------------------------------------------------------------------------------------------

    async def mode(self) -> QueueMode:
        """What the user told the queue; at first: stopped."""
        row = (await self._session.execute(select(QueueState.running, QueueState.paused))).first()
        return QueueMode(running=row.running, paused=row.paused) if row else QueueMode(running=False, paused=False)

    async def set_mode(self, mode: QueueMode) -> None:
        """Remember what the user told the queue."""
        values = {"running": mode.running, "paused": mode.paused}
        changed = await self._changed(update(QueueState).values(values))
        if not changed:
            await self._session.execute(insert(QueueState).values(id=1, **values))

    async def installation(self) -> str:
        """The name of this installation, made at the first call."""
        await self._session.execute(
            self._insert(QueueState).values(id=1, running=False, paused=False).on_conflict_do_nothing()  # type: ignore[attr-defined]
        )
        await self._session.execute(
            update(QueueState).where(QueueState.installation.is_(None)).values(installation=secrets.token_hex(8))
        )
        return (await self._session.execute(select(QueueState.installation))).scalar_one() or ""

    # --- looking ------------------------------------------------------------------------------------------------

    async def page(
        self, *, statuses: Sequence[Status] = (), series_key: str | None = None, limit: int, offset: int = 0
    ) -> tuple[list[Row[Any]], int]:
        """Rows in the order they matter (open ones as they will run, ended ones newest first), and how many in all."""
        # State by state: each has its own order, which an index knows; all together would have to be sorted.
        counts = await self.counts(series_key)
        rows: list[Row[Any]] = []
        skip = offset
        for status in (status for status in STATUSES if not statuses or status in statuses):
            if skip < counts[status] and len(rows) < limit:
                rows += await self.top(status, limit - len(rows), offset=skip, series_key=series_key)
            skip = max(0, skip - counts[status])
        return rows, sum(counts[status] for status in statuses or STATUSES)

    async def top(
        self, status: Status, limit: int, *, offset: int = 0, series_key: str | None = None
    ) -> list[Row[Any]]:
        """The first rows of one state, without counting."""
        query = select(*_COLUMNS).where(Download.status == status, *_of(series_key))
        if status in ("completed", "failed", "cancelled"):
            query = query.order_by(Download.completed_at.desc(), Download.id.desc())
        else:
            query = query.order_by(*ORDER)
        return list(await self._session.execute(query.limit(limit).offset(offset)))

    async def get(self, id_: UUID) -> Row[Any] | None:
        """One item."""
        return (await self._session.execute(select(*_COLUMNS).where(Download.id == id_))).first()

    async def counts(self, series_key: str | None = None) -> dict[Status, int]:
        """How many items are in each state."""
        # One count a state: several times faster than to group, as each is a walk along a stretch of an index.
        row = await self._session.execute(
            select(
                *(
                    select(func.count())
                    .select_from(Download)
                    .where(Download.status == status, *_of(series_key))
                    .scalar_subquery()
                    for status in STATUSES
                )
            )
        )
        return dict(zip(STATUSES, row.one(), strict=True))

    async def states_of(self, series_key: str) -> dict[tuple[UUID, str], str]:
        """The open and failed items of a series, by (episode, language)."""
        rows = await self._session.execute(
            select(Download.episode_id, Download.language, Download.status)
            .where(
                Download.series_key == series_key,
                Download.status.in_(("pending", "downloading", "paused", "failed")),
                Download.episode_id.is_not(None),
            )
            .order_by(Download.id)
        )
        states: dict[tuple[UUID, str], str] = {}
        for episode_id, language, status in rows.tuples():
            # A failed attempt from earlier says nothing once a new one is open.
            if episode_id is not None and (status != "failed" or (episode_id, language) not in states):
                states[episode_id, language] = status
        return states

    async def open_of(self, series_key: str) -> list[UUID]:
        """The items of a series that are not ended."""
        query = select(Download.id).where(Download.series_key == series_key, Download.status.in_(OPEN))
        return list(await self._session.scalars(query))

    async def next_due(self, moment: dt.datetime) -> dt.datetime | None:
        """When the next item that was still waiting at ``moment``, after a failure, may be tried."""
        return await self._session.scalar(
            select(func.min(Download.not_before)).where(Download.status == "pending", Download.not_before > moment)
        )

    # --- adding -------------------------------------------------------------------------------------------------

    async def add(self, rows: Sequence[Mapping[str, Any]]) -> set[UUID]:
        """Insert rows that are not open already; the ids that went in. Positions follow the last one."""
        last = await self._session.scalar(select(func.max(Download.position))) or 0
        numbered = [{**row, "position": last + GAP * (index + 1)} for index, row in enumerate(rows)]
        added: set[UUID] = set()
        for start in range(0, len(numbered), _CHUNK):
            result = await self._session.scalars(
                self._insert(Download).on_conflict_do_nothing().returning(Download.id),  # type: ignore[attr-defined]
                numbered[start : start + _CHUNK],
            )
            added.update(result)
        return added

    def _insert(self, table: type[Base]) -> Insert:
        return postgresql.insert(table) if self._dialect == "postgresql" else sqlite.insert(table)

    # --- moves --------------------------------------------------------------------------------------------------

    async def move(self, id_: UUID, target: Status, **values: Any) -> bool:
        """Move one item to a state, if its present state allows that; whether it did."""
        if target != "downloading":
            values |= {"lease_owner": None, "lease_until": None}
        return bool(
            await self._changed(
                update(Download)
                .where(Download.id == id_, Download.status.in_(sources(target)))
                .values(status=target, **values)
            )
        )

    async def retry(self, ids: Sequence[UUID], *, below: int | None) -> int:
        """Failed and cancelled items become pending; ``below``: only those with fewer retries. None named: all failed.

        One whose episode and language is open again already stays as it is.
        """
        newer = Download.__table__.alias("newer")
        blocked = (
            select(newer.c.id)
            .where(
                newer.c.episode_id == Download.episode_id,
                newer.c.language == Download.language,
                newer.c.id != Download.id,
                or_(
                    newer.c.status.in_(("pending", "downloading", "paused")),
                    # Of several ended attempts for the same thing only the newest is taken up.
                    and_(newer.c.status.in_(("failed", "cancelled")), newer.c.id > Download.id),
                ),
            )
            .exists()
        )
        states = ("failed", "cancelled") if ids else ("failed",)
        statement = update(Download).where(Download.status.in_(states), Download.episode_id.is_not(None), ~blocked)
        if below is not None:
            statement = statement.where(Download.retry_count < below)
        statement = statement.values(
            status="pending",
            not_before=None,
            completed_at=None,
            retry_count=0 if below is None else Download.retry_count + 1,
            error_code=None,
            error_message=None,
            failures=null(),
        )
        if not ids:
            return await self._changed(statement)
        return sum([await self._changed(statement.where(Download.id.in_(chunk))) for chunk in _chunks(ids)])

    async def remove(self, ids: Sequence[UUID]) -> list[tuple[UUID, str]]:
        """Delete items whatever their state; (id, series) of those that were there."""
        removed: list[tuple[UUID, str]] = []
        for chunk in _chunks(ids):
            rows = await self._session.execute(
                delete(Download).where(Download.id.in_(chunk)).returning(Download.id, Download.series_key)
            )
            removed.extend(rows.tuples())
        return removed

    async def clear(self, statuses: Sequence[Status]) -> list[tuple[UUID, str]]:
        """Delete all items in those states."""
        rows = await self._session.execute(
            delete(Download).where(Download.status.in_(statuses)).returning(Download.id, Download.series_key)
        )
        return list(rows.tuples())

    async def set_priority(self, ids: Sequence[UUID], rank: int) -> int:
        """Give open items a priority."""
        statement = update(Download).where(Download.status.in_(("pending", "paused"))).values(priority=rank)
        return sum([await self._changed(statement.where(Download.id.in_(chunk))) for chunk in _chunks(ids)])

    # --- order --------------------------------------------------------------------------------------------------

    async def pending_positions(self, ids: Sequence[UUID]) -> dict[UUID, int]:
        """The positions of those of the items that are pending."""
        found: dict[UUID, int] = {}
        for chunk in _chunks(ids):
            rows = await self._session.execute(
                select(Download.id, Download.position).where(Download.id.in_(chunk), Download.status == "pending")
            )
            found.update(rows.tuples().all())
        return found

    async def set_positions(self, positions: Mapping[UUID, int]) -> None:
        """Write new positions."""
        if positions:
            await self._session.execute(
                update(Download), [{"id": id_, "position": position} for id_, position in positions.items()]
            )

    async def neighbours(self, id_: UUID, index: int) -> tuple[tuple[int, int] | None, tuple[int, int] | None]:
        """(priority, position) of the pending items that will stand before and after place ``index``."""
        query = (
            select(Download.priority, Download.position)
            .where(Download.status == "pending", Download.id != id_)
            .order_by(*ORDER)
        )
        rows = list((await self._session.execute(query.limit(2).offset(max(0, index - 1)))).tuples())
        if index == 0:
            return None, rows[0] if rows else None
        if rows:
            return rows[0], rows[1] if len(rows) > 1 else None
        count = await self._session.scalar(
            select(func.count()).select_from(Download).where(Download.status == "pending", Download.id != id_)
        )
        last = list((await self._session.execute(query.limit(1).offset(max(0, (count or 0) - 1)))).tuples())
        return (last[0] if last else None), None

    async def renumber(self) -> None:
        """Spread the positions of pending items again, where no room is left between two."""
        ids = await self._session.scalars(select(Download.id).where(Download.status == "pending").order_by(*ORDER))
        await self.set_positions({id_: GAP * (index + 1) for index, id_ in enumerate(ids)})

    async def _changed(self, statement: Any) -> int:
        result: CursorResult[Any] = await self._session.execute(  # type: ignore[assignment]
            statement, execution_options={"synchronize_session": False}
        )
        return result.rowcount


def _of(series_key: str | None) -> list[ColumnElement[bool]]:
    return [] if series_key is None else [Download.series_key == series_key]


def _chunks(ids: Sequence[UUID]) -> Iterable[Sequence[UUID]]:
    return (ids[start : start + _CHUNK] for start in range(0, len(ids), _CHUNK))
