"""One sample source for all tests of this folder (they run in one event loop)."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
import pytest_asyncio

from aniworld.sample import SampleSource

SECONDS = 5.0


@pytest.fixture(scope="session")
def clip_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("clips")


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def source(clip_cache: Path) -> AsyncIterator[SampleSource]:
    async with SampleSource(clip_cache, seconds=SECONDS, bitrate=400_000) as source:
        yield source


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def client(source: SampleSource) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=source.url, trust_env=False, timeout=30) as client:
        yield client
