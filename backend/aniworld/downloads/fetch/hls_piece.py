"""Fetches the pieces of an HLS stream: each whole and of the right kind, or not at all."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from types import TracebackType

from aniworld.downloads.fetch.connection import request
from aniworld.downloads.fetch.errors import (
    BadAnswerError,
    DiskError,
    NotAVideoError,
    SegmentError,
    ShortBodyError,
    TooLargeError,
)
from aniworld.downloads.fetch.hls_answer import Job, PieceAnswer, come_before
from aniworld.downloads.fetch.hls_keys import KeyRing, UndecryptableError
from aniworld.downloads.fetch.pieces import PieceFile
from aniworld.downloads.fetch.retry import Patience
from aniworld.downloads.fetch.types import Limits, ProgressSink, Transport
from aniworld.downloads.fetch.writer import in_thread
from aniworld.kit.errors import AppError
from aniworld.media.containers import Content

_BUFFER = 512 * 1024
"""Bytes of each of a connection's two buffers: a piece is written in few steps, and several streams fit into memory."""
_OVERLAP = 16 * 1024
"""Bytes that are compared where a piece is gone on with."""


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
        self._places = asyncio.Semaphore(limits.segments)
        self._unproven: dict[Job, int] = {}

    async def fetch(self, job: Job) -> int:
        """The size of what is on the disk now. Raises :class:`SegmentError` and :class:`DiskError`."""
        patience = Patience(self._limits)
        counted = _Counted(self._progress, held(job))
        furthest = held(job)
        while True:
            try:
                async with _Place(self._places) as place:
                    return await self._attempt(job, counted, place)
            except DiskError:
                raise
            except AppError as error:
                if isinstance(error, BadAnswerError | ShortBodyError | TooLargeError):
                    job.store.forget(job.name)  # what came is wrong, or may be
                if held(job) >= furthest + self._limits.slow_bytes:
                    furthest = held(job)
                    patience.progressed()
                try:
                    await patience.wait(error)
                except AppError as last:
                    raise SegmentError(job.index, job.count, last, of=_NAMES[job.content]) from last

    async def _attempt(self, job: Job, counted: _Counted, place: _Place) -> int:
        lock = job.piece.key
        key = await self._keys.get(lock.url) if lock is not None else b""
        try:
            file = await self._file(job, key, counted)
            place.leave()
            try:
                await in_thread(file.commit)
            finally:
                file.keep()
        except UndecryptableError:
            assert lock is not None
            self._keys.forget(lock.url, key)
            raise
        except NotAVideoError as error:
            raise BadAnswerError(error.detail) from error  # of a piece that is worth another try
        return file.size

    async def _file(self, job: Job, key: bytes, counted: _Counted) -> PieceFile:
        """All of the piece in its file, whatever it is worth."""
        piece = job.piece
        headers = self._headers(piece.url)
        half, there = job.store.half(job.name) or (None, 0)
        if half is not None and there == half.length and piece.key is None:
            return come_before(job)
        overlap = min(there, _OVERLAP)
        if half is not None:
            start = (piece.start or 0) + there - overlap
            headers |= {"Range": f"bytes={start}-{(piece.start or 0) + half.length - 1}", "If-Range": half.validator}
        elif piece.start is not None and piece.length is not None:
            headers["Range"] = f"bytes={piece.start}-{piece.start + piece.length - 1}"
        async with request(self._client, piece.url, headers, self._limits, buffer=_BUFFER) as connection:
            answer = PieceAnswer(job, key, connection, counted.add, self._unproven)
            if half is not None and connection.response.status_code == 206:
                counted.begin(there)
                return await answer.rest(half, there, overlap)
            counted.begin(0)
            return await answer.whole()


_NAMES: dict[Content, str] = {"video": "", "sound": " of the sound", "text": " of the subtitles"}


class _Place:
    """One of those that ask at the same time; may be left when all has come, before it is on the disk for certain."""

    def __init__(self, places: asyncio.Semaphore) -> None:
        self._places = places
        self._taken = False

    async def __aenter__(self) -> _Place:
        await self._places.acquire()
        self._taken = True
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.leave()

    def leave(self) -> None:
        """The next one may ask."""
        if self._taken:
            self._taken = False
            self._places.release()


class _Counted:
    """Counts one piece's bytes once, however many attempts it takes."""

    def __init__(self, progress: ProgressSink, told: int) -> None:
        self._progress = progress
        self._told = told
        self._now = 0

    def begin(self, at: int) -> None:
        self._now = at

    def add(self, count: int) -> None:
        self._now += count
        if self._now > self._told:
            self._progress.add(self._now - self._told)
            self._told = self._now


def held(job: Job) -> int:
    """Bytes of the piece that have come already."""
    half = job.store.half(job.name)
    return half[1] if half is not None else 0
