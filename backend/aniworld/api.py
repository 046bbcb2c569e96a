"""What every route shares: how a body is read, and errors as problem+json."""

import logging
import re
from typing import Any

import msgspec
from litestar import Request, Response
from litestar.exceptions import HTTPException, ValidationException
from litestar.types import ExceptionHandlersMap

from aniworld.kit.errors import AppError, FieldError, InvalidInputError, NotFoundError, field_error
from aniworld.kit.schema import Schema

log = logging.getLogger(__name__)

PROBLEM_JSON = "application/problem+json"
_MISSING = re.compile(r"Missing required \w+ parameter '([^']+)'")

TITLES = {
    400: ("invalid-input", "Invalid input"),
    401: ("unauthenticated", "Log in first"),
    403: ("refused", "Refused"),
    404: ("not-found", "Not found"),
    405: ("method-not-allowed", "Method not allowed"),
    409: ("conflict", "Conflict"),
    413: ("too-large", "Too large"),
    415: ("unsupported-media-type", "Unsupported media type"),
    421: ("unknown-host", "Unknown host"),
    429: ("too-many-requests", "Too many requests"),
    500: ("internal", "Internal error"),
    503: ("unavailable", "Not available right now"),
}


class Problem(Schema, frozen=True):
    """An error, as RFC 9457 has it."""

    type: str
    """``/problems/<code>``: stable, what a client decides by."""
    title: str
    status: int
    detail: str
    errors: list[FieldError] | msgspec.UnsetType = msgspec.UNSET
    """What is wrong with which field of the input."""
    key: str | msgspec.UnsetType = msgspec.UNSET
    """The series that the request conflicts with."""


def problem(
    status: int, code: str, title: str, detail: str, errors: list[FieldError] | None = None, **extra: Any
) -> Response[Problem]:
    """A problem+json answer; one about bad input always says what is wrong with it."""
    if status == 400 and not errors:
        errors = [FieldError(field="", message=detail)]
    return Response(
        Problem(
            type=f"/problems/{code}", title=title, status=status, detail=detail, errors=errors or msgspec.UNSET, **extra
        ),
        status_code=status,
        media_type=PROBLEM_JSON,
    )


class StrictRequest(Request[Any, Any, Any]):
    """A request whose body is read as JSON has it: ``"1"`` is no number and ``0`` is not false."""

    async def json(self) -> Any:
        """The body as the handler takes it. Raises :class:`InvalidInputError`, which names the field.

        Left to Litestar, text would pass for numbers, and a wrong field with the name of a dependency for our fault.
        """
        wanted = self.route_handler.parsed_data_field
        if wanted is None:
            return await super().json()
        try:
            return msgspec.convert(_whole(msgspec.json.decode(await self.body())), wanted.annotation)
        except msgspec.DecodeError as error:
            problem = field_error(error)
            raise InvalidInputError(problem.message, errors=(problem,)) from error


def _whole(value: Any) -> Any:
    """The value with each ``5.0`` as a 5: JSON knows one kind of number, and some clients write all of them so."""
    if isinstance(value, dict):
        return {name: _whole(child) for name, child in value.items()}
    if isinstance(value, list):
        return [_whole(child) for child in value]
    return int(value) if isinstance(value, float) and value.is_integer() and abs(value) < 2**53 else value


def _from_app_error(_request: Request[Any, Any, Any], error: AppError) -> Response[Problem]:
    key = getattr(error, "key", None)
    extra = {"key": key} if isinstance(key, str) else {}
    answer = problem(error.status, error.code, error.title, error.detail, list(error.errors), **extra)
    if error.retry_after is not None and error.status in (429, 503):
        answer.headers["Retry-After"] = str(max(1, round(error.retry_after)))
    return answer


def _from_validation(request: Request[Any, Any, Any], error: ValidationException) -> Response[Problem]:
    raw = error.extra if isinstance(error.extra, list) else []
    if any(isinstance(item, dict) and item.get("source") == "path" for item in raw):
        return _from_app_error(request, NotFoundError())
    errors = [_field_error(item) for item in raw if isinstance(item, dict)]
    if missing := _MISSING.match(error.detail):
        errors = [FieldError(field=missing[1], message=f"Give {missing[1]}")]
    detail = errors[0].message if errors else error.detail
    return _from_app_error(request, InvalidInputError(detail, errors=tuple(errors)))


def _field_error(item: dict[str, Any]) -> FieldError:
    field, message = str(item.get("key", "")), str(item.get("message", "Invalid"))
    if field == "data":  # our name for the body, which no client knows
        return FieldError(field="", message="Send a JSON body" if message == "'data'" else message)
    return FieldError(field=field, message=message)


def _from_http(request: Request[Any, Any, Any], error: HTTPException) -> Response[Problem]:
    code, title = TITLES.get(error.status_code, ("error", "The request failed"))
    status = error.status_code
    if status >= 500:
        log.error("%s %s failed", request.method, request.url.path, exc_info=error)
    answer = problem(status, code, title, error.detail if status < 500 else title)
    answer.headers.update({name: value for name, value in (error.headers or {}).items() if name.lower() == "allow"})
    return answer


def _from_anything(request: Request[Any, Any, Any], error: Exception) -> Response[Problem]:
    if isinstance(error, (RecursionError, OverflowError, UnicodeDecodeError)):
        return problem(
            400, "invalid-input", "Invalid input", "The input is no text, too deep or has too large a number"
        )
    log.error("%s %s failed", request.method, request.url.path, exc_info=error)
    return problem(500, "internal", "Internal error", "Something went wrong here; the log tells more")


EXCEPTION_HANDLERS: ExceptionHandlersMap = {
    AppError: _from_app_error,
    ValidationException: _from_validation,
    HTTPException: _from_http,
    Exception: _from_anything,
}
