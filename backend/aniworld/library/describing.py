"""Writes the descriptions beside the files of episodes, and of the seasons that they lie in."""

from __future__ import annotations

import asyncio
import errno
import itertools
import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Concatenate, ParamSpec

from aniworld.config.service import ConfigService
from aniworld.db.engine import Database
from aniworld.kit.files import UnsafePathError, safe_join
from aniworld.library.facts import episode_facts, season_facts
from aniworld.library.nfo_repository import NfoRepository
from aniworld.library.types import PendingNfo
from aniworld.media import client as media
from aniworld.media.errors import MediaRefusedError, MediaWorkerError
from aniworld.media.types import MediaInfo
from aniworld.metadata import service as metadata
from aniworld.metadata.errors import ForeignNfoError

log = logging.getLogger(__name__)

P = ParamSpec("P")

_BATCH = 50
_DEPTH = 3
"""Parts of a path whose second one is the folder of a season."""
_NOTHING = MediaInfo(container="", duration=None, streams=())
"""Of a file that cannot be read: it is not asked again."""


class Descriptions:
    """What is still to be written is in the table: a crash loses nothing."""

    def __init__(self, db: Database, config: ConfigService, placing: Callable[[str], asyncio.Lock]) -> None:
        self._db = db
        self._config = config
        self._placing = placing
        """Held while something of a series is written: nobody renames the folder meanwhile."""

    async def write_some(self) -> bool:
        """Write the descriptions of a few files; whether there may be more. Raises ``OSError``."""
        directory = self._config.current.library.anime_directory
        if directory is None or not self._config.current.metadata.write_nfo:
            return False
        async with self._db.read() as session:
            repository = NfoRepository(session)
            pending = await repository.pending(_BATCH)
            files = await repository.of_paths({file.path for file in pending})
        if not files:
            return False
        anime = Path(directory)
        written: list[PendingNfo] = []
        seasons: set[tuple[str, int]] = set()
        try:
            for path, group in itertools.groupby(files, key=lambda file: file.path):
                episodes = list(group)
                told = await self._with_media(anime, path, episodes)
                # What is there in several languages is still one episode.
                once = {(episode.season, episode.episode): episode_facts(episode) for episode in told}
                async with self._placing(episodes[0].series_key):
                    async with self._db.read() as session:
                        if not await NfoRepository(session).of_paths({path}):
                            continue  # it lies elsewhere by now, and has its turn there
                    await asyncio.to_thread(_write, anime, path, metadata.write_episode_nfo, list(once.values()))
                    await self._describe_season(anime, path, episodes[0], seasons)
                written += episodes
        finally:
            if written:
                async with self._db.write() as session:
                    await NfoRepository(session).written(written)
        return len(pending) == _BATCH

    async def _describe_season(self, anime: Path, path: str, episode: PendingNfo, done: set[tuple[str, int]]) -> None:
        """The ``season.nfo`` of the folder that a file lies in, where that is one of a single season."""
        parts = path.split("/")
        place = ("/".join(parts[:-1]), episode.season)
        if len(parts) != _DEPTH or place in done:
            return
        done.add(place)
        async with self._db.read() as session:
            repository = NfoRepository(session)
            if await repository.seasons_in(f"{place[0]}/") != {episode.season}:
                return
            row = await repository.season(episode.series_id, episode.season)
        if row is not None:
            facts = season_facts(episode.season, row)
            await asyncio.to_thread(_write, anime, place[0], metadata.write_season_nfo, facts)

    async def _with_media(self, anime: Path, path: str, episodes: Sequence[PendingNfo]) -> list[PendingNfo]:
        """The same with what the file holds, which is looked up once and kept."""
        if not self._config.current.metadata.nfo_streamdetails:
            return [replace(episode, media=None) for episode in episodes]
        known = next((episode.media for episode in episodes if episode.media is not None), None)
        if known is None:
            try:
                known = await media.probe(await asyncio.to_thread(safe_join, anime, path))
            except MediaRefusedError:
                known = _NOTHING
            except (MediaWorkerError, UnsafePathError, OSError) as error:
                log.info("What %s holds is not told: %s", path, error)
                return list(episodes)
            async with self._db.write() as session:
                await NfoRepository(session).put_media([episode.file_id for episode in episodes], known)
        return [replace(episode, media=known) for episode in episodes]


def _write(anime: Path, path: str, write: Callable[Concatenate[Path, str, P], bool], *a: P.args, **k: P.kwargs) -> None:
    """Write one description; beside a file that is gone, or in place of one that is somebody else's, none is needed."""
    if not anime.is_dir():
        raise FileNotFoundError(errno.ENOENT, "the anime directory is not there")
    try:
        write(anime, path, *a, **k)
    except FileNotFoundError:
        log.info("The folder of %s is gone; no description is written", path)
    except (ForeignNfoError, UnsafePathError) as error:
        log.info("No description is written for %s: %s", path, error.detail)
