"""Loading beside services on loopback: a stop in the middle, a step by itself, and asking again by itself later."""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
import time
from uuid import UUID

import pytest
from sqlalchemy import func, select, update

from aniworld.library import refreshing
from aniworld.library.models import Series, SeriesMetadata
from tests.library.conftest import FIRST, Described, as_source
from tests.metadata.services.made import Made

LONG_AGO = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)


def _named(number: int) -> str:
    return f"s{number}"


async def _add(told: Described, count: int) -> list[str]:
    keys = []
    for number in range(count):
        made = Made(number)
        info = as_source(made)
        told.shelf.catalog.infos[_named(number)] = type(info)(
            **{name: getattr(info, name) for name in info.__struct_fields__} | {"provider_key": _named(number)}
        )
        keys.append((await told.shelf.library.add("shelf", _named(number), made.title)).key)
    return keys


async def _open(told: Described) -> int:
    async with told.shelf.db.read() as session:
        query = select(func.count()).select_from(Series).where(Series.loading_status != "completed")
        return int(await session.scalar(query) or 0)


async def test_a_stop_while_services_are_asked_is_quick_and_loses_nothing(
    told: Described, caplog: pytest.LogCaptureFixture
) -> None:
    keys = await _add(told, 3)
    told.services.latency = 3.0

    async def asked() -> bool:
        return bool(told.services.asked) and all(told.shelf.library.loading_now(key) for key in keys)

    async with told.shelf.loading():
        await told.shelf.until(asked)
        begun = time.monotonic()
    assert time.monotonic() - begun < 2.0
    for key in keys:
        state = await told.shelf.library.loading_status(key)
        assert (state.loading_status, state.progress.episodes) == ("pending", True)
    told.services.latency = 0.0
    sources = len(told.shelf.catalog.asked)
    with caplog.at_level(logging.INFO, "aniworld.library"):
        async with told.shelf.loading():
            for key in keys:
                await told.shelf.until_status(key, "completed")
    assert "3 series are not loaded completely" in caplog.text
    assert [one for one in told.shelf.catalog.asked[sources:] if one.startswith("series")] == []
    assert await _open(told) == 0


async def test_one_step_is_loaded_again_by_itself(told: Described) -> None:
    key = await told.load(as_source())
    folder = told.shelf.anime / str((await told.shelf.library.get(key)).folder)
    stamp = (folder / "tvshow.nfo").stat().st_mtime_ns
    (folder / "poster.jpg").unlink()
    asked = len(told.shelf.catalog.asked)
    await told.shelf.library.reload(key, ["images"])
    state = await told.shelf.library.loading_status(key)
    assert (state.progress.episodes, state.progress.nfo, state.progress.logo, state.progress.images) == (
        True, True, True, False,
    )  # fmt: skip
    async with told.shelf.loading():
        await told.shelf.until_status(key, "completed")
    assert (folder / "poster.jpg").exists()
    assert told.shelf.catalog.asked[asked:] == []
    assert (folder / "tvshow.nfo").stat().st_mtime_ns == stamp


async def test_a_service_that_was_down_is_asked_again_by_itself(
    told: Described, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refreshing, "LOOK", 0.05)
    told.services.faults["tmdb"] = "server"
    key = await told.load(as_source())
    assert "tmdb" not in (await told.shelf.library.get(key)).ids
    told.services.faults.clear()
    async with told.shelf.db.write() as session:
        await session.execute(
            update(SeriesMetadata).where(SeriesMetadata.problem.is_not(None)).values(ask_after=LONG_AGO)
        )

    async def there() -> bool:
        ids = {one.get("type"): one.text for one in told.nfo().findall("uniqueid")}
        return ids.get("tmdb") == str(FIRST.tmdb)

    async with told.shelf.loading():
        await told.shelf.until(there)
    assert (await told.shelf.library.get(key)).ids["tmdb"] == str(FIRST.tmdb)


async def test_what_grows_old_is_asked_for_now_and_then(told: Described, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refreshing, "LOOK", 0.02)
    await _add(told, 2)
    async with told.shelf.loading():

        async def loaded() -> bool:
            return await _open(told) == 0

        await told.shelf.until(loaded)
    async with told.shelf.db.write() as session:
        await session.execute(
            update(SeriesMetadata).where(SeriesMetadata.fetched_at.is_not(None)).values(ask_after=LONG_AGO)
        )

    async def old() -> set[UUID]:
        async with told.shelf.db.read() as session:
            query = select(SeriesMetadata.series_id).where(SeriesMetadata.ask_after == LONG_AGO)
            return set(await session.scalars(query))

    async def fewer() -> bool:
        return len(await old()) == 1

    async with told.shelf.again().loading():
        pass  # without services nobody is asked
    assert len(await old()) == 2
    async with told.shelf.loading():
        await told.shelf.until(fewer)
        await asyncio.sleep(0.3)
        assert len(await old()) == 1, "150 a day: the other one has its turn in ten minutes"
