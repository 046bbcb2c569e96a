"""What a person changes of a series: its name, its folder, its sources, what is wanted of it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

from msgspec import UNSET
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from aniworld.catalog.errors import UnknownProviderError
from aniworld.catalog.service import Catalog
from aniworld.config.service import ConfigService
from aniworld.db.engine import Database, after_commit
from aniworld.events.bus import EventBus, publish_after_commit
from aniworld.events.types import SeriesRef, SeriesUpdated
from aniworld.kit.errors import InvalidInputError
from aniworld.kit.text import fold
from aniworld.library import folders
from aniworld.library.conflict_service import Conflicts
from aniworld.library.errors import (
    AWAY,
    AlreadyInLibraryError,
    FolderError,
    FolderTakenError,
    NoAnimeDirectoryError,
    SeriesNotFoundError,
)
from aniworld.library.link_repository import LinkRepository
from aniworld.library.nfo_repository import NfoRepository
from aniworld.library.repository import SeriesRepository, to_load
from aniworld.library.schemas import AddSource, SeriesOut, UpdateSeries
from aniworld.library.source_repository import SourceRepository
from aniworld.library.types import SourceRef, Step


class Changes(Conflicts):
    """``patch``, and what it shares with the other verbs."""

    def __init__(self, db: Database, bus: EventBus, config: ConfigService, catalog: Catalog) -> None:
        super().__init__(db, bus, config)
        self.adopt: Callable[[UUID], Awaitable[None]] = _nothing_adopted
        """Called when a source has told a series' episodes, before a folder is made for it (it may have one already),
        and when a person gives it another folder: what lies there is linked."""
        self.is_there: Callable[[Path], bool] = Path.is_dir
        """Whether a directory is the anime directory, and not the empty place of a disk that is away. Blocks."""
        self._catalog = catalog

    async def anime_directory(self) -> Path:
        """The anime directory, with its disk. Raises :class:`NoAnimeDirectoryError` and :class:`FolderError`."""
        directory = self._config.current.library.anime_directory
        if directory is None:
            raise NoAnimeDirectoryError
        if not await asyncio.to_thread(self.is_there, Path(directory)):
            raise FolderError(AWAY)
        return Path(directory)

    async def patch(self, key: str, changes: UpdateSeries) -> SeriesOut:
        """Change what is named, all or nothing.

        Raises :class:`SeriesNotFoundError`, :class:`AlreadyInLibraryError` where the source is another series' first
        one, :class:`FolderTakenError` and what :func:`folders.find_folder` raises.
        """
        if (changes.provider is UNSET) != (changes.provider_key is UNSET):
            missing = "provider" if changes.provider is UNSET else "provider_key"
            raise InvalidInputError.field(missing, "A source is named by both provider and provider_key")
        if changes.provider is not UNSET and changes.sources is not UNSET:
            raise InvalidInputError.field("provider", "Either name the first source, or all of them in sources")
        folder = None if changes.folder is UNSET else await self._find_folder(key, changes.folder)
        try:
            async with self._db.write() as session:
                repository = SeriesRepository(session)
                row = await self._existing(repository, key)
                values, parts = await self._wishes(session, row, changes)
                if folder is not None and folder != row.folder:
                    if not await LinkRepository(session).take_folder(row.id, folder):
                        raise FolderTakenError
                    parts |= {"nfo", "logo", "images"}
                if values or parts:
                    await repository.change(row.id, **values, **(to_load([*parts]) if parts else {}))
                if "languages" in values or "specials" in values:
                    await self._recount(session, row.id, values.get("languages", row.languages))
                if "named" in values:
                    await NfoRepository(session).rewrite(row.id)
                changed = await self._changed(session, repository, key)
        except IntegrityError as error:  # another process took the folder or the source in the meantime
            raise FolderTakenError if folder is not None else error from error
        if folder is not None:
            await self.adopt(row.id)
        return changed

    async def _find_folder(self, key: str, name: str) -> str:
        """The folder of that name, made if there is none; nothing is made for a series that cannot have it."""
        anime = await self.anime_directory()
        found = await asyncio.to_thread(folders.find_folder, anime, name)
        async with self._db.read() as session:
            row = await self._existing(SeriesRepository(session), key)
            if not await LinkRepository(session).is_free(row.id, found):
                raise FolderTakenError
        await asyncio.to_thread(folders.make_folder, anime, found)
        return found

    async def _wishes(self, session: AsyncSession, row: Any, changes: UpdateSeries) -> tuple[dict[str, Any], set[Step]]:
        """Columns, and what is to be loaded again."""
        values: dict[str, Any] = {}
        parts: set[Step] = set()
        for name in ("monitored", "language_mode", "language_wait_days", "specials"):
            if (value := getattr(changes, name)) is not UNSET:
                values[name] = value
        if changes.languages is not UNSET:
            own = changes.languages
            if own is not None and len(set(own)) != len(own):
                raise InvalidInputError.field("languages", "A language stands there twice")
            values["languages"] = ",".join(own) if own else None
        if changes.name is None:
            values["named"] = False
            parts |= {"episodes", "nfo"}
        elif changes.name is not UNSET:
            name = " ".join(changes.name.split())
            values |= {"named": True, "name": name, "name_folded": fold(name)[:500]}
            parts.add("nfo")
        sources = changes.sources
        if changes.provider is not UNSET and changes.provider_key is not UNSET:
            sources = await self._led_by(session, row, changes.provider, changes.provider_key)
        if sources is not UNSET and (leading := await self._put_sources(session, row, sources)):
            values |= leading
            parts.add("episodes")
        return values, parts

    @staticmethod
    async def _led_by(session: AsyncSession, row: Any, provider: str, provider_key: str) -> list[AddSource]:
        """All sources of a series, that one first; the one that led comes next."""
        known = [
            AddSource(provider=row.provider, provider_key=row.provider_key, name=row.name),
            *(
                AddSource(provider=ref.provider, provider_key=ref.provider_key, name=ref.name)
                for ref in await SourceRepository(session).of(row.id)
            ),
        ]
        leads = next((one for one in known if (one.provider, one.provider_key) == (provider, provider_key)), None)
        leads = leads or AddSource(provider=provider, provider_key=provider_key, name=row.name)
        return [leads, *(one for one in known if one != leads)]

    async def _put_sources(self, session: AsyncSession, row: Any, sources: Sequence[AddSource]) -> dict[str, Any]:
        """Write the sources of a series; columns to be changed where another one lists the episodes now."""
        first, *others = refs(sources)
        repository = SourceRepository(session)
        known = {
            (row.provider, row.provider_key),
            *((ref.provider, ref.provider_key) for ref in await repository.of(row.id)),
        }
        for index, ref in enumerate((first, *others)):
            if (ref.provider, ref.provider_key) not in known:  # one that was switched off meanwhile may stay
                self._check_provider(ref.provider, field=f"sources[{index}].provider")
        await repository.put(row.id, others)
        if (first.provider, first.provider_key) == (row.provider, row.provider_key):
            return {}
        taken = await repository.owner(first, except_id=row.id)
        if taken is not None:
            raise AlreadyInLibraryError(taken.key)
        return {"provider": first.provider, "provider_key": first.provider_key}

    def _check_provider(self, name: str, field: str = "provider") -> None:
        try:
            self._catalog.provider(name)
        except UnknownProviderError as error:
            raise InvalidInputError.field(field, error.detail) from error

    @staticmethod
    async def _existing(repository: SeriesRepository, key: str) -> Any:
        row = await repository.find(key)
        if row is None or row.deleted_at is not None:
            raise SeriesNotFoundError
        return row

    async def _changed(self, session: AsyncSession, repository: SeriesRepository, key: str) -> SeriesOut:
        """Tell everyone that the series changed; the series as it is now."""
        found = await repository.get(key)
        assert found is not None
        publish_after_commit(self._bus, session, SeriesUpdated(data=SeriesRef(key=key, name=found[1].name)))
        after_commit(session, self.wake_loader)
        return found[1]


def refs(sources: Sequence[AddSource]) -> list[SourceRef]:
    """Each source once."""
    found: dict[tuple[str, str], SourceRef] = {}
    for source in sources:
        ref = SourceRef(provider=source.provider, provider_key=source.provider_key, name=source.name)
        found.setdefault((source.provider, source.provider_key), ref)
    return list(found.values())


async def _nothing_adopted(_series_id: UUID) -> None:
    """Nobody scans."""
