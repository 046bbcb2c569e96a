"""From the event loop to the disk: writes in threads of its own, and never lets anything pile up."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from aniworld.downloads.fetch.errors import DiskError
from aniworld.downloads.fetch.part import Part
from aniworld.downloads.fetch.types import Limits
from aniworld.kit.tasks import to_the_end

T = TypeVar("T")

# Of their own: a disk that is slow must not take the threads that everything else runs in.
_disk = ThreadPoolExecutor(max_workers=4, thread_name_prefix="disk")


async def in_thread(function: Callable[[], T]) -> T:
    """Run something that blocks to its end, whatever happens to the caller."""
    return await to_the_end(asyncio.get_running_loop().run_in_executor(_disk, function))


class Writer:
    """Writes one opened part, for any number of connections."""

    def __init__(self, part: Part, limits: Limits) -> None:
        self._part = part
        self._every = limits.sync_seconds
        self._loop = asyncio.get_running_loop()
        self._dirty = False
        self._syncing: asyncio.Future[None] | None = None
        self._error: DiskError | None = None
        self._timer = self._loop.call_later(self._every, self._tick)

    async def write(self, block: bytes | memoryview, at: int) -> None:
        """Put bytes in their place; the memory is free again when this returns, also by a cancellation."""
        if self._error is not None:
            raise self._error
        try:
            await to_the_end(self._loop.run_in_executor(_disk, self._part.write, block, at))
        except DiskError as error:
            self._error = error
            raise
        self._dirty = True

    async def close(self, *, complete: bool = False) -> None:
        """Make the last checkpoint, also while being cancelled."""
        self._timer.cancel()
        await to_the_end(self._close(complete))

    async def _close(self, complete: bool) -> None:
        try:
            if self._syncing is not None:
                await self._syncing
        finally:
            await self._loop.run_in_executor(_disk, lambda: self._part.close(complete=complete))

    def _tick(self) -> None:
        """Bytes do not wait longer for their checkpoint because the host has paused."""
        if self._dirty and (self._syncing is None or (self._syncing.done() and not self._syncing.exception())):
            self._dirty = False
            self._syncing = self._loop.run_in_executor(_disk, self._part.sync)
        self._timer = self._loop.call_later(self._every, self._tick)
