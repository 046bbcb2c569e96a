"""Workers outlive their failures."""

from __future__ import annotations

import asyncio

import pytest

from aniworld.kit import supervise
from aniworld.kit.supervise import Supervisor


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervise, "FIRST_DELAY", 0.01)


async def until(condition: object) -> None:
    async with asyncio.timeout(5):
        while not condition():  # type: ignore[operator]
            await asyncio.sleep(0.005)


async def test_a_worker_that_throws_is_started_again_and_its_neighbour_is_left_alone() -> None:
    runs = 0
    steady = 0

    async def fails_twice() -> None:
        nonlocal runs
        runs += 1
        if runs <= 2:
            raise ValueError("secret text")
        await asyncio.sleep(3600)

    async def goes_on() -> None:
        nonlocal steady
        steady += 1
        await asyncio.sleep(3600)

    supervisor = Supervisor({"bad": fails_twice, "good": goes_on})
    async with supervisor.running():
        await until(lambda: runs == 3)
        state = supervisor.states["bad"]
        assert (state.status, state.restarts, state.last_error) == ("running", 2, "ValueError")
        assert steady == 1
    assert {state.status for state in supervisor.states.values()} == {"stopped"}


async def test_while_a_worker_waits_for_its_restart_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervise, "FIRST_DELAY", 30.0)

    async def fails() -> None:
        raise OSError

    supervisor = Supervisor({"bad": fails})
    async with supervisor.running():
        await until(lambda: supervisor.states["bad"].status == "restarting")


async def test_a_worker_that_returns_counts_as_failed() -> None:
    async def returns() -> None:
        return

    supervisor = Supervisor({"short": returns})
    async with supervisor.running():
        await until(lambda: supervisor.states["short"].restarts >= 2)
        assert supervisor.states["short"].last_error == "ended"


async def test_leaving_waits_for_what_a_worker_still_has_to_do() -> None:
    finished = False

    async def tidy() -> None:
        nonlocal finished
        try:
            await asyncio.sleep(3600)
        finally:
            await asyncio.sleep(0.02)
            finished = True

    async with Supervisor({"tidy": tidy}).running():
        await asyncio.sleep(0.01)
    assert finished
