"""Fetches one piece of an HLS stream: whole and of the right kind, or not at all."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass

from aniworld.downloads.fetch.answers import ContentRange, check_status, coding, content_length, refuse_page
from aniworld.downloads.fetch.connection import Body, Connection, request
from aniworld.downloads.fetch.containers import HEAD, Content, recognise_piece
from aniworld.downloads.fetch.errors import (
    BadAnswerError,
    DiskError,
    NotAVideoError,
    SegmentError,
    ShortBodyError,
    SourceGoneError,
    TooLargeError,
)
from aniworld.downloads.fetch.hls_keys import AesCbc, KeyRing, UndecryptableError
from aniworld.downloads.fetch.pieces import PieceStore
from aniworld.downloads.fetch.playlist import Piece
from aniworld.downloads.fetch.retry import Patience
from aniworld.downloads.fetch.types import BLOCK, Limits, ProgressSink, Transport
from aniworld.downloads.fetch.writer import in_thread
from aniworld.kit.errors import AppError

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


class PieceFetcher:
    """Fetches pieces, trying again where that can help."""

    def __init__(
        self,
        client: Transport,
        headers: Callable[[str], dict[str, str]],
        keys: KeyRing,
        progress: ProgressSink,
        limits: Limits,
    ) -> None:
        self._client = client
        self._headers = headers
        self._keys = keys
        self._progress = progress
        self._limits = limits

    async def fetch(self, job: Job) -> int:
        """The size of what is on the disk now. Raises :class:`SegmentError` and :class:`DiskError`."""
        patience = Patience(self._limits)
        counted = _Counted(self._progress)
        while True:
            try:
                return await self._attempt(job, counted)
            except DiskError:
                raise
            except AppError as error:
                try:
                    await patience.wait(error)
                except AppError as last:
                    raise SegmentError(job.index, job.count, last, of=_NAMES[job.content]) from last

    async def _attempt(self, job: Job, counted: _Counted) -> int:
        piece = job.piece
        lock = piece.key
        key = await self._keys.get(lock.url) if lock is not None else b""
        headers = self._headers(piece.url)
        if piece.start is not None and piece.length is not None:
            headers["Range"] = f"bytes={piece.start}-{piece.start + piece.length - 1}"
        async with request(self._client, piece.url, headers, self._limits) as connection:
            try:
                length = _check(connection, piece)
                return await self._receive(job, key, connection, length, counted)
            except UndecryptableError:
                assert lock is not None
                self._keys.forget(lock.url, key)
                raise
            except NotAVideoError as error:
                raise BadAnswerError(error.detail) from error  # of a piece that is worth another try

    async def _receive(
        self, job: Job, key: bytes, connection: Connection, length: int | None, counted: _Counted
    ) -> int:
        body = Body(connection, coding(connection.response.headers))
        lock = job.piece.key
        most = LARGEST_TEXT if job.content == "text" else LARGEST_PIECE
        beginning = b""

        def look(plain: bytes) -> None:
            _refuse(connection, plain, job.content, raw=beginning if lock is not None else None)

        file = await in_thread(
            lambda: job.store.begin(job.name, cipher=AesCbc(key, lock.iv) if lock is not None else None, look=look)
        )
        counted.begin()
        try:
            pending = bytearray()
            async with contextlib.aclosing(body.blocks()) as blocks:
                async for block in blocks:
                    counted.add(len(block))
                    pending += block
                    if not beginning and len(pending) >= HEAD:
                        beginning = bytes(pending[:HEAD])
                        if lock is None:
                            look(beginning)  # at once: a page is not worth waiting for
                    if file.size + len(pending) > most:
                        raise TooLargeError(f"The piece is larger than {most} bytes")
                    if len(pending) >= BLOCK:
                        full, pending = bytes(pending), bytearray()
                        await in_thread(lambda data=full: file.write(data))  # type: ignore[misc]
            if length is not None and body.received != length:
                raise ShortBodyError(f"The host sent {body.received} of {length} bytes")
            beginning = beginning or bytes(pending[:HEAD])
            await in_thread(lambda: file.commit(bytes(pending)))
        finally:
            file.abandon()
        return file.size


_NAMES: dict[Content, str] = {"video": "", "sound": " of the sound", "text": " of the subtitles"}


class _Counted:
    """Counts one piece's bytes once, however many attempts it takes."""

    def __init__(self, progress: ProgressSink) -> None:
        self._progress = progress
        self._told = 0
        self._now = 0

    def begin(self) -> None:
        self._now = 0

    def add(self, count: int) -> None:
        self._now += count
        if self._now > self._told:
            self._progress.add(self._now - self._told)
            self._told = self._now


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
