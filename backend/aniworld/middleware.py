"""What every answer passes, whatever route it comes from: HEAD, OPTIONS, the Host check, security headers, ETags."""

from __future__ import annotations

import hashlib
import ipaddress
import re
import socket
from collections.abc import Iterable
from typing import Any, cast

import msgspec
from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPResponseStartEvent, HTTPScope, Message, Receive, Scope, Send

from aniworld.access.service import AccessService

Headers = list[tuple[bytes, bytes]]

_HOST = re.compile(r"(\[[0-9a-f:.]{2,45}\]|[a-z0-9._-]{1,253})(?::[0-9]{1,5})?")
_API_POLICY = b"default-src 'none'; frame-ancestors 'none'; sandbox"


def content_security_policy(script_hashes: Iterable[str]) -> str:
    """The policy of our pages: everything from here, no inline script but those of the given SHA-256 (base64)."""
    scripts = " ".join(["'self'", *(f"'sha256-{script_hash}'" for script_hash in script_hashes)])
    return (
        f"default-src 'self'; script-src {scripts}; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
        "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    )


_ALWAYS: tuple[tuple[bytes, bytes], ...] = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=()"),
)
_PAGE = (*_ALWAYS, (b"content-security-policy", content_security_policy(()).encode()))
_API = (*_ALWAYS, (b"content-security-policy", _API_POLICY), (b"cache-control", b"no-store"))


def protect(app: ASGIApp) -> ASGIApp:
    """The application behind all of them."""
    return answer_head(security_headers(check_host(answer_options(tag_answers(app)))))


def answer_head(app: ASGIApp) -> ASGIApp:
    """Answers HEAD as GET without the body, outside the API: uptime checkers and caches ask like that."""

    async def handle(scope: Scope, receive: Receive, send: Send) -> None:
        if not _is_http(scope) or cast("HTTPScope", scope)["method"] != "HEAD" or _is_api(scope):
            await app(scope, receive, send)
            return

        async def send_without_body(message: Message) -> None:
            if message["type"] == "http.response.body":
                message = {**message, "body": b""}
            await send(message)

        await app(cast("HTTPScope", {**scope, "method": "GET"}), receive, send_without_body)

    return handle


def answer_options(app: ASGIApp) -> ASGIApp:
    """Answers OPTIONS with all methods that an address has. The framework names those of one handler."""

    async def handle(scope: Scope, receive: Receive, send: Send) -> None:
        if not _is_http(scope) or cast("HTTPScope", scope)["method"] != "OPTIONS":
            await app(scope, receive, send)
            return
        refused = False

        async def send_allowed(message: Message) -> None:
            nonlocal refused
            if message["type"] == "http.response.start" and message["status"] == 405:
                refused = True
                allow = [header for header in message["headers"] if header[0].lower() == b"allow"]
                message = cast("HTTPResponseStartEvent", {**message, "status": 204, "headers": allow})
            elif refused and message["type"] == "http.response.body":
                message = {**message, "body": b""}
            await send(message)

        # A method that no route has is answered with those that it has.
        await app(cast("HTTPScope", {**scope, "method": "NONE"}), receive, send_allowed)

    return handle


def security_headers(app: ASGIApp) -> ASGIApp:
    """Adds the headers that the answer has not set itself."""

    async def handle(scope: Scope, receive: Receive, send: Send) -> None:
        if not _is_http(scope):
            await app(scope, receive, send)
            return
        wanted = _API if _is_api(scope) else _PAGE

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = list(message["headers"])
                present = {name.lower() for name, _value in headers}
                headers.extend(header for header in wanted if header[0] not in present)
                message = cast("HTTPResponseStartEvent", {**message, "headers": headers})
            await send(message)

        await app(scope, receive, send_with_headers)

    return handle


