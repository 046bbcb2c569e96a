"""What a dead first hoster costs: the time until an episode is in the library, beside that of the second one alone.

    python -m benchmarks.failover [--rounds 5] [--seconds 4]

``refuses``     the port is closed
``black hole``  connections are never made
``silent``      a connection, and never an answer
``503``         an error
``page``        an HTML page where a video should be

The whole program runs, without its web server: queue, source, hosters, fetch, verify, file. ``cold``: nobody knows yet
that the first one is dead, the worst case; ``warm``: it has failed a few times before. The ratios count.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import socket
import statistics
import tempfile
import time
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
from sqlalchemy import delete

from aniworld.app import Parts, build, running
from aniworld.catalog.monitor import Monitor
from aniworld.catalog.types import EpisodeRef, Language, Link
from aniworld.config.settings import Settings
from aniworld.db import migrate
from aniworld.downloads.schemas import EpisodeChoice
from aniworld.library.models import EpisodeFile
from aniworld.sample import SampleSource, install_profile

TARGET = 1.3
SERIES = "paper-lanterns"


async def _answering(content: bytes | None) -> asyncio.Server:
    """A server that says the same to everyone; None: nothing."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            await reader.readuntil(b"\r\n\r\n")
            if content is None:
                await asyncio.sleep(600)
            else:
                writer.write(content)
                await writer.drain()
        writer.close()

    return await asyncio.start_server(handle, "127.0.0.1", 0)


@contextlib.asynccontextmanager
async def dead_hosts() -> AsyncIterator[dict[str, int]]:
    """Each kind of dead, and its port."""
    async with contextlib.AsyncExitStack() as stack:
        closed = stack.enter_context(socket.socket())
        closed.bind(("127.0.0.1", 0))
        full = stack.enter_context(socket.socket())
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        for _ in range(4):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(full.getsockname())
        page = b"<!doctype html><title>Gone</title>"
        head = b"Connection: close\r\nContent-Length: %d\r\n\r\n"
        answers = {
            "silent": None,
            "503": b"HTTP/1.1 503 Busy\r\n" + head % 0,
            "page": b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n" + head % len(page) + page,
        }
        servers = {name: await stack.enter_async_context(await _answering(body)) for name, body in answers.items()}
        yield {
            "refuses": closed.getsockname()[1],
            "black hole": full.getsockname()[1],
            **{name: server.sockets[0].getsockname()[1] for name, server in servers.items()},
        }


class Switch:
    """Puts a dead hoster before the one that the source lists."""

    def __init__(self, parts: Parts) -> None:
        self.dead: int | None = None
        self._source = parts.catalog.provider("sample")
        self._links = self._source.links
        self._source.links = self.links  # type: ignore[method-assign]

    async def links(self, episode: EpisodeRef, language: Language) -> list[Link]:
        """The real direct link, after the dead one."""
        found = [link for link in await self._links(episode, language) if link.kind == "direct"][:1]
        if self.dead is None:
            return found
        url = f"http://127.0.0.1:{self.dead}/{episode.episode}.mp4"
        return [msgspec.structs.replace(found[0], hoster="Dead", url=url), *found]


async def _one(parts: Parts, key: str, number: int) -> float:
    """Seconds until an episode is in the library."""
    begun = time.monotonic()
    added = await parts.downloads.add(key, [EpisodeChoice(season=1, episode=number, language="de")])
    (id_,) = added.added_items
    while True:
        page = await parts.downloads.page([], None, limit=100, offset=0)
        item = next(item for item in page.items if item.id == id_)
        if item.status == "completed":
            took = time.monotonic() - begun
            break
        if item.status == "failed" or item.retry_count:
            raise RuntimeError(f"It failed: {item.error_message}")
        await asyncio.sleep(0.01)
    await parts.downloads.clear("completed")
    async with parts.db.write() as session:
        await session.execute(delete(EpisodeFile))  # so that the next round can have the same one
    await asyncio.to_thread(_delete_videos, parts.config.current.library.anime_directory or "")
    return took


def _delete_videos(anime: str) -> None:
    for path in Path(anime).glob("*/*/*.mkv"):
        path.unlink()


async def main(rounds: int, seconds: float) -> None:
    """Run and print."""
    with tempfile.TemporaryDirectory(prefix="aniworld-failover-") as name:
        directory = Path(name)
        data, anime = directory / "data", directory / "anime"
        data.mkdir(mode=0o700)
        anime.mkdir()
        bitrate = 1_600_000
        async with (
            dead_hosts() as dead,
            SampleSource(directory / "clips", seconds=20, bitrate=bitrate, throttle=int(4e6 / seconds)) as source,
        ):
            install_profile(data / "providers", source.url)
            entries = frozenset({f"127.0.0.1:{port}" for port in (*dead.values(), source.port)})
            settings = Settings(data_dir=data, trusted_hosts=entries)
            await migrate.upgrade(settings.url, data / "backups")
            parts = build(settings)
            async with running(parts):
                await parts.config.patch("library", {"anime_directory": str(anime)})
                series = await parts.library.add("sample", SERIES, "Paper Lanterns")
                while (await parts.library.loading_status(series.key)).loading_status != "completed":
                    await asyncio.sleep(0.05)
                await parts.downloads.start()
                await _measure(parts, series.key, dead, rounds)


async def _measure(parts: Parts, key: str, dead: dict[str, int], rounds: int) -> None:
    switch = Switch(parts)
    took: dict[str, list[float]] = {}
    await _one(parts, key, 1)  # the clip is made when it is first asked for
    print(f"{'first hoster':<14}{'alone':>9}{'cold':>9}{'ratio':>8}{'warm':>9}{'ratio':>8}")
    for kind, port in dead.items():
        for _ in range(rounds):
            for state, chosen in (("alone", None), ("cold", port), ("warm", port)):
                switch.dead = chosen
                if state != "warm":
                    parts.catalog.monitor = Monitor()
                took.setdefault(f"{kind} {state}", []).append(await _one(parts, key, 1))
        alone, cold, warm = (statistics.median(took[f"{kind} {state}"]) for state in ("alone", "cold", "warm"))
        fine = "" if cold <= TARGET * alone else f"   above {TARGET}"
        print(f"{kind:<14}{alone:>8.2f}s{cold:>8.2f}s{cold / alone:>8.2f}{warm:>8.2f}s{warm / alone:>8.2f}{fine}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=4, help="that the second one needs, about")
    options = parser.parse_args()
    asyncio.run(main(options.rounds, options.seconds))
