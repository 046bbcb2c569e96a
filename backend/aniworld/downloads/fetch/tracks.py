"""Fetches a stream whose picture and sound are apart: both at once, within the limits of one, counted as one."""

from __future__ import annotations

import asyncio
import dataclasses
from pathlib import Path
from typing import Protocol

from aniworld.catalog.types import Stream
from aniworld.downloads.fetch.errors import BadAnswerError, DiskError
from aniworld.downloads.fetch.types import Fetched, Limits, ProgressSink, Renew
from aniworld.media.containers import Content

SOUND = "sound"
"""Directory of what is the sound's."""
_SHARE = 4
"""The sound gets one connection in so many: it is that much smaller."""


class FetchOne(Protocol):
    """Fetches one track into a directory of its own."""

    async def __call__(
        self,
        stream: Stream,
        directory: Path,
        *,
        progress: ProgressSink,
        limits: Limits,
        renew: Renew | None,
        content: Content = "video",
    ) -> Fetched:
        """What lies there afterwards."""
        ...


async def fetch_both(
    stream: Stream, directory: Path, one: FetchOne, *, progress: ProgressSink, limits: Limits, renew: Renew | None
) -> Fetched:
    """Picture and sound. ``progress`` is told their sum. Raises what fetching one of them raises."""
    if stream.audio is None:
        return await one(stream, directory, progress=progress, limits=limits, renew=renew)
    total = _Sum(progress)
    fresh = _Fresh(renew) if renew is not None else None
    mine, other = _shares(limits)
    try:
        async with asyncio.TaskGroup() as group:
            picture = group.create_task(
                one(stream, directory, progress=total.part(), limits=mine, renew=fresh.picture if fresh else None)
            )
            sound = group.create_task(
                one(
                    stream.audio,
                    directory / SOUND,
                    progress=total.part(),
                    limits=other,
                    renew=fresh.sound if fresh else None,
                    content="sound",
                )
            )
    except BaseExceptionGroup as group_error:
        errors = group_error.exceptions
        raise next((error for error in errors if isinstance(error, DiskError)), errors[0]) from None
    first, second = picture.result(), sound.result()
    return dataclasses.replace(
        first,
        audio=second.paths,
        bytes=first.bytes + second.bytes,
        expected_duration=first.expected_duration or second.expected_duration,
        proven=first.proven and second.proven,
    )


def _shares(limits: Limits) -> tuple[Limits, Limits]:
    """For the picture and for the sound, at least one connection each."""
    connections, segments = max(1, limits.connections // _SHARE), max(1, limits.segments // _SHARE)
    return (
        dataclasses.replace(
            limits,
            connections=max(1, limits.connections - connections),
            segments=max(1, limits.segments - segments),
        ),
        dataclasses.replace(limits, connections=connections, segments=segments),
    )


class _Sum:
    """Adds up what several fetches tell, and tells it as of one."""

    def __init__(self, progress: ProgressSink) -> None:
        self.progress = progress
        self._parts: list[_Part] = []

    def part(self) -> ProgressSink:
        """For one of them."""
        self._parts.append(_Part(self))
        return self._parts[-1]

    def tell_total(self) -> None:
        """The size is known when it is known of all."""
        totals = [part.size for part in self._parts if part.size is not None]
        self.progress.total(sum(totals) if len(totals) == len(self._parts) else None)

    def tell_reset(self) -> None:
        """Count from what all have."""
        self.progress.reset(sum(part.there for part in self._parts))


class _Part:
    """What one of them told."""

    def __init__(self, whole: _Sum) -> None:
        self._whole = whole
        self.size: int | None = None
        self.there = 0

    def total(self, total: int | None, /) -> None:
        """Of this part."""
        self.size = total
        self._whole.tell_total()

    def add(self, count: int, /) -> None:
        """Bytes arrived."""
        self.there += count
        self._whole.progress.add(count)

    def reset(self, downloaded: int, /) -> None:
        """Of this part."""
        self.there = downloaded
        self._whole.tell_reset()


class _Fresh:
    """Fresh addresses for both; where both need one, the same answer serves them."""

    def __init__(self, renew: Renew) -> None:
        self._renew = renew
        self._asking = asyncio.Lock()
        self._left: dict[str, Stream] = {}
        """Found when the other one asked, and not used yet."""

    async def picture(self) -> Stream:
        """The picture's."""
        return await self._one("picture")

    async def sound(self) -> Stream:
        """The sound's."""
        return await self._one("sound")

    async def _one(self, name: str) -> Stream:
        async with self._asking:
            if name not in self._left:
                fresh = await self._renew()
                if fresh.audio is None:
                    raise BadAnswerError("The host no longer has picture and sound apart")
                self._left = {"picture": fresh, "sound": fresh.audio}
            return self._left.pop(name)
