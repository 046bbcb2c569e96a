"""One file over HTTP: whatever the host does, the result is the right file or an error, never a mix."""

from __future__ import annotations

import pytest

from aniworld.downloads.fetch.errors import (
    ContentChangedError,
    FetchError,
    HostBusyError,
    NotAVideoError,
    SourceGoneError,
    StalledError,
    UnsupportedStreamError,
)
from aniworld.downloads.fetch.http import fetch_http
from aniworld.downloads.fetch.types import Fetched, Limits
from aniworld.kit.errors import AppError
from aniworld.kit.net.errors import NetError
from tests.downloads.fetch.support import (
    DATA,
    LATER,
    QUICK,
    SIZE,
    Fetcher,
    Sink,
    checkpoint,
    first_byte,
    http,
    label,
    video,
)
from tests.origin import Body, Fault, html_page


async def test_a_whole_file(fetcher: Fetcher) -> None:
    fetcher.serve()
    fetched = await fetcher.run(Referer="https://somewhere.example/")
    assert fetched == Fetched(protocol="http", paths=(fetcher.work,), bytes=SIZE, proven=True)
    assert fetcher.holds()
    assert fetcher.sink.downloaded == SIZE
    assert fetcher.sink.totals == [SIZE]
    [request] = fetcher.origin.requests
    assert request.headers["accept-encoding"] == "identity"
    assert request.headers["referer"] == "https://somewhere.example/"
    assert checkpoint(fetcher.work).complete


async def test_what_is_complete_is_not_fetched_again(fetcher: Fetcher) -> None:
    fetcher.serve()
    await fetcher.run()
    again = await fetcher.run()
    assert again.bytes == SIZE
    assert fetcher.sink.downloaded == SIZE
    assert len(fetcher.origin.requests) == 1


@pytest.mark.parametrize("end", ["fin", "rst"])
async def test_a_cut_connection_is_gone_on_with(fetcher: Fetcher, end: str) -> None:
    fetcher.serve(*(Fault(cut=200_000, end=end) for _ in range(2)))  # type: ignore[arg-type]
    await fetcher.run()
    assert fetcher.holds()
    assert fetcher.sink.downloaded == SIZE
    assert fetcher.ranges[0] is None
    assert first_byte(fetcher.ranges[1]) == 200_000 - 4096
    assert all(request.headers["if-range"] == Body(DATA).tag for request in fetcher.origin.requests[1:])
    assert fetcher.origin.sent() < SIZE + 50_000


async def test_progress_counts_more_than_failures(fetcher: Fetcher) -> None:
    fetcher.serve(Fault(cut=30_000, times=15))
    await fetcher.run()
    assert fetcher.holds()


async def test_without_progress_it_gives_up(fetcher: Fetcher) -> None:
    fetcher.serve(Fault(cut=30_000), Fault(cut=0, times=None))
    with pytest.raises(NetError):
        await fetcher.run()
    assert len(fetcher.origin.requests) == 4
    assert checkpoint(fetcher.work).offset == 30_000


async def test_a_host_that_ignores_ranges_costs_nothing_that_was_there(fetcher: Fetcher) -> None:
    fetcher.serve(Fault(cut=450_000), Fault(ignore_range=True, cut=150_000))
    await fetcher.run()
    assert fetcher.holds()
    assert first_byte(fetcher.ranges[2]) == 450_000 - 4096


async def test_a_host_that_never_honours_ranges(fetcher: Fetcher) -> None:
    fetcher.serve(Fault(cut=450_000), Fault(ignore_range=True, cut=500_000), Fault(ignore_range=True))
    await fetcher.run()
    assert fetcher.holds()
    assert first_byte(fetcher.ranges[2]) == 500_000 - 4096  # the longer one took its place


