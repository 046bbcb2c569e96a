"""The bus: order, replay, merging, slow readers, the end."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator

import pytest

from aniworld.db.engine import Database
from aniworld.events import bus as bus_module
from aniworld.events.bus import MAILBOX, RING, EventBus, Subscription, publish_after_commit
from aniworld.events.types import (
    DownloadProgress,
    DownloadProgressData,
    Progress,
    QueueStarted,
    SeriesAdded,
    SeriesRef,
    SystemInfo,
)
from aniworld.events.types import Message as Text


def added(key: str) -> SeriesAdded:
    return SeriesAdded(data=SeriesRef(key=key, name=key))


def progress(id_: str, done: int) -> DownloadProgress:
    numbers = Progress(percent=0, downloaded_bytes=done, total_bytes=None, speed=0, eta_seconds=None)
    data = DownloadProgressData(download_id=id_, series_key="k", series_name="n", season=1, episode=1, progress=numbers)
    return DownloadProgress(data=data)


async def read(frames: AsyncIterator[bytes]) -> list[bytes]:
    """The messages of the next piece that arrives."""
    async with asyncio.timeout(2):
        piece = await anext(frames)
    return [part for part in piece.split(b"\n\n") if part]


async def opened(subscription: Subscription) -> AsyncIterator[bytes]:
    frames = subscription.frames()
    assert await read(frames) == [b": welcome\nretry: 1000"]
    return frames


def ids(messages: list[bytes]) -> list[int]:
    return [int(message.split(b"\n")[0].removeprefix(b"id: ")) for message in messages]


async def test_messages_arrive_in_order_and_only_of_the_topics_asked_for(bus: EventBus) -> None:
    frames = await opened(bus.subscribe(["series"]))
    bus.publish(added("a"))
    bus.publish(QueueStarted())
    bus.publish(added("b"))
    messages = await read(frames)
    assert [b'"key":"a"' in messages[0], b'"key":"b"' in messages[1]] == [True, True]
    assert len(messages) == 2
    first, second = ids(messages)
    assert second == first + 2
    assert messages[0].split(b"\n")[1] == b"event: series_added"
    data = json.loads(messages[0].split(b"data: ")[1])
    assert set(data) == {"type", "timestamp", "data"}
    assert data["type"] == "series_added"
    assert data["timestamp"].endswith("Z")


async def test_what_was_missed_is_replayed(bus: EventBus) -> None:
    frames = await opened(bus.subscribe(["series"]))
    bus.publish(added("a"))
    last = ids(await read(frames))[-1]
    bus.publish(added("b"))
    bus.publish(added("c"))
    again = await opened(bus.subscribe(["series"], last_id=last))
    assert [b'"b"' in m or b'"c"' in m for m in await read(again)] == [True, True]


@pytest.mark.parametrize("last_id", [0, 10**18], ids=["before a restart", "from the future"])
async def test_an_id_that_is_not_kept_brings_a_resync(bus: EventBus, last_id: int) -> None:
    bus.publish(added("a"))
    messages = await read(await opened(bus.subscribe(["series"], last_id=last_id)))
    assert len(messages) == 1
    assert b"event: resync" in messages[0]


async def test_a_gap_in_the_ring_brings_a_resync(bus: EventBus) -> None:
    frames = await opened(bus.subscribe(["series"]))
    bus.publish(added("first"))
    last = ids(await read(frames))[-1]
    for number in range(RING + 1):
        bus.publish(added(str(number)))
    messages = await read(await opened(bus.subscribe(["series"], last_id=last)))
    assert [b"event: resync" in message for message in messages] == [True]


async def test_an_up_to_date_reader_gets_nothing_twice(bus: EventBus) -> None:
    frames = await opened(bus.subscribe(["series"]))
    bus.publish(added("a"))
    last = ids(await read(frames))[-1]
    again = await opened(bus.subscribe(["series"], last_id=last))
    bus.publish(added("b"))
    assert len(await read(again)) == 1


async def test_ids_grow_over_a_restart(bus: EventBus) -> None:
    frames = await opened(bus.subscribe(["series"]))
    bus.publish(added("a"))
    (before,) = ids(await read(frames))
    await asyncio.sleep(0.002)
    second = EventBus()
    frames = await opened(second.subscribe(["series"]))
    second.publish(added("a"))
    (after,) = ids(await read(frames))
    assert after > before


async def test_unread_progress_is_merged(bus: EventBus) -> None:
    frames = await opened(bus.subscribe(["download_progress"]))
    for done in range(1000):
        bus.publish(progress("one", done))
        bus.publish(progress("two", done))
    messages = await read(frames)
    assert len(messages) == 2
    assert all(b'"downloaded_bytes":999' in message for message in messages)


async def test_a_slow_reader_is_told_to_look_again(bus: EventBus) -> None:
    frames = await opened(bus.subscribe(["series"]))
    for number in range(MAILBOX + 10):
        bus.publish(added(str(number)))
    messages = await read(frames)
    assert b"event: resync" in messages[0]
    assert len(messages) == 10
    assert b'"key":"%d"' % (MAILBOX + 9) in messages[-1]


async def test_a_reader_that_never_reads_is_cut(bus: EventBus, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bus_module, "CUT_AFTER", 0.05)
    started = asyncio.Event()

    async def stuck() -> None:
        async for _frame in bus.subscribe(["series"]).frames():
            started.set()
            await asyncio.sleep(3600)

    task = asyncio.create_task(stuck())
    await started.wait()
    async with asyncio.timeout(5):
        while not task.done():
            for number in range(MAILBOX):
                bus.publish(added(str(number)))
            await asyncio.sleep(0.02)
    assert task.cancelled()
    await asyncio.sleep(0)
    assert bus.connections == 0


async def test_silence_is_broken_by_a_comment(bus: EventBus, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bus_module, "KEEPALIVE", 0.01)
    frames = await opened(bus.subscribe(["series"]))
    assert await read(frames) == [b": ping"]


async def test_closing_the_bus_ends_streams_after_what_was_published(bus: EventBus) -> None:
    frames = await opened(bus.subscribe(["series"]))
    bus.publish(added("last"))
    bus.close()
    assert len(await read(frames)) == 1
    with pytest.raises(StopAsyncIteration):
        await read(frames)
    late = await opened(bus.subscribe(["series"]))
    with pytest.raises(StopAsyncIteration):
        await read(late)
    assert bus.connections == 0


async def test_a_revoked_session_loses_its_streams_only(bus: EventBus) -> None:
    mine = await opened(bus.subscribe(["series"], owner="mine"))
    theirs = await opened(bus.subscribe(["series"], owner="theirs"))
    bus.disconnect("mine")
    with pytest.raises(StopAsyncIteration):
        await read(mine)
    bus.publish(added("a"))
    assert len(await read(theirs)) == 1


async def test_leaving_unsubscribes(bus: EventBus) -> None:
    subscription = bus.subscribe(["series", "system"])
    frames = subscription.frames()
    await anext(frames)
    assert bus.topics() == {"series": 1, "system": 1}
    await frames.aclose()  # type: ignore[attr-defined]
    assert bus.connections == 0


async def test_a_rolled_back_transaction_tells_nobody(sqlite_db: Database, bus: EventBus) -> None:
    frames = await opened(bus.subscribe(["system"]))
    with pytest.raises(RuntimeError):
        async with sqlite_db.write() as session:
            publish_after_commit(bus, session, SystemInfo(data=Text(code="lost", message="")))
            raise RuntimeError
    async with sqlite_db.write() as session:
        publish_after_commit(bus, session, SystemInfo(data=Text(code="kept", message="")))
        assert bus._ring == bus._ring.__class__(maxlen=RING)  # nothing before the commit
    (message,) = await read(frames)
    assert b'"code":"kept"' in message
