"""The journal's SQL."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, bindparam, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from aniworld.kit.clock import now
from aniworld.organise.models import Change, ChangeMove
from aniworld.organise.types import Move

_CHANGE = (
    Change.id, Change.status, Change.series, Change.moved, Change.left, Change.created_at, Change.finished_at,
    Change.undone_at,
)  # fmt: skip


class OrganiseRepository:
    """All queries on it, in one session."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def begin(self, id_: UUID) -> None:
        """A new change."""
        await self._session.execute(insert(Change).values(id=id_, status="running", created_at=now()))

    async def change(self, id_: UUID) -> Row[Any] | None:
        """One change."""
        return (await self._session.execute(select(*_CHANGE).where(Change.id == id_))).first()

    async def page(self, *, limit: int, offset: int) -> tuple[list[Row[Any]], int]:
        """Changes, the newest first, and how many there are."""
        total = await self._session.scalar(select(func.count()).select_from(Change)) or 0
        query = select(*_CHANGE).order_by(Change.id.desc()).limit(limit).offset(offset)
        return list(await self._session.execute(query)), total

    async def set_status(self, id_: UUID, status: str) -> None:
        """Where the change stands; the counts are made anew."""
        moment = now()
        values: dict[str, Any] = {"status": status}
        if status == "done":
            values["finished_at"] = moment
        if status == "undone":
            values["undone_at"] = moment
        mine = ChangeMove.change_id == id_
        there = ChangeMove.state.in_(("moved", "undone"))
        count = select(func.count()).select_from(ChangeMove)
        values["moved"] = count.where(mine, ChangeMove.kind != "beside", there).scalar_subquery()
        values["left"] = count.where(mine, ChangeMove.reason.is_not(None)).scalar_subquery()
        series = select(func.count(ChangeMove.series_key.distinct())).where(mine, there)
        values["series"] = series.scalar_subquery()
        await self._session.execute(update(Change).where(Change.id == id_).values(**values))

    async def unfinished(self) -> list[Row[Any]]:
        """(id, status) of changes that something cut off."""
        query = select(Change.id, Change.status).where(Change.status.in_(("running", "undoing")))
        return list(await self._session.execute(query.order_by(Change.id)))

    async def write_down(self, id_: UUID, first: int, key: str, name: str, moves: Sequence[Move]) -> None:
        """These are about to be done."""
        rows = [
            {
                "change_id": id_, "position": first + number, "series_key": key, "series_name": name,
                "kind": one.kind, "source": one.source, "target": one.target, "state": "moving",
            }
            for number, one in enumerate(moves)
        ]  # fmt: skip
        if rows:
            await self._session.execute(insert(ChangeMove), rows)

    async def moves(self, id_: UUID, states: Iterable[str]) -> list[Row[Any]]:
        """The moves of a change in these states, in order."""
        query = select(
            ChangeMove.position, ChangeMove.series_key, ChangeMove.series_name, ChangeMove.kind, ChangeMove.source,
            ChangeMove.target, ChangeMove.state, ChangeMove.reason,
        ).where(ChangeMove.change_id == id_, ChangeMove.state.in_(list(states)))  # fmt: skip
        return list(await self._session.execute(query.order_by(ChangeMove.position)))

    async def set_states(self, id_: UUID, states: Mapping[int, tuple[str, str | None]]) -> None:
        """Position → state and reason."""
        if not states:
            return
        table = ChangeMove.__table__
        await (await self._session.connection()).execute(
            update(table)  # type: ignore[arg-type]
            .where(table.c.change_id == id_, table.c.position == bindparam("at"))
            .values(state=bindparam("new_state"), reason=bindparam("new_reason")),
            [{"at": at, "new_state": state, "new_reason": reason} for at, (state, reason) in states.items()],
        )

    async def clear(self, before: dt.datetime) -> None:
        """Forget what is older, and settled."""
        old = select(Change.id).where(Change.created_at < before, Change.status.in_(("done", "undone")))
        await self._session.execute(delete(ChangeMove).where(ChangeMove.change_id.in_(old)))
        await self._session.execute(delete(Change).where(Change.id.in_(old)))
