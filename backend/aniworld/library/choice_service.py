"""What a person decides of a series' metadata: which one it is at a service, and where its seasons lie there."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from aniworld.config.service import ConfigService
from aniworld.db.engine import Database, after_commit
from aniworld.events.bus import EventBus, publish_after_commit
from aniworld.events.types import SeriesRef, SeriesUpdated
from aniworld.kit.errors import InvalidInputError
from aniworld.kit.files import UnsafePathError
from aniworld.library.episode_repository import EpisodeRepository
from aniworld.library.errors import SeriesNotFoundError
from aniworld.library.mapping_types import SeasonMapping, Segment
from aniworld.library.metadata_repository import MetadataRepository
from aniworld.library.metadata_schemas import (
    MappingOut,
    MetadataOfSeries,
    MetadataOut,
    MetadataSearch,
    PlaceOut,
    SeasonMappingIn,
    SeasonMappingOut,
    ServiceMapping,
)
from aniworld.library.metadata_service import SERVICES, SeriesMetadataService
from aniworld.library.repository import SeriesRepository
from aniworld.library.service import LibraryService
from aniworld.metadata import service as metadata
from aniworld.metadata.lookup_service import MetadataServices
from aniworld.metadata.types import Service, Wanted

log = logging.getLogger(__name__)

_PAGES: dict[Service, str] = {
    "anilist": "https://anilist.co/anime/{}",
    "tmdb": "https://www.themoviedb.org/tv/{}",
    "fanart": "https://fanart.tv/series/{}",
}


class MetadataChoices(SeriesMetadataService):
    """What was told of a series, and the verbs to say otherwise."""

    def __init__(
        self, db: Database, bus: EventBus, config: ConfigService, services: MetadataServices, library: LibraryService
    ) -> None:
        super().__init__(db, config, services)
        self._bus = bus
        self._library = library

    async def said(self, key: str) -> MetadataOfSeries:
        """What every service said about a series."""
        row = await self._row(key)
        async with self._db.read() as session:
            told = await MetadataRepository(session).told(row.id)
        enabled = self.services.enabled()
        items = []
        for service in SERVICES:
            one = told.get(service)
            about = one.kept.series if one is not None and one.kept is not None and one.service_id else None
            items.append(
                MetadataOut(
                    service=service,
                    enabled=service in enabled,
                    id=one.service_id if one else None,
                    title=about.title if about else "",
                    year=about.year if about else None,
                    confidence=one.confidence if one else 0.0,
                    pinned=one.pinned if one else False,
                    url=_PAGES[service].format(one.service_id) if one and one.service_id else None,
                    problem=one.problem if one else None,
                    fetched_at=one.fetched_at if one else None,
                    ask_after=one.ask_after if one else None,
                    candidates=list(one.candidates) if one else [],
                )
            )
        return MetadataOfSeries(services=items)

    async def search(self, key: str, query: str) -> MetadataSearch:
        """What the services have under a title; one that fails is told, and hides no other's answers."""
        await self._row(key)
        found, problems = await self.services.search(Wanted(titles=(query,)))
        return MetadataSearch(items=found, problems=[problem.detail for problem in problems])

    async def choose(self, key: str, service: Service, id_: str | None) -> MetadataOfSeries:
        """This one it is at the service from now on (None: none); the service is asked in the background."""
        row = await self._row(key)
        async with self.lock(row.id):
            async with self._db.write() as session:
                repository = MetadataRepository(session)
                known = (await repository.told(row.id)).get(service)
                changes = (known.service_id if known else None) != id_
                await repository.put(
                    row.id, service, service_id=id_, confidence=1.0 if id_ else 0.0, pinned=True,
                    kept=None, problem=None, attempts=0, fetched_at=None, ask_after=None,
                )  # fmt: skip
                if service != "fanart":
                    await repository.forget_id(row.id, service)
                await repository.put_places(row.id, service, ())
            plan = await self.plan(row.id)
            async with self._db.write() as session:
                await self.write(session, row.id, plan, anew=True)
                if service != "fanart" and id_ is not None:
                    await MetadataRepository(session).put_id(row.id, service, id_)
                self._changed(session, row)
        if changes:
            await self._forget_pictures(row)
        await self._library.reload(key, ["nfo", "logo", "images"] if changes else ["nfo"])
        return await self.said(key)

    async def _forget_pictures(self, row: Any) -> None:
        """Those that we put there show what somebody else meant; what a person put there stays."""
        directory = self._config.current.library.anime_directory
        if directory is None or row.folder is None:
            return
        async with self._library.placing(row.key):
            try:
                await asyncio.to_thread(metadata.remove_pictures, Path(directory), row.folder)
            except (OSError, UnsafePathError) as error:
                log.info("%s: its pictures stay until they are replaced: %s", row.name, error)

    async def mapping(self, key: str) -> MappingOut:
        """Where the source's seasons lie at the services."""
        row = await self._row(key)
        async with self._db.read() as session:
            places = await MetadataRepository(session).places(row.id)
        return MappingOut(
            services=[
                ServiceMapping(service=service, seasons=[_out(one) for one in places[service]])
                for service in SERVICES
                if service in places
            ]
        )

    async def put_mapping(self, key: str, seasons: Sequence[SeasonMappingIn]) -> MappingOut:
        """Say where seasons lie; what is pinned is never changed by itself."""
        row = await self._row(key)
        async with self._db.read() as session:
            there = {season.season for season in await EpisodeRepository(session).seasons(row.id)}
        said: set[tuple[Service, int]] = set()
        for index, one in enumerate(seasons):
            if there and one.season not in there:  # none: they are not loaded yet
                raise InvalidInputError.field(f"seasons[{index}].season", "The series has no such season")
            if (one.service, one.season) in said:
                raise InvalidInputError.field(f"seasons[{index}].season", "This season stands there twice")
            said.add((one.service, one.season))
            _check(one, index)
        async with self.lock(row.id):
            async with self._db.write() as session:
                repository = MetadataRepository(session)
                places = await repository.places(row.id)
                for service in {one.service for one in seasons}:
                    found = {one.season: one for one in places.get(service, ())}
                    for one in seasons:
                        if one.service == service:
                            found[one.season] = _in(one)
                    await repository.put_places(row.id, service, list(found.values()))
            plan = await self.plan(row.id)
            async with self._db.write() as session:
                await self.write(session, row.id, plan, anew=True)
                self._changed(session, row)
        await self._library.reload(key, ["images"])  # posters of seasons are others' now
        return await self.mapping(key)

    async def _row(self, key: str) -> Any:
        async with self._db.read() as session:
            row = await SeriesRepository(session).find(key)
        if row is None or row.deleted_at is not None:
            raise SeriesNotFoundError
        return row

    def _changed(self, session: Any, row: Any) -> None:
        publish_after_commit(self._bus, session, SeriesUpdated(data=SeriesRef(key=row.key, name=row.name)))
        after_commit(session, self._library.wake_loader)


