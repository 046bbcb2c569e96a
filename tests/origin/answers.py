"""Puts an answer together, with what is to be wrong about it. No I/O."""

from __future__ import annotations

import gzip
import re
from collections.abc import Mapping
from email.utils import formatdate

from tests.origin.faults import Body, Fault

BOUNDARY = "between-the-parts"


def compose(
    method: str, asked: Mapping[str, str], body: Body, fault: Fault
) -> tuple[int, list[tuple[str, str]], bytes]:
    """Status, headers and body of an answer; ``asked`` are the headers of the request, their names in lower case."""
    data, size = body.data, len(body.data)
    headers = [("Date", formatdate(usegmt=True))]
    kind = body.content_type
    if fault.retry_after is not None:
        headers.append(("Retry-After", fault.retry_after))
    status = 200
    part = None if fault.ignore_range or fault.gzip or not body.ranges else _wanted(method, asked, body, fault)
    if fault.redirect is not None:
        status, data = fault.status or 302, b""
        headers.append(("Location", fault.redirect))
    elif fault.status is not None and fault.status != 200:
        status = fault.status
        data = fault.body.data if fault.body else f"Status {status}\n".encode()
        if fault.body is None:
            kind = "text/plain"
        if status == 416:
            headers.append(("Content-Range", f"bytes */{size}"))
    elif part is not None and part[0] >= size:
        status, data = 416, b""
        headers.append(("Content-Range", f"bytes */{size}"))
    elif part is not None:
        status = 206
        data, told = _part(body, fault, *part)
        if fault.multipart:
            rows = f"--{BOUNDARY}\r\nContent-Type: {body.content_type}\r\nContent-Range: {told}\r\n\r\n"
            data = rows.encode() + data + f"\r\n--{BOUNDARY}--\r\n".encode()
            kind = f"multipart/byteranges; boundary={BOUNDARY}"
        else:
            headers.append(("Content-Range", told))
    headers.append(("Content-Type", kind))
    if status in (200, 206):
        if body.tag is not None:
            headers.append(("ETag", body.tag))
        if body.last_modified is not None:
            headers.append(("Last-Modified", body.last_modified))
        if body.ranges:
            headers.append(("Accept-Ranges", "bytes"))
    if fault.gzip:
        data = gzip.compress(data, mtime=0)
        headers.append(("Content-Encoding", "gzip"))
    if fault.framing == "length":
        headers.append(("Content-Length", fault.length or str(len(data) + fault.length_by)))
    elif fault.framing == "chunked":
        headers.append(("Transfer-Encoding", "chunked"))
    if fault.framing == "close":
        headers.append(("Connection", "close"))
    return status, [*headers, *fault.headers], data


def _wanted(method: str, asked: Mapping[str, str], body: Body, fault: Fault) -> tuple[int, int] | None:
    """First byte and end of the range that is to be served; None for everything."""
    match = re.fullmatch(r"bytes=(\d*)-(\d*)", asked.get("range", ""))
    if match is None or not (match[1] or match[2]) or method != "GET":
        return None
    if match[1] and match[2] and int(match[2]) < int(match[1]):
        return None
    condition = asked.get("if-range")
    if condition is not None and not fault.ignore_if_range:
        strong = body.tag is not None and not body.tag.startswith("W/") and condition == body.tag
        if not strong and (body.last_modified is None or condition != body.last_modified):
            return None
    size = len(body.data)
    if not match[1]:
        return max(size - int(match[2]), 0) if int(match[2]) else size, size
    return int(match[1]), min(int(match[2]) + 1, size) if match[2] else size


def _part(body: Body, fault: Fault, first: int, end: int) -> tuple[bytes, str]:
    """The data of a 206 and its ``Content-Range``."""
    first = min(max(first + fault.start_by, 0), len(body.data) - 1)
    if fault.at_most is not None:
        end = min(end, first + fault.at_most)
    data = body.data[first:end]
    if fault.data_by:
        # As many bytes as were asked for, from elsewhere; round and round, should the data be too short.
        shifted = max(first + fault.data_by, 0)
        data = (body.data[shifted:] + body.data)[: end - first]
    told = f"bytes {first + fault.claim_by}-{end - 1 + fault.claim_by}/{len(body.data) + fault.total_by}"
    return data, fault.content_range or told
