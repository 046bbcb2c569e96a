"""Versions of tables: what is made of some of them is good for as long as nobody has written to one of those.

A write transaction notes the tables that it changes and gives each a new version as its last statement, so data and
version are seen together or not at all, by every process. The versions come last because on PostgreSQL their rows stay
locked from then to the commit, always in the same order: writers neither wait long nor for each other.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import uuid4

from sqlalchemy import String, TextClause, event, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from aniworld.db.base import Base

Versions = Mapping[str, str]
"""By table. One that was never written to has none."""

_WRITTEN = "written_tables"
_ANY = "*"
"""Stands for all tables: what a statement in plain text changes is not known."""


class TableVersion(Base):
    """The version of a table."""

    __tablename__ = "table_versions"

    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    version: Mapped[str] = mapped_column(String(32))
    """Never the same twice, also where an older database is put back."""


ALL_VERSIONS = select(TableVersion.name, TableVersion.version)


def of_tables(versions: Versions, tables: Iterable[str]) -> str:
    """Names the state of these tables: two that are the same are one state."""
    return "|".join(versions.get(name, "") for name in (_ANY, *tables))


def note_writes(engine: Engine) -> None:
    """Have each transaction of this engine note the tables that it writes to."""

    @event.listens_for(engine, "before_execute")
    def _note(connection: Connection, statement: Any, *_parameters: object) -> None:
        if getattr(statement, "is_dml", False):
            connection.info.setdefault(_WRITTEN, set()).add(statement.table.name)
        elif isinstance(statement, TextClause):
            connection.info.setdefault(_WRITTEN, set()).add(_ANY)


async def forget(session: AsyncSession) -> None:
    """At the begin of a transaction: it has written nothing yet."""
    (await session.connection()).info.pop(_WRITTEN, None)


async def renew(session: AsyncSession) -> None:
    """At the end of a transaction: a new version of each table that was written to."""
    written: set[str] = (await session.connection()).info.pop(_WRITTEN, set())
    if not written:
        return
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    version = uuid4().hex
    statement = insert(TableVersion).values([{"name": name, "version": version} for name in sorted(written)])
    await session.execute(
        statement.on_conflict_do_update(index_elements=["name"], set_={"version": statement.excluded.version})
    )
