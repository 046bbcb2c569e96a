"""How looking through the anime directory can fail."""

from __future__ import annotations

from aniworld.kit.errors import NotFoundError, UnavailableError


class AnimeDirectoryGoneError(UnavailableError):
    """It cannot be read, or nothing is in it although there was: a disk that is not mounted."""

    code, title = "anime-directory-gone", "The anime directory is not there"


class FolderNotFoundError(NotFoundError):
    """No folder of that id waits for a series."""

    code, title = "folder-not-found", "No such folder without a series"
