"""Brings the database's schema to the one this version needs: at every start, before anything reads it.

A copy is made first, a schema from a newer version is refused, and an interrupted upgrade leaves the old schema.
Migrations run with foreign keys off: SQLite's batch mode rebuilds tables, and a dropped table would take its children
with it; what they leave behind is checked instead.
"""

from __future__ import annotations

import asyncio
import importlib
import pkgutil
import sys
from pathlib import Path

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from aniworld.db.base import Base
from aniworld.db.engine import create_engine, is_sqlite
from aniworld.db.schema import SchemaError, newest_revision
from aniworld.kit.clock import now

SCRIPTS = Path(__file__).with_name("migrations")
_LOCK = 0x616E69  # one name for PostgreSQL's advisory lock


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def load_models() -> None:
    """Import every feature's tables, so that ``Base.metadata`` is whole."""
    package = importlib.import_module("aniworld")
    for module in pkgutil.iter_modules(package.__path__):
        if module.ispkg and (Path(package.__path__[0]) / module.name / "models.py").exists():
            importlib.import_module(f"aniworld.{module.name}.models")


async def upgrade(url: str, backups: Path) -> str:
    """Upgrade the database at ``url`` and return its revision.

    An SQLite file that is about to change is copied into ``backups`` first. Raises :class:`SchemaError` for a schema
    that a newer version made.
    """
    engine = create_engine(url, pooled=False, foreign_keys=False)
    scripts = ScriptDirectory.from_config(_config())
    head = scripts.get_current_head() or ""
    known = {script.revision for script in scripts.walk_revisions()}
    try:
        async with engine.connect() as connection:
            current = await connection.run_sync(_revision)
        if current == head:
            return head
        if current is not None and current not in known:
            raise SchemaError(
                f"The database has schema {current}, which this version does not know: a newer version made it. "
                f"Start that version, or restore a backup from {backups}."
            )
        if current is not None and is_sqlite(url):
            target = backups / f"before-{head}-{now():%Y%m%dT%H%M%S}.db"
            target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            async with engine.connect() as connection:
                autocommit = await connection.execution_options(isolation_level="AUTOCOMMIT")
                await autocommit.execute(text("VACUUM INTO :target"), {"target": str(target)})
            target.chmod(0o600)
        async with engine.execution_options(write=True).begin() as connection:
            await connection.run_sync(_upgrade)
        return head
    finally:
        await engine.dispose()


def _revision(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _upgrade(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
    command.upgrade(_config(connection), "head")
    if connection.dialect.name == "sqlite" and (broken := connection.execute(text("PRAGMA foreign_key_check")).first()):
        raise SchemaError(f"The upgrade would have left a row of {broken[0]} without its parent; nothing was changed.")


async def differences(url: str) -> list[object]:
    """What separates the tables in the database from the models; empty when they agree."""
    load_models()
    engine = create_engine(url, pooled=False)
    try:
        async with engine.connect() as connection:
            return await connection.run_sync(
                lambda sync: list(compare_metadata(MigrationContext.configure(sync), Base.metadata))
            )
    finally:
        await engine.dispose()


async def _write_revision(url: str, message: str) -> None:
    load_models()
    number = f"{int(newest_revision()) + 1:04d}"
    engine = create_engine(url, pooled=False, foreign_keys=False)
    try:
        async with engine.execution_options(write=True).begin() as connection:
            await connection.run_sync(_upgrade)
            await connection.run_sync(
                lambda sync: command.revision(_config(sync), message=message, autogenerate=True, rev_id=number)
            )
    finally:
        await engine.dispose()


def main(arguments: list[str]) -> None:
    """``python -m aniworld.db.migrate revision "what changes"``: write a migration from the models."""
    if len(arguments) != 2 or arguments[0] != "revision":
        sys.exit('Usage: python -m aniworld.db.migrate revision "what changes"')
    scratch = Path(".cache") / "migration.db"
    scratch.parent.mkdir(exist_ok=True)
    scratch.unlink(missing_ok=True)
    asyncio.run(_write_revision(f"sqlite+aiosqlite:///{scratch}", arguments[1]))


if __name__ == "__main__":
    main(sys.argv[1:])
