"""How queueing and downloading can fail."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from aniworld.downloads.types import HosterFailure
from aniworld.kit.errors import AppError, ConflictError, NotFoundError


class ItemNotFoundError(NotFoundError):
    """No queue item of that id."""

    code, title = "queue-item-not-found", "No such item in the queue"


class NotPendingError(NotFoundError):
    """Only pending items have an order."""

    code, title = "queue-item-not-pending", "That item does not wait in the queue"


class WrongStateError(ConflictError):
    """The item is in a state from which that is not possible."""

    code, title = "queue-item-state", "Not possible in the item's present state"


class DownloadFailedError(AppError):
    """Base: an attempt to download failed."""

    code, status, title = "download-failed", 503, "The download failed"


class TargetGoneError(DownloadFailedError):
    """The episode is no longer in the library."""

    code, title = "target-gone", "The episode is no longer in the library"


class TargetExistsError(DownloadFailedError):
    """A file that is not ours has the name."""

    code, title = "target-exists", "A file of that name is already there"


class HostRestingError(DownloadFailedError):
    """The host has failed again and again and is left alone for a while."""

    code, title = "host-resting", "The host keeps failing and is left alone for a while"
    permanent = False


class Failure(NamedTuple):
    """Who did not deliver, and why."""

    hoster: str
    """Empty: the source itself."""
    error: AppError
    source: str = ""


class AllHostersFailedError(DownloadFailedError):
    """Every hoster of every source was tried; the reason of each is kept."""

    code, title = "all-hosters-failed", "No hoster delivered the episode"

    def __init__(self, failures: Sequence[Failure]) -> None:
        self.failures = [
            HosterFailure(hoster=hoster, reason=error.detail[:500], code=error.code, source=source)
            for hoster, error, source in failures
        ]
        errors = [failure.error for failure in failures]
        told = [error.retry_after for error in errors if error.retry_after is not None]
        super().__init__(
            "; ".join(f"{failure.hoster or failure.source}: {failure.reason}" for failure in self.failures),
            retry_after=min(told, default=None),
        )
        self.permanent = all(error.permanent for error in errors)
        resting = [isinstance(error, HostRestingError) for error in errors]
        self.only_waits = any(resting) and all(
            rests or error.permanent for rests, error in zip(resting, errors, strict=True)
        )
        """Nobody was asked who might have delivered: that was no attempt."""


class NoLinksError(DownloadFailedError):
    """The source lists no place to have it from."""

    code, title = "no-links", "The source has no link for this episode in this language"
    permanent = False
    retry_after = 900.0
