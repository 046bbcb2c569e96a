"""One request for media: opened, judged to be alive, and read to its end."""

from __future__ import annotations

import asyncio
import contextlib
import zlib
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Mapping

from aniworld.downloads.fetch.errors import BadAnswerError, ShortBodyError, StalledError, UnsupportedStreamError
from aniworld.downloads.fetch.types import BUFFER, Limits, Response, Transport
from aniworld.kit.net.errors import TimedOutError
from aniworld.kit.net.kinds import MEDIA, Kind
from aniworld.kit.net.lines import Wish

_DECODED_BLOCK = 256 * 1024


Block = bytes | memoryview
"""Content; a memoryview is valid until the next one is asked for."""


class Connection:
    """An answer and its pulse. Raises :class:`StalledError` where hardly anything comes for too long."""

    def __init__(self, response: Response, limits: Limits, buffer: int) -> None:
        self.response = response
        self._limits = limits
        self.buffer = buffer
        """Bytes of each of the two buffers, from the next one on."""
        self.least: int | None = None
        """The next block comes as soon as it has so many bytes; None: when it is full, or after a moment."""

    async def body(self, least: int | None = None) -> AsyncGenerator[memoryview]:
        """The body as it was sent; the first block comes as soon as it has ``least`` bytes."""
        loop = asyncio.get_running_loop()
        limits = self._limits
        throttle = limits.throttle
        window, arrived = loop.time(), 0
        self.least = least
        while True:
            self.response.resize(throttle.quantum or self.buffer)
            block = await self.response.block(self.least)
            if not block:
                return
            self.least = None
            now = loop.time()
            arrived += len(block)
            if now - window >= limits.slow_window:
                if arrived < limits.slow_bytes:
                    raise StalledError(f"The host sent {arrived} bytes in {now - window:.0f} s")
                window, arrived = now, 0
            count = len(block)
            yield block
            window += await throttle.take(count)  # our own patience is not held against the host


@contextlib.asynccontextmanager
async def request(
    client: Transport,
    url: str,
    headers: Mapping[str, str],
    limits: Limits,
    kind: Kind = MEDIA,
    *,
    buffer: int = BUFFER,
    extra: bool = False,
) -> AsyncIterator[Connection]:
    """GET; the caller judges the answer. Raises ``NetError`` and :class:`StalledError`.

    ``buffer``: bytes of each of the two buffers. ``extra``: the connection is one that others do not wait for.
    """
    wish = Wish(silence=limits.idle, buffer=buffer, per_host=limits.per_host, extra=extra)
    sent = {**headers, "Accept-Encoding": "identity"}
    try:
        async with client.open(url, headers=sent, kind=kind, wish=wish) as response:
            yield Connection(response, limits, buffer)
    except TimedOutError as error:
        raise StalledError(error.detail) from error


class Body:
    """A body on its way: decoded where the host coded it, and counted as it was sent."""

    def __init__(self, connection: Connection, coding: str = "") -> None:
        self.received = 0
        """Bytes as they were sent."""
        self.connection = connection
        self._decoder = Decoder(coding) if coding else None

    async def blocks(self, least: int | None = None) -> AsyncGenerator[Block]:
        """The content, in order; the first block comes as soon as it has ``least`` bytes."""
        async with contextlib.aclosing(self.connection.body(least)) as chunks:
            async for chunk in chunks:
                self.received += len(chunk)
                if self._decoder is None:
                    yield chunk
                else:
                    for block in self._decoder.feed(bytes(chunk)):
                        yield block
        if self._decoder is not None:
            self._decoder.finish()


async def read(blocks: AsyncIterator[Block], count: int) -> bytes:
    """The beginning of a body: at least so many bytes, fewer where it ends before."""
    beginning = b""
    if count:
        async for block in blocks:
            beginning += bytes(block)
            if len(beginning) >= count:
                break
    return beginning


async def chain(first: Block, rest: AsyncIterator[Block]) -> AsyncIterator[Block]:
    """One block before others."""
    if first:
        yield first
    async for block in rest:
        yield block


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
