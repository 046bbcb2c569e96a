"""Long work: seen, listed, cancelled."""

from __future__ import annotations

import asyncio

import pytest

from aniworld.events.bus import EventBus
from aniworld.kit.errors import InvalidInputError, NotFoundError
from aniworld.operations import service
from aniworld.operations.errors import OperationCancelledError, OperationEndedError
from aniworld.operations.service import Operations


@pytest.fixture
def operations(bus: EventBus) -> Operations:
    return Operations(bus)


async def test_an_operation_tells_how_it_goes(operations: Operations, bus: EventBus) -> None:
    frames = bus.subscribe(["system"]).frames()
    await anext(frames)
    async with operations.run("load", "A series", total=4) as operation:
        operation.advance(1, message="episodes")
        assert (operation.out().status, operation.out().percent) == ("in_progress", 25.0)
    done = operations.get(operation.id).out()
    assert (done.status, done.percent) == ("completed", 100.0)
    assert done.finished_at is not None
    text = (await anext(frames)).decode()
    assert '"status":"completed"' in text
    assert text.count("operation_update") == 2  # type and event of one message: unread progress is merged


async def test_cancelling_interrupts_the_work_and_nothing_else(operations: Operations) -> None:
    async def work() -> str:
        try:
            async with operations.run("load", "long"):
                await asyncio.sleep(3600)
        except OperationCancelledError:
            await asyncio.sleep(0)  # the task itself goes on
            return "cancelled"
        return "done"

    task = asyncio.create_task(work())
    await asyncio.sleep(0)
    operations.cancel(operations.page(limit=1, offset=0).items[0].id)
    assert await task == "cancelled"
    ended = operations.page(limit=1, offset=0).items[0]
    assert ended.status == "cancelled"
    with pytest.raises(OperationEndedError):
        operations.cancel(ended.id)


async def test_a_stop_of_the_program_is_no_cancel_by_a_person(operations: Operations) -> None:
    async def work() -> None:
        async with operations.run("load", "long"):
            await asyncio.sleep(3600)

    task = asyncio.create_task(work())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_failure_tells_its_reason_and_no_secret(operations: Operations) -> None:
    with pytest.raises(InvalidInputError):
        async with operations.run("load", "told"):
            raise InvalidInputError("a sentence for people")
    with pytest.raises(RuntimeError):
        async with operations.run("load", "untold"):
            raise RuntimeError("token=secret")
    untold, told = operations.page(limit=2, offset=0).items
    assert (told.status, told.message) == ("failed", "a sentence for people")
    assert untold.status == "failed"
    assert "secret" not in untold.message


async def test_old_ones_are_forgotten(operations: Operations, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "KEPT", 3)
    first = None
    for number in range(10):
        async with operations.run("load", str(number)) as operation:
            first = first or operation.id
    page = operations.page(limit=2, offset=1)
    assert page.total <= 4
    assert [item.message for item in page.items] == ["8", "7"]
    with pytest.raises(NotFoundError):
        operations.get(str(first))
