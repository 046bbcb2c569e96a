"""An origin that misbehaves, the real client, and limits that do not make a test wait."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from aniworld.kit.net import transport
from aniworld.kit.net.client import HttpClient
from tests.downloads.fetch.support import Fetcher, Sink
from tests.origin import Origin


@pytest.fixture
async def origin() -> AsyncIterator[Origin]:
    async with Origin() as origin:
        yield origin


@pytest.fixture
async def client(origin: Origin) -> AsyncIterator[HttpClient]:
    async with HttpClient(allowed_hosts=lambda: {f"127.0.0.1:{origin.port}", f"localhost:{origin.port}"}) as client:
        yield client


@pytest.fixture
def sink() -> Sink:
    return Sink()


@pytest.fixture
def work(tmp_path: Path) -> Path:
    return tmp_path / "video.part"


@pytest.fixture
def fetcher(origin: Origin, client: HttpClient, work: Path) -> Fetcher:
    return Fetcher(origin, client, work)


@pytest.fixture(scope="session", autouse=True)
def _one_tls_context() -> Iterator[None]:
    """Reading the certificates takes longer than most tests; nothing here speaks TLS."""
    context = transport.tls_context()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(transport, "tls_context", lambda: context)
        yield
