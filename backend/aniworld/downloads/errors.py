"""How queueing and downloading can fail."""

from __future__ import annotations

from dataclasses import dataclass

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


@dataclass(frozen=True, slots=True)
class HosterFailure:
    """Why one hoster did not deliver."""

    hoster: str
    reason: str


class AllHostersFailedError(DownloadFailedError):
    """Every hoster was tried; the reason of each is kept."""

    code, title = "all-hosters-failed", "No hoster delivered the episode"

    def __init__(self, failures: list[tuple[HosterFailure, AppError]]) -> None:
        self.failures = [failure for failure, _error in failures]
        told = [error.retry_after for _failure, error in failures if error.retry_after is not None]
        super().__init__(
            "; ".join(f"{failure.hoster}: {failure.reason}" for failure in self.failures),
            retry_after=min(told, default=None),
        )
        self.permanent = all(error.permanent for _failure, error in failures)


class NoLinksError(DownloadFailedError):
    """The source lists no place to have it from."""

    code, title = "no-links", "The source has no link for this episode in this language"
    permanent = False
    retry_after = 900.0
