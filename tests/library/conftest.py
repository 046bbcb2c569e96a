"""A library on a real database and a real folder, fed by a catalogue in memory."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast
from xml.etree import ElementTree as ET

import pytest

from aniworld.catalog.service import Catalog
from aniworld.catalog.types import Artwork, SeriesInfo
from aniworld.config.service import ConfigService
from aniworld.db.engine import Database
from aniworld.events.bus import EventBus
from aniworld.events.types import AppEvent
from aniworld.kit.net import HttpClient
from aniworld.library.choice_service import MetadataChoices
from aniworld.library.gallery import Gallery
from aniworld.library.loader import Loader
from aniworld.library.search_service import SearchService
from aniworld.library.service import LibraryService
from aniworld.metadata.lookup_service import MetadataServices
from aniworld.operations.service import Operations
from tests.library.doubles import MemoryCatalog, clockwork, episode, pictures_of, season
from tests.metadata.services.made import Made
from tests.metadata.services.server import TMDB_TOKEN, Services, running

FIRST = Made(0)
"""The series that most are about."""


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


@dataclass
class Described:
    """A shelf beside services on loopback."""

    shelf: Shelf
    services: Services
    described: MetadataChoices

    async def load(self, info: SeriesInfo) -> str:
        self.shelf.catalog.infos[info.provider_key] = info
        return await self.shelf.loaded(info.provider_key)

    async def again(self, key: str) -> None:
        await self.shelf.library.reload(key, ["nfo"])
        async with self.shelf.loading():
            await self.shelf.until_status(key, "completed", "failed")

    def nfo(self) -> ET.Element:
        (path,) = self.shelf.anime.glob("*/tvshow.nfo")
        return ET.fromstring(path.read_bytes())


@contextlib.asynccontextmanager
async def described(db: Database, tmp_path: Path, anime: Path) -> AsyncIterator[Described]:
    shelf = await make_shelf(db, tmp_path, anime)
    await shelf.config.patch("metadata", {"tmdb_key": TMDB_TOKEN})
    async with running(Services(3)) as services:
        http = HttpClient(allowed_hosts=lambda: {services.host})
        services.limit = None
        try:
            asked = MetadataServices(http, shelf.config, tmp_path / "cache", services.addresses)
            service = MetadataChoices(shelf.db, shelf.bus, shelf.config, asked, shelf.library)
            catalog = cast("Catalog", shelf.catalog)
            shelf.loader = Loader(shelf.db, shelf.bus, shelf.config, catalog, shelf.operations, shelf.library, service)
            yield Described(shelf, services, service)
        finally:
            await http.aclose()


@pytest.fixture
async def both_described(db: Database, tmp_path: Path, anime: Path) -> AsyncIterator[Described]:
    async with described(db, tmp_path, anime) as made:
        yield made


@pytest.fixture
async def told(sqlite_db: Database, tmp_path: Path, anime: Path) -> AsyncIterator[Described]:
    async with described(sqlite_db, tmp_path, anime) as made:
        yield made


def as_source(made: Made = FIRST, *, in_one: bool = False) -> SeriesInfo:
    """What a source tells of it: little, and no dates."""
    seasons = [
        season(1, *(episode(1, number, title="", aired=None) for number in range(1, 25)))
    ] if in_one else [
        season(one, *(episode(one, number, title="", aired=None) for number in range(1, 13))) for one in (1, 2)
    ]  # fmt: skip
    return clockwork(
        provider_key="first", name=made.title, year=made.year, artwork=Artwork(), description="", seasons=tuple(seasons)
    )
