"""Reading a body: counted while it comes, decoded within its limit, text in a known charset."""

from __future__ import annotations

import codecs
import io
import re
import zlib
from email.utils import parsedate_to_datetime

import httpx

from aniworld.kit import clock
from aniworld.kit.net.errors import BadAnswerError, TooLargeError

MAX_RETRY_AFTER = 3600.0
STEP = 64 * 1024
"""Bytes that are unpacked at a time."""

_CHARSETS = frozenset(
    {"ascii", "utf-8", "utf-16", "utf-16-le", "utf-16-be", "koi8-r", "shift_jis", "euc_jp", "iso2022_jp", "cp932"}
    | {"gbk", "gb2312", "gb18030", "big5", "euc_kr"}
    | {f"iso8859-{number}" for number in range(1, 17)}
    | {f"cp{number}" for number in range(1250, 1259)}
)
_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_META_CHARSET = re.compile(rb"""<meta[^>]{0,200}?charset=["']?([A-Za-z0-9_:.-]{1,40})""", re.IGNORECASE)


def content_coding(headers: httpx.Headers) -> str:
    """The one content coding of an answer: ``""`` or ``gzip``. Raises ``BadAnswerError`` for any other."""
    codings = [part.strip().lower() for part in headers.get("content-encoding", "").split(",")]
    codings = [coding for coding in codings if coding not in ("", "identity")]
    if not codings:
        return ""
    if codings in (["gzip"], ["x-gzip"]):
        return "gzip"
    raise BadAnswerError(f"The answer is coded in a way that was not asked for: {', '.join(codings)[:80]}")


class Collector:
    """Takes the pieces of a body, decodes them and stops at ``max_bytes``, of what comes and of what it becomes."""

    def __init__(self, coding: str, max_bytes: int) -> None:
        self._coding = coding
        self._max = max_bytes
        self._raw = 0
        self._body = io.BytesIO()  # hands out what it holds without a copy
        self._inflate = _inflater() if coding else None

    @property
    def size(self) -> int:
        """Bytes that are there, decoded."""
        return self._body.tell()

    def add(self, piece: bytes) -> None:
        """One more piece."""
        self._raw += len(piece)
        if self._raw > self._max:
            raise self._too_large()
        if self._inflate is None:
            self._body.write(piece)
            return
        while piece:
            if self._inflate.eof:
                # What follows the end is another member of the same stream.
                self._inflate = _inflater()
            self._unpack(self._inflate, piece)
            piece = self._inflate.unused_data if self._inflate.eof else b""

    def _unpack(self, inflate: zlib._Decompress, piece: bytes) -> None:
        """Little by little: what a piece becomes may be a thousand times as much."""
        unpacked = STEP
        while (piece or unpacked == STEP) and not inflate.eof:
            try:
                part = inflate.decompress(piece, STEP)
            except zlib.error as error:
                raise BadAnswerError("The answer's compression is broken") from error
            self._body.write(part)
            if self.size > self._max:
                raise self._too_large()
            unpacked, piece = len(part), inflate.unconsumed_tail

    def finish(self) -> bytes:
        """The whole body. Raises ``BadAnswerError`` when its end is missing."""
        if self._inflate is not None and self._raw and not self._inflate.eof:
            error = BadAnswerError("The answer ends too early")
            error.permanent = False
            raise error
        return self._body.getvalue()

    def _too_large(self) -> TooLargeError:
        return TooLargeError(f"The answer is larger than {_size(self._max)}")


def decode_text(body: bytes, content_type: str) -> str:
    """The body as text: the charset of a byte order mark, the header or the page itself; else UTF-8."""
    for mark, name in _MARKS:
        if body.startswith(mark):
            return body[len(mark) :].decode(name, "replace")
    found = re.search(r"charset=[\"']?([A-Za-z0-9_:.-]{1,40})", content_type, re.IGNORECASE)
    name = found.group(1) if found else ""
    if not name and (meta := _META_CHARSET.search(body, 0, 1024)):
        name = meta.group(1).decode("ascii")
    return body.decode(_charset(name), "replace")


def parse_retry_after(value: str | None) -> float | None:
    """Seconds that a ``Retry-After`` asks for, at most ``MAX_RETRY_AFTER``; None where it says nothing."""
    if value is None:
        return None
    value = value.strip()
    if re.fullmatch(r"[0-9]{1,9}", value):
        return min(float(value), MAX_RETRY_AFTER)
    try:
        when = parsedate_to_datetime(value[:100])
        seconds = (when - clock.now()).total_seconds()
    except (ValueError, TypeError, OverflowError):  # no date, or one without a zone
        return None
    return min(max(seconds, 0.0), MAX_RETRY_AFTER)


def _inflater() -> zlib._Decompress:
    return zlib.decompressobj(16 + zlib.MAX_WBITS)


def _charset(name: str) -> str:
    """The codec for a charset's name. Only text codecs that are linear: Python has others, and servers choose."""
    try:
        codec = codecs.lookup(name).name if name else "utf-8"
    except (LookupError, ValueError):
        return "utf-8"
    # The web means the wider Windows code page when it says Latin-1 or ASCII.
    return "cp1252" if codec in ("iso8859-1", "ascii") else codec if codec in _CHARSETS else "utf-8"


def _size(count: int) -> str:
    return f"{count // 1024 // 1024} MiB" if count >= 1024 * 1024 else f"{count} bytes"
