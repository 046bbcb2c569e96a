"""Fetches an HLS stream: the playlist, then its pieces, several at once, each kept over restarts."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from aniworld.catalog.types import Stream
from aniworld.downloads.fetch.answers import (
    ContentRange,
    check_status,
    coding,
    content_length,
    refuse_page,
)
from aniworld.downloads.fetch.connection import Body, Connection, request
from aniworld.downloads.fetch.containers import HEAD, recognise
from aniworld.downloads.fetch.errors import (
    BadAnswerError,
    DiskError,
    NotAVideoError,
    PlaylistError,
    SegmentError,
    ShortBodyError,
    SourceGoneError,
    TooLargeError,
)
from aniworld.downloads.fetch.pieces import PieceStore, Plan
from aniworld.downloads.fetch.playlist import MediaPlaylist, Piece, parse
from aniworld.downloads.fetch.retry import Patience
from aniworld.downloads.fetch.types import BLOCK, Fetched, Limits, ProgressSink, Transport
from aniworld.downloads.fetch.writer import in_thread
from aniworld.kit.errors import AppError
from aniworld.kit.net.kinds import PLAYLIST

LARGEST_PIECE = 1024**3


@dataclass(frozen=True, slots=True)
class _Job:
    """One file to fetch."""

    name: str
    piece: Piece
    index: int
    """Of the segment that needs it."""
    duration: float


async def fetch_hls(
    stream: Stream,
    directory: Path,
    *,
    client: Transport,
    progress: ProgressSink,
    limits: Limits | None = None,
    max_height: int | None = None,
) -> Fetched:
    """Fetch the pieces into ``directory``, going on with those that an earlier call left there.

    The total told to ``progress`` is an estimate from the pieces that are there and how long they play. Raises
    :class:`~aniworld.downloads.fetch.errors.FetchError` and :class:`~aniworld.kit.net.errors.NetError`.
    """
    return await _HlsFetch(stream, directory, client, progress, limits or Limits(), max_height).run()


class _HlsFetch:
    def __init__(
        self,
        stream: Stream,
        directory: Path,
        client: Transport,
        progress: ProgressSink,
        limits: Limits,
        max_height: int | None,
    ) -> None:
        self._stream = stream
        self._client = client
        self._progress = progress
        self._limits = limits
        self._max_height = max_height
        self._store = PieceStore(directory, limits.reserve)
        self._origin = _origin(stream.url)
        self._count = 0
        self._duration = 0.0
        self._sizes: dict[str, int] = {}
        self._played = 0.0
        """Seconds of the pieces that are there."""

    async def run(self) -> Fetched:
        playlist = await self._playlist()
        self._count, self._duration = len(playlist.segments), playlist.duration
        jobs, order = _plan(playlist)
        plan = Plan(fingerprint=playlist.fingerprint(), count=self._count)
        there = await in_thread(lambda: self._store.prepare(plan))
        self._sizes = {job.name: there[job.name] for job in jobs if job.name in there}
        self._played = sum(job.duration for job in jobs if job.name in there)
        self._estimate()
        self._progress.reset(sum(self._sizes.values()))
        await self._fetch_all(iter([job for job in jobs if job.name not in self._sizes]))
        await in_thread(self._store.finish)
        size = sum(self._sizes.values())
        self._progress.total(size)
        self._progress.reset(size)
        return Fetched(
            protocol="hls",
            paths=tuple(self._store.path(name) for name in order),
            bytes=size,
            expected_duration=self._duration,
        )

    # --- the playlist -------------------------------------------------------------------------------------------

    async def _playlist(self) -> MediaPlaylist:
        url = self._stream.url
        for _level in range(2):
            text, url = await self._text(url)
            result = await asyncio.to_thread(parse, text, url, self._max_height)
            if isinstance(result, MediaPlaylist):
                return result
            url = result
        raise PlaylistError("The playlist leads to yet another list of variants")

    async def _text(self, url: str) -> tuple[str, str]:
        patience = Patience(self._limits)
        while True:
            try:
                async with asyncio.timeout(PLAYLIST.seconds):
                    return await self._text_once(url)
            except TimeoutError:
                await patience.wait(BadAnswerError("The playlist did not come in time"))
            except AppError as error:
                await patience.wait(error)

    async def _text_once(self, url: str) -> tuple[str, str]:
        async with request(self._client, url, self._headers(url), self._limits, PLAYLIST) as connection:
            headers = connection.response.headers
            check_status(connection.response.status_code, headers)
            if connection.response.status_code != 200:
                raise BadAnswerError("The host sent a part of the playlist, which was not asked for")
            length = content_length(headers)
            body = Body(connection, coding(headers))
            data = bytearray()
            async with contextlib.aclosing(body.blocks()) as blocks:
                async for block in blocks:
                    data += block
                    if len(data) > PLAYLIST.max_bytes:
                        raise TooLargeError(f"The playlist is larger than {PLAYLIST.max_bytes} bytes")
            if length is not None and body.received != length:
                raise ShortBodyError(f"The host sent {body.received} of {length} bytes of the playlist")
            if not data.lstrip().removeprefix(b"\xef\xbb\xbf").startswith(b"#EXTM3U"):
                refuse_page(headers, bytes(data[:HEAD]))
            return data.decode("utf-8", "replace"), str(connection.response.url)

    # --- the pieces ---------------------------------------------------------------------------------------------

    async def _fetch_all(self, jobs: Iterator[_Job]) -> None:
        async def work() -> None:
            for job in jobs:
                await self._fetch(job)

        try:
            async with asyncio.TaskGroup() as group:
                for _worker in range(self._limits.segments):
                    group.create_task(work())
        except BaseExceptionGroup as group_error:
            raise _first(group_error) from None

    async def _fetch(self, job: _Job) -> None:
        patience = Patience(self._limits)
        counted = _Counted(self._progress)
        while True:
            try:
                size = await self._attempt(job, counted)
                break
            except DiskError:
                raise
            except AppError as error:
                try:
                    await patience.wait(error)
                except AppError as last:
                    raise SegmentError(job.index, self._count, last) from last
        self._sizes[job.name] = size
        self._played += job.duration
        self._estimate()

    async def _attempt(self, job: _Job, counted: _Counted) -> int:
        piece = job.piece
        headers = self._headers(piece.url)
        if piece.start is not None and piece.length is not None:
            headers["Range"] = f"bytes={piece.start}-{piece.start + piece.length - 1}"
        async with request(self._client, piece.url, headers, self._limits) as connection:
            try:
                length = _check(connection, piece)
                return await self._receive(job.name, connection, length, counted)
            except NotAVideoError as error:
                raise BadAnswerError(error.detail) from error  # of a piece that is worth another try

    async def _receive(self, name: str, connection: Connection, length: int | None, counted: _Counted) -> int:
        headers = connection.response.headers
        body = Body(connection, coding(headers))
        file = await in_thread(lambda: self._store.begin(name))
        counted.begin()
        try:
            pending = bytearray()
            seen = False
            async with contextlib.aclosing(body.blocks()) as blocks:
                async for block in blocks:
                    counted.add(len(block))
                    pending += block
                    if not seen and len(pending) >= HEAD:
                        _refuse(connection, bytes(pending[:HEAD]))
                        seen = True
                    if file.size + len(pending) > LARGEST_PIECE:
                        raise TooLargeError(f"The piece is larger than {LARGEST_PIECE} bytes")
                    if len(pending) >= BLOCK:
                        full, pending = bytes(pending), bytearray()
                        await in_thread(lambda data=full: file.write(data))  # type: ignore[misc]
            if length is not None and body.received != length:
                raise ShortBodyError(f"The host sent {body.received} of {length} bytes")
            if not seen:
                _refuse(connection, bytes(pending[:HEAD]))
            await in_thread(lambda: file.commit(bytes(pending)))
        finally:
            file.abandon()
        return file.size

    def _headers(self, url: str) -> dict[str, str]:
        return dict(self._stream.headers) if _origin(url) == self._origin else {}

    def _estimate(self) -> None:
        """Tell the size that the whole will have if it goes on as it began."""
        if self._played > 0:
            self._progress.total(round(sum(self._sizes.values()) * self._duration / self._played))


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


def _plan(playlist: MediaPlaylist) -> tuple[list[_Job], list[str]]:
    """What to fetch, each thing once, and the order in which the files make up the video."""
    jobs: dict[Piece, _Job] = {}
    order = []
    init: Piece | None = None
    result = []
    for index, segment in enumerate(playlist.segments):
        if segment.init is not None and segment.init != init:
            if segment.init not in jobs:
                jobs[segment.init] = _Job(f"init-{len(jobs):05d}", segment.init, index, 0.0)
                result.append(jobs[segment.init])
            order.append(jobs[segment.init].name)
        init = segment.init
        result.append(_Job(f"{index:05d}", segment.media, index, segment.duration))
        order.append(result[-1].name)
    return result, order


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


def _refuse(connection: Connection, beginning: bytes) -> None:
    refuse_page(connection.response.headers, beginning)
    if recognise(beginning) is None:
        raise NotAVideoError("What the host sent is no piece of a video")


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port


def _first(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """The one error to tell; a disk that refuses matters more than a host that does."""
    errors = group.exceptions
    return next((error for error in errors if isinstance(error, DiskError)), errors[0])
