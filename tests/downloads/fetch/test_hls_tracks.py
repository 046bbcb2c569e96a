"""HLS with sound and subtitles apart: all of it fetched, kept, joined at the right time, or the reason told."""

from __future__ import annotations

from pathlib import Path

import av
import pytest

from aniworld.downloads.fetch.errors import SegmentError
from aniworld.downloads.fetch.hls import fetch_hls
from aniworld.downloads.fetch.types import Fetched
from aniworld.kit.net.client import HttpClient
from aniworld.media import client as media
from aniworld.media.types import StreamInfo
from tests.downloads.fetch.support import QUICK, Sink, hls
from tests.media.clips import make_rendition
from tests.origin import Body, Fault, Origin, html_page

COUNT = 6
MASTER = """#EXTM3U
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="Japanese",LANGUAGE="ja",DEFAULT=YES,URI="ja/media.m3u8"
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="Deutsch",LANGUAGE="de",URI="de/media.m3u8"
#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="s",NAME="Deutsch",LANGUAGE="de",URI="text/media.m3u8"
#EXT-X-STREAM-INF:BANDWIDTH=5000000,RESOLUTION=160x90,AUDIO="a",SUBTITLES="s"
v/media.m3u8
"""
KIND = "application/vnd.apple.mpegurl"


def text(number: int, first: int) -> bytes:
    """A piece of subtitles of two seconds; ``first`` is the video's first tick."""
    at = number * 2
    return (
        f"WEBVTT\nX-TIMESTAMP-MAP=MPEGTS:{first},LOCAL:00:00:00.000\n\n"
        f"c{number}\n00:00:{at + 0:02}.500 --> 00:00:{at + 1:02}.500 line:0\nWort {number}\n"
    ).encode()


