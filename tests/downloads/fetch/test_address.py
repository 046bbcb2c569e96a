"""An address that runs out on the way: a fresh one goes on with what is there, if it leads to the same file."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

import pytest

from aniworld.catalog.errors import SourceUnreachableError
from aniworld.catalog.types import Stream
from aniworld.downloads.fetch.errors import SourceGoneError
from tests.downloads.fetch.support import DATA, SIZE, Fetcher, checkpoint, first_byte, hls, http, video
from tests.downloads.fetch.test_crew import DATA as LARGE
from tests.downloads.fetch.test_crew import MANY, SLOW
from tests.origin import Body, Fault


class Source:
    """Hands out the streams it is given, one at each call."""

    def __init__(self, streams: Iterable[Stream]) -> None:
        self._streams = iter(streams)
        self.asked = 0

    async def __call__(self) -> Stream:
        self.asked += 1
        try:
            return next(self._streams)
        except StopIteration:
            raise SourceUnreachableError("The source does not answer") from None


def signed(fetcher: Fetcher, *, requests: int | None = None) -> Stream:
    return http(fetcher.origin.sign("/v", requests=requests))


@pytest.mark.parametrize("status", [401, 403, 404, 410])
async def test_a_fresh_address_goes_on_with_what_is_there(fetcher: Fetcher, status: int) -> None:
    fetcher.serve(Fault(cut=400_000), Fault(status=status))
    first = signed(fetcher)
    renew = Source([signed(fetcher)])
    await fetcher.fetch(first, renew=renew)
    assert fetcher.holds()
    assert renew.asked == 1
    assert [request.status for request in fetcher.origin.requests] == [200, status, 206]
    assert first_byte(fetcher.ranges[2]) == 400_000 - 4096
    assert fetcher.origin.requests[2].query != fetcher.origin.requests[1].query


async def test_each_fresh_address_may_run_out_too(fetcher: Fetcher) -> None:
    fetcher.serve(*[Fault(cut=150_000)] * 5)
    first = signed(fetcher, requests=1)
    renew = Source([signed(fetcher, requests=1) for _ in range(6)])
    await fetcher.fetch(first, renew=renew)
    assert fetcher.holds()
    assert renew.asked == 4
    assert fetcher.origin.sent() < SIZE + 5 * 4096 + 1


async def test_an_address_that_never_worked_is_dead(fetcher: Fetcher) -> None:
    fetcher.serve()
    dead = signed(fetcher, requests=0)
    renew = Source([signed(fetcher)])
    with pytest.raises(SourceGoneError):
        await fetcher.fetch(dead, renew=renew)
    assert renew.asked == 0


async def test_fresh_addresses_that_are_no_better(fetcher: Fetcher) -> None:
    fetcher.serve(Fault(cut=400_000))
    first = signed(fetcher, requests=1)
    renew = Source([signed(fetcher, requests=0) for _ in range(9)])
    with pytest.raises(SourceGoneError) as caught:
        await fetcher.fetch(first, renew=renew)
    assert caught.value.expired
    assert renew.asked == 2
    assert checkpoint(fetcher.work).offset == 400_000


async def test_a_source_that_cannot_be_asked(fetcher: Fetcher) -> None:
    """Its error is raised, which does not say that the file is gone for good."""
    fetcher.serve(Fault(cut=400_000))
    with pytest.raises(SourceUnreachableError) as caught:
        await fetcher.fetch(signed(fetcher, requests=1), renew=Source([]))
    assert not caught.value.permanent
    assert checkpoint(fetcher.work).offset == 400_000


async def test_another_kind_of_stream_is_no_fresh_address(fetcher: Fetcher) -> None:
    fetcher.serve(Fault(cut=400_000))
    with pytest.raises(SourceGoneError):
        await fetcher.fetch(signed(fetcher, requests=1), renew=Source([hls(fetcher.origin.url("/v"))]))


@pytest.mark.parametrize("size", [SIZE, SIZE + 5000])
async def test_another_version_behind_the_fresh_address(fetcher: Fetcher, size: int) -> None:
    other = video(2, size)
    fetcher.serve(Fault(cut=400_000))
    fetcher.origin.add("/other", Body(other))
    await fetcher.fetch(signed(fetcher, requests=1), renew=Source([http(fetcher.origin.url("/other"))]))
    assert fetcher.holds(other)
    assert fetcher.sink.downloaded == size


async def test_another_file_under_the_same_validator(fetcher: Fetcher) -> None:
    """Only the bytes tell, where the two would be put together."""
    other = video(2)
    fetcher.serve(Fault(cut=400_000), body=Body(DATA, etag='"same"'))
    fetcher.origin.add("/other", Body(other, etag='"same"'))
    await fetcher.fetch(signed(fetcher, requests=1), renew=Source([http(fetcher.origin.url("/other"))]))
    assert fetcher.holds(other)


async def test_headers_come_with_the_address(fetcher: Fetcher) -> None:
    fetcher.serve(Fault(cut=400_000))
    first = signed(fetcher, requests=1)
    fresh = Stream(url=fetcher.origin.sign("/v"), protocol="http", headers={"Referer": "http://fresh.example/"})
    await fetcher.fetch(first, renew=Source([fresh]))
    assert fetcher.holds()
    assert fetcher.origin.requests[-1].headers["referer"] == "http://fresh.example/"


async def test_a_time_that_is_known_is_kept_to(fetcher: Fetcher) -> None:
    fetcher.serve(Fault(cut=400_000, chunk=20_000, pause=0.01))
    soon = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=0.15)
    first = Stream(url=fetcher.origin.sign("/v", seconds=0.15), protocol="http", expires_at=soon)
    renew = Source([signed(fetcher)])
    await fetcher.fetch(first, renew=renew)
    assert fetcher.holds()
    assert renew.asked == 1
    assert [request.status for request in fetcher.origin.requests] == [200, 206]


async def test_a_clock_that_is_wrong_does_no_harm(fetcher: Fetcher) -> None:
    fetcher.serve(Fault(cut=400_000))
    past = dt.datetime.now(dt.UTC) - dt.timedelta(hours=1)
    renew = Source([])
    await fetcher.fetch(Stream(url=fetcher.origin.sign("/v"), protocol="http", expires_at=past), renew=renew)
    assert fetcher.holds()
    assert renew.asked == 0


async def test_several_connections_share_the_fresh_address(fetcher: Fetcher) -> None:
    fetcher.serve(SLOW, body=Body(LARGE))
    first = signed(fetcher, requests=4)
    renew = Source([signed(fetcher) for _ in range(9)])
    await fetcher.fetch(first, MANY, renew=renew)
    assert fetcher.holds(LARGE)
    assert renew.asked == 1
    assert fetcher.origin.peak >= 5
    assert sum(request.status == 403 for request in fetcher.origin.requests) <= 6
