"""One queue item as five awaited steps: target, resolve, fetch, verify, file.

The ids of the library stay out of the middle: resolve sees references, fetch and verify see addresses and paths.
Work files lie on the anime directory's own file system, in a folder that players do not look into, so that the last
step is a rename.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import ParamSpec, TypeVar
from uuid import UUID

from aniworld.catalog.service import Catalog
from aniworld.catalog.types import Link
from aniworld.config.service import ConfigService
from aniworld.db.engine import Database
from aniworld.downloads.errors import (
    AllHostersFailedError,
    HosterFailure,
    NoLinksError,
    TargetExistsError,
    TargetGoneError,
)
from aniworld.downloads.fetch.errors import DiskError, DiskFullError
from aniworld.downloads.fetch.service import fetch
from aniworld.downloads.fetch.throttle import Throttle
from aniworld.downloads.fetch.types import Fetched, Limits
from aniworld.downloads.lease_repository import LeaseRepository
from aniworld.downloads.media import client as media
from aniworld.downloads.progress import Meter
from aniworld.downloads.types import Claimed
from aniworld.events.bus import EventBus, publish_after_commit
from aniworld.events.types import DownloadComplete, DownloadRef
from aniworld.kit.errors import AppError
from aniworld.kit.files import durable_mkdir, durable_move, durable_replace, safe_join, safe_name
from aniworld.kit.net import HttpClient
from aniworld.library.errors import NoAnimeDirectoryError
from aniworld.library.service import LibraryService
from aniworld.library.types import TargetDetails

log = logging.getLogger(__name__)

P = ParamSpec("P")
T = TypeVar("T")

WORK = (".aniworld", "work")
_FINISHED = "finished"
_EXTENSIONS = {"mp4": ".mp4", "matroska": ".mkv", "mpegts": ".ts", "avi": ".avi", "flv": ".flv"}
"""By FFmpeg's names of containers."""


