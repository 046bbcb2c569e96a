"""The pieces of one stream, read one behind the other. Only runs in the worker.

They may still be coming: who asks for one that is not there yet waits until it is. What has its name is whole.
"""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from typing import IO

_INIT = (b"ftyp", b"moov")
_LARGEST_INIT = 1024 * 1024
_LOOK = 0.02
"""Seconds between two looks for a piece that is to come."""


def wait_for(path: Path) -> None:
    """Until it is there. Whoever fetches it ends this process where it will not come."""
    while not path.exists():
        time.sleep(_LOOK)


class Pieces:
    """What has not been read yet."""

    def __init__(self, paths: Sequence[Path], *, coming: bool) -> None:
        self._left = deque(paths)
        self._coming = coming

    def look(self) -> Path | None:
        """The next one, which stays the next one; None: that was all."""
        if not self._left:
            return None
        if self._coming:
            wait_for(self._left[0])
        return self._left[0]

    def take(self) -> None:
        """The next one is done with."""
        self._left.popleft()


class Part:
    """Pieces that can be read in one go: FFmpeg reads one head of an MP4 file and passes over those that follow."""

    def __init__(self, pieces: Pieces) -> None:
        self._pieces = pieces
        first = pieces.look()
        assert first is not None
        self.first = first
        self._head = _init(first)
        self._file: IO[bytes] | None = first.open("rb", buffering=0)
        pieces.take()

    def readable(self) -> bool:
        """Yes."""
        return True

    def read(self, size: int, /) -> bytes:
        """At most ``size`` bytes; fewer at the end of a piece, none at the end of the last one."""
        while self._file is not None:
            if data := self._file.read(size):
                return data
            self.close()
            self._file = self._next()
        return b""

    def _next(self) -> IO[bytes] | None:
        while (path := self._pieces.look()) is not None:
            head = _init(path)
            if head is not None and head != self._head:
                return None  # another part begins
            self._pieces.take()
            if head is None:  # else the same head again, as after a break
                return path.open("rb", buffering=0)
        return None

    def close(self) -> None:
        """Let go of the piece that is open."""
        if self._file is not None:
            self._file.close()
            self._file = None


def _init(path: Path) -> bytes | None:
    """The content of an init section; None for any other piece."""
    with path.open("rb", buffering=0) as stream:
        head = stream.read(8)
        if head[4:8] not in _INIT:
            return None
        rest = stream.read(_LARGEST_INIT)
        # So long a one is a piece with a head of its own, which is never the same as another one.
        return head + (rest if len(rest) < _LARGEST_INIT else os.fsencode(path))
