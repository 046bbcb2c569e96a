"""How sources and hosters do: kept over restarts, shown, switched, ordered, checked."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from aniworld.catalog.errors import SourceUnreachableError, UnknownProviderError
from aniworld.catalog.monitor import Monitor
from aniworld.catalog.service import Catalog
from aniworld.catalog.types import SeriesHit, Subject
from aniworld.config.service import ConfigService
from aniworld.db.engine import Database
from aniworld.events.bus import EventBus
from aniworld.events.types import AppEvent, ProviderChanged
from aniworld.sources.errors import NothingToCheckError
from aniworld.sources.schemas import UpdateProvider
from aniworld.sources.service import SourceService
from tests.catalog.shelves import Shelves, shelves

SHELF, FAST, HOST = Subject("catalogue", "shelf"), Subject("hoster", "fast"), Subject("host", "fast.example:443")


class Recorder(EventBus):
    def __init__(self) -> None:
        super().__init__()
        self.events: list[AppEvent] = []

    def publish(self, event: AppEvent) -> None:
        self.events.append(event)


class Setting:
    def __init__(self, db: Database, catalog: Catalog, made: Shelves, config: ConfigService) -> None:
        self.db, self.catalog, self.shelves, self.config = db, catalog, made, config
        self.bus = Recorder()
        self.service = SourceService(db, self.bus, config, catalog)

    @property
    def monitor(self) -> Monitor:
        return self.catalog.monitor

    def fail(self, *subjects: Subject, times: int = 3) -> None:
        for _ in range(times):
            self.monitor.failed(*subjects, error=SourceUnreachableError("It is away"), seconds=2.0)

    async def restarted(self) -> SourceService:
        """The program after a restart, on the same database."""
        self.catalog.monitor = Monitor()
        service = SourceService(self.db, self.bus, self.config, self.catalog)
        await service.load()
        return service


@pytest.fixture
async def setting(db: Database, tmp_path: Path) -> AsyncIterator[Setting]:
    async with shelves(tmp_path / "data", "attic", "shelf", allowed=frozenset) as (catalog, made, config):
        yield Setting(db, catalog, made, config)


async def test_what_is_known_outlives_a_restart(setting: Setting) -> None:
    setting.fail(SHELF, FAST, HOST)
    setting.monitor.succeeded(FAST, seconds=0.5)
    before = setting.service.get("shelf")
    history = await setting.service.history("shelf", None, 10, 0)  # writes what is not written yet
    service = await setting.restarted()
    assert service.get("shelf") == before
    assert (before.state, before.success_rate, before.requests, before.last_error) == ("down", 0.0, 3, "It is away")
    assert setting.monitor.health(HOST).in_row == -3
    assert await service.history("shelf", None, 10, 0) == history
    assert [(change.before, change.state, change.reason) for change in history.items] == [
        ("degraded", "down", "It is away"),
        ("healthy", "degraded", "It is away"),
    ]
    page = await service.history("fast", "hoster", 1, 1)
    assert (page.total, len(page.items), page.items[0].state) == (3, 1, "down")


async def test_what_changed_is_told_but_not_of_hosts(setting: Setting) -> None:
    setting.fail(SHELF, HOST)
    told = [event.data for event in setting.bus.events if isinstance(event, ProviderChanged)]
    assert [(data.kind, data.name, data.state) for data in told] == [
        ("catalogue", "shelf", "degraded"),
        ("catalogue", "shelf", "down"),
    ]


async def test_a_write_that_fails_loses_nothing(setting: Setting, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> contextlib.AbstractAsyncContextManager[None]:
        raise OSError("the disk had a moment")

    setting.fail(SHELF)
    monkeypatch.setattr(setting.db, "write", broken)
    with pytest.raises(OSError, match="moment"):
        await setting.service.history("shelf", None, 10, 0)
    monkeypatch.undo()
    assert (await setting.service.history("shelf", None, 10, 0)).total == 2


async def test_switching_and_ordering(setting: Setting) -> None:
    setting.monitor.succeeded(FAST, Subject("hoster", "slow"), seconds=0.1)
    names = [provider.name for provider in setting.service.all().items]
    assert names == ["attic", "shelf", "fast", "slow"]
    await setting.service.patch("shelf", None, UpdateProvider(position=0))
    await setting.service.patch("slow", None, UpdateProvider(position=0, enabled=False))
    assert [(item.name, item.position, item.enabled) for item in setting.service.all().items] == [
        ("shelf", 0, True),
        ("attic", None, True),
        ("slow", 0, False),
        ("fast", None, True),
    ]
    assert setting.config.current.downloads.disabled_hosters == ["slow"]
    changed = await setting.service.patch("shelf", None, UpdateProvider(enabled=False, position=None))
    assert (changed.enabled, changed.position) == (False, None)
    assert [source.name for source in setting.catalog.providers()] == ["attic"]
    await setting.service.patch("shelf", None, UpdateProvider(enabled=True))
    assert setting.config.current.providers.disabled == []


async def test_check_now_asks_whatever_the_cool_down_says(setting: Setting) -> None:
    setting.fail(SHELF)
    setting.shelves.hits["shelf"] = [SeriesHit(provider_key="1", name="One")]
    (answer,) = [one for one in await setting.catalog.search("one") if one.source == "shelf"]
    assert answer.problem == "It is not asked for now: It is away"
    assert (await setting.service.check("shelf")).state == "degraded"
    (answer,) = [one for one in await setting.catalog.search("one") if one.source == "shelf"]
    assert [hit.name for hit in answer.hits] == ["One"]


async def test_a_hoster_that_nobody_used_cannot_be_checked(setting: Setting) -> None:
    await setting.config.patch("downloads", {"hosters": ["Fast"]})
    with pytest.raises(NothingToCheckError):
        await setting.service.check("fast")


async def test_unknown_names(setting: Setting) -> None:
    setting.monitor.succeeded(Subject("hoster", "shelf"), seconds=0.1)
    assert setting.service.get("shelf").kind == "catalogue"
    assert setting.service.get("shelf", "hoster").kind == "hoster"
    for name, kind in (("nobody", None), ("attic", "hoster"), ("fast", "catalogue")):
        with pytest.raises(UnknownProviderError):
            setting.service.get(name, kind)  # type: ignore[arg-type]
