"""How fetching can fail.

``permanent`` says that this address will not deliver later either; ``retry_after`` when the host told to come again.
What a second try a moment later may heal has been tried again before it is raised.
"""

from __future__ import annotations

import errno
import os
from typing import ClassVar

from aniworld.kit.errors import AppError


class FetchError(AppError):
    """Base: the bytes did not come."""

    code, status, title = "fetch-failed", 503, "The file could not be fetched"
    permanent = False
    at_once: ClassVar[bool] = False
    """Whether trying again within the same call makes sense."""
    expired: bool = False
    """The address may have run out; a fresh one for the same file can go on where this one stopped."""


class SourceGoneError(FetchError):
    """The host refuses the address for good."""

    code, title = "source-gone", "The file is no longer there"
    permanent = True

    def __init__(self, http_status: int) -> None:
        super().__init__(f"The host answered {http_status}")
        self.http_status = http_status
        self.expired = http_status in (401, 403, 410)


class HostBusyError(FetchError):
    """The host asks for patience or has trouble of its own."""

    code, title = "host-busy", "The host is busy"
    at_once = True

    def __init__(self, http_status: int, retry_after: float | None = None) -> None:
        super().__init__(f"The host answered {http_status}", retry_after=retry_after)
        self.http_status = http_status


class StalledError(FetchError):
    """No bytes, or hardly any, for too long."""

    code, title = "stalled", "The host stopped sending"
    at_once = True


class ShortBodyError(FetchError):
    """Fewer or more bytes came than were announced."""

    code, title = "short-body", "The file came incomplete"
    at_once = True


class BadAnswerError(FetchError):
    """The answer contradicts itself or the request."""

    code, title = "bad-answer", "The host's answer makes no sense"
    at_once = True


class DishonestError(BadAnswerError):
    """The host does not honour ranges in a way that several connections could rely on."""


class MisfitError(FetchError):
    """The parts that the host sent do not fit together."""

    code, title = "parts-misfit", "The parts of the file do not fit together"
    at_once = True


class ContentChangedError(FetchError):
    """The file at the host keeps changing while it is fetched."""

    code, title = "content-changed", "The file changed while it was fetched"


class NotAVideoError(FetchError):
    """A page, a picture or nothing came instead of a video."""

    code, title = "not-a-video", "The host sent something else than a video"


class PlaylistInsteadError(NotAVideoError):
    """The address is that of a playlist, whatever it looks like."""


class TooLargeError(FetchError):
    """The file is larger than any episode is."""

    code, title = "file-too-large", "The file is too large"
    permanent = True


class PlaylistError(FetchError):
    """The playlist is broken, or not of a finished video."""

    code, title = "playlist-unusable", "The playlist cannot be used"
    permanent = True


class UnsupportedStreamError(FetchError):
    """The stream is of a kind that cannot be fetched."""

    code, title = "stream-unsupported", "Streams of this kind cannot be fetched"
    permanent = True


class SegmentError(FetchError):
    """One piece of the stream cannot be had, so the whole cannot."""

    code, title = "segment-failed", "A piece of the stream cannot be had"

    def __init__(self, index: int, count: int, cause: AppError, *, of: str = "") -> None:
        super().__init__(f"Piece {index + 1} of {count}{of}: {cause.detail}", retry_after=cause.retry_after)
        self.index = index
        self.permanent = cause.permanent
        self.expired = isinstance(cause, FetchError) and cause.expired


class DiskError(FetchError):
    """The disk refused to read or write."""

    code, status, title = "disk-error", 500, "The disk refused"

    @classmethod
    def of(cls, error: OSError, doing: str) -> DiskError:
        """The error to raise for what the operating system said; a full disk is a :class:`DiskFullError`."""
        kind = DiskFullError if error.errno in (errno.ENOSPC, errno.EDQUOT) else DiskError
        reason = os.strerror(error.errno) if error.errno is not None else str(error)
        where = f" {os.fsdecode(error.filename)}" if isinstance(error.filename, str | bytes) else ""
        return kind(f"{doing}{where}: {reason}")


class DiskFullError(DiskError):
    """There is no space left, or would be none."""

    code, status, title = "disk-full", 507, "The disk is full"
