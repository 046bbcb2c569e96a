"""One series at all services: which of theirs it is, and all that they tell of it. Writes nothing."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast, get_args

from aniworld.config.service import ConfigService
from aniworld.kit.errors import AppError
from aniworld.kit.files import UnsafePathError, safe_join
from aniworld.library.mapping import THRESHOLD, sureness
from aniworld.library.merging import Kept, OtherOrder, place, regular_count
from aniworld.library.metadata_repository import Told
from aniworld.metadata.errors import ServiceError
from aniworld.metadata.lookup_service import MetadataServices
from aniworld.metadata.service import read_series_nfo
from aniworld.metadata.types import SERIES_NFO, Candidate, IdKind, Origin, Service, ServiceSeries, Wanted

log = logging.getLogger(__name__)

TITLES: dict[Service, str] = {"anilist": "AniList", "tmdb": "TMDB", "fanart": "fanart.tv"}
_LONGEST_CHAIN = 8
"""Entries of AniList that are followed from one to the next."""
_MOST_ORDERS = 2
_CANDIDATES = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What one service answered."""

    service_id: str | None = None
    confidence: float = 0.0
    kept: Kept | None = None
    candidates: tuple[Candidate, ...] | None = None
    """None: it was not searched."""
    problem: str | None = None
    permanent: bool = False
    retry_after: float = 0.0


