"""Several connections for one file, where they make it faster.

It begins with one. Where that one would still need a while, what is left is divided among as many as allowed; where
that turns out to bring nothing, because the line is the limit, most of them go again. Who is done takes over a part of
what the slowest has left. A host that refuses some of them is left alone with fewer.

Every answer must name the same version and total; at every seam a few bytes are fetched from both sides and compared.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager
from urllib.parse import urlsplit

from aniworld.downloads.fetch.answers import end_of_part
from aniworld.downloads.fetch.connection import Block, Body, Connection, chain, read
from aniworld.downloads.fetch.errors import DishonestError, DiskError, MisfitError, ShortBodyError
from aniworld.downloads.fetch.part import Part
from aniworld.downloads.fetch.segment import Segment
from aniworld.downloads.fetch.spans import Span
from aniworld.downloads.fetch.types import BUFFER, Limits, ProgressSink
from aniworld.downloads.fetch.writer import Writer, in_thread
from aniworld.kit.errors import AppError
from aniworld.kit.net.lines import CrowdedError

log = logging.getLogger(__name__)

OVERLAP = 4096
"""Bytes that are fetched from both sides of a seam: only if they are the same do the sides fit."""
_FIRST_LOOK = 0.03
_HEAD_START = 64 * 1024
"""Bytes that tell nothing: they came together with the headers."""
_LATER_LOOK = 0.25
"""Seconds over which the speed of one connection is measured."""
_SETTLE = 0.3
_JUDGE = 0.7
"""Seconds that many connections get to begin, and those after which they must have proved worth it."""
_GAIN = 1.25
_PLENTY = 160 * 1024 * 1024
"""Bytes per second at which one connection is not what things wait for."""
_SWIFT = 40 * 1024 * 1024
"""Bytes per second at which the first look is not trusted alone: little is lost by a longer one."""
_FEW = 2
"""Connections that stay where many bring nothing: one asks while the other one fetches."""
_IDLE = 0.5
_REFUSALS = 3
_NOTICE = 0.05
"""Seconds that a host may need to see that a connection was closed; a bit longer each time."""
_THROTTLED = 0.7
"""Nearer than this to the speed limit, more connections bring nothing."""


_crews: defaultdict[str, set[Crew]] = defaultdict(set)
"""Those that fetch a file from each host."""

Open = Callable[[int, int], AbstractAsyncContextManager[Connection]]
"""A request for the bytes from one position to another, with ``If-Range``, as an extra connection.

