"""HTTP/1.1 as bytes: the request that is sent, the head of an answer, chunks. Pure, strict, bounded."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

import httpx

from aniworld.kit.net.errors import AddressRefusedError, NetError

MAX_HEAD = 64 * 1024
"""Bytes of the lines before a body."""
_MAX_LINE = 4096
"""Of the line before a chunk; of all lines behind the last one."""
_LARGEST = 2**63 - 1

_Step = Literal["size", "data", "gap", "trailers"]

_END = re.compile(rb"\r?\n\r?\n")
_STATUS = re.compile(rb"HTTP/1\.([01]) ([1-9][0-9]{2})(?: [^\0\r\n]*)?")
_NAME = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_VALUE = re.compile(rb"[^\0\r\n]*")
_SIZE = re.compile(rb"([0-9A-Fa-f]{1,15})[ \t]*(?:;[^\0\r\n]*)?")


def request_head(target: bytes, headers: httpx.Headers) -> bytes:
    """A GET. Raises ``AddressRefusedError`` where a field would smuggle in another line."""
    lines = [b"GET " + target + b" HTTP/1.1"]
    if not target or any(byte <= 32 or byte >= 127 for byte in target):
        raise AddressRefusedError("The request cannot be made: the path is not well formed")
    for name, value in headers.raw:
        if not _NAME.fullmatch(name) or not _VALUE.fullmatch(value):
            raise AddressRefusedError("The request cannot be made: a header is not well formed")
        lines.append(name + b": " + value.strip())
    return b"\r\n".join([*lines, b"", b""])


@dataclass(frozen=True, slots=True)
class Head:
    """The beginning of an answer."""

    status: int
    headers: httpx.Headers
    length: int | None
    """Bytes of the body; None: it is chunked, or goes on until the connection ends."""
    chunked: bool
    keep: bool
    """Whether the connection may serve another request afterwards."""


def end_of_head(data: bytes | bytearray | memoryview, start: int, end: int) -> int:
    """Where the body begins, or -1 as long as the head is not whole."""
    found = _END.search(data, start, end)
    return found.end() if found else -1


def parse_head(data: bytes) -> Head:
    """Raises ``NetError`` for what is no HTTP, and where two fields contradict each other."""
    status_line, *lines = data.rstrip(b"\r\n").split(b"\n")
    match = _STATUS.fullmatch(status_line.removesuffix(b"\r"))
    if match is None:
        raise NetError("The answer is no HTTP")
    fields: list[tuple[bytes, bytes]] = []
    for line in lines:
        name, colon, value = line.removesuffix(b"\r").partition(b":")
        if not colon or not _NAME.fullmatch(name) or not _VALUE.fullmatch(value):
            raise NetError("The answer is no HTTP: a header is not well formed")
        fields.append((name, value.strip(b" \t")))
    status, headers = int(match.group(2)), httpx.Headers(fields)
    length, chunked = _framing(status, headers)
    asked = {word.strip().lower() for word in headers.get("connection", "").split(",")}
    keep = match.group(1) == b"1" and "close" not in asked and (chunked or length is not None)
    return Head(status, headers, length, chunked, keep)


def _framing(status: int, headers: httpx.Headers) -> tuple[int | None, bool]:
    if status < 200 or status in (204, 304):
        return 0, False
    coding = headers.get("transfer-encoding")
    if coding is not None:
        if coding.strip().lower() != "chunked":
            raise NetError(f"The answer is transferred in an unknown way: {coding[:80]!r}")
        return None, True
    text = headers.get("content-length")
    if text is None:
        return None, False
    values = {value.strip() for value in text.split(",")}
    value = values.pop()
    if values or not (value.isascii() and value.isdigit() and len(value) <= 19) or int(value) > _LARGEST:
        raise NetError(f"The answer has an impossible length: {text[:80]!r}")
    return int(value), False


class Chunks:
    """Takes the framing out of a chunked body, in the buffer it lies in."""

    def __init__(self) -> None:
        self.ended = False
        self.surplus = False
        """Something came behind the end."""
        self._left = 0
        """Of the chunk that is being read."""
        self._line = bytearray()
        self._step: _Step = "size"
        self._trailers = 0

    def squeeze(self, view: memoryview) -> int:
        """Move the content to the front of what has just come; its length. Raises ``NetError``."""
        at = out = 0
        end = len(view)
        while at < end:
            if self.ended:
                self.surplus = True
                break
            if self._step == "data":
                count = min(self._left, end - at)
                if out != at:
                    view[out : out + count] = view[at : at + count]
                at, out, self._left = at + count, out + count, self._left - count
                if not self._left:
                    self._step = "gap"
                continue
            at = self._read_line(view, at)
        return out

    def _read_line(self, view: memoryview, at: int) -> int:
        piece = bytes(view[at : at + _MAX_LINE + 1])
        newline = piece.find(b"\n")
        self._line += piece[: newline + 1] if newline >= 0 else piece
        if len(self._line) > _MAX_LINE:
            raise NetError("The answer's chunks are not well formed")
        if newline >= 0:
            line, self._line = bytes(self._line).removesuffix(b"\n").removesuffix(b"\r"), bytearray()
            self._take_line(line)
            return at + newline + 1
        return at + len(piece)

    def _take_line(self, line: bytes) -> None:
        if self._step == "gap":
            if line:
                raise NetError("The answer's chunks are not well formed")
            self._step = "size"
        elif self._step == "size":
            match = _SIZE.fullmatch(line)
            if match is None:
                raise NetError("The answer's chunks are not well formed")
            self._left = int(match.group(1), 16)
            self._step = "data" if self._left else "trailers"
        else:
            self._trailers += len(line) + 1
            if self._trailers > _MAX_LINE:
                raise NetError("The answer's end is too long")
            self.ended = not line
