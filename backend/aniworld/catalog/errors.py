"""How asking a source can fail. The raiser says whether trying again can help."""

from aniworld.kit.errors import AppError


class CatalogError(AppError):
    """Base: a source or hoster did not give what was asked."""

    code, status, title = "source-failed", 503, "The source did not answer as expected"
    permanent = False
    retry_after = 30.0


class SourceUnreachableError(CatalogError):
    """No connection, a timeout, a 5xx, a 429 (then ``retry_after`` is the source's own)."""

    code, title = "source-unreachable", "The source cannot be reached"


class SourceChangedError(CatalogError):
    """The answer is not what the profile describes; the site may have changed."""

    code, title = "source-changed", "The source answers in an unexpected form"
    permanent = True


class NotAtSourceError(CatalogError):
    """The source does not have it (404, no link in that language)."""

    code, title, status = "not-at-source", "The source does not have this", 404
    permanent = True


class UnknownProviderError(CatalogError):
    """No source of that name is configured."""

    code, title, status = "unknown-provider", "No source of that name", 404
    permanent = True