class Asking:
    """Holds no state of a series."""

    def __init__(self, config: ConfigService, services: MetadataServices) -> None:
        self._config = config
        self._services = services

    async def ids_in_folder(self, folder: str | None) -> dict[IdKind, str]:
        """The ids that stand in the ``tvshow.nfo`` of a folder."""
        directory = self._config.current.library.anime_directory
        if directory is None or folder is None:
            return {}
        try:
            path = safe_join(Path(directory), folder, SERIES_NFO)
        except UnsafePathError:
            return {}
        marks = await asyncio.to_thread(read_series_nfo, path)
        known = get_args(IdKind)
        names = {"themoviedb": "tmdb", "thetvdb": "tvdb", "myanimelist": "mal"}
        told = [(names.get(kind, kind), value) for kind, value in (marks.ids if marks else ())]
        return {cast("IdKind", kind): value[:64] for kind, value in told if kind in known}

    async def ask(
        self,
        source: ServiceSeries,
        year: int | None,
        ids: Mapping[IdKind, str],
        told: Mapping[Origin, Told],
        due: Sequence[Service],
        tell: Callable[[str], None],
        patience: float,
        fresh: Collection[Service] = (),
    ) -> dict[Service, Asked]:
        """What each one that is ``due`` answers; all together take ``patience`` seconds at most.

        A service that may not be asked within them is left out at once. ``fresh``: not from what was kept.
        """
        end = asyncio.get_running_loop().time() + patience
        busy = {service: wait for service in due if (wait := self._services.waits(service)) > patience}
        due = [service for service in due if service not in busy]
        chosen: dict[Service, tuple[str, float]] = {}
        for service in due:
            known = told.get(service)
            if known is not None and known.service_id:
                chosen[service] = (known.service_id, known.confidence)
            elif id_ := ids.get(cast("IdKind", service)):
                chosen[service] = (id_, 1.0)
        found: dict[Service, Asked] = {service: _late(service, retry_after=wait) for service, wait in busy.items()}
        unknown = tuple(service for service in due if service not in chosen and service != "fanart")
        if unknown:
            tell(f"Looking at {_listed(unknown)}")
            wanted = Wanted(
                titles=tuple(dict.fromkeys(filter(None, (source.title, *source.titles)))) or (source.id,),
                year=year,
                episode_count=regular_count(source) or None,
                ids=dict(ids),
            )
            found |= await self._search(wanted, unknown, end)
            for service, one in found.items():
                sure = next((candidate for candidate in one.candidates or () if candidate.sure), None)
                if sure is not None:
                    chosen[service] = (sure.id, sure.confidence)
        all_ids = dict(ids)
        for service in ("anilist", "tmdb", "fanart"):
            if service not in due:
                continue
            if service == "fanart":
                tvdb = all_ids.get("tvdb")
                if tvdb is None:
                    found[service] = Asked()
                    continue
                chosen.setdefault(service, (tvdb, 1.0))
            if service not in chosen:
                continue
            tell(f"Asking {TITLES[service]}")
            candidates = found[service].candidates if service in found else None
            found[service] = await self._fetch(
                service, *chosen[service], all_ids, source, candidates, end, fresh=service in fresh
            )
            kept = found[service].kept
            if kept is not None:
                all_ids = {**kept.series.ids, **all_ids}
        return found

    async def _search(self, wanted: Wanted, services: tuple[Service, ...], end: float) -> dict[Service, Asked]:
        try:
            async with asyncio.timeout_at(end):
                candidates, problems = await self._services.search(wanted, services)
        except TimeoutError:
            return {service: _late(service) for service in services}
        except AppError as error:
            return {service: _failed(error) for service in services}
        found = {
            service: Asked(candidates=tuple(one for one in candidates if one.service == service)[:_CANDIDATES])
            for service in services
        }
        for problem in problems:
            found[problem.service] = Asked(
                problem=problem.detail, permanent=problem.permanent, retry_after=problem.retry_after or 0.0
            )
        return found

    async def _fetch(
        self,
        service: Service,
        id_: str,
        confidence: float,
        ids: Mapping[IdKind, str],
        source: ServiceSeries,
        candidates: tuple[Candidate, ...] | None,
        end: float,
        *,
        fresh: bool,
    ) -> Asked:
        wait = self._services.waits(service)
        if wait > end - asyncio.get_running_loop().time():
            return _late(service, candidates, retry_after=wait)
        try:
            async with asyncio.timeout_at(end):
                series = await self._services.fetch(service, id_, ids, fresh=fresh)
                kept = Kept(series=series)
                if service == "anilist":
                    kept = Kept(series=series, entries=await self._chain(series, source, fresh=fresh))
                elif service == "tmdb":
                    listed = await self._services.id_entries({**series.ids, **ids, "tmdb": id_})
                    kept = Kept(series=series, listed=listed)
                    kept = Kept(series=series, listed=listed, orders=await self._orders(kept, source))
        except TimeoutError:
            return _late(service, candidates)
        except AppError as error:
            return _failed(error, candidates)
        return Asked(service_id=id_, confidence=confidence, kept=kept, candidates=candidates)

    async def _chain(self, series: ServiceSeries, source: ServiceSeries, *, fresh: bool) -> tuple[ServiceSeries, ...]:
        """What came before and after an entry, in order, as far as the source has more; empty: only this one."""
        needed = regular_count(source)
        seasons = sum(1 for season in source.seasons if season.season > 0)
        if seasons <= 1 and (series.episode_count is None or needed <= series.episode_count):
            return ()
        chain, seen = [series], {series.id}
        for relation, front in (("prequel", True), ("sequel", False)):
            current = series
            while len(seen) < _LONGEST_CHAIN:
                if not front and sum(entry.episode_count or 0 for entry in chain) >= needed:
                    break
                following = next(
                    (one for one in current.related if one.relation == relation and one.id not in seen), None
                )
                if following is None:
                    break
                seen.add(following.id)
                try:
                    current = await self._services.fetch("anilist", following.id, {}, fresh=fresh)
                except ServiceError as error:
                    if not error.permanent:
                        raise
                    break
                if current.format in ("tv", "ona", "unknown"):  # a film between two seasons is none of them
                    chain.insert(0, current) if front else chain.append(current)
        return tuple(chain) if len(chain) > 1 else ()

    async def _orders(self, kept: Kept, source: ServiceSeries) -> tuple[OtherOrder, ...]:
        """Other orders of the service, where its own does not fit."""
        if not kept.series.orders or sureness(place(source, kept, (), ())) >= THRESHOLD:
            return ()
        needed = regular_count(source)
        likely = sorted(kept.series.orders, key=lambda order: abs(order.episode_count - needed))[:_MOST_ORDERS]
        found: list[OtherOrder] = []
        for order in likely:
            try:
                seasons = await self._services.order(kept.series.service, kept.series.id, order.id)  # type: ignore[arg-type]
            except ServiceError as error:
                if not error.permanent:
                    raise
                continue
            found.append(OtherOrder(id=order.id, name=order.name, seasons=seasons))
        return tuple(found)


def _late(service: Service, candidates: tuple[Candidate, ...] | None = None, retry_after: float = 0.0) -> Asked:
    problem = f"{TITLES[service]} takes long; it is asked again later"
    return Asked(problem=problem, candidates=candidates, retry_after=retry_after)


def _failed(error: AppError, candidates: tuple[Candidate, ...] | None = None) -> Asked:
    return Asked(
        problem=error.detail,
        permanent=error.permanent,
        retry_after=error.retry_after or 0.0,
        candidates=candidates,
    )


def _listed(services: Sequence[Service]) -> str:
    return ", ".join(TITLES[service] for service in services)
