"""Pieces of HLS that came in part: gone on with where that is safe, fetched anew where it is not, never spliced."""

from __future__ import annotations

import asyncio
import itertools
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from aniworld.downloads.fetch import halves
from aniworld.downloads.fetch.hls import fetch_hls
from aniworld.downloads.fetch.service import PIECES, fetch
from aniworld.downloads.fetch.types import Fetched, Limits
from aniworld.kit.net.client import HttpClient
from tests.downloads.fetch.support import QUICK, Sink, first_byte, hls, label
from tests.downloads.fetch.test_crash import start
from tests.downloads.fetch.test_hls_keys import IV, KEY, lock
from tests.origin import Body, Fault, Origin

PACKET = 188
KIB = 1024
COUNT = 4
HALF = 400 * KIB
ONE = Limits(backoff=0.01, idle=2.0, reserve=0, segments=1)


def piece(seed: int, size: int = 800 * KIB) -> bytes:
    """Bytes that look like a piece of a transport stream."""
    noise = random.Random(seed)
    return b"".join(b"G" + noise.randbytes(PACKET - 1) for _ in range(size // PACKET))


class Pieces:
    """Four pieces, of which the second is cut in the middle at first."""

    def __init__(self, origin: Origin, client: HttpClient, directory: Path) -> None:
        self.origin, self.client, self.directory = origin, client, directory
        self.data = [piece(number) for number in range(COUNT)]
        self.sink = Sink()
        self.url = ""

    def serve(self, *faults: Fault, body: Callable[[bytes], Body] = lambda data: Body(data, "video/mp2t")) -> None:
        text = "#EXTM3U\n#EXT-X-TARGETDURATION:1\n"
        for number, data in enumerate(self.data):
            text += f"#EXTINF:1,\n{number}.ts\n"
            self.origin.add(f"/h/{number}.ts", body(data), faults if number == 1 else ())
        self.url = self.origin.add("/h/p.m3u8", Body((text + "#EXT-X-ENDLIST\n").encode(), "application/x-mpegurl"))

    async def run(self, limits: Limits = ONE) -> Fetched:
        self.sink = Sink()
        return await fetch_hls(
            hls(self.url), self.directory, client=self.client, progress=self.sink, limits=limits, max_height=None
        )

    def holds(self, fetched: Fetched) -> bool:
        return [path.read_bytes() for path in fetched.paths] == self.data

    @property
    def ranges(self) -> list[str | None]:
        """Of the second piece."""
        return [request.range for request in self.origin.seen("/h/1.ts")]

    async def stop_in_the_middle(self) -> None:
        """Fetch until half of the second piece is there, and be cancelled then."""
        task = asyncio.create_task(self.run())
        half = self.directory / "00001.tmp"
        while not (half.exists() and half.stat().st_size >= HALF // 2):
            await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


@pytest.fixture
def pieces(origin: Origin, client: HttpClient, tmp_path: Path) -> Pieces:
    return Pieces(origin, client, tmp_path / "pieces")


@pytest.mark.parametrize("end", ["fin", "rst", "stall"])
async def test_a_piece_that_broke_off_is_gone_on_with(pieces: Pieces, end: str) -> None:
    pieces.serve(Fault(cut=HALF, end=end))  # type: ignore[arg-type]
    fetched = await pieces.run(Limits(backoff=0.01, idle=0.3, reserve=0))
    assert pieces.holds(fetched)
    assert first_byte(pieces.ranges[1]) > HALF // 2
    again = pieces.origin.seen("/h/1.ts")[1]
    assert again.headers["if-range"] == Body(pieces.data[1]).tag
    assert pieces.sink.downloaded == fetched.bytes


async def test_a_host_that_breaks_off_each_time(pieces: Pieces) -> None:
    """As long as there is progress it is not given up."""
    pieces.serve(Fault(cut=150 * KIB, times=None))
    limits = Limits(retries=1, backoff=0.01, reserve=0)
    assert pieces.holds(await pieces.run(limits))
    assert len(pieces.ranges) > 5


async def test_a_later_call_goes_on(pieces: Pieces) -> None:
    pieces.serve(Fault(cut=HALF, end="stall"))
    await pieces.stop_in_the_middle()
    fetched = await pieces.run()
    assert pieces.holds(fetched)
    assert first_byte(pieces.ranges[1]) > HALF // 2
    assert pieces.sink.resets[0] > len(pieces.data[0]) + HALF // 2
    assert not list(pieces.directory.glob("*.tmp"))


@pytest.mark.parametrize(
    "fault",
    [
        Fault(ignore_range=True),
        Fault(start_by=PACKET),
        Fault(claim_by=PACKET),
        Fault(data_by=PACKET),
        Fault(total_by=1),
        Fault(at_most=1000),
        Fault(multipart=True),
        Fault(content_range="bytes 0-0/1"),
        Fault(status=416),
        Fault(body=Body(piece(99), "video/mp2t")),
        Fault(body=Body(piece(99), "video/mp2t"), ignore_if_range=True),
        Fault(gzip=True),
    ],
    ids=label,
)
async def test_an_answer_that_does_not_fit_splices_nothing(pieces: Pieces, fault: Fault) -> None:
    pieces.serve(Fault(cut=HALF, end="stall"), fault)
    await pieces.stop_in_the_middle()
    if fault.body is not None and not fault.ignore_if_range:
        pieces.data[1] = fault.body.data
        pieces.origin.add("/h/1.ts", fault.body)
    assert pieces.holds(await pieces.run())


async def test_the_same_beginning_and_another_validator(pieces: Pieces) -> None:
    """The comparison alone would not have seen it."""
    pieces.serve(Fault(cut=HALF, end="stall"))
    await pieces.stop_in_the_middle()
    changed = pieces.data[1][: 500 * KIB] + piece(7)[500 * KIB :]
    pieces.origin.add("/h/1.ts", Body(changed, "video/mp2t"), [Fault(ignore_if_range=True)])
    pieces.data[1] = changed
    assert pieces.holds(await pieces.run())


@pytest.mark.parametrize("etag", [None, 'W/"1"'])
async def test_without_a_strong_validator_a_piece_is_fetched_anew(pieces: Pieces, etag: str | None) -> None:
    pieces.serve(Fault(cut=HALF, end="stall"), body=lambda data: Body(data, "video/mp2t", etag=etag))
    await pieces.stop_in_the_middle()
    assert pieces.holds(await pieces.run())
    assert pieces.ranges == [None, None]


async def test_nothing_is_believed_after_the_machine_was_started_anew(
    pieces: Pieces, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    pieces.serve(Fault(cut=HALF, end="stall"))
    await pieces.stop_in_the_middle()
    (tmp_path / "boot").write_text("another one\n")
    monkeypatch.setattr(halves, "_BOOT", tmp_path / "boot")
    assert pieces.holds(await pieces.run())
    assert pieces.ranges == [None, None]


async def test_a_journal_that_was_cut(pieces: Pieces) -> None:
    pieces.serve(Fault(cut=HALF, end="stall"))
    await pieces.stop_in_the_middle()
    journal = pieces.directory / "halves.jsonl"
    journal.write_bytes(journal.read_bytes()[:-20])
    assert pieces.holds(await pieces.run())
    assert pieces.ranges == [None, None]


async def test_a_half_that_lost_its_end(pieces: Pieces) -> None:
    pieces.serve(Fault(cut=HALF, end="stall"))
    await pieces.stop_in_the_middle()
    half = pieces.directory / "00001.tmp"
    data = bytearray(half.read_bytes())
    data[-PACKET:] = bytes(PACKET)
    half.write_bytes(data)
    assert pieces.holds(await pieces.run())


async def test_a_whole_piece_without_its_name_needs_no_request(pieces: Pieces) -> None:
    """As where the process ended between the last byte and the sync."""
    pieces.serve()
    fetched = await pieces.run()
    fetched.paths[1].rename(fetched.paths[1].with_suffix(".tmp"))
    assert pieces.holds(await pieces.run())
    assert len(pieces.ranges) == 1


@pytest.mark.parametrize("changed", [False, True])
async def test_an_encrypted_piece_is_gone_on_with(
    origin: Origin, client: HttpClient, tmp_path: Path, *, changed: bool
) -> None:
    data = piece(5)
    sent = Body(lock(data, KEY, IV), "application/octet-stream")
    origin.add("/e/0.ts", sent, [Fault(cut=HALF + 7), Fault(data_by=16 if changed else 0)])
    origin.add("/e/k", Body(KEY))
    text = f'#EXTM3U\n#EXT-X-KEY:METHOD=AES-128,URI="k",IV=0x{IV.hex()}\n#EXTINF:1,\n0.ts\n#EXT-X-ENDLIST\n'
    url = origin.add("/e/p.m3u8", Body(text.encode(), "application/x-mpegurl"))
    fetched = await fetch_hls(hls(url), tmp_path / "p", client=client, progress=Sink(), limits=QUICK)
    assert fetched.paths[0].read_bytes() == data
    ranges = [request.range for request in origin.seen("/e/0.ts")]
    assert first_byte(ranges[1]) > HALF // 2
    assert first_byte(ranges[1]) % 16 == 0
    assert len(ranges) == 3 if changed else 2


async def test_a_range_of_a_file_is_gone_on_with(origin: Origin, client: HttpClient, tmp_path: Path) -> None:
    data = [piece(number) for number in range(3)]
    starts = [0, *itertools.accumulate(map(len, data))]
    text = "#EXTM3U\n#EXT-X-VERSION:4\n" + "".join(
        f"#EXTINF:1,\n#EXT-X-BYTERANGE:{len(part)}@{start}\nall.ts\n" for part, start in zip(data, starts, strict=False)
    )
    origin.add("/b/all.ts", Body(b"".join(data), "video/mp2t"), [Fault(), Fault(cut=HALF)])
    url = origin.add("/b/p.m3u8", Body((text + "#EXT-X-ENDLIST\n").encode(), "application/x-mpegurl"))
    fetched = await fetch_hls(hls(url), tmp_path / "p", client=client, progress=Sink(), limits=ONE)
    assert [path.read_bytes() for path in fetched.paths] == data
    ranges = [request.range or "" for request in origin.seen("/b/all.ts")]
    assert len(ranges) == 4
    [again] = [asked for asked in ranges if starts[1] + HALF // 2 < first_byte(asked) < starts[2]]
    assert again.endswith(f"-{starts[2] - 1}")


async def test_killed_again_and_again(origin: Origin, client: HttpClient, tmp_path: Path) -> None:
    data = [piece(number, 1500 * KIB) for number in range(16)]
    slow = {number: [Fault(chunk=32 * KIB, pause=0.02, times=None)] for number in range(len(data))}
    url = origin.add_hls("/s", data, seconds=1.0, faults=slow)
    size, kills = sum(map(len, data)), 3
    for kill in range(1, kills + 1):
        process = await start(url, tmp_path / "work")
        while origin.sent() < kill * size // (kills + 1) and process.returncode is None:
            await asyncio.sleep(0.01)
        process.kill()
        assert await process.wait() == -9
    assert list((tmp_path / "work" / PIECES).glob("*.tmp"))
    for number in slow:
        origin.fail(f"/s/{number:05}.ts")
    fetched = await fetch(hls(url), tmp_path / "work", client=client, progress=Sink(), limits=QUICK)
    assert [path.read_bytes() for path in fetched.paths] == data
    assert origin.sent() <= size + kills * 4 * KIB * KIB
