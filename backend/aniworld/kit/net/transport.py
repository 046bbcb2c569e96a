"""Connections: a pool whose every connection goes to a checked address."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Callable, Iterable, Set

import httpcore
import httpx

from aniworld.kit.net.errors import AddressRefusedError
from aniworld.kit.net.guard import resolve_checked

CONNECT_SECONDS = 10.0
READ_SECONDS = 30.0
POOL_SECONDS = 30.0
MAX_CONNECTIONS = 100
MAX_IDLE = 20
IDLE_SECONDS = 30.0
_ONE_OF_SEVERAL = 3.0
"""Seconds for one address when there is another to try."""

TIMEOUTS = {"connect": CONNECT_SECONDS, "read": READ_SECONDS, "write": CONNECT_SECONDS, "pool": POOL_SECONDS}

SocketOption = tuple[int, int, int] | tuple[int, int, bytes | bytearray] | tuple[int, int, None, int]


class GuardedBackend(httpcore.AsyncNetworkBackend):
    """Opens TCP connections to checked addresses. TLS still sees the name, so certificates are checked against it."""

    def __init__(self, allowed_hosts: Callable[[], Set[str]]) -> None:
        self._allowed_hosts = allowed_hosts
        self._inner = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[SocketOption] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connect to the first checked address that answers."""
        deadline = time.monotonic() + (timeout if timeout is not None else CONNECT_SECONDS)
        addresses = await resolve_checked(host, port, self._allowed_hosts())
        for place, address in enumerate(addresses, start=1):
            left = deadline - time.monotonic()
            if left <= 0:
                break
            limit = left if place == len(addresses) else min(left, _ONE_OF_SEVERAL)
            try:
                return await self._inner.connect_tcp(str(address), port, limit, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                if place == len(addresses):
                    raise
        raise httpcore.ConnectTimeout

    async def connect_unix_socket(
        self, path: str, timeout: float | None = None, socket_options: Iterable[SocketOption] | None = None
    ) -> httpcore.AsyncNetworkStream:
        """Refused."""
        raise AddressRefusedError("Local sockets are not allowed")

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await asyncio.sleep(seconds)


def tls_context() -> ssl.SSLContext:
    """Certificates and names are checked; nothing is read from the environment. Takes some 20 ms: use a thread."""
    return httpx.create_ssl_context(verify=True, trust_env=False)


def connection_pool(allowed_hosts: Callable[[], Set[str]], context: ssl.SSLContext) -> httpcore.AsyncConnectionPool:
    """The pool all requests share."""
    return httpcore.AsyncConnectionPool(
        ssl_context=context,
        max_connections=MAX_CONNECTIONS,
        max_keepalive_connections=MAX_IDLE,
        keepalive_expiry=IDLE_SECONDS,
        http1=True,
        http2=False,
        retries=0,
        network_backend=GuardedBackend(allowed_hosts),
    )
