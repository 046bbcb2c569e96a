"""The engine: pragmas, read sessions, and write sessions that take the lock when they begin.

SQLite runs WAL with ``synchronous=FULL``: what a commit has acknowledged survives a power cut. A write session begins
with ``BEGIN IMMEDIATE``, one at a time, so a read-then-write can neither lose an update nor meet "database is locked"
inside the process. PostgreSQL needs neither, but has to be told that a read session sees one state; the callers do not
see the difference.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable
from typing import Any

import msgspec
from sqlalchemy import event, text
from sqlalchemy.engine import Connection, Dialect, make_url
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.pool import NullPool

from aniworld.db import versions
from aniworld.db.sqlite import Watcher, connector
from aniworld.db.versions import ALL_VERSIONS, Versions
from aniworld.kit.errors import UnavailableError

log = logging.getLogger(__name__)

_AFTER_COMMIT = "after_commit"
_BUSY_MS = 5000
_JSON: dict[str, Any] = {
    "json_serializer": lambda value: msgspec.json.encode(value).decode(),
    "json_deserializer": msgspec.json.decode,
}


class DatabaseUnavailableError(UnavailableError):
    """The database does not answer, or another program holds its lock."""

    code, title = "database-unavailable", "The database is not available right now"


def is_sqlite(url: str) -> bool:
    """Whether the URL names an SQLite file."""
    return make_url(url).get_backend_name() == "sqlite"


def database_label(url: str) -> str:
    """The URL without its password, for a log."""
    return make_url(url).render_as_string(hide_password=True)


def create_engine(url: str, *, pooled: bool = True, foreign_keys: bool = True) -> AsyncEngine:
    """An engine with our pragmas. Migrations use one without a pool and with foreign keys off (see ``migrate``)."""
    if not is_sqlite(url):
        engine = create_async_engine(url, pool_pre_ping=True, **_JSON, **({} if pooled else {"poolclass": NullPool}))
        event.listen(engine.sync_engine, "do_connect", _connect_or_tell)
        return engine
    options: dict[str, Any] = _JSON | ({"pool_size": 6, "max_overflow": 0} if pooled else {"poolclass": NullPool})
    path = make_url(url).database or ""
    engine = create_async_engine(url, async_creator=connector(path, _BUSY_MS / 1000), **options)

    @event.listens_for(engine.sync_engine, "connect")
    def _connect(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves
        cursor = connection.cursor()
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            f"foreign_keys={'ON' if foreign_keys else 'OFF'}",
            f"busy_timeout={_BUSY_MS}",
            "trusted_schema=OFF",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def _begin(connection: Connection) -> None:
        options = connection.get_execution_options()
        if options.get("isolation_level") != "AUTOCOMMIT":
            connection.exec_driver_sql("BEGIN IMMEDIATE" if options.get("write") else "BEGIN DEFERRED")

    return engine


def _connect_or_tell(dialect: Dialect, _record: object, arguments: Any, named: Any) -> Any:
    try:
        return dialect.connect(*arguments, **named)
    except Exception as error:  # of the driver or the network; SQLAlchemy passes them on as they are
        log.warning("The database cannot be reached: %s", error)
        raise DatabaseUnavailableError from error


class Database:
    """Hands out sessions. ``read()`` for looking, ``write()`` for everything that changes a row."""

    def __init__(self, url: str) -> None:
        self.engine = create_engine(url)
        versions.note_writes(self.engine.sync_engine)
        self.dialect = self.engine.dialect.name
        # One state for a whole session, which SQLite gives anyway: what moves from one list to another while both are
        # read is in exactly one of them.
        snapshot = {} if self.dialect == "sqlite" else {"isolation_level": "REPEATABLE READ"}
        self._reading = async_sessionmaker(self.engine.execution_options(**snapshot), expire_on_commit=False)
        self._writing = async_sessionmaker(
            self.engine.execution_options(write=True), expire_on_commit=False, autoflush=False
        )
        self._writer: contextlib.AbstractAsyncContextManager[Any] = (
            asyncio.Lock() if self.dialect == "sqlite" else contextlib.nullcontext()
        )

        self._watcher = Watcher(make_url(url).database or "") if self.dialect == "sqlite" else None

    async def versions(self) -> Versions | None:
        """The versions of all tables in a state that a session which begins now sees at least. None: cannot be told
        now. See :mod:`aniworld.db.versions`.
        """
        if self._watcher is not None:
            return await self._watcher.versions()
        with _translated():
            async with self.engine.connect() as connection:
                await connection.execution_options(isolation_level="AUTOCOMMIT")
                return dict((await connection.execute(ALL_VERSIONS)).tuples().all())

    @contextlib.asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncSession]:
        """A session that sees one consistent state and changes nothing."""
        with _translated():
            async with self._reading() as session:
                yield session

    @contextlib.asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncSession]:
        """A transaction: committed when the block ends, rolled back when it raises.

        Keep it short and never await the network inside: on SQLite all other writers wait. Callbacks given to
        :func:`after_commit` run once the data is on disk.
        """
        with _translated():
            async with self._writer, self._writing() as session:
                async with session.begin():
                    await versions.forget(session)
                    yield session
                    await versions.renew(session)
        for callback in session.info.pop(_AFTER_COMMIT, ()):
            callback()

    async def ping(self) -> None:
        """Raise :class:`DatabaseUnavailableError` unless the database answers."""
        async with self.read() as session:
            await session.execute(text("SELECT 1"))

    async def close(self) -> None:
        """Close every connection."""
        if self._watcher is not None:
            self._watcher.close()
        await self.engine.dispose()


def after_commit(session: AsyncSession, callback: Callable[[], None]) -> None:
    """Call ``callback`` when the session's transaction is on disk; never, if it is rolled back."""
    session.info.setdefault(_AFTER_COMMIT, []).append(callback)


@contextlib.contextmanager
def _translated() -> Any:
    try:
        yield
    except (OperationalError, InterfaceError, ConnectionError) as error:
        raise DatabaseUnavailableError from error
    except DBAPIError as error:
        if error.connection_invalidated:
            raise DatabaseUnavailableError from error
        raise
