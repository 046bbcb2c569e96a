"""Sees what changes in the anime directory: at once where its file system tells, else by looking from time to time.

Changes are gathered by folder, and a folder is looked at when it has been quiet for a moment. A file that is still
being copied is left out until it is whole.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import sys
import time
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from aniworld.config.service import ConfigService
from aniworld.events.bus import EventBus
from aniworld.events.types import Message, SystemWarning
from aniworld.kit.errors import AppError
from aniworld.kit.mount import tells_changes
from aniworld.naming.text import is_video
from aniworld.scan.service import ScanService
from aniworld.scan.walk import IGNORE, Seen, is_passed_over, is_text

if TYPE_CHECKING:
    from aniworld.scan.notices import Change, Notices

log = logging.getLogger(__name__)

QUIET = 1.5
"""Seconds without a change before a folder is looked at."""
LONGEST = 15.0
"""Seconds after which one in which changes do not end is looked at all the same."""
STILL = 10.0
"""Seconds after which a file that nobody closed is taken as it is."""
CHECK = 60.0
"""Seconds between two looks whether the directory is still the one that is watched."""
HEARD = 0.02
"""Seconds in which a change is told."""
AT_ONCE = 500
"""Folders that are looked at together."""
_BESIDE = frozenset(
    ".jpg .jpeg .png .webp .tbn .gif .srt .ass .ssa .sub .idx .vtt .sup .txt .md .url .sfv .par2 .part .tmp".split()
)
"""What lies beside videos and says nothing of them."""


@dataclass(slots=True)
class _Due:
    """A folder in which something changed."""

    first: float
    last: float
    directories: set[str] = field(default_factory=set)
    """Those that have to be read although their times are as before."""

    @property
    def at(self) -> float:
        return min(self.last + QUIET, self.first + LONGEST)


class Watcher:
    """``run`` is a supervised worker; ``state`` says in words how changes are seen."""

    def __init__(self, config: ConfigService, bus: EventBus, scans: ScanService) -> None:
        self.state = "not looked through by itself"
        self._config = config
        self._bus = bus
        self._scans = scans
        self._notices: Notices | None = None
        self._due: dict[str, _Due] = {}
        self._open: dict[str, str] = {}
        """Videos that are being written → their folders."""
        self._uncovered: set[str] = set()
        self._gone: set[str] = set()
        self._wake = asyncio.Event()
        self._other_settings = asyncio.Event()
        self._settings = self._current()
        self._warned: str | None = None
        config.subscribe(lambda _config: self._look_at_settings())
        scans.looked = self._looked

    def _current(self) -> tuple[str | None, str, int]:
        library = self._config.current.library
        return library.anime_directory, library.watch, library.rescan_minutes

    def _look_at_settings(self) -> None:
        if self._settings != self._current():
            self._settings = self._current()
            self._other_settings.set()

    async def run(self) -> None:
        """Watch, until cancelled."""
        while True:
            self._other_settings.clear()
            directory, watch, minutes = self._settings
            if directory is None:
                self.state = "not looked through by itself"
                await self._other_settings.wait()
                continue
            problem = "switched off" if watch == "off" else await self._follow(Path(directory), always=watch == "on")
            if problem is None:
                continue
            self.state = f"{problem}: " + (f"looked through every {minutes} minutes" if minutes else "only on request")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._other_settings.wait(), minutes * 60 if minutes else None)
                continue
            with contextlib.suppress(AppError):
                self._scans.rescan()

    # --- with events --------------------------------------------------------------------------------------------

    async def _follow(self, anime: Path, *, always: bool) -> str | None:
        """Look at what changes until it can be seen no longer; why there are no events, if there are none."""
        if not sys.platform.startswith("linux"):
            return "this system tells no changes"
        if not always and (reason := await asyncio.to_thread(tells_changes, anime)) is not None:
            return reason
        from aniworld.scan import notices  # noqa: PLC0415 - there is no such thing elsewhere

        try:
            self._notices = await asyncio.to_thread(notices.Notices, anime)
        except OSError as error:
            return self._warn(error)
        try:
            await self._scans.first.wait()
            await self._cover(await self._scans.directories())
            self._look_at_all(await self._scans.folders())
            self.state = "changes are seen as they come"
            log.info("Changes in the anime directory are seen as they come: %d directories", len(self._notices))
            await self._until_over(self._notices, anime)
        except notices.NoticesLostError:
            log.info("More changed than could be told; everything is looked through")
        except notices.NoticesEndedError:
            self.state = "the anime directory is not there"
            log.warning("The anime directory is no longer there; what is known of it stays")
            await self._until_there(anime)
        except OSError as error:
            return self._warn(error)
        finally:
            self._notices.close()
            self._notices = None
            for left in (self._due, self._open, self._uncovered, self._gone):
                left.clear()
        return None

    async def _until_over(self, notices: Notices, anime: Path) -> None:
        """Until the settings change; raises what ends the watching."""
        tasks = [
            asyncio.create_task(work)
            for work in (self._hear(notices), self._look_on(), self._check(anime), self._other_settings.wait())
        ]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _check(self, anime: Path) -> None:
        """Another disk may come to lie over the one that is watched."""
        from aniworld.scan.notices import NoticesEndedError  # noqa: PLC0415 - see above

        place = await asyncio.to_thread(_place, anime)
        while True:
            await asyncio.sleep(CHECK)
            if place != await asyncio.to_thread(_place, anime):
                raise NoticesEndedError

    async def _until_there(self, anime: Path) -> None:
        while not self._other_settings.is_set():
            if await asyncio.to_thread(self._scans.is_there, anime):
                self._scans.rescan()
                return
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._other_settings.wait(), STILL)

    def _warn(self, error: OSError) -> str:
        """No room for one more watch, or none at all: say so, once."""
        problem = f"changes cannot be watched ({error.strerror})"
        if self._warned != problem:
            self._warned = problem
            log.warning(
                "The anime directory is looked through from time to time: %s; "
                "fs.inotify.max_user_watches and max_user_instances may be too low", problem,
            )  # fmt: skip
            self._bus.publish(
                SystemWarning(data=Message(code="watch-limit", message=f"Changes are not seen at once: {problem}"))
            )
        return problem

    # --- what changed -------------------------------------------------------------------------------------------

    async def _hear(self, notices: Notices) -> None:
        async for change in notices.changes():
            self._take(change)

    def _take(self, change: Change) -> None:
        """Note which folder has to be looked at."""
        directory, name = change.directory, change.name
        if name != IGNORE and is_passed_over(name):
            return
        path = f"{directory}/{name}" if directory else name
        if not is_text(path):  # the next scan of the whole tells of it
            return
        if not change.is_directory:
            suffix = Path(name).suffix.lower()
            if suffix in _BESIDE or (not directory and not change.created and change.written and suffix):
                return
            if is_video(name):
                if change.created:
                    self._open[path] = directory.partition("/")[0]
                else:
                    self._open.pop(path, None)
        self._changed(path.partition("/")[0], {directory} if change.written and directory else set())

    def _changed(self, folder: str, directories: Iterable[str] = ()) -> None:
        moment = time.monotonic()
        due = self._due.setdefault(folder, _Due(moment, moment))
        due.last = moment
        due.directories.update(directories)
        self._wake.set()

    def _looked(self, seen: Collection[Seen]) -> None:
        """A scan read directories: they are watched from now on, and looked at once more."""
        if self._notices is not None:
            for one in seen:
                self._uncovered.update(one.changed)
                self._gone.update(one.gone)
            self._wake.set()

    async def _cover(self, directories: Collection[str]) -> set[str]:
        assert self._notices is not None
        self._notices.forget(self._gone - set(directories))
        self._gone.clear()
        return await asyncio.to_thread(self._notices.cover, directories) if directories else set()

    def _look_at_all(self, folders: Iterable[str]) -> None:
        """What changed before it was watched shows in the times of its directories."""
        for folder in folders:
            self._changed(folder)

    async def _look_on(self) -> None:
        while True:
            self._wake.clear()
            covered, self._uncovered = self._uncovered, set()
            if covered or self._gone:
                for directory in await self._cover(covered):
                    self._changed(directory.partition("/")[0], {directory})
            moment = time.monotonic()
            due = [folder for folder, one in self._due.items() if one.at <= moment]
            if due:
                await self._look_at(due[:AT_ONCE])
                continue
            soonest = min((one.at for one in self._due.values()), default=None)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), None if soonest is None else max(0.05, soonest - moment))

    async def _look_at(self, folders: Collection[str]) -> None:
        taken = {folder: self._due.pop(folder) for folder in folders}
        growing: set[str] = set()

        async def unfinished() -> set[str]:
            """Asked when the folders were read: a file that was made meanwhile has been told by then."""
            await asyncio.sleep(HEARD)
            suspects = [path for path, folder in self._open.items() if folder in taken]
            growing.update(await asyncio.to_thread(lambda: list(_growing(self._scans.anime, suspects))))
            for path in suspects:
                if path not in growing:
                    self._open.pop(path, None)
            return growing

        try:
            directories = {folder: due.directories for folder, due in taken.items()}
            await self._scans.look_again(directories, unfinished=unfinished)
        except AppError as error:
            log.warning("What changed was not looked at: %s", error.detail)
        for path in growing:
            self._changed(path.partition("/")[0], {path.rpartition("/")[0]})


def _growing(anime: Path | None, paths: Iterable[str]) -> Iterator[str]:
    """Those that were written to a moment ago. Blocks."""
    for path in paths:
        with contextlib.suppress(OSError):
            if anime is not None and time.time() - (anime / path).stat().st_mtime < STILL:
                yield path


def _place(anime: Path) -> tuple[int, int] | None:
    try:
        status = anime.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino
