"""One request for media: opened, judged to be alive, and read to its end."""

from __future__ import annotations

import asyncio
import contextlib
import zlib
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack

from aniworld.downloads.fetch.errors import BadAnswerError, ShortBodyError, StalledError, UnsupportedStreamError
from aniworld.downloads.fetch.types import Limits, Response, Transport
from aniworld.kit.net.kinds import MEDIA, Kind

_DECODED_BLOCK = 256 * 1024


class Connection:
    """An answer and its pulse. Raises :class:`StalledError` where nothing, or hardly anything, comes for too long."""

    def __init__(self, response: Response, clock: asyncio.Timeout, limits: Limits) -> None:
        self.response = response
        self._clock = clock
        self._limits = limits

    async def body(self) -> AsyncGenerator[bytes]:
        """The body as it was sent."""
        loop = asyncio.get_running_loop()
        limits = self._limits
        window, arrived = loop.time(), 0
        async for chunk in self.response.aiter_raw():
            now = loop.time()
            arrived += len(chunk)
            if now - window >= limits.slow_window:
                if arrived < limits.slow_bytes:
                    raise StalledError(f"The host sent {arrived} bytes in {now - window:.0f} s")
                window, arrived = now, 0
            yield chunk
            # Counted from here, so that a slow disk is not held against the host.
            self._clock.reschedule(loop.time() + limits.idle)


@contextlib.asynccontextmanager
async def request(
    client: Transport, url: str, headers: Mapping[str, str], limits: Limits, kind: Kind = MEDIA
) -> AsyncIterator[Connection]:
    """GET; the caller judges the answer. Raises ``NetError`` and :class:`StalledError`."""
    try:
        async with asyncio.timeout(limits.idle) as clock, AsyncExitStack() as stack:
            response = await stack.enter_async_context(
                client.stream("GET", url, headers={**headers, "Accept-Encoding": "identity"}, kind=kind)
            )
            clock.reschedule(asyncio.get_running_loop().time() + limits.idle)
            yield Connection(response, clock, limits)
    except TimeoutError as error:
        raise StalledError(f"The host sent nothing for {limits.idle:g} s") from error


class Body:
    """A body on its way: decoded where the host coded it, and counted as it was sent."""

    def __init__(self, connection: Connection, coding: str = "") -> None:
        self.received = 0
        """Bytes as they were sent."""
        self._connection = connection
        self._decoder = Decoder(coding) if coding else None

    async def blocks(self) -> AsyncGenerator[bytes]:
        """The content, in order."""
        async with contextlib.aclosing(self._connection.body()) as chunks:
            async for chunk in chunks:
                self.received += len(chunk)
                if self._decoder is None:
                    yield chunk
                else:
                    for block in self._decoder.feed(chunk):
                        yield block
        if self._decoder is not None:
            self._decoder.finish()


class Decoder:
    """Undoes a content coding that nobody asked for, a bounded block at a time."""

    def __init__(self, coding: str) -> None:
        if coding not in ("gzip", "deflate"):
            raise UnsupportedStreamError(
                f"The host sends the file in a coding that was not asked for ({coding[:40]!r})"
            )
        self._coding = coding
        self._inflate = zlib.decompressobj(31 if coding == "gzip" else 15)

    def feed(self, data: bytes) -> Iterator[bytes]:
        """The decoded blocks."""
        while data:
            if self._inflate.eof:
                if self._coding != "gzip":
                    raise ShortBodyError("There is something behind the end of the coded file")
                self._inflate = zlib.decompressobj(31)  # gzip members may follow one another
            try:
                block = self._inflate.decompress(data, _DECODED_BLOCK)
            except zlib.error as error:
                raise BadAnswerError("The host sent a coded file that cannot be decoded") from error
            data = self._inflate.unused_data if self._inflate.eof else self._inflate.unconsumed_tail
            if block:
                yield block

    def finish(self) -> None:
        """Raises where the coded file has not ended."""
        if not self._inflate.eof:
            raise ShortBodyError("The coded file ended too early")
