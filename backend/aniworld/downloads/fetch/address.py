"""Where a stream is to be had: an address that may run out while it is used, and a fresh one in its place."""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
import time

from aniworld.catalog.types import Stream
from aniworld.downloads.fetch.types import Renew
from aniworld.kit.errors import AppError

log = logging.getLogger(__name__)

RAN_OUT = frozenset({401, 403, 404, 410})
"""What hosts answer when a signed address is too old."""
_IN_VAIN = 2
"""Fresh addresses in a row that may turn out to be no better."""


class Address:
    """The newest stream. Several connections may share it: of those that find it run out, one asks for a fresh one."""

    def __init__(self, stream: Stream, renew: Renew | None) -> None:
        self.stream = stream
        self._renew = renew
        self._asking = asyncio.Lock()
        self._works = False
        self._in_vain = 0
        self._dies_at = _dies_at(stream)

    def works(self, stream: Stream) -> None:
        """The host answered at this one."""
        if stream is self.stream:
            self._works, self._in_vain = True, 0

    async def current(self) -> Stream:
        """The stream to ask for; a fresh one where it is known that the old one's time is over."""
        stream = self.stream
        if self._dies_at is not None and time.monotonic() >= self._dies_at:
            try:
                await self._replace(stream)
            except AppError as error:
                log.info("The address has run out and there is no fresh one, so it is tried still: %s", error.detail)
        return self.stream

    async def replaced(self, stream: Stream) -> bool:
        """Whether there is another one now than this, which seems to have run out.

        One that never worked is dead rather than too old, and not asked for again. Raises what asking raises.
        """
        if stream is self.stream and not self._works and not self._in_vain:
            return False
        return await self._replace(stream)

    async def _replace(self, stream: Stream) -> bool:
        async with self._asking:
            if stream is not self.stream:
                return True
            if self._renew is None or self._in_vain >= _IN_VAIN:
                return False
            self._in_vain += 1
            fresh = await self._renew()
            if fresh.protocol != stream.protocol:
                return False
            log.debug("The address had run out; there is a fresh one")
            self.stream, self._works, self._dies_at = fresh, False, _dies_at(fresh)
            return True


def _dies_at(stream: Stream) -> float | None:
    """On the monotonic clock. A time that is over before it is used says more about the clocks than the address."""
    if stream.expires_at is None:
        return None
    left = (stream.expires_at - dt.datetime.now(dt.UTC)).total_seconds()
    return time.monotonic() + left if left > 0 else None
