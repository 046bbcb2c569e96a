"""The library's verbs. What they promise is on disk when they return; the loader is only woken."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from time import monotonic
from typing import Any
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from aniworld.catalog.service import Catalog
from aniworld.config.service import ConfigService
from aniworld.db.answers import Answer, Answers
from aniworld.db.base import new_id
from aniworld.db.engine import Database, after_commit
from aniworld.events.bus import EventBus, publish_after_commit
from aniworld.events.types import SeriesAdded, SeriesRef, SeriesRemoved
from aniworld.kit.clock import now
from aniworld.kit.errors import InvalidInputError
from aniworld.kit.text import fold
from aniworld.library import folders
from aniworld.library.change_service import Changes, refs
from aniworld.library.conflict_repository import ConflictRepository
from aniworld.library.details import loading_state, series_detail
from aniworld.library.episode_repository import EpisodeRepository
from aniworld.library.errors import (
    AlreadyInLibraryError,
    FilesNotDeletedError,
    NoAnimeDirectoryError,
    NotDeletedError,
    SeriesNotFoundError,
)
from aniworld.library.facets import facets_of
from aniworld.library.facts import facts_of
from aniworld.library.link_repository import has_left
from aniworld.library.list_repository import LIST_TABLES, ListRepository
from aniworld.library.metadata_repository import MetadataRepository
from aniworld.library.nfo_repository import NfoRepository
from aniworld.library.repository import SeriesRepository, to_load
from aniworld.library.schemas import (
    AddSource,
    LoadingState,
    SeriesDetail,
    SeriesFacets,
    SeriesOut,
    SeriesPage,
)
from aniworld.library.search_service import AddSeries, CoverPath, FailedProvider, SearchItem, SearchService, cover_path
from aniworld.library.source_repository import SourceRepository
from aniworld.library.text import free_key, key_base
from aniworld.library.thumb_repository import ThumbRepository
from aniworld.library.types import STEPS, SeriesQuery, SeriesSort, SortOrder, SourceRef, Step
from aniworld.library.version_repository import VersionRepository
from aniworld.metadata.service import FolderCheck

__all__ = [
    "AddSeries",
    "CoverPath",
    "FailedProvider",
    "LibraryService",
    "SearchItem",
    "SearchService",
    "cover_path",
    "has_left",
]

_ATTEMPTS = 5
_EVERYTHING = SeriesQuery()
DETAIL_TABLES = (
    "series",
    "seasons",
    "episodes",
    "episode_languages",
    "episode_files",
    "episode_versions",
    "series_sources",
    "series_conflicts",
    "downloads",
)
"""What a series with its episodes is made of; the last one is the queue's, whose states it tells."""
_LOOK_EVERY = 10.0
"""Seconds: whoever opens a series has its pictures looked at, but not more often."""


