"""Fetches an HLS stream: its playlists, then their pieces, several at once, each kept over restarts."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from aniworld.catalog.types import Stream
from aniworld.downloads.fetch.address import Address
from aniworld.downloads.fetch.errors import DiskError, FetchError, PlaylistError
from aniworld.downloads.fetch.hls_answer import Job
from aniworld.downloads.fetch.hls_keys import KeyRing
from aniworld.downloads.fetch.hls_piece import PieceFetcher, held
from aniworld.downloads.fetch.hls_small import SmallFiles, headers_for
from aniworld.downloads.fetch.pieces import PieceStore, Plan
from aniworld.downloads.fetch.playlist import MediaPlaylist, Piece, parse
from aniworld.downloads.fetch.types import Fetched, Limits, ProgressSink, Renew, Soon, Transport
from aniworld.downloads.fetch.variants import Master, Rendition
from aniworld.downloads.fetch.writer import in_thread
from aniworld.media.containers import Content
from aniworld.media.types import TextTrack

log = logging.getLogger(__name__)

_AUDIO = "sound"
_SUBTITLES = "subtitles"
"""Directories of the pieces that are not the video's."""
_SOON = 20.0
"""Seconds. Enough to put the largest episode together, and no longer than a process should wait for it."""


async def fetch_hls(
    stream: Stream,
    directory: Path,
    *,
    client: Transport,
    progress: ProgressSink,
    limits: Limits | None = None,
    max_height: int | None = None,
    language: str | None = None,
    subtitles: bool = False,
    content: Content = "video",
    soon: Soon | None = None,
    renew: Renew | None = None,
) -> Fetched:
    """Fetch the pieces into ``directory``, going on with those that an earlier call left there.

    ``language`` (``audio[+subtitles]``) chooses among several sounds and ``subtitles``. The total told to ``progress``
    is an estimate from the pieces that are there and how long they play. ``content``: what the pieces hold.
    ``renew`` is asked for another address where this one, or those of the pieces, run out on the way. Raises
    :class:`~aniworld.downloads.fetch.errors.FetchError` and :class:`~aniworld.kit.net.errors.NetError`.
    """
    limits = limits or Limits()
    address, first = Address(stream, renew), True
    while True:
        stream = await address.current()
        headers = headers_for(stream)
        files = SmallFiles(client, headers, limits)
        fetcher = PieceFetcher(client, headers, KeyRing(files), progress, limits)
        choice = (max_height, language)
        fetch: _HlsFetch | None = None
        try:
            tracks = await _tracks(files, stream.url, directory, limits, choice, subtitles=subtitles, content=content)
            fetch = _HlsFetch(tracks, fetcher, progress, limits, soon)
            return await fetch.run()
        except FetchError as error:
            if fetch is not None:
                soon = fetch.soon
                if fetch.fetched or first:  # a playlist that comes proves it once; pieces prove it each time
                    address.works(stream)
            first = False
            if not error.expired or not await address.replaced(stream):
                raise


async def fetch_pieces(
    stream: Stream,
    playlist: MediaPlaylist,
    directory: Path,
    *,
    client: Transport,
    progress: ProgressSink,
    limits: Limits,
    content: Content,
) -> Fetched:
    """The same for pieces that are known already, whatever list they were on."""
    headers = headers_for(stream)
    fetcher = PieceFetcher(client, headers, KeyRing(SmallFiles(client, headers, limits)), progress, limits)
    track = _Track(content, playlist, PieceStore(directory, limits.reserve))
    return await _HlsFetch([track], fetcher, progress, limits, None).run()


@dataclass(slots=True)
class _Track:
    """One playlist and its pieces on the disk."""

    content: Content
    playlist: MediaPlaylist
    store: PieceStore
    rendition: Rendition | None = None
    jobs: list[Job] = field(default_factory=list)
    order: list[str] = field(default_factory=list)
    """Names of the pieces as they follow one another."""
    sizes: dict[str, int] = field(default_factory=dict)
    bytes: int = 0
    played: float = 0.0
    """Seconds of the pieces that are there."""

    duration: float = 0.0
    """Seconds of all."""

    def __post_init__(self) -> None:
        """What to fetch, each thing once."""
        self.duration = self.playlist.duration
        inits: dict[Piece, str] = {}
        last: Piece | None = None
        count = len(self.playlist.segments)
        start = 0.0
        for index, segment in enumerate(self.playlist.segments):

            def job(name: str, piece: Piece, duration: float, index: int = index, start: float = start) -> Job:
                return Job(self.store, name, piece, self.content, index, count, start, duration)

            if segment.init is not None and segment.init != last:
                if segment.init not in inits:
                    inits[segment.init] = f"init-{len(inits):05d}"
                    self.jobs.append(job(inits[segment.init], segment.init, 0.0))
                self.order.append(inits[segment.init])
            last = segment.init
            self.jobs.append(job(f"{index:05d}", segment.media, segment.duration))
            self.order.append(f"{index:05d}")
            start += segment.duration

    def prepare(self) -> None:
        """Look for what is there already. Blocks."""
        there = self.store.prepare(Plan(fingerprint=self.playlist.fingerprint(), count=len(self.playlist.segments)))
        for job in self.jobs:
            if job.name in there:
                self.arrived(job, there[job.name])

    def arrived(self, job: Job, size: int) -> None:
        """A piece is on the disk."""
        self.sizes[job.name] = size
        self.bytes += size
        self.played += job.duration

    @property
    def missing(self) -> list[Job]:
        """What is still to be fetched."""
        return [job for job in self.jobs if job.name not in self.sizes]

    @property
    def estimate(self) -> float:
        """Bytes that the whole will have if it goes on as it began."""
        return self.bytes * self.duration / self.played if self.played > 0 else 0.0

    @property
    def paths(self) -> tuple[Path, ...]:
        """The pieces, in order."""
        return tuple(self.store.path(name) for name in self.order)


