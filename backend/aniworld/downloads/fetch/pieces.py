"""The pieces of a stream on the disk: each in a file of its own, whole or not there at all. Blocks; runs in threads."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import msgspec

from aniworld.downloads.fetch.containers import HEAD, is_cut
from aniworld.downloads.fetch.errors import DiskError, DiskFullError, ShortBodyError
from aniworld.downloads.fetch.hls_keys import Cipher
from aniworld.downloads.fetch.types import BLOCK
from aniworld.kit.files import durable_mkdir, durable_write, free_space, fsync_directory
from aniworld.kit.schema import Schema

_PLAN = "plan.json"
_LARGEST_PLAN = 4096


class Plan(Schema, frozen=True):
    """Ties a directory to a playlist."""

    fingerprint: str
    count: int


class PieceStore:
    """A directory of pieces."""

    def __init__(self, directory: Path, reserve: int) -> None:
        self._directory = directory
        self._reserve = reserve

    def path(self, name: str) -> Path:
        """Where the piece of that name lies or will lie."""
        return self._directory / f"{name}.seg"

    def prepare(self, plan: Plan) -> dict[str, int]:
        """The pieces that are there already and their sizes; pieces of another playlist are removed."""
        try:
            durable_mkdir(self._directory)
            if self._read() != plan:
                for path in self._directory.glob("*.seg"):
                    path.unlink()
                fsync_directory(self._directory)
                durable_write(self._directory / _PLAN, msgspec.json.encode(plan))
            for path in self._directory.glob("*.tmp"):
                path.unlink()
            sizes = {path.stem: path.stat().st_size for path in self._directory.glob("*.seg")}
        except OSError as error:
            raise DiskError.of(error, "Looking at the pieces") from error
        return {name: size for name, size in sizes.items() if size}

    def _read(self) -> Plan | None:
        try:
            with (self._directory / _PLAN).open("rb") as stream:
                return msgspec.json.decode(stream.read(_LARGEST_PLAN), type=Plan)
        except (FileNotFoundError, msgspec.DecodeError):
            return None

    def begin(self, name: str, *, cipher: Cipher | None, look: Callable[[bytes], None]) -> PieceFile:
        """A piece to be written; ``look`` is shown its first bytes before it gets its name, and may raise."""
        space = free_space(self._directory)
        if space < self._reserve + BLOCK:
            raise DiskFullError(f"{space} bytes are free in {self._directory}")
        try:
            return PieceFile(self.path(name), cipher, look)
        except OSError as error:
            raise DiskError.of(error, "Opening a piece") from error

    def finish(self) -> None:
        """All pieces are there: put their names on the disk."""
        try:
            fsync_directory(self._directory)
        except OSError as error:
            raise DiskError.of(error, "Writing the pieces") from error


class PieceFile:
    """A piece on its way to the disk; gets its name when it is whole and synced."""

    def __init__(self, path: Path, cipher: Cipher | None, look: Callable[[bytes], None]) -> None:
        self.size = 0
        self._cipher = cipher
        self._look = look
        self._path = path
        self._temporary = path.with_suffix(".tmp")
        self._descriptor = os.open(self._temporary, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o666)

    def write(self, block: bytes) -> None:
        """Append."""
        self._append(block if self._cipher is None else self._cipher.feed(block))

    def _append(self, block: bytes) -> None:
        try:
            rest = memoryview(block)
            while rest:
                rest = rest[os.write(self._descriptor, rest) :]
        except OSError as error:
            raise DiskError.of(error, "Writing a piece") from error
        self.size += len(block)

    def commit(self, block: bytes) -> None:
        """Append the last block, look whether the piece is whole in itself, and give it its name."""
        self.write(block)
        if self._cipher is not None:
            self._append(self._cipher.finish())
        try:
            self._look(os.pread(self._descriptor, HEAD, 0))
            if is_cut(self._descriptor, self.size):
                raise ShortBodyError("The end of the piece is missing")
            os.fsync(self._descriptor)
            self.abandon()
            self._temporary.replace(self._path)
        except OSError as error:
            raise DiskError.of(error, "Writing a piece") from error

    def abandon(self) -> None:
        """Close; the next attempt begins anew."""
        if self._descriptor >= 0:
            descriptor, self._descriptor = self._descriptor, -1
            os.close(descriptor)