@pytest.mark.parametrize(
    "lie",
    [
        Fault(start_by=1000),
        Fault(start_by=-1000),
        Fault(claim_by=1000),
        Fault(claim_by=-1000),
        Fault(data_by=1000),
        Fault(data_by=-1000),
        Fault(total_by=5),
        Fault(total_by=-5),
        Fault(content_range="bytes 5-1/2"),
        Fault(content_range="nonsense"),
        Fault(content_range="bytes */600000"),
        Fault(content_range="bytes 99999999999999999999-99999999999999999999/*"),
        Fault(multipart=True),
        Fault(status=206, body=Body(b"no range at all")),
        Fault(status=416),
        Fault(headers=(("Content-Encoding", "gzip"),)),
        Fault(gzip=True),
        Fault(length="17"),
        Fault(length="-5"),
        Fault(
            raw=b"HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 0-9/10\r\nContent-Length: 10\r\n\r\n0123456789"
        ),
        Fault(raw=b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\nContent-Length: 600000\r\n\r\n0123456789"),
        Fault(raw=b"nonsense\r\n\r\n"),
    ],
    ids=label,
)
async def test_lies_about_the_rest_do_no_harm(fetcher: Fetcher, lie: Fault) -> None:
    fetcher.serve(Fault(cut=250_000), lie)
    await fetcher.run()
    assert fetcher.holds()
    assert len(fetcher.origin.requests) >= 2


async def test_a_host_that_ignores_ranges_and_cannot_count(fetcher: Fetcher) -> None:
    fetcher.serve(Fault(cut=250_000), Fault(ignore_range=True, length_by=77))
    with pytest.raises(ContentChangedError):
        await fetcher.run()
    await fetcher.run()
    assert fetcher.holds()


async def test_a_shorter_part_than_asked_for_is_legal(fetcher: Fetcher) -> None:
    fetcher.serve(Fault(cut=100_000), Fault(at_most=100_000, times=None))
    await fetcher.run()
    assert fetcher.holds()
    assert len(fetcher.origin.requests) == 7


@pytest.mark.parametrize("ignore", [False, True])
async def test_another_version_at_the_host_is_fetched_anew(fetcher: Fetcher, *, ignore: bool) -> None:
    other = Body(video(2))
    fetcher.serve(Fault(cut=250_000), Fault(body=other, ignore_if_range=ignore), Fault(body=other, times=None))
    await fetcher.run()
    assert fetcher.holds(other.data)


async def test_another_version_under_the_same_name(fetcher: Fetcher) -> None:
    """A host whose validator names both: only the bytes tell."""
    other = Body(video(2), etag=Body(DATA).tag)
    fetcher.serve(Fault(cut=250_000), Fault(body=other, times=None))
    await fetcher.run()
    assert fetcher.holds(other.data)


async def test_a_smaller_version(fetcher: Fetcher) -> None:
    other = Body(video(2, 100_000), etag=Body(DATA).tag)
    fetcher.serve(Fault(cut=250_000), Fault(body=other, times=None))
    await fetcher.run()
    assert fetcher.holds(other.data)


async def test_a_file_that_keeps_changing(fetcher: Fetcher) -> None:
    fetcher.serve(*(Fault(cut=250_000, body=Body(video(seed))) for seed in range(2, 9)))
    with pytest.raises(ContentChangedError):
        await fetcher.run()


@pytest.mark.parametrize("etag", [None, 'W/"1"', "bare"])
async def test_without_a_strong_validator_it_begins_again(fetcher: Fetcher, etag: str | None) -> None:
    fetcher.serve(Fault(cut=250_000), body=Body(DATA, etag=etag))
    await fetcher.run()
    assert fetcher.holds()
    assert fetcher.ranges == [None, None]


async def test_a_date_is_a_validator(fetcher: Fetcher) -> None:
    fetcher.serve(Fault(cut=250_000), body=Body(DATA, etag=None, last_modified=LATER))
    await fetcher.run()
    assert fetcher.holds()
    assert fetcher.origin.requests[1].headers["if-range"] == LATER
    assert fetcher.ranges[1] is not None


async def test_a_length_that_never_comes_is_an_error(fetcher: Fetcher) -> None:
    fetcher.serve(Fault(length_by=10, times=None))
    with pytest.raises(AppError) as caught:
        await fetcher.run()
    assert not caught.value.permanent
    assert not checkpoint(fetcher.work).complete


async def test_chunked(fetcher: Fetcher) -> None:
    fetcher.serve(Fault(framing="chunked", cut=100_000), Fault(framing="chunked"))
    fetched = await fetcher.run()
    assert fetcher.holds()
    assert fetched.proven


async def test_without_a_length_nothing_is_proven(fetcher: Fetcher) -> None:
    fetcher.serve(Fault(framing="close"))
    fetched = await fetcher.run()
    assert fetcher.holds()
    assert not fetched.proven


async def test_without_a_length_the_size_that_was_known_before_counts(fetcher: Fetcher) -> None:
    fetcher.serve(Fault(framing="close", cut=400_000, times=2), Fault(framing="close"), body=Body(DATA, ranges=False))
    stream = http(fetcher.origin.url("/v"))
    stream = type(stream)(url=stream.url, protocol="http", size=SIZE)
    fetched = await fetch_http(stream, fetcher.work, client=fetcher.client, progress=Sink(), limits=QUICK)
    assert fetched.bytes == SIZE
    assert fetcher.holds()


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (Body(b"<!DOCTYPE html><p>Are you\n human?</p>" + b" " * 5000, "text/html"), "Are you human?"),
        (Body(b"<html>hm</html>", "video/mp4"), "<html>hm</html>"),
        (Body(b'{"error": "no \x1b[31m such file"}', "application/json"), "no"),
        (Body(b'  {"error": 1}', "video/mp4"), "error"),
        (Body(b"\x89PNG\r\n\x1a\n" + bytes(9000), "image/png"), "picture"),
        (Body(b"\xff\xd8\xff" + bytes(9000), "video/mp4"), "picture"),
        (Body(b"#EXTM3U\n", "video/mp4"), "playlist"),
        (Body(b"", "video/mp4"), "empty"),
    ],
    ids=label,
)
async def test_something_else_than_a_video(fetcher: Fetcher, body: Body, said: str) -> None:
    fetcher.serve(body=body)
    with pytest.raises(NotAVideoError, match=said) as caught:
        await fetcher.run()
    assert len(caught.value.detail) < 300
    assert caught.value.detail.isprintable()
    assert len(fetcher.origin.requests) == 1
    assert not fetcher.work.exists()


