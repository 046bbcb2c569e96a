"""A source with large files and a server that is prepared once for many faults."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.faults.loaded import LoadedSource, loaded_source
from tests.faults.support import Bench


@pytest.fixture
async def large_source(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[LoadedSource]:
    async with loaded_source(tmp_path_factory.getbasetemp() / "loaded-clips") as source:
        yield source


@pytest.fixture
async def bench(large_source: LoadedSource, tmp_path: Path) -> Bench:
    bench = Bench(tmp_path / "template", large_source)
    await bench.prepare()
    return bench