async def _tracks(
    files: SmallFiles,
    url: str,
    directory: Path,
    limits: Limits,
    choice: tuple[int | None, str | None],
    *,
    subtitles: bool,
    content: Content,
) -> list[_Track]:
    """The video first."""

    async def read(url: str) -> MediaPlaylist | Master:
        text, final = await files.playlist(url)
        return await asyncio.to_thread(parse, text, final, *choice, subtitles=subtitles)

    async def media(url: str) -> MediaPlaylist:
        result = await read(url)
        if isinstance(result, Master):
            raise PlaylistError("The playlist leads to yet another list of variants")
        return result

    result = await read(url)
    video = result if isinstance(result, MediaPlaylist) else await media(result.video)
    tracks = [_Track(content, video, PieceStore(directory, limits.reserve))]
    if isinstance(result, Master):
        if (audio := result.audio) is not None:
            store = PieceStore(directory / _AUDIO, limits.reserve)
            tracks.append(_Track("sound", await media(audio.url), store, audio))
        for number, rendition in enumerate(result.subtitles):
            playlist = await media(rendition.url)
            if any(segment.init is not None for segment in playlist.segments):
                log.info("Subtitles are left out: they are in MP4 pieces, not in WebVTT")
                continue
            store = PieceStore(directory / f"{_SUBTITLES}-{number}", limits.reserve)
            tracks.append(_Track("text", playlist, store, rendition))
    return tracks


class _HlsFetch:
    def __init__(
        self,
        tracks: list[_Track],
        fetcher: PieceFetcher,
        progress: ProgressSink,
        limits: Limits,
        soon: Soon | None,
    ) -> None:
        self._tracks = tracks
        self._fetcher = fetcher
        self._progress = progress
        self._limits = limits
        self.soon = soon
        """Who is told; None: nobody, or it has been told."""
        self.fetched = 0
        """Pieces that came."""
        self._begun = 0.0, 0.0
        """When fetching began, and how many seconds of the video were there then."""

    async def run(self) -> Fetched:
        try:
            return await self._run()
        finally:
            for track in self._tracks:
                track.store.close()

    async def _run(self) -> Fetched:
        for track in self._tracks:
            await in_thread(track.prepare)
        self._estimate()
        self._progress.reset(self._size + sum(held(job) for track in self._tracks for job in track.missing))
        self._begun = time.monotonic(), self._tracks[0].played
        # By their time, so that picture and sound grow together and the size can be estimated early.
        work = [(job, track) for track in self._tracks for job in track.missing]
        await self._fetch_all(iter(sorted(work, key=lambda entry: entry[0].start)))
        for track in self._tracks:
            await in_thread(track.store.finish)
        self._progress.total(self._size)
        self._progress.reset(self._size)
        return self._result(self._size)

    def _result(self, size: int) -> Fetched:
        video = self._tracks[0]
        return Fetched(
            protocol="hls",
            paths=video.paths,
            bytes=size,
            audio=next((track.paths for track in self._tracks if track.content == "sound"), ()),
            subtitles=tuple(_text(track) for track in self._tracks if track.content == "text"),
            expected_duration=video.duration,
        )

    @property
    def _size(self) -> int:
        return sum(track.bytes for track in self._tracks)

    @property
    def _estimated(self) -> int:
        return round(sum(track.estimate for track in self._tracks))

    async def _fetch_all(self, work: Iterator[tuple[Job, _Track]]) -> None:
        async def worker() -> None:
            for job, track in work:
                track.arrived(job, await self._fetcher.fetch(job))
                self.fetched += 1
                self._estimate()
                self._look_ahead()

        try:
            async with asyncio.TaskGroup() as group:
                # While some are being put on the disk, others are asked for.
                for _number in range(2 * self._limits.segments):
                    group.create_task(worker())
        except BaseExceptionGroup as group_error:
            raise _first(group_error) from None

    def _look_ahead(self) -> None:
        """Say so when the rest will be there soon."""
        begun, played = self._begun
        video = self._tracks[0]
        if self.soon is None or video.played <= played:
            return
        pace = (time.monotonic() - begun) / (video.played - played)
        if pace * (video.duration - video.played) <= _SOON:
            soon, self.soon = self.soon, None
            soon(self._result(self._estimated))

    def _estimate(self) -> None:
        if self._tracks[0].played > 0:
            self._progress.total(self._estimated)


def _text(track: _Track) -> TextTrack:
    told = track.rendition
    return TextTrack(
        pieces=track.paths,
        times=tuple((job.start, job.start + job.duration) for job in track.jobs),
        language=told.language if told else None,
        name=told.name if told else None,
        forced=told.forced if told else False,
    )


def _first(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """The one error to tell; a disk that refuses matters more than a host that does."""
    errors = group.exceptions
    return next((error for error in errors if isinstance(error, DiskError)), errors[0])
