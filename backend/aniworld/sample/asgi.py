"""The little of ASGI that the sample site needs: answers, and files with ranges."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import io
import os
import re
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from email.utils import formatdate
from pathlib import Path
from typing import Any

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

CHUNK = 256 * 1024
TICK = 0.05
"""Seconds between two pieces of a throttled answer."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and the way to answer it."""

    scope: Scope
    receive: Receive
    send: Send

    @property
    def path(self) -> str:
        """The decoded path."""
        return str(self.scope["path"])

    @property
    def method(self) -> str:
        """The method, in capitals."""
        return str(self.scope["method"])

    async def body(self, most: int) -> bytes:
        """What was sent, cut after ``most`` bytes."""
        body = b""
        while len(body) < most:
            message = await self.receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        return body[:most]

    def header(self, name: str) -> str | None:
        """The first header of that (lower-case) name."""
        wanted = name.encode()
        return next((value.decode("latin-1") for key, value in self.scope["headers"] if key == wanted), None)

    async def start(self, status: int, headers: dict[str, str]) -> None:
        """Send status and headers."""
        raw = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
        await self.send({"type": "http.response.start", "status": status, "headers": raw})

    async def answer(self, status: int, body: bytes = b"", headers: dict[str, str] | None = None) -> None:
        """Send a whole answer; its body stays away for ``HEAD``."""
        await self.start(status, {"Content-Length": str(len(body)), **(headers or {})})
        await self.send({"type": "http.response.body", "body": b"" if self.method == "HEAD" else body})

    async def text(self, status: int, text: str, content_type: str) -> None:
        """Send a text with a tag of its own, or 304 when the client has it."""
        body = text.encode()
        etag = f'"{hashlib.sha256(body).hexdigest()[:20]}"'
        headers = {"Content-Type": f"{content_type}; charset=utf-8", "ETag": etag, "Cache-Control": "no-cache"}
        if status == 200 and _matches(self.header("if-none-match"), etag):
            await self.answer(304, headers={"ETag": etag})
        else:
            await self.answer(status, body, headers)


Route = tuple[re.Pattern[str], Callable[..., Awaitable[bool]]]
"""Addresses, and what answers them: told the groups of the pattern; False where there is nothing."""


async def send_file(exchange: Exchange, path: Path, content_type: str, *, throttle: int | None) -> None:
    """Send a file from disk: one range, conditions and ``HEAD`` are heeded; ``throttle`` in bytes a second."""
    file = await asyncio.to_thread(path.open, "rb")
    try:
        await _send_open_file(exchange, file, content_type, throttle)
    finally:
        await asyncio.to_thread(file.close)


async def _send_open_file(exchange: Exchange, file: io.BufferedReader, content_type: str, throttle: int | None) -> None:
    stat = os.fstat(file.fileno())
    size = stat.st_size
    etag, modified = f'"{stat.st_mtime_ns:x}-{size:x}"', formatdate(stat.st_mtime, usegmt=True)
    headers = {"ETag": etag, "Last-Modified": modified, "Accept-Ranges": "bytes"}
    if _matches(exchange.header("if-none-match"), etag):
        await exchange.answer(304, headers=headers)
        return
    headers["Content-Type"] = content_type
    status, first, end = 200, 0, size
    wanted = exchange.header("range") if exchange.method == "GET" else None
    if wanted and exchange.header("if-range") in (None, etag, modified):
        part = parse_range(wanted, size)
        if part == (size, size):
            await exchange.answer(416, headers={"Content-Range": f"bytes */{size}", "ETag": etag})
            return
        if part is not None:
            status, (first, end) = 206, part
            headers["Content-Range"] = f"bytes {first}-{end - 1}/{size}"
    headers["Content-Length"] = str(end - first)
    await exchange.start(status, headers)
    if exchange.method == "GET" and end > first:
        await _send_body(exchange, file, first, end, throttle)
    else:
        await exchange.send({"type": "http.response.body"})


async def _send_body(exchange: Exchange, file: io.BufferedReader, first: int, end: int, throttle: int | None) -> None:
    loop = asyncio.get_running_loop()
    began = loop.time()
    chunk = CHUNK if throttle is None else min(max(round(throttle * TICK), 1), CHUNK)
    gone = asyncio.create_task(_wait_for_leaving(exchange.receive))
    try:
        await asyncio.to_thread(file.seek, first)
        place = first
        while place < end and not gone.done():
            body = await asyncio.to_thread(file.read, min(chunk, end - place))
            place += len(body)
            # A file of the cache never shrinks; if it did, the announced length would not be met and the client told.
            await exchange.send({"type": "http.response.body", "body": body, "more_body": bool(body) and place < end})
            if not body:
                break
            if throttle is not None:
                await asyncio.sleep(max(began + (place - first) / throttle - loop.time(), 0))
    finally:
        gone.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await gone


async def _wait_for_leaving(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _matches(condition: str | None, etag: str) -> bool:
    """Whether ``If-None-Match`` names the tag."""
    return condition is not None and (condition.strip() == "*" or etag in (tag.strip() for tag in condition.split(",")))


def parse_range(header: str, size: int) -> tuple[int, int] | None:
    """First byte and end (exclusive) of what a ``Range`` header asks for; both are ``size`` when nothing is there.

    None where the header is to be ignored: another unit, several ranges, or not well formed.
    """
    match = re.fullmatch(r"bytes=\s*(\d{0,18})-(\d{0,18})\s*", header)
    if match is None or not (match[1] or match[2]):
        return None
    if not match[1]:
        return size - min(int(match[2]), size), size
    first, last = int(match[1]), int(match[2]) if match[2] else size
    if last < first and match[2]:
        return None
    return min(first, size), min(last + 1, size)
