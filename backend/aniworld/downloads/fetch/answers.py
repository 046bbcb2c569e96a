"""Reads what an HTTP answer says about its body. Pure; believes nothing that it cannot check."""

from __future__ import annotations

import datetime as dt
import email.utils
import re
from collections.abc import Mapping
from dataclasses import dataclass

from aniworld.downloads.fetch.errors import (
    BadAnswerError,
    DishonestError,
    FetchError,
    HostBusyError,
    NotAVideoError,
    PlaylistInsteadError,
    SourceGoneError,
)
from aniworld.kit.errors import AppError
from aniworld.kit.net.body import parse_retry_after
from aniworld.kit.net.errors import NetError
from aniworld.media.containers import recognise

_LARGEST = 2**63 - 1
_RANGE = re.compile(r"bytes\s+(?:(\d{1,19})-(\d{1,19})|\*)/(\d{1,19}|\*)", re.IGNORECASE)
_PAGE_TYPES = (
    "text/html",
    "application/xhtml",
    "application/json",
    "application/problem",
    "text/xml",
    "application/xml",
)
_TEXT = re.compile(rb"\s*(<(!doctype|html|head|body|\?xml|script|svg)|\{\s*\")", re.IGNORECASE)
_PICTURES = (b"\xff\xd8\xff", b"\x89PNG\r\n", b"GIF8", b"%PDF")


@dataclass(frozen=True, slots=True)
class Validator:
    """What names one version of a file, so that two halves of it can be told apart from halves of two."""

    value: str
    """As ``If-Range`` wants it: a strong ETag, or a date."""

    @classmethod
    def of(cls, headers: Mapping[str, str]) -> Validator | None:
        """The strong validator of an answer, where it has one."""
        etag = headers.get("etag", "").strip()
        if 2 < len(etag) <= 512 and etag.startswith('"') and etag.endswith('"') and etag.isprintable():
            return cls(etag)
        modified = _date(headers.get("last-modified", ""))
        sent = _date(headers.get("date", ""))
        # A file that changed in the very second of its date may change again within it.
        if modified is not None and sent is not None and sent - modified >= dt.timedelta(seconds=1):
            return cls(headers["last-modified"].strip())
        return None


@dataclass(frozen=True, slots=True)
class ContentRange:
    """``Content-Range``; start and end are None where the range could not be given."""

    start: int | None
    end: int | None
    total: int | None

    @classmethod
    def of(cls, headers: Mapping[str, str]) -> ContentRange:
        """Raises :class:`BadAnswerError`."""
        text = headers.get("content-range", "")
        match = _RANGE.fullmatch(text.strip())
        if match is None:
            raise BadAnswerError(f"The host sent a range that cannot be understood: {text[:80]!r}")
        start, end, total = (int(group) if group and group != "*" else None for group in match.groups())
        if start is not None and end is not None and (end < start or (total is not None and end >= total)):
            raise BadAnswerError(f"The host sent an impossible range: {text[:80]!r}")
        return cls(start, end, total)


def content_length(headers: Mapping[str, str]) -> int | None:
    """The announced length of the body. Raises :class:`BadAnswerError` where there are two or it is no number."""
    text = headers.get("content-length")
    if text is None:
        return None
    values = {value.strip() for value in text.split(",")}
    value = values.pop()
    if values or not (value.isascii() and value.isdigit()) or int(value) > _LARGEST:
        raise BadAnswerError(f"The host sent an impossible length: {text[:80]!r}")
    return int(value)


def tells_end(headers: Mapping[str, str]) -> bool:
    """Whether something else than the end of the connection tells where the body ends."""
    return "content-length" in headers or headers.get("transfer-encoding", "").strip().lower() == "chunked"


def coding(headers: Mapping[str, str]) -> str:
    """The content coding in lower case; empty where there is none."""
    value = headers.get("content-encoding", "").strip().lower()
    return "" if value == "identity" else value.removeprefix("x-")


def end_of_part(status: int, headers: Mapping[str, str], start: int, total: int, validator: str | None) -> int:
    """Where the body of an answer ends, which must begin at ``start`` of the version with that total and validator.

    Raises :class:`DishonestError` for everything else.
    """
    if status != 206 or coding(headers):
        raise DishonestError("The host does not send the part that was asked for")
    named = Validator.of(headers)
    if named is not None and named.value != validator:
        raise DishonestError("The file at the host is another one now")
    try:
        part = ContentRange.of(headers)
        length = content_length(headers)
    except BadAnswerError as error:
        raise DishonestError(error.detail) from error
    if part.start != start or part.end is None or part.total not in (None, total):
        raise DishonestError("The host sent another part of the file than was asked for")
    if length not in (None, part.end + 1 - start):
        raise DishonestError(f"The host announced {length} bytes for a part of {part.end + 1 - start}")
    return part.end + 1


def check_status(status: int, headers: Mapping[str, str]) -> None:
    """Raises for every status but 200, 206 and 416."""
    if status in (200, 206, 416):
        return
    if status in (408, 425, 429) or status >= 500:
        raise HostBusyError(status, parse_retry_after(headers.get("retry-after")))
    if status in (401, 403, 404, 405, 410, 451):
        raise SourceGoneError(status)
    error = FetchError(f"The host answered {status}")
    error.permanent = True
    raise error


def refuse_page(headers: Mapping[str, str], beginning: bytes) -> None:
    """Raises :class:`NotAVideoError` where the beginning of the body (``HEAD`` bytes) or its type is that of a page."""
    if recognise(beginning) is not None:
        return  # whatever the type says: many hosts say nonsense
    kind = headers.get("content-type", "").split(";")[0].strip().lower()
    if not beginning:
        raise NotAVideoError("The host sent an empty file")
    if kind.startswith("image/") or beginning.startswith(_PICTURES):
        raise NotAVideoError("The host sent a picture instead of a video")
    if beginning.startswith(b"#EXTM3U"):
        raise PlaylistInsteadError("The host sent a playlist instead of a video")
    if kind.startswith(_PAGE_TYPES) or _TEXT.match(beginning.removeprefix(b"\xef\xbb\xbf")):
        text = " ".join(beginning.decode("utf-8", "replace").split())
        shown = "".join(char if char.isprintable() else "�" for char in text)[:200]
        raise NotAVideoError(f"The host sent a page instead of a video: {shown}")


def worth_another_try(error: AppError, patience: float) -> bool:
    """Whether the same request may succeed within this call."""
    if (error.retry_after or 0.0) > patience:
        return False
    return error.at_once if isinstance(error, FetchError) else isinstance(error, NetError) and not error.permanent


def _date(text: str) -> dt.datetime | None:
    try:
        date = email.utils.parsedate_to_datetime(text.strip())
    except (TypeError, ValueError, IndexError, OverflowError):
        return None
    return date if date.tzinfo is not None else date.replace(tzinfo=dt.UTC)
