"""Several connections for one file: faster where the host throttles each, and still never a mix of two versions."""

from __future__ import annotations

import asyncio
import dataclasses
import random
from pathlib import Path
from typing import Literal

import msgspec
import pytest

from aniworld.downloads.fetch.errors import NotAVideoError
from aniworld.downloads.fetch.http import fetch_http
from aniworld.downloads.fetch.types import Limits
from aniworld.kit.errors import AppError
from tests.downloads.fetch.support import Fetcher, Sink, checkpoint, http, video
from tests.origin import Body, Fault, html_page

KIB = 1024
SIZE = KIB * KIB + 4321
DATA = video(7, SIZE)
MANY = Limits(
    backoff=0.01,
    idle=2.0,
    reserve=0,
    connections=6,
    split_bytes=32 * KIB,
    worth=0.1,
    sync_bytes=128 * KIB,
    sync_pause=0.01,
)
SLOW = Fault(chunk=16 * KIB, pause=0.02, times=None)
"""About 0.8 MB/s over each connection."""
SLOW_START = Fault(chunk=32 * KIB, pause=0.01)
ENDS: tuple[Literal["fin", "rst"], ...] = ("fin", "rst")


async def test_a_host_that_throttles_each_connection(fetcher: Fetcher) -> None:
    fetcher.serve(SLOW, body=Body(DATA))
    fetched = await fetcher.run(MANY)
    assert fetcher.holds(DATA)
    assert fetched.proven
    assert fetcher.sink.downloaded == SIZE
    assert 4 <= fetcher.origin.peak <= 6 + 2  # those that were left may be open at the host for a moment more
    assert checkpoint(fetcher.work).complete
    first, *others = fetcher.origin.requests
    assert first.range is None
    assert all(request.headers["if-range"] == Body(DATA).tag for request in others)
    assert fetcher.origin.sent() < SIZE * 1.4  # a small file: seams, and what was on its way when work was taken over


async def test_as_many_as_is_set(fetcher: Fetcher) -> None:
    fetcher.serve(SLOW, body=Body(DATA))
    await fetcher.run(dataclasses.replace(MANY, connections=1))
    assert fetcher.holds(DATA)
    assert len(fetcher.origin.requests) == 1
    fetcher.work.unlink()
    await fetcher.run(dataclasses.replace(MANY, connections=4, per_host=2))
    assert fetcher.holds(DATA)
    assert fetcher.origin.peak <= 2 + 2


async def test_two_files_share_what_the_host_gets(fetcher: Fetcher, tmp_path: Path) -> None:
    limits = dataclasses.replace(MANY, per_host=4)
    sinks = [Sink(), Sink()]
    works = [tmp_path / f"video-{number}" for number in range(2)]
    urls = [fetcher.origin.add(f"/v{number}", Body(DATA), [SLOW]) for number in range(2)]
    both = [
        asyncio.create_task(fetch_http(http(url), work, client=fetcher.client, progress=sink, limits=limits))
        for url, work, sink in zip(urls, works, sinks, strict=True)
    ]
    await asyncio.gather(*both)
    assert [work.read_bytes() == DATA for work in works] == [True, True]
    assert fetcher.origin.peak <= 6  # four, and those that were left and that the host has not noticed yet
    assert [len(fetcher.origin.seen(f"/v{number}")) > 1 for number in range(2)] == [True, True]


@pytest.mark.parametrize("etag", [None, 'W/"weak"'])
async def test_without_a_strong_validator_there_is_one(fetcher: Fetcher, etag: str | None) -> None:
    fetcher.serve(SLOW, body=Body(DATA, etag=etag))
    await fetcher.run(MANY)
    assert fetcher.holds(DATA)
    assert len(fetcher.origin.requests) == 1


@pytest.mark.parametrize(
    "refusal",
    [
        Fault(status=503, times=None),
        Fault(status=429, retry_after="3600", times=None),
        Fault(status=403, times=None),
        Fault(raw=b"", times=None),
        Fault(ignore_range=True, chunk=16 * KIB, pause=0.02, times=None),
        Fault(status=416, times=None),
        html_page(times=None),
        Fault(multipart=True, times=None),
        Fault(start_by=5000, times=None),
        Fault(total_by=5, times=None),
        Fault(gzip=True, times=None),
    ],
)
async def test_a_host_that_wants_no_more_is_left_with_one(fetcher: Fetcher, refusal: Fault) -> None:
    """The first one takes over what the others should have fetched, so nothing has to be asked for again."""
    fetcher.serve(dataclasses.replace(SLOW, times=1), refusal, body=Body(DATA))
    await fetcher.run(dataclasses.replace(MANY, retries=0))
    assert fetcher.holds(DATA)
    assert len(fetcher.origin.requests) <= 6
    assert fetcher.origin.requests[0].sent == SIZE


