"""The guard of every route under ``/api``: deny by default."""

from __future__ import annotations

import ipaddress
from typing import Any, cast
from urllib.parse import urlsplit

from litestar.connection import ASGIConnection
from litestar.handlers.base import BaseRouteHandler
from litestar.types import HTTPScope

from aniworld.access.errors import CrossSiteError, NotJsonError
from aniworld.access.service import AccessService
from aniworld.access.types import Client

COOKIE = "aniworld_session"
PUBLIC = {"public": True}
"""``opt`` of a handler that needs no session."""

_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_PROXY_HEADERS = (
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-proto",
    "forwarded",
    "x-real-ip",
    "via",
    "cf-connecting-ip",
    "true-client-ip",
)
_DEFAULT_PORTS = {"http": 80, "https": 443}

Connection = ASGIConnection[Any, Any, Any, Any]


async def require_session(connection: Connection, handler: BaseRouteHandler) -> None:
    """Let a request pass that carries a session which holds; ``opt={"public": True}`` needs none.

    Puts the session's id into the request's state as ``session_id``. What changes something must also come from
    our own pages or from no page at all, and have a JSON body or none. Raises :class:`UnauthenticatedError`,
    :class:`CrossSiteError`, :class:`NotJsonError`.
    """
    bearer = _bearer(connection)
    cookie = None if bearer else _cookie(connection)
    public = bool(handler.opt.get("public"))
    if cast("HTTPScope", connection.scope)["method"] not in _SAFE_METHODS:
        _refuse_cross_site(connection, by_cookie=cookie is not None and not public)
        _refuse_other_bodies(connection)
    if public:
        return
    service: AccessService = connection.app.state.access
    session = await service.authenticate(bearer or cookie)
    connection.scope["state"]["session_id"] = str(session.id)


def token_of(connection: Connection) -> str | None:
    """The token that a request carries, from its ``Authorization`` header or else its cookie."""
    return _bearer(connection) or _cookie(connection)


def client_of(connection: Connection) -> Client:
    """Who is at the other end. Headers in which a proxy names somebody are not believed."""
    address = connection.client.host if connection.client else ""
    headers = connection.headers
    return Client(
        address=address,
        user_agent=headers.get("user-agent", ""),
        # A proxy on this machine makes everybody look local. It either says so in a header or gives itself away by
        # the name it was opened under; one that passes no header at all speaks HTTP/1.0 to us.
        local=_is_loopback(address)
        and not any(name in headers for name in _PROXY_HEADERS)
        and connection.scope.get("http_version") != "1.0"
        and _is_own(headers.get("host", "")),
    )


def _bearer(connection: Connection) -> str | None:
    # Another scheme is none of ours: a proxy in front may ask for a password of its own.
    scheme, _, token = connection.headers.get("authorization", "").partition(" ")
    return token.strip() or None if scheme.lower() == "bearer" else None


def _cookie(connection: Connection) -> str | None:
    for part in connection.headers.get("cookie", "").split(";"):
        name, _, value = part.strip().partition("=")
        if name == COOKIE:  # the first of several has the path that fits best
            return value.strip('"') or None
    return None


def _refuse_cross_site(connection: Connection, *, by_cookie: bool) -> None:
    headers = connection.headers
    sites, origins = headers.getall("sec-fetch-site", []), headers.getall("origin", [])
    if any(site not in ("same-origin", "none") for site in sites):
        raise CrossSiteError
    if any(not _same_origin(origin, headers.get("host", "")) for origin in origins):
        raise CrossSiteError(
            "The request does not come from this site. If a proxy stands in between, it must pass on the Host header."
        )
    if by_cookie and not sites and not origins:
        raise CrossSiteError("With the cookie, send an Origin header too; programs use the Authorization header")


def _same_origin(origin: str, host: str) -> bool:
    try:
        parts = urlsplit(origin)
    except ValueError:
        return False
    default = _DEFAULT_PORTS.get(parts.scheme)
    if default is None:
        return False
    return _host_and_port(parts.netloc, default) == _host_and_port(host, default)


def _host_and_port(netloc: str, default: int) -> tuple[str, str]:
    name, colon, port = netloc.lower().rpartition(":")
    if not colon or "]" in port:
        name, port = netloc.lower(), str(default)
    return name.removesuffix("."), port


def _refuse_other_bodies(connection: Connection) -> None:
    headers = connection.headers
    if "transfer-encoding" not in headers and headers.get("content-length", "0") == "0":
        return
    if headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise NotJsonError


def _is_loopback(host: str) -> bool:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return (mapped or address).is_loopback


def _is_own(host: str) -> bool:
    name, _port = _host_and_port(host, 80)
    return name == "localhost" or _is_loopback(name.strip("[]"))
