"""One connection that media comes over: from the socket into two buffers in turn, and not a copy more.

While one buffer is with the reader, who writes it to the disk, the other one fills. When both are full the socket is
left alone, so the other side feels how fast the disk is, and memory stays what it is.
"""

from __future__ import annotations

import asyncio
import fcntl
import sys
import termios
from collections.abc import Callable
from typing import cast

from aniworld.kit.net.errors import NetError, TimedOutError
from aniworld.kit.net.wire import MAX_HEAD, Chunks, Head, end_of_head, parse_head

FLUSH_SECONDS = 0.05
"""A buffer is handed out after this time, full or not."""
_KEPT = 256 * 1024
"""The largest buffer that an idle connection keeps."""
_MOST_INTERIM = 8
"""Answers with a status below 200 before the real one."""


class _Buffer:
    __slots__ = ("data", "end", "start", "view")

    def __init__(self, size: int) -> None:
        self.data = bytearray(size)
        # A memoryview, because slices of it must be the memory itself: TLS writes into slices.
        self.view = memoryview(self.data)
        self.start = self.end = 0


class Line(asyncio.BufferedProtocol):
    """A connection. One request at a time; :meth:`block` hands out the body, whose memory is valid until the next call.

    Everything raises ``NetError``; what came before an error is handed out before it is raised.
    """

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._filling = _Buffer(MAX_HEAD)
        self._spare: _Buffer | None = None
        self._out: _Buffer | None = None
        self._reading = "nothing"  # "head", "body"
        self._head: Head | None = None
        self._interim = 0
        self._left: int | None = None
        self._chunks: Chunks | None = None
        self._ended = False
        self._surplus = False
        self._error: NetError | None = None
        self._paused = False
        self._waiter: asyncio.Future[bool] | None = None
        self._wanted = 0
        self._size = MAX_HEAD
        self._silence = 0.0
        self._heard = 0.0
        self._watching: asyncio.TimerHandle | None = None
        self.fresh = True
        """Nothing has been asked over it yet."""
        self.on_lost: Callable[[], None] | None = None
        self.on_used: Callable[[], None] | None = None

    # --- what the reader calls ----------------------------------------------------------------------------------

    async def ask(self, request: bytes, *, silence: float, size: int) -> Head:
        """Send a request and wait for the head of its answer.

        ``silence``: seconds without a byte after which the other side is given up. ``size``: of each buffer, at least
        ``MAX_HEAD`` bytes.
        """
        if self._transport is None or self._error is not None:
            raise self._error or NetError("The connection is closed")
        self.fresh = False
        self._reading, self._head, self._interim = "head", None, 0
        self._left, self._chunks, self._ended, self._surplus = None, None, False, False
        self._filling.start = self._filling.end = 0
        self._size = size
        self._silence, self._heard = silence, self._loop.time()
        self._watch()
        self._transport.write(request)
        await self._wait()
        return self._received_head()

    def _received_head(self) -> Head:
        if self._head is None:
            raise self._error or NetError("The connection ended before the answer")
        return self._head

    async def block(self, least: int | None = None) -> memoryview:
        """The next bytes of the body; empty at its end.

        A full buffer, or what has come after ``FLUSH_SECONDS``; at once where there are ``least`` bytes.
        """
        if self._out is not None:
            self._take_back(self._out)
            self._out = None
        due = False
        while True:
            have = self._filling.end - self._filling.start
            enough = self._size if least is None else least
            if have and (due or have >= enough or self._full() or self._ended or self._error is not None):
                return self._hand_out()
            if self._ended:
                return memoryview(b"")
            if self._error is not None:
                raise self._error
            self._wanted = enough if have else 1
            due = await self._wait(FLUSH_SECONDS if have else None)

    def resize(self, size: int) -> None:
        """The size of the buffers from the next one on."""
        self._size = max(size, MAX_HEAD)

    @property
    def pending(self) -> int:
        """Bytes of the body that are here and were not handed out yet; about, as some may still be coded."""
        socket = None if self._transport is None else self._transport.get_extra_info("socket")
        count = bytearray(4)
        if socket is not None:
            fcntl.ioctl(socket.fileno(), termios.FIONREAD, count)
        return self._filling.end - self._filling.start + int.from_bytes(count, sys.byteorder)

    @property
    def reusable(self) -> bool:
        """Whether the answer has been read to its end and another request may follow."""
        head = self._head
        return (
            self._error is None
            and self._transport is not None
            and head is not None
            and head.keep
            and self._ended
            and not self._surplus
            and self._filling.end == self._filling.start
        )

    def rest(self) -> None:
        """Keep the connection for a later request: whatever comes now closes it."""
        self._stop_watching()
        self._reading = "nothing"
        self._out = None
        self._filling.start = self._filling.end = 0
        if len(self._filling.data) > _KEPT:
            self._filling = _Buffer(MAX_HEAD)
        if self._spare is not None and len(self._spare.data) > _KEPT:
            self._spare = None
        self._resume()

    def abort(self) -> None:
        """Close at once."""
        self._stop_watching()
        if self._transport is not None:
            self._transport.abort()

    # --- inside -------------------------------------------------------------------------------------------------

    async def _wait(self, seconds: float | None = None) -> bool:
        """Until something happened that the reader waits for; True: the time was up before that."""
        waiter: asyncio.Future[bool] = self._loop.create_future()
        self._waiter = waiter
        timer = None if seconds is None else self._loop.call_later(seconds, self._wake, True)
        try:
            return await waiter
        finally:
            self._waiter = None
            if timer is not None:
                timer.cancel()

    def _wake(self, due: bool = False) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(due)

    def _full(self) -> bool:
        return self._filling.end >= min(self._size, len(self._filling.data))

    def _take_back(self, buffer: _Buffer) -> None:
        buffer.start = buffer.end = 0
        need = self._need()
        if self._spare is None and need <= len(buffer.data) <= 2 * need:
            self._spare = buffer

    def _need(self) -> int:
        """How large a buffer what is left of the body is worth."""
        return self._size if self._left is None else min(self._size, max(MAX_HEAD, self._left))

    def _hand_out(self) -> memoryview:
        out = self._out = self._filling
        if self._spare is None or len(self._spare.data) < self._need():
            self._spare = _Buffer(self._need())
        self._filling, self._spare = self._spare, None
        self._resume()
        return out.view[out.start : out.end]

    def _pause(self) -> None:
        if not self._paused and self._transport is not None:
            self._paused = True
            self._transport.pause_reading()

    def _resume(self) -> None:
        if self._paused and self._transport is not None:
            self._paused = False
            self._heard = self._loop.time()
            self._transport.resume_reading()

    def _fail(self, error: NetError) -> None:
        if self._error is None:
            self._error = error
        self._wake()
        self.abort()

    def _watch(self) -> None:
        """Look whether the other side has gone silent; time in which we did not listen does not count."""
        self._stop_watching()
        quiet = 0.0 if self._paused else self._loop.time() - self._heard
        if quiet >= self._silence:
            self._fail(TimedOutError(f"The other side was silent for {self._silence:g} s"))
        else:
            self._watching = self._loop.call_later(max(self._silence - quiet, 0.001), self._watch)

    def _stop_watching(self) -> None:
        if self._watching is not None:
            self._watching.cancel()
            self._watching = None

    # --- what the event loop calls ------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """It is there."""
        self._transport = cast("asyncio.Transport", transport)  # by duck: uvloop's is of no such class

    def get_buffer(self, sizehint: int) -> memoryview:
        """Where the next bytes go; never empty."""
        buffer = self._filling
        end = len(buffer.data)
        if self._reading == "body" and not self._ended:
            end = min(end, self._size)
            if self._left is not None:
                end = min(end, buffer.end + self._left)
        if self._reading == "nothing" or buffer.end >= end:
            self._surplus = True  # bytes that nobody asked for
            return memoryview(bytearray(1))
        return buffer.view[buffer.end : end]

    def buffer_updated(self, count: int) -> None:
        """So many bytes came."""
        self._heard = self._loop.time()
        if self._reading == "nothing" or self._ended or self._surplus:
            self._surplus = True
            self.abort()
            return
        buffer = self._filling
        before, buffer.end = buffer.end, buffer.end + count
        try:
            if self._reading == "head":
                self._look_for_head(before)
            else:
                self._arrived(before)
        except NetError as error:
            self._fail(error)

    def eof_received(self) -> bool:
        """The other side has said all; the connection closes."""
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """It is gone, in good order or not."""
        self._transport = None
        self._stop_watching()
        in_the_open = self._reading == "body" and self._left is None and self._chunks is None
        if self._ended or (in_the_open and exc is None and self._error is None):
            self._ended = True
        elif self._error is None:
            reason = exc.strerror if isinstance(exc, OSError) else None
            self._error = NetError(f"The connection failed: {reason}" if reason else "The answer breaks off")
        self._wake()
        if self.on_lost is not None:
            self.on_lost()

    def _look_for_head(self, before: int) -> None:
        buffer = self._filling
        while (end := end_of_head(buffer.data, max(before - 3, buffer.start), buffer.end)) >= 0:
            head = parse_head(bytes(buffer.view[buffer.start : end]))
            buffer.start = before = end
            if head.status >= 200:
                self._begin_body(head)
                return
            self._interim += 1
            if head.status == 101 or self._interim > _MOST_INTERIM:
                raise NetError("The answer is no HTTP")
        if buffer.end >= MAX_HEAD:
            raise NetError("The answer's headers are too long")

    def _begin_body(self, head: Head) -> None:
        buffer = self._filling
        self._reading, self._head, self._left = "body", head, head.length
        self._chunks = Chunks() if head.chunked else None
        if self._left is not None and buffer.end - buffer.start > self._left:
            buffer.end = buffer.start + self._left
            self._surplus = True
        if self._left == 0:
            self._ended = True
        elif buffer.end > buffer.start:
            self._arrived(buffer.start)
        self._wake()

    def _arrived(self, before: int) -> None:
        """A stretch of the body lies between there and the end of the buffer."""
        buffer = self._filling
        if self._chunks is not None:
            buffer.end = before + self._chunks.squeeze(buffer.view[before : buffer.end])
            self._ended, self._surplus = self._chunks.ended, self._chunks.surplus
        elif self._left is not None:
            self._left -= buffer.end - before
            self._ended = self._left == 0
        if self._full() and not self._ended:
            self._pause()
        if self._ended:
            self._stop_watching()
        if self._ended or self._full() or buffer.end - buffer.start >= self._wanted:
            self._wake()
