"""A playlist, or the pieces it leads to, whose addresses run out on the way."""

from __future__ import annotations

from pathlib import Path

import pytest

from aniworld.catalog.types import Stream
from aniworld.downloads.fetch.errors import FetchError, SegmentError
from aniworld.downloads.fetch.hls import fetch_hls
from aniworld.downloads.fetch.types import Fetched, Renew
from aniworld.kit.net.client import HttpClient
from tests.downloads.fetch.support import QUICK, Sink, hls
from tests.media.clips import make_segments
from tests.origin import Body, Fault, Origin

COUNT = 6
GONE = Fault(status=403, times=None)


@pytest.fixture(scope="module")
def segments(tmp_path_factory: pytest.TempPathFactory) -> list[bytes]:
    _text, paths = make_segments(tmp_path_factory.mktemp("hls"), COUNT)
    return [path.read_bytes() for path in paths]


class Renewing:
    """The same pieces below one path after the other."""

    def __init__(self, origin: Origin, client: HttpClient, directory: Path, segments: list[bytes]) -> None:
        self.origin = origin
        self.client = client
        self.directory = directory
        self.segments = segments
        self.asked = 0

    def serve(self, path: str, *gone: int) -> str:
        """``gone``: numbers of the pieces that can no longer be had there."""
        return self.origin.add_hls(path, self.segments, seconds=1.0, faults={number: [GONE] for number in gone})

    def then(self, *urls: str) -> Renew:
        rest = iter(urls)

        async def renew() -> Stream:
            self.asked += 1
            return hls(next(rest))

        return renew

    async def run(self, url: str, renew: Renew) -> Fetched:
        return await fetch_hls(hls(url), self.directory, client=self.client, progress=Sink(), limits=QUICK, renew=renew)

    def holds(self, fetched: Fetched) -> bool:
        return [path.read_bytes() for path in fetched.paths] == self.segments


@pytest.fixture
def renewing(origin: Origin, client: HttpClient, tmp_path: Path, segments: list[bytes]) -> Renewing:
    return Renewing(origin, client, tmp_path / "pieces", segments)


async def test_pieces_that_ran_out_are_fetched_from_a_fresh_address(renewing: Renewing) -> None:
    url = renewing.serve("/s")
    renewing.origin.fail(f"/s/{COUNT - 1:05}.ts", Fault(status=403, before=0.5))
    fetched = await renewing.run(url, renewing.then(url))
    assert renewing.holds(fetched)
    assert renewing.asked == 1
    asked = [len(renewing.origin.seen(f"/s/{number:05}.ts")) for number in range(COUNT)]
    assert asked == [1] * (COUNT - 1) + [2]  # what was there is kept


async def test_another_place_of_the_same_stream(renewing: Renewing) -> None:
    url = renewing.serve("/old", COUNT - 1)
    fetched = await renewing.run(url, renewing.then(renewing.serve("/new")))
    assert renewing.holds(fetched)
    assert renewing.asked == 1


async def test_a_playlist_that_never_came_is_dead(renewing: Renewing) -> None:
    renewing.origin.add("/old.m3u8", Body(b""), [GONE])
    with pytest.raises(FetchError):
        await renewing.run(renewing.origin.url("/old.m3u8"), renewing.then(renewing.serve("/new")))
    assert renewing.asked == 0


async def test_fresh_addresses_that_are_no_better(renewing: Renewing) -> None:
    url = renewing.serve("/old", COUNT - 1)
    renewing.origin.fail(f"/old/{COUNT - 1:05}.ts", Fault(status=403, before=0.5))
    others = [renewing.serve(f"/new{number}", COUNT - 1) for number in range(9)]
    with pytest.raises(SegmentError) as caught:
        await renewing.run(url, renewing.then(*others))
    assert caught.value.expired
    assert renewing.asked == 2
