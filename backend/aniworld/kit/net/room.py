"""Room for large bodies: only a few are in memory at a time, however many hosts send one."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

SMALL = 256 * 1024
"""Bytes that need no place."""


class Guest:
    """One body while it grows, and while something is made of it."""

    def __init__(self, places: asyncio.Semaphore) -> None:
        self._places = places
        self._inside = False
        self._gone = False

    async def grow(self, size: int) -> None:
        """It has that many bytes now: wait for a place where it is no small one any more."""
        if size <= SMALL or self._inside or self._gone:
            return
        await self._places.acquire()
        self._inside = True
        self._settle()

    def leave(self) -> None:
        """Nobody needs it any more. Whoever still fetches it for others goes on without."""
        self._gone = True
        self._settle()

    def _settle(self) -> None:
        if self._gone and self._inside:
            self._inside = False
            self._places.release()


class Room:
    """Has so many places."""

    def __init__(self, places: int) -> None:
        self._places = asyncio.Semaphore(places)

    @contextlib.asynccontextmanager
    async def guest(self) -> AsyncIterator[Guest]:
        """For one body; its place is free again at the end of the block."""
        guest = Guest(self._places)
        try:
            yield guest
        finally:
            guest.leave()