class Apart:
    """``/m``: picture, two sounds and subtitles."""

    def __init__(self, origin: Origin, client: HttpClient, tmp_path: Path, variant: str) -> None:
        self.origin, self.client, self.directory, self.sink = origin, client, tmp_path / "pieces", Sink()
        options = {"hls_segment_type": "fmp4"} if variant == "fmp4" else {}
        for name, video in (("v", True), ("ja", False), ("de", False)):
            playlist, _paths = make_rendition(tmp_path / name, COUNT, video=video, audio=not video, options=options)
            for path in (tmp_path / name).iterdir():
                origin.add(f"/m/{name}/{path.name}", path.read_bytes())
            origin.add(f"/m/{name}/media.m3u8", Body(playlist.encode(), KIND))
        with (
            av.open(str(next(iter(sorted((tmp_path / "v").glob("*.ts"))))))
            if not options
            else av.open(str(tmp_path / "v" / "media.m3u8")) as first
        ):
            self.first = (first.start_time or 0) * 90_000 // 1_000_000
        lines = "".join(f"#EXTINF:2,\n{number}.vtt\n" for number in range(COUNT // 2))
        for number in range(COUNT // 2):
            origin.add(f"/m/text/{number}.vtt", Body(text(number, self.first), "text/vtt"))
        origin.add("/m/text/media.m3u8", Body(f"#EXTM3U\n{lines}#EXT-X-ENDLIST\n".encode(), KIND))
        self.url = origin.add("/m/master.m3u8", Body(MASTER.encode(), KIND))

    async def run(self, language: str | None = "de+de", *, subtitles: bool = True) -> Fetched:
        self.sink = Sink()
        return await fetch_hls(
            hls(self.url),
            self.directory,
            client=self.client,
            progress=self.sink,
            limits=QUICK,
            language=language,
            subtitles=subtitles,
        )


@pytest.fixture(params=["ts", "fmp4"])
def apart(request: pytest.FixtureRequest, origin: Origin, client: HttpClient, tmp_path: Path) -> Apart:
    return Apart(origin, client, tmp_path, request.param)


@pytest.fixture
def in_ts(origin: Origin, client: HttpClient, tmp_path: Path) -> Apart:
    return Apart(origin, client, tmp_path, "ts")


async def test_picture_sound_and_subtitles_become_one(apart: Apart, tmp_path: Path) -> None:
    fetched = await apart.run()
    assert not [request for request in apart.origin.requests if request.path.startswith("/m/ja/")]
    assert fetched.bytes == apart.sink.downloaded == apart.sink.totals[-1]
    done = await media.remux(
        fetched.paths,
        tmp_path / "out.mkv",
        audio=fetched.audio,
        subtitles=fetched.subtitles,
        language="de+de",
        expected_duration=fetched.expected_duration,
    )
    assert done.info.duration == pytest.approx(COUNT, abs=0.2)
    assert done.info.streams == (
        StreamInfo(kind="video", codec="h264", width=160, height=90),
        StreamInfo(kind="audio", codec="aac", channels=2, language="ger"),
    )
    assert done.sidecars == (str(tmp_path / "out.de.vtt"),)
    cues = (tmp_path / "out.de.vtt").read_text().split("\n\n")
    assert cues[0] == "WEBVTT"
    for number, cue in enumerate(cues[1:]):
        timing, words = cue.strip().split("\n")
        begin, _arrow, _end, settings = timing.split(" ")
        # The sound of a transport stream may begin a frame before the picture.
        assert float(begin.removeprefix("00:00:")) == pytest.approx(number * 2 + 0.5, abs=0.1)
        assert (settings, words) == ("line:0", f"Wort {number}")
    assert together(tmp_path / "out.mkv") < 0.1


def together(path: Path) -> float:
    """Seconds between the beginnings of picture and sound."""
    first: dict[str, float] = {}
    with av.open(str(path)) as container:
        for packet in container.demux():
            if packet.pts is not None and packet.time_base is not None:
                first.setdefault(packet.stream.type, float(packet.pts * packet.time_base))
    return abs(first["video"] - first["audio"])


async def test_subtitles_become_a_track(in_ts: Apart, tmp_path: Path) -> None:
    fetched = await in_ts.run()
    done = await media.remux(
        fetched.paths, tmp_path / "out.mkv", audio=fetched.audio, subtitles=fetched.subtitles, mux_subtitles=True
    )
    assert [(stream.kind, stream.codec) for stream in done.info.streams] == [
        ("video", "h264"),
        ("audio", "aac"),
        ("subtitle", "webvtt"),
    ]
    assert done.info.streams[2].language == "ger"
    assert done.sidecars == ()
    assert not list(tmp_path.glob("*.vtt"))
    with av.open(str(tmp_path / "out.mkv")) as container:
        words = [bytes(packet) for packet in container.demux(container.streams.subtitles[0]) if packet.size]
    assert words == [b"Wort 0", b"Wort 1", b"Wort 2"]
    done = await media.remux(
        fetched.paths,
        tmp_path / "out.mp4",
        container="mp4",
        audio=fetched.audio,
        subtitles=fetched.subtitles,
        mux_subtitles=True,
    )
    assert done.sidecars == (str(tmp_path / "out.de.vtt"),)


async def test_the_default_sound_and_no_subtitles(in_ts: Apart) -> None:
    fetched = await in_ts.run(None, subtitles=False)
    assert len(fetched.audio) >= COUNT - 1
    assert fetched.subtitles == ()
    assert {request.path.split("/")[2] for request in in_ts.origin.requests} == {"master.m3u8", "v", "ja"}


async def test_each_track_is_kept(in_ts: Apart) -> None:
    await in_ts.run()
    before = len(in_ts.origin.requests)
    again = await in_ts.run()
    new = [request.path for request in in_ts.origin.requests[before:]]
    assert all(path.endswith(".m3u8") for path in new)
    assert in_ts.sink.resets[0] == again.bytes
    await in_ts.run("ja+de")
    new = [request.path for request in in_ts.origin.requests[before + len(new) :]]
    assert {path.split("/")[2] for path in new if not path.endswith(".m3u8")} == {"ja"}


@pytest.mark.parametrize(
    ("path", "said"), [("/m/de/media1.ts", "of the sound"), ("/m/text/1.vtt", "Piece 2 of 3 of the subtitles")]
)
async def test_a_piece_of_a_track_that_cannot_be_had_is_named(in_ts: Apart, path: str, said: str) -> None:
    in_ts.origin.fail(path, html_page(times=None))
    with pytest.raises(SegmentError, match=said):
        await in_ts.run()


async def test_a_piece_of_a_track_is_asked_for_again(in_ts: Apart) -> None:
    in_ts.origin.fail("/m/text/1.vtt", html_page(), Fault(body=Body(b"no subtitles", "text/vtt")))
    in_ts.origin.fail("/m/de/media1.ts", Fault(cut=100))
    fetched = await in_ts.run()
    assert fetched.subtitles[0].pieces[1].read_bytes() == text(1, in_ts.first)
