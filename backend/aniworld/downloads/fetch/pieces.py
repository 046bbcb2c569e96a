"""The pieces of a stream on the disk: each in a file of its own, under its name when it is whole and synced.

Until then it has another name, and is gone on with where the host can say that it is still the same. Blocks; runs in
threads.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from pathlib import Path

import msgspec

from aniworld.downloads.fetch.errors import DiskError, DiskFullError, ShortBodyError
from aniworld.downloads.fetch.halves import Half, Halves
from aniworld.downloads.fetch.hls_keys import BLOCK as CIPHER_BLOCK
from aniworld.downloads.fetch.hls_keys import Cipher
from aniworld.downloads.fetch.types import BLOCK
from aniworld.kit.files import durable_mkdir, durable_write, free_space, fsync_directory
from aniworld.kit.schema import Schema
from aniworld.media.containers import HEAD, is_cut

_PLAN = "plan.json"
_LARGEST_PLAN = 4096
_WORTH = 64 * 1024
"""Bytes of a piece that are worth to be gone on with."""


class Plan(Schema, frozen=True):
    """Ties a directory to a playlist."""

    fingerprint: str
    count: int


class PieceStore:
    """A directory of pieces."""

    def __init__(self, directory: Path, reserve: int) -> None:
        self._directory = directory
        self._reserve = reserve
        self._journal = Halves(directory)
        self._halves: dict[str, tuple[Half, int]] = {}

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
                for path in self._directory.glob("*.tmp"):
                    path.unlink()
                fsync_directory(self._directory)
                durable_write(self._directory / _PLAN, msgspec.json.encode(plan))
            sizes = {path.stem: path.stat().st_size for path in self._directory.glob("*.seg")}
            self._find_halves()
        except OSError as error:
            raise DiskError.of(error, "Looking at the pieces") from error
        return {name: size for name, size in sizes.items() if size}

    def _read(self) -> Plan | None:
        try:
            with (self._directory / _PLAN).open("rb") as stream:
                return msgspec.json.decode(stream.read(_LARGEST_PLAN), type=Plan)
        except (FileNotFoundError, msgspec.DecodeError):
            return None

    def _find_halves(self) -> None:
        known = self._journal.load()
        self._halves.clear()
        for path in self._directory.glob("*.tmp"):
            if path.stem in known:
                self.keep(known[path.stem], path.stat().st_size)
            if path.stem not in self._halves:
                path.unlink()
        self._journal.begin([half for half, _size in self._halves.values()])

    def half(self, name: str) -> tuple[Half, int] | None:
        """What is known of a piece that has come in part, and how much of it is there. Does not block."""
        return self._halves.get(name)

    def keep(self, half: Half, size: int) -> None:
        """So much of a piece is there. Does not block."""
        if size != half.length:
            # Of what is encrypted whole blocks only, so that the next one can be told from the last.
            size -= size % CIPHER_BLOCK
        if size == half.length or (half.validator and _WORTH <= size < half.length):
            self._halves[half.name] = half, size

    def forget(self, name: str) -> None:
        """What has come of the piece is not to be used. Does not block."""
        self._halves.pop(name, None)

    def read(self, name: str, start: int, end: int) -> bytes:
        """Bytes of a piece that has come in part; fewer where they are no longer there."""
        try:
            with self.path(name).with_suffix(".tmp").open("rb") as stream:
                stream.seek(start)
                return stream.read(end - start)
        except FileNotFoundError:
            return b""
        except OSError as error:
            raise DiskError.of(error, "Reading a piece") from error

    def piece(
        self, name: str, *, half: Half | None, at: int, cipher: Cipher | None, look: Callable[[bytes], None]
    ) -> PieceFile:
        """A piece to be written from there on. Does not block.

        ``half``: what to know of it where it may be gone on with. ``look`` is shown its first bytes before it gets its
        name, and may raise.
        """
        return PieceFile(self, name, half, at, cipher, look)

    def open(self, name: str, half: Half | None, at: int) -> int:
        """The descriptor of a file that ends there."""
        space = free_space(self._directory)
        if space < self._reserve + BLOCK:
            raise DiskFullError(f"{space} bytes are free in {self._directory}")
        descriptor = -1
        try:
            flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW
            descriptor = os.open(self.path(name).with_suffix(".tmp"), flags, 0o666)
            if os.fstat(descriptor).st_size < at:
                raise ShortBodyError("What was there of the piece is gone")
            os.ftruncate(descriptor, at)
            os.lseek(descriptor, at, os.SEEK_SET)
            if not at:  # the file is empty now, and is filled under this line only
                self._journal.add(half or Half(name=name, validator="", length=-1))
        except BaseException as error:
            if descriptor >= 0:
                os.close(descriptor)
            if isinstance(error, OSError):
                raise DiskError.of(error, "Opening a piece") from error
            raise
        return descriptor

    def discard(self, name: str) -> None:
        """What is there of a piece cannot be relied upon."""
        self.forget(name)
        with contextlib.suppress(OSError):
            self.path(name).with_suffix(".tmp").unlink()

    def finish(self) -> None:
        """All pieces are there: put their names on the disk."""
        try:
            fsync_directory(self._directory)
        except OSError as error:
            raise DiskError.of(error, "Writing the pieces") from error

    def close(self) -> None:
        """Nothing is written any more."""
        self._journal.close()


class PieceFile:
    """A piece on its way to the disk; gets its name when it is whole and synced."""

    def __init__(
        self,
        store: PieceStore,
        name: str,
        half: Half | None,
        at: int,
        cipher: Cipher | None,
        look: Callable[[bytes], None],
    ) -> None:
        self.size = at
        self._store = store
        self._name = name
        self._half = half
        self._cipher = cipher
        self._look = look
        self._descriptor = -1

    def write(self, block: bytes | memoryview) -> None:
        """Append."""
        self._open()
        self._append(block if self._cipher is None else self._cipher.feed(block))

    def _open(self) -> None:
        if self._descriptor < 0:
            self._descriptor = self._store.open(self._name, self._half, self.size)

    def _append(self, block: bytes | memoryview) -> None:
        try:
            rest = memoryview(block)
            while rest:
                count = os.write(self._descriptor, rest)
                self.size += count
                rest = rest[count:]
        except OSError as error:
            self._give_up()
            raise DiskError.of(error, "Writing a piece") from error

    def commit(self) -> None:
        """That was all: look whether the piece is whole in itself, and give it its name."""
        self._open()
        if self._cipher is not None:
            self._append(self._cipher.finish())
        path = self._store.path(self._name)
        try:
            self._look(os.pread(self._descriptor, HEAD, 0))
            if is_cut(self._descriptor, self.size):
                raise ShortBodyError("The end of the piece is missing")
            os.fdatasync(self._descriptor)
            self.close()
            path.with_suffix(".tmp").replace(path)
        except OSError as error:
            self._give_up()
            raise DiskError.of(error, "Writing a piece") from error
        self._half = None
        self._store.forget(self._name)

    def _give_up(self) -> None:
        # What the disk has of it is unknown, also after another sync that succeeds.
        self._half = None
        self._store.discard(self._name)

    def keep(self) -> None:
        """Close; what is there is gone on with where that can be."""
        self.close()
        if self._half is not None:
            self._store.keep(self._half, self.size)

    def close(self) -> None:
        """Close; the next attempt begins anew."""
        if self._descriptor >= 0:
            descriptor, self._descriptor = self._descriptor, -1
            os.close(descriptor)
