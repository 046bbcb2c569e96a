"""Asks the metadata services about a series, keeps what they tell, and makes one of it.

What was told is kept as it came: a service that does not answer takes nothing away. Columns of series and episodes are
made of it anew whenever anything of it changes.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID
from weakref import WeakValueDictionary

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from aniworld.config.service import ConfigService
from aniworld.db.engine import Database
from aniworld.kit.clock import now
from aniworld.kit.text import fold
from aniworld.library.asking import Asked, Asking
from aniworld.library.episode_repository import EpisodeRepository
from aniworld.library.facts import facts_of
from aniworld.library.mapping_types import SeasonMapping
from aniworld.library.merging import (
    Kept,
    folded_titles,
    hints_from,
    ids_of,
    place,
    renumbered,
    told_by_rows,
    without_episodes,
)
from aniworld.library.metadata_repository import MetadataRepository, Told
from aniworld.library.nfo_repository import NfoRepository
from aniworld.library.repository import SeriesRepository, wanted_of
from aniworld.metadata.lookup_service import MetadataServices
from aniworld.metadata.types import (
    IdKind,
    MergedSeries,
    Origin,
    Service,
    ServiceSeries,
)

log = logging.getLogger(__name__)

PATIENCE = 10.0
"""Seconds that a series holds its place for all services together; who takes longer is asked later."""
SERVICES: tuple[Service, ...] = ("anilist", "tmdb", "fanart")
_NEVER = dt.timedelta(days=7)
"""When a service that does not have a series is asked again."""
_FINISHED, _UNTOLD, _AIRING = dt.timedelta(days=30), dt.timedelta(days=7), dt.timedelta(days=2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is to be written of one series."""

    merged: MergedSeries
    places: Mapping[Service, Sequence[SeasonMapping]]
    titles: set[str]
    ids: Mapping[IdKind, str]
    kept: Mapping[Origin, Kept] = field(default_factory=dict)


class SeriesMetadataService:
    """One for the program."""

    def __init__(self, db: Database, config: ConfigService, services: MetadataServices) -> None:
        self._db = db
        self._config = config
        self._asking = Asking(config, services)
        self.services = services
        self._locks: WeakValueDictionary[UUID, asyncio.Lock] = WeakValueDictionary()

    def lock(self, series_id: UUID) -> asyncio.Lock:
        """Whoever reads, thinks and writes about what was told of a series holds it; never while asking."""
        return self._locks.setdefault(series_id, asyncio.Lock())

    async def ask(self, series_id: UUID, tell: Callable[[str], None], *, patience: float = PATIENCE) -> list[str]:
        """Ask every service that is due, and write what they told; why some told nothing, as sentences."""
        async with self._db.read() as session:
            repository = MetadataRepository(session)
            told = await repository.told(series_id)
            ids = await repository.ids(series_id)
            row = await SeriesRepository(session).material(series_id)
        if row is None:
            return []
        moment = now()
        due = [
            service
            for service in self.services.enabled()
            if (known := told.get(service)) is None or known.ask_after is None or known.ask_after <= moment
            if known is None or not known.pinned or known.service_id is not None
        ]
        if not due:
            return []
        source = told.get("source")
        base = source.kept.series if source and source.kept else await self._from_rows(series_id, row)
        from_nfo = await self._asking.ids_in_folder(row.folder) if not told.keys() & set(SERVICES) else {}
        # A person wants to know what it says now (``due_now``), not what it said.
        fresh = [one for one in due if (known := told.get(one)) and known.fetched_at and known.ask_after is None]
        asked = await self._asking.ask(base, row.year, {**ids, **from_nfo}, told, due, tell, patience, fresh)
        async with self.lock(series_id):
            changes: dict[Origin, Kept] = {}
            for service, one in asked.items():
                if one.kept is not None:
                    changes[service] = one.kept
            if source is None or source.kept is None:
                changes["source"] = Kept(series=base)
            async with self._db.write() as session:
                repository = MetadataRepository(session)
                if from_nfo:
                    await repository.put_ids(series_id, from_nfo, from_nfo=True)
                told_now = await repository.told(series_id)
                for service, one in asked.items():
                    known = told_now.get(service)
                    if known is not None and known.pinned and known.service_id != one.service_id:
                        changes.pop(service, None)  # chosen by a person while we asked
                        continue
                    await repository.put(series_id, service, **_row(one, known))
            plan = await self.plan(series_id, changes)
            async with self._db.write() as session:
                await self.write(session, series_id, plan)
        return [one.problem for one in asked.values() if one.problem]

    async def plan(self, series_id: UUID, changes: Mapping[Origin, Kept] | None = None) -> Plan | None:
        """What series and episodes are, from all that was told; ``changes``: what somebody tells now."""
        async with self._db.read() as session:
            repository = MetadataRepository(session)
            told = await repository.told(series_id)
            places = await repository.places(series_id)
            known = await repository.ids(series_id)
        kept: dict[Origin, Kept] = {
            origin: one.kept for origin, one in told.items() if one.kept is not None and _in_use(one)
        }
        kept.update(changes or {})
        if "source" not in kept:
            return None
        return await asyncio.to_thread(self._think, kept, places, known, changes or {})

    def _think(
        self,
        kept: Mapping[Origin, Kept],
        places: Mapping[Service, Sequence[SeasonMapping]],
        known: Mapping[IdKind, str],
        changes: Mapping[Origin, Kept],
    ) -> Plan:
        source = kept["source"].series
        found: dict[Service, list[SeasonMapping]] = {}
        told: dict[Origin, ServiceSeries] = {"source": source}
        services: dict[Service, Kept] = {service: kept[service] for service in SERVICES if service in kept}
        for service, one in services.items():
            if service == "fanart":
                told[service] = one.series
                continue
            pinned = [mapping for mapping in places.get(service, ()) if mapping.pinned]
            anilist = [segment for mapping in found.get("anilist", ()) for segment in mapping.segments]
            hints = hints_from(one.listed, anilist, one.series.id) if service == "tmdb" else []
            found[service] = place(source, one, pinned, hints)
            segments = [segment for mapping in found[service] for segment in mapping.segments]
            told[service] = renumbered(one, segments, source)
        ids = {**known, **ids_of(services)}
        merged = msgspec.structs.replace(self.services.merged(told), ids=ids)
        return Plan(merged=merged, places=found, titles=folded_titles(told), ids=ids, kept=changes)

    async def write(self, session: AsyncSession, series_id: UUID, plan: Plan | None, *, anew: bool = False) -> bool:
        """Write a plan; whether series or episodes changed by it.

        ``anew``: a person chose otherwise, so what nobody tells now is gone; else it stays as it was.
        """
        if plan is None:
            return False
        repository, series = MetadataRepository(session), SeriesRepository(session)
        for origin, kept in plan.kept.items():
            await repository.put(series_id, origin, kept=kept)
        for service in SERVICES:
            await repository.put_places(series_id, service, plan.places.get(service, ()))
        await repository.put_titles(series_id, plan.titles)
        await repository.put_ids(series_id, plan.ids)
        changed = await repository.apply(series_id, plan.merged, anew=anew)
        row = await series.material(series_id)
        if row is None:
            return False
        values = _columns(plan.merged, anew=anew)
        if row.named:
            values = {name: value for name, value in values.items() if name not in ("name", "name_folded")}
        changed |= any(getattr(row, name) != value for name, value in values.items())
        if changed:
            before = facts_of(row)
            if before is None or before.seasons != without_episodes(plan.merged).seasons:
                await NfoRepository(session).rewrite(series_id)  # theirs are written with the episodes'
            await series.change(series_id, **values)
            await series.set_genres(series_id, values.get("genres", row.genres))
            library = self._config.current.library
            wanted = wanted_of(row.languages, library.languages)
            await EpisodeRepository(session).recount([series_id], wanted, specials=library.specials)
        return changed

    async def _from_rows(self, series_id: UUID, row: Any) -> ServiceSeries:
        """What the source told, of a series that was loaded before its words were kept."""
        async with self._db.read() as session:
            repository = EpisodeRepository(session)
            seasons = await repository.seasons(series_id)
            episodes = await repository.episodes(series_id)
        return told_by_rows(row, seasons, episodes)


