"""What a stop, a kill and a dead source do to a download: nothing that the user has to mend."""

from __future__ import annotations

import asyncio
import json
import signal
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import av
import httpx
import pytest

from aniworld.sample import SampleSource, install_profile
from tests.faults.process import ServerProcess, server_process
from tests.library_client import add_series, has_bytes, items, queue, reaches

THROTTLE = 250_000


@pytest.fixture
async def source_life() -> AsyncIterator[AsyncExitStack]:
    """Closing it ends the source before the test does."""
    async with AsyncExitStack() as stack:
        yield stack


@pytest.fixture
async def source(tmp_path_factory: pytest.TempPathFactory, source_life: AsyncExitStack) -> SampleSource:
    cache = tmp_path_factory.getbasetemp() / "sample-clips"
    return await source_life.enter_async_context(SampleSource(cache, seconds=8, throttle=THROTTLE))


@pytest.fixture
async def server(source: SampleSource, tmp_path: Path) -> AsyncIterator[ServerProcess]:
    data, anime = tmp_path / "data", tmp_path / "anime"
    data.mkdir()
    anime.mkdir()
    configure(data, source, {"hosters": ["Streamline"], "retry_delay": 0.5})
    async with server_process(data, anime) as process:
        yield process


def configure(data: Path, source: SampleSource, downloads: dict[str, Any]) -> None:
    install_profile(data / "providers", source.url)
    config = {
        "version": 1,
        "downloads": downloads,
        "providers": {"allowed_hosts": [f"127.0.0.1:{source.port}"]},
        "metadata": {"anilist": False},
    }
    (data / "config.json").write_text(json.dumps(config))


def duration(path: Path) -> float:
    """Seconds up to the last packet."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        assert stream.time_base is not None
        return float(max(packet.pts for packet in container.demux(stream) if packet.pts is not None) * stream.time_base)


def only_file(anime: Path) -> Path:
    files = [path for path in anime.rglob("*.mkv") if ".aniworld" not in path.parts]
    assert len(files) == 1, files
    return files[0]


async def test_killed_in_mid_download_it_goes_on_from_its_bytes(server: ServerProcess) -> None:
    client = await server.start()
    key = await add_series(client)
    (id_,) = await queue(client, key, (1, 5))
    await client.post("/api/queue/start")
    item = await has_bytes(client, id_, THROTTLE)
    await asyncio.sleep(1.2)
    assert await server.end(signal.SIGKILL) == -signal.SIGKILL
    client = await server.start()
    # The queue was running: it goes on by itself, not from nothing.
    resumed = await has_bytes(client, id_, 1)
    assert resumed["progress"]["downloaded_bytes"] >= item["progress"]["downloaded_bytes"] - THROTTLE
    done = await reaches(client, id_, "completed")
    assert [entry["status"] for entry in (await items(client)).values()] == ["completed"]
    path = only_file(server.anime)
    assert str(path.relative_to(server.anime)) == done["file_path"]
    assert done["file_path"].startswith("Paper Lanterns (2019)/Season 01/Paper Lanterns (2019) - S01E05 - ")
    assert duration(path) == pytest.approx(8, abs=0.5)
    assert not list((server.anime / ".aniworld" / "work").glob("*/*"))
    series = (await client.get(f"/api/anime/{key}")).json()
    assert [e["is_downloaded"] for s in series["seasons"] for e in s["episodes"] if e["episode"] == 5] == [True]


async def test_a_stop_with_open_streams_is_quick_clean_and_resumable(server: ServerProcess) -> None:
    client = await server.start()
    key = await add_series(client)
    (id_,) = await queue(client, key, (1, 1))
    await client.post("/api/queue/start")
    await has_bytes(client, id_, THROTTLE)

    async def listen(number: int) -> str:
        async with httpx.AsyncClient(base_url=server.url, headers=client.headers, trust_env=False) as reader:
            async with reader.stream("GET", "/api/events", timeout=30) as stream:
                opened.release()
                text = ""
                async for piece in stream.aiter_text():
                    text += piece
                return text

    opened = asyncio.Semaphore(0)
    streams = [asyncio.create_task(listen(number)) for number in range(3)]
    for _ in streams:
        await opened.acquire()
    started = time.monotonic()
    assert await server.end(signal.SIGTERM) == 0
    assert time.monotonic() - started < 5
    for text in await asyncio.gather(*streams):  # each ended as a stream ends, not as a connection breaks
        assert text.startswith(": welcome")
    client = await server.start()
    await reaches(client, id_, "completed")
    assert duration(only_file(server.anime)) == pytest.approx(8, abs=0.5)


async def test_stopping_the_queue_keeps_the_bytes(server: ServerProcess) -> None:
    client = await server.start()
    key = await add_series(client)
    (id_,) = await queue(client, key, (1, 2))
    await client.post("/api/queue/start")
    await has_bytes(client, id_, THROTTLE)
    answer = await client.post("/api/queue/stop")
    assert answer.json() == {"is_running": False, "is_paused": False}
    item = await reaches(client, id_, "pending")
    assert item["progress"]["downloaded_bytes"] > 0
    await client.post("/api/queue/start")
    resumed = await has_bytes(client, id_, 1)
    assert resumed["progress"]["downloaded_bytes"] >= item["progress"]["downloaded_bytes"]
    await reaches(client, id_, "completed")


async def test_a_source_that_is_gone_is_told_and_tried_again(
    server: ServerProcess, source_life: AsyncExitStack
) -> None:
    client = await server.start()
    key = await add_series(client)
    await client.patch("/api/config/section/downloads", json={"max_retries": 1, "retry_delay": 1})
    await source_life.aclose()
    (id_,) = await queue(client, key, (1, 3))
    await client.post("/api/queue/start")
    item = await reaches(client, id_, "failed")
    assert item["retry_count"] == 1
    assert "reach" in item["error_message"].lower() or "connect" in item["error_message"].lower()
    assert (await client.post("/api/queue/retry", json={"item_ids": []})).json() == {"retried_count": 0}
    answer = await client.post("/api/queue/retry", json={"item_ids": [id_], "force": True})
    assert answer.json() == {"retried_count": 1}
    assert (await client.get("/health")).status_code == 200


async def test_a_second_server_on_the_same_data_says_so_and_ends(server: ServerProcess) -> None:
    await server.start()
    async with server_process(server.data, server.anime) as second:
        with pytest.raises(AssertionError, match="Another Aniworld is running"):
            await second.start()
        assert await second.wait() == 1


async def test_a_removed_download_leaves_nothing(server: ServerProcess) -> None:
    client = await server.start()
    key = await add_series(client)
    (id_,) = await queue(client, key, (1, 4))
    await client.post("/api/queue/start")
    await has_bytes(client, id_, THROTTLE)
    assert (await client.delete(f"/api/queue/{id_}")).status_code == 204
    assert await items(client) == {}
    assert not list((server.anime / ".aniworld" / "work").glob("*/*"))
    assert (await client.delete(f"/api/queue/{id_}")).status_code == 404
