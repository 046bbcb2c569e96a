"""Pieces are put together while the last ones are still to come; what fails ends the other."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from aniworld.downloads.fetch.errors import SegmentError
from aniworld.downloads.fetch.service import fetch
from aniworld.downloads.fetch.types import Fetched, Limits
from aniworld.downloads.together import fetch_and_finish
from aniworld.kit.net.client import HttpClient
from aniworld.media import client as media
from aniworld.media.errors import MediaRefusedError, MediaWorkerError
from aniworld.media.types import Done
from tests.downloads.fetch.support import Sink, hls
from tests.media.clips import make_rendition, make_segments
from tests.origin import Body, Fault, Origin

LIMITS = Limits(backoff=0.01, reserve=0, segments=2)
MAKE = {"ts": {}, "fmp4": {"hls_segment_type": "fmp4"}}


class Stream:
    """``/t`` of an origin, fetched and put together."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.planned: list[bool] = []
        """Whether all was there, each time that finishing was begun."""

    async def run(self, url: str, *, mux: bool = False) -> Done:
        async with HttpClient(allowed_hosts=lambda: {url.split("/")[2]}) as client:

            async def finish(fetched: Fetched, whole: asyncio.Event | None) -> Done:
                self.planned.append(all(path.exists() for path in fetched.paths))
                assert (whole is None) is self.planned[-1]
                return await media.remux(
                    fetched.paths,
                    self.directory / "out.mkv",
                    audio=fetched.audio,
                    subtitles=fetched.subtitles,
                    mux_subtitles=mux,
                    expected_duration=fetched.expected_duration,
                    whole=whole,
                )

            return await fetch_and_finish(
                lambda soon: fetch(
                    hls(url),
                    self.directory / "work",
                    client=client,
                    progress=Sink(),
                    limits=LIMITS,
                    subtitles=True,
                    soon=soon,
                ),
                finish,
            )


@pytest.fixture
async def origin() -> AsyncIterator[Origin]:
    async with Origin() as origin:
        yield origin


@pytest.fixture
def stream(tmp_path: Path) -> Stream:
    return Stream(tmp_path)


def serve(origin: Origin, directory: Path, text: str, name: str, faults: dict[str, list[Fault]]) -> str:
    """A directory that holds a playlist, below ``/name``; pieces come slowly."""
    slow = Fault(before=0.1, times=None)
    for path in directory.iterdir():
        if path.suffix != ".m3u8":
            origin.add(f"/{name}/{path.name}", path.read_bytes(), [*faults.get(path.name, ()), slow])
    return origin.add(f"/{name}/p.m3u8", Body(text.encode(), "application/x-mpegurl"))


@pytest.mark.parametrize("kind", MAKE)
async def test_it_is_begun_before_all_is_there(origin: Origin, stream: Stream, tmp_path: Path, kind: str) -> None:
    text, pieces = make_segments(tmp_path / "made", 12, **MAKE[kind])
    done = await stream.run(serve(origin, tmp_path / "made", text, "t", {}))
    assert stream.planned == [False]
    assert done.info.duration == pytest.approx(12, abs=0.2)
    assert len(pieces) > 5


@pytest.mark.parametrize("mux", [False, True])
async def test_sound_and_subtitles_apart(origin: Origin, stream: Stream, tmp_path: Path, *, mux: bool) -> None:
    for name, options in (("v", {"audio": False}), ("a", {"video": False})):
        text, _pieces = make_rendition(tmp_path / name, 8, **options)  # type: ignore[arg-type]
        serve(origin, tmp_path / name, text, name, {})
    words = "".join(f"#EXTINF:2,\n{number}.vtt\n" for number in range(4))
    for number in range(4):
        cue = f"WEBVTT\n\n00:00:0{2 * number}.500 --> 00:00:0{2 * number + 1}.500\nLine {number}\n"
        origin.add(f"/s/{number}.vtt", Body(cue.encode(), "text/vtt"), [Fault(before=0.1, times=None)])
    text = f"#EXTM3U\n#EXT-X-TARGETDURATION:2\n{words}#EXT-X-ENDLIST\n"
    origin.add("/s/p.m3u8", Body(text.encode(), "application/x-mpegurl"))
    master = (
        '#EXTM3U\n#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="j",LANGUAGE="ja",DEFAULT=YES,URI="/a/p.m3u8"\n'
        '#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="s",NAME="e",LANGUAGE="en",URI="/s/p.m3u8"\n'
        '#EXT-X-STREAM-INF:BANDWIDTH=900000,RESOLUTION=160x90,AUDIO="a",SUBTITLES="s"\n/v/p.m3u8\n'
    )
    done = await stream.run(origin.add("/m.m3u8", Body(master.encode(), "application/x-mpegurl")), mux=mux)
    assert stream.planned == [False]
    assert [track.kind for track in done.info.streams] == ["video", "audio", *(["subtitle"] if mux else [])]
    if not mux:
        words = Path(done.sidecars[0]).read_text()
        assert all(f"Line {number}" in words for number in range(4))


async def test_what_is_there_already_is_finished_afterwards(origin: Origin, stream: Stream, tmp_path: Path) -> None:
    text, _pieces = make_segments(tmp_path / "made", 4)
    url = serve(origin, tmp_path / "made", text, "t", {})
    await stream.run(url)
    await stream.run(url)
    assert stream.planned[1] is True


async def test_a_piece_that_cannot_be_had_ends_the_worker(origin: Origin, stream: Stream, tmp_path: Path) -> None:
    text, pieces = make_segments(tmp_path / "made", 12)
    gone = {pieces[-1].name: [Fault(status=403, before=1.0, times=None)]}
    with pytest.raises(SegmentError):
        await stream.run(serve(origin, tmp_path / "made", text, "t", gone))
    assert stream.planned == [False]


async def test_media_that_is_refused_ends_the_fetching(origin: Origin, stream: Stream, tmp_path: Path) -> None:
    """Sound alone is no episode, and nobody waits for all of it to say so."""
    text, pieces = make_rendition(tmp_path / "made", 30, video=False)
    late = {pieces[-1].name: [Fault(before=60.0, times=None)]}
    with pytest.raises(MediaRefusedError) as caught:
        await stream.run(serve(origin, tmp_path / "made", text, "t", late))
    assert caught.value.reason == "no-video"


async def test_the_time_counts_from_when_all_is_there(tmp_path: Path) -> None:
    _text, pieces = make_segments(tmp_path / "made", 4)
    hidden = pieces[-1].rename(tmp_path / "hidden")
    whole = asyncio.Event()
    working = asyncio.create_task(media.remux(pieces, tmp_path / "out.mkv", whole=whole, timeout=20.0))
    await asyncio.sleep(1.0)
    assert not working.done()
    hidden.rename(pieces[-1])
    whole.set()
    assert (await working).info.duration == pytest.approx(4, abs=0.2)


async def test_a_piece_that_never_comes(tmp_path: Path) -> None:
    _text, pieces = make_segments(tmp_path / "made", 4)
    pieces[-1].unlink()
    whole = asyncio.Event()
    whole.set()
    with pytest.raises(MediaWorkerError, match="longer than"):
        await media.remux(pieces, tmp_path / "out.mkv", whole=whole, timeout=1.0)
