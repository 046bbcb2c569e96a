"""What the tests of the API stand on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.api.document import check
from tests.api.live import Live, live_server


@pytest.fixture(scope="module")
def live(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """A server with a library and a queue; the tests of a module share it and leave it as it was."""
    with live_server(tmp_path_factory.mktemp("live"), sqlite_template) as server:
        yield server


@pytest.fixture
def client(live: Live) -> Iterator[httpx.Client]:
    """Logged in; every answer is held to the OpenAPI document."""
    with live.client(event_hooks={"response": [check]}) as client:
        yield client


@pytest.fixture
def stranger(live: Live) -> Iterator[httpx.Client]:
    """Not logged in; every answer is held to the OpenAPI document."""
    with live.client(logged_in=False, event_hooks={"response": [check]}) as client:
        yield client