@pytest.mark.parametrize("told", ["bytes", "nothing", "none"])
async def test_a_host_that_promises_nothing_shows_it_with_one_first(fetcher: Fetcher, told: str) -> None:
    """A host that sends the whole each time would send it to all of them at once."""
    extra = (("Accept-Ranges", told),) if told == "none" else ()
    first = dataclasses.replace(SLOW, times=1, headers=extra)
    lie = dataclasses.replace(SLOW, ignore_range=True, headers=extra)
    fetcher.serve(first, lie, body=Body(DATA, ranges=told == "bytes"))
    await fetcher.run(MANY)
    assert fetcher.holds(DATA)
    assert len(fetcher.origin.requests) <= {"bytes": 6, "nothing": 2, "none": 1}[told]
    assert fetcher.origin.requests[0].sent == SIZE


async def test_a_host_that_does_not_say_that_it_honours_ranges(fetcher: Fetcher) -> None:
    silent = dataclasses.replace(SLOW, times=1, headers=(("Accept-Ranges", ""),))
    fetcher.serve(silent, SLOW, body=Body(DATA))
    await fetcher.run(MANY)
    assert fetcher.holds(DATA)
    assert fetcher.origin.peak >= 4


async def test_a_host_that_allows_three(fetcher: Fetcher) -> None:
    """Answers beyond three at a time are refused; the three that are left do the work."""
    slow = dataclasses.replace(SLOW, times=3)
    fetcher.serve(slow, Fault(status=503, times=3), SLOW, body=Body(DATA))
    await fetcher.run(MANY)
    assert fetcher.holds(DATA)
    refused = [request for request in fetcher.origin.requests if request.status == 503]
    assert len(refused) == 3


async def test_work_is_taken_from_the_slow(fetcher: Fetcher) -> None:
    crawl = Fault(chunk=2 * KIB, pause=0.1, times=1)
    fetcher.serve(dataclasses.replace(SLOW, times=1), crawl, SLOW, body=Body(DATA))
    async with asyncio.timeout(10):  # at 20 kB/s its share alone would take 17 s
        await fetcher.run(MANY)
    assert fetcher.holds(DATA)


@pytest.mark.parametrize("end", ["fin", "rst", "stall"])
async def test_connections_that_break(fetcher: Fetcher, end: str) -> None:
    rng = random.Random(end)
    cuts = [
        dataclasses.replace(SLOW, times=1, cut=rng.randrange(30_000, 150_000), end=end)  # type: ignore[arg-type]
        for _ in range(6)
    ]
    fetcher.serve(*cuts, SLOW, body=Body(DATA))
    await fetcher.run(dataclasses.replace(MANY, idle=0.4))
    assert fetcher.holds(DATA)
    assert fetcher.sink.downloaded == SIZE


async def test_what_was_there_is_not_fetched_again(fetcher: Fetcher) -> None:
    fetcher.serve(SLOW, body=Body(DATA))
    task = asyncio.create_task(fetcher.run(MANY))
    while fetcher.sink.downloaded < SIZE // 2:
        await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    left = checkpoint(fetcher.work)
    assert left.pieces
    assert left.spans.count == fetcher.sink.downloaded
    before = fetcher.origin.sent()
    await fetcher.run(MANY)
    assert fetcher.holds(DATA)
    assert fetcher.sink.resets[0] == left.spans.count
    assert fetcher.origin.sent() - before < (SIZE - left.spans.count) * 1.5


async def test_a_checkpoint_of_the_first_format(fetcher: Fetcher) -> None:
    fetcher.work.write_bytes(DATA[:500_000] + bytes(1000))
    old = {"offset": 500_000, "total": SIZE, "validator": Body(DATA).tag, "complete": False}
    fetcher.work.with_name("video.part.json").write_bytes(msgspec.json.encode(old))
    fetcher.serve(body=Body(DATA))
    await fetcher.run(MANY)
    assert fetcher.holds(DATA)
    assert fetcher.ranges == [f"bytes={500_000 - 4096}-"]


