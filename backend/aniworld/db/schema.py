"""Is the schema the one this version needs? Answered without Alembic, which costs a start 8 MiB and 0.2 s.

Revisions are numbered as their files are (``0001_first.py``), so the newest file names the revision that is needed.
"""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from aniworld.db.engine import create_engine

VERSIONS = Path(__file__).with_name("migrations") / "versions"


class SchemaError(Exception):
    """The database cannot be used by this version; the text says what to do."""


def newest_revision() -> str:
    """The revision that this version needs."""
    return max(path.name.partition("_")[0] for path in VERSIONS.glob("[0-9]*_*.py"))


async def ensure(url: str, backups: Path) -> None:
    """Upgrade the database if it needs that, with a copy in ``backups`` first. Raises :class:`SchemaError`."""
    engine = create_engine(url, pooled=False)
    try:
        async with engine.connect() as connection:
            revision = await connection.scalar(text("SELECT version_num FROM alembic_version"))
    except DBAPIError:  # no such table: an empty database, or one that the upgrade will speak of
        revision = None
    finally:
        await engine.dispose()
    if revision != newest_revision():
        from aniworld.db import migrate  # noqa: PLC0415 - see above

        await migrate.upgrade(url, backups)
