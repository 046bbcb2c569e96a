"""How coming in can fail."""

from __future__ import annotations

from aniworld.kit.errors import (
    AppError,
    ConflictError,
    FieldError,
    InvalidInputError,
    NotFoundError,
    RefusedError,
    TooManyRequestsError,
    UnauthenticatedError,
)


class SecretKeyError(AppError):
    """The key that signs tokens cannot be used; the text says what to do. The program does not start."""

    code, title = "secret-key", "The secret key cannot be used"


class WrongPasswordError(UnauthenticatedError):
    """The password of a login is wrong."""

    code, title = "wrong-password", "The password is wrong"


class WrongCurrentPasswordError(InvalidInputError):
    """The present password, asked for before it is changed, is wrong. No 401: the session itself is fine."""

    code, title = "wrong-current-password", "The current password is wrong"

    def __init__(self) -> None:
        super().__init__(errors=(FieldError(field="current_password", message=self.title),))


class WeakPasswordError(InvalidInputError):
    """The new password is too easy to guess, too short or too long; the text says which."""

    code, title = "weak-password", "Choose another password"

    def __init__(self, reason: str, field: str = "password") -> None:
        super().__init__(reason, errors=(FieldError(field=field, message=reason),))


class SetupRequiredError(ConflictError):
    """There is no password yet."""

    code, title = "setup-required", "Set the server up first"


class SetupDoneError(ConflictError):
    """There is a password already."""

    code, title = "setup-done", "The server is already set up"


class WrongSetupCodeError(RefusedError):
    """The set-up code is missing or wrong."""

    code, title = "wrong-setup-code", "The set-up code is wrong; the console that started the server shows it"

    def __init__(self) -> None:
        super().__init__(errors=(FieldError(field="setup_code", message=self.title),))


class TooManyAttemptsError(TooManyRequestsError):
    """Too many wrong passwords or set-up codes came; ``retry_after`` says how long to wait."""

    code, title = "too-many-attempts", "Too many wrong attempts"

    def __init__(self, seconds: int) -> None:
        super().__init__(f"Too many wrong attempts; try again in {seconds} seconds", retry_after=seconds)


class SessionNotFoundError(NotFoundError):
    """No login session of that id, or it is over."""

    code, title = "session-not-found", "No such session"


class CrossSiteError(RefusedError):
    """A change that another site's page asked for, or that does not prove that none did."""

    code, title = "cross-site", "The request does not come from this site"


class NotJsonError(AppError):
    """A body that is not declared as JSON."""

    code, status, title = "unsupported-media-type", 415, "Send the body as application/json"
