"""Small things that follow by themselves: descriptions beside new files (:mod:`describing`), replaced files out of the
way, and counts that time or a setting changed."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import logging
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

from aniworld.config.service import ConfigService
from aniworld.db.engine import Database
from aniworld.events.bus import EventBus, publish_after_commit
from aniworld.events.types import Resync, SeriesRef, SeriesUpdated
from aniworld.kit.clock import now
from aniworld.kit.files import UnsafePathError
from aniworld.library import folders
from aniworld.library.describing import Descriptions
from aniworld.library.episode_repository import EpisodeRepository
from aniworld.library.replaced_repository import ReplacedRepository
from aniworld.library.repository import wanted_of

log = logging.getLogger(__name__)

PUT_AWAY_FOR = dt.timedelta(days=30)
"""How long a replaced file can still be brought back by hand."""
_BATCH = 100
_LOOK = 900.0
"""Seconds between two looks without a wake-up: air dates pass."""
_AFTER_FAILURE = 60.0
_FEW = 20
"""Up to so many changed series are told one by one; of more, everything is to be looked at again."""


class Housekeeping:
    """One loop beside the loader's."""

    def __init__(
        self, db: Database, bus: EventBus, config: ConfigService, placing: Callable[[str], asyncio.Lock]
    ) -> None:
        self._db = db
        self._bus = bus
        self._config = config
        self._descriptions = Descriptions(db, config, placing)
        self._wake = asyncio.Event()

    def wake(self) -> None:
        """Look again."""
        self._wake.set()

    async def run(self) -> None:
        """Work until cancelled."""
        while True:
            self._wake.clear()
            while await self._recount():
                pass
            pause = _LOOK
            try:
                more = True
                while more:
                    more = await self._put_away()
                    more |= await self._descriptions.write_some()
                await self._clear_away()
            except OSError as error:
                log.warning("The library's folders cannot be kept in order now: %s", error.strerror)
                pause = _AFTER_FAILURE
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._wake.wait()

    async def _recount(self) -> bool:
        """Count a few series again where that is due; whether there may be more."""
        library = self._config.current.library
        configured, specials = library.languages, library.specials
        async with self._db.read() as session:
            if not await EpisodeRepository(session).miscounted(configured, 1, specials=specials):
                return False
        async with self._db.write() as session:
            repository = EpisodeRepository(session)
            rows = await repository.miscounted(configured, _BATCH, specials=specials)
            groups: dict[tuple[str, ...], list[UUID]] = {}
            for row in rows:
                groups.setdefault(tuple(wanted_of(row.languages, configured)), []).append(row.id)
            for wanted, ids in groups.items():
                await repository.recount(ids, wanted, specials=specials)
            if len(rows) > _FEW:
                publish_after_commit(self._bus, session, Resync())
            else:
                for row in rows:
                    publish_after_commit(self._bus, session, SeriesUpdated(data=SeriesRef(key=row.key, name=row.name)))
        return len(rows) == _BATCH

    async def _put_away(self) -> bool:
        """Move a few files away that a better language replaced; whether there may be more. Raises ``OSError``."""
        directory = self._config.current.library.anime_directory
        if directory is None:
            return False
        anime = Path(directory)
        async with self._db.read() as session:
            rows = await ReplacedRepository(session).waiting(_BATCH)
        for row in rows:
            async with self._db.read() as session:
                better = await ReplacedRepository(session).successors(row.episode_id)
                kept = await ReplacedRepository(session).is_kept(row.path)
                paths = await ReplacedRepository(session).versions(row)
            # A file of several episodes or languages stays as long as it is needed for one of them.
            paths += [] if kept else [row.path]
            files = [(file.path, file.size) for file in better]
            gone = not paths or await asyncio.to_thread(_give_way, anime, paths, files)
            async with self._db.write() as session:
                repository = ReplacedRepository(session)
                await (repository.forget(row) if gone else repository.keep_after_all(row.id))
        return len(rows) == _BATCH

    async def _clear_away(self) -> None:
        directory = self._config.current.library.anime_directory
        if directory is not None:
            before = (now() - PUT_AWAY_FOR).timestamp()
            if count := await asyncio.to_thread(folders.clear_away, Path(directory), before):
                log.info("%d replaced files were deleted after %d days", count, PUT_AWAY_FOR.days)


def _give_way(anime: Path, videos: list[str], better: list[tuple[str, int]]) -> bool:
    """Move the files away if one that is better lies there whole: asked of the disk, not of the table alone."""
    try:
        if any(folders.is_there(anime, path, size) for path, size in better):
            for video in videos:
                folders.put_away(anime, video)
            return True
        log.warning("%s stays: what was to take its place is not there", videos[-1])
    except UnsafePathError as error:
        log.warning("%s stays: %s", videos[-1], error.detail)
    return False
