"""Waiting, in the two ways that come up again and again."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")


async def to_the_end(work: Awaitable[T]) -> T:
    """Wait for work that must not be left half done; a cancellation meanwhile takes effect afterwards."""
    task = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        while not task.done():
            try:
                await asyncio.wait([task])
            except asyncio.CancelledError:
                continue
        if not task.cancelled():
            task.exception()  # seen; the cancellation matters more
        raise


async def look_for_ever(wake: asyncio.Event, look: Callable[[], Awaitable[float]]) -> None:
    """Look at a table again and again: whenever somebody rings, and after the seconds that the last look named."""
    while True:
        wake.clear()
        pause = await look()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(pause):
                await wake.wait()
