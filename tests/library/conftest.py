"""A library on a real database and a real folder, fed by a catalogue in memory."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import pytest

from aniworld.catalog.service import Catalog
from aniworld.config.service import ConfigService
from aniworld.db.engine import Database
from aniworld.events.bus import EventBus
from aniworld.events.types import AppEvent
from aniworld.library.gallery import Gallery
from aniworld.library.loader import Loader
from aniworld.library.search_service import SearchService
from aniworld.library.service import LibraryService
from aniworld.operations.service import Operations
from tests.library.doubles import MemoryCatalog, clockwork, pictures_of


class Recorder(EventBus):
    """A bus that remembers what was told."""

    def __init__(self) -> None:
        super().__init__()
        self.events: list[AppEvent] = []

    def publish(self, event: AppEvent) -> None:
        self.events.append(event)
        super().publish(event)

    def of(self, kind: type[Any]) -> list[Any]:
        return [event for event in self.events if isinstance(event, kind)]


@dataclass
class Shelf:
    """The parts, tied together as the program does it."""

    db: Database
    bus: Recorder
    config: ConfigService
    catalog: MemoryCatalog
    operations: Operations
    library: LibraryService
    loader: Loader
    search: SearchService
    gallery: Gallery
    anime: Path

    @contextlib.asynccontextmanager
    async def loading(self) -> AsyncIterator[None]:
        """The loader runs."""
        task = asyncio.create_task(self.loader.run())
        try:
            yield
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def until(self, condition: Callable[[], Any]) -> None:
        """Wait until an awaitable condition holds."""
        async with asyncio.timeout(20):
            while not await condition():
                await asyncio.sleep(0.01)

    async def until_status(self, key: str, *statuses: str) -> None:
        """Wait until the loading of a series has come to one of these."""

        async def there() -> bool:
            return (await self.library.loading_status(key)).loading_status in statuses

        await self.until(there)

    async def loaded(self, provider_key: str = "clockwork") -> str:
        """Add a series and load it; its key."""
        info = self.catalog.infos[provider_key]
        series = await self.library.add("shelf", provider_key, info.name)
        async with self.loading():
            await self.until_status(series.key, "completed", "failed")
        return series.key

    def again(self) -> Shelf:
        """The program after a restart, on the same database."""
        operations = Operations(self.bus)
        catalog = cast("Catalog", self.catalog)
        library = LibraryService(self.db, self.bus, self.config, catalog)
        loader = Loader(self.db, self.bus, self.config, catalog, operations, library)
        return Shelf(
            self.db,
            self.bus,
            self.config,
            self.catalog,
            operations,
            library,
            loader,
            SearchService(self.db, catalog),
            Gallery(self.db, self.bus, self.config, library, self.anime.parent / "data"),
            self.anime,
        )


async def make_shelf(db: Database, tmp_path: Path, anime: Path) -> Shelf:
    data = tmp_path / "data"
    data.mkdir()
    bus = Recorder()
    config = ConfigService(data, bus)
    await config.patch("library", {"anime_directory": str(anime)})
    info = clockwork()
    catalog = MemoryCatalog(infos={info.provider_key: info}, pictures=pictures_of(info))
    operations = Operations(bus)
    library = LibraryService(db, bus, config, cast("Catalog", catalog))
    loader = Loader(db, bus, config, cast("Catalog", catalog), operations, library)
    search = SearchService(db, cast("Catalog", catalog))
    gallery = Gallery(db, bus, config, library, data)
    return Shelf(db, bus, config, catalog, operations, library, loader, search, gallery, anime)


async def put(shelf: Shelf, key: str, path: str, *episodes: tuple[int, int]) -> None:
    """Write down that the file at ``path`` holds these episodes, in German."""
    targets, _ = await shelf.library.download_targets(key, [(*episode, "de") for episode in episodes])
    async with shelf.db.write() as session:
        for target in targets:
            await shelf.library.mark_downloaded(session, target.episode_id, "de", path, 5)


@pytest.fixture
async def both(db: Database, tmp_path: Path, anime: Path) -> Shelf:
    """On each kind of database."""
    return await make_shelf(db, tmp_path, anime)


@pytest.fixture
async def shelf(sqlite_db: Database, tmp_path: Path, anime: Path) -> Shelf:
    """On SQLite, for what has nothing to do with the kind."""
    return await make_shelf(sqlite_db, tmp_path, anime)
