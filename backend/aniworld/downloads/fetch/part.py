"""A file that is being fetched, and the checkpoint beside it that says how much of it is on the disk for certain.

What lies behind the checkpoint is cut off before anything is added. Everything here blocks and runs in threads, one
call at a time.
"""

from __future__ import annotations

import contextlib
import os
import time
from pathlib import Path

import msgspec

from aniworld.downloads.fetch.errors import DiskError
from aniworld.downloads.fetch.types import Limits
from aniworld.kit.files import durable_write, fsync_directory
from aniworld.kit.schema import Schema

_SHADOW_SUFFIX = ".new"
_SIDECAR_SUFFIX = ".json"
_LARGEST_SIDECAR = 4096


class Checkpoint(Schema, frozen=True):
    """What is known of a part. Holds no address: a fresh one for the same file may go on with it."""

    offset: int = 0
    """Bytes that are on the disk."""
    total: int | None = None
    validator: str | None = None
    """Names the version that the bytes are of; without it they cannot be continued."""
    complete: bool = False


class Part:
    """A work file.

    A download that has to begin again although a resumable part exists goes into a *shadow* beside it, which takes the
    part's place once it is longer; so a host that cuts every attempt short costs nothing that was there.
    """

    def __init__(self, path: Path, limits: Limits) -> None:
        self.path = path
        self.checkpoint = Checkpoint()
        self._limits = limits
        self._sidecar = path.with_name(path.name + _SIDECAR_SUFFIX)
        self._shadow_path = path.with_name(path.name + _SHADOW_SUFFIX)
        self._shadow = False
        self._descriptor = -1
        self._offset = 0
        self._total: int | None = None
        self._validator: str | None = None
        self._synced_at = 0.0
        self._broken = False

    def load(self) -> Checkpoint:
        """What an earlier attempt left and can be trusted."""
        try:
            self._shadow_path.unlink(missing_ok=True)
            self.checkpoint = self._read()
        except OSError as error:
            raise DiskError.of(error, "Looking at the part") from error
        return self.checkpoint

    def _read(self) -> Checkpoint:
        try:
            with self._sidecar.open("rb") as stream:
                checkpoint = msgspec.json.decode(stream.read(_LARGEST_SIDECAR), type=Checkpoint)
            size = self.path.stat(follow_symlinks=False).st_size
        except (FileNotFoundError, msgspec.DecodeError):
            return Checkpoint()
        whole = size == checkpoint.offset if checkpoint.complete else size >= checkpoint.offset >= 0
        return checkpoint if whole else Checkpoint()

    def tail(self, count: int) -> bytes:
        """The last bytes before the checkpoint."""
        try:
            with self.path.open("rb") as stream:
                stream.seek(self.checkpoint.offset - count)
                return stream.read(count)
        except OSError as error:
            raise DiskError.of(error, "Reading the part") from error

    def discard(self) -> None:
        """Forget what is there: it is of another version."""
        try:
            self._forget()
        except OSError as error:
            raise DiskError.of(error, "Discarding the part") from error

    def _forget(self) -> None:
        # The checkpoint goes first: it must never speak for bytes that are not those it was made for.
        self.checkpoint = Checkpoint()
        with contextlib.suppress(FileNotFoundError):
            self._sidecar.unlink()
            fsync_directory(self.path.parent)

    def open(self, *, resume: bool, total: int | None, validator: str | None) -> None:
        """Begin to write: behind the checkpoint, or from nothing, in the shadow where there is something to keep."""
        self._shadow = not resume and self.checkpoint.offset > 0 and self.checkpoint.validator is not None
        self._offset = self.checkpoint.offset if resume else 0
        self._total, self._validator = total, validator
        self._broken = False
        self._synced_at = time.monotonic()
        flags = os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW
        try:
            if not resume and not self._shadow:
                self._forget()
            self._descriptor = os.open(self._shadow_path if self._shadow else self.path, flags, 0o666)
            os.ftruncate(self._descriptor, self._offset)
            os.lseek(self._descriptor, self._offset, os.SEEK_SET)
        except OSError as error:
            self.abandon()
            raise DiskError.of(error, "Opening the part") from error

    def write(self, blocks: list[bytes], *, sync: bool = False) -> None:
        """Append, and make a checkpoint where one is due or ``sync`` asks for it."""
        try:
            for block in blocks:
                rest = memoryview(block)
                while rest:
                    count = os.write(self._descriptor, rest)
                    self._offset += count
                    rest = rest[count:]
            if self._shadow and self._offset > self.checkpoint.offset:
                self._promote()
                sync = True
            if sync or self._is_due():
                self._sync()
        except OSError as error:
            # What the disk has since the last checkpoint is unknown, also after another fsync that succeeds.
            self._broken = True
            raise DiskError.of(error, "Writing the part") from error

    def close(self, *, complete: bool = False) -> None:
        """Make the last checkpoint and close."""
        try:
            if not self._broken:
                if self._shadow and complete:
                    self._promote()
                self._sync(complete=complete)
        except OSError as error:
            raise DiskError.of(error, "Writing the part") from error
        finally:
            self.abandon()

    def abandon(self) -> None:
        """Close without a checkpoint."""
        if self._descriptor >= 0:
            descriptor, self._descriptor = self._descriptor, -1
            os.close(descriptor)

    def _is_due(self) -> bool:
        elapsed = time.monotonic() - self._synced_at
        if elapsed < self._limits.sync_pause or self._offset == self.checkpoint.offset:
            return False
        return elapsed >= self._limits.sync_seconds or self._offset - self.checkpoint.offset >= self._limits.sync_bytes

    def _sync(self, *, complete: bool = False) -> None:
        if self._shadow:
            return
        os.fdatasync(self._descriptor)
        checkpoint = Checkpoint(offset=self._offset, total=self._total, validator=self._validator, complete=complete)
        if checkpoint != self.checkpoint:
            durable_write(self._sidecar, msgspec.json.encode(checkpoint))
            self.checkpoint = checkpoint
        self._synced_at = time.monotonic()

    def _promote(self) -> None:
        """The shadow takes the part's place."""
        os.fdatasync(self._descriptor)
        self._forget()
        self._shadow_path.replace(self.path)
        self._shadow = False
