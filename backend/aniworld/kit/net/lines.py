"""The connections that media comes over: guarded like all others, counted host by host, used again."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import time
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Set
from dataclasses import dataclass, field

import httpx

from aniworld.kit.net import transport
from aniworld.kit.net.errors import NetError, TimedOutError, TooLargeError
from aniworld.kit.net.guard import Target, check_port, resolve_checked
from aniworld.kit.net.kinds import Kind
from aniworld.kit.net.line import Line
from aniworld.kit.net.redirects import DRAIN, defaults, follow
from aniworld.kit.net.wire import Head, request_head

MOST = 96
"""Requests at the same time in all."""
_IDLE_SECONDS = 15.0
_MOST_IDLE = 16
_ONE_OF_SEVERAL = 3.0
"""Seconds for one address when there is another to try."""


class CrowdedError(NetError):
    """There is no place for one more connection to that host now."""

    code, title = "crowded", "As many connections as allowed are open"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """How a body is to be fetched."""

    silence: float = transport.READ_SECONDS
    """Seconds without a byte after which the other side is given up."""
    buffer: int = 256 * 1024
    """Bytes of each of the two buffers."""
    per_host: int = 16
    """Requests to one host at the same time; further ones wait."""
    extra: bool = False
    """One that others do not wait for: raises ``CrowdedError`` where there is no place."""


class MediaResponse:
    """An answer whose body is still to come. Valid inside ``async with client.open(...)`` only."""

    def __init__(self, line: Line, head: Head, url: str, kind: Kind, crowded: Callable[[], bool]) -> None:
        self._line = line
        self._kind = kind
        self._crowded = crowded
        self._size = 0
        self.status_code: int = head.status
        self.headers = head.headers
        self.url = url
        """Where it came from in the end."""

    @property
    def pending(self) -> int:
        """Bytes of the body that are here and were not handed out yet, about."""
        return self._line.pending

    async def block(self, least: int | None = None) -> memoryview:
        """The next bytes as they came off the wire, valid until the next call; empty at the end of the body.

        As much as a buffer holds, or what came within ``FLUSH_SECONDS``; at once where there are ``least`` bytes.
        Raises ``TooLargeError`` past the kind's limit and ``NetError`` where the connection breaks or a body with a
        length ends before it. A body without a length that is cut looks whole: the caller must know better.
        """
        block = await self._line.block(least)
        self._size += len(block)
        if self._size > self._kind.max_bytes:
            raise TooLargeError(f"The answer is larger than a {self._kind.name} may be")
        return block

    def resize(self, size: int) -> None:
        """Bytes of each buffer from now on; there is a least one of 64 KiB."""
        self._line.resize(size)

    @property
    def crowded(self) -> bool:
        """Whether others wait for a connection to this host."""
        return self._crowded()


@dataclass(slots=True)
class _Host:
    used: int = 0
    waiting: deque[asyncio.Future[None]] = field(default_factory=deque)


class _Places:
    """Counts the requests of each host and of all."""

    def __init__(self) -> None:
        self._hosts: dict[str, _Host] = {}
        self._used = 0

    async def take(self, name: str, wish: Wish) -> None:
        """Wait for a place, or raise ``CrowdedError`` where the wish is for an extra one."""
        host = self._hosts.setdefault(name, _Host())
        try:
            while host.used >= wish.per_host or self._used >= MOST or (wish.extra and host.waiting):
                if wish.extra:
                    raise CrowdedError(f"{host.used} connections to {name} are open")
                await self._wait(host)
        except BaseException:
            self._forget(name)
            raise
        host.used += 1
        self._used += 1

    async def _wait(self, host: _Host) -> None:
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        host.waiting.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            self._wake()  # perhaps this turn was given already
            raise
        finally:
            if turn in host.waiting:
                host.waiting.remove(turn)

    def give(self, name: str) -> None:
        """A place is free again."""
        self._hosts[name].used -= 1
        self._used -= 1
        self._wake()
        self._forget(name)

    def crowded(self, name: str) -> bool:
        """Whether somebody waits."""
        host = self._hosts.get(name)
        return host is not None and bool(host.waiting)

    def _wake(self) -> None:
        for host in self._hosts.values():
            if host.waiting and not host.waiting[0].done():
                host.waiting[0].set_result(None)

    def _forget(self, name: str) -> None:
        host = self._hosts.get(name)
        if host is not None and not host.used and not host.waiting:
            del self._hosts[name]


class _Request:
    """A connection and the place it takes."""

    def __init__(self, lines: Lines, target: Target, line: Line, head: Head, *, listed: bool) -> None:
        self._lines = lines
        self.target = target
        self._listed = listed
        self.line = line
        self.head = head

    @property
    def status(self) -> int:
        return self.head.status

    @property
    def location(self) -> str | None:
        value: str | None = self.head.headers.get("location")
        return value

    async def drop(self) -> None:
        """Read what is left of a short body, so that the connection can be used again."""
        with contextlib.suppress(NetError):
            if self.head.length is not None and self.head.length <= DRAIN:
                while await self.line.block():
                    pass
        self.release()

    def release(self) -> None:
        """Done with it."""
        self._lines.release((self.target, self._listed), self.line)


_Key = tuple[Target, bool]
"""Where an idle connection leads, and whether the user had listed that: what was allowed by the list alone is not used
again when it has left the list.
"""


class Lines:
    """Opens them."""

    def __init__(self, allowed_hosts: Callable[[], Set[str]], context: Callable[[], Awaitable[ssl.SSLContext]]) -> None:
        self._allowed_hosts = allowed_hosts
        self._context = context
        self._places = _Places()
        self._idle: dict[_Key, list[Line]] = {}
        self._count = 0
        self._open: set[Line] = set()

    async def aclose(self) -> None:
        """Close all connections."""
        for line in list(self._open):
            line.abort()
        self._idle.clear()
        await asyncio.sleep(0)

    @contextlib.asynccontextmanager
    async def open(self, url: str, headers: dict[str, str], kind: Kind, wish: Wish) -> AsyncIterator[MediaResponse]:
        """Send a ``GET`` and yield the answer, whatever its status; redirects are followed."""
        sent = defaults(kind)
        sent.update(headers)

        async def send(place: httpx.URL, target: Target, headers: httpx.Headers) -> _Request:
            return await self._send(place, target, headers, wish)

        request, final = await follow(send, url, sent, kind)
        entry = request.target.entry
        try:
            yield MediaResponse(request.line, request.head, final, kind, lambda: self._places.crowded(entry))
        finally:
            request.release()

    async def _send(self, place: httpx.URL, target: Target, headers: httpx.Headers, wish: Wish) -> _Request:
        listed = check_port(target.host, target.port, self._allowed_hosts())
        headers = httpx.Headers(headers)
        headers["Host"] = target.authority
        request = request_head(place.raw_path, headers)
        await self._places.take(target.entry, wish)
        line: Line | None = None
        try:
            while True:
                line = self._take_idle((target, listed)) or await self._connect(target)
                used = not line.fresh
                try:
                    head = await line.ask(request, silence=wish.silence, size=wish.buffer)
                    return _Request(self, target, line, head, listed=listed)
                except TimedOutError:
                    raise
                except NetError:
                    # The other side closes idle connections when it likes; that says nothing about this request.
                    if not used:
                        raise
                    line.abort()
        except BaseException:
            if line is not None:
                line.abort()
            self._places.give(target.entry)
            raise

    def release(self, key: _Key, line: Line) -> None:
        """Give the place back, and keep the connection where it can serve another request."""
        self._places.give(key[0].entry)
        if not line.reusable or self._count >= _MOST_IDLE:
            line.abort()
            return
        line.rest()
        lines = self._idle.setdefault(key, [])
        lines.append(line)
        self._count += 1
        expiry = asyncio.get_running_loop().call_later(_IDLE_SECONDS, line.abort)

        def lost() -> None:
            expiry.cancel()
            self._forget(key, line)

        line.on_lost = lost
        line.on_used = expiry.cancel

    def _forget(self, key: _Key, line: Line) -> None:
        self._open.discard(line)
        if line in (lines := self._idle.get(key, [])):
            lines.remove(line)
            self._count -= 1
            if not lines:
                del self._idle[key]

    def _take_idle(self, key: _Key) -> Line | None:
        lines = self._idle.get(key)
        if not lines:
            return None
        line = lines.pop()
        self._count -= 1
        if not lines:
            del self._idle[key]
        if line.on_used is not None:
            line.on_used()
        line.on_lost = lambda: self._open.discard(line)
        return line

    async def _connect(self, target: Target) -> Line:
        """A connection to the first checked address that answers."""
        deadline = time.monotonic() + transport.CONNECT_SECONDS
        context = await self._context() if target.scheme == "https" else None
        addresses = await resolve_checked(target.host, target.port, self._allowed_hosts())
        loop = asyncio.get_running_loop()
        for place, address in enumerate(addresses, start=1):
            left = max(deadline - time.monotonic(), 0.01)
            last = place == len(addresses)
            limit = left if last else min(left, _ONE_OF_SEVERAL)
            line = Line()
            line.on_lost = lambda line=line: self._open.discard(line)
            try:
                async with asyncio.timeout(limit):
                    await loop.create_connection(
                        lambda line=line: line,
                        str(address),
                        target.port,
                        ssl=context,
                        server_hostname=target.host if context is not None else None,
                    )
            except ssl.SSLCertVerificationError as error:
                raise NetError(f"The host's certificate is not valid: {error.verify_message}") from error
            except TimeoutError as error:
                if last:
                    raise TimedOutError("No connection in time") from error
            except (OSError, ssl.SSLError) as error:
                if last:
                    raise NetError(f"The connection failed: {error.strerror or type(error).__name__}") from error
            else:
                self._open.add(line)
                return line
        raise TimedOutError("No connection in time")
