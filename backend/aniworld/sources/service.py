"""How sources and hosters do: kept over restarts, shown, switched, ordered, checked now."""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
import time
from typing import Any

import msgspec

from aniworld.catalog.errors import UnknownProviderError
from aniworld.catalog.service import Catalog
from aniworld.catalog.types import Change, Subject
from aniworld.config.service import ConfigService
from aniworld.db.engine import Database
from aniworld.events.bus import EventBus
from aniworld.events.types import ProviderChanged, ProviderState
from aniworld.kit.clock import now
from aniworld.kit.errors import AppError
from aniworld.sources.errors import NothingToCheckError
from aniworld.sources.repository import SourceHealthRepository
from aniworld.sources.schemas import (
    ProviderKind,
    ProviderList,
    ProviderOut,
    StateChange,
    StateChangePage,
    UpdateProvider,
)

log = logging.getLogger(__name__)

WRITE_EVERY = 5.0
"""Seconds: what is younger than that may be lost with a power cut, and costs one more request to learn again."""
LOOK_EVERY = 20.0
"""Seconds between two looks for a source whose cool-down is over."""
KEEP = dt.timedelta(days=90)
_FORGET_EVERY = 24 * 3600.0


class SourceService:
    """``run`` is a supervised worker: it writes what changed, and probes sources whose cool-down is over."""

    def __init__(self, db: Database, bus: EventBus, config: ConfigService, catalog: Catalog) -> None:
        self._db = db
        self._bus = bus
        self._config = config
        self._catalog = catalog
        self._monitor = catalog.monitor
        self._monitor.on_change = self._tell

    async def load(self) -> None:
        """Go on with what was known before the restart."""
        async with self._db.read() as session:
            self._monitor.restore(await SourceHealthRepository(session).load(now() - KEEP))

    async def run(self) -> None:
        """Work until cancelled; the last that is known is written then, too."""
        next_look = time.monotonic()
        next_forget = time.monotonic()
        try:
            while True:
                await self._write()
                if time.monotonic() >= next_look:
                    await self._probe()
                    next_look = time.monotonic() + LOOK_EVERY
                if time.monotonic() >= next_forget:
                    async with self._db.write() as session:
                        await SourceHealthRepository(session).forget(now() - KEEP)
                    next_forget = time.monotonic() + _FORGET_EVERY
                await asyncio.sleep(WRITE_EVERY)
        finally:
            try:
                await self._write()
            except AppError:
                log.warning("How the sources do could not be written; it is learned again")

    # --- looking ------------------------------------------------------------------------------------------------

    def all(self) -> ProviderList:
        """All of them, and the profiles that cannot be used."""
        catalogues = [self._out("catalogue", source.name) for source in self._catalog.everyone()]
        hosters = [self._out("hoster", name) for name in self._hosters()]
        hosters.sort(key=lambda hoster: (hoster.position is None, hoster.position or 0, hoster.name))
        return ProviderList(
            items=[*catalogues, *hosters], problems=[problem.detail for problem in self._catalog.problems]
        )

    def get(self, name: str, kind: ProviderKind | None = None) -> ProviderOut:
        """One of them; a catalogue where both have the name. Raises ``UnknownProviderError``."""
        return self._out(*self._find(name, kind))

    async def history(self, name: str, kind: ProviderKind | None, limit: int, offset: int) -> StateChangePage:
        """When its state changed, newest first."""
        found, known = self._find(name, kind)
        await self._write()
        async with self._db.read() as session:
            rows, total = await SourceHealthRepository(session).changes(found, known, limit, offset)
        items = [StateChange(at=row.at, before=row.before, state=row.state, reason=row.reason) for row in rows]
        return StateChangePage(items=items, total=total, limit=limit, offset=offset)

    # --- changing -----------------------------------------------------------------------------------------------

    async def patch(self, name: str, kind: ProviderKind | None, changes: UpdateProvider) -> ProviderOut:
        """Switch it on or off, and give it a place among the preferred ones."""
        found, known = self._find(name, kind)
        current = self._config.current
        if found == "catalogue":
            off, preferred = current.providers.disabled, current.providers.order
        else:
            off, preferred = current.downloads.disabled_hosters, current.downloads.hosters
        values: dict[str, Any] = {}
        if changes.enabled is not msgspec.UNSET:
            others = [other for other in off if other.casefold() != known.casefold()]
            values["disabled" if found == "catalogue" else "disabled_hosters"] = (
                others if changes.enabled else [*others, known]
            )
        if changes.position is not msgspec.UNSET:
            order = [other for other in preferred if other.casefold() != known.casefold()]
            if changes.position is not None:
                order.insert(changes.position, known)
            values["order" if found == "catalogue" else "hosters"] = order
        if values:
            await self._config.patch("providers" if found == "catalogue" else "downloads", values)
        return self._out(found, known)

    async def check(self, name: str, kind: ProviderKind | None = None) -> ProviderOut:
        """Ask it now, whatever its cool-down says; how it is afterwards."""
        found, known = self._find(name, kind)
        if not await self._catalog.check(Subject(found, known)):
            raise NothingToCheckError
        await self._write()
        return self._out(found, known)

    # --- inside -------------------------------------------------------------------------------------------------

    def _hosters(self) -> list[str]:
        """Everyone who was met or is named in the configuration, folded."""
        downloads = self._config.current.downloads
        named = [name.casefold() for name in (*downloads.hosters, *downloads.disabled_hosters)]
        return list(dict.fromkeys([*named, *self._monitor.known("hoster")]))

    def _find(self, name: str, kind: ProviderKind | None) -> tuple[ProviderKind, str]:
        if kind != "hoster" and any(source.name == name for source in self._catalog.everyone()):
            return "catalogue", name
        if kind != "catalogue" and name.casefold() in self._hosters():
            return "hoster", name.casefold()
        raise UnknownProviderError(f"There is no source or hoster named {name[:100]!r}")

    def _out(self, kind: ProviderKind, name: str) -> ProviderOut:
        report = self._monitor.report(Subject(kind, name))
        if kind == "catalogue":
            title = next((source.title for source in self._catalog.everyone() if source.name == name), name)
            off, preferred = self._config.current.providers.disabled, self._config.current.providers.order
        else:
            title = name
            off, preferred = self._config.current.downloads.disabled_hosters, self._config.current.downloads.hosters
        places = [other.casefold() for other in preferred]
        return ProviderOut(
            name=name,
            title=title,
            kind=kind,
            enabled=name.casefold() not in {other.casefold() for other in off},
            position=places.index(name.casefold()) if name.casefold() in places else None,
            **msgspec.structs.asdict(report),
        )

    async def _write(self) -> None:
        touched, changes = self._monitor.take()
        if not touched and not changes:
            return
        try:
            async with self._db.write() as session:
                repository = SourceHealthRepository(session)
                await repository.put(touched, now())
                await repository.add_changes(changes)
        except BaseException:
            self._monitor.give_back(touched, changes)
            raise

    async def _probe(self) -> None:
        """Ask the catalogues whose cool-down is over; hosters are tried with the next download."""
        for source in self._catalog.providers():
            subject = Subject("catalogue", source.name)
            if self._monitor.phase(subject) == "half_open":
                await self._catalog.check(subject)

    def _tell(self, change: Change) -> None:
        if change.subject.kind != "host":
            self._bus.publish(
                ProviderChanged(
                    data=ProviderState(
                        name=change.subject.name,
                        kind=change.subject.kind,
                        state=change.after,
                        reason=change.reason,
                    )
                )
            )
