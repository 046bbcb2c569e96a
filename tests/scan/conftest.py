"""A scan on a real database and a real folder, with a library that is fed by a catalogue in memory."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from aniworld.db.engine import Database
from aniworld.kit.mount import Mount
from aniworld.scan.service import ScanService
from aniworld.scan.unmatched_service import UnmatchedService
from tests.library.conftest import Shelf, make_shelf


@dataclass
class Scanned:
    """The library and its scan."""

    shelf: Shelf
    scans: ScanService
    unmatched: UnmatchedService

    def put(self, *paths: str, size: int = 3) -> None:
        """Videos in the anime directory."""
        for path in paths:
            (self.shelf.anime / path).parent.mkdir(parents=True, exist_ok=True)
            (self.shelf.anime / path).write_bytes(b"x" * size)

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """The scan's worker runs; it scans at once."""
        task = asyncio.create_task(self.scans.run())
        try:
            yield
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def scan(self, *, thoroughly: bool = False) -> dict[str, Any]:
        """Scan and wait; the operation."""
        id_ = self.scans.rescan(thoroughly=thoroughly)

        async def over() -> bool:
            with contextlib.suppress(Exception):
                return self.shelf.operations.get(id_).finished_at is not None
            return False

        await self.shelf.until(over)
        out = self.shelf.operations.get(id_).out()
        return {"status": out.status, "message": out.message, **(out.result or {})}

    async def paths(self, key: str) -> dict[tuple[int, int], str | None]:
        """Where the episodes of a series lie that are there."""
        detail = await self.shelf.library.get(key)
        return {
            (episode.season, episode.episode): episode.file_path
            for season in detail.seasons
            for episode in season.episodes
            if episode.is_downloaded
        }

    async def loose(self, *, ignored: bool = False) -> dict[str, Any]:
        """Folders without a series, by name."""
        page = await self.unmatched.page(ignored=ignored, limit=100, offset=0)
        return {item.name: item for item in page.items}


@pytest.fixture
async def scanned(db: Database, tmp_path: Path, anime: Path) -> Scanned:
    """On each kind of database."""
    shelf = await make_shelf(db, tmp_path, anime)
    scans = ScanService(db, shelf.bus, shelf.config, shelf.operations, shelf.library, Mount(tmp_path / "data"))
    return Scanned(shelf, scans, UnmatchedService(db, shelf.library, scans))
