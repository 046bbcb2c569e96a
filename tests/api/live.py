"""The whole server in a thread of its own, so that tests that wait (and Schemathesis, which does) can ask it."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import shutil
import threading
from collections.abc import Coroutine, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

import httpx
import uvloop
from sqlalchemy import update

from aniworld.app import Parts
from aniworld.catalog.errors import SourceUnreachableError
from aniworld.catalog.types import Subject
from aniworld.config.settings import Settings
from aniworld.downloads.models import Download
from aniworld.downloads.types import PRIORITY_RANK
from aniworld.kit.clock import now
from aniworld.sample import SampleSource, install_profile
from tests.conftest import run_app
from tests.downloads.conftest import fill
from tests.library_client import add_series, eventually, queue, reaches

T = TypeVar("T")


@dataclass
class Live:
    """A server that runs in another thread; ask it with :meth:`client`, reach behind it with :meth:`call`."""

    url: str
    token: str
    parts: Parts
    anime: Path
    loop: asyncio.AbstractEventLoop
    key: str = ""
    """A series that is loaded whole and has a file."""
    items: dict[str, str] = field(default_factory=dict)
    """One queue item in each state that it can have while nothing runs: state to id."""

    def client(self, *, logged_in: bool = True, **options: Any) -> httpx.Client:
        """A client; with ``logged_in`` it carries the token."""
        headers = {"Authorization": f"Bearer {self.token}"} if logged_in else {}
        return httpx.Client(base_url=self.url, headers=headers, trust_env=False, timeout=30, **options)

    def call(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Run something in the server's loop."""
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(30)


@contextlib.contextmanager
def live_server(directory: Path, template: Path, *, filled: bool = True) -> Iterator[Live]:
    """A server with the sample source beside it; with ``filled`` it has a library and a queue."""
    started: Future[tuple[Live, asyncio.Event]] = Future()

    async def run() -> None:
        async with SampleSource(directory / "clips", seconds=1, bitrate=100_000) as source:
            settings, anime = _prepare(directory, template, source)
            async with run_app(settings, anime) as running:
                token = running.client.headers["Authorization"].removeprefix("Bearer ")
                live = Live(running.url, token, running.parts, anime, asyncio.get_running_loop())
                if filled:
                    await _fill(live, running.client)
                stop = asyncio.Event()
                started.set_result((live, stop))
                await stop.wait()

    def main() -> None:
        try:
            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                runner.run(run())
        except BaseException as error:
            if started.done():
                raise
            started.set_exception(error)

    thread = threading.Thread(target=main, name="server")
    thread.start()
    try:
        live, stop = started.result(60)
        yield live
        live.loop.call_soon_threadsafe(stop.set)
    finally:
        if started.done() and not started.exception():
            live.loop.call_soon_threadsafe(stop.set)
        thread.join(30)


def _prepare(directory: Path, template: Path, source: SampleSource) -> tuple[Settings, Path]:
    data, anime = directory / "data", directory / "anime"
    data.mkdir(mode=0o700)
    anime.mkdir()
    shutil.copy(template, data / "aniworld.db")
    install_profile(data / "providers", source.url)
    settings = Settings(data_dir=data)
    return dataclasses.replace(settings, trusted_hosts=frozenset({f"127.0.0.1:{source.port}"})), anime


async def _fill(live: Live, client: httpx.AsyncClient) -> None:
    """Two series that the sample source never heard of, one that it has, and a queue with every kind of item."""
    sample = Subject("catalogue", "sample")
    for _ in range(3):  # a source that was away for a while has a history
        live.parts.catalog.monitor.failed(sample, error=SourceUnreachableError("It was away"))
    for _ in range(20):
        live.parts.catalog.monitor.succeeded(sample, seconds=0.1)
    await fill(live.parts.db, "one", 30)
    await fill(live.parts.db, "two", 5)
    unknown = live.anime / "Nobody knows this"
    unknown.mkdir()
    (unknown / "01.mkv").write_bytes(b"x")
    live.parts.scans.rescan()

    async def seen() -> bool:
        return (await live.parts.unmatched.page(ignored=False, limit=1, offset=0)).total == 1

    await eventually(seen)
    live.key = await add_series(client)
    (done,) = await queue(client, live.key, (1, 1))
    await client.post("/api/queue/start")
    await reaches(client, done, "completed")
    await client.post("/api/queue/stop")
    await _organise(live, client)
    states: dict[str, dict[str, Any]] = {
        "pending": {},
        "paused": {},
        "failed": {"error_message": "No hoster delivered the episode", "retry_count": 5},
        "cancelled": {},
    }
    ids = await queue(client, "one", *((1, number) for number in range(1, len(states) + 1)))
    live.items = {"completed": done, **dict(zip(states, ids, strict=True))}
    async with live.parts.db.write() as session:
        for state, values in states.items():
            row = update(Download).where(Download.id == UUID(live.items[state]))
            await session.execute(row.values(status=state, started_at=now(), priority=PRIORITY_RANK["low"], **values))


async def _organise(live: Live, client: httpx.AsyncClient) -> None:
    """The downloaded file was renamed, and is called otherwise again than the settings say; pictures lie beside it."""

    async def name_seasons(template: str) -> dict[str, Any]:
        answer = await client.patch("/api/config/section/library", json={"season_folder": template})
        assert answer.status_code == 200, answer.text
        preview: dict[str, Any] = (await client.get("/api/library/organise/preview")).json()
        assert preview["counts"]["files"] == 1, preview
        return preview

    async def done() -> bool:
        changes = (await client.get("/api/library/organise/changes")).json()["items"]
        return bool(changes and changes[0]["finished_at"])

    preview = await name_seasons("Staffel {season:00}")
    answer = await client.post("/api/library/organise", json={"token": preview["token"]})
    assert answer.status_code == 202, answer.text
    await eventually(done)
    await name_seasons("Season {season:00}")
    (video,) = live.anime.glob("*/Staffel 01/*.mkv")
    poster = video.parent.parent / "poster.jpg"
    shutil.copy(poster, poster.with_name("season01-poster.jpg"))
    shutil.copy(poster, video.with_name(f"{video.stem}-thumb.jpg"))
