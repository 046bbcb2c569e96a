"""Whole answers, kept as bytes for as long as nobody has written to a table that they are made of.

Before each use the database is asked for the versions of those tables (:meth:`Database.versions`). They are read first
and the answer is made afterwards, so an answer is never older than the versions it is kept under, and one that is
served is never older than a write that was acknowledged before the request came.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable, Sequence
from dataclasses import dataclass

import msgspec

from aniworld.db.engine import Database
from aniworld.db.versions import of_tables

KEPT_BYTES = 8 * 1024 * 1024
"""All kept answers together; the one that was not asked for the longest goes first."""


@dataclass(frozen=True, slots=True)
class Answer:
    """JSON, and the tag by which a client asks whether it is still the same."""

    body: bytes
    tag: str


def encoded(value: object) -> Answer:
    """A value as it goes out."""
    body = msgspec.json.encode(value)
    # Weak: a proxy may compress the answer on its way.
    return Answer(body, f'W/"{hashlib.blake2b(body, digest_size=12).hexdigest()}"')


class Answers:
    """Answers by what was asked. ``limit``: bytes."""

    def __init__(self, db: Database, limit: int = KEPT_BYTES) -> None:
        self._db = db
        self._limit = limit
        self._size = 0
        self._kept: OrderedDict[Hashable, tuple[str, Answer]] = OrderedDict()
        self._making: dict[Hashable, asyncio.Task[Answer]] = {}

    async def get(self, asked: Hashable, tables: Sequence[str], make: Callable[[], Awaitable[object]]) -> Answer:
        """The answer to what was asked, made by ``make`` unless it is kept.

        ``tables``: all that it reads. ``asked`` names whatever else it depends on. Whoever asks the same of the same
        versions meanwhile waits for the one that is being made.
        """
        versions = await self._db.versions()
        if versions is None:
            return encoded(await make())
        version = of_tables(versions, tables)
        kept = self._kept.get(asked)
        if kept is not None and kept[0] == version:
            self._kept.move_to_end(asked)
            return kept[1]
        name = (version, asked)
        making = self._making.get(name)
        if making is None:
            making = self._making[name] = asyncio.create_task(self._make(version, asked, make))
            making.add_done_callback(lambda task: self._made(name, task))
        return await asyncio.shield(making)

    async def _make(self, version: str, asked: Hashable, make: Callable[[], Awaitable[object]]) -> Answer:
        answer = encoded(await make())
        self._drop(asked)
        if len(answer.body) * 4 <= self._limit:
            self._kept[asked] = (version, answer)
            self._size += len(answer.body)
            while self._size > self._limit:
                self._drop(next(iter(self._kept)))
        return answer

    def _drop(self, asked: Hashable) -> None:
        if (kept := self._kept.pop(asked, None)) is not None:
            self._size -= len(kept[1].body)

    def _made(self, name: Hashable, task: asyncio.Task[Answer]) -> None:
        self._making.pop(name, None)
        if not task.cancelled():
            task.exception()  # whoever waited has it; nobody may be left to
