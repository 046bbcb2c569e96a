"""Pictures beside the files of episodes: the service's still, or a frame of the file itself.

One after the other and only while nothing is loaded: nobody waits for it. What is due is in the table, so a crash loses
nothing. What a person put there stays, and is shown.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

from aniworld.config.service import ConfigService
from aniworld.db.engine import Database
from aniworld.events.bus import EventBus
from aniworld.events.types import SeriesRef, SeriesUpdated
from aniworld.kit.errors import AppError
from aniworld.library.metadata_service import SeriesMetadataService
from aniworld.library.thumb_repository import ThumbRepository
from aniworld.media import client as media
from aniworld.media.errors import MediaError
from aniworld.metadata import service as metadata
from aniworld.metadata.errors import BadPictureError

log = logging.getLogger(__name__)

_LOOK = 900.0
"""Seconds between two looks without a wake-up."""
_AFTER_FAILURE = 60.0
_SIZE = (1000, 562)


class EpisodePictures:
    """One loop beside the loader's."""

    def __init__(
        self,
        db: Database,
        bus: EventBus,
        config: ConfigService,
        described: SeriesMetadataService | None,
        placing: Callable[[str], asyncio.Lock],
    ) -> None:
        self._db = db
        self._bus = bus
        self._config = config
        self._described = described
        self._placing = placing
        """Held while something of a series is written: nobody renames the folder meanwhile."""
        self._wake = asyncio.Event()
        self._changed: SeriesRef | None = None

    def wake(self) -> None:
        """Look again."""
        self._wake.set()

    async def run(self, busy: Callable[[], bool]) -> None:
        """Work until cancelled."""
        while True:
            self._wake.clear()
            pause = _LOOK
            try:
                while not busy() and await self._one():
                    pass
            except OSError as error:
                log.warning("Pictures of episodes have to wait: %s", error.strerror)
                pause = _AFTER_FAILURE
            self._tell(None)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._wake.wait()

    async def _one(self) -> bool:
        """See to one file; whether there was one. Raises ``OSError`` where the anime directory is away."""
        directory = self._config.current.library.anime_directory
        if directory is None or not self._config.current.metadata.episode_pictures:
            return False
        async with self._db.read() as session:
            row = await ThumbRepository(session).next_due()
        if row is None:
            return False
        anime = Path(directory)
        if not await asyncio.to_thread(anime.is_dir):
            raise FileNotFoundError(errno.ENOENT, "the anime directory is not there")
        hash_ = await self._thumb(anime, row)
        async with self._db.write() as session:
            changed = await ThumbRepository(session).done(row, hash_)
        if changed and hash_ != row.thumb:
            self._tell(SeriesRef(key=row.key, name=row.name))
        return True

    def _tell(self, changed: SeriesRef | None) -> None:
        """Once a series, when the next one has its turn."""
        if self._changed is not None and self._changed != changed:
            self._bus.publish(SeriesUpdated(data=self._changed))
        self._changed = changed

    async def _thumb(self, anime: Path, row: Any) -> str | None:
        """The hash of what lies beside the file in the end."""
        try:
            there, wanted = await asyncio.to_thread(metadata.thumb_beside, anime, row.path)
            if not wanted:
                return there
            if row.still and self._described is not None:
                try:
                    data = await self._described.services.picture(row.still)
                    return await self._keep(anime, row, data)
                except AppError as error:
                    log.info("%s: its picture cannot be had: %s", row.path, error.detail)
            data = await media.frame(anime / row.path, *_SIZE)
            return await self._keep(anime, row, data)
        except (MediaError, BadPictureError, OSError) as error:
            log.info("There is no picture of %s: %s", row.path, error)
        except AppError as error:  # it lies behind a link
            log.info("There is no picture of %s: %s", row.path, error.detail)
        return None

    async def _keep(self, anime: Path, row: Any, data: bytes) -> str | None:
        async with self._placing(row.key):
            async with self._db.read() as session:
                if not await ThumbRepository(session).is_due(row):
                    return None  # it lies elsewhere by now, and has its turn there
            return await metadata.drawing(metadata.write_thumb, anime, row.path, data)
