"""What a host sends for one piece of an HLS stream: held against the request, and written."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

from aniworld.downloads.fetch.answers import (
    ContentRange,
    Validator,
    check_status,
    coding,
    content_length,
    refuse_page,
    tells_end,
)
from aniworld.downloads.fetch.connection import Block, Body, Connection, chain, read
from aniworld.downloads.fetch.errors import (
    BadAnswerError,
    NotAVideoError,
    ShortBodyError,
    SourceGoneError,
    TooLargeError,
)
from aniworld.downloads.fetch.halves import Half
from aniworld.downloads.fetch.hls_keys import BLOCK as CIPHER_BLOCK
from aniworld.downloads.fetch.hls_keys import AesCbc, UndecryptableError, relock
from aniworld.downloads.fetch.pieces import PieceFile, PieceStore
from aniworld.downloads.fetch.playlist import Piece
from aniworld.downloads.fetch.types import BLOCK
from aniworld.downloads.fetch.writer import in_thread
from aniworld.media.containers import HEAD, Content, recognise_piece

LARGEST_PIECE = 1024**3
LARGEST_TEXT = 8 * 1024**2


@dataclass(frozen=True, slots=True)
class Job:
    """One piece to fetch, and where to."""

    store: PieceStore
    name: str
    piece: Piece
    content: Content
    index: int
    """Of the segment that needs it."""
    count: int
    """Of segments in the playlist."""
    start: float
    duration: float
    """Seconds."""


def come_before(job: Job) -> PieceFile:
    """A piece that is there whole already, but was not put on the disk for certain."""

    def look(plain: bytes) -> None:
        if not recognise_piece(plain, job.content):
            raise BadAnswerError("What the host sent is no piece of a video")

    half, there = job.store.half(job.name) or (None, 0)
    return job.store.piece(job.name, half=half, at=there, cipher=None, look=look)


class PieceAnswer:
    """One answer. Everything raises :class:`~aniworld.downloads.fetch.errors.FetchError` and ``NetError``."""

    def __init__(
        self,
        job: Job,
        key: bytes,
        connection: Connection,
        count: Callable[[int], None],
        unproven: dict[Job, int],
    ) -> None:
        """``count`` is told of bytes that came.

        ``unproven`` keeps the sizes of pieces of which only the end of the connection told the end.
        """
        self._job = job
        self._key = key
        self._connection = connection
        self._headers = connection.response.headers
        self._count = count
        self._unproven = unproven

    async def whole(self) -> PieceFile:
        """All of a piece, written; what it is worth is seen when it is committed."""
        job, lock = self._job, self._job.piece.key
        length = _check(self._connection, job.piece)
        coded = coding(self._headers)
        validator = Validator.of(self._headers)
        half = None
        if length is not None and not coded:
            half = Half(name=job.name, validator=validator.value if validator is not None else "", length=length)
        body = Body(self._connection, coded)
        async with contextlib.aclosing(body.blocks()) as blocks:
            beginning = await _beginning(blocks)
            head = bytes(beginning[:HEAD])

            def look(plain: bytes) -> None:
                _refuse(self._connection, plain, job.content, raw=head if lock is not None else None)

            if lock is None and len(head) == HEAD:
                look(head)  # at once: a page is not worth waiting for
            cipher = AesCbc(self._key, lock.iv) if lock is not None else None
            file = job.store.piece(job.name, half=half, at=0, cipher=cipher, look=look)
            return await self._write(file, chain(beginning, blocks), body, length)

    async def rest(self, half: Half, there: int, overlap: int) -> PieceFile:
        """What is missing behind ``there``, if the answer says exactly that and its beginning is known already."""
        job, lock = self._job, self._job.piece.key
        expected = half.length - there + overlap
        self._check_rest(half, (job.piece.start or 0) + there - overlap, expected)
        ending = await in_thread(lambda: _ending(job, self._key, there, overlap))
        body = Body(self._connection)
        async with contextlib.aclosing(body.blocks(overlap)) as blocks:
            beginning = await read(blocks, overlap)
            if len(ending) != overlap or beginning[:overlap] != ending:
                raise BadAnswerError("The rest of the piece does not fit to what was fetched before")

            def look(plain: bytes) -> None:
                _refuse(self._connection, plain, job.content, raw=plain if lock is not None else None)

            cipher = AesCbc(self._key, ending[-CIPHER_BLOCK:]) if lock is not None else None
            file = job.store.piece(job.name, half=half, at=there, cipher=cipher, look=look)
            return await self._write(file, chain(beginning[overlap:], blocks), body, expected)

    def _check_rest(self, half: Half, start: int, expected: int) -> None:
        part = ContentRange.of(self._headers)
        length = content_length(self._headers)
        if part.start != start or part.end != start + expected - 1 or length not in (None, expected):
            raise BadAnswerError("The host sent another part of the piece than was asked for")
        validator = Validator.of(self._headers)
        if coding(self._headers) or (validator is not None and validator.value != half.validator):
            raise BadAnswerError("The piece at the host is another one now")
        if self._job.piece.length is None and part.total not in (None, half.length):
            raise BadAnswerError("The piece at the host has another length now")

    async def _write(self, file: PieceFile, blocks: AsyncIterator[Block], body: Body, length: int | None) -> PieceFile:
        """Write a body to its end; it must be of that length, as sent."""
        most = LARGEST_TEXT if self._job.content == "text" else LARGEST_PIECE
        try:
            async for block in blocks:
                self._count(len(block))
                if file.size + len(block) > most:
                    raise TooLargeError(f"The piece is larger than {most} bytes")
                await in_thread(functools.partial(file.write, block))
            if length is not None and body.received != length:
                raise ShortBodyError(f"The host sent {body.received} of {length} bytes")
            if length is None and not coding(self._headers) and not tells_end(self._headers):
                self._compare(body.received)
        except BaseException:
            file.keep()
            raise
        return file

    def _compare(self, size: int) -> None:
        """A piece that was cut between two packets looks like a whole one: it has to come twice, equally long."""
        if self._unproven.pop(self._job, None) != size:
            self._unproven[self._job] = size
            raise ShortBodyError("The host did not tell how long the piece is")


def _ending(job: Job, key: bytes, there: int, count: int) -> bytes:
    """The last bytes of what is there, as they came. Blocks."""
    lock = job.piece.key
    if lock is None:
        return job.store.read(job.name, there - count, there)
    blocks = (job.store.read(job.name, at, min(at + BLOCK, there)) for at in range(0, there, BLOCK))
    return relock(blocks, key, lock.iv, count)


async def _beginning(blocks: AsyncIterator[Block]) -> Block:
    """At least ``HEAD`` bytes, fewer where that is all; not copied where the first block has as many."""
    async for block in blocks:
        return block if len(block) >= HEAD else bytes(block) + await read(blocks, HEAD - len(block))
    return b""


def _check(connection: Connection, piece: Piece) -> int | None:
    """The number of bytes that are to come. Raises where the answer does not fit the request."""
    response = connection.response
    try:
        check_status(response.status_code, response.headers)
    except SourceGoneError as error:
        if error.http_status == 404:  # servers in a network of many do not all know a new file at once
            raise BadAnswerError("The host answered 404") from error
        raise
    length = content_length(response.headers)
    if piece.start is None or piece.length is None:
        if response.status_code != 200:
            raise BadAnswerError("The host sent a part, which was not asked for")
        return length
    if response.status_code != 206:
        raise BadAnswerError("The host does not send the part that the playlist names")
    part = ContentRange.of(response.headers)
    if part.start != piece.start or part.end != piece.start + piece.length - 1 or length not in (None, piece.length):
        raise BadAnswerError("The host sent another part than was asked for")
    return piece.length


def _refuse(connection: Connection, beginning: bytes, content: Content, *, raw: bytes | None) -> None:
    """Raise where a piece does not begin as one does. ``raw``: what came, where it had to be decrypted."""
    if recognise_piece(beginning, content):
        return
    refuse_page(connection.response.headers, beginning if raw is None else raw)
    if raw is not None:
        raise UndecryptableError("The piece cannot be decrypted: the key does not fit")
    raise NotAVideoError("What the host sent is no piece of a video")
