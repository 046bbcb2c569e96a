"""The pipeline in the whole server, over a real source: what it costs when it has to begin again, and what it tells."""

from __future__ import annotations

import errno
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from aniworld.config.settings import Settings
from aniworld.downloads import filing
from aniworld.sample import SampleSource, install_profile
from tests.conftest import Running, run_app
from tests.library_client import add_series, items, queue, reaches


class Watched(SampleSource):
    """Counts the media that it sends, or has none."""

    def __init__(self, cache: Path) -> None:
        super().__init__(cache, seconds=1)
        self._all = self._site
        self._site = self._watch  # type: ignore[assignment]
        self.sent = 0
        self.gone = False

    async def _watch(self, scope: Any, receive: Any, send: Any) -> None:
        media = scope.get("path", "").endswith((".mp4", ".ts", ".m3u8"))

        async def count(message: Any) -> None:
            self.sent += len(message.get("body", b"")) if media else 0
            await send(message)

        if media and self.gone:
            await send({"type": "http.response.start", "status": 404, "headers": [(b"content-length", b"0")]})
            await send({"type": "http.response.body", "body": b""})
        else:
            await self._all(scope, receive, count)


@pytest.fixture
async def source(tmp_path: Path) -> AsyncIterator[Watched]:
    async with Watched(tmp_path / "cache") as source:
        yield source


@pytest.fixture
async def server(settings: Settings, anime: Path, source: Watched) -> AsyncIterator[Running]:
    install_profile(settings.data_dir / "providers", source.url)
    trusted = replace(settings, trusted_hosts=frozenset({f"127.0.0.1:{source.port}"}))
    async with run_app(trusted, anime) as running:
        changes = {"retry_delay": 0.1, "container": "original", "hosters": ["Streamline"], "max_retries": 3}
        await running.client.patch("/api/config/section/downloads", json=changes)
        yield running


async def test_what_was_found_whole_is_not_fetched_again(
    server: Running, source: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage = filing.stage
    refused: list[Path] = []

    def refuse_once(finished: Path, staged: Path) -> None:
        if not refused:
            refused.append(finished)
            raise OSError(errno.EIO, "the disk had a moment")
        stage(finished, staged)

    monkeypatch.setattr(filing, "stage", refuse_once)
    key = await add_series(server.client)
    (id_,) = await queue(server.client, key, (1, 1))
    await server.client.post("/api/queue/start")
    done = await reaches(server.client, id_, "completed")
    assert refused
    assert done["retry_count"] == 1
    file = server.anime / done["file_path"]
    assert file.suffix == ".mp4"
    # Asking for the address costs a byte; a second hoster that is asked as well, a playlist.
    assert file.stat().st_size <= source.sent < file.stat().st_size + 4096
    assert list(server.anime.joinpath(*filing.WORK).glob("*/*")) == []


async def test_why_each_hoster_failed_is_told(server: Running, source: Watched) -> None:
    key = await add_series(server.client)
    source.gone = True
    (id_,) = await queue(server.client, key, (1, 1))
    await server.client.post("/api/queue/start")
    failed = await reaches(server.client, id_, "failed")
    assert (failed["error_code"], failed["retry_count"]) == ("all-hosters-failed", 0)  # gone is gone: no use in trying
    assert [failure["hoster"] for failure in failed["failures"]] == ["Streamline", "Rivulet"]
    assert all("404" in failure["reason"] for failure in failed["failures"])
    source.gone = False
    await server.client.post("/api/queue/retry", json={"item_ids": [id_]})
    await reaches(server.client, id_, "completed")
    assert (await items(server.client))[id_]["failures"] == []
