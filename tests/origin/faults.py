"""What an origin serves, and in which ways it can get that wrong."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Literal

End = Literal["fin", "rst", "stall"]
Framing = Literal["length", "close", "chunked"]


@dataclass(frozen=True, slots=True)
class Body:
    """A resource as it is when nothing goes wrong.

    ``etag``: the header as it is sent, quotes and all (``'W/"1"'`` for a weak one); ``"auto"`` derives a strong one
    from the data, None sends none. ``last_modified``: an HTTP date or None. ``ranges``: whether ranges are supported.
    """

    data: bytes
    content_type: str = "video/mp4"
    etag: str | None = "auto"
    last_modified: str | None = None
    ranges: bool = True

    @property
    def tag(self) -> str | None:
        """The ``ETag`` header, if there is one."""
        return f'"{hashlib.sha256(self.data).hexdigest()[:16]}"' if self.etag == "auto" else self.etag


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """How one answer differs from a good one; several things can be wrong at once. ``Fault()`` is a good answer.

    A resource has a list of faults: its first request gets the first, and so on; each counts for ``times`` requests
    (None: for all that follow). After the last the answers are good.
    """

    times: int | None = 1

    # Another answer altogether
    status: int | None = None
    """Answer with this status and a short text. 416 names the size. The body is ``body`` where that is given."""
    retry_after: str | None = None
    """Value of ``Retry-After`` (seconds or a date)."""
    redirect: str | None = None
    """``Location``: a path here or an absolute address. The status is 302 unless ``status`` says otherwise."""
    body: Body | None = None
    """Serve this instead: the content has changed, or is an HTML page (see :func:`html_page`)."""
    raw: bytes | None = None
    """Send exactly these bytes instead of an HTTP answer, and close."""

    # Ranges
    ignore_range: bool = False
    """Answer 200 with everything, though ``Accept-Ranges`` promises more."""
    ignore_if_range: bool = False
    """Answer 206 though the validator no longer fits: what makes spliced files."""
    start_by: int = 0
    """Serve a range that begins so many bytes later (negative: earlier) than asked; ``Content-Range`` admits it."""
    claim_by: int = 0
    """Shift what ``Content-Range`` says by this much; the data are the ones asked for."""
    data_by: int = 0
    """Take the data from this many bytes later, while ``Content-Range`` says what was asked."""
    total_by: int = 0
    """Added to the total in ``Content-Range``."""
    content_range: str | None = None
    """The whole ``Content-Range`` header, whatever it is."""
    at_most: int | None = None
    """Serve no more than this many bytes of a range (legal: a shorter 206)."""
    multipart: bool = False
    """Wrap the range into ``multipart/byteranges``."""

    # Framing
    framing: Framing = "length"
    """``close``: no length, the end of the connection ends the body. ``chunked``: in chunks."""
    length: str | None = None
    """``Content-Length`` exactly as given (``-5``, ``abc``); ``framing`` is ``length``."""
    length_by: int = 0
    """Added to ``Content-Length``: too long when positive (the connection then ends early), too short when negative."""
    headers: tuple[tuple[str, str], ...] = ()
    """More headers, sent after the others even where they repeat one."""
    gzip: bool = False
    """Send everything gzip-encoded, whatever was asked."""

    # Time and end
    before: float = 0.0
    """Seconds before the answer begins."""
    cut: int | None = None
    """Stop after this many bytes of the body, and then do what ``end`` says."""
    end: End = "fin"
    """``fin``: close in good order. ``rst``: reset the connection. ``stall``: keep it open and send nothing more."""
    chunk: int = 64 * 1024
    """Bytes sent at once."""
    pause: float = 0.0
    """Seconds between two chunks; with a small ``chunk`` this is a trickle."""


def html_page(text: str = "Please prove that you are human.", *, status: int = 200, times: int | None = 1) -> Fault:
    """An HTML page where a file was asked for."""
    page = f"<!DOCTYPE html><html><head><title>Wait</title></head><body><p>{text}</p></body></html>".encode()
    body = Body(page, "text/html; charset=utf-8", etag=None, ranges=False)
    return Fault(status=status, body=body, times=times)


@dataclass(slots=True)
class Script:
    """The faults of one resource, taken one by one."""

    faults: list[Fault] = field(default_factory=list)
    _used: int = 0

    def next(self) -> Fault:
        """The fault of the next request."""
        while self.faults:
            fault = self.faults[0]
            if fault.times is None:
                return fault
            if self._used < fault.times:
                self._used += 1
                return fault
            self.faults.pop(0)
            self._used = 0
        return Fault()
