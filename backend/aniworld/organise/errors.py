"""How renaming can refuse."""

from __future__ import annotations

from aniworld.kit.errors import ConflictError, NotFoundError


class PreviewChangedError(ConflictError):
    """Something else would be done than was shown."""

    code, title = "preview-changed", "Something changed since the preview; look at it again"


class OrganiseRunningError(ConflictError):
    """One at a time."""

    code, title = "organise-running", "Files are being renamed already"


class ChangeNotFoundError(NotFoundError):
    """No change of that id, or it is too old."""

    code, title = "change-not-found", "There is no such change"


class AlreadyUndoneError(ConflictError):
    """There is nothing left to put back."""

    code, title = "already-undone", "That has been undone already"
