"""Fetching and putting together at the same time, so that a file is finished soon after its last byte."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from aniworld.downloads.fetch.types import Fetched, Soon

T = TypeVar("T")


async def fetch_and_finish(
    fetch: Callable[[Soon], Awaitable[Fetched]], finish: Callable[[Fetched, asyncio.Event | None], Awaitable[T]]
) -> T:
    """What ``finish`` makes of what is fetched. It is begun as soon as ``fetch`` says that the rest will come soon.

    It is given an event then, which is set when all is there. Where one fails the other is ended, and its error raised.
    """
    whole = asyncio.Event()
    finishing: asyncio.Task[T] | None = None
    try:
        async with asyncio.TaskGroup() as group:

            def soon(planned: Fetched) -> None:
                nonlocal finishing
                finishing = group.create_task(_as_task(finish(planned, whole)))

            fetched = await fetch(soon)
            whole.set()
            return await (finishing or finish(fetched, None))
    except BaseExceptionGroup as errors:
        raise errors.exceptions[0] from None


async def _as_task(work: Awaitable[T]) -> T:
    return await work
