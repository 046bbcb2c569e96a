"""Looks into the videos whose names tell no language: what their tracks tell is known then, and counts.

Each is looked into once, by a process of its own, one after the other, and again only when the file is another one.
"""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path
from typing import Any
from uuid import UUID

from aniworld.db.engine import Database
from aniworld.kit.files import UnsafePathError, safe_join
from aniworld.library.service import LibraryService
from aniworld.media import client as media
from aniworld.media.errors import MediaRefusedError, MediaWorkerError
from aniworld.scan.repository import ScanRepository
from aniworld.scan.service import ScanService

log = logging.getLogger(__name__)

_BATCH = 20
"""Videos that are looked into before what they tell is used."""


class TrackListener:
    """``run`` is a supervised worker. What is still to be looked into is in the table: a crash loses nothing."""

    def __init__(self, db: Database, scans: ScanService, library: LibraryService) -> None:
        self._db = db
        self._scans = scans
        self._library = library

    async def run(self) -> None:
        """Look into what the scans found, until cancelled."""
        while True:
            self._scans.linked.clear()
            after: str | None = ""
            while after is not None:
                after = await self._listen(after)
            await self._scans.linked.wait()

    async def _listen(self, after: str) -> str | None:
        """Look into a few videos behind that path; the last one's, or None where there are no more."""
        async with self._db.read() as session:
            videos = await ScanRepository(session).unheard(after, _BATCH)
        told: set[UUID] = set()
        for video in videos:
            if await self._look_into(video):
                told.add(video.series_id)
        if told:
            await self._scans.relink(told)
        return videos[-1].path if videos else None

    async def _look_into(self, video: Any) -> bool:
        """Whether its tracks tell languages. One that cannot be looked into now is tried again another time."""
        anime = self._scans.anime
        if anime is None:
            return False
        try:
            info = await media.probe(await asyncio.to_thread(_inside, anime, video.path))
        except MediaRefusedError:
            languages: tuple[str, ...] = ()
        except (MediaWorkerError, UnsafePathError, OSError) as error:
            log.info("What %s holds is not told: %s", video.path, error)
            return False
        else:
            languages = await self._library.heard(video.series_id, video.path, info)
        async with self._db.write() as session:
            await ScanRepository(session).put_tracks(video, languages)
        return bool(languages)


def _inside(anime: Path, path: str) -> Path:
    """The video itself. Blocks; raises ``OSError`` where it is not there."""
    found = safe_join(anime, path)
    found.stat()
    return found
