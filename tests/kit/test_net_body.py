"""Bodies: their coding, their charset, their size."""

from __future__ import annotations

import gzip
import tracemalloc
import zlib
from datetime import timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from aniworld.kit import clock
from aniworld.kit.net import PAGE
from aniworld.kit.net.body import STEP, Collector, decode_text, parse_retry_after
from aniworld.kit.net.errors import BadAnswerError, TooLargeError
from tests.kit.net_host import answer, client, host


async def test_gzip_is_decoded() -> None:
    body = gzip.compress(b"one ") + gzip.compress(b"two")
    async with host(answer(body, Content_Encoding="GZIP")) as site, client(site) as http:
        assert await http.get_bytes(site.url) == b"one two"


async def test_a_bomb_is_stopped_by_the_cap() -> None:
    bomb = gzip.compress(bytes(512 * 1024 * 1024), compresslevel=1)
    assert len(bomb) < PAGE.max_bytes
    async with host(answer(bomb, Content_Encoding="gzip")) as site, client(site) as http:
        with pytest.raises(TooLargeError, match="8 MiB"):
            await http.get(site.url)


def test_a_bomb_is_not_unfolded_first() -> None:
    bomb = gzip.compress(bytes(64 * 1024 * 1024), compresslevel=1)
    collector = Collector("gzip", 1024 * 1024)
    tracemalloc.start()
    try:
        with pytest.raises(TooLargeError):
            collector.add(bomb)
        assert tracemalloc.get_traced_memory()[1] < 8 * 1024 * 1024
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("coding", ["br", "deflate", "zstd", "gzip, gzip", "gzip,br", "chunked"])
async def test_other_codings_are_refused(coding: str) -> None:
    async with host(answer(zlib.compress(b"x"), Content_Encoding=coding)) as site, client(site) as http:
        with pytest.raises(BadAnswerError):
            await http.get(site.url)


@pytest.mark.parametrize(
    ("body", "permanent"),
    [(b"no gzip at all", True), (gzip.compress(b"x" * 100, mtime=0)[:-9], False)],
    ids=["no gzip", "cut short"],
)
async def test_broken_gzip(body: bytes, permanent: bool) -> None:
    async with host(answer(body, Content_Encoding="gzip")) as site, client(site) as http:
        with pytest.raises(BadAnswerError) as caught:
            await http.get(site.url)
        assert caught.value.permanent is permanent


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("0", 0), (" 12 ", 12), ("99999999", 3600), ("-3", None), ("soon", None), ("", None), (None, None)],
)
def test_retry_after(value: str | None, seconds: float | None) -> None:
    assert parse_retry_after(value) == seconds


def test_retry_after_as_a_date() -> None:
    soon = parse_retry_after(format_datetime(clock.now() + timedelta(seconds=90), usegmt=True))
    assert soon is not None
    assert 80 < soon <= 90
    assert parse_retry_after("Wed, 21 Oct 2015 07:28:00 GMT") == 0
    assert parse_retry_after("Fri, 31 Dec 9999 23:59:59 GMT") == 3600


async def test_json() -> None:
    async with host(answer(b'{"a": [1, 2]}')) as site, client(site) as http:
        assert await http.get_json(site.url, dict[str, list[int]]) == {"a": [1, 2]}
        with pytest.raises(BadAnswerError, match=r"\$"):
            await http.get_json(site.url, dict[str, int])
    async with host(answer(b"[" * 200_000)) as site, client(site) as http:
        with pytest.raises(BadAnswerError):
            await http.get_json(site.url, list[Any])


@pytest.mark.parametrize(
    ("body", "content_type", "text"),
    [
        ("é".encode(), "", "é"),
        ("é".encode("latin-1"), "text/html; charset=ISO-8859-1", "é"),
        ("“".encode("cp1252"), 'text/html; charset="latin1"', "“"),
        ("アニメ".encode("shift_jis"), "text/html;charset=Shift_JIS", "アニメ"),
        ("<meta charset='euc-jp'>アニメ".encode("euc-jp"), "text/html", "<meta charset='euc-jp'>アニメ"),
        ("é".encode("utf-8-sig"), "text/html; charset=latin1", "é"),
        ("é".encode("utf-16"), "", "é"),
        (b"a\xffb", "", "a\ufffdb"),
        (b"a-b", "text/html; charset=punycode", "a-b"),
        (b"\\x41", "text/html; charset=unicode_escape", "\\x41"),
        (b"x", "text/html; charset=../../etc/passwd", "x"),
    ],
)
def test_charsets(body: bytes, content_type: str, text: str) -> None:
    assert decode_text(body, content_type) == text


@pytest.mark.parametrize("size", [0, 1, STEP - 1, STEP, STEP + 1, 3 * STEP, 3 * STEP + 7])
@pytest.mark.parametrize("piece", [1, 7, 1 << 20])
def test_what_is_unpacked_little_by_little_is_whole(size: int, piece: int) -> None:
    whole = b"a" * size
    packed = gzip.compress(whole[: size // 2]) + gzip.compress(whole[size // 2 :])
    collector = Collector("gzip", 10 * STEP)
    for place in range(0, len(packed), piece):
        collector.add(packed[place : place + piece])
    assert collector.finish() == whole
