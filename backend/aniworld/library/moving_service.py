"""What whoever renames files asks of the library, and tells it."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from aniworld.config.service import ConfigService
from aniworld.db.engine import Database
from aniworld.library import folders
from aniworld.library.moving_repository import MovingRepository
from aniworld.library.naming import EpisodeName, Names, SeriesName
from aniworld.library.text import same_name
from aniworld.library.types import MovedPath, NamedFile, NamedSeries
from aniworld.naming.path import parse_path

__all__ = ["MovingService", "Names", "SeriesName", "same_name"]

_BUSY = frozenset({"loading_episodes", "loading_nfo", "loading_logo", "loading_images"})


class MovingService:
    """The verbs of renaming."""

    def __init__(self, db: Database, config: ConfigService) -> None:
        self._db = db
        self._config = config

    @property
    def names(self) -> Names:
        """The templates in force."""
        return Names.of(self._config.current.library)

    @staticmethod
    def ids_in(anime: Path, folder: str) -> dict[str, str]:
        """The series' ids at services, as the description in its folder tells them. Blocks."""
        return folders.ids_in(anime, folder)

    async def keys(self) -> list[str]:
        """The series that have a folder, by name."""
        async with self._db.read() as session:
            return await MovingRepository(session).keys()

    async def folders(self) -> dict[str, str]:
        """Folded folder → key of the series that has it."""
        async with self._db.read() as session:
            return await MovingRepository(session).folders()

    async def named(self, keys: Collection[str]) -> list[NamedSeries]:
        """Some series with their files. Those that have no folder yet, or are gone, are left out."""
        async with self._db.read() as session:
            repository = MovingRepository(session)
            rows = await repository.series(keys)
            ids = [row.id for row in rows]
            files = await repository.files(ids)
            counted = await repository.counted(ids) if self.names.needs_absolute else {}
        of_series: dict[Any, list[Any]] = {}
        for file in files:
            of_series.setdefault(file.series_id, []).append(file)
        return [
            NamedSeries(
                id=row.id,
                key=row.key,
                name=row.name,
                year=row.year,
                folder=row.folder,
                busy=row.loading_status in _BUSY,
                files=tuple(_files(of_series.get(row.id, []), counted)),
            )
            for row in rows
        ]

    async def follow(self, session: AsyncSession, moved: Sequence[MovedPath]) -> None:
        """These lie elsewhere now; in the caller's transaction."""
        await MovingRepository(session).follow(moved)


def _files(rows: Sequence[Any], counted: Any) -> list[NamedFile]:
    """One for each path, which may hold several episodes of a season in several languages."""
    files = []
    by_path = sorted(rows, key=lambda row: row.path)
    for path, group in itertools.groupby(by_path, key=lambda row: row.path):
        all_of_it = list(group)
        season = all_of_it[0].season
        of_season = [row for row in all_of_it if row.season == season]
        numbers = sorted({row.episode for row in of_season})
        absolute = {row.absolute or counted.get(row.episode_id) for row in of_season if season > 0}
        parsed = parse_path(path)
        # A language that nothing told may be another one: a name would make a fact of it.
        told = {row.language for row in of_season if row.language_source != "assumed"}
        files.append(
            NamedFile(
                path=path,
                episode=EpisodeName(
                    season=season,
                    episodes=tuple(numbers),
                    title=min(of_season, key=lambda row: row.episode).title,
                    absolute=tuple(sorted(number for number in absolute if number is not None)),
                    languages=tuple(sorted(told)),
                    height=_height(all_of_it[0].media),
                    version=parsed.version,
                ),
            )
        )
    return files


def _height(media: Any) -> int | None:
    streams = media.get("streams", ()) if isinstance(media, dict) else ()
    heights = [stream.get("height") for stream in streams if stream.get("kind") == "video"]
    return max((height for height in heights if height), default=None)