async def test_a_page_does_not_cost_what_was_there(fetcher: Fetcher) -> None:
    fetcher.serve(Fault(cut=250_000), html_page())
    with pytest.raises(NotAVideoError, match="human"):
        await fetcher.run()
    assert checkpoint(fetcher.work).offset == 250_000
    await fetcher.run()
    assert fetcher.holds()
    assert fetcher.ranges[2] is not None


async def test_a_video_may_be_called_text(fetcher: Fetcher) -> None:
    fetcher.serve(body=Body(DATA, "text/html"))
    await fetcher.run()
    assert fetcher.holds()


async def test_a_coded_body_is_decoded_and_never_gone_on_with(fetcher: Fetcher) -> None:
    fetcher.serve(Fault(gzip=True, cut=250_000), Fault(gzip=True))
    fetched = await fetcher.run()
    assert fetcher.holds()
    assert fetched.bytes == SIZE
    assert fetcher.ranges == [None, None]


async def test_an_unknown_coding(fetcher: Fetcher) -> None:
    fetcher.serve(Fault(headers=(("Content-Encoding", "br"),)))
    with pytest.raises(UnsupportedStreamError):
        await fetcher.run()


async def test_a_coded_body_that_is_broken(fetcher: Fetcher) -> None:
    fetcher.serve(Fault(headers=(("Content-Encoding", "gzip"),), times=None))
    with pytest.raises(FetchError, match="decoded"):
        await fetcher.run()


@pytest.mark.parametrize("status", [429, 500, 502, 503])
async def test_trouble_that_passes(fetcher: Fetcher, status: int) -> None:
    fetcher.serve(Fault(status=status, retry_after="0", times=3))
    await fetcher.run()
    assert fetcher.holds()


async def test_trouble_that_stays(fetcher: Fetcher) -> None:
    fetcher.serve(Fault(status=503, times=None))
    with pytest.raises(HostBusyError) as caught:
        await fetcher.run()
    assert not caught.value.permanent
    assert len(fetcher.origin.requests) == 4


async def test_a_long_wait_is_left_to_the_caller(fetcher: Fetcher) -> None:
    fetcher.serve(Fault(status=429, retry_after="120", times=None))
    with pytest.raises(HostBusyError) as caught:
        await fetcher.run()
    assert caught.value.retry_after == 120
    assert len(fetcher.origin.requests) == 1


@pytest.mark.parametrize(("status", "expired"), [(401, True), (403, True), (404, False), (410, True), (451, False)])
async def test_gone(fetcher: Fetcher, status: int, *, expired: bool) -> None:
    fetcher.serve(Fault(status=status, times=None))
    with pytest.raises(SourceGoneError) as caught:
        await fetcher.run()
    assert caught.value.permanent
    assert caught.value.expired is expired
    assert len(fetcher.origin.requests) == 1


async def test_a_fresh_address_goes_on_where_the_expired_one_stopped(fetcher: Fetcher) -> None:
    fetcher.serve(Fault(cut=400_000))
    with pytest.raises(SourceGoneError) as caught:
        await fetcher.run(url=fetcher.origin.sign("/v", requests=1))
    assert caught.value.expired
    await fetcher.run(url=fetcher.origin.sign("/v"))
    assert fetcher.holds()
    assert first_byte(fetcher.ranges[2]) == 400_000 - 4096


async def test_silence_is_not_waited_for(fetcher: Fetcher) -> None:
    fetcher.serve(Fault(cut=250_000, end="stall"), Fault(before=5.0))
    await fetcher.run(Limits(backoff=0.01, idle=0.3, reserve=0))
    assert fetcher.holds()


async def test_a_trickle_is_given_up(fetcher: Fetcher) -> None:
    fetcher.serve(Fault(chunk=100, pause=0.02, times=None))
    with pytest.raises(StalledError):
        await fetcher.run(Limits(retries=1, backoff=0.01, idle=2, reserve=0, slow_window=0.2, slow_bytes=100_000))
    assert len(fetcher.origin.requests) == 2


async def test_redirects(fetcher: Fetcher) -> None:
    fetcher.serve(Fault(cut=250_000))
    elsewhere = fetcher.origin.url("/v", host="localhost")
    await fetcher.run(url=fetcher.origin.redirect("/go", elsewhere, hops=3), Referer="https://here.example/")
    assert fetcher.holds()
    assert fetcher.ranges[1] is not None
    assert "referer" not in fetcher.origin.seen("/v")[0].headers


async def test_a_redirect_loop(fetcher: Fetcher) -> None:
    with pytest.raises(NetError):
        await fetcher.run(url=fetcher.origin.redirect("/go", "/go"))
    assert len(fetcher.origin.requests) <= 30


async def test_nobody_listens(fetcher: Fetcher) -> None:
    fetcher.serve()
    await fetcher.origin.stop()
    with pytest.raises(NetError):
        await fetcher.run()
