"""How many requests one host gets at the same time."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass


@dataclass(slots=True)
class _Lane:
    places: asyncio.Semaphore
    users: int = 0


class Lanes:
    """Lets at most so many in at the same time, host by host; keeps nothing of hosts that nobody asks."""

    def __init__(self, width: int) -> None:
        self._width = width
        self._lanes: dict[str, _Lane] = {}

    @contextlib.asynccontextmanager
    async def enter(self, host: str) -> AsyncIterator[None]:
        """Wait for a place."""
        lane = self._lanes.setdefault(host, _Lane(asyncio.Semaphore(self._width)))
        lane.users += 1
        try:
            async with lane.places:
                yield
        finally:
            lane.users -= 1
            if lane.users == 0:
                del self._lanes[host]
