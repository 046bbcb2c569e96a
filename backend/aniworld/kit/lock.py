"""A lock on a directory that the kernel frees when its holder dies, however it dies."""

import fcntl
import os
from pathlib import Path
from typing import Self


class LockedError(Exception):
    """Another process holds the lock."""


class DirectoryLock:
    """Holds ``<directory>/lock`` from its making to the end of its block.

    Raises :class:`LockedError` at once if somebody else holds it.
    """

    def __init__(self, directory: Path) -> None:
        self._fd = os.open(directory / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(self._fd)
            raise LockedError from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        os.close(self._fd)
