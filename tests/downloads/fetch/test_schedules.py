"""Many faults in a row, drawn at random: the result is always one version of the file, whole, or an error."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest

from aniworld.downloads.fetch.http import fetch_http
from aniworld.downloads.fetch.types import Limits
from aniworld.kit.errors import AppError
from aniworld.kit.net.client import HttpClient
from tests.downloads.fetch.support import Sink, http, video
from tests.origin import Body, Fault, Origin, html_page

SIZE = 120_000
SCHEDULES = int(os.environ.get("FETCH_SCHEDULES", "60"))
IMPATIENT = Limits(
    retries=2, backoff=0.001, idle=1.0, reserve=0, sync_bytes=16_384, sync_seconds=0.01, sync_pause=0.001
)
CALLS = 12
LATER = "Wed, 01 Jan 2025 10:00:00 GMT"


def draw(rng: random.Random, versions: list[Body]) -> Fault:
    """One answer, with a few things wrong about it."""
    cut = rng.choice([None, None, rng.randrange(SIZE)])
    end = rng.choice(["fin", "rst"])
    body = rng.choice([None, None, None, *versions])
    by = rng.choice([-5000, -1, 1, 5000])
    kinds: list[Fault] = [
        Fault(cut=cut, end=end),  # type: ignore[arg-type]
        Fault(cut=cut, body=body),
        Fault(cut=cut, ignore_range=True, body=body),
        Fault(cut=cut, ignore_if_range=True, body=body),
        Fault(cut=cut, framing="chunked"),
        Fault(cut=cut, gzip=True),
        Fault(start_by=by),
        Fault(claim_by=by),
        Fault(data_by=by),
        Fault(total_by=by),
        Fault(length_by=abs(by)),
        Fault(at_most=rng.randrange(1, SIZE)),
        Fault(multipart=True),
        Fault(status=rng.choice([416, 429, 500, 503]), retry_after="0"),
        html_page(),
    ]
    return rng.choice(kinds)


@pytest.mark.parametrize("seed", range(SCHEDULES))
async def test_a_schedule_of_faults(origin: Origin, client: HttpClient, work: Path, seed: int) -> None:
    rng = random.Random(seed)
    etag, date = rng.choice([("auto", None), (None, LATER), (None, None), ('"same"', None)])
    versions = [
        Body(video(number, SIZE - number * 10 * rng.randrange(2)), etag=etag, last_modified=date) for number in range(2)
    ]
    url = origin.add("/v", versions[0], [draw(rng, versions) for _ in range(rng.randrange(1, 12))])
    for _call in range(CALLS):
        try:
            fetched = await fetch_http(http(url), work, client=client, progress=Sink(), limits=IMPATIENT)
        except AppError as error:
            assert error.detail
            continue
        data = work.read_bytes()
        assert data in [version.data for version in versions]
        assert fetched.bytes == len(data)
        return
    pytest.fail("It never came to an end, although the origin is good after a while")
