"""HTTP as bytes: what is not well formed is no answer, and chunks may come in any pieces."""

from __future__ import annotations

from itertools import pairwise

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aniworld.kit.net.errors import AddressRefusedError, NetError
from aniworld.kit.net.wire import Chunks, end_of_head, parse_head, request_head


def test_a_request() -> None:
    sent = request_head(b"/a?b=c", httpx.Headers({"Host": "h", "Range": "bytes=0-"}))
    assert sent == b"GET /a?b=c HTTP/1.1\r\nHost: h\r\nRange: bytes=0-\r\n\r\n"


@pytest.mark.parametrize("target", [b"", b"/a b", b"/a\r\nX: y", "/ä".encode()])
def test_a_path_cannot_smuggle(target: bytes) -> None:
    with pytest.raises(AddressRefusedError):
        request_head(target, httpx.Headers())


@pytest.mark.parametrize("field", [(b"A\r\nB", b"x"), (b"A", b"x\r\nB: y"), (b"A", b"\0"), (b"A b", b"x"), (b"", b"x")])
def test_a_header_cannot_smuggle(field: tuple[bytes, bytes]) -> None:
    with pytest.raises(AddressRefusedError):
        request_head(b"/", httpx.Headers([field]))


def test_where_a_head_ends() -> None:
    assert end_of_head(b"HTTP/1.1 200 OK\r\n\r\nbody", 0, 23) == 19
    assert end_of_head(b"HTTP/1.1 200 OK\n\nbody", 0, 21) == 17
    assert end_of_head(b"HTTP/1.1 200 OK\r\n\r", 0, 18) == -1


@pytest.mark.parametrize(
    ("head", "length", "chunked", "keep"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", 5, False, True),
        (b"HTTP/1.1 200\r\ncontent-length:5\r\n\r\n", 5, False, True),
        (b"HTTP/1.0 200 OK\nContent-Length: 5\n\n", 5, False, False),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\n", 5, False, True),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: Close\r\n\r\n", 5, False, False),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\nContent-Length: 5\r\n\r\n", None, True, True),
        (b"HTTP/1.1 200 OK\r\n\r\n", None, False, False),
        (b"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", 0, False, True),
    ],
)
def test_how_a_body_is_framed(head: bytes, length: int | None, *, chunked: bool, keep: bool) -> None:
    got = parse_head(head)
    assert (got.length, got.chunked, got.keep) == (length, chunked, keep)


@pytest.mark.parametrize(
    "head",
    [
        b"HTTP/2 200 OK\r\n\r\n",
        b"HTTP/1.1 OK\r\n\r\n",
        b"HTTP/1.1 2000 OK\r\n\r\n",
        b"HTTP/1.1 099 OK\r\n\r\n",
        b"ICY 200 OK\r\n\r\n",
        b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nA: b\r\n folded\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nA : b\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nA: b\rC: d\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nA: \0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: +5\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: \xb2\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length:\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
    ],
)
def test_what_is_no_answer(head: bytes) -> None:
    with pytest.raises(NetError) as caught:
        parse_head(head)
    assert not caught.value.permanent


def squeezed(wire: bytes, cuts: list[int]) -> tuple[bytes, Chunks]:
    chunks, got = Chunks(), b""
    borders = [0, *sorted(cut % (len(wire) + 1) for cut in cuts), len(wire)]
    for start, end in pairwise(borders):
        piece = memoryview(bytearray(wire[start:end]))
        got += bytes(piece[: chunks.squeeze(piece)])
    return got, chunks


@given(st.lists(st.binary(min_size=1, max_size=300), max_size=8), st.lists(st.integers(0, 10**6), max_size=12))
def test_chunks_in_any_pieces(parts: list[bytes], cuts: list[int]) -> None:
    wire = b"".join(b"%x;ext=1\r\n%b\r\n" % (len(part), part) for part in parts) + b"0\r\nTrailer: x\r\n\r\n"
    got, chunks = squeezed(wire, cuts)
    assert got == b"".join(parts)
    assert chunks.ended
    assert not chunks.surplus


def test_bytes_behind_the_last_chunk_are_seen() -> None:
    got, chunks = squeezed(b"1\r\na\r\n0\r\n\r\nHTTP/1.1", [])
    assert got == b"a"
    assert chunks.surplus


@pytest.mark.parametrize(
    "wire",
    [
        b"zz\r\n",
        b"\r\n",
        b"-1\r\n",
        b"0x5\r\nhello",
        b"5\r\nhello!\r\n",
        b"ffffffffffffffff\r\n",
        b"5;" + b"x" * 5000,
        b"0\r\n" + b"T: x\r\n" * 1000 + b"\r\n",
    ],
)
def test_chunks_that_are_none(wire: bytes) -> None:
    with pytest.raises(NetError):
        squeezed(wire, [])
