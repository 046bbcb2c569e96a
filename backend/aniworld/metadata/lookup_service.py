"""The metadata services together: who is asked, what each one tells, and how each one is."""

from __future__ import annotations

import contextlib
import datetime as dt
import time
from collections.abc import Mapping
from pathlib import Path

import msgspec

from aniworld.config.schemas import MetadataSection
from aniworld.config.service import ConfigService
from aniworld.kit.clock import now
from aniworld.kit.errors import AppError
from aniworld.kit.net import IMAGE, HttpClient
from aniworld.metadata import match
from aniworld.metadata.errors import ServiceError, ServiceOffError
from aniworld.metadata.merge import ORDERS, merge, order
from aniworld.metadata.schemas import MetadataServiceOut, ServiceState
from aniworld.metadata.sources import registry
from aniworld.metadata.sources.anime_lists import AnimeLists
from aniworld.metadata.sources.api import Addresses, Api
from aniworld.metadata.sources.kept import Kept
from aniworld.metadata.types import (
    Candidate,
    Field,
    IdEntry,
    IdKind,
    MergedSeries,
    Origin,
    Service,
    ServiceProblem,
    ServiceSeason,
    ServiceSeries,
    Wanted,
)


class MetadataServices:
    """One for the program. Everything here raises only ``AppError``; what asks a service, ``ServiceError`` as a rule.

    ``addresses`` are where the services live; other ones are for tests only.
    """

    def __init__(
        self, http: HttpClient, config: ConfigService, cache: Path, addresses: Addresses | None = None
    ) -> None:
        self._http = http
        self._config = config
        where = addresses or Addresses()
        self._apis = registry.make(http, Kept(cache / "answers"), where, lambda: self._section)
        self._lists = AnimeLists(http, cache, where.anime_lists)

    @property
    def _section(self) -> MetadataSection:
        return self._config.current.metadata

    def enabled(self) -> tuple[Service, ...]:
        """Who is asked: switched on, and with a key where one is needed."""
        return tuple(name for name, api in self._apis.items() if api.ready)

    def waits(self, service: Service) -> float:
        """Seconds until a service may be asked at all: its limit is used up, or it is left alone while it is down."""
        line = self._apis[service].line
        return max(0.0, line.pace.wait(), line.condition.down_until - time.monotonic())

    async def search(
        self, wanted: Wanted, services: tuple[Service, ...] | None = None
    ) -> tuple[list[Candidate], list[ServiceProblem]]:
        """What the services have that may be meant, the likeliest first; one that fails hides no other's answer.

        At most one of each service is ``sure``. A service whose own id is known is not asked. What the first one is
        sure of lends the next its titles: TMDB knows many series by one title only. fanart.tv cannot be searched.
        """
        found: list[Candidate] = []
        problems: list[ServiceProblem] = []
        for name, api in self._apis.items():
            if not (api.ready and api.searches and (services is None or name in services)):
                continue
            if known := match.own_id(wanted, name):
                title = wanted.titles[0] if wanted.titles else ""
                found.append(Candidate(service=name, id=known, title=title, confidence=1.0, sure=True))
                continue
            try:
                candidates = await api.search(wanted)
            except AppError as error:
                problems.append(problem(name, error))
                continue
            found += candidates
            if (one := match.sure(candidates)) is not None:
                titles = tuple(dict.fromkeys((*wanted.titles, one.title, *one.titles)))
                wanted = msgspec.structs.replace(wanted, titles=titles)
        return sorted(found, key=lambda candidate: -candidate.confidence), problems

    async def fetch(
        self,
        service: Service,
        id: str,
        ids: Mapping[IdKind, str],
        *,
        fresh: bool = False,
    ) -> ServiceSeries:
        """All that one service tells about a series. ``ids``: what else is known; fanart.tv goes by ``tvdb`` (its
        ``id`` may be empty). ``fresh``: not what was kept from before.

        Raises ``ServiceOffError``, ``ServiceKeyError``, ``NotAtServiceError`` or, where it may work later,
        ``ServiceError``.
        """
        return await self._api(service).series(id, ids, fresh=fresh)

    async def order(self, service: Service, id: str, order: str) -> tuple[ServiceSeason, ...]:
        """The episodes of series ``id`` in another order that the service has. Raises as ``fetch``."""
        return await self._api(service).order(id, order)

    async def picture(self, url: str) -> bytes:
        """A picture that a service or source offered, as it came: whoever takes it checks it. Raises ``NetError``."""
        return await self._http.get_bytes(url, kind=IMAGE)

    async def id_entries(self, ids: Mapping[IdKind, str]) -> tuple[IdEntry, ...]:
        """What the public list of ids knows about a series; nothing while it is not switched on or not to be had."""
        return await self._lists.entries(ids) if self._section.anime_lists else ()

    def merged(self, told: Mapping[Origin, ServiceSeries]) -> MergedSeries:
        """One from all, by the preferences of the configuration; see :func:`aniworld.metadata.merge.merge`."""
        section = self._section
        return merge(told, section.prefer, section.picture_languages or section.languages)

    def states(self) -> list[MetadataServiceOut]:
        """How each service is."""
        return [self._state(api) for api in self._apis.values()]

    async def check(self, service: Service) -> MetadataServiceOut:
        """Ask one now, however it did before; how it is afterwards. Raises ``ServiceOffError``."""
        api = self._api(service)
        with contextlib.suppress(ServiceError):  # it is in the state
            await api.check()
        return self._state(api)

    def orders(self) -> dict[Field, list[Origin]]:
        """For each field everybody, the preferred one first."""
        prefer = self._section.prefer
        return {field: [one for one in order(field, prefer) if one in ORDERS[field]] for field in ORDERS}

    def _state(self, api: Api) -> MetadataServiceOut:
        condition, section = api.line.condition, self._section
        rest = condition.down_until - time.monotonic()
        state: ServiceState = "healthy"
        if not api.ready:
            state = "off"
        elif condition.refused_key:
            state = "key_refused"
        elif rest > 0:
            state = "down"
        elif condition.in_row:
            state = "degraded"
        return MetadataServiceOut(
            name=api.service,
            title=api.title,
            homepage=api.homepage,
            attribution=api.attribution,
            enabled=api.enabled,
            needs_key=api.needs_key,
            key_set=api.needs_key and getattr(section, f"{api.service}_key") is not None,
            state=state,
            limit=api.line.pace.limit,
            limit_seconds=api.line.pace.seconds,
            remaining=api.line.pace.remaining,
            last_error=condition.last_error,
            last_error_at=condition.last_error_at,
            last_answer_at=condition.last_answer_at,
            down_until=now() + dt.timedelta(seconds=rest) if rest > 0 else None,
        )

    def _api(self, service: Service) -> Api:
        api = self._apis[service]
        if not api.ready:
            raise ServiceOffError(f"{api.title} is switched off or has no key; see Settings → Metadata")
        return api


def problem(service: Service, error: AppError) -> ServiceProblem:
    """How a failure is told."""
    return ServiceProblem(
        service=service, detail=error.detail, permanent=error.permanent, retry_after=error.retry_after
    )
