"""Fetches one file over HTTP into a work file that survives everything, and is never a mix of two versions.

What an earlier attempt left is gone on with only under a strong validator (``If-Range``); every answer is held against
the request before a byte of it is written.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from pathlib import Path

from aniworld.catalog.types import Stream
from aniworld.downloads.fetch.answers import (
    ContentRange,
    Validator,
    check_status,
    coding,
    content_length,
    refuse_page,
)
from aniworld.downloads.fetch.connection import Body, Connection, request
from aniworld.downloads.fetch.containers import HEAD
from aniworld.downloads.fetch.errors import (
    BadAnswerError,
    ContentChangedError,
    DiskError,
    DiskFullError,
    ShortBodyError,
    StalledError,
    TooLargeError,
)
from aniworld.downloads.fetch.part import Checkpoint, Part
from aniworld.downloads.fetch.retry import Patience
from aniworld.downloads.fetch.types import Fetched, Limits, ProgressSink, Transport
from aniworld.downloads.fetch.writer import Writer, in_thread
from aniworld.kit.errors import AppError
from aniworld.kit.files import free_space

log = logging.getLogger(__name__)

_OVERLAP = 4096
"""Bytes that are fetched again when a part is gone on with: only if they are the same does the rest fit."""
_MOST_CHANGES = 1
"""How often a file may turn out to be another one before the host is given up."""


async def fetch_http(
    stream: Stream, work: Path, *, client: Transport, progress: ProgressSink, limits: Limits | None = None
) -> Fetched:
    """Fetch the stream into ``work``, going on with what an earlier call left there.

    The checkpoint lies beside it (``<work>.json``). A call that is cancelled leaves a fresh one. Raises
    :class:`~aniworld.downloads.fetch.errors.FetchError` and :class:`~aniworld.kit.net.errors.NetError`.
    """
    return await _HttpFetch(stream, work, client, progress, limits or Limits()).run()


class _HttpFetch:
    def __init__(self, stream: Stream, work: Path, client: Transport, progress: ProgressSink, limits: Limits) -> None:
        self._stream = stream
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

    async def run(self) -> Fetched:
        checkpoint = await in_thread(self._part.load)
        self._furthest = checkpoint.offset
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
                if self._advanced(self._limits.slow_bytes if isinstance(error, StalledError) else 1):
                    patience.progressed()
                log.debug("%s stopped at %d: %s", self._work.name, self._part.checkpoint.offset, error.detail)
                await patience.wait(error)
            else:
                if not complete and not self._advanced():
                    await patience.wait(BadAnswerError("The host sent an empty part of the file"))
        size = self._part.checkpoint.offset
        return Fetched(protocol="http", paths=(self._work,), bytes=size, proven=self._proven)

    def _advanced(self, least: int = 1) -> bool:
        """Whether the last attempt got further than all before it, by so many bytes."""
        advance = self._part.checkpoint.offset - self._furthest
        self._furthest += max(advance, 0)
        return advance >= least

    async def _attempt(self) -> bool:
        """One request; whether the file is complete now."""
        known = self._part.checkpoint
        resume = known.offset > 0 and known.validator is not None and self._ranges
        headers = dict(self._stream.headers)
        if resume and known.validator is not None:
            headers |= {"Range": f"bytes={known.offset - _overlap(known)}-", "If-Range": known.validator}
        async with request(self._client, self._stream.url, headers, self._limits) as connection:
            response = connection.response
            check_status(response.status_code, response.headers)
            if response.status_code == 200:
                return await self._whole(connection, known)
            if not resume:
                raise BadAnswerError("The host sent a part of the file, which was not asked for")
            if response.status_code == 416:
                return await self._beyond_the_end(connection, known)
            return await self._rest(connection, known)

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
        is_last = part.end + 1 == total
        body = Body(connection)
        async with contextlib.aclosing(body.blocks()) as blocks:
            beginning = await _read(blocks, overlap)
            if beginning[:overlap] != await in_thread(lambda: self._part.tail(overlap)):
                if body.received < min(overlap, expected):
                    raise ShortBodyError(f"The host sent {body.received} of {expected} bytes")
                self._ranges = False
                raise BadAnswerError("The part that the host sent does not fit to what was fetched before")
            await self._check_room(total, known.offset)
            await in_thread(lambda: self._part.open(resume=True, total=total, validator=known.validator))
            self._tell(known.offset, total)
            self._proven = True
            await self._receive(beginning[overlap:], blocks, body, expected, is_last=is_last)
        return is_last

    async def _whole(self, connection: Connection, known: Checkpoint) -> bool:
        """200: all of it from the beginning, although a part may have been asked for."""
        headers = connection.response.headers
        coded = coding(headers)
        length = content_length(headers)
        # Half of a coded file is not half of the file: neither its length nor its validator serves to go on.
        total = None if coded else length
        validator = None if coded else Validator.of(headers)
        body = Body(connection, coded)
        async with contextlib.aclosing(body.blocks()) as blocks:
            beginning = await _read(blocks, HEAD)
            if not beginning and length:
                raise ShortBodyError(f"The host sent nothing of {length} bytes")
            refuse_page(headers, beginning)  # before anything that is there is given up
            if _differs(known, validator, total):
                await self._changed()
            await self._check_room(total, 0)
            value = validator.value if validator else None
            await in_thread(lambda: self._part.open(resume=False, total=total, validator=value))
            size = self._stream.size if total is None and not coded else total
            self._tell(0, size)
            self._proven = length is not None or headers.get("transfer-encoding", "").strip().lower() == "chunked"
            await self._receive(beginning, blocks, body, length if length is not None else size, is_last=True)
            return True

    async def _receive(
        self, beginning: bytes, blocks: AsyncIterator[bytes], body: Body, expected: int | None, *, is_last: bool
    ) -> None:
        """Write a body; it must be of the expected length, as sent."""
        writer = Writer(self._part, self._limits)
        try:
            if beginning:
                self._progress.add(len(beginning))
                await writer.put(beginning)
            written = len(beginning)
            async for block in blocks:
                written += len(block)
                if expected is not None and body.received > expected:
                    raise ShortBodyError(f"The host sent more than the {expected} bytes that were expected")
                if written > self._limits.max_size:
                    raise TooLargeError(f"The file is larger than {self._limits.max_size} bytes")
                self._progress.add(len(block))
                await writer.put(block)
            if expected is not None and body.received != expected:
                raise ShortBodyError(f"The host sent {body.received} of {expected} bytes")
        except BaseException:
            # What went wrong first is what matters; where the disk failed too, the next attempt meets it.
            with contextlib.suppress(DiskError):
                await writer.close()
            raise
        await writer.close(complete=is_last)

    def _tell(self, offset: int, total: int | None) -> None:
        self._progress.total(total)
        self._progress.reset(offset)

    async def _check_room(self, total: int | None, offset: int) -> None:
        """Before the first byte: is it a size that a file may have, and is there space for it."""
        if total is None:
            return
        if total > self._limits.max_size:
            raise TooLargeError(f"The file would be {total} bytes large")
        space = await asyncio.to_thread(free_space, self._work.parent)
        if total - offset + self._limits.reserve > space:
            raise DiskFullError(f"{total - offset} bytes are to come and {space} are free in {self._work.parent}")

    async def _changed(self) -> None:
        """What was fetched is of a version that the host no longer has."""
        self._changes += 1
        if self._changes > _MOST_CHANGES:
            raise ContentChangedError
        log.info("%s changed at the host; it is fetched anew", self._work.name)
        self._furthest = 0
        await in_thread(self._part.discard)


def _overlap(known: Checkpoint) -> int:
    return min(known.offset, _OVERLAP)


async def _read(blocks: AsyncIterator[bytes], count: int) -> bytes:
    """The beginning of a body: at least so many bytes, fewer where it ends before."""
    beginning = b""
    if count:
        async for block in blocks:
            beginning += block
            if len(beginning) >= count:
                break
    return beginning


def _differs(known: Checkpoint, validator: Validator | None, total: int | None) -> bool:
    """Whether an answer is about another version than the part."""
    if known.validator is None:
        return False
    if validator is not None and validator.value != known.validator:
        return True
    return total is not None and known.total is not None and total != known.total
