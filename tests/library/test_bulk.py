"""Changes of many series: each by itself, told as one operation, taken back by the inverse."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import pytest

from aniworld.kit.errors import InvalidInputError
from aniworld.library.bulk_schemas import BulkChange
from aniworld.library.bulk_service import BulkService
from aniworld.library.errors import SeriesNotFoundError
from tests.library.conftest import Shelf


class Desk:
    """A library of some series, and who changes many of them."""

    def __init__(self, shelf: Shelf, keys: list[str]) -> None:
        self.shelf = shelf
        self.keys = keys
        self.queued: list[str] = []
        self.service = BulkService(shelf.operations, shelf.library, self._download)

    async def _download(self, key: str) -> int:
        await self.shelf.library.get(key)
        self.queued.append(key)
        return 3

    async def do(self, change: BulkChange) -> dict[str, Any]:
        """Make it, and wait for its end: what the operation says then."""
        id_ = self.service.start(change)

        async def ended() -> bool:
            operations = {one.id: one for one in self.shelf.operations.page(limit=50, offset=0).items}
            return id_ in operations and operations[id_].finished_at is not None

        await self.shelf.until(ended)
        operation = self.shelf.operations.get(id_)
        assert operation.result is not None
        return {"status": operation.status, "current": operation.current, **operation.result}


@contextlib.asynccontextmanager
async def desk_of(shelf: Shelf) -> AsyncIterator[Desk]:
    keys = [(await shelf.library.add("shelf", f"series-{n}", f"Series {n}")).key for n in range(4)]
    desk = Desk(shelf, keys)
    task = asyncio.create_task(desk.service.run())
    try:
        yield desk
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def monitored(shelf: Shelf) -> list[bool]:
    return [series.monitored for series in (await shelf.library.list()).items]


async def test_one_bad_series_keeps_no_other_from_it(both: Shelf) -> None:
    async with desk_of(both) as desk:
        keys = [desk.keys[0], "nobody", *desk.keys[1:3]]
        told = await desk.do(BulkChange(keys=keys, action="unmonitor"))
        assert (told["status"], told["current"], told["done"]) == (
            "completed",
            4,
            [key for key in keys if key != "nobody"],
        )
        (failure,) = told["failed"]
        assert (failure.key, failure.detail) == ("nobody", "No such series in the library")
        assert await monitored(both) == [False, False, False, True]
        await desk.do(BulkChange(keys=told["done"], action="monitor"))
        assert await monitored(both) == [True] * 4


async def test_what_is_removed_comes_back(both: Shelf) -> None:
    async with desk_of(both) as desk:
        told = await desk.do(BulkChange(keys=desk.keys[:3], action="delete"))
        assert [series.key for series in (await both.library.list()).items] == desk.keys[3:]
        with pytest.raises(SeriesNotFoundError):
            await both.library.get(desk.keys[0])
        await desk.do(BulkChange(keys=told["done"], action="restore"))
        assert [series.key for series in (await both.library.list()).items] == desk.keys


async def test_languages_and_missing_episodes(shelf: Shelf) -> None:
    async with desk_of(shelf) as desk:
        await desk.do(BulkChange(keys=desk.keys, action="languages", languages=["ja+de", "de"], language_mode="all"))
        assert [series.languages for series in (await shelf.library.list()).items] == [["ja+de", "de"]] * 4
        await desk.do(BulkChange(keys=desk.keys[:1], action="languages"))
        assert (await shelf.library.get(desk.keys[0])).languages is None
        told = await desk.do(BulkChange(keys=[*desk.keys[:2], "nobody"], action="download_missing"))
        assert (desk.queued, told["queued"], len(told["failed"])) == (desk.keys[:2], 6, 1)


async def test_a_change_is_cancelled_between_two_series(shelf: Shelf) -> None:
    async with desk_of(shelf) as desk:
        ours: list[str] = []

        async def cancel(key: str) -> int:
            desk.queued.append(key)
            if len(desk.queued) == 2:
                shelf.operations.cancel(ours[0])
            await asyncio.sleep(0)
            return 1

        desk.service = BulkService(shelf.operations, shelf.library, cancel)
        worker = asyncio.create_task(desk.service.run())
        ours.append(desk.service.start(BulkChange(keys=desk.keys, action="download_missing")))

        async def ended() -> bool:
            return any(one.finished_at for one in shelf.operations.page(limit=5, offset=0).items)

        await shelf.until(ended)
        operation = shelf.operations.get(ours[0])
        assert (operation.status, operation.result and operation.result["done"]) == ("cancelled", desk.keys[:1])
        worker.cancel()


async def test_a_series_stands_there_once(shelf: Shelf) -> None:
    async with desk_of(shelf) as desk:
        with pytest.raises(InvalidInputError):
            desk.service.start(BulkChange(keys=["a", "a"], action="monitor"))