@pytest.mark.parametrize(
    "sidecar",
    [
        {"offset": 100_000, "pieces": [[50_000, 200_000]]},
        {"offset": 100_000, "pieces": [[300_000, 200_000]]},
        {"offset": 100_000, "pieces": [[200_000, 900_000_000]]},
        {"offset": 100_000, "pieces": [[200_000]]},
        {"offset": 100_000, "version": 3},
    ],
)
async def test_a_checkpoint_that_cannot_be(fetcher: Fetcher, sidecar: dict[str, object]) -> None:
    fetcher.work.write_bytes(bytes(SIZE))
    told = {"total": SIZE, "validator": Body(DATA).tag, "complete": False} | sidecar
    fetcher.work.with_name("video.part.json").write_bytes(msgspec.json.encode(told))
    fetcher.serve(body=Body(DATA))
    await fetcher.run(MANY)
    assert fetcher.holds(DATA)
    assert fetcher.ranges == [None]


async def test_another_version_in_the_middle(fetcher: Fetcher) -> None:
    other = Body(video(8, SIZE))
    fetcher.serve(dataclasses.replace(SLOW, times=3), dataclasses.replace(SLOW, body=other), body=Body(DATA))
    await fetcher.run(MANY)
    assert fetcher.holds(other.data)


async def test_another_version_under_the_same_name(fetcher: Fetcher) -> None:
    """The validator names both, so only the seams tell."""
    other = Body(video(8, SIZE), etag=Body(DATA).tag)
    slow = [dataclasses.replace(SLOW, times=1, body=body) for body in (None, other, None, other, None, other)]
    fetcher.serve(*slow, body=Body(DATA))
    await fetcher.run(MANY)
    assert fetcher.holds(DATA)


async def test_a_page_after_the_parts(fetcher: Fetcher) -> None:
    fetcher.serve(dataclasses.replace(SLOW, times=4, cut=100_000), html_page(times=None), body=Body(DATA))
    with pytest.raises(NotAVideoError):
        await fetcher.run(MANY)
    kept = checkpoint(fetcher.work).spans.count
    assert kept >= 100_000
    fetcher.origin.fail("/v")
    await fetcher.run(MANY)
    assert fetcher.holds(DATA)


@pytest.mark.parametrize("seed", range(12))
async def test_a_schedule_of_faults(fetcher: Fetcher, seed: int) -> None:
    rng = random.Random(seed)
    versions = [Body(DATA), Body(video(9, SIZE - 10 * (seed % 2)), etag=rng.choice(["auto", Body(DATA).tag]))]

    def draw() -> Fault:
        cut = rng.choice([None, rng.randrange(SIZE // 3)])
        slow = Fault(chunk=32 * KIB, pause=0.01, cut=cut, end=rng.choice(ENDS))
        by = rng.choice([-5000, -1, 1, 5000])
        faults = [
            slow,
            slow,
            dataclasses.replace(slow, body=rng.choice(versions)),
            dataclasses.replace(slow, body=rng.choice(versions), ignore_if_range=True),
            dataclasses.replace(slow, framing="chunked"),
            dataclasses.replace(slow, at_most=rng.randrange(1, SIZE)),
            dataclasses.replace(slow, start_by=by),
            dataclasses.replace(slow, claim_by=by),
            dataclasses.replace(slow, data_by=by),
            dataclasses.replace(slow, total_by=by),
            Fault(status=rng.choice([416, 429, 503]), retry_after="0"),
            html_page(),
        ]
        return rng.choice(faults)

    url = fetcher.origin.add("/v", versions[0], [SLOW_START, *(draw() for _ in range(rng.randrange(5, 30)))])
    limits = dataclasses.replace(MANY, worth=0.02, idle=1.0, backoff=0.001)
    for _call in range(20):
        try:
            await fetch_http(http(url), fetcher.work, client=fetcher.client, progress=Sink(), limits=limits)
        except AppError as error:
            assert error.detail
            continue
        assert fetcher.work.read_bytes() in [version.data for version in versions]
        return
    pytest.fail("It never came to an end, although the origin is good after a while")
