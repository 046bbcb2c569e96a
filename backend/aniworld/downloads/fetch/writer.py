"""From the event loop to the disk: gathers blocks, writes them in a thread, and never lets them pile up."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from aniworld.downloads.fetch.part import Part
from aniworld.downloads.fetch.types import BLOCK, Limits

T = TypeVar("T")


async def to_the_end(work: Awaitable[T]) -> T:
    """Wait for work that must not be left half done; a cancellation meanwhile takes effect afterwards."""
    task = asyncio.ensure_future(work)
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.wait([task])
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled is not None:
        if not task.cancelled():
            task.exception()  # seen; the cancellation matters more
        raise cancelled
    return task.result()


async def in_thread(function: Callable[[], T]) -> T:
    """Run something that blocks to its end, whatever happens to the caller."""
    return await to_the_end(asyncio.to_thread(function))


class Writer:
    """Writes one opened part. One block is written while the next one is gathered; a third one waits at the socket."""

    def __init__(self, part: Part, limits: Limits) -> None:
        self._part = part
        self._blocks: list[bytes] = []
        self._size = 0
        self._writing: asyncio.Task[None] | None = None
        self._every = limits.sync_seconds
        self._unsynced = False
        self._timer = asyncio.get_running_loop().call_later(self._every, self._tick)

    async def put(self, data: bytes) -> None:
        """Take bytes; waits where the disk is slower than the line."""
        self._blocks.append(data)
        self._size += len(data)
        self._unsynced = True
        if self._size >= BLOCK:
            await self._settle()
            self._start(sync=False)

    async def close(self, *, complete: bool = False) -> None:
        """Write the rest and make the last checkpoint, also while being cancelled."""
        self._timer.cancel()
        await to_the_end(self._close(complete))

    async def _close(self, complete: bool) -> None:
        try:
            await self._settle()
            if self._blocks:
                self._start(sync=False)
                await self._settle()
        finally:
            await asyncio.to_thread(self._part.close, complete=complete)

    def _start(self, *, sync: bool) -> None:
        blocks, self._blocks, self._size = self._blocks, [], 0
        self._writing = asyncio.create_task(asyncio.to_thread(self._part.write, blocks, sync=sync))

    async def _settle(self) -> None:
        writing, self._writing = self._writing, None
        if writing is not None:
            await to_the_end(writing)

    def _tick(self) -> None:
        """Bytes do not wait longer for their checkpoint because the host has paused."""
        if self._unsynced and (self._writing is None or (self._writing.done() and not self._writing.exception())):
            self._start(sync=True)
            self._unsynced = False
        self._timer = asyncio.get_running_loop().call_later(self._every, self._tick)