def _in_use(told: Told) -> bool:
    return told.origin == "source" or told.service_id is not None


def _columns(merged: MergedSeries, *, anew: bool) -> dict[str, Any]:
    """Columns of a series; what nobody tells stays as it was, unless it is all made ``anew``."""
    values: dict[str, Any] = {"facts": msgspec.to_builtins(without_episodes(merged))}
    if merged.title.strip():
        values |= {"name": merged.title.strip()[:500], "name_folded": fold(merged.title)[:500]}
    if merged.year is not None or anew:
        values["year"] = merged.year
    if merged.ongoing is not None:
        values["status"] = "ongoing" if merged.ongoing else "completed"
    if merged.plot or anew:
        values["description"] = merged.plot
    if merged.genres or anew:
        values["genres"] = list(merged.genres)
    return values


def _row(asked: Asked, known: Told | None) -> dict[str, Any]:
    """Columns of what one service answered."""
    moment = now()
    values: dict[str, Any] = {"candidates": asked.candidates} if asked.candidates is not None else {}
    if asked.kept is not None:
        ongoing = asked.kept.series.ongoing
        rest = {True: _AIRING, False: _FINISHED, None: _UNTOLD}[ongoing]
        return values | {
            "service_id": asked.service_id,
            "confidence": asked.confidence,
            "kept": asked.kept,
            "problem": None,
            "attempts": 0,
            "fetched_at": moment,
            "ask_after": moment + rest,
        }
    if asked.problem is None:
        return values | {"problem": None, "attempts": 0, "ask_after": moment + _NEVER}
    attempts = known.attempts if known is not None else 0
    rest = dt.timedelta(seconds=max(asked.retry_after, min(60.0 * 2 ** min(attempts, 10), 21_600.0)))
    if asked.permanent:
        rest = max(rest, dt.timedelta(days=1))
    return values | {"problem": asked.problem[:500], "attempts": attempts + 1, "ask_after": moment + rest}
