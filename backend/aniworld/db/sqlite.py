"""SQLite's connection, made safe to cancel.

A task may be cancelled while a worker thread executes its statement. The driver would then forget the statement, which
still runs, and SQLAlchemy would drop the connection with its transaction open: the write lock is held by nobody for
ever after. Here a cancellation waits while a statement runs. It is delivered at the task's next await, so one that
comes in the middle of a transaction takes effect when the transaction is over; that is a matter of milliseconds.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from typing import Any

import aiosqlite


class PatientConnection(aiosqlite.Connection):
    """Finishes what it has begun before its caller is cancelled."""

    async def _execute(self, fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        running = asyncio.ensure_future(super()._execute(fn, *args, **kwargs))  # type: ignore[no-untyped-call]
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
    """Sees whether any connection has committed, of this process or another, in a few microseconds.

    A connection of its own that never writes, for use in the event loop's thread: ``PRAGMA data_version`` looks into
    the shared memory of the WAL and waits for nobody.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._connection: sqlite3.Connection | None = None
        self._opening = asyncio.Lock()

    async def version(self) -> str | None:
        """Another one after each commit; None: cannot be told now."""
        try:
            connection = self._connection or await self._opened()
            return str(connection.execute("PRAGMA data_version").fetchone()[0])
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