What it yields has a status of success, or 416; everything else is raised.
"""


class Crew:
    """Fetches the gaps of an opened part of known size."""

    def __init__(
        self,
        part: Part,
        writer: Writer,
        total: int,
        validator: str | None,
        *,
        ask: Open,
        limits: Limits,
        progress: ProgressSink,
        most: int,
        sure: bool,
    ) -> None:
        self.most = most
        """Connections that the host bears, as far as is known."""
        self._honest = asyncio.Event()
        """The host is known to honour ranges."""
        if sure:
            self._honest.set()
        self._part = part
        self._writer = writer
        self._total = total
        self._validator = validator
        self._ask = ask
        self._limits = limits
        self._progress = progress
        self._free: list[Span] = part.written.gaps(total)
        self._active: set[Segment] = set()
        self._seams: list[tuple[int, bytes]] = []
        self._received = 0
        self._helpers: set[asyncio.Task[None]] = set()
        self._manager: asyncio.Task[None] | None = None
        self._error: AppError | None = None
        self._news = asyncio.Event()
        self._host = ""

    async def lead(self, body: Body, blocks: AsyncIterator[Block], beginning: bytes, span: Span) -> None:
        """Use an answer that is there already: ``beginning`` and ``blocks`` are the bytes of ``span``."""
        start, carries = span
        gap = next((gap for gap in self._free if gap[0] == start), (start, start))
        self._free = [other for other in self._free if other is not gap]
        if carries < gap[1]:
            self._free.insert(0, (carries, gap[1]))
        segment = Segment(start, min(gap[1], carries))
        segment.reach = carries
        self._host = urlsplit(str(body.connection.response.url)).netloc
        _crews[self._host].add(self)
        if self._validator is not None and self.most > 1:
            self._manager = asyncio.create_task(self._manage(body.connection))
        with self._working(segment):
            try:
                await self._consume(segment, body.connection, blocks, beginning, lambda: False)
            except AppError as error:
                if isinstance(error, DiskError) or len(self._active) + len(self._helpers) <= 1:
                    raise
                self._error = error  # the others go on

    @property
    def has_help(self) -> bool:
        """Whether there is more than one connection."""
        return bool(self._helpers)

    @property
    def rate(self) -> float:
        """Bytes per second, about."""
        return sum(segment.rate for segment in self._active)

    async def finish(self) -> bool:
        """Wait until all is there, or nobody can go on; whether it is complete. Raises what stopped the last one."""
        if self._manager is not None:
            self._manager.cancel()
        if self._helpers:
            await self._work()
            await asyncio.gather(*self._helpers)
        await in_thread(self._check_seams)
        complete = not self._part.written.gaps(self._total)
        if not complete and self._error is not None:
            raise self._error
        return complete

    async def dismiss(self) -> None:
        """End everything that is still running."""
        if self._host:
            _crews[self._host].discard(self)
            if not _crews[self._host]:
                del _crews[self._host]
            self._host = ""
        tasks = [*self._helpers, *([self._manager] if self._manager is not None else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    # --- one connection -----------------------------------------------------------------------------------------

    async def _work(self) -> None:
        """Fetch stretches as long as there are any. Raises what ends it for all."""
        proven, refusals = False, 0
        while True:
            segment = self._take()
            if segment is None:
                if not self._active:
                    return
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(_IDLE):
                        await self._news.wait()
                continue
            begun = segment.pos
            try:
                with self._working(segment):
                    await self._fetch(segment)
            except (DiskError, MisfitError):
                raise
            except CrowdedError:
                await asyncio.sleep(_NOTICE)
                continue  # perhaps there is a place later
            except AppError as error:
                self._error = error
                if isinstance(error, DishonestError):
                    self.most = 1
                if segment.pos > begun and self.most > 1:
                    proven, refusals = True, 0
                    continue  # it moves on; a host that cuts connections is none that refuses them
                if proven and refusals < _REFUSALS and not isinstance(error, DishonestError):
                    refusals += 1  # perhaps the host has not noticed yet that the last one is over
                    await asyncio.sleep(_NOTICE * refusals)
                    continue
                # Most hosts that allow only so many say it in this way. The others go on.
                log.debug("A connection was refused or broke, %d are left: %s", len(self._active), error.detail)
                self.most = max(min(self.most, len(self._active)), 1)
                return
            proven, refusals = True, 0

    @contextlib.contextmanager
    def _working(self, segment: Segment) -> Iterator[None]:
        self._active.add(segment)
        try:
            yield
        finally:
            self._active.remove(segment)
            if segment.left > 0:
                self._free.append((segment.pos, segment.end))
                self._free.sort()
            self._news.set()
            self._news = asyncio.Event()

    async def _fetch(self, segment: Segment) -> None:
        before = min(OVERLAP, self._part.written.before(segment.pos))
        start, end = segment.pos - before, min(segment.end + OVERLAP, self._total)
        async with self._ask(start, end) as connection:
            response = connection.response
            carries = end_of_part(response.status_code, response.headers, start, self._total, self._validator)
            self._honest.set()
            segment.reach = carries
            self._cut(segment, carries)  # a shorter part than was asked for is legal

            def leave() -> bool:
                mine = len(self._active)
                return mine > self._bound or (mine > 1 and response.crowded)

            async with contextlib.aclosing(Body(connection).blocks(before or None)) as blocks:
                beginning = await read(blocks, before)
                if len(beginning) < before:
                    raise ShortBodyError("The host sent nothing of the part")
                if beginning[:before] != await in_thread(lambda: self._part.read(start, before)):
                    raise MisfitError
                await self._consume(segment, connection, blocks, beginning[before:], leave)

    async def _consume(
        self,
        segment: Segment,
        connection: Connection,
        blocks: AsyncIterator[Block],
        beginning: Block,
        leave: Callable[[], bool],
    ) -> None:
        """Write what comes until the stretch ends, and keep a few bytes of what follows."""
        ahead = bytearray()
        leaving = False
        async for block in chain(beginning, blocks):
            while not (ahead or leaving) and len(block) >= segment.left and self._extend(segment):
                pass
            count = min(len(block), segment.left)
            if count:
                # Claimed before it is written, so that nobody takes over what is on its way.
                at, segment.pos = segment.pos, segment.pos + count
                self._received += count
                self._progress.add(count)
                await self._writer.write(memoryview(block)[:count], at)
            if segment.left and not leaving and leave():
                # What has come already would have to be sent again.
                leaving, connection.least = True, connection.response.pending
                self._cut(segment, segment.pos + connection.least)
            if segment.left:
                continue
            if leaving:
                return
            wanted = min(OVERLAP, segment.reach - segment.end)
            if count < len(block):
                if not wanted:
                    raise ShortBodyError("The host sent more than was asked for")
                ahead += block[count : count + wanted - len(ahead)]
            if wanted and len(ahead) >= wanted:
                break
        if segment.left:
            raise ShortBodyError(f"The part of the file ended {segment.left} bytes too early")
        if ahead:
            self._seams.append((segment.end, bytes(ahead)))

    def _cut(self, segment: Segment, end: int) -> None:
        """End the stretch earlier; somebody else may fetch the rest."""
        if end < segment.end:
            self._free.append((end, segment.end))
            self._free.sort()
            segment.end = end

    def _extend(self, segment: Segment) -> bool:
        """Go on with what nobody has taken yet, where the answer carries it anyway: no request is as cheap."""
        for span in self._free:
            if span[0] == segment.end and segment.reach - segment.end > OVERLAP:
                self._free.remove(span)
                segment.end = min(span[1], segment.reach)
                if segment.end < span[1]:
                    self._free.append((segment.end, span[1]))
                    self._free.sort()
                return True
        return False

    def _check_seams(self) -> None:
        """Compare what both sides of each seam said. Blocks."""
        written = self._part.written
        for at, ahead in self._seams:
            count = min(len(ahead), written.after(at))
            if count and self._part.read(at, count) != ahead[:count]:
                raise MisfitError
        self._seams.clear()

    # --- who does what ------------------------------------------------------------------------------------------

    def _take(self) -> Segment | None:
        """What to do next: what nobody does, or a part of what somebody has left."""
        if len(self._active) >= self._bound:
            return None
        if self._free:
            return Segment(*self._free.pop(0))
        if not self._active:
            return None
        usual = max(sum(segment.rate for segment in self._active) / len(self._active), 1.0)
        slowest = max(self._active, key=lambda segment: segment.seconds(usual))
        seconds = slowest.seconds(usual)
        least = self._limits.split_bytes // (16 if seconds > 2 else 1)
        if slowest.left < 2 * least or seconds < 2 * _FIRST_LOOK:
            return None
        share = min(max(usual / (usual + slowest.rate), 0.5), 0.95)
        seam = slowest.end - max(int(slowest.left * share), least)
        segment = Segment(seam, slowest.end)
        slowest.end = seam
        return segment

    @property
    def _bound(self) -> int:
        """Connections that this file may have now: downloads from one host share those that it may get."""
        return max(min(self.most, self._limits.per_host // max(len(_crews[self._host]), 1)), 1)

    async def _manage(self, first: Connection) -> None:
        """Begin with one connection, take many where that is worth it, and keep them where it was."""
        begun, single = time.monotonic(), 0.0
        while not single:  # the first bytes may take a moment to be handed out
            await asyncio.sleep(_FIRST_LOOK)
            single = self._received / (time.monotonic() - begun) if self._received > _HEAD_START else 0.0
        while not self._worth_more(single) or single > _SWIFT:
            single = await self._look(_LATER_LOOK)
            if self._worth_more(single):
                break
        first.buffer = BUFFER
        self._divide()
        if not self._honest.is_set():  # a host that does not say that it honours ranges shows it with one first
            self._help()
            await self._honest.wait()
        while len(self._helpers) < self.most - 1:
            self._help()
        await asyncio.sleep(_SETTLE)
        together = await self._look(_JUDGE)
        if together < _GAIN * single and self.most > _FEW:
            log.debug("%d connections are no faster than one; %d stay", self.most, _FEW)
            self.most = _FEW

    def _help(self) -> None:
        """One more connection."""
        self._helpers.add(asyncio.create_task(self._work()))

    async def _look(self, seconds: float) -> float:
        """The speed of the next moment, bytes per second."""
        before, begun = self._received, time.monotonic()
        await asyncio.sleep(seconds)
        return (self._received - before) / (time.monotonic() - begun)

    def _worth_more(self, rate: float) -> bool:
        left = sum(segment.left for segment in self._active) + sum(end - start for start, end in self._free)
        limit = self._limits.throttle.rate
        if limit is not None and rate > _THROTTLED * limit:
            return False
        # Several files that have one connection each may fill the line together.
        alone = [crew for crew in _crews[self._host] if crew is not self and not crew.has_help]
        if rate + sum(crew.rate for crew in alone) > _PLENTY:
            return False
        return rate > 0 and left >= 2 * self._limits.split_bytes and left / rate >= self._limits.worth

    def _divide(self) -> None:
        """Cut what the first connection has left into as many stretches as there will be connections."""
        for first in list(self._active):
            count = min(self.most - len(self._free), first.left // self._limits.split_bytes)
            step = first.left // count if count > 1 else 0
            seams = [first.pos + number * step for number in range(1, count)] if step else []
            for start, end in zip(seams, [*seams[1:], first.end], strict=True):
                self._free.append((start, end))
            if seams:
                first.end = seams[0]
        self._free.sort()
