"""The origin does what it was told: every fault is seen from the wire."""

import asyncio
import contextlib
import gzip
import itertools
from collections.abc import AsyncIterator
from dataclasses import dataclass
from urllib.parse import urlsplit

import httpx
import pytest

from tests.origin import Body, Fault, Origin, html_page
from tests.origin.server import Request

DATA = bytes(number * 7 % 251 for number in range(200_000))


@dataclass
class Answer:
    """An answer as it came over the wire, judged by nobody."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes
    end: str
    """``closed``, ``reset``, or ``open`` when nothing more came for a while."""

    def header(self, name: str) -> str | None:
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)


async def fetch(url: str, wait: float = 5.0, **headers: str) -> Answer:
    """GET on a connection of its own; reads until it ends, or until nothing came for ``wait`` seconds."""
    parts = urlsplit(url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    target = parts.path + (f"?{parts.query}" if parts.query else "")
    asked = {"Host": parts.netloc, "Connection": "close", **{k.replace("_", "-"): v for k, v in headers.items()}}
    writer.write((f"GET {target} HTTP/1.1\r\n" + "".join(f"{k}: {v}\r\n" for k, v in asked.items()) + "\r\n").encode())
    raw, end = b"", "closed"
    try:
        while piece := await asyncio.wait_for(reader.read(65_536), wait):
            raw += piece
    except TimeoutError:
        end = "open"
    except ConnectionResetError:
        end = "reset"
    writer.close()
    with contextlib.suppress(ConnectionError):
        await writer.wait_closed()
    head, _, body = raw.partition(b"\r\n\r\n")
    line, *rows = head.decode("latin-1").split("\r\n")
    pairs = [(name, value.strip()) for name, _, value in (row.partition(":") for row in rows)]
    return Answer(int(line.split()[1]), pairs, body, end)


async def until_over(origin: Origin) -> Request:
    """The last request, once it is over."""
    for _ in range(500):
        if origin.requests and origin.requests[-1].outcome != "running":
            break
        await asyncio.sleep(0.01)
    return origin.requests[-1]


@pytest.fixture
async def origin() -> AsyncIterator[Origin]:
    async with Origin() as origin:
        yield origin


class TestGoodAnswers:
    async def test_the_whole(self, origin: Origin) -> None:
        answer = await fetch(origin.add("/f", Body(DATA, etag='"1"', last_modified="Fri, 01 Mar 2024 12:00:00 GMT")))
        assert (answer.status, answer.body, answer.end) == (200, DATA, "closed")
        assert answer.header("content-length") == str(len(DATA))
        assert answer.header("etag") == '"1"'
        assert answer.header("last-modified") == "Fri, 01 Mar 2024 12:00:00 GMT"
        assert answer.header("accept-ranges") == "bytes"

    @pytest.mark.parametrize(
        ("wanted", "first", "end"),
        [("bytes=0-9", 0, 10), ("bytes=100-", 100, len(DATA)), ("bytes=-5", len(DATA) - 5, len(DATA))],
    )
    async def test_a_range(self, origin: Origin, wanted: str, first: int, end: int) -> None:
        answer = await fetch(origin.add("/f", DATA), Range=wanted)
        assert (answer.status, answer.body) == (206, DATA[first:end])
        assert answer.header("content-range") == f"bytes {first}-{end - 1}/{len(DATA)}"
        assert origin.requests[0].range == wanted

    async def test_beyond_the_end(self, origin: Origin) -> None:
        answer = await fetch(origin.add("/f", DATA), Range=f"bytes={len(DATA)}-")
        assert (answer.status, answer.header("content-range")) == (416, f"bytes */{len(DATA)}")

    @pytest.mark.parametrize(
        ("etag", "condition", "status"),
        [('"1"', '"1"', 206), ('"1"', '"2"', 200), ('W/"1"', 'W/"1"', 200), (None, "", 200)],
    )
    async def test_if_range(self, origin: Origin, etag: str | None, condition: str, status: int) -> None:
        url = origin.add("/f", Body(DATA, etag=etag))
        assert (await fetch(url, Range="bytes=5-", If_Range=condition)).status == status

    async def test_ranges_can_be_missing(self, origin: Origin) -> None:
        answer = await fetch(origin.add("/f", Body(DATA, ranges=False)), Range="bytes=5-")
        assert (answer.status, len(answer.body), answer.header("accept-ranges")) == (200, len(DATA), None)

    async def test_a_real_client_keeps_its_connection(self, origin: Origin) -> None:
        url = origin.add("/f", DATA)
        async with httpx.AsyncClient(trust_env=False) as client:
            for _ in range(3):
                assert (await client.get(url)).content == DATA
            head = await client.head(url)
        assert (head.headers["content-length"], head.content) == (str(len(DATA)), b"")
        assert origin.connections == 1
        assert [request.outcome for request in origin.requests] == ["complete"] * 4
        assert origin.sent("/f") == origin.sent() == 3 * len(DATA)

    async def test_what_is_not_there(self, origin: Origin) -> None:
        assert (await fetch(origin.url("/other"))).status == 404
        assert origin.seen("/other")[0].status == 404


class TestScripts:
    async def test_faults_come_in_order_and_then_it_is_good(self, origin: Origin) -> None:
        faults = [Fault(status=503, retry_after="2", times=2), Fault(), Fault(status=500)]
        url = origin.add("/f", DATA, faults)
        answers = [await fetch(url) for _ in range(6)]
        assert [answer.status for answer in answers] == [503, 503, 200, 500, 200, 200]
        assert [answer.header("retry-after") for answer in answers[:3]] == ["2", "2", None]

    async def test_a_fault_for_ever(self, origin: Origin) -> None:
        url = origin.add("/f", DATA, [Fault(), Fault(status=429, retry_after="9", times=None), Fault()])
        assert [(await fetch(url)).status for _ in range(4)] == [200, 429, 429, 429]
        origin.fail("/f")
        assert (await fetch(url)).status == 200

    async def test_content_changes(self, origin: Origin) -> None:
        other = Body(DATA[::-1], etag='"2"')
        url = origin.add("/f", Body(DATA, etag='"1"'), [Fault(times=2), Fault(body=other, times=None)])
        assert [(await fetch(url)).header("etag") for _ in range(3)] == ['"1"', '"1"', '"2"']
        resumed = await fetch(url, Range="bytes=10-", If_Range='"1"')
        assert (resumed.status, resumed.body) == (200, other.data)
        origin.change("/f", Body(b"third"))
        origin.fail("/f")
        assert (await fetch(url)).body == b"third"

    async def test_the_splice_that_a_bad_host_offers(self, origin: Origin) -> None:
        other = Body(DATA[::-1], etag='"2"')
        url = origin.add("/f", Body(DATA, etag='"1"'), [Fault(body=other, ignore_if_range=True)])
        answer = await fetch(url, Range="bytes=10-", If_Range='"1"')
        assert (answer.status, answer.body, answer.header("etag")) == (206, other.data[10:], '"2"')


class TestRangeFaults:
    async def answer(self, origin: Origin, fault: Fault, wanted: str = "bytes=1000-1999") -> Answer:
        return await fetch(origin.add("/f", DATA, [fault]), Range=wanted)

    async def test_ignored(self, origin: Origin) -> None:
        answer = await self.answer(origin, Fault(ignore_range=True))
        assert (answer.status, answer.body, answer.header("accept-ranges")) == (200, DATA, "bytes")

    async def test_another_range_than_asked(self, origin: Origin) -> None:
        answer = await self.answer(origin, Fault(start_by=-100))
        assert (answer.body, answer.header("content-range")) == (DATA[900:2000], f"bytes 900-1999/{len(DATA)}")

    async def test_a_wrong_claim(self, origin: Origin) -> None:
        answer = await self.answer(origin, Fault(claim_by=7))
        assert (answer.body, answer.header("content-range")) == (DATA[1000:2000], f"bytes 1007-2006/{len(DATA)}")

    async def test_other_data(self, origin: Origin) -> None:
        answer = await self.answer(origin, Fault(data_by=3))
        assert (answer.body, answer.header("content-range")) == (DATA[1003:2003], f"bytes 1000-1999/{len(DATA)}")
        tail = await self.answer(origin, Fault(data_by=3), "bytes=-10")
        assert len(tail.body) == 10
        assert tail.body != DATA[-10:]

    async def test_a_wrong_total(self, origin: Origin) -> None:
        answer = await self.answer(origin, Fault(total_by=-1))
        assert answer.header("content-range") == f"bytes 1000-1999/{len(DATA) - 1}"

    async def test_any_header(self, origin: Origin) -> None:
        assert (await self.answer(origin, Fault(content_range="bytes */*"))).header("content-range") == "bytes */*"

    async def test_a_shorter_part(self, origin: Origin) -> None:
        answer = await self.answer(origin, Fault(at_most=10), "bytes=1000-")
        assert (answer.body, answer.header("content-range")) == (DATA[1000:1010], f"bytes 1000-1009/{len(DATA)}")

    async def test_multipart(self, origin: Origin) -> None:
        answer = await self.answer(origin, Fault(multipart=True))
        assert (answer.header("content-type") or "").startswith("multipart/byteranges; boundary=")
        assert DATA[1000:2000] in answer.body
        assert answer.header("content-range") is None

    async def test_416_though_it_is_there(self, origin: Origin) -> None:
        answer = await self.answer(origin, Fault(status=416))
        assert (answer.status, answer.header("content-range")) == (416, f"bytes */{len(DATA)}")


class TestFraming:
    async def test_length_too_long(self, origin: Origin) -> None:
        answer = await fetch(origin.add("/f", DATA, [Fault(length_by=50)]))
        assert (answer.header("content-length"), answer.body) == (str(len(DATA) + 50), DATA)

    async def test_length_too_short(self, origin: Origin) -> None:
        url = origin.add("/f", DATA, [Fault(length_by=-50, times=2)])
        answer = await fetch(url)
        assert (answer.header("content-length"), answer.body) == (str(len(DATA) - 50), DATA)
        ranged = await fetch(url, Range="bytes=10-")
        assert ranged.header("content-length") == str(len(DATA) - 60)

    async def test_no_length(self, origin: Origin) -> None:
        answer = await fetch(origin.add("/f", DATA, [Fault(framing="close")]))
        assert (answer.header("content-length"), answer.body, answer.end) == (None, DATA, "closed")

    async def test_chunked(self, origin: Origin) -> None:
        url = origin.add("/f", DATA, [Fault(framing="chunked", chunk=999)])
        async with httpx.AsyncClient(trust_env=False) as client:
            answer = await client.get(url)
        assert (answer.headers["transfer-encoding"], answer.content) == ("chunked", DATA)
        assert "content-length" not in answer.headers

    async def test_chunked_and_cut(self, origin: Origin) -> None:
        url = origin.add("/f", DATA, [Fault(framing="chunked", cut=1000)])
        async with httpx.AsyncClient(trust_env=False) as client:
            with pytest.raises(httpx.RemoteProtocolError):
                await client.get(url)

    @pytest.mark.parametrize("length", ["-5", "abc"])
    async def test_an_odd_length(self, origin: Origin, length: str) -> None:
        assert (await fetch(origin.add("/f", DATA, [Fault(length=length)]))).header("content-length") == length

    async def test_two_lengths(self, origin: Origin) -> None:
        answer = await fetch(origin.add("/f", DATA, [Fault(headers=(("Content-Length", "5"),))]))
        lengths = [value for name, value in answer.headers if name == "Content-Length"]
        assert lengths == [str(len(DATA)), "5"]

    async def test_gzip(self, origin: Origin) -> None:
        answer = await fetch(origin.add("/f", DATA, [Fault(gzip=True)]), Range="bytes=10-")
        assert (answer.status, answer.header("content-encoding")) == (200, "gzip")
        assert gzip.decompress(answer.body) == DATA

    async def test_no_http_at_all(self, origin: Origin) -> None:
        url = origin.add("/f", DATA, [Fault(raw=b"SSH-2.0-OpenSSH\r\n")])
        async with httpx.AsyncClient(trust_env=False) as client:
            with pytest.raises(httpx.RemoteProtocolError):
                await client.get(url)


class TestEnds:
    @pytest.mark.parametrize("after", [0, 1, 1000, 150_000])
    @pytest.mark.parametrize(("end", "seen"), [("fin", "closed"), ("rst", "reset")])
    async def test_cut_after_exactly_so_many_bytes(self, origin: Origin, after: int, end: str, seen: str) -> None:
        url = origin.add("/f", DATA, [Fault(cut=after, end="rst" if end == "rst" else "fin")])
        answer = await fetch(url)
        assert (answer.body, answer.end) == (DATA[:after], seen)
        assert answer.header("content-length") == str(len(DATA))
        assert ((await until_over(origin)).outcome, origin.sent("/f")) == (end, after)

    async def test_a_cut_counts_from_the_start_of_the_range(self, origin: Origin) -> None:
        answer = await fetch(origin.add("/f", DATA, [Fault(cut=10)]), Range="bytes=500-")
        assert answer.body == DATA[500:510]

    async def test_a_stall(self, origin: Origin) -> None:
        answer = await fetch(origin.add("/f", DATA, [Fault(cut=1000, end="stall")]), wait=0.3)
        assert (answer.body, answer.end) == (DATA[:1000], "open")
        assert (await until_over(origin)).outcome == "stall"

    async def test_a_trickle(self, origin: Origin) -> None:
        loop = asyncio.get_running_loop()
        began = loop.time()
        answer = await fetch(origin.add("/f", DATA[:50], [Fault(chunk=10, pause=0.02)]))
        assert answer.body == DATA[:50]
        assert loop.time() - began >= 0.1  # a lower limit: five pauses

    async def test_a_late_answer(self, origin: Origin) -> None:
        with pytest.raises(httpx.ReadTimeout):
            async with httpx.AsyncClient(trust_env=False, timeout=0.2) as client:
                await client.get(origin.add("/f", DATA, [Fault(before=30)]))

    async def test_a_client_that_leaves_is_seen(self, origin: Origin) -> None:
        url = origin.add("/f", bytes(50_000_000))
        async with httpx.AsyncClient(trust_env=False) as client, client.stream("GET", url) as answer:
            await anext(answer.aiter_raw(1000))
        assert (await until_over(origin)).outcome == "left"
        assert origin.sent("/f") < 50_000_000


class TestOtherAnswers:
    async def test_a_page_instead(self, origin: Origin) -> None:
        answer = await fetch(origin.add("/f", DATA, [html_page()]), Range="bytes=10-")
        assert (answer.status, answer.header("content-type")) == (200, "text/html; charset=utf-8")
        assert answer.body.startswith(b"<!DOCTYPE html>")
        assert answer.header("etag") is None

    async def test_a_page_with_a_status(self, origin: Origin) -> None:
        answer = await fetch(origin.add("/f", DATA, [html_page("Gone", status=503)]))
        assert (answer.status, answer.header("content-type")) == (503, "text/html; charset=utf-8")

    async def test_redirects(self, origin: Origin) -> None:
        origin.add("/f", DATA)
        url = origin.redirect("/start", to="/f", hops=3)
        async with httpx.AsyncClient(trust_env=False, follow_redirects=True) as client:
            answer = await client.get(url)
        assert answer.content == DATA
        assert [request.path for request in origin.requests] == ["/start", "/start/hop-1", "/start/hop-2", "/f"]

    async def test_a_redirect_loop(self, origin: Origin) -> None:
        url = origin.redirect("/loop", to="/loop", hops=2)
        async with httpx.AsyncClient(trust_env=False, follow_redirects=True, max_redirects=7) as client:
            with pytest.raises(httpx.TooManyRedirects):
                await client.get(url)

    async def test_a_redirect_to_another_host(self, origin: Origin) -> None:
        async with Origin() as other, httpx.AsyncClient(trust_env=False, follow_redirects=True) as client:
            away = origin.redirect("/away", to=other.add("/f", DATA), status=307)
            assert (await client.get(away)).content == DATA
            named = origin.redirect("/named", to=other.url("/f", host="localhost"))
            assert (await client.get(named)).url.host == "localhost"
        assert [request.status for request in origin.requests] == [307, 302]
        assert len(other.requests) == 2

    async def test_a_signed_address_expires(self, origin: Origin) -> None:
        origin.add("/f", DATA)
        url = origin.sign("/f", requests=2)
        assert [(await fetch(url)).status for _ in range(3)] == [200, 200, 403]
        assert (await fetch(origin.url("/f"))).status == 403
        assert (await fetch(origin.sign("/f"))).body == DATA
        soon = origin.sign("/f", seconds=0.05)
        await asyncio.sleep(0.06)
        assert (await fetch(soon)).status == 403


class TestHls:
    SEGMENTS = tuple(bytes([0x47]) + bytes([number]) * 999 for number in range(4))

    async def test_a_presentation(self, origin: Origin) -> None:
        master = await fetch(origin.add_hls("/show", self.SEGMENTS, seconds=1.5))
        assert master.header("content-type") == "application/vnd.apple.mpegurl"
        assert master.body.decode().splitlines()[-1] == "media.m3u8"
        media = (await fetch(origin.url("/show/media.m3u8"))).body.decode()
        names = [line for line in media.splitlines() if not line.startswith("#")]
        assert media.count("#EXTINF:1.500,") == 4
        assert tuple([(await fetch(origin.url(f"/show/{name}"))).body for name in names]) == self.SEGMENTS

    async def test_a_bad_segment(self, origin: Origin) -> None:
        origin.add_hls("/show", self.SEGMENTS, faults={1: [Fault(cut=10)], 2: [Fault(status=404, times=None), Fault()]})
        sizes = [len((await fetch(origin.url(f"/show/{number:05}.ts"))).body) for number in (0, 1, 1)]
        assert sizes == [1000, 10, 1000]
        assert [(await fetch(origin.url("/show/00002.ts"))).status for _ in range(2)] == [404, 404]


class TestLife:
    async def test_it_counts_what_runs_at_once(self, origin: Origin) -> None:
        urls = [origin.add(f"/{number}", DATA, [Fault(before=0.2)]) for number in range(5)]
        await asyncio.gather(*map(fetch, urls))
        assert (origin.peak, origin.open, origin.connections) == (5, 0, 5)

    async def test_gone_is_gone(self, origin: Origin) -> None:
        url = origin.add("/f", DATA, [Fault(cut=10, end="stall")])
        running = asyncio.create_task(fetch(url))
        while origin.sent() < 10:
            await asyncio.sleep(0.01)
        await origin.stop()
        assert (await running).end in ("closed", "reset")
        assert origin.requests[0].outcome in ("stall", "left")
        with pytest.raises(ConnectionRefusedError):
            await fetch(url)

    async def test_every_request_is_written_down(self, origin: Origin) -> None:
        await fetch(origin.add("/f", DATA) + "?a=1", Range="bytes=0-0", X_Mark="here")
        (request,) = origin.requests
        assert (request.method, request.path, request.query, request.status) == ("GET", "/f", "a=1", 206)
        assert request.headers["x-mark"] == "here"
        assert all(earlier.at <= later.at for earlier, later in itertools.pairwise(origin.requests))
