"""How looking at media can fail. Another hoster may have a good file, so none of this is final for an episode."""

from __future__ import annotations

from aniworld.kit.errors import AppError


class MediaError(AppError):
    """Base."""

    code, status, title = "media-failed", 503, "The video could not be processed"
    permanent = False


class MediaRefusedError(MediaError):
    """The video is broken, cut short, or none at all; ``reason`` is the short name of what is wrong."""

    code, title = "media-refused", "The video is damaged"

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class MediaWorkerError(MediaError):
    """The process that looks at media died or took too long: hostile media, or too large a file for this machine."""

    code, title = "media-worker", "The video could not be read"
