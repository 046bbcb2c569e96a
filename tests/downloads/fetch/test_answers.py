"""Headers and first bytes, taken for what they are."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from aniworld.downloads.fetch.answers import (
    ContentRange,
    Validator,
    check_status,
    coding,
    content_length,
    worth_another_try,
)
from aniworld.downloads.fetch.errors import BadAnswerError, FetchError, HostBusyError, NotAVideoError, SourceGoneError
from aniworld.kit.net.errors import NetError, TooLargeError
from aniworld.media.containers import is_cut, recognise
from tests.media.clips import make_clip

DATE = "Wed, 01 Jan 2025 10:00:00 GMT"
NEXT = "Wed, 01 Jan 2025 10:00:01 GMT"


@pytest.mark.parametrize(
    ("headers", "value"),
    [
        ({}, None),
        ({"etag": '"a"'}, '"a"'),
        ({"etag": 'W/"a"'}, None),
        ({"etag": "a"}, None),
        ({"etag": '""'}, None),
        ({"etag": '"' + "a" * 600 + '"'}, None),
        ({"etag": '"a\u0000"'}, None),
        ({"etag": 'W/"a"', "last-modified": DATE, "date": NEXT}, DATE),
        ({"last-modified": DATE, "date": DATE}, None),
        ({"last-modified": DATE}, None),
        ({"last-modified": "yesterday", "date": NEXT}, None),
        ({"last-modified": DATE, "date": "Wed, 99 Jan 99999 10:00:01 GMT"}, None),
    ],
)
def test_validator(headers: dict[str, str], value: str | None) -> None:
    found = Validator.of(headers)
    assert (found.value if found else None) == value


def test_content_range() -> None:
    assert ContentRange.of({"content-range": "bytes 5-9/10"}) == ContentRange(5, 9, 10)
    assert ContentRange.of({"content-range": "Bytes 5-9/*"}) == ContentRange(5, 9, None)
    assert ContentRange.of({"content-range": "bytes */10"}) == ContentRange(None, None, 10)
    for text in (
        "",
        "bytes",
        "bytes 9-5/10",
        "bytes 5-10/10",
        "bytes -5-9/10",
        "items 1-2/3",
        "bytes 1-2/3, bytes 1-2/3",
    ):
        with pytest.raises(BadAnswerError):
            ContentRange.of({"content-range": text})


def test_content_length() -> None:
    assert content_length({}) is None
    assert content_length({"content-length": "7"}) == 7
    assert content_length({"content-length": "7, 7"}) == 7
    for text in ("", "-1", "7, 8", "+7", "7.0", "٧", "9" * 30):
        with pytest.raises(BadAnswerError):
            content_length({"content-length": text})


def test_coding() -> None:
    assert [coding({"content-encoding": text}) for text in ("", "identity", "x-gzip", " GZip ")] == [
        "",
        "",
        "gzip",
        "gzip",
    ]


def test_status() -> None:
    for status in (200, 206, 416):
        check_status(status, {})
    for status in (404, 403, 410):
        with pytest.raises(SourceGoneError):
            check_status(status, {})
    for status in (429, 503):
        with pytest.raises(HostBusyError) as caught:
            check_status(status, {"retry-after": "7"})
        assert caught.value.retry_after == 7
    for status in (204, 302, 400, 418):
        with pytest.raises(FetchError) as other:
            check_status(status, {})
        assert other.value.permanent


def test_what_is_tried_again() -> None:
    assert worth_another_try(HostBusyError(503), 10)
    assert worth_another_try(HostBusyError(503, 10), 10)
    assert not worth_another_try(HostBusyError(503, 11), 10)
    assert worth_another_try(NetError("x"), 10)
    assert not worth_another_try(TooLargeError("x"), 10)
    assert not worth_another_try(SourceGoneError(404), 10)
    assert not worth_another_try(NotAVideoError("x"), 10)


def test_containers_are_recognised() -> None:
    assert recognise(b"\0\0\0\x18ftypmp42") == "mp4"
    assert recognise(b"\x1aE\xdf\xa3") == "matroska"
    assert recognise(b"\x47" * 400) == "mpegts"
    assert recognise(b"\x47" * 100) is None
    assert recognise(b"RIFF\0\0\0\0AVI ") == "avi"
    assert recognise(b"RIFF\0\0\0\0WAVE") is None
    for text in (b"", b"<html>", b"#EXTM3U", b"ffconcat version 1.0", b"\x89PNG\r\n"):
        assert recognise(text) is None


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv", "a.ts", "fragments.mp4", "live.mkv"])
def test_a_missing_end_is_seen(tmp_path: Path, name: str) -> None:
    options = {"fragments.mp4": {"movflags": "frag_keyframe+empty_moov"}, "live.mkv": {"live": "1"}}
    format_ = {"mkv": "matroska", "mp4": "mp4", "ts": "mpegts"}[name.rpartition(".")[2]]
    data = make_clip(tmp_path / name, 2, format_=format_, options=options.get(name)).read_bytes()
    path = tmp_path / "cut"
    for size in (*range(600, len(data), max(1, len(data) // 50)), len(data) - 1, len(data)):
        path.write_bytes(data[:size])
        with path.open("rb") as stream:
            cut = is_cut(stream.fileno(), size)
        if name == "live.mkv":
            assert not cut  # tells no length
        elif name == "a.ts":
            assert cut == (size % 188 != 0)
        elif name == "fragments.mp4":
            assert not (cut and size == len(data))
        else:
            assert cut == (size < len(data)) or _ends_between_boxes(data, size)


def _ends_between_boxes(data: bytes, size: int) -> bool:
    stream, at = io.BytesIO(data), 0
    while at < size:
        stream.seek(at)
        at += int.from_bytes(stream.read(4), "big") or size
    return at == size
