"""Folders that belong to no series yet: what they may be, and what a person says they are."""

from __future__ import annotations

import asyncio
import contextlib
from uuid import UUID

from aniworld.db.engine import Database
from aniworld.kit.errors import ConflictError, NotFoundError
from aniworld.library.errors import AlreadyInLibraryError
from aniworld.library.service import AddSeries, CoverPath, LibraryService, SearchService
from aniworld.scan.errors import FolderNotFoundError
from aniworld.scan.matching import Matcher, confidence
from aniworld.scan.repository import ScanRepository
from aniworld.scan.schemas import (
    AcceptedFolder,
    CandidateOut,
    FoundPage,
    FoundSeries,
    UnmatchedFolderOut,
    UnmatchedPage,
)
from aniworld.scan.service import ScanService
from aniworld.scan.types import UnmatchedFolder

_MOST_FOUND = 50
"""Answers of the sources that are told for one folder."""


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

    async def accept(self, folder_id: UUID, series: str | AddSeries) -> None:
        """The folder is that series', by its key, or as a source has it: then it is added if it is not there.

        Raises :class:`FolderNotFoundError` and what the library raises.
        """
        folder = await self._folder(folder_id)
        key = series if isinstance(series, str) else await self._added(series)
        series_id = await self._library.take_folder(key, folder.name)
        await self._scans.adopt_folder(folder_id, series_id)

    async def _added(self, series: AddSeries) -> str:
        try:
            out = await self._library.add(series.provider, series.provider_key, series.name, series.sources)
        except AlreadyInLibraryError as error:
            return error.key
        return out.key

    async def accept_suggested(self, least: float) -> list[AcceptedFolder]:
        """Give each folder to the series that it is likeliest of, where that is at least so likely.

        A series gets one folder at a time: of several the likeliest.
        """
        async with self._db.read() as session:
            folders = await ScanRepository(session).loose()
        matcher = Matcher(await self._library.known_series())
        best = await asyncio.to_thread(lambda: [(folder, matcher.candidates(folder)[:1]) for folder in folders])
        likely = [(one[0].confidence, folder, one[0].key) for folder, one in best if one and folder.videos]
        accepted: dict[str, AcceptedFolder] = {}
        for confidence_, folder, key in sorted(likely, key=lambda entry: -entry[0]):
            if confidence_ < least or key in accepted:
                continue
            with contextlib.suppress(NotFoundError, ConflictError):  # somebody was faster
                await self.accept(folder.id, key)
                accepted[key] = AcceptedFolder(id=str(folder.id), name=folder.name, key=key)
        return list(accepted.values())

    async def candidates(self, folder_id: UUID, search: SearchService, cover_path: CoverPath) -> FoundPage:
        """What the sources have under the folder's title. Raises :class:`FolderNotFoundError`."""
        folder = await self._folder(folder_id)
        result = await search.search(folder.title[:200], None, cover_path)
        items = [
            FoundSeries(series=item, confidence=confidence(item.name, item.year, folder))
            for item in result.items[:_MOST_FOUND]
        ]
        items.sort(key=lambda item: -item.confidence)
        return FoundPage(items=items, failed_providers=result.failed_providers)

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
