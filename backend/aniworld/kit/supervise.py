"""Background workers that outlive their own failures."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Literal

log = logging.getLogger(__name__)

FIRST_DELAY = 0.5
LONGEST_DELAY = 60.0
STEADY_AFTER = 60.0
"""Seconds without a failure after which a worker counts as well again and its back-off starts anew."""


@dataclass(slots=True)
class WorkerState:
    """How one worker is doing."""

    name: str
    status: Literal["running", "restarting", "stopped"] = "stopped"
    restarts: int = 0
    last_error: str | None = None
    """Kind of the last failure; its text stays in the log."""


@dataclass(slots=True)
class Supervisor:
    """Starts named workers together, restarts the ones that die, stops them together."""

    workers: dict[str, Callable[[], Awaitable[None]]]
    states: dict[str, WorkerState] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.states.update({name: WorkerState(name) for name in self.workers})

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Run all workers while the block runs; leaving it cancels and awaits them."""
        tasks = [asyncio.create_task(self._keep(name, run), name=name) for name, run in self.workers.items()]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _keep(self, name: str, run: Callable[[], Awaitable[None]]) -> None:
        state = self.states[name]
        loop = asyncio.get_running_loop()
        delay = FIRST_DELAY
        try:
            while True:
                state.status = "running"
                started = loop.time()
                try:
                    await run()
                except Exception as error:
                    log.exception("Worker %s failed; it starts again in %.1f s", name, delay)
                    state.last_error = type(error).__name__
                else:
                    log.error("Worker %s ended by itself; it starts again in %.1f s", name, delay)
                    state.last_error = "ended"
                if loop.time() - started > STEADY_AFTER:
                    delay = FIRST_DELAY
                state.status = "restarting"
                state.restarts += 1
                await asyncio.sleep(delay)
                delay = min(delay * 2, LONGEST_DELAY)
        finally:
            state.status = "stopped"
