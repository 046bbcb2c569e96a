"""Opens media for reading: one file, or pieces that are read as one. Only runs in the worker.

The container is recognised here, by its first bytes, and FFmpeg is given nothing but bytes: it chooses no reader of its
own (some follow addresses and paths that they find in a file) and opens no file and no connection.
"""

from __future__ import annotations

import io
import itertools
import os
from collections.abc import Sequence
from pathlib import Path
from typing import IO

import av
from av.container import InputContainer

from aniworld.downloads.fetch.containers import HEAD, is_cut, recognise_sound
from aniworld.downloads.media.refusal import RefusalError

_BUFFER = 1024 * 1024
_TIMESTAMP = b"com.apple.streaming.transportStreamTimestamp\0"


class Joined(io.RawIOBase):
    """Files read as if they were one; holds one open at a time."""

    def __init__(self, paths: Sequence[Path]) -> None:
        super().__init__()
        self._paths = paths
        self._ends = list(itertools.accumulate(path.stat().st_size for path in paths))
        self._at = 0
        self._index = -1
        self._file: IO[bytes] | None = None

    def readable(self) -> bool:
        """Yes."""
        return True

    def seekable(self) -> bool:
        """Yes."""
        return True

    def tell(self) -> int:
        """The position in the whole."""
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move to a position in the whole."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._ends[-1]}[whence]
        self._at = max(0, base + offset)
        return self._at

    def read(self, size: int = -1, /) -> bytes:
        """At most ``size`` bytes; fewer at the end of a piece, none at the end of the last one."""
        index = next((i for i in self._from_here() if self._at < self._ends[i]), None)
        if index is None:
            return b""
        if index != self._index or self._file is None:
            self.close_file()
            self._file = self._paths[index].open("rb", buffering=0)
            self._index = index
        begin = self._ends[index - 1] if index else 0
        self._file.seek(self._at - begin)
        left = self._ends[index] - self._at
        data = self._file.read(left if size < 0 else min(size, left))
        self._at += len(data)
        return data

    def _from_here(self) -> range:
        """Where to look for the piece: from the last one on, or from the first one after going back."""
        ahead = self._index >= 0 and self._at >= (self._ends[self._index - 1] if self._index else 0)
        return range(self._index if ahead else 0, len(self._ends))

    def close_file(self) -> None:
        """Let go of the piece that is open."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def close(self) -> None:
        """Let go of everything."""
        self.close_file()
        super().close()


def open_media(paths: Sequence[Path], *, whole: bool = True) -> InputContainer:
    """The opened input; ``whole``: a single file is all there is. Raises :class:`RefusalError` and ``FFmpegError``."""
    with paths[0].open("rb") as stream:
        format_ = recognise_sound(stream.read(HEAD))
        if format_ is None:
            raise RefusalError("not-a-video", "This is no video file of a known kind")
        # A transport stream needs no end to play, and who joins pieces has looked at each.
        if (
            whole
            and len(paths) == 1
            and format_ != "mpegts"
            and is_cut(stream.fileno(), os.fstat(stream.fileno()).st_size)
        ):
            raise RefusalError("cut-short", "The end of the file is missing")
    joined = Joined(paths)
    try:
        return av.open(joined, "r", format=format_, buffer_size=_BUFFER, options={"protocol_whitelist": "none"})
    except BaseException:
        joined.close()
        raise


def bare_sound_start(path: Path) -> float:
    """The time, in seconds, that the tag before bare sound gives to its beginning; 0 without one."""
    with path.open("rb") as stream:
        head = stream.read(HEAD)
    at = head.find(_TIMESTAMP)
    ticks = head[at + len(_TIMESTAMP) :][:8]
    return int.from_bytes(ticks, "big") % 2**33 / 90_000 if at >= 0 and len(ticks) == 8 else 0.0
