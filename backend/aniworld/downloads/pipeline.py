"""One queue item as five awaited steps: target, resolve, fetch, verify, file.

The ids of the library stay out of the middle: resolve sees references, fetch and verify see addresses and paths.
Work files lie on the anime directory's own file system, in a folder that players do not look into, so that the last
step is a rename.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import logging
import shutil
from collections.abc import Callable, Collection
from pathlib import Path
from typing import ParamSpec, TypeVar
from uuid import UUID

from aniworld.catalog.service import Catalog
from aniworld.catalog.types import Stream
from aniworld.config.service import ConfigService
from aniworld.db.engine import Database
from aniworld.downloads import filing
from aniworld.downloads.breaker import Breakers, host_of
from aniworld.downloads.candidates import Candidate, Candidates, NothingCameError, something_comes
from aniworld.downloads.errors import TargetExistsError, TargetGoneError
from aniworld.downloads.fetch.errors import DiskError, DiskFullError
from aniworld.downloads.fetch.service import fetch
from aniworld.downloads.fetch.types import Fetched, Limits, Soon
from aniworld.downloads.lease_repository import LeaseRepository
from aniworld.downloads.progress import Meter
from aniworld.downloads.speed import SpeedLimits
from aniworld.downloads.together import fetch_and_finish
from aniworld.downloads.types import Claimed
from aniworld.events.bus import EventBus, publish_after_commit
from aniworld.events.types import DownloadComplete, DownloadRef
from aniworld.kit.errors import AppError
from aniworld.kit.files import free_space, safe_join, safe_name
from aniworld.kit.net import HttpClient
from aniworld.library.errors import NoAnimeDirectoryError
from aniworld.library.service import LibraryService
from aniworld.library.types import TargetDetails
from aniworld.media import client as media

log = logging.getLogger(__name__)

P = ParamSpec("P")
T = TypeVar("T")


class EpisodePipeline:
    """Takes an item from the queue to the library. Between two items it remembers which hosts have trouble."""

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
        self._speed = SpeedLimits(lambda: config.current.downloads)
        self._breakers = Breakers()
        self._installation: str | None = None
        self._left: set[UUID] = set()
        """Items whose work files could not be removed."""

    async def run(self, item: Claimed, meter: Meter) -> None:
        """All five steps, or an error with a reason a person understands."""
        anime = self._anime_directory()
        own = await self._work(anime) / str(item.id)
        if item.filing_path is not None and await self._finish_filing(item, anime, own):
            return
        target = await self._target(item)
        await self._file(item, await self._first_whole(item, target, own, meter), anime, own)

    async def heal(self) -> None:
        """Finish what a crash interrupted: between the finished file and the row that says so, or in clearing up."""
        directory = self._config.current.library.anime_directory
        if directory is None:
            return
        work = await self._work(Path(directory))
        async with self._db.read() as session:
            items = await LeaseRepository(session).unfiled()
        for item in items:
            try:
                await self._finish_filing(item, Path(directory), work / str(item.id))
            except AppError:
                log.exception("A finished download could not be filed yet; it is tried again when its turn comes")
        await self._discard_unused(await asyncio.to_thread(filing.items_with_files, work))

    async def discard(self, ids: Collection[UUID]) -> None:
        """Remove the work files of some items; what cannot be removed now goes with the next :meth:`sweep`."""
        directory = self._config.current.library.anime_directory
        if directory is not None and ids:
            self._left |= await asyncio.to_thread(filing.remove_items, await self._work(Path(directory)), ids)

    async def sweep(self) -> None:
        """Try again to remove what could not be removed: the disk had a moment, or too many files were open."""
        left, self._left = self._left, set()
        await self._discard_unused(left)

    async def _discard_unused(self, ids: Collection[UUID]) -> None:
        for id_ in ids:
            async with self._db.read() as session:
                row = await LeaseRepository(session).get(id_)
            if row is None or row.status in ("completed", "cancelled"):
                await self.discard([id_])

    # --- the steps ----------------------------------------------------------------------------------------------

    def _anime_directory(self) -> Path:
        directory = self._config.current.library.anime_directory
        if directory is None:
            raise NoAnimeDirectoryError
        return Path(directory)

    async def _work(self, anime: Path) -> Path:
        """The folder of this installation's work files."""
        if self._installation is None:
            async with self._db.write() as session:
                self._installation = await LeaseRepository(session).installation()
        return anime.joinpath(*filing.WORK, self._installation)

    async def _target(self, item: Claimed) -> TargetDetails:
        if item.episode_id is None:
            raise TargetGoneError
        return await self._library.target(item.episode_id, item.language)

    async def _first_whole(self, item: Claimed, target: TargetDetails, own: Path, meter: Meter) -> Path:
        """A whole, playable file from the first who delivers one."""
        if (whole := await _on_disk("Looking at", filing.kept_whole, own)) is not None:
            return whole
        candidates = Candidates(self._catalog, target, item.language)
        async with contextlib.aclosing(candidates.all()) as streams:
            async for candidate in streams:
                link, source = candidate.link, candidate.source
                # Work goes on where the same hoster of the same source was left.
                name = link.hoster if source == target.provider else f"{source} {link.hoster}"
                work = own / safe_name(f"{name} {link.kind}", max_bytes=100)
                try:
                    return await self._deliver(item, target, candidate, work, meter)
                except DiskFullError:
                    raise
                except NothingCameError:
                    log.info("%s sends nothing; somebody else is asked", link.hoster)
                    candidates.later(candidate)
                except AppError as error:
                    log.info("%s did not deliver %s: %s", link.hoster, item.id, error.detail)
                    candidates.failed(candidate, error)
                    if error.permanent:
                        await asyncio.to_thread(shutil.rmtree, work, ignore_errors=True)
        raise candidates.why()

    async def _deliver(
        self, item: Claimed, target: TargetDetails, candidate: Candidate, work: Path, meter: Meter
    ) -> Path:
        """Fetch and verify: a whole, playable file on the anime directory's file system."""
        link, stream = candidate.link, candidate.stream
        async with self._db.write() as session:
            await LeaseRepository(session).set_source(item.id, candidate.source, link.hoster)
        wanted = self._config.current.downloads
        host = host_of(stream.url)
        limits = Limits(
            connections=wanted.connections,
            per_host=wanted.connections_per_host,
            reserve=wanted.min_free_space,
            throttle=self._speed.of(host),
        )
        if candidate.more:  # asking the same one again would keep the next one waiting
            limits = dataclasses.replace(limits, retries=1, patience=1.0)

        async def renew() -> Stream:
            return await self._catalog.resolve(link)

        async def fetching(soon: Soon) -> Fetched:
            async with something_comes(meter, hurry=candidate.more):
                with self._breakers.attempt(host, lambda: meter.received):
                    return await fetch(
                        stream,
                        work,
                        client=self._http,
                        progress=meter,
                        limits=limits,
                        max_height=wanted.max_height,
                        language=item.language,
                        subtitles=wanted.subtitles != "none",
                        renew=renew,
                        soon=soon,
                    )

        async def assembling(fetched: Fetched, whole: asyncio.Event | None) -> Path:
            try:
                return await self._assemble(item, target, fetched, work, whole)
            except OSError as error:
                raise DiskError.of(error, "Working on the video") from error

        return await fetch_and_finish(fetching, assembling)

    async def _assemble(
        self, item: Claimed, target: TargetDetails, fetched: Fetched, work: Path, whole: asyncio.Event | None
    ) -> Path:
        expected = fetched.expected_duration or target.duration
        # A playlist is exact; a catalogue says "24 min" of what lasts 23:41.
        tolerance = None if fetched.expected_duration is not None or expected is None else 0.25 * expected
        if self._config.current.downloads.container == "original" and fetched.single:
            part = fetched.paths[0]
            info = await media.verify(part, expected_duration=expected, tolerance=tolerance)
            return await _on_disk("Renaming", filing.keep_whole, part, filing.extension(info.container))
        # The finished file is made beside what it is made of.
        needed = fetched.bytes + self._config.current.downloads.min_free_space
        if (free := await _on_disk("Looking at", free_space, work)) < needed:
            raise DiskFullError(
                f"Putting the video together takes {_mib(fetched.bytes)} beside the space that is kept free; "
                f"{_mib(free)} are free"
            )
        finished = work / f"{filing.FINISHED}.mkv"
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
            whole=whole,
        )
        return finished

    async def _file(self, item: Claimed, finished: Path, anime: Path, own: Path) -> None:
        async with self._library.placing(item.series_key):  # nobody renames the folder meanwhile
            await self._file_now(item, finished, anime, own)

    async def _file_now(self, item: Claimed, finished: Path, anime: Path, own: Path) -> None:
        size = (await _on_disk("Looking at", finished.stat)).st_size
        staged = own / (filing.FINISHED + finished.suffix)
        for last in (False, True):
            # Asked for anew: the same episode in another language may have taken the plain name meanwhile.
            path = (await self._target(item)).path(finished.suffix)
            await self._intend(item, path, size)
            final = safe_join(anime, *path.split("/"))
            if not last:
                await _on_disk("Moving", filing.stage, finished, staged)
            try:
                await self._move(item, staged, final, path)
                break
            except TargetExistsError:
                if last:
                    raise
        # What a crash left of the subtitles is found in the same place again.
        await _on_disk("Moving to", filing.file_beside, own, final)
        await self._complete(item, path, size)

    async def _intend(self, item: Claimed, path: str | None, size: int | None) -> None:
        async with self._db.write() as session:
            await LeaseRepository(session).set_filing(item.id, path, size)

    async def _move(self, item: Claimed, staged: Path, final: Path, path: str) -> None:
        try:
            await _on_disk("Moving to", filing.file_away, staged, final)
        except FileExistsError as error:
            await self._intend(item, None, None)
            raise TargetExistsError(f"{path} is there already and was not put there from here") from error

    async def _finish_filing(self, item: Claimed, anime: Path, own: Path) -> bool:
        """Go on where an earlier attempt was about to file; False: there is nothing to go on with."""
        async with self._library.placing(item.series_key):
            async with self._db.read() as session:
                row = await LeaseRepository(session).filing(item.id)
            if row is None:
                return False
            item = dataclasses.replace(item, filing_path=row.filing_path, filing_size=row.filing_size)
            return await self._finish_filing_now(item, anime, own)

    async def _finish_filing_now(self, item: Claimed, anime: Path, own: Path) -> bool:
        if item.filing_path is None or item.filing_size is None:
            return False
        final = safe_join(anime, *item.filing_path.split("/"))
        staged = own / (filing.FINISHED + final.suffix)
        if await _on_disk("Looking at", filing.size_of, staged) == item.filing_size:
            await self._move(item, staged, final, item.filing_path)
        elif await _on_disk("Looking at", filing.size_of, final) != item.filing_size:
            await self._intend(item, None, None)
            return False
        await _on_disk("Moving to", filing.file_beside, own, final)
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
        await self.discard([item.id])


async def _on_disk(doing: str, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Call what blocks on the file system in a thread; its refusal becomes an error that says what was being done."""
    try:
        return await asyncio.to_thread(function, *args, **kwargs)
    except FileExistsError:
        raise
    except OSError as error:
        raise DiskError.of(error, doing) from error


def _mib(count: int) -> str:
    return f"{count / 2**20:.0f} MiB"
