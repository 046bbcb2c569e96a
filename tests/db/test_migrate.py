"""The schema: what the migrations make is what the models say, on both databases; nothing newer is touched."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import text

from aniworld.db import migrate
from aniworld.db.base import Base
from aniworld.db.engine import Database
from aniworld.db.schema import SchemaError, newest_revision


async def test_migrations_equal_the_models(database_url: str) -> None:
    assert await migrate.differences(database_url) == []


async def test_the_newest_file_names_the_revision(database_url: str, tmp_path: Path) -> None:
    assert await migrate.upgrade(database_url, tmp_path) == newest_revision()


async def test_every_index_of_the_models_is_there(db: Database) -> None:
    migrate.load_models()
    wanted = {index.name for table in Base.metadata.tables.values() for index in table.indexes}
    query = (
        "SELECT name FROM sqlite_master WHERE type = 'index'"
        if db.dialect == "sqlite"
        else "SELECT indexname FROM pg_indexes WHERE schemaname = 'public'"
    )
    async with db.read() as session:
        there = set((await session.scalars(text(query))).all())
    assert wanted - there == set()


async def test_a_second_upgrade_changes_nothing(database_url: str, tmp_path: Path) -> None:
    backups = tmp_path / "backups"
    assert await migrate.upgrade(database_url, backups) == await migrate.upgrade(database_url, backups)
    assert not backups.exists()


async def test_a_newer_schema_is_refused_and_left_alone(sqlite_template: Path, tmp_path: Path) -> None:
    path = tmp_path / "newer.db"
    path.write_bytes(sqlite_template.read_bytes())
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE alembic_version SET version_num = 'f00d'")
    connection.close()
    before = path.read_bytes()
    with pytest.raises(SchemaError, match="newer version"):
        await migrate.upgrade(f"sqlite+aiosqlite:///{path}", tmp_path / "backups")
    assert path.read_bytes() == before


def test_an_upgrade_that_is_killed_leaves_the_old_schema_or_the_new_one(tmp_path: Path) -> None:
    """Killed after 0, 1, 2, … of the statements; the next start always succeeds."""
    script = (
        "import asyncio, os, signal, sys\n"
        "from pathlib import Path\n"
        "from sqlalchemy import event\n"
        "from sqlalchemy.engine import Engine\n"
        "from aniworld.db import migrate\n"
        "left = int(sys.argv[2])\n"
        "def count(*_):\n"
        "    global left\n"
        "    left -= 1\n"
        "    if left < 0:\n"
        "        os.kill(os.getpid(), signal.SIGKILL)\n"
        "event.listen(Engine, 'before_cursor_execute', count)\n"
        "asyncio.run(migrate.upgrade('sqlite+aiosqlite:///' + sys.argv[1], Path(sys.argv[1] + '.backups')))\n"
    )
    path = tmp_path / "killed.db"
    killed = 0
    for statements in range(1, 200, 25):
        path.unlink(missing_ok=True)
        for suffix in ("-wal", "-shm"):
            Path(f"{path}{suffix}").unlink(missing_ok=True)
        run = subprocess.run([sys.executable, "-c", script, str(path), str(statements)], env=os.environ, check=False)
        if run.returncode == 0:
            break
        assert run.returncode == -signal.SIGKILL
        killed += 1
        url = f"sqlite+aiosqlite:///{path}"
        asyncio.run(migrate.upgrade(url, tmp_path / "backups"))
        assert asyncio.run(migrate.differences(url)) == []
    assert killed >= 2


async def test_a_copy_is_made_of_what_changes(
    sqlite_template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, backups = tmp_path / "old.db", tmp_path / "backups"
    path.write_bytes(sqlite_template.read_bytes())
    # There is only one revision yet: the database is given a predecessor that the scripts know of.
    versions = tmp_path / "scripts" / "versions"
    versions.mkdir(parents=True)
    source = Path(migrate.__file__).with_name("migrations")
    for name in ("env.py", "script.py.mako"):
        (versions.parent / name).write_text((source / name).read_text())
    for script in (source / "versions").glob("*.py"):
        (versions / script.name).write_text(script.read_text())
    head = await migrate.upgrade(f"sqlite+aiosqlite:///{path}", backups)
    (versions / "next.py").write_text(
        f'"""Next."""\nfrom alembic import op\nrevision = "next"\ndown_revision = "{head}"\n'
        "branch_labels = depends_on = None\n\n\n"
        "def upgrade() -> None:\n    op.execute('CREATE TABLE added (x INTEGER)')\n"
    )
    monkeypatch.setattr(migrate, "SCRIPTS", versions.parent)
    assert await migrate.upgrade(f"sqlite+aiosqlite:///{path}", backups) == "next"
    (copy,) = backups.glob("before-next-*.db")
    assert copy.stat().st_mode & 0o777 == 0o600
    with sqlite3.connect(copy) as connection:
        assert connection.execute("SELECT version_num FROM alembic_version").fetchone() == (head,)
        assert connection.execute("SELECT name FROM sqlite_master WHERE name = 'added'").fetchone() is None
    connection.close()
