"""Fetches from a misbehaving origin, and judges what came: the whole of one version, or an error with a reason."""

from __future__ import annotations

import asyncio
import contextlib
import random
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from aniworld.catalog.types import Stream
from aniworld.downloads.fetch.service import fetch
from aniworld.downloads.fetch.types import Fetched, Limits
from aniworld.kit.errors import AppError
from aniworld.kit.net.client import HttpClient
from aniworld.media import client as media
from aniworld.media.errors import MediaRefusedError
from tests.downloads.fetch.support import Sink
from tests.media.clips import make_clip, make_segments
from tests.origin import Body, Fault, Origin

SECONDS = 6
IMPATIENT = Limits(
    retries=2, backoff=0.001, patience=0.2, idle=0.25, reserve=0, slow_window=0.2, slow_bytes=2000,
    sync_bytes=16_384, sync_seconds=0.01, sync_pause=0.001, connections=1,
)  # fmt: skip

PAGES = [b"", b"<html>no</html>", b'{"a":1}']


@dataclass(frozen=True)
class Material:
    """Two versions of a video in one file, and one in pieces."""

    versions: tuple[bytes, bytes]
    pieces: list[bytes]


def make_material(directory: Path) -> Material:
    files = [
        make_clip(directory / f"{index}.mp4", SECONDS, options={"movflags": "+faststart"}, b_frames=bool(index))
        for index in range(2)
    ]
    _text, pieces = make_segments(directory / "hls", SECONDS)
    first, second = (file.read_bytes() for file in files)
    return Material((first, second), [piece.read_bytes() for piece in pieces])


class Delivery:
    """One video at the origin, and the directory that it is fetched into again and again."""

    def __init__(self, origin: Origin, client: HttpClient, material: Material, directory: Path, name: str) -> None:
        self.origin = origin
        self.client = client
        self.material = material
        self.directory = directory
        self.name = f"/{name}"
        self.limits = IMPATIENT
        self.allowed = [material.versions[0]]
        self.expected = material.pieces
        self.stream = Stream(url="", protocol="http")

    def serve_file(self, faults: Iterable[Fault] = (), body: Body | None = None) -> None:
        """As one file."""
        served = body or Body(self.material.versions[0])
        self.stream = Stream(url=self.origin.add(self.name, served, faults), protocol="http")

    def serve_pieces(self, faults: Mapping[int, Iterable[Fault]], playlist: Iterable[Fault] = ()) -> None:
        """In pieces."""
        url = self.origin.add_hls(self.name, self.material.pieces, seconds=1.0, faults=faults)
        self.origin.fail(f"{self.name}/media.m3u8", *playlist)
        self.stream = Stream(url=url, protocol="hls")

    async def attempt(self) -> bool:
        """One call, judged; False: an error with a reason."""
        async with asyncio.timeout(30):
            try:
                fetched = await fetch(
                    self.stream, self.directory, client=self.client, progress=Sink(), limits=self.limits
                )
            except AppError as error:
                assert error.detail, repr(error)
                return False
            return await self._judge(fetched)

    async def cancelled(self, after: float) -> None:
        """A call that is given up in the midst, as a pause does; it may have been faster."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.attempt(), after)

    async def must_come(self, calls: int) -> None:
        """Sooner or later it is there: the origin is good after a while."""
        for _call in range(calls):
            if await self.attempt():
                return
        pytest.fail("It never came to an end, although the origin is good after a while")

    async def _judge(self, fetched: Fetched) -> bool:
        bodies = [path.read_bytes() for path in fetched.paths]
        if self.stream.protocol == "hls":
            right = bodies == self.expected
        else:
            right = len(bodies) == 1 and bodies[0] in self.allowed
            assert fetched.bytes == len(bodies[0])
        if right:
            return True
        # Where the host tells no length, or a wrong one, the content has to tell, as it does for every download.
        wholes = [self.expected] if self.stream.protocol == "hls" else [[version] for version in self.allowed]
        cut = any(
            len(whole) == len(bodies) and all(part.startswith(body) for part, body in zip(whole, bodies, strict=True))
            for whole in wholes
        )
        assert cut, f"Called whole: {[(len(body), body[:20]) for body in bodies]}"
        with contextlib.suppress(MediaRefusedError):
            await media.remux(fetched.paths, self.directory / "made.mkv", expected_duration=float(SECONDS))
            missing = [len(part) - len(body) for part, body in zip(wholes[0], bodies, strict=True)]
            pytest.fail(f"Taken for whole, although bytes are missing: {missing}")
        shutil.rmtree(self.directory)
        return False


def any_fault(rng: random.Random, size: int, others: list[Body]) -> Fault:
    """One answer, with a few things wrong about it."""
    cut = rng.choice([None, None, rng.randrange(size)])
    by = rng.choice([-5000, -1, 1, 5000])
    body = rng.choice([None, None, *others])
    kinds = [
        Fault(cut=rng.randrange(size), end=rng.choice(["fin", "rst"])),
        Fault(cut=cut, body=body),
        Fault(cut=cut, ignore_range=True, body=body),
        Fault(cut=cut, ignore_if_range=True, body=body),
        Fault(cut=cut, framing="chunked"),
        Fault(cut=cut, framing="close"),
        Fault(cut=cut, gzip=True),
        Fault(start_by=by),
        Fault(claim_by=by),
        Fault(data_by=by),
        Fault(total_by=by),
        Fault(length_by=by),
        Fault(at_most=rng.randrange(1, size)),
        Fault(multipart=True),
        Fault(status=rng.choice([416, 429, 500, 502, 503]), retry_after="0"),
        Fault(status=rng.choice([401, 403, 404, 410])),
        Fault(content_range=rng.choice(["bytes */*", "bytes 5-2/9", "nonsense", f"bytes 0-{size - 1}/*"])),
        Fault(headers=(("Content-Length", "7"),)),
        Fault(raw=rng.choice([b"", b"nonsense", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 206 Partial Content\r\n\r\n"])),
        Fault(status=200, body=Body(rng.choice(PAGES), "text/html", None, ranges=False)),
        Fault(redirect="/elsewhere"),
    ]
    if rng.random() < 0.03:  # each takes a while
        return Fault(cut=rng.randrange(size), end="stall")
    return rng.choice(kinds)
