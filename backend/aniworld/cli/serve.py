"""``aniworld serve`` and ``aniworld demo``: the server, and the server with a source to try it on."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import os
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

import click
import uvicorn

from aniworld.cli.common import data_options, fail, prepare_data_dir
from aniworld.config.settings import Settings
from aniworld.db.engine import database_label
from aniworld.kit import log as logs
from aniworld.kit.lock import DirectoryLock, LockedError

log = logging.getLogger("aniworld")

GRACE = 4
"""Seconds that open answers get when the server stops."""
THREAD_TURN = 0.001
"""Seconds until a thread that computes lets the others, who answer requests, have a turn."""
DEMO_THROTTLE = 700_000
"""Bytes a second of one connection to the sample source: slow enough to watch a download."""


class Server(uvicorn.Server):
    """Ends event streams before it waits for open answers; ends with 0 on a signal, at once on the second."""

    def __init__(
        self, config: uvicorn.Config, *, on_started: Callable[[], None], close_streams: Callable[[], None]
    ) -> None:
        super().__init__(config)
        self._on_started = on_started
        self._close_streams = close_streams

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start to answer, then say so."""
        await super().startup(sockets)
        if self.started:
            self._on_started()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Listen to signals while serving."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self._stop)
        try:
            yield
        finally:
            for number in (signal.SIGINT, signal.SIGTERM):
                loop.remove_signal_handler(number)

    def _stop(self) -> None:
        if self.should_exit:
            os._exit(130)  # whoever asks twice means it; everything that matters is on disk
        self.should_exit = True
        self._close_streams()


def server_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Where to listen."""
    for option in (
        click.option("--root-path", envvar="ANIWORLD_ROOT_PATH", show_envvar=True, default="",
                     help="The path under which a reverse proxy serves this, such as /anime."),
        click.option("--port", envvar="ANIWORLD_PORT", show_envvar=True, default=8000, show_default=True,
                     type=click.IntRange(0, 65535), help="Port to listen on; 0: a free one."),
        click.option("--host", envvar="ANIWORLD_HOST", show_envvar=True, default="127.0.0.1", show_default=True,
                     help="Address to listen on; 0.0.0.0 for the whole network."),
        click.option("--log-level", envvar="ANIWORLD_LOG_LEVEL", show_envvar=True, default=None,
                     type=click.Choice(["debug", "info", "warning", "error"], case_sensitive=False),
                     help="Instead of the configuration's logging.level."),
    ):  # fmt: skip
        command = option(command)
    return data_options(command)


@click.command()
@server_options
def serve(settings: Settings, host: str, port: int, root_path: str, log_level: str | None) -> None:
    """Run the server."""
    settings = replace(settings, host=host, port=port, root_path=root_path, log_level=log_level)
    prepare_data_dir(settings)
    with locked(settings):
        _run(_serve(settings, suggested=None))


@click.command()
@server_options
def demo(settings: Settings, host: str, port: int, root_path: str, log_level: str | None) -> None:
    """Run the server with a sample source beside it, to try everything on generated clips."""
    settings = replace(settings, host=host, port=port, root_path=root_path, log_level=log_level)
    prepare_data_dir(settings)
    with locked(settings):  # before anything is written there: another one may be running
        _run(_demo(settings))


def _run(main: Any) -> None:
    try:
        import uvloop  # noqa: PLC0415 - not there on every system

        factory: Any = uvloop.new_event_loop
    except ImportError:
        factory = None
    with asyncio.Runner(loop_factory=factory) as runner:
        runner.run(main)


async def _demo(settings: Settings) -> None:
    from aniworld.config.service import ConfigService  # noqa: PLC0415
    from aniworld.events.bus import EventBus  # noqa: PLC0415
    from aniworld.sample import SampleSource, install_profile  # noqa: PLC0415 - the server runs without it

    anime = settings.data_dir.with_name(settings.data_dir.name + "-anime")
    anime.mkdir(parents=True, exist_ok=True)
    cache = settings.data_dir / "sample"
    if not (settings.data_dir / "config.json").exists():
        # Its series are made up, and nothing leaves this machine.
        await ConfigService(settings.data_dir, EventBus()).patch("metadata", {"anilist": False})
    async with SampleSource(cache, throttle=DEMO_THROTTLE) as source:
        await asyncio.to_thread(install_profile, settings.data_dir / "providers", source.url)
        click.echo(f"The sample source runs at {source.url}")
        trusted = settings.trusted_hosts | {f"127.0.0.1:{source.port}"}
        await _serve(replace(settings, trusted_hosts=trusted), suggested=anime)


def locked(settings: Settings) -> DirectoryLock:
    """The data directory, for this process alone."""
    try:
        return DirectoryLock(settings.data_dir)
    except LockedError:
        fail(f"Another Aniworld is running on the data directory {settings.data_dir}; stop it, or use --data-dir.")


async def _serve(settings: Settings, suggested: Path | None) -> None:
    from aniworld.app import create_app  # noqa: PLC0415 - heavy; the other commands start without it

    logs.set_up(settings.log_level or "info")
    with _listen(settings) as sock:
        app = create_app(settings)
        parts = app.state.parts
        uvicorn_log = logging.getLogger("uvicorn.error")
        uvicorn_log.setLevel(logging.CRITICAL)  # a start that fails is told below, in a sentence

        def on_started() -> None:
            uvicorn_log.setLevel(logging.WARNING)
            _follow_log_level(settings, parts)
            _greet(settings, sock, parts.access.setup_code, suggested)
            # What the start has made stays: looking through it for garbage again and again takes 60 ms each time.
            gc.freeze()
            sys.setswitchinterval(THREAD_TURN)

        server = Server(
            uvicorn.Config(
                app,
                lifespan="on",
                log_config=None,
                access_log=False,
                server_header=False,
                ws="none",
                root_path=settings.root_path,
                proxy_headers=False,
                timeout_graceful_shutdown=GRACE,
            ),
            on_started=on_started,
            close_streams=parts.bus.close,
        )
        # A start that fails ends in uvicorn's own exit; its reason is told here.
        with contextlib.suppress(SystemExit):
            await server.serve(sockets=[sock])
        if not server.started:
            fail(str(app.state.get("startup_error", "The server could not start; the log tells more")))


def _listen(settings: Settings) -> socket.socket:
    try:
        info = socket.getaddrinfo(settings.host, settings.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        # With its protocol: asyncio sets TCP_NODELAY only then, and without it answers wait 40 ms for the other side.
        sock = socket.socket(*info[:3])
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind(info[4])
    except OSError as error:
        fail(f"Cannot listen on {settings.host}:{settings.port}: {error.strerror}. Choose another with --port.")
    return sock


def _follow_log_level(settings: Settings, parts: Any) -> None:
    if settings.log_level is None:
        logs.set_level(parts.config.current.logging.level)
        parts.config.subscribe(lambda config: logs.set_level(config.logging.level))


def _greet(settings: Settings, sock: socket.socket, code: str | None, suggested: Path | None) -> None:
    host, port = sock.getsockname()[:2]
    shown = "localhost" if host in ("0.0.0.0", "::") else host  # noqa: S104 - only compared
    url = f"http://{f'[{shown}]' if ':' in shown else shown}:{port}{settings.root_path}"
    click.echo(f"Aniworld runs at {url}")
    click.echo(f"Its data is in {settings.data_dir} ({database_label(settings.url).partition(':')[0]})")
    if code is not None:
        directory = f"&directory={quote(str(suggested))}" if suggested else ""
        click.echo(f"Set it up at {url}/setup#code={code}{directory}")
        click.echo(f"One-time setup code: {code}")
