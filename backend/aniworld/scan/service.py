"""Looks through the anime directory: what is there, what came and went, and which series it is of.

What is unchanged since the last time costs one look at each directory. A folder that cannot be read stops nothing; an
anime directory that is not there changes nothing.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
import uuid_utils.compat

from aniworld.config.service import ConfigService
from aniworld.db.engine import Database
from aniworld.events.bus import EventBus
from aniworld.events.types import ScanComplete, ScanFailed, ScanNumbers, ScanProblem, ScanProgress
from aniworld.kit.errors import AppError
from aniworld.kit.mount import Mount
from aniworld.library.errors import NoAnimeDirectoryError
from aniworld.library.service import LibraryService
from aniworld.library.types import KnownSeries
from aniworld.naming.parse import title_of
from aniworld.operations.errors import OperationCancelledError
from aniworld.operations.service import Operation, Operations
from aniworld.scan import reader
from aniworld.scan.errors import AnimeDirectoryGoneError
from aniworld.scan.matching import Matcher, ids_in
from aniworld.scan.repository import KnownFolder, ScanRepository
from aniworld.scan.schemas import ScanResult
from aniworld.scan.types import UnmatchedFolder
from aniworld.scan.walk import NEVER, Seen, is_folder, look, series_folders

log = logging.getLogger(__name__)

_PROBLEMS = 20
"""Problems that are told; the log has all."""


class ScanService:
    """What a client can do with what lies in the anime directory; ``run`` is a supervised worker."""

    def __init__(
        self,
        db: Database,
        bus: EventBus,
        config: ConfigService,
        operations: Operations,
        library: LibraryService,
        mount: Mount,
    ) -> None:
        self._mount = mount
        self._db = db
        self._bus = bus
        self._config = config
        self._operations = operations
        self._library = library
        self.looked: Callable[[Collection[Seen]], None] = _nobody
        """Told what was read of the disk, batch by batch; set by whoever watches."""
        self.linked = asyncio.Event()
        """Set when videos were given to a series; cleared by whoever looks into them."""
        self.first = asyncio.Event()
        """Set when everything was looked through once, with or without success."""
        self.lock = asyncio.Lock()
        """One look at a time; whoever moves files holds it too."""
        self._wake = asyncio.Event()
        self._requested: str | None = None
        self._thoroughly = False
        self._directory = config.current.library.anime_directory
        config.subscribe(lambda _config: self._look_at_directory())
        library.adopt = self.adopt

    # --- the verbs ----------------------------------------------------------------------------------------------

    def rescan(self, *, thoroughly: bool = False) -> str:
        """Scan soon; the operation that does, which may be running already. Raises :class:`NoAnimeDirectoryError`."""
        if self._config.current.library.anime_directory is None:
            raise NoAnimeDirectoryError
        if self._requested is None:
            self._requested = str(uuid_utils.compat.uuid7())
        self._thoroughly = self._thoroughly or thoroughly
        self._wake.set()
        return self._requested

    async def scan(self, *, thoroughly: bool = False) -> ScanResult:
        """Scan now, in this task. Raises what ends the scan."""
        async with self.lock, self._operations.run("scan", "Looking through the library") as operation:
            return await self._look_through(operation, thoroughly=thoroughly)

    async def look_again(
        self, folders: Mapping[str, Collection[str]], *, unfinished: Callable[[], Awaitable[Collection[str]]]
    ) -> None:
        """Look at some folders now: name → directories that are read although their times are as before.

        ``unfinished`` is asked afterwards for videos to be passed over. Raises :class:`AnimeDirectoryGoneError`.
        """
        async with self.lock:
            anime = self.anime
            if anime is None or await asyncio.to_thread(self._mount.look, anime) != "there":
                raise AnimeDirectoryGoneError("The anime directory is not there")
            async with self._db.read() as session:
                known = await ScanRepository(session).known(folders)
            seen, there = await asyncio.to_thread(_look_at_these, anime, folders, known)
            growing = await unfinished()
            for one in seen:
                one.videos = [video for video in one.videos if video.path not in growing]
            changed = await self._write(seen, known)
            changed |= await self._forget(known, there)
            if not changed:
                return
            await self._settle(changed, {name for name in known if name not in there})
        id_ = str(uuid_utils.compat.uuid7())
        numbers = ScanNumbers(operation_id=id_, current=len(folders), total=len(folders), changed=len(changed))
        self._bus.publish(ScanComplete(data=numbers))

    @property
    def anime(self) -> Path | None:
        """The anime directory."""
        directory = self._config.current.library.anime_directory
        return None if directory is None else Path(directory)

    def is_there(self, anime: Path) -> bool:
        """Whether the anime directory is the one that it was. Blocks."""
        return self._mount.is_there(anime)

    async def directories(self) -> list[str]:
        """Every directory that was read, relative to the anime directory."""
        async with self._db.read() as session:
            return await ScanRepository(session).directories()

    async def folders(self) -> list[str]:
        """Every folder that is known."""
        async with self._db.read() as session:
            return list(await ScanRepository(session).known())

    # --- the worker ---------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Scan at the start and whenever somebody asks, until cancelled."""
        if self._config.current.library.anime_directory is not None:
            self.rescan()
        while True:
            await self._wake.wait()
            self._wake.clear()
            if self._requested is not None:
                try:
                    await self._scan(self._requested, thoroughly=self._thoroughly)
                finally:
                    self._requested, self._thoroughly = None, False
                    self.first.set()

    def _look_at_directory(self) -> None:
        if (directory := self._config.current.library.anime_directory) != self._directory:
            self._directory = directory
            if directory is not None:
                self.rescan()

    async def adopt(self, series_id: UUID) -> None:
        """A source has told which episodes a series has, or a person which folder: files there may be of it."""
        own = {one.folder for one in await self._library.known_series([series_id]) if one.folder is not None}
        async with self._db.write() as session:
            await ScanRepository(session).take_up(own)
        await self._match(None, series_id)
        await self._link({series_id})

    async def _scan(self, operation_id: str, *, thoroughly: bool) -> None:
        try:
            async with (
                self.lock,
                self._operations.run("scan", "Looking through the library", id_=operation_id) as operation,
            ):
                result = await self._look_through(operation, thoroughly=thoroughly)
        except OperationCancelledError:
            self._bus.publish(ScanFailed(data=ScanProblem(operation_id=operation_id, error="Cancelled")))
        except AppError as error:
            log.warning("The library was not scanned: %s", error.detail)
            self._bus.publish(ScanFailed(data=ScanProblem(operation_id=operation_id, error=error.detail)))
        else:
            total = operation.total or 0
            self._bus.publish(ScanComplete(data=self._numbers(operation, total, total, result.changed)))

    async def _look_through(self, operation: Operation, *, thoroughly: bool) -> ScanResult:
        anime = self.anime
        if anime is None:
            raise NoAnimeDirectoryError
        async with self._db.read() as session:
            known = await ScanRepository(session).known()
        names, problems, is_new = await self._names(anime, known)
        if is_new and known:
            known = {}
            async with self._db.write() as session:
                await ScanRepository(session).forget_all()
        changed: set[str] = set()
        done = 0
        async with contextlib.aclosing(reader.looks(anime, names, known, thoroughly)) as looks:
            async for batch in looks:
                changed |= await self._write(batch, known)
                problems += [problem for seen in batch for problem in seen.problems]
                done += len(batch)
                operation.advance(done, len(names), batch[-1].folder)
                self._bus.publish(ScanProgress(data=self._numbers(operation, done, len(names), len(changed))))
        gone = await self._forget(known, set(names))
        await self._settle(changed | gone, gone, all_series=is_new)
        async with self._db.read() as session:
            videos = await ScanRepository(session).videos_in_all()
        await asyncio.to_thread(self._mount.settle, anime)
        for problem in problems:
            log.warning("Not looked at: %s", problem)
        result = ScanResult(
            folders=len(names),
            videos=videos,
            changed=len(changed | gone),
            problem_count=len(problems),
            problems=problems[:_PROBLEMS],
        )
        operation.result = msgspec.structs.asdict(result)
        operation.message = _in_words(result)
        return result

    async def _settle(self, changed: set[str], gone: set[str], *, all_series: bool = False) -> None:
        """What changed in folders changes their series. ``gone``: those of them that are no longer there."""
        await self._match(changed - gone, None, gone)
        async with self._db.read() as session:
            series = await ScanRepository(session).series_of(changed)
        if all_series:  # what lay elsewhere is not here
            series |= {one.id for one in await self._library.known_series()}
        await self._link(series)

    @staticmethod
    def _numbers(operation: Operation, current: int, total: int, changed: int) -> ScanNumbers:
        return ScanNumbers(operation_id=operation.id, current=current, total=total, changed=changed)

    async def _names(self, anime: Path, known: Mapping[str, KnownFolder]) -> tuple[list[str], list[str], bool]:
        """The folders there, what is wrong with others, and whether it is another directory than last time.

        Raises :class:`AnimeDirectoryGoneError` where the disk seems not to be mounted.
        """
        try:
            names, problems = await asyncio.to_thread(series_folders, anime)
            state = await asyncio.to_thread(self._mount.look, anime)
        except OSError as error:
            raise AnimeDirectoryGoneError(f"The anime directory cannot be read: {error.strerror}") from error
        # Without its marker it is what it was if most of what lay there still does: somebody cleared up.
        most = 2 * len(known.keys() & set(names)) >= len(known) > 0
        if (state == "away" and not most) or (state == "there" and known and not names):
            raise AnimeDirectoryGoneError(
                "What was in the anime directory is not there; is its disk mounted? Nothing was removed"
            )
        return names, problems, state == "new"

    async def _write(self, batch: Sequence[Seen], known: Mapping[str, KnownFolder]) -> set[str]:
        """Write down what changed; the names of the folders in which something did."""
        rows = [
            (seen, known.get(seen.folder), _about(seen))
            for seen in batch
            if seen.folder not in known or seen.changed or seen.gone
        ]
        changed: set[str] = set()
        if rows:
            async with self._db.write() as session:
                changed = await ScanRepository(session).store(rows)
        self.looked(batch)
        return changed

    async def _forget(self, known: Mapping[str, KnownFolder], names: set[str]) -> set[str]:
        """The names of folders that are gone; their series keep their files until each is seen to be gone."""
        gone = {name: folder for name, folder in known.items() if name not in names and folder.directories}
        if gone:
            async with self._db.write() as session:
                await ScanRepository(session).forget([folder.id for folder in gone.values()])
        return set(gone)

    async def _match(self, names: set[str] | None, series_id: UUID | None, gone: Collection[str] = ()) -> None:
        """Give folders to the series that they are of beyond doubt.

        ``names``: only these, None: all loose ones; ``series_id``: only to this one; ``gone``: folders that a series
        no longer has.
        """
        async with self._db.read() as session:
            loose = await ScanRepository(session).loose(names)
        if not loose:
            return
        series = await self._library.known_series(None if series_id is None else [series_id])
        by_folder = {one.folder: one for one in series if one.folder is not None}
        without = [one for one in series if one.folder is None or one.folder in gone]
        sure = await asyncio.to_thread(_sure, without, loose)
        moved = {one.id: one.folder for one in without}
        taken: dict[UUID, UUID] = {}
        for folder in loose:
            if (owner := by_folder.get(folder.name)) is not None:
                taken[folder.id] = owner.id
                continue
            found = sure.get(folder.id)
            if found is None or found in taken.values():
                continue
            if await self._library.offer_folder(found, folder.name, instead_of=moved[found]):
                taken[folder.id] = found
        if taken:
            async with self._db.write() as session:
                await ScanRepository(session).assign(taken)

    async def relink(self, series: set[UUID]) -> None:
        """What the tracks of these series' videos tell is known now."""
        async with self.lock:
            await self._link(series)

    async def adopt_folder(self, folder_id: UUID, series_id: UUID) -> None:
        """The folder is that series', whatever its name."""
        async with self._db.write() as session:
            await ScanRepository(session).assign({folder_id: series_id})
        await self._link({series_id})

    async def _link(self, series: set[UUID]) -> None:
        for series_id in series:
            async with self._db.read() as session:
                videos = await ScanRepository(session).videos(series_id)
            await self._library.link(series_id, videos)
            self.linked.set()


