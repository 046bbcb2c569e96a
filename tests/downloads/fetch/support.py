"""Helpers of the fetch tests."""

from __future__ import annotations

import dataclasses
import random
from pathlib import Path

import msgspec

from aniworld.catalog.types import Stream
from aniworld.downloads.fetch.http import fetch_http
from aniworld.downloads.fetch.part import Checkpoint
from aniworld.downloads.fetch.types import Fetched, Limits, Renew
from aniworld.kit.net.client import HttpClient
from tests.origin import Body, Fault, Origin

QUICK = Limits(backoff=0.01, idle=2.0, reserve=0)
SIZE = 600_000
LATER = "Wed, 01 Jan 2025 10:00:00 GMT"


class Sink:
    """Counts, and remembers what it was told."""

    def __init__(self) -> None:
        self.downloaded = 0
        self.totals: list[int | None] = []
        self.resets: list[int] = []

    def total(self, total: int | None, /) -> None:
        self.totals.append(total)

    def add(self, count: int, /) -> None:
        self.downloaded += count

    def reset(self, downloaded: int, /) -> None:
        self.downloaded = downloaded
        self.resets.append(downloaded)


def video(seed: int = 1, size: int = SIZE) -> bytes:
    """Bytes that begin like an MP4 file; no two seeds have a stretch in common."""
    return b"\0\0\0\x10ftypisom\0\0\0\0" + random.Random(seed).randbytes(size - 16)


def http(url: str, **headers: str) -> Stream:
    return Stream(url=url, protocol="http", headers=headers)


def hls(url: str, **headers: str) -> Stream:
    return Stream(url=url, protocol="hls", headers=headers)


def checkpoint(work: Path) -> Checkpoint:
    """What the sidecar says."""
    return msgspec.json.decode(work.with_name(work.name + ".json").read_bytes(), type=Checkpoint)


def first_byte(range_: str | None) -> int:
    """Where a requested range begins."""
    assert range_ is not None
    return int(range_.removeprefix("bytes=").partition("-")[0])


def label(value: object) -> str | None:
    """A short name of a case."""
    if isinstance(value, Fault):
        default = Fault()
        told = {field.name: getattr(value, field.name) for field in dataclasses.fields(Fault)}
        return ",".join(f"{k}={v!r}"[:40] for k, v in told.items() if v != getattr(default, k)) or "good"
    return repr(value)[:40] if isinstance(value, Body) else None


DATA = video()


class Fetcher:
    """Fetches ``/v`` of the origin."""

    def __init__(self, origin: Origin, client: HttpClient, work: Path) -> None:
        self.origin = origin
        self.client = client
        self.work = work
        self.sink = Sink()

    def serve(self, *faults: Fault, body: Body | None = None) -> None:
        self.origin.add("/v", body or Body(DATA), faults)

    async def run(self, limits: Limits = QUICK, url: str | None = None, **headers: str) -> Fetched:
        return await self.fetch(http(url or self.origin.url("/v"), **headers), limits)

    async def fetch(self, stream: Stream, limits: Limits = QUICK, renew: Renew | None = None) -> Fetched:
        self.sink = Sink()
        return await fetch_http(stream, self.work, client=self.client, progress=self.sink, limits=limits, renew=renew)

    @property
    def ranges(self) -> list[str | None]:
        return [request.range for request in self.origin.seen("/v")]

    def holds(self, data: bytes = DATA) -> bool:
        return self.work.read_bytes() == data
