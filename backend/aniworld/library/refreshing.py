"""Asks services again: soon where one did not answer, now and then where what it told grows old.

One series after the other, and only while nothing is loaded: nobody waits for it.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from typing import Any
from uuid import UUID

from aniworld.db.engine import Database
from aniworld.kit.clock import now
from aniworld.kit.errors import AppError
from aniworld.library.metadata_repository import MetadataRepository
from aniworld.library.metadata_service import SeriesMetadataService

log = logging.getLogger(__name__)

LOOK = 15.0
"""Seconds between two looks at what is due."""
A_DAY = 150
"""Series that are asked about again in a day though nothing is missing."""
_PATIENCE = 150.0
"""Seconds for one series: a service may make everybody wait for its limit."""


class Refreshing:
    """One loop beside the loader's. ``wake``: there is something to write."""

    def __init__(self, db: Database, described: SeriesMetadataService, wake: Callable[[], None]) -> None:
        self._db = db
        self._described = described
        self._wake = wake
        self._next_old = 0.0

    async def run(self, busy: Callable[[], bool]) -> None:
        """Work until cancelled."""
        while True:
            if busy() or not await self._one():
                await asyncio.sleep(LOOK)

    async def _one(self) -> bool:
        """Ask about one series that is due; whether there was one."""
        async with self._db.read() as session:
            repository = MetadataRepository(session)
            row = await repository.next_due(now(), failed=True)
            if row is None and time.monotonic() >= self._next_old:
                row = await repository.next_due(now(), failed=False)
                if row is not None:
                    self._next_old = time.monotonic() + 86_400 / A_DAY
        if row is None:
            return False
        try:
            before = await self._written(row.id)
            problems = await self._described.ask(row.id, lambda _message: None, patience=_PATIENCE)
            if await self._written(row.id) != before:
                async with self._db.write() as session:
                    await MetadataRepository(session).rewrite(row.id)
                self._wake()
        except AppError as error:
            problems = [error.detail]
            await asyncio.sleep(LOOK)
        if problems:
            log.info("%s: %s", row.name, "; ".join(problems))
        return True

    async def _written(self, series_id: UUID) -> tuple[Any, ...] | None:
        async with self._db.read() as session:
            return await MetadataRepository(session).written(series_id)
