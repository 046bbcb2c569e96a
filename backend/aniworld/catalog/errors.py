"""How asking a source can fail. The raiser says whether trying again can help."""

from aniworld.kit.errors import AppError
from aniworld.kit.net.errors import HttpStatusError, NetError, TooLargeError


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


class InvalidProfileError(CatalogError):
    """The description of a source is wrong; ``errors`` names file, line and key."""

    code, title, status = "invalid-profile", "The source's profile is not valid", 400
    permanent = True


class InvalidPluginError(CatalogError):
    """An installed package offers a source or hoster that cannot be used; the text names package and reason."""

    code, title, status = "invalid-plugin", "An installed source or hoster cannot be used", 500
    permanent = True


def from_net(error: NetError, who: str) -> CatalogError:
    """What a failed request means for asking ``who`` (a source's title, a hoster's name)."""
    if isinstance(error, HttpStatusError) and error.http_status in (404, 410):
        return NotAtSourceError(f"{who} does not have it (it answered {error.http_status})")
    if isinstance(error, TooLargeError):
        return SourceChangedError(f"{who}: {error.detail}")
    failed = SourceUnreachableError(f"{who} cannot be asked: {error.detail}", retry_after=error.retry_after)
    failed.permanent = error.permanent
    return failed
