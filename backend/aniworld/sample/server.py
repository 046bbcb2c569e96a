"""Runs the sample site inside the caller's event loop."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Generator
from pathlib import Path
from types import TracebackType
from typing import Self

import uvicorn

from aniworld.sample.site import Site

BITRATE = 1_600_000
"""Bits a second of the clips' pictures: 20 s are about 4 MB."""


class _Server(uvicorn.Server):
    """A server that leaves signals to its host and does not wait for slow downloads when it stops."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = asyncio.Event()

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """The program around us has handlers of its own."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, and tell it."""
        await super().startup(sockets)
        self.ready.set()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Cut what is still under way."""
        for server in self.servers:
            server.close()
        for connection in list(self.server_state.connections):
            connection.transport.abort()
        await super().shutdown(sockets)


class SampleSource:
    """A catalogue site on loopback with three invented series, for demonstrations and tests.

    ``cache_dir`` keeps the clips and pictures, which are made when first asked for. ``seconds`` is how long every clip
    is, ``bitrate`` (bits a second) how large, ``throttle`` how many bytes a second one download gets (None: no limit).
    Use it as an async context manager; ``url`` and ``port`` are known inside.
    """

    def __init__(
        self,
        cache_dir: Path,
        *,
        seconds: float = 20,
        throttle: int | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
        bitrate: int = BITRATE,
    ) -> None:
        if seconds <= 0 or bitrate <= 0 or (throttle is not None and throttle <= 0):
            raise ValueError("seconds, bitrate and throttle must be greater than zero")
        self._cache_dir = cache_dir
        self._site = Site(cache_dir, seconds=seconds, bitrate=bitrate, throttle=throttle)
        self._host = host
        self._port = port
        self._server: _Server | None = None
        self._task: asyncio.Task[None] | None = None

    @property
    def port(self) -> int:
        """The port it listens on."""
        return self._port

    @property
    def url(self) -> str:
        """Address of the front page, without a slash at the end."""
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"http://{host}:{self._port}"

    async def __aenter__(self) -> Self:
        """Listen. Raises ``OSError`` when the port is taken."""
        await asyncio.to_thread(self._cache_dir.mkdir, parents=True, exist_ok=True)
        listener = socket.create_server(
            (self._host, self._port), family=socket.AF_INET6 if ":" in self._host else socket.AF_INET
        )
        self._port = int(listener.getsockname()[1])
        config = uvicorn.Config(
            self._site,
            interface="asgi3",
            lifespan="off",
            ws="none",
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=5,
        )
        self._server = _Server(config)
        self._task = asyncio.create_task(self._server.serve(sockets=[listener]), name="sample-source")
        ready = asyncio.create_task(self._server.ready.wait())
        await asyncio.wait((self._task, ready), return_when=asyncio.FIRST_COMPLETED)
        if not ready.done():
            ready.cancel()
            await self._task
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop listening; downloads under way are cut."""
        if self._server is not None and self._task is not None:
            self._server.should_exit = True
            await self._task
