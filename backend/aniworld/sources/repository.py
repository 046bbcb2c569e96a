"""The SQL of what is kept of sources and hosters."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import Row, delete, func, insert, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from aniworld.catalog.types import Change, Health, Subject, SubjectKind
from aniworld.db.base import new_id
from aniworld.sources.models import SourceChange, SourceHealth

_CHUNK = 100


class SourceHealthRepository:
    """All queries on health, in one session."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session
        self._dialect = session.get_bind().dialect.name

    async def load(self, newer_than: dt.datetime) -> dict[Subject, Health]:
        """What was kept, the one that was asked longest ago first. What cannot be read any more is left out."""
        query = (
            select(SourceHealth.kind, SourceHealth.name, SourceHealth.health)
            .where(SourceHealth.updated_at >= newer_than)
            .order_by(SourceHealth.updated_at)
        )
        found: dict[Subject, Health] = {}
        for kind, name, raw in (await self._session.execute(query)).tuples():
            try:
                found[Subject(msgspec.convert(kind, SubjectKind), name)] = msgspec.convert(raw, Health)
            except msgspec.ValidationError:
                continue
        return found

    async def put(self, healths: Mapping[Subject, Health], at: dt.datetime) -> None:
        """Write what changed."""
        rows = [
            {
                "kind": subject.kind,
                "name": subject.name[:300],
                "health": msgspec.to_builtins(health),
                "updated_at": at,
            }
            for subject, health in healths.items()
        ]
        insertion = postgresql.insert if self._dialect == "postgresql" else sqlite.insert
        for start in range(0, len(rows), _CHUNK):
            statement = insertion(SourceHealth).values(rows[start : start + _CHUNK])
            changed = {"health": statement.excluded.health, "updated_at": statement.excluded.updated_at}
            await self._session.execute(statement.on_conflict_do_update(index_elements=["kind", "name"], set_=changed))

    async def add_changes(self, changes: Sequence[Change]) -> None:
        """Write down states that became others."""
        if changes:
            await self._session.execute(
                insert(SourceChange),
                [
                    {
                        "id": new_id(),
                        "kind": change.subject.kind,
                        "name": change.subject.name[:300],
                        "at": change.at,
                        "before": change.before,
                        "state": change.after,
                        "reason": change.reason[:300],
                    }
                    for change in changes
                ],
            )

    async def changes(self, kind: SubjectKind, name: str, limit: int, offset: int) -> tuple[list[Row[Any]], int]:
        """The history of one, newest first, and how long it is."""
        mine = (SourceChange.kind == kind, SourceChange.name == name)
        total = await self._session.scalar(select(func.count()).select_from(SourceChange).where(*mine)) or 0
        query = (
            select(SourceChange.at, SourceChange.before, SourceChange.state, SourceChange.reason)
            .where(*mine)
            .order_by(SourceChange.id.desc())
            .limit(limit)
            .offset(offset)
        )
        return list(await self._session.execute(query)), total

    async def forget(self, older_than: dt.datetime) -> None:
        """What is too old to say anything."""
        await self._session.execute(delete(SourceChange).where(SourceChange.at < older_than))
        await self._session.execute(delete(SourceHealth).where(SourceHealth.updated_at < older_than))
