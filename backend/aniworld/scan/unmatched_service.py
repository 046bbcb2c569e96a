"""Folders that belong to no series yet: what they may be, and what a person says they are."""

from __future__ import annotations

import asyncio
from uuid import UUID

from aniworld.db.engine import Database
from aniworld.library.service import LibraryService
from aniworld.scan.errors import FolderNotFoundError
from aniworld.scan.matching import Matcher
from aniworld.scan.repository import ScanRepository
from aniworld.scan.schemas import CandidateOut, UnmatchedFolderOut, UnmatchedPage
from aniworld.scan.service import ScanService
from aniworld.scan.types import UnmatchedFolder


class UnmatchedService:
    """What a client can do with folders without a series."""

    def __init__(self, db: Database, library: LibraryService, scans: ScanService) -> None:
        self._db = db
        self._library = library
        self._scans = scans

    async def page(self, *, ignored: bool, limit: int, offset: int) -> UnmatchedPage:
        """Folders that belong to no series, each with the series that it may be of."""
        async with self._db.read() as session:
            folders, total = await ScanRepository(session).unmatched(ignored=ignored, limit=limit, offset=offset)
        matcher = Matcher(await self._library.known_series())
        items = await asyncio.to_thread(lambda: [_told(folder, matcher) for folder in folders])
        return UnmatchedPage(items=items, total=total, limit=limit, offset=offset)

    async def accept(self, folder_id: UUID, series_key: str) -> None:
        """The folder is that series'. Raises :class:`FolderNotFoundError` and what the library raises."""
        folder = await self._folder(folder_id)
        series_id = await self._library.take_folder(series_key, folder.name)
        await self._scans.adopt_folder(folder_id, series_id)

    async def ignore(self, folder_id: UUID, *, ignored: bool) -> None:
        """Set a folder aside, or take it up again. Raises :class:`FolderNotFoundError`."""
        await self._folder(folder_id)
        async with self._db.write() as session:
            await ScanRepository(session).ignore(folder_id, ignored=ignored)

    async def _folder(self, folder_id: UUID) -> UnmatchedFolder:
        async with self._db.read() as session:
            folder = await ScanRepository(session).folder(folder_id)
        if folder is None or folder.series_id is not None:
            raise FolderNotFoundError
        return folder


def _told(folder: UnmatchedFolder, matcher: Matcher) -> UnmatchedFolderOut:
    return UnmatchedFolderOut(
        id=str(folder.id),
        name=folder.name,
        title=folder.title,
        year=folder.year,
        videos=folder.videos,
        size=folder.size,
        ignored=folder.ignored,
        candidates=[
            CandidateOut(key=one.key, name=one.name, year=one.year, confidence=one.confidence, reason=one.reason)
            for one in matcher.candidates(folder)
        ],
    )
