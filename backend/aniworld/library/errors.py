"""How the library can refuse, and how loading can fail."""

from __future__ import annotations

from aniworld.kit.errors import AppError, ConflictError, NotFoundError, UnavailableError


class SeriesNotFoundError(NotFoundError):
    """No series of that key."""

    code, title = "series-not-found", "No such series in the library"


class EpisodeNotFoundError(NotFoundError):
    """The episode, or its series, is no longer in the library."""

    code, title = "episode-not-found", "The episode is no longer in the library"


class SeasonNotFoundError(NotFoundError):
    """The series has no such season."""

    code, title = "season-not-found", "The series has no such season"


class AlreadyInLibraryError(ConflictError):
    """The series is there already; ``key`` names it."""

    code, title = "already-in-library", "That series is in the library already"

    def __init__(self, key: str) -> None:
        super().__init__(f"That series is in the library already, as {key}")
        self.key = key


class FolderTakenError(ConflictError):
    """The folder is another series' already."""

    code, title = "folder-taken", "That folder belongs to another series"


class ConflictGoneError(NotFoundError):
    """It was settled already, or the source counts as before."""

    code, title = "conflict-gone", "There is no such conflict any more"


class NumberTakenError(ConflictError):
    """An episode that is not moved has the number already."""

    code, title = "number-taken", "Another episode has that number"


class NotDeletedError(ConflictError):
    """There is nothing to restore."""

    code, title = "not-deleted", "That series is in the library"


class ImageNotFoundError(NotFoundError):
    """The series has no picture of that kind."""

    code, title = "image-not-found", "There is no such picture"


class NoAnimeDirectoryError(UnavailableError):
    """There is nowhere to put files."""

    code, title = "no-anime-directory", "No anime directory is configured"


AWAY = "The anime directory is not there; is its disk mounted?"


class FolderError(AppError):
    """The series' folder cannot be used right now; the text says which and why."""

    code, status, title = "series-folder", 503, "The folder cannot be used"
    permanent = False


class FilesNotDeletedError(ConflictError):
    """Some files could not be deleted; nothing was taken out of the library."""

    code, title = "files-not-deleted", "Some files could not be deleted"


class SourceEmptyError(AppError):
    """A source that listed episodes lists none any more."""

    code, status, title = "source-empty", 503, "The source lists no episodes any more; what was known stays"
    permanent = False


class LoadingFailedError(AppError):
    """A series could not be loaded completely; the text names the steps and their reasons."""

    code, status, title = "loading-failed", 503, "The series could not be loaded completely"
