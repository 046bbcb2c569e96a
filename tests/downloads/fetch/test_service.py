"""The door: by protocol, into a directory of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from aniworld.downloads.fetch.errors import DiskError, DiskFullError
from aniworld.downloads.fetch.service import fetch, join
from aniworld.kit.net.client import HttpClient
from aniworld.media import client as media
from aniworld.media.errors import MediaRefusedError
from tests.downloads.fetch.support import QUICK, Sink, hls, http
from tests.media.clips import make_clip, make_segments
from tests.origin import Body, Fault, Origin


async def test_by_protocol(origin: Origin, client: HttpClient, tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "clip.mp4", 2)
    _text, pieces = make_segments(tmp_path / "made", 2)
    url = origin.add("/v.mp4", clip.read_bytes())
    one = await fetch(http(url), tmp_path / "a" / "b", client=client, progress=Sink(), limits=QUICK)
    assert one.paths[0].read_bytes() == clip.read_bytes()
    url = origin.add_hls("/s", [piece.read_bytes() for piece in pieces], seconds=1)
    two = await fetch(hls(url), tmp_path / "a" / "b", client=client, progress=Sink(), limits=QUICK)
    join(two.paths, tmp_path / "joined.ts")
    assert (tmp_path / "joined.ts").read_bytes() == b"".join(piece.read_bytes() for piece in pieces)
    assert (await media.verify(tmp_path / "joined.ts", expected_duration=2)).container == "mpegts"


async def test_a_short_file_without_a_length_is_found_out_by_its_content(
    origin: Origin, client: HttpClient, tmp_path: Path
) -> None:
    data = make_clip(tmp_path / "clip.mp4", 4).read_bytes()
    url = origin.add("/v.mp4", Body(data), [Fault(framing="close", cut=len(data) - 500)])
    fetched = await fetch(http(url), tmp_path / "work", client=client, progress=Sink(), limits=QUICK)
    assert not fetched.proven
    with pytest.raises(MediaRefusedError, match="end of the file is missing"):
        await media.verify(fetched.paths[0])


async def test_a_length_that_is_told_too_short_is_found_out_too(
    origin: Origin, client: HttpClient, tmp_path: Path
) -> None:
    data = make_clip(tmp_path / "clip.mkv", 4).read_bytes()
    url = origin.add("/v.mkv", Body(data), [Fault(length_by=-700, times=None)])
    fetched = await fetch(http(url), tmp_path / "work", client=client, progress=Sink(), limits=QUICK)
    assert fetched.bytes == len(data) - 700
    with pytest.raises(MediaRefusedError, match="end of the file is missing"):
        await media.remux(fetched.paths[0], tmp_path / "out.part")


async def test_a_place_that_cannot_be_made(origin: Origin, client: HttpClient, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(DiskError):
        await fetch(http(origin.url("/v")), tmp_path / "file" / "x", client=client, progress=Sink())


def test_joining_onto_a_full_disk(tmp_path: Path) -> None:
    (tmp_path / "piece").write_bytes(bytes(10_000))
    with pytest.raises(DiskFullError, match="No space left"):
        join((tmp_path / "piece",), Path("/dev/full"))
