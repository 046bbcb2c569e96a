"""What every route shares: problem+json for errors, and an OpenAPI document that says so."""

import logging
from typing import Any

import msgspec
from litestar import Controller, Litestar, Request, Response, get
from litestar.exceptions import HTTPException, ValidationException
from litestar.openapi import ResponseSpec
from litestar.plugins.base import ReceiveRoutePlugin
from litestar.routes import BaseRoute, HTTPRoute
from litestar.types import ExceptionHandlersMap

from aniworld.access.guards import require_session
from aniworld.kit.errors import AppError, FieldError, InvalidInputError, NotFoundError
from aniworld.kit.schema import Schema

log = logging.getLogger(__name__)

PROBLEM_JSON = "application/problem+json"

_CODES = {
    400: ("invalid-input", "Invalid input"),
    401: ("unauthenticated", "Log in first"),
    403: ("refused", "Refused"),
    404: ("not-found", "Not found"),
    405: ("method-not-allowed", "Method not allowed"),
    413: ("too-large", "Too large"),
    415: ("unsupported-media-type", "Unsupported media type"),
    429: ("too-many-requests", "Too many requests"),
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
    """A problem+json answer."""
    return Response(
        Problem(
            type=f"/problems/{code}", title=title, status=status, detail=detail, errors=errors or msgspec.UNSET, **extra
        ),
        status_code=status,
        media_type=PROBLEM_JSON,
    )


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
    errors = [
        FieldError(field=str(item.get("key", "")), message=str(item.get("message", "Invalid")))
        for item in raw
        if isinstance(item, dict)
    ]
    detail = errors[0].message if errors else error.detail
    return _from_app_error(request, InvalidInputError(detail, errors=tuple(errors)))


def _from_http(_request: Request[Any, Any, Any], error: HTTPException) -> Response[Problem]:
    code, title = _CODES.get(error.status_code, ("error", "The request failed"))
    status = error.status_code
    answer = problem(status, code, title, error.detail if status < 500 else title)
    answer.headers.update({name: value for name, value in (error.headers or {}).items() if name.lower() == "allow"})
    return answer


def _from_anything(request: Request[Any, Any, Any], error: Exception) -> Response[Problem]:
    if isinstance(error, (RecursionError, OverflowError)):
        return problem(400, "invalid-input", "Invalid input", "The input is nested too deeply or a number is too large")
    log.error("%s %s failed", request.method, request.url.path, exc_info=error)
    return problem(500, "internal", "Internal error", "Something went wrong here; the log tells more")


EXCEPTION_HANDLERS: ExceptionHandlersMap = {
    AppError: _from_app_error,
    ValidationException: _from_validation,
    HTTPException: _from_http,
    Exception: _from_anything,
}

_COMMON = (400, 401, 403, 413, 415, 429, 503)
_BY_METHOD = {"POST": (409,), "PUT": (409,), "PATCH": (409,), "DELETE": (409,)}


class ProblemResponses(ReceiveRoutePlugin):
    """Documents the errors of every operation, so that no route has to repeat them."""

    def receive_route(self, route: BaseRoute) -> None:
        """Add the error answers to the handlers of an API route."""
        if not isinstance(route, HTTPRoute) or not route.path.startswith("/api"):
            return
        statuses = {*_COMMON, *((404,) if "{" in route.path_format else ())}
        for handler in route.route_handlers:
            wanted = sorted(statuses | {status for m in handler.http_methods for status in _BY_METHOD.get(m, ())})
            documented = {
                status: ResponseSpec(
                    Problem,
                    media_type=PROBLEM_JSON,
                    description=_CODES.get(status, ("", "Conflict"))[1],
                    generate_examples=False,
                )
                for status in wanted
            }
            handler.responses = {**documented, **(handler.responses or {})}


class OpenApiDocument(Controller):
    """The OpenAPI document; like everything else under ``/api`` it needs a session."""

    path = "/api/openapi.json"
    include_in_schema = False

    @get("/", guards=[require_session], sync_to_thread=True)
    def document(self, request: Request[Any, Any, Any]) -> Response[bytes]:
        """What this server offers."""
        return Response(openapi_json(request.app), media_type="application/json")


def openapi_json(app: Litestar) -> bytes:
    """The document, the same bytes each time."""
    return msgspec.json.format(msgspec.json.encode(app.openapi_schema.to_schema(), order="deterministic"), indent=2)
