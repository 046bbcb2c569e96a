"""A source with large files and a server that is prepared once for many faults."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.faults import machine
from tests.faults.loaded import LoadedSource, loaded_source
from tests.faults.support import Bench

LEFT_OUT = pytest.StashKey[str]()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what the kernel forbids here. A tool that is missing is another matter: its test fails."""
    mounting = [item for item in items if item.get_closest_marker("mounts")]
    if mounting and (reason := machine.no_mounts()):
        items[:] = [item for item in items if item not in mounting]
        config.hook.pytest_deselected(items=mounting)
        config.stash[LEFT_OUT] = f"{len(mounting)} tests that mount are left out: {reason}"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    if (reason := config.stash.get(LEFT_OUT, None)) is not None:
        terminalreporter.write_line(reason, yellow=True)


@pytest.fixture
async def large_source(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[LoadedSource]:
    async with loaded_source(tmp_path_factory.getbasetemp() / "loaded-clips") as source:
        yield source


@pytest.fixture
async def bench(large_source: LoadedSource, tmp_path: Path) -> Bench:
    bench = Bench(tmp_path / "template", large_source)
    await bench.prepare()
    return bench
