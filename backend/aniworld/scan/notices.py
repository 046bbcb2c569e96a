"""What the kernel tells of changes in the anime directory (inotify). Looks at no file itself.

Watched are the directories that the walk has read, one by one: what it passes over (links that lead out, what
``.ignore`` names, hidden folders) is not watched either. ``watchfiles`` was tried first: it follows every link, and one
name that is not UTF-8 silences it for good.
"""

from __future__ import annotations

import contextlib
import errno
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from pathlib import Path

from asyncinotify import Event, Inotify, Mask, Watch

_WATCHED = (
    Mask.CREATE | Mask.CLOSE_WRITE | Mask.MOVED_FROM | Mask.MOVED_TO | Mask.DELETE | Mask.DELETE_SELF | Mask.MOVE_SELF
    | Mask.ONLYDIR | Mask.EXCL_UNLINK
)  # fmt: skip
_OVER = Mask.DELETE_SELF | Mask.MOVE_SELF | Mask.UNMOUNT
_AT_ONCE = 64


@dataclass(frozen=True, slots=True)
class Change:
    """Something in a directory came, went or was written."""

    directory: str
    """Relative to the anime directory; empty: that itself."""
    name: str
    is_directory: bool
    created: bool
    """It is new, and may still be written to."""
    written: bool
    """It was written to and is whole, also under a name that was there."""


class NoticesLostError(Exception):
    """The kernel had more to tell than it keeps: anything may have changed."""


class NoticesEndedError(Exception):
    """The anime directory itself was moved, deleted or unmounted."""


class Notices:
    """The directories that are watched. Raises ``OSError`` where the kernel has no room for one more of these."""

    def __init__(self, anime: Path) -> None:
        self._anime = anime
        self._inotify = Inotify(cache_size=_AT_ONCE)
        self._watches: dict[str, Watch] = {}
        self._paths: dict[int, str] = {}
        try:
            self.cover([""])
        except OSError:
            self.close()
            raise

    def close(self) -> None:
        """Watch nothing any more."""
        self._inotify.close()

    def __len__(self) -> int:
        return len(self._watches)

    def cover(self, directories: Iterable[str]) -> set[str]:
        """Watch these as well; those that were not watched at that place. Blocks.

        Raises ``OSError`` (``ENOSPC``) where there may be no more.
        """
        added = set()
        for directory in directories:
            try:
                watch = self._inotify.add_watch(self._anime / directory, _WATCHED)
            except OSError as error:
                if error.errno in (errno.ENOSPC, errno.ENOMEM):
                    raise
                continue  # it is gone again, or may not be read: the walk tells
            if self._paths.get(watch.wd) != directory:
                self._paths[watch.wd] = directory
                added.add(directory)
            self._watches[directory] = watch
        return added

    def forget(self, directories: Iterable[str]) -> None:
        """These are no longer part of the library: gone, or moved elsewhere."""
        for directory in directories:
            watch = self._watches.pop(directory, None)
            if watch is not None and self._paths.get(watch.wd) == directory:
                del self._paths[watch.wd]
                with contextlib.suppress(OSError):  # it went with its directory
                    self._inotify.rm_watch(watch)

    async def changes(self) -> AsyncIterator[Change]:
        """What changes, as it comes. Raises :class:`NoticesLostError` and :class:`NoticesEndedError`."""
        while True:
            event = await self._inotify.get()
            if (change := self._told(event)) is not None:
                yield change

    def _told(self, event: Event) -> Change | None:
        mask = event.mask
        if mask & Mask.Q_OVERFLOW:
            raise NoticesLostError
        watch = event.watch
        directory = None if watch is None else self._paths.get(watch.wd)
        if watch is None or directory is None:
            return None
        if directory == "" and mask & (_OVER | Mask.IGNORED):
            raise NoticesEndedError
        if mask & Mask.IGNORED:
            del self._paths[watch.wd]
            if self._watches.get(directory) is watch:
                del self._watches[directory]
            return None
        if event.name is None:
            return None
        return Change(
            directory,
            str(event.name),
            is_directory=bool(mask & Mask.ISDIR),
            created=bool(mask & Mask.CREATE),
            written=bool(mask & (Mask.CLOSE_WRITE | Mask.MOVED_TO)),
        )