class EpisodePipeline:
    """Takes an item from the queue to the library. Keeps no state between two items."""

    def __init__(
        self,
        db: Database,
        bus: EventBus,
        config: ConfigService,
        catalog: Catalog,
        http: HttpClient,
        library: LibraryService,
    ) -> None:
        self._db = db
        self._bus = bus
        self._config = config
        self._catalog = catalog
        self._http = http
        self._library = library
        # One for all downloads; asked at each use, so that a change counts at once.
        self._throttle = Throttle(lambda: config.current.downloads.speed_limit)

    async def run(self, item: Claimed, meter: Meter) -> None:
        """All five steps, or an error with a reason a person understands."""
        anime = self._anime_directory()
        if item.filing_path is not None and await self._finish_filing(item, anime):
            return
        target = await self._target(item)
        links = await self._catalog.links(target.provider, target.ref, item.language)
        if not links:
            raise NoLinksError
        failures: list[tuple[HosterFailure, AppError]] = []
        for link in links:
            work = anime.joinpath(*WORK, str(item.id), safe_name(f"{link.hoster} {link.kind}", max_bytes=100))
            try:
                finished = await self._deliver(item, target, link, work, meter)
            except DiskFullError:
                raise
            except AppError as error:
                log.info("%s did not deliver %s: %s", link.hoster, item.id, error.detail)
                failures.append((HosterFailure(hoster=link.hoster, reason=error.detail), error))
                if error.permanent:
                    await asyncio.to_thread(shutil.rmtree, work, ignore_errors=True)
                continue
            await self._file(item, finished, anime)
            return
        raise AllHostersFailedError(failures)

    async def heal(self) -> None:
        """Finish what a crash interrupted: between the finished file and the row that says so, or in clearing up."""
        directory = self._config.current.library.anime_directory
        if directory is None:
            return
        async with self._db.read() as session:
            items = await LeaseRepository(session).unfiled()
        for item in items:
            try:
                await self._finish_filing(item, Path(directory))
            except AppError:
                log.exception("A finished download could not be filed yet; it is tried again when its turn comes")
        for id_ in await asyncio.to_thread(_work_directories, Path(directory)):
            async with self._db.read() as session:
                row = await LeaseRepository(session).get(id_)
            if row is None or row.status in ("completed", "cancelled"):
                await self.discard(id_)

    async def discard(self, id_: UUID) -> None:
        """Remove an item's work files."""
        directory = self._config.current.library.anime_directory
        if directory is not None:
            await asyncio.to_thread(shutil.rmtree, Path(directory).joinpath(*WORK, str(id_)), ignore_errors=True)

    # --- the steps ----------------------------------------------------------------------------------------------

    def _anime_directory(self) -> Path:
        directory = self._config.current.library.anime_directory
        if directory is None:
            raise NoAnimeDirectoryError
        return Path(directory)

    async def _target(self, item: Claimed) -> TargetDetails:
        if item.episode_id is None:
            raise TargetGoneError
        return await self._library.target(item.episode_id, item.language)

    async def _deliver(self, item: Claimed, target: TargetDetails, link: Link, work: Path, meter: Meter) -> Path:
        """Resolve, fetch and verify: a whole, playable file on the anime directory's file system."""
        stream = await self._catalog.resolve(link)
        async with self._db.write() as session:
            await LeaseRepository(session).set_source(item.id, target.provider, link.hoster)
        wanted = self._config.current.downloads
        limits = Limits(connections=wanted.connections, per_host=wanted.connections_per_host, throttle=self._throttle)
        fetched = await fetch(
            stream,
            work,
            client=self._http,
            progress=meter,
            limits=limits,
            max_height=wanted.max_height,
            language=item.language,
            subtitles=wanted.subtitles != "none",
        )
        return await self._assemble(item, target, fetched, work)

    async def _assemble(self, item: Claimed, target: TargetDetails, fetched: Fetched, work: Path) -> Path:
        expected = fetched.expected_duration or target.duration
        # A playlist is exact; a catalogue says "24 min" of what lasts 23:41.
        tolerance = None if fetched.expected_duration is not None or expected is None else 0.25 * expected
        if self._config.current.downloads.container == "original" and fetched.protocol == "http":
            part = fetched.paths[0]
            info = await media.verify(part, expected_duration=expected, tolerance=tolerance)
            finished = work / (_FINISHED + _extension(info.container))
            await _on_disk("Renaming", part.rename, finished)
            return finished
        finished = work / f"{_FINISHED}.mkv"
        await media.remux(
            fetched.paths,
            finished,
            container="matroska",
            audio=fetched.audio,
            subtitles=fetched.subtitles,
            mux_subtitles=self._config.current.downloads.subtitles == "mux",
            language=item.language,
            title=target.title,
            expected_duration=expected,
            tolerance=tolerance,
        )
        return finished

    async def _file(self, item: Claimed, finished: Path, anime: Path) -> None:
        size = (await _on_disk("Looking at", finished.stat)).st_size
        staged = anime.joinpath(*WORK, str(item.id), finished.name)
        await _on_disk("Moving", _stage, finished, staged)
        for last in (False, True):
            # Asked for anew: the same episode in another language may have taken the plain name meanwhile.
            path = (await self._target(item)).path(finished.suffix)
            await self._intend(item, path, size)
            try:
                await self._move(item, staged, anime, path)
                break
            except TargetExistsError:
                if last:
                    raise
        await self._file_subtitles(item, anime, path)
        await self._complete(item, path, size)

    async def _intend(self, item: Claimed, path: str | None, size: int | None) -> None:
        async with self._db.write() as session:
            await LeaseRepository(session).set_filing(item.id, path, size)

    async def _move(self, item: Claimed, staged: Path, anime: Path, path: str) -> None:
        final = safe_join(anime, *path.split("/"))
        try:
            await _on_disk("Moving to", _file_away, staged, final)
        except FileExistsError as error:
            await self._intend(item, None, None)
            raise TargetExistsError(f"{path} is there already and was not put there from here") from error

    async def _file_subtitles(self, item: Claimed, anime: Path, path: str) -> None:
        """Put the subtitles beside the video; what a crash left of them is found in the same place again."""
        final = safe_join(anime, *path.split("/"))
        await _on_disk("Moving to", _file_beside, anime.joinpath(*WORK, str(item.id)), final)

    async def _finish_filing(self, item: Claimed, anime: Path) -> bool:
        """Go on where an earlier attempt was about to file; False: there is nothing to go on with."""
        if item.filing_path is None or item.filing_size is None:
            return False
        final = safe_join(anime, *item.filing_path.split("/"))
        staged = anime.joinpath(*WORK, str(item.id), _FINISHED + final.suffix)
        if await _on_disk("Looking at", _size, staged) == item.filing_size:
            await self._move(item, staged, anime, item.filing_path)
        elif await _on_disk("Looking at", _size, final) != item.filing_size:
            await self._intend(item, None, None)
            return False
        await self._file_subtitles(item, anime, item.filing_path)
        await self._complete(item, item.filing_path, item.filing_size)
        return True

    async def _complete(self, item: Claimed, path: str, size: int) -> None:
        """One write: the item is completed and the library knows the file."""
        async with self._db.write() as session:
            repository = LeaseRepository(session)
            await repository.complete(item.id, path, size)
            if item.episode_id is not None:
                await self._library.mark_downloaded(session, item.episode_id, item.language, path, size)
            ref = DownloadRef(
                download_id=str(item.id),
                series_key=item.series_key,
                series_name=item.series_name,
                season=item.season,
                episode=item.episode,
                language=item.language,
            )
            publish_after_commit(self._bus, session, DownloadComplete(data=ref))
        await self.discard(item.id)


async def _on_disk(doing: str, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Call what blocks on the file system in a thread; its refusal becomes an error that says what was being done."""
    try:
        return await asyncio.to_thread(function, *args, **kwargs)
    except FileExistsError:
        raise
    except OSError as error:
        raise DiskError.of(error, doing) from error


def _work_directories(anime: Path) -> list[UUID]:
    """The items that have work files."""
    found = []
    with contextlib.suppress(FileNotFoundError):
        for path in anime.joinpath(*WORK).iterdir():
            with contextlib.suppress(ValueError):
                found.append(UUID(path.name))
    return found


def _extension(container: str) -> str:
    """What a file of that container is called; players go by the name."""
    names = container.split(",")
    return next((suffix for name, suffix in _EXTENSIONS.items() if name in names), ".mkv")


def _stage(finished: Path, staged: Path) -> None:
    """Move the finished file, and its subtitles before it, to where filing looks for them."""
    for leftover in staged.parent.glob(f"{_FINISHED}.*"):  # of another hoster's attempt
        leftover.unlink()
    for subtitles in finished.parent.glob(f"{finished.stem}.*.vtt"):
        durable_replace(subtitles, staged.with_name(subtitles.name))
    durable_replace(finished, staged)


def _file_beside(work: Path, final: Path) -> None:
    """Subtitles that are there already stay as they are: somebody may have put them right."""
    for subtitles in sorted(work.glob(f"{_FINISHED}.*.vtt")):
        with contextlib.suppress(FileExistsError):
            durable_move(subtitles, final.with_name(final.stem + subtitles.name.removeprefix(_FINISHED)))


def _file_away(staged: Path, final: Path) -> None:
    durable_mkdir(final.parent)
    try:
        durable_move(staged, final)
    except FileExistsError:
        # A crash in the middle of a move may leave the file under both names.
        if not final.samefile(staged):
            raise
        staged.unlink()


def _size(path: Path) -> int | None:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return None
