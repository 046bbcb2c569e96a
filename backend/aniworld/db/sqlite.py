"""SQLite's connection, made safe to cancel, and quick.

A task may be cancelled while a worker thread executes its statement. The driver would then forget the statement, which
still runs, and SQLAlchemy would drop the connection with its transaction open: the write lock is held by nobody for
ever after. Here a cancellation waits while a statement runs. It is delivered at the task's next await, so one that
comes in the middle of a transaction takes effect when the transaction is over; that is a matter of milliseconds.

The driver goes to its thread and back for each of: a cursor, a statement, its rows, the cursor's end. Most of what a
short transaction takes is that; here one turn does all of it.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

import aiosqlite

from aniworld.db.versions import ALL_VERSIONS, Versions

_VERSIONS = str(ALL_VERSIONS)
_FIRST = 256
"""Rows that come along with a statement; of more, the others are fetched as they are wanted."""


class WholeCursor(aiosqlite.Cursor):
    """Executes a statement, reads its rows and is closed, all in one turn of the connection's thread."""

    _conn: PatientConnection
    _cursor: sqlite3.Cursor

    def __init__(self, connection: PatientConnection) -> None:
        super().__init__(connection, None)  # type: ignore[arg-type]  # made in the thread, where it is used
        self._rows: list[Any] = []
        self._open = False

    async def execute(self, sql: str, parameters: Iterable[Any] | None = None) -> WholeCursor:
        """Run a statement."""
        await self._conn._execute(self._run, sql, parameters or ())
        return self

    async def executemany(self, sql: str, parameters: Iterable[Iterable[Any]]) -> WholeCursor:
        """Run it once with each."""
        await self._conn._execute(self._run_many, sql, parameters)
        return self

    def _run(self, sql: str, parameters: Iterable[Any]) -> None:
        self._cursor = self._conn._conn.cursor()
        self._cursor.execute(sql, parameters)  # type: ignore[arg-type]
        self._rows = self._cursor.fetchmany(_FIRST) if self._cursor.description else []
        self._open = len(self._rows) == _FIRST
        if not self._open:
            self._cursor.close()

    def _run_many(self, sql: str, parameters: Iterable[Iterable[Any]]) -> None:
        self._cursor = self._conn._conn.cursor()
        self._cursor.executemany(sql, parameters)  # type: ignore[arg-type]
        self._cursor.close()

    async def fetchone(self) -> Any:
        """The next row."""
        return next(iter(await self.fetchmany(1)), None)

    async def fetchmany(self, size: int | None = None) -> list[Any]:
        """The next rows."""
        wanted = size or 1
        rows, self._rows = self._rows[:wanted], self._rows[wanted:]
        if self._open and len(rows) < wanted:
            rows += await super().fetchmany(wanted - len(rows))
        return rows

    async def fetchall(self) -> list[Any]:
        """The rest of the rows."""
        rows, self._rows = self._rows, []
        return [*rows, *await super().fetchall()] if self._open else rows

    async def close(self) -> None:
        """Let go of the rows that were not fetched."""
        self._rows = []
        if self._open:
            self._open = False
            await super().close()


class PatientConnection(aiosqlite.Connection):
    """Finishes what it has begun before its caller is cancelled."""

    async def cursor(self) -> WholeCursor:  # type: ignore[override]
        """For SQLAlchemy."""
        return WholeCursor(self)

    async def _execute(self, fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        if not self._running or not self._connection:
            raise ValueError("The connection is closed")
        running = asyncio.get_running_loop().create_future()
        self._tx.put_nowait((running, partial(fn, *args, **kwargs)))
        task = asyncio.current_task()
        asked = False
        while not running.done():
            try:
                await asyncio.wait([running])
            except asyncio.CancelledError:
                if task is None:
                    raise
                asked = True
                task.uncancel()
        if asked and task is not None:
            asyncio.get_running_loop().call_soon(task.cancel)
        return running.result()


def connector(path: str, busy_timeout: float) -> Callable[..., PatientConnection]:
    """What SQLAlchemy makes connections to the file with; ``busy_timeout`` in seconds."""

    def connect() -> sqlite3.Connection:
        return sqlite3.connect(path, timeout=busy_timeout)

    def make(*_args: object, **_options: object) -> PatientConnection:
        connection = PatientConnection(connect, iter_chunk_size=64)
        connection._thread.daemon = True  # one that was never closed must not keep the program from ending
        return connection

    return make


class Watcher:
    """Knows the versions of the tables; asked again, it answers in a few microseconds unless somebody has committed.

    A connection of its own that never writes, for use in the event loop's thread: ``PRAGMA data_version`` looks into
    the shared memory of the WAL and waits for nobody.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._connection: sqlite3.Connection | None = None
        self._opening = asyncio.Lock()
        self._seen: int | None = None
        self._versions: Versions = {}

    async def versions(self) -> Versions | None:
        """As of now, whichever process wrote last; None: cannot be told now."""
        try:
            connection = self._connection or await self._opened()
            # Asked first: a commit in between is then looked at twice, and never missed.
            seen = connection.execute("PRAGMA data_version").fetchone()[0]
            if seen != self._seen:
                self._versions = dict(connection.execute(_VERSIONS).fetchall())
                self._seen = seen
            return self._versions
        except sqlite3.Error:
            return None

    async def _opened(self) -> sqlite3.Connection:
        async with self._opening:
            if self._connection is None:
                self._connection = await asyncio.to_thread(self._connect)
            return self._connection

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._path, timeout=0, isolation_level=None, check_same_thread=False)
        connection.execute("PRAGMA query_only=ON")
        return connection

    def close(self) -> None:
        """Close the connection."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()