def _check(one: SeasonMappingIn, index: int) -> None:
    """Segments of a season stand one after the other."""
    ends = 0
    for number, segment in enumerate(sorted(one.segments, key=lambda place: place.first)):
        if segment.first < ends or (segment.last is not None and segment.last < segment.first):
            raise InvalidInputError.field(
                f"seasons[{index}].segments[{number}].first", "Two segments hold the same episode, or one ends too soon"
            )
        ends = segment.last + 1 if segment.last is not None else 1_000_000


def _in(one: SeasonMappingIn) -> SeasonMapping:
    segments = tuple(
        Segment(
            season=one.season, first=place.first, last=place.last, id=place.id, service_season=place.season,
            offset=place.offset, order=place.order, pinned=one.pinned,
        )
        for place in sorted(one.segments, key=lambda place: place.first)
    )  # fmt: skip
    return SeasonMapping(season=one.season, segments=segments, confidence=1.0, pinned=one.pinned)


def _out(one: SeasonMapping) -> SeasonMappingOut:
    return SeasonMappingOut(
        season=one.season,
        segments=[
            PlaceOut(
                first=segment.first, last=segment.last, id=segment.id, season=segment.service_season,
                offset=segment.offset, order=segment.order,
            )
            for segment in one.segments
        ],
        confidence=one.confidence,
        pinned=one.pinned,
    )  # fmt: skip