def check_host(app: ASGIApp) -> ASGIApp:
    """Answers only under names of ours, so that no page elsewhere can reach us by pointing its own name here.

    An address is always fine: nobody else's name is one.
    """
    own = _own_names()

    async def handle(scope: Scope, receive: Receive, send: Send) -> None:
        if not _is_http(scope):
            await app(scope, receive, send)
            return
        hosts = [value for name, value in scope["headers"] if name == b"host"]
        match = _HOST.fullmatch(hosts[0].decode("latin-1").lower()) if len(hosts) == 1 else None
        if match is None:
            await _problem(send, 400, "bad-host", "Bad host", "The request must name one host in its Host header")
            return
        name = match[1]
        if name.startswith("[") or name.removesuffix(".") not in own:
            access: AccessService = scope["app"].state.access
            allowed = {host.lower().removesuffix(".") for host in access.allowed_hosts}
            if not _is_address(name) and name.removesuffix(".") not in allowed:
                await _problem(
                    send,
                    421,
                    "unknown-host",
                    "Unknown host",
                    f"This server is not known as {name}. Open it by its address, or add the name to allowed_hosts "
                    "in the access section of its configuration.",
                )
                return
        await app(scope, receive, send)

    return handle


def tag_answers(app: ASGIApp) -> ASGIApp:
    """Gives JSON answers of the API an ETag unless they have one, and answers 304 to whoever has that already.

    Only bodies that come in one piece: streams and files pass as they are.
    """

    async def handle(scope: Scope, receive: Receive, send: Send) -> None:
        if not _is_http(scope) or cast("HTTPScope", scope)["method"] != "GET" or not _is_api(scope):
            await app(scope, receive, send)
            return
        held: HTTPResponseStartEvent | None = None

        async def send_tagged(message: Message) -> None:
            nonlocal held
            if message["type"] == "http.response.start" and _can_be_tagged(message):
                held = message
                return
            if held is not None:
                start, held = held, None
                if message["type"] == "http.response.body" and not message.get("more_body", False):
                    start, message = _tagged(scope, start, message)
                await send(start)
            await send(message)

        await app(scope, receive, send_tagged)

    return handle


def _can_be_tagged(message: HTTPResponseStartEvent) -> bool:
    headers = {name.lower(): value for name, value in message["headers"]}
    kind = headers.get(b"content-type", b"").partition(b";")[0].strip()
    return message["status"] == 200 and kind == b"application/json" and b"cache-control" not in headers


def _tagged(scope: Scope, start: HTTPResponseStartEvent, body: Any) -> tuple[HTTPResponseStartEvent, Any]:
    headers: Headers = [*start["headers"]]
    tag = next((value for name, value in headers if name.lower() == b"etag"), b"")
    if not tag:
        # Weak: a proxy may compress the answer on its way.
        tag = b'W/"%b"' % hashlib.blake2b(body["body"], digest_size=12).hexdigest().encode()
        headers.append((b"etag", tag))
    # A browser may keep it, and asks each time whether it is still the same; only who is logged in gets an answer.
    headers.append((b"cache-control", b"private, no-cache"))
    known = b",".join(value for name, value in scope["headers"] if name == b"if-none-match")
    if any(entry.strip().removeprefix(b"W/") in (tag.removeprefix(b"W/"), b"*") for entry in known.split(b",")):
        headers = [header for header in headers if not header[0].lower().startswith(b"content-")]
        return {**start, "status": 304, "headers": headers}, {**body, "body": b""}
    return {**start, "headers": headers}, body


def _is_http(scope: Scope) -> bool:
    return scope["type"] == ScopeType.HTTP


def _is_api(scope: Scope) -> bool:
    path = scope["path"].removeprefix(scope.get("root_path", ""))
    return path == "/api" or path.startswith("/api/")


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return False
    return name.startswith("[") == (":" in name)


def _own_names() -> frozenset[str]:
    full = socket.gethostname().lower().removesuffix(".")
    short = full.partition(".")[0]
    return frozenset({"localhost", full, short, f"{short}.local"} - {"", ".local"})


async def _problem(send: Send, status: int, code: str, title: str, detail: str) -> None:
    body = msgspec.json.encode({"type": f"/problems/{code}", "title": title, "status": status, "detail": detail})
    headers: Headers = [
        (b"content-type", b"application/problem+json"),
        (b"content-length", str(len(body)).encode()),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})
