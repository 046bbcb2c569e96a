"""Doing one of several things that all lead to the goal, without waiting long for one that does not answer."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from aniworld.kit.errors import AppError

T = TypeVar("T")

AT_ONCE = 3


@dataclass(frozen=True, slots=True)
class Ended(Generic[T]):
    """How one of the works ended: with a value, or with an error."""

    place: int
    value: T | None = None
    error: AppError | None = None


async def hedged(
    works: Sequence[Callable[[], Awaitable[T]]], patience: Callable[[int], float]
) -> AsyncGenerator[Ended[T], None]:
    """Start the works in their order and yield each as it ends.

    The next one starts when the one before has failed, when it has not answered within the seconds of
    ``patience(place)``, or when the caller comes back for another. At most three are under way. Leaving ends those.
    Use it inside ``contextlib.aclosing``.
    """
    running: dict[asyncio.Task[T], int] = {}
    ended: deque[Ended[T]] = deque()
    started = 0
    next_at = 0.0
    try:
        while True:
            while ended:
                yield ended.popleft()
            if not running and started == len(works):
                return
            left = next_at - time.monotonic() if running else 0.0
            if started < len(works) and len(running) < AT_ONCE and left <= 0:
                running[asyncio.ensure_future(works[started]())] = started
                next_at = time.monotonic() + patience(started)
                started += 1
                continue
            may_start = started < len(works) and len(running) < AT_ONCE
            done, _ = await asyncio.wait(
                running, timeout=left if may_start else None, return_when=asyncio.FIRST_COMPLETED
            )
            for task in sorted(done, key=lambda task: running[task]):
                place = running.pop(task)
                try:
                    ended.append(Ended(place, task.result()))
                except AppError as error:
                    ended.append(Ended(place, error=error))
                    next_at = 0.0
    finally:
        for task in running:
            task.cancel()
        if running:
            for task in (await asyncio.wait(running))[0]:
                if not task.cancelled():
                    task.exception()  # seen; nobody wants it any more
