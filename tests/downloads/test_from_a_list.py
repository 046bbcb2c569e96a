"""The whole way: a list that yt-dlp reads, a page with a DASH manifest, the queue, a file in the library that plays."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import update

from aniworld.catalog.service import Catalog
from aniworld.config.service import ConfigService
from aniworld.db.engine import Database
from aniworld.downloads.engine import Engine
from aniworld.downloads.pipeline import EpisodePipeline
from aniworld.downloads.schemas import EpisodeChoice, QueueItem
from aniworld.downloads.service import DownloadService
from aniworld.events.bus import EventBus
from aniworld.kit.net import HttpClient
from aniworld.library.models import Series
from aniworld.library.service import LibraryService
from aniworld.media import client as media
from aniworld.operations.service import Operations
from tests.downloads.conftest import fill
from tests.media.clips import make_clip
from tests.origin import Body, Origin

SECONDS = 4.0
PROFILE = """
kind = "ytdlp"
name = "studio"
title = "The studio"
language = "de"

[series.garden]
name = "garden"
lists = [{ url = "URL/list", season = 1 }]
"""
FEED = """<?xml version="1.0"?><rss version="2.0"><channel><title>x</title>
<item><title>First</title><link>URL/watch</link></item></channel></rss>"""


@pytest.fixture
async def origin(tmp_path: Path) -> AsyncIterator[Origin]:
    async with Origin() as origin:
        origin.add("/list", Body(FEED.replace("URL", origin.url("")).encode(), "application/rss+xml"))
        source = f'<source src="{origin.url("/dash/v.mpd")}" type="application/dash+xml">'
        origin.add("/watch", Body(f"<html><video>{source}</video></html>".encode(), "text/html"))
        made = tmp_path / "dash"
        made.mkdir()
        make_clip(made / "v.mpd", SECONDS, format_="dash", options={"seg_duration": "1"})
        for path in made.iterdir():
            kind = "application/dash+xml" if path.suffix == ".mpd" else "video/mp4"
            origin.add(f"/dash/{path.name}", Body(path.read_bytes(), kind))
        yield origin


async def ended(downloads: DownloadService, id_: UUID) -> QueueItem:
    async with asyncio.timeout(90):
        while True:
            page = await downloads.page([], None, limit=10, offset=0)
            (item,) = [item for item in page.items if item.id == str(id_)]
            if item.status in ("completed", "failed"):
                return item
            await asyncio.sleep(0.1)


@pytest.mark.parametrize("container", ["mkv", "original"])
async def test_from_a_list_to_the_library(
    origin: Origin, sqlite_db: Database, bus: EventBus, tmp_path: Path, container: str
) -> None:
    data, anime = tmp_path / "data", tmp_path / "anime"
    (data / "providers").mkdir(parents=True)
    anime.mkdir()
    (data / "providers" / "studio.toml").write_text(PROFILE.replace("URL", origin.url("")))
    await fill(sqlite_db, "garden", episodes=1)
    async with sqlite_db.write() as session:
        await session.execute(update(Series).values(provider="studio"))
    config = ConfigService(data, bus)
    await config.patch("library", {"anime_directory": str(anime)})
    await config.patch("downloads", {"container": container})
    async with HttpClient(allowed_hosts=lambda: {f"127.0.0.1:{origin.port}"}) as http:
        catalog = Catalog(data / "providers", http, config)
        await catalog.load()
        library = LibraryService(sqlite_db, bus, config, catalog)
        pipeline = EpisodePipeline(sqlite_db, bus, config, catalog, http, library)
        engine = Engine(sqlite_db, bus, config, Operations(bus), pipeline, alone=True)
        downloads = DownloadService(sqlite_db, bus, config, library, engine)
        library.queue_states = downloads.states_of
        running = asyncio.create_task(engine.run())
        try:
            added = await downloads.add("garden", [EpisodeChoice(season=1, episode=1, language="de")])
            await downloads.start()
            item = await ended(downloads, UUID(added.added_items[0]))
        finally:
            running.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await running
    assert item.status == "completed", item
    (film,) = anime.glob("garden/**/*.mkv")
    info = await media.verify(film)
    assert [stream.kind for stream in info.streams] == ["video", "audio"]
    assert [stream.language for stream in info.streams][1] == "ger"
    assert info.duration == pytest.approx(SECONDS, abs=0.2)
    assert not list((anime / ".aniworld").rglob("*.seg"))
