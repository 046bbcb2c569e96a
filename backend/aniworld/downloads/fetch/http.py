"""Fetches one file over HTTP into a work file that survives everything, and is never a mix of two versions.

What an earlier attempt left is gone on with only under a strong validator (``If-Range``); every answer is held against
the request before a byte of it is written.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager
from pathlib import Path

from aniworld.catalog.types import Stream
from aniworld.downloads.fetch.address import RAN_OUT, Address
from aniworld.downloads.fetch.answers import (
    ContentRange,
    Validator,
    check_status,
    coding,
    content_length,
    refuse_page,
    tells_end,
)
from aniworld.downloads.fetch.connection import Block, Body, Connection, chain, read, request
from aniworld.downloads.fetch.crew import OVERLAP, Crew
from aniworld.downloads.fetch.errors import (
    BadAnswerError,
    ContentChangedError,
    DiskError,
    DiskFullError,
    MisfitError,
    ShortBodyError,
    SourceGoneError,
    StalledError,
    TooLargeError,
)
from aniworld.downloads.fetch.part import Checkpoint, Part
from aniworld.downloads.fetch.retry import Patience
from aniworld.downloads.fetch.spans import Span
from aniworld.downloads.fetch.types import BUFFER, Fetched, Limits, ProgressSink, Renew, Transport
from aniworld.downloads.fetch.writer import Writer, in_thread
from aniworld.kit.errors import AppError
from aniworld.kit.files import free_space
from aniworld.kit.tasks import to_the_end
from aniworld.media.containers import HEAD

log = logging.getLogger(__name__)

_BUFFER = 1024 * 1024
"""Bytes of each of the two buffers of a connection that is alone: the fewer blocks, the less work."""
_MOST_CHANGES = 1
"""How often a file may turn out to be another one before the host is given up."""


async def fetch_http(
    stream: Stream,
    work: Path,
    *,
    client: Transport,
    progress: ProgressSink,
    limits: Limits | None = None,
    renew: Renew | None = None,
) -> Fetched:
    """Fetch the stream into ``work``, going on with what an earlier call left there.

    The checkpoint lies beside it (``<work>.json``). A call that is cancelled leaves a fresh one. ``renew`` is asked for
    another address where this one runs out on the way; what is there is kept if it is of the same version. Raises
    :class:`~aniworld.downloads.fetch.errors.FetchError` and :class:`~aniworld.kit.net.errors.NetError`.
    """
    return await _HttpFetch(Address(stream, renew), work, client, progress, limits or Limits()).run()


class _HttpFetch:
    def __init__(self, address: Address, work: Path, client: Transport, progress: ProgressSink, limits: Limits) -> None:
        self._address = address
        self._work = work
        self._client = client
        self._progress = progress
        self._limits = limits
        self._part = Part(work, limits)
        self._ranges = True
        """Whether the host's ranges have proved to be honest so far."""
        self._changes = 0
        self._furthest = 0
        self._proven = True
        self._connections = self._limits.connections
        self._crew: Crew | None = None
        self._writer: Writer | None = None

    async def run(self) -> Fetched:
        checkpoint = await in_thread(self._part.load)
        self._furthest = checkpoint.spans.count
        patience = Patience(self._limits)
        complete = checkpoint.complete or checkpoint.offset == checkpoint.total
        if complete:
            self._tell(checkpoint.offset, checkpoint.offset)
            self._proven = checkpoint.total is not None
        while not complete:
            try:
                complete = await self._attempt()
            except AppError as error:
                # A trickle moves on a little each time; that is no reason to be patient with it.
                gained = self._gained()
                if gained >= (self._limits.slow_bytes if isinstance(error, StalledError) else 1):
                    patience.progressed(gained)
                log.debug("%s stopped at %d: %s", self._work.name, self._part.checkpoint.offset, error.detail)
                await patience.wait(error)
            else:
                if not complete and not self._gained():
                    await patience.wait(BadAnswerError("The host sent an empty part of the file"))
        size = self._part.checkpoint.offset
        return Fetched(protocol="http", paths=(self._work,), bytes=size, proven=self._proven)

    def _gained(self) -> int:
        """Bytes by which the last attempt got further than all before it."""
        gained = max(self._part.checkpoint.spans.count - self._furthest, 0)
        self._furthest += gained
        return gained

    async def _attempt(self) -> bool:
        """One request, and the further connections that it may lead to; whether the file is complete now."""
        complete = False
        try:
            complete = await self._first()
            if self._crew is not None:
                complete = await self._crew.finish()
        except MisfitError:
            self._ranges = False
            await self._end(complete=False)
            await self._changed()
            raise
        except BaseException:
            # What went wrong first is what matters; where the disk failed too, the next attempt meets it.
            with contextlib.suppress(DiskError):
                await self._end(complete=False)
            raise
        await self._end(complete=complete)
        return complete

    async def _end(self, *, complete: bool) -> None:
        crew, self._crew = self._crew, None
        writer, self._writer = self._writer, None
        try:
            if crew is not None:
                self._connections = crew.most
                await to_the_end(crew.dismiss())
        finally:
            if writer is not None:
                await writer.close(complete=complete)

    async def _first(self) -> bool:
        known = self._part.checkpoint
        resume = known.spans.count > 0 and known.validator is not None and self._ranges
        asked: dict[str, str] = {}
        if resume and known.validator is not None:
            asked = {"Range": f"bytes={known.offset - _overlap(known)}-{_until(known)}", "If-Range": known.validator}
        async with self._open(asked, buffer=_BUFFER) as connection:
            response = connection.response
            if response.status_code == 200:
                return await self._whole(connection, known)
            if not resume:
                raise BadAnswerError("The host sent a part of the file, which was not asked for")
            if response.status_code == 416:
                return await self._beyond_the_end(connection, known)
            return await self._rest(connection, known)

    def _more(self, start: int, end: int) -> AbstractAsyncContextManager[Connection]:
        """A further connection."""
        return self._open({"Range": f"bytes={start}-{end - 1}", "If-Range": self._part.validator or ""}, extra=True)

    @contextlib.asynccontextmanager
    async def _open(
        self, asked: Mapping[str, str], *, buffer: int = BUFFER, extra: bool = False
    ) -> AsyncIterator[Connection]:
        """An answer with a status that may bring something, at a fresh address where the old one has run out."""
        stream = await self._address.current()
        status = 0
        while True:
            headers = {**stream.headers, **asked}
            async with request(
                self._client, stream.url, headers, self._limits, buffer=buffer, extra=extra
            ) as connection:
                response = connection.response
                status = response.status_code
                if status not in RAN_OUT:
                    check_status(status, response.headers)
                    self._address.works(stream)
                    yield connection
                    return
            if not await self._address.replaced(stream):
                raise SourceGoneError(status)
            stream = self._address.stream

    async def _beyond_the_end(self, connection: Connection, known: Checkpoint) -> bool:
        """416: either all of it is here, or what is here is of something else."""
        try:
            total = ContentRange.of(connection.response.headers).total
        except BadAnswerError:
            self._ranges = False
            raise
        if total == known.offset and known.total in (None, total):
            await in_thread(lambda: self._part.open(resume=True, total=total, validator=known.validator))
            await in_thread(lambda: self._part.close(complete=True))
            self._tell(known.offset, total)
            return True
        await self._changed()
        raise BadAnswerError("The host has less of the file than was fetched before")

    async def _rest(self, connection: Connection, known: Checkpoint) -> bool:
        """206: what is missing, if the answer says exactly that and fits to what is there."""
        headers = connection.response.headers
        overlap = _overlap(known)
        start = known.offset - overlap
        try:
            part = ContentRange.of(headers)
            length = content_length(headers)
            if part.start != start or part.end is None:
                raise BadAnswerError("The host sent another part of the file than was asked for")
            expected = part.end - start + 1
            if length not in (None, expected):
                raise BadAnswerError(f"The host announced {length} bytes for a part of {expected}")
            if coding(headers):
                raise BadAnswerError("The host sent a part of a coded file")
        except BadAnswerError:
            self._ranges = False  # from now on the whole is asked for
            raise
        if _differs(known, Validator.of(headers), part.total):
            await self._changed()
            raise BadAnswerError("The file at the host is another one now")
        total = part.total if part.total is not None else known.total
        body = Body(connection)
        async with contextlib.aclosing(body.blocks(overlap or None)) as blocks:
            beginning = await read(blocks, overlap)
            if beginning[:overlap] != await in_thread(lambda: self._part.read(start, overlap)):
                if body.received < min(overlap, expected):
                    raise ShortBodyError(f"The host sent {body.received} of {expected} bytes")
                self._ranges = False
                raise BadAnswerError("The part that the host sent does not fit to what was fetched before")
            await self._check_room(total, resume=True)
            await in_thread(lambda: self._part.open(resume=True, total=total, validator=known.validator))
            self._tell(known.spans.count, total)
            self._proven = True
            if total is None:
                await self._receive(beginning[overlap:], blocks, body, expected, known.offset)
            else:
                await self._lead(beginning[overlap:], blocks, body, (known.offset, part.end + 1), total, sure=True)
        return False

    async def _whole(self, connection: Connection, known: Checkpoint) -> bool:
        """200: all of it from the beginning, although a part may have been asked for."""
        headers = connection.response.headers
        coded = coding(headers)
        length = content_length(headers)
        # Half of a coded file is not half of the file: neither its length nor its validator serves to go on.
        total = None if coded else length
        validator = None if coded else Validator.of(headers)
        body = Body(connection, coded)
        async with contextlib.aclosing(body.blocks(HEAD)) as blocks:
            beginning = await read(blocks, HEAD)
            if not beginning and length:
                raise ShortBodyError(f"The host sent nothing of {length} bytes")
            refuse_page(headers, beginning)  # before anything that is there is given up
            if _differs(known, validator, total):
                await self._changed()
            await self._check_room(total, resume=False)
            value = validator.value if validator else None
            await in_thread(lambda: self._part.open(resume=False, total=total, validator=value))
            size = self._address.stream.size if total is None and not coded else total
            self._tell(0, size)
            self._proven = tells_end(headers)
            if total is None:
                await self._receive(beginning, blocks, body, length if length is not None else size, 0)
            else:
                told = headers.get("accept-ranges", "").strip().lower()
                if told == "none":
                    self._connections = 1
                await self._lead(beginning, blocks, body, (0, total), total, sure=told == "bytes")
            return True

    async def _lead(
        self, beginning: bytes, blocks: AsyncIterator[Block], body: Body, span: Span, total: int, *, sure: bool
    ) -> None:
        """Write a body whose place in the file is known, with the help of others where that is worth it."""
        self._writer = Writer(self._part, self._limits)
        self._crew = Crew(
            self._part,
            self._writer,
            total,
            self._part.validator,
            ask=self._more,
            limits=self._limits,
            progress=self._progress,
            most=self._connections if self._ranges and not self._part.is_shadow else 1,
            sure=sure,
        )
        await self._crew.lead(body, blocks, beginning, span)

    async def _receive(
        self, beginning: bytes, blocks: AsyncIterator[Block], body: Body, expected: int | None, at: int
    ) -> None:
        """Write a body to its end; it must be of the expected length, as sent."""
        self._writer = writer = Writer(self._part, self._limits)
        first = at
        async for block in chain(beginning, blocks):
            if expected is not None and body.received > expected:
                raise ShortBodyError(f"The host sent more than the {expected} bytes that were expected")
            if at - first + len(block) > self._limits.max_size:
                raise TooLargeError(f"The file is larger than {self._limits.max_size} bytes")
            count = len(block)
            self._progress.add(count)
            await writer.write(block, at)
            at += count
        if expected is not None and body.received != expected:
            raise ShortBodyError(f"The host sent {body.received} of {expected} bytes")

    def _tell(self, offset: int, total: int | None) -> None:
        self._progress.total(total)
        self._progress.reset(offset)

    async def _check_room(self, total: int | None, *, resume: bool) -> None:
        """Before the first byte: is it a size that a file may have, and is there space for it."""
        if total is None:
            return
        if total > self._limits.max_size:
            raise TooLargeError(f"The file would be {total} bytes large")
        wanted = await in_thread(lambda: self._part.wants(total, resume=resume))
        space = await asyncio.to_thread(free_space, self._work.parent)
        if wanted + self._limits.reserve > space:
            raise DiskFullError(f"{wanted} bytes are to come and {space} are free in {self._work.parent}")

    async def _changed(self) -> None:
        """What was fetched is of a version that the host no longer has."""
        self._changes += 1
        if self._changes > _MOST_CHANGES:
            raise ContentChangedError
        log.info("%s changed at the host; it is fetched anew", self._work.name)
        self._furthest = 0
        await in_thread(self._part.discard)


def _overlap(known: Checkpoint) -> int:
    return min(known.offset, OVERLAP)


def _until(known: Checkpoint) -> str:
    """Where the first gap ends; empty where the file does."""
    if not known.pieces:
        return ""
    return str(known.pieces[0][0] + min(OVERLAP, known.pieces[0][1] - known.pieces[0][0]) - 1)


def _differs(known: Checkpoint, validator: Validator | None, total: int | None) -> bool:
    """Whether an answer is about another version than the part."""
    if known.validator is None:
        return False
    if validator is not None and validator.value != known.validator:
        return True
    return total is not None and known.total is not None and total != known.total
