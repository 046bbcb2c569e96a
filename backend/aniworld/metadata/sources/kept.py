"""Answers of the services that are kept for a while, in files. Losing them costs a request each, no more.

The name of a file is a hash, so that nothing of a request stands there; its content is compressed. What has run out,
is broken or is too much is forgotten.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import struct
import threading
import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import msgspec

MAX_BYTES = 64 * 1024 * 1024
MAX_FILES = 20_000
MAX_ANSWER = 16 * 1024 * 1024
"""Of one answer, unpacked."""
LONGEST = 180 * 24 * 3600.0
"""Seconds: TMDB allows half a year."""
_HEAD = struct.Struct(">4sd")
_MARK = b"aw1\n"


@dataclass(frozen=True, slots=True)
class Known:
    """An answer that was kept."""

    value: object
    """JSON; None: the service does not have it."""


class Kept:
    """A folder of answers. ``clock`` is for tests."""

    def __init__(self, directory: Path, clock: Callable[[], float] = time.time) -> None:
        self._directory = directory
        self._clock = clock
        self._lock = threading.Lock()
        self._files: dict[str, tuple[float, int]] | None = None
        """Name → (when it was written, size); None: not looked yet."""

    async def get(self, key: str) -> Known | None:
        """The answer; None: there is none that still holds."""
        return await asyncio.to_thread(self._get, key)

    async def put(self, key: str, value: object, seconds: float) -> None:
        """Keep an answer (JSON, or None for: not there) for a while. A disk that refuses is no harm."""
        await asyncio.to_thread(self._put, key, msgspec.json.encode(value), min(seconds, LONGEST))

    def _get(self, key: str) -> Known | None:
        path = self._directory / _name(key)
        try:
            content = path.read_bytes()
            mark, until = _HEAD.unpack_from(content)
            if mark != _MARK or until < self._clock() or until > self._clock() + LONGEST:
                return None
            unpack = zlib.decompressobj()
            body = unpack.decompress(memoryview(content)[_HEAD.size :], MAX_ANSWER)
            return Known(msgspec.json.decode(body)) if unpack.eof else None
        except (OSError, struct.error, zlib.error, msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return None

    def _put(self, key: str, body: bytes, seconds: float) -> None:
        if len(body) > MAX_ANSWER or seconds <= 0:
            return
        content = _HEAD.pack(_MARK, self._clock() + seconds) + zlib.compress(body, 3)
        name = _name(key)
        with self._lock, contextlib.suppress(OSError):
            files = self._looked()
            draft = self._directory / f"{name}.new"
            try:
                draft.write_bytes(content)
                draft.replace(self._directory / name)
            except OSError:
                draft.unlink(missing_ok=True)
                raise
            files[name] = (self._clock(), len(content))
            self._make_room(files)

    def _looked(self) -> dict[str, tuple[float, int]]:
        if self._files is None:
            self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._files = {}
            for entry in os.scandir(self._directory):
                stat = entry.stat(follow_symlinks=False)
                self._files[entry.name] = (stat.st_mtime, stat.st_size)
        return self._files

    def _make_room(self, files: dict[str, tuple[float, int]]) -> None:
        size = sum(length for _, length in files.values())
        if size <= MAX_BYTES and len(files) <= MAX_FILES:
            return
        for name in sorted(files, key=lambda name: files[name][0]):
            if size <= MAX_BYTES * 0.9 and len(files) <= MAX_FILES * 0.9:
                break
            size -= files.pop(name)[1]
            (self._directory / name).unlink(missing_ok=True)


def _name(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()
