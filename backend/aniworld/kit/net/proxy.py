"""A proxy on loopback through which another process of ours reaches the outside, and only what the guard lets through.

A library that makes its own connections knows nothing of the guard; through this it has no other way. Every target is
resolved and checked here and connected to at an address that was checked. Who does not know the password, which is
made anew for each proxy, gets nothing. It lives as long as its block, and so do all connections through it.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hmac
import secrets
import time
from collections.abc import AsyncIterator, Callable, Set
from dataclasses import dataclass

from aniworld.kit.net import transport
from aniworld.kit.net.errors import AddressRefusedError, NetError, TimedOutError, TooLargeError
from aniworld.kit.net.guard import Target, parse_url, resolve_checked
from aniworld.kit.net.proxy_wire import ProxyRequest, parse_proxy_request
from aniworld.kit.net.wire import MAX_HEAD

MAX_CONNECTIONS = 16
"""At the same time."""
_ONE_OF_SEVERAL = 3.0
"""Seconds for one address when there is another to try."""
_HEAD_SECONDS = 10.0
_BLOCK = 64 * 1024
_REASONS = {
    400: "Bad Request",
    403: "Forbidden",
    407: "Proxy Authentication Required",
    502: "Bad Gateway",
    503: "Service Unavailable",
    504: "Gateway Timeout",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """What may go through one proxy in all."""

    down: int
    """Bytes from the outside."""
    up: int
    """Bytes to the outside."""
    requests: int


class Proxy:
    """A running proxy."""

    def __init__(self, allowed_hosts: Callable[[], Set[str]], budget: Budget) -> None:
        self._allowed_hosts = allowed_hosts
        self._budget = budget
        self._down = self._up = self._requests = 0
        self._user, self._password = "worker", secrets.token_urlsafe(32)
        token = base64.b64encode(f"{self._user}:{self._password}".encode())
        self._authorization = b"Basic " + token
        self._tasks: set[asyncio.Task[None]] = set()
        self.port = 0
        self.failure: NetError | None = None
        """The last thing that was refused or went wrong here, for whoever has to say why nothing came."""

    @property
    def url(self) -> str:
        """Where it is, with the password."""
        return f"http://{self._user}:{self._password}@127.0.0.1:{self.port}"

    def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve a connection."""
        task = asyncio.create_task(self._serve(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def aclose(self) -> None:
        """Cut all connections."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._answer(reader, writer)
        except _RefusedError as error:
            await _refuse(writer, error.status)
        except NetError as error:
            self.failure = error
            refused = isinstance(error, (AddressRefusedError, TooLargeError))
            await _refuse(writer, 403 if refused else 504 if isinstance(error, TimedOutError) else 502)
        except (OSError, TimeoutError):  # one of the two sides is gone
            pass
        finally:
            writer.transport.abort()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = await self._request(reader)
        if len(self._tasks) > MAX_CONNECTIONS:
            raise _RefusedError(503)
        self._requests += 1
        if self._requests > self._budget.requests:
            raise TooLargeError(f"More than {self._budget.requests} requests were made")
        place, target = parse_url(f"https://{request.target}/" if request.tunnel else request.target)
        outer_reader, outer_writer = await self._connect(target)
        try:
            if request.tunnel:
                writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            else:
                outer_writer.write(request.forwarded(place.raw_path, target.authority))
            await self._both_ways(reader, writer, outer_reader, outer_writer)
        finally:
            outer_writer.transport.abort()

    async def _request(self, reader: asyncio.StreamReader) -> ProxyRequest:
        """The head of a request, from somebody who may make one."""
        try:
            async with asyncio.timeout(_HEAD_SECONDS):
                head = await reader.readuntil(b"\r\n\r\n")
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError) as error:
            raise _RefusedError(400) from error
        try:
            request = parse_proxy_request(head)
        except NetError as error:
            raise _RefusedError(400) from error
        if not hmac.compare_digest(request.authorization, self._authorization):
            raise _RefusedError(407)
        return request

    async def _connect(self, target: Target) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A connection to the first checked address that answers."""
        deadline = time.monotonic() + transport.CONNECT_SECONDS
        addresses = await resolve_checked(target.host, target.port, self._allowed_hosts())
        for place, address in enumerate(addresses, start=1):
            left = max(deadline - time.monotonic(), 0.01)
            last = place == len(addresses)
            try:
                async with asyncio.timeout(left if last else min(left, _ONE_OF_SEVERAL)):
                    return await asyncio.open_connection(str(address), target.port, limit=_BLOCK)
            except TimeoutError as error:
                if last:
                    raise TimedOutError("No connection in time") from error
            except OSError as error:
                if last:
                    raise NetError(f"The connection failed: {error.strerror or type(error).__name__}") from error
        raise TimedOutError("No connection in time")

    async def _both_ways(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        outer_reader: asyncio.StreamReader,
        outer_writer: asyncio.StreamWriter,
    ) -> None:
        """Pass bytes on until either side has ended."""
        up = asyncio.create_task(self._pass(reader, outer_writer, self._count_up, None))
        down = asyncio.create_task(self._pass(outer_reader, writer, self._count_down, transport.READ_SECONDS))
        try:
            await asyncio.wait((up, down), return_when=asyncio.FIRST_COMPLETED)
            if down.done() and down.exception() is None:
                writer.close()
                await writer.wait_closed()
        finally:
            for task in (up, down):
                task.cancel()
            await asyncio.gather(up, down, return_exceptions=True)

    async def _pass(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        count: Callable[[int], None],
        silence: float | None,
    ) -> None:
        while True:
            async with asyncio.timeout(silence):
                block = await reader.read(_BLOCK)
            if not block:
                return
            count(len(block))
            writer.write(block)
            await writer.drain()

    def _count_down(self, count: int) -> None:
        self._down += count
        if self._down > self._budget.down:
            self.failure = TooLargeError(f"More than {self._budget.down // 1024 // 1024} MiB were fetched")
            raise ConnectionAbortedError

    def _count_up(self, count: int) -> None:
        self._up += count
        if self._up > self._budget.up:
            self.failure = TooLargeError(f"More than {self._budget.up // 1024 // 1024} MiB were sent")
            raise ConnectionAbortedError


class _RefusedError(Exception):
    """Nothing of the outside is at fault."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


async def _refuse(writer: asyncio.StreamWriter, status: int) -> None:
    challenge = 'Proxy-Authenticate: Basic realm="proxy"\r\n' if status == 407 else ""
    writer.write(
        f"HTTP/1.1 {status} {_REASONS[status]}\r\n{challenge}Content-Length: 0\r\nConnection: close\r\n\r\n".encode()
    )
    with contextlib.suppress(OSError, TimeoutError):
        async with asyncio.timeout(_HEAD_SECONDS):
            await writer.drain()
            writer.close()
            await writer.wait_closed()


@contextlib.asynccontextmanager
async def open_proxy(allowed_hosts: Callable[[], Set[str]], budget: Budget) -> AsyncIterator[Proxy]:
    """A proxy on a port that the system chooses, with a password that nobody had before."""
    proxy = Proxy(allowed_hosts, budget)
    server = await asyncio.start_server(proxy.accept, "127.0.0.1", 0, limit=MAX_HEAD)
    proxy.port = server.sockets[0].getsockname()[1]
    try:
        yield proxy
    finally:
        server.close()
        await proxy.aclose()