class LibraryService(Changes):
    """Everything that a client and the downloads can do with the library."""

    def __init__(self, db: Database, bus: EventBus, config: ConfigService, catalog: Catalog) -> None:
        super().__init__(db, bus, config, catalog)
        self.queue_states: Callable[[AsyncSession, str], Awaitable[Mapping[tuple[UUID, str], str]]] = _nothing_queued
        """Tells the queue's state of each (episode, language) of a series; set by whoever has a queue."""
        self.removed: Callable[[str], Awaitable[None]] = _nothing_removed
        """Called when a series has left the library: nothing more is to be fetched for it."""
        self.loading_now: Callable[[str], str | None] = _nothing_loads
        """Tells what the loader does for a series just now."""
        self._answers = Answers(db)
        self._looked: dict[str, tuple[UUID, float]] = {}
        """By key: the id of a series that was opened, and when its pictures were looked at last."""

    # --- looking ------------------------------------------------------------------------------------------------

    async def list(
        self,
        query: SeriesQuery = _EVERYTHING,
        *,
        sort: SeriesSort = "name",
        order: SortOrder = "asc",
        limit: int = 100,
        offset: int = 0,
    ) -> SeriesPage:
        """A page of the library."""
        async with self._db.read() as session:
            items, total = await ListRepository(session).page(query, sort, order, limit, offset)
        return SeriesPage(items=items, total=total, limit=limit, offset=offset)

    async def list_answer(
        self, query: SeriesQuery, sort: SeriesSort, order: SortOrder, limit: int, offset: int
    ) -> Answer:
        """As :meth:`list`, encoded."""
        return await self._answers.get(
            ("list", query, sort, order, limit, offset),
            LIST_TABLES,
            lambda: self.list(query, sort=sort, order=order, limit=limit, offset=offset),
        )

    async def facets(self, query: SeriesQuery) -> SeriesFacets:
        """What the list could be narrowed down to."""
        async with self._db.read() as session:
            repository = ListRepository(session)
            return facets_of(query, await repository.groups(query), await repository.genres(query))

    async def facets_answer(self, query: SeriesQuery) -> Answer:
        """As :meth:`facets`, encoded."""
        return await self._answers.get(("facets", query), LIST_TABLES, lambda: self.facets(query))

    async def get_answer(self, key: str) -> Answer:
        """As :meth:`get`, encoded."""
        asked = ("series", key, tuple(self._configured), self._specials, now().date())
        answer = await self._answers.get(asked, DETAIL_TABLES, lambda: self.get(key))
        id_, looked = self._looked[key]
        if monotonic() - looked >= _LOOK_EVERY:
            self._look(key, id_)
        return answer

    async def get(self, key: str) -> SeriesDetail:
        """A series with its seasons and episodes. Raises :class:`SeriesNotFoundError`."""
        async with self._db.read() as session:
            found = await SeriesRepository(session).get(key)
            if found is None:
                raise SeriesNotFoundError
            id_, series = found
            self._look(key, id_)
            repository = EpisodeRepository(session)
            seasons = await repository.seasons(id_)
            episodes = await repository.episodes(id_)
            files = await repository.files(id_)
            states = await self.queue_states(session, key)
            others = await SourceRepository(session).of(id_)
            versions = await VersionRepository(session).of(id_)
            told = facts_of(await SeriesRepository(session).material(id_))
            conflicts = await ConflictRepository(session).of(id_)
        wanted = series.languages or self._configured
        specials = self._specials if series.specials is None else series.specials
        parts = (others, seasons, episodes, files, states)
        return series_detail(
            series, *parts, wanted, now().date(), told, conflicts, specials=specials, versions=versions
        )

    def _look(self, key: str, id_: UUID) -> None:
        self._looked[key] = (id_, monotonic())
        self.look_at_pictures(id_)

    async def loading_status(self, key: str) -> LoadingState:
        """Where the loading of a series stands."""
        async with self._db.read() as session:
            found = await SeriesRepository(session).get(key)
            note = await MetadataRepository(session).note(found[0]) if found is not None else None
        if found is None:
            raise SeriesNotFoundError
        return loading_state(found[1], self.loading_now(key) or note)

    async def cover(self, provider: str, url: str) -> bytes:
        """What lies at the address of a source's cover; only at the source's own addresses."""
        self._check_provider(provider)
        return await self._catalog.cover(provider, url)

    async def check_folder(self, key: str) -> FolderCheck:
        """What players will make of the series' folder.

        Raises :class:`SeriesNotFoundError`, :class:`NoAnimeDirectoryError`, and :class:`FolderError` where it cannot be
        read.
        """
        async with self._db.read() as session:
            row = await self._existing(SeriesRepository(session), key)
        directory = self._config.current.library.anime_directory
        if directory is None:
            raise NoAnimeDirectoryError
        if row.folder is None:
            return FolderCheck(folder=None)
        return await asyncio.to_thread(folders.check, Path(directory), row.folder)

    # --- adding and changing ------------------------------------------------------------------------------------

    async def add(self, provider: str, provider_key: str, name: str, sources: Sequence[AddSource] = ()) -> SeriesOut:
        """Put a series into the library; the loader does the rest. Never asks the source.

        ``sources``: all that have it, in the order to be asked; the first one is where it is loaded from, whether it is
        named again or not. One that was deleted comes back with what it had. Raises :class:`AlreadyInLibraryError`.
        """
        name = " ".join(name.split())
        if not name:
            raise InvalidInputError.field("name", "The name is empty")
        self._check_provider(provider)
        others = [ref for ref in refs(sources) if (ref.provider, ref.provider_key) != (provider, provider_key)]
        for attempt in range(_ATTEMPTS):
            try:
                return await self._add(provider, provider_key, name, others)
            except IntegrityError:  # the key or the series was taken by another process in the meantime
                if attempt == _ATTEMPTS - 1:
                    raise
        raise AssertionError("unreachable")

    async def _add(self, provider: str, provider_key: str, name: str, others: Sequence[SourceRef]) -> SeriesOut:
        moment = now()
        async with self._db.write() as session:
            repository = SeriesRepository(session)
            existing = await repository.by_source(provider, provider_key)
            if existing is None:
                base = key_base(name, provider_key)
                key = free_key(base, await repository.keys_like(base))
                id_ = new_id()
                await repository.insert(
                    id=id_,
                    key=key,
                    name=name,
                    name_folded=fold(name)[:500],
                    provider=provider,
                    provider_key=provider_key,
                    counted_languages=",".join(self._configured),
                    counted_specials=self._specials,
                    load_priority=1,
                    created_at=moment,
                    updated_at=moment,
                )
            elif existing.deleted_at is None:
                raise AlreadyInLibraryError(existing.key)
            else:
                id_, key = existing.id, existing.key
                await repository.change(id_, deleted_at=None, created_at=moment, **to_load(STEPS))
            if others:
                await SourceRepository(session).put(id_, others)
            added = await repository.get(key)
            assert added is not None
            publish_after_commit(self._bus, session, SeriesAdded(data=SeriesRef(key=key, name=added[1].name)))
            after_commit(session, self.wake_loader)
        return added[1]

    async def reload(self, key: str, parts: Sequence[Step]) -> SeriesOut:
        """Load parts of a series again, soon; pictures are made anew, but not what a person put there."""
        async with self._db.write() as session:
            repository = SeriesRepository(session)
            row = await self._existing(repository, key)
            values = to_load(parts)
            if "logo" in parts or "images" in parts:
                values["replace_images"] = True
            await repository.change(row.id, **values)
            if "images" in parts:
                await ThumbRepository(session).again(row.id)
            if "nfo" in parts:
                await NfoRepository(session).rewrite(row.id)
                await MetadataRepository(session).due_now(row.id)
            return await self._changed(session, repository, key)

    async def delete(self, key: str, *, delete_files: bool = False) -> None:
        """Take a series out of the library; its rows stay, so that it can be restored, its files only if not told.

        Raises :class:`FilesNotDeletedError` if a file could not be deleted; then the series stays.
        """
        async with self._db.read() as session:
            row = await self._existing(SeriesRepository(session), key)
            files = await EpisodeRepository(session).files(row.id) if delete_files else []
            versions = await VersionRepository(session).of(row.id) if delete_files else []
        if delete_files and row.folder is not None:
            anime = await self.anime_directory()
            paths = [file.path for file in (*files, *versions)]
            problems = await asyncio.to_thread(folders.delete_files, anime, row.folder, paths)
            if problems:
                raise FilesNotDeletedError("; ".join(problems[:5]))
        async with self._db.write() as session:
            repository = SeriesRepository(session)
            row = await self._existing(repository, key)
            # Without its lease a load that is under way writes nothing more.
            values: dict[str, Any] = {"deleted_at": now(), "lease_token": None, "lease_until": None}
            if delete_files:
                await EpisodeRepository(session).forget_files([file.id for file in files])
                await VersionRepository(session).put(row.id, {})
                await self._recount(session, row.id, row.languages)
                values |= {"nfo_loaded": False, "logo_loaded": False, "images_loaded": False}
                values |= {"images": {}, "images_seen": {}}
            await repository.change(row.id, **values)
            publish_after_commit(self._bus, session, SeriesRemoved(data=SeriesRef(key=key, name=row.name)))
        await self.removed(key)

    async def restore(self, key: str) -> SeriesOut:
        """Bring a deleted series back with what it had, but not a folder that is another series' by now.

        Raises :class:`NotDeletedError`, :class:`SeriesNotFoundError`.
        """
        async with self._db.write() as session:
            repository = SeriesRepository(session)
            row = await repository.find(key)
            if row is None:
                raise SeriesNotFoundError
            if row.deleted_at is None:
                raise NotDeletedError
            await repository.change(row.id, deleted_at=None, **to_load(("episodes",)))
            await self._recount(session, row.id, row.languages)
            publish_after_commit(self._bus, session, SeriesAdded(data=SeriesRef(key=key, name=row.name)))
            return await self._changed(session, repository, key)


def _nothing_loads(_series_key: str) -> str | None:
    return None


async def _nothing_queued(_session: AsyncSession, _series_key: str) -> dict[tuple[UUID, str], str]:
    return {}


async def _nothing_removed(_series_key: str) -> None:
    """There is no queue."""
