"""Whole answers, kept as bytes for as long as the database stands as it stood.

Before each use the database is asked for its version (:meth:`Database.version`), which changes with every commit of
any process. The version is read first and the answer made afterwards, so an answer is never older than the version it
is kept under, and one that is served is never older than a write that was acknowledged before the request came.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass

import msgspec

from aniworld.db.engine import Database

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
        self._version: str | None = None
        self._size = 0
        self._kept: OrderedDict[Hashable, Answer] = OrderedDict()
        self._making: dict[Hashable, asyncio.Task[Answer]] = {}

    async def get(self, asked: Hashable, make: Callable[[], Awaitable[object]]) -> Answer:
        """The answer to what was asked, made by ``make`` unless it is kept. ``asked`` names all that it depends on
        beside the database. Whoever asks the same of the same version meanwhile waits for the one that is being made.
        """
        version = await self._db.version()
        if version is None:
            return encoded(await make())
        if version != self._version:
            self._version = version
            self._kept.clear()
            self._size = 0
        if (kept := self._kept.get(asked)) is not None:
            self._kept.move_to_end(asked)
            return kept
        name = (version, asked)
        making = self._making.get(name)
        if making is None:
            making = self._making[name] = asyncio.create_task(self._make(version, asked, make))
            making.add_done_callback(lambda task: self._made(name, task))
        return await asyncio.shield(making)

    async def _make(self, version: str, asked: Hashable, make: Callable[[], Awaitable[object]]) -> Answer:
        answer = encoded(await make())
        if version == self._version and asked not in self._kept and len(answer.body) * 4 <= self._limit:
            self._kept[asked] = answer
            self._size += len(answer.body)
            while self._size > self._limit:
                self._size -= len(self._kept.popitem(last=False)[1].body)
        return answer

    def _made(self, name: Hashable, task: asyncio.Task[Answer]) -> None:
        self._making.pop(name, None)
        if not task.cancelled():
            task.exception()  # whoever waited has it; nobody may be left to
