"""The one family of errors that a person or a client may see.

An error class is an API error: its ``code`` names it in ``type`` (``/problems/<code>``) and is the key under which the
SPA translates it; ``status`` is the HTTP status; ``detail`` says in a sentence what is wrong and what to do. Work that
runs by itself (downloads, loading) asks ``permanent`` and ``retry_after`` whether trying again can help.
"""

from __future__ import annotations

import re
from typing import ClassVar

import msgspec

from aniworld.kit.schema import Schema

_PATH = re.compile(r" - at `\$\.?(.*?)`$")


class FieldError(Schema, frozen=True):
    """One thing that is wrong with the input."""

    field: str
    """Path of the field in the input, such as ``episodes[0].season``; empty for the input as a whole."""
    message: str


def field_error(error: msgspec.MsgspecError) -> FieldError:
    """What msgspec found wrong, and in which field."""
    text = str(error)
    match = _PATH.search(text)
    return FieldError(field=match.group(1) if match else "", message=_PATH.sub("", text))


class AppError(Exception):
    """Base of everything we raise on purpose."""

    code: ClassVar[str] = "internal"
    status: ClassVar[int] = 500
    title: ClassVar[str] = "Internal error"
    permanent: bool = True
    """False where the same call may succeed later."""
    retry_after: float | None = None
    """Seconds after which a retry makes sense, where the other side named them."""

    def __init__(
        self, detail: str = "", *, errors: tuple[FieldError, ...] = (), retry_after: float | None = None
    ) -> None:
        super().__init__(detail or self.title)
        self.detail = detail or self.title
        self.errors = errors
        if retry_after is not None:
            self.retry_after = retry_after


class InvalidInputError(AppError):
    """The input is wrong; ``errors`` names the fields."""

    code, status, title = "invalid-input", 400, "Invalid input"

    @classmethod
    def field(cls, field: str, message: str) -> InvalidInputError:
        """One wrong field."""
        return cls(message, errors=(FieldError(field=field, message=message),))


class UnauthenticatedError(AppError):
    """No valid session came with the request."""

    code, status, title = "unauthenticated", 401, "Log in first"


class RefusedError(AppError):
    """The request is understood and not allowed."""

    code, status, title = "refused", 403, "Refused"


class NotFoundError(AppError):
    """What the request names does not exist."""

    code, status, title = "not-found", 404, "Not found"


class ConflictError(AppError):
    """The request conflicts with the present state."""

    code, status, title = "conflict", 409, "Conflict"


class TooManyRequestsError(AppError):
    """Slow down; ``retry_after`` says for how long."""

    code, status, title = "too-many-requests", 429, "Too many requests"
    permanent = False


class UnavailableError(AppError):
    """A part that the request needs is not there right now."""

    code, status, title = "unavailable", 503, "Not available right now"
    permanent = False
    retry_after = 5.0
