"""HLS: every piece is there and whole, or the stream is refused and says which one is not."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from aniworld.downloads.fetch.errors import (
    DiskFullError,
    FetchError,
    HostBusyError,
    NotAVideoError,
    PlaylistError,
    SegmentError,
)
from aniworld.downloads.fetch.hls import fetch_hls
from aniworld.downloads.fetch.types import Fetched, Limits
from aniworld.kit.errors import AppError
from aniworld.kit.net.client import HttpClient
from aniworld.media import client as media
from tests.downloads.fetch.support import QUICK, Sink, hls, label
from tests.media.clips import make_segments
from tests.origin import Body, Fault, Origin, html_page

COUNT = 6


@pytest.fixture(scope="session")
def segments(tmp_path_factory: pytest.TempPathFactory) -> list[bytes]:
    _text, paths = make_segments(tmp_path_factory.mktemp("hls"), COUNT)
    assert len(paths) == COUNT
    return [path.read_bytes() for path in paths]


class Fetcher:
    """Fetches ``/s`` of the origin."""

    def __init__(self, origin: Origin, client: HttpClient, directory: Path, segments: list[bytes]) -> None:
        self.origin = origin
        self.client = client
        self.directory = directory
        self.segments = segments
        self.sink = Sink()

    def serve(self, **faults: list[Fault]) -> str:
        """``n3=[…]`` are the faults of piece 3."""
        numbered = {int(name[1:]): list_ for name, list_ in faults.items()}
        return self.origin.add_hls("/s", self.segments, seconds=1.0, faults=numbered)

    async def run(self, url: str | None = None, limits: Limits = QUICK, max_height: int | None = None) -> Fetched:
        self.sink = Sink()
        return await fetch_hls(
            hls(url or self.origin.url("/s/master.m3u8"), Referer="https://here.example/"),
            self.directory,
            client=self.client,
            progress=self.sink,
            limits=limits,
            max_height=max_height,
        )

    def asked(self, number: int) -> int:
        return len(self.origin.seen(f"/s/{number:05}.ts"))

    def holds(self, fetched: Fetched) -> bool:
        return [path.read_bytes() for path in fetched.paths] == self.segments


@pytest.fixture
def fetcher(origin: Origin, client: HttpClient, tmp_path: Path, segments: list[bytes]) -> Fetcher:
    return Fetcher(origin, client, tmp_path / "pieces", segments)


async def test_a_whole_stream_becomes_a_file_that_plays(fetcher: Fetcher, tmp_path: Path) -> None:
    fetcher.serve()
    fetched = await fetcher.run()
    size = sum(map(len, fetcher.segments))
    assert fetcher.holds(fetched)
    assert fetched.protocol == "hls"
    assert fetched.bytes == size == fetcher.sink.downloaded == fetcher.sink.totals[-1]
    assert fetched.expected_duration == pytest.approx(COUNT)
    assert all(request.headers["referer"] == "https://here.example/" for request in fetcher.origin.requests)
    done = await media.remux(
        fetched.paths, tmp_path / "out.part", language="ja", expected_duration=fetched.expected_duration
    )
    assert done.info.container.startswith("matroska")
    assert done.info.duration == pytest.approx(COUNT, abs=0.2)


@pytest.mark.parametrize(
    "fault",
    [
        Fault(status=404),
        Fault(status=503, retry_after="0", times=3),
        html_page(),
        Fault(cut=1000),
        Fault(cut=1000, end="rst"),
        Fault(cut=1000, end="stall"),
        Fault(length_by=10),
        Fault(body=Body(b"", "video/mp2t")),
        Fault(body=Body(b"\x89PNG" + bytes(900), "image/png")),
        Fault(body=Body(bytes(1880), "video/mp2t")),
        Fault(framing="close", cut=1001),
        Fault(raw=b"nonsense"),
    ],
    ids=label,
)
async def test_a_piece_that_fails_is_asked_for_again(fetcher: Fetcher, fault: Fault) -> None:
    fetcher.serve(n2=[fault])
    fetched = await fetcher.run(limits=Limits(backoff=0.01, idle=0.3, reserve=0))
    assert fetcher.holds(fetched)
    assert fetcher.asked(2) == (fault.times or 0) + 1
    assert fetcher.sink.downloaded == fetched.bytes


async def test_a_piece_whose_end_is_missing(fetcher: Fetcher) -> None:
    fetcher.serve(n3=[Fault(body=Body(fetcher.segments[3][:-100], "video/mp2t"))])
    assert fetcher.holds(await fetcher.run())
    assert fetcher.asked(3) == 2


@pytest.mark.parametrize(
    ("fault", "permanent", "expired", "asked"),
    [
        (Fault(status=404, times=None), False, False, 4),
        (Fault(status=403, times=None), True, True, 1),
        (html_page(times=None), False, False, 4),
        (Fault(status=503, retry_after="60", times=None), False, False, 1),
    ],
    ids=label,
)
async def test_a_piece_that_cannot_be_had_is_named(
    fetcher: Fetcher, fault: Fault, *, permanent: bool, expired: bool, asked: int
) -> None:
    fetcher.serve(n4=[fault])
    with pytest.raises(SegmentError, match="Piece 5 of 6") as caught:
        await fetcher.run()
    assert caught.value.index == 4
    assert caught.value.permanent is permanent
    assert caught.value.expired is expired
    assert caught.value.retry_after == (60 if fault.retry_after else None)
    assert fetcher.asked(4) == asked


async def test_pieces_are_kept(fetcher: Fetcher) -> None:
    fetcher.serve(n5=[Fault(status=403)])
    with pytest.raises(SegmentError):
        await fetcher.run(limits=Limits(segments=1, backoff=0.01, reserve=0))
    there = sorted(path.name for path in fetcher.directory.glob("*.seg"))
    assert there == [f"{number:05}.seg" for number in range(5)]
    (fetcher.directory / "00005.tmp").write_bytes(b"half of it")
    fetched = await fetcher.run()
    assert fetcher.holds(fetched)
    assert [fetcher.asked(number) for number in range(COUNT)] == [1, 1, 1, 1, 1, 2]
    assert fetcher.sink.resets[0] == sum(map(len, fetcher.segments[:5]))
    assert not list(fetcher.directory.glob("*.tmp"))


async def test_a_freshly_signed_playlist_uses_the_pieces(fetcher: Fetcher) -> None:
    fetcher.serve()
    await fetcher.run()
    playlist = fetcher.origin._resources["/s/media.m3u8"].body.data.decode()
    signed = playlist.replace(".ts", ".ts?signature=fresh")
    fetcher.origin.add("/s/media.m3u8", Body(signed.encode(), "application/x-mpegurl"))
    await fetcher.run()
    assert [fetcher.asked(number) for number in range(COUNT)] == [1] * COUNT


async def test_pieces_of_another_playlist_are_not_used(fetcher: Fetcher) -> None:
    fetcher.serve()
    await fetcher.run()
    fetcher.segments = [*fetcher.segments[1:], fetcher.segments[0]]
    fetcher.origin.add_hls("/s", fetcher.segments, seconds=1.001)
    assert fetcher.holds(await fetcher.run())
    fetcher.segments = fetcher.segments[:-1]
    fetcher.origin.add_hls("/s", fetcher.segments, seconds=1.001)
    assert fetcher.holds(await fetcher.run())
    assert len(list(fetcher.directory.glob("*.seg"))) == COUNT - 1


async def test_not_more_than_eight_at_once(fetcher: Fetcher) -> None:
    fetcher.segments = fetcher.segments * 5
    fetcher.origin.add_hls(
        "/s", fetcher.segments, seconds=1, faults={number: [Fault(before=0.05)] for number in range(30)}
    )
    assert fetcher.holds(await fetcher.run())
    assert fetcher.origin.peak == 8


async def test_cancelling_leaves_whole_pieces_only(fetcher: Fetcher) -> None:
    fetcher.serve(n3=[Fault(cut=5000, end="stall")])
    task = asyncio.create_task(fetcher.run())
    while len(list(fetcher.directory.glob("*.seg"))) < COUNT - 1:
        await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    for path in fetcher.directory.glob("*.seg"):
        assert path.read_bytes() == fetcher.segments[int(path.stem)]
    assert fetcher.holds(await fetcher.run())
    assert [fetcher.asked(number) for number in range(COUNT)] == [1, 1, 1, 2, 1, 1]


async def test_the_size_is_estimated(fetcher: Fetcher) -> None:
    fetcher.serve(n5=[Fault(status=403)])
    with pytest.raises(SegmentError):
        await fetcher.run(limits=Limits(segments=1, backoff=0.01, reserve=0))
    told = [total for total in fetcher.sink.totals if total]
    size = sum(map(len, fetcher.segments))
    assert told
    assert told[-1] == pytest.approx(size, rel=0.2)


async def test_no_space(fetcher: Fetcher) -> None:
    fetcher.serve()
    with pytest.raises(DiskFullError):
        await fetcher.run(limits=Limits(reserve=10**18))


# --- playlists --------------------------------------------------------------------------------------------------


async def serve_text(fetcher: Fetcher, text: str, path: str = "/p.m3u8") -> str:
    return fetcher.origin.add(path, Body(text.encode(), "application/vnd.apple.mpegurl", ranges=False))


@pytest.mark.parametrize("variant", ["fmp4", "single", "fmp4-single"])
async def test_other_shapes_of_a_stream(fetcher: Fetcher, tmp_path: Path, variant: str) -> None:
    """MP4 pieces behind an init section, and pieces that are ranges of one file."""
    options = {"hls_segment_type": "fmp4"} if "fmp4" in variant else {}
    if "single" in variant:
        options["hls_flags"] = "single_file"
    text, _pieces = make_segments(tmp_path / "made", 4, **options)
    for path in (tmp_path / "made").iterdir():
        fetcher.origin.add(f"/x/{path.name}", path.read_bytes())
    fetched = await fetcher.run(await serve_text(fetcher, text, "/x/media.m3u8"))
    assert ("init" in fetched.paths[0].name) == ("fmp4" in variant)
    done = await media.remux(
        fetched.paths, tmp_path / "out.part", container="mp4", expected_duration=fetched.expected_duration
    )
    assert done.info.duration == pytest.approx(4, abs=0.2)


async def test_a_range_that_is_not_honoured(fetcher: Fetcher, tmp_path: Path) -> None:
    text, pieces = make_segments(tmp_path / "made", 3, hls_flags="single_file")
    for fault in (
        Fault(ignore_range=True, times=None),
        Fault(start_by=188, times=None),
        Fault(at_most=188, times=None),
    ):
        fetcher.origin.add(f"/x/{pieces[0].name}", Body(pieces[0].read_bytes(), "video/mp2t"), [fault])
        with pytest.raises(SegmentError, match="part"):
            await fetcher.run(await serve_text(fetcher, text, "/x/media.m3u8"))


@pytest.mark.parametrize(
    ("fault", "error", "said"),
    [
        (Fault(status=404, times=None), FetchError, "404"),
        (Fault(status=503, times=None), HostBusyError, "503"),
        (html_page(times=None), NotAVideoError, "human"),
        (Fault(body=Body(b"\x1a\x45\xdf\xa3" * 200), times=None), PlaylistError, "no playlist"),
        (Fault(body=Body(b"#EXTM3U\n" + b"#" * 5_000_000), times=None), AppError, "larger"),
    ],
    ids=label,
)
async def test_a_playlist_that_cannot_be_had(fetcher: Fetcher, fault: Fault, error: type[AppError], said: str) -> None:
    url = fetcher.origin.add("/p.m3u8", faults=[fault])
    with pytest.raises(error, match=said):
        await fetcher.run(url)


async def test_a_playlist_that_comes_at_the_second_try(fetcher: Fetcher) -> None:
    fetcher.serve()
    fetcher.origin.fail("/s/media.m3u8", Fault(cut=100), Fault(gzip=True))
    assert fetcher.holds(await fetcher.run())


async def test_a_list_of_lists_of_lists(fetcher: Fetcher) -> None:
    url = await serve_text(fetcher, "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\np.m3u8\n")
    with pytest.raises(PlaylistError, match="another list"):
        await fetcher.run(url)


async def test_pieces_elsewhere_get_no_referer(fetcher: Fetcher) -> None:
    fetcher.serve()
    there = fetcher.origin.url("/s/", host="localhost")
    text = "#EXTM3U\n#EXT-X-TARGETDURATION:1\n" + "".join(
        f"#EXTINF:1,\n{there}{number:05}.ts\n" for number in range(COUNT)
    )
    assert fetcher.holds(await fetcher.run(await serve_text(fetcher, text + "#EXT-X-ENDLIST\n")))
    assert all("referer" not in request.headers for request in fetcher.origin.requests if request.path != "/p.m3u8")