def _about(seen: Seen) -> dict[str, Any]:
    """What the folder says that it holds; empty where it was not read."""
    if seen.folder not in seen.changed:
        return {}
    title, year, _season = title_of(seen.folder)
    marks = seen.marks
    return {
        "title": ((marks.title if marks else "") or title or seen.folder)[:500],
        "year": (marks.year if marks else None) or year,
        "ids": [list(pair) for pair in (*(marks.ids if marks else ()), *ids_in(seen.folder))],
    }


def _look_at_these(
    anime: Path, folders: Mapping[str, Collection[str]], known: Mapping[str, KnownFolder]
) -> tuple[list[Seen], set[str]]:
    """Look at these folders, reading some of their directories anew; and which are there. Blocks."""
    seen, there = [], set()
    for name, anew in folders.items():
        if not is_folder(anime, name):
            continue
        there.add(name)
        times = dict(known[name].directories) if name in known else {}
        seen.append(look(anime, name, times | {path: NEVER for path in anew if path in times}))
    return seen, there


def _sure(series: Sequence[KnownSeries], folders: Sequence[UnmatchedFolder]) -> dict[UUID, UUID]:
    """Folder → series, where that is beyond doubt."""
    matcher = Matcher(series)
    found = ((folder.id, matcher.sure(folder)) for folder in folders) if series else ()
    return {folder_id: candidate.series_id for folder_id, candidate in found if candidate is not None}


def _in_words(result: ScanResult) -> str:
    parts = [f"{result.videos} videos in {result.folders} folders", f"{result.changed} folders changed"]
    if result.problem_count:
        parts.append(f"{result.problem_count} could not be looked at")
    return ", ".join(parts)


def _nobody(_seen: Collection[Seen]) -> None:
    pass
