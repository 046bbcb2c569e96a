"""A file that is being fetched, and the checkpoint beside it that says how much of it is on the disk for certain.

Several connections write at several places, so what is there is a set of stretches. Nothing else of the file is
believed. Everything here blocks and runs in threads; :meth:`Part.write` may be called by several of them at once.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
from itertools import pairwise
from pathlib import Path

import msgspec

from aniworld.downloads.fetch.errors import DiskError
from aniworld.downloads.fetch.spans import Span, Spans
from aniworld.downloads.fetch.types import Limits
from aniworld.kit.files import allocated, durable_write, fsync_directory, reserve
from aniworld.kit.schema import Schema

_SHADOW_SUFFIX = ".new"
_SIDECAR_SUFFIX = ".json"
_LARGEST_SIDECAR = 256 * 1024
_VERSION = 2
_SHARE = 4
"""On a slow disk the pause between two checkpoints is so many times as long as one takes,"""
_SLOWEST = 50
"""but not longer than so many of the shortest pauses."""


class Checkpoint(Schema, frozen=True):
    """What is known of a part. Holds no address: a fresh one for the same file may go on with it."""

    offset: int = 0
    """Bytes from the beginning that are on the disk."""
    pieces: tuple[Span, ...] = ()
    """Stretches behind them that are on the disk too, in order. The first version of the format had none."""
    total: int | None = None
    validator: str | None = None
    """Names the version that the bytes are of; without it they cannot be continued."""
    complete: bool = False
    version: int = _VERSION

    @property
    def spans(self) -> Spans:
        """All that is on the disk."""
        return Spans([(0, self.offset), *self.pieces])

    @property
    def sane(self) -> bool:
        """Whether it can be what this program wrote."""
        borders = [0, self.offset, *(border for piece in self.pieces for border in piece)]
        return self.version <= _VERSION and all(low <= high for low, high in pairwise(borders))


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
        self._spans = Spans()
        self._lock = threading.Lock()
        self._syncing = threading.Lock()
        self._unsynced = 0
        self._total: int | None = None
        self._validator: str | None = None
        self._synced_at = 0.0
        self._pause = 0.0
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
        if not checkpoint.sane:
            return Checkpoint()
        whole = size == checkpoint.offset if checkpoint.complete else size >= checkpoint.spans.end
        return checkpoint if whole else Checkpoint()

    def read(self, at: int, count: int) -> bytes:
        """Bytes that are there."""
        try:
            with (self._shadow_path if self._shadow else self.path).open("rb") as stream:
                stream.seek(at)
                return stream.read(count)
        except OSError as error:
            raise DiskError.of(error, "Reading the part") from error

    @property
    def is_shadow(self) -> bool:
        """Whether what is written goes beside something worth keeping."""
        return self._shadow

    @property
    def validator(self) -> str | None:
        """What an opened part was opened with."""
        return self._validator

    @property
    def written(self) -> Spans:
        """What is in the file, on the disk or not; of an opened part."""
        with self._lock:
            return Spans(self._spans.all())

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

    def wants(self, total: int, *, resume: bool) -> int:
        """Bytes of the disk that a file of this size still takes; what is reserved for it already is its own."""
        try:
            keeps = not resume and self._keeps
            return total if keeps else max(total - allocated(self.path), 0)
        except OSError as error:
            raise DiskError.of(error, "Looking at the part") from error

    @property
    def _keeps(self) -> bool:
        """Whether there is something that is worth keeping until something longer is there."""
        known = self.checkpoint
        return known.validator is not None and bool(known.offset or known.pieces)

    def open(self, *, resume: bool, total: int | None, validator: str | None) -> None:
        """Begin to write: behind the checkpoint, or from nothing, in the shadow where there is something to keep.

        The space for all of it is taken at once, so that several connections do not scatter the file over the disk and
        a disk that is too full says so now. Its length stays that of what was written.
        """
        self._shadow = not resume and self._keeps
        self._spans = self.checkpoint.spans if resume else Spans()
        self._total, self._validator = total, validator
        self._broken = False
        self._unsynced = 0
        self._synced_at, self._pause = time.monotonic(), self._limits.sync_pause
        flags = os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW
        try:
            if not resume and not self._shadow:
                self._forget()
            self._descriptor = os.open(self._shadow_path if self._shadow else self.path, flags, 0o666)
            if os.fstat(self._descriptor).st_size != self._spans.end:
                os.ftruncate(self._descriptor, self._spans.end)
            if total is not None:
                reserve(self._descriptor, total)
        except OSError as error:
            self.abandon()
            raise DiskError.of(error, "Opening the part") from error

    def write(self, block: bytes | memoryview, at: int) -> None:
        """Put bytes in their place, and make a checkpoint where one is due."""
        try:
            rest, place = memoryview(block), at
            while rest:
                count = os.pwrite(self._descriptor, rest, place)
                rest, place = rest[count:], place + count
            with self._lock:
                self._spans.add(at, place)
                self._unsynced += place - at
            if self._shadow and self._spans.count > self.checkpoint.spans.count:
                self._promote()
                self.sync()
            elif self._is_due() and not self._syncing.locked():
                self.sync()
        except OSError as error:
            # What the disk has since the last checkpoint is unknown, also after another fsync that succeeds.
            self._broken = True
            raise DiskError.of(error, "Writing the part") from error

    def sync(self) -> None:
        """Make a checkpoint where there is something new."""
        try:
            if self._unsynced and not self._broken:
                self._sync()
        except OSError as error:
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
        if elapsed < self._pause or not self._unsynced:
            return False
        return elapsed >= self._limits.sync_seconds or self._unsynced >= self._limits.sync_bytes

    def _sync(self, *, complete: bool = False) -> None:
        if self._shadow:
            return
        with self._syncing:
            begun = time.monotonic()
            with self._lock:
                # Taken before the sync: what is written meanwhile may not be on the disk afterwards.
                spans, self._unsynced = self._spans.all(), 0
            os.fdatasync(self._descriptor)
            offset = spans[0][1] if spans and spans[0][0] == 0 else 0
            checkpoint = Checkpoint(
                offset=offset,
                pieces=spans[1:] if offset else spans,
                total=self._total,
                validator=self._validator,
                complete=complete,
            )
            if checkpoint != self.checkpoint:
                durable_write(self._sidecar, msgspec.json.encode(checkpoint))
                self.checkpoint = checkpoint
            self._synced_at = time.monotonic()
            least = self._limits.sync_pause
            self._pause = max(least, min(_SHARE * (self._synced_at - begun), _SLOWEST * least))

    def _promote(self) -> None:
        """The shadow takes the part's place."""
        os.fdatasync(self._descriptor)
        self._forget()
        self._shadow_path.replace(self.path)
        self._shadow = False
