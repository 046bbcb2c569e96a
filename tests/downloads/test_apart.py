"""From a page to a file that plays, by way of yt-dlp: picture and sound that are apart, in files or in pieces."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from aniworld.catalog.hosters.ytdlp import YtdlpHoster
from aniworld.catalog.pages.reader import Reader
from aniworld.catalog.tools import Tools
from aniworld.catalog.types import Fragment, Language, Link, Stream, Subtitle
from aniworld.downloads.fetch.errors import FetchError
from aniworld.downloads.fetch.service import fetch
from aniworld.downloads.fetch.types import Fetched
from aniworld.kit.net.client import HttpClient
from aniworld.media import client as media
from aniworld.media.types import Done
from tests.downloads.fetch.support import QUICK, Sink, video
from tests.media.clips import make_clip, make_rendition
from tests.origin import Body, Fault, Origin

SECONDS = 6.0


@pytest.fixture
async def origin() -> AsyncIterator[Origin]:
    async with Origin() as origin:
        yield origin


@pytest.fixture
async def client(origin: Origin) -> AsyncIterator[HttpClient]:
    async with HttpClient(allowed_hosts=lambda: {f"127.0.0.1:{origin.port}"}) as client:
        yield client


async def resolve(client: HttpClient, url: str, language: str = "ja", height: int | None = None) -> Stream:
    hoster = YtdlpHoster(Tools(client, Reader(), max_height=lambda: height))
    return await hoster.resolve(Link(hoster="Alpha", kind="ytdlp", url=url, language=Language(language)))


def page(origin: Origin, body: str) -> str:
    return origin.add("/watch", Body(f"<html><title>One</title><body>{body}</body></html>".encode(), "text/html"))


def add_dash(origin: Origin, directory: Path) -> str:
    """A manifest with picture and sound apart; its address."""
    directory.mkdir(exist_ok=True)
    make_clip(directory / "v.mpd", SECONDS, format_="dash", options={"seg_duration": "2"})
    for path in directory.iterdir():
        kind = "application/dash+xml" if path.suffix == ".mpd" else "video/mp4"
        origin.add(f"/dash/{path.name}", Body(path.read_bytes(), kind))
    return origin.url("/dash/v.mpd")


async def mux(fetched: Fetched, output: Path, language: str = "ja") -> Done:
    return await media.remux(
        fetched.paths,
        output,
        audio=fetched.audio,
        subtitles=fetched.subtitles,
        language=language,
        expected_duration=fetched.expected_duration or SECONDS,
    )


def kinds(done: Done) -> list[str]:
    return [stream.kind for stream in done.info.streams]


async def test_a_page_with_a_file(origin: Origin, client: HttpClient, tmp_path: Path) -> None:
    data = make_clip(tmp_path / "clip.mp4", SECONDS).read_bytes()
    origin.add("/clip.mp4", Body(data, "video/mp4"))
    stream = await resolve(client, page(origin, '<video src="/clip.mp4"></video>'))
    assert (stream.url, stream.protocol, stream.audio) == (origin.url("/clip.mp4"), "http", None)
    fetched = await fetch(stream, tmp_path / "work", client=client, progress=Sink(), limits=QUICK)
    assert fetched.single
    assert fetched.paths[0].read_bytes() == data
    assert origin.seen("/clip.mp4")[-1].headers["referer"] == origin.url("/watch")


async def test_a_page_with_a_playlist(origin: Origin, client: HttpClient, tmp_path: Path) -> None:
    """yt-dlp finds it; the list of variants goes to our own reader as it is."""
    _text, pieces = make_rendition(tmp_path / "made", SECONDS)
    master = origin.add_hls("/s", [piece.read_bytes() for piece in pieces], seconds=1)
    stream = await resolve(client, page(origin, f'<video><source src="{master}" type="application/x-mpegURL"></video>'))
    assert (stream.url, stream.protocol) == (master, "hls")
    fetched = await fetch(stream, tmp_path / "work", client=client, progress=Sink(), limits=QUICK)
    assert kinds(await mux(fetched, tmp_path / "out.mkv")) == ["video", "audio"]


async def test_a_page_with_a_dash_manifest(origin: Origin, client: HttpClient, tmp_path: Path) -> None:
    manifest = await asyncio.to_thread(add_dash, origin, tmp_path / "dash")
    stream = await resolve(
        client, page(origin, f'<video><source src="{manifest}" type="application/dash+xml"></video>')
    )
    assert stream.protocol == "fragments"
    assert stream.audio is not None
    assert [len(stream.fragments), len(stream.audio.fragments)] == [4, 4]
    sink = Sink()
    fetched = await fetch(stream, tmp_path / "work", client=client, progress=sink, limits=QUICK)
    sizes = [request.sent for request in origin.requests if request.path.endswith(".m4s")]
    assert fetched.bytes == sink.downloaded == sink.totals[-1] == sum(sizes)
    done = await mux(fetched, tmp_path / "out.mkv")
    assert kinds(done) == ["video", "audio"]
    assert done.info.duration == pytest.approx(SECONDS, abs=0.2)


async def test_pieces_that_are_there_are_not_fetched_again(origin: Origin, client: HttpClient, tmp_path: Path) -> None:
    manifest = await asyncio.to_thread(add_dash, origin, tmp_path / "dash")
    stream = await resolve(client, manifest)
    dead = "/dash/chunk-stream1-00003.m4s"
    origin.fail(dead, Fault(status=410, times=None))
    with pytest.raises(FetchError):
        await fetch(stream, tmp_path / "work", client=client, progress=Sink(), limits=QUICK)
    had = list((tmp_path / "work").rglob("*.seg"))
    origin.fail(dead)
    before = len(origin.requests)
    sink = Sink()
    fetched = await fetch(stream, tmp_path / "work", client=client, progress=sink, limits=QUICK)
    again = len(origin.requests) - before
    assert 1 <= again <= 8 - len(had) < 8  # one may have been on its way to the disk
    assert sink.downloaded == fetched.bytes
    assert kinds(await mux(fetched, tmp_path / "out.mkv")) == ["video", "audio"]


async def test_two_files_at_once_and_each_goes_on(origin: Origin, client: HttpClient, tmp_path: Path) -> None:
    picture = make_clip(tmp_path / "picture.mp4", SECONDS, audio=False).read_bytes()
    sound = make_clip(tmp_path / "sound.m4a", SECONDS, video=False, format_="mp4").read_bytes()
    half = [Fault(cut=len(picture) // 2, end="rst"), Fault(status=410, times=None)]
    stream = Stream(
        url=origin.add("/picture.mp4", Body(picture, "video/mp4"), half),
        protocol="http",
        audio=Stream(url=origin.add("/sound.m4a", Body(sound, "audio/mp4")), protocol="http"),
    )
    sink = Sink()
    with pytest.raises(FetchError):
        await fetch(stream, tmp_path / "work", client=client, progress=sink, limits=QUICK)
    origin.fail("/picture.mp4")
    fetched = await fetch(stream, tmp_path / "work", client=client, progress=sink, limits=QUICK)
    assert origin.seen("/picture.mp4")[-1].range is not None
    assert sink.downloaded == sink.totals[-1] == fetched.bytes == len(picture) + len(sound)
    assert not fetched.single
    assert kinds(await mux(fetched, tmp_path / "out.mkv")) == ["video", "audio"]


async def test_two_playlists(origin: Origin, client: HttpClient, tmp_path: Path) -> None:
    def media_list(name: str, *, video: bool) -> str:
        text, pieces = make_rendition(tmp_path / name, SECONDS, video=video, audio=not video)
        for piece in pieces:
            origin.add(f"/{name}/{piece.name}", Body(piece.read_bytes(), "video/mp2t"))
        return origin.add(f"/{name}/list.m3u8", Body(text.encode(), "application/vnd.apple.mpegurl"))

    picture = await asyncio.to_thread(media_list, "picture", video=True)
    sound = await asyncio.to_thread(media_list, "sounds", video=False)
    stream = Stream(url=picture, protocol="hls", audio=Stream(url=sound, protocol="hls"))
    fetched = await fetch(stream, tmp_path / "work", client=client, progress=Sink(), limits=QUICK)
    assert kinds(await mux(fetched, tmp_path / "out.mkv")) == ["video", "audio"]


async def test_one_failed_half_fails_the_whole(origin: Origin, client: HttpClient, tmp_path: Path) -> None:
    picture = make_clip(tmp_path / "picture.mp4", 2, audio=False).read_bytes()
    stream = Stream(
        url=origin.add("/picture.mp4", picture),
        protocol="http",
        audio=Stream(url=origin.url("/nowhere.m4a"), protocol="http"),
    )
    with pytest.raises(FetchError, match="404"):
        await fetch(stream, tmp_path / "work", client=client, progress=Sink(), limits=QUICK)


async def test_addresses_that_run_out_are_replaced_in_both_halves(
    origin: Origin, client: HttpClient, tmp_path: Path
) -> None:
    picture = make_clip(tmp_path / "picture.mp4", SECONDS, audio=False).read_bytes()
    sound = make_clip(tmp_path / "sound.m4a", SECONDS, video=False, format_="mp4").read_bytes()
    origin.add("/picture.mp4", Body(picture, "video/mp4"), [Fault(cut=len(picture) // 2, end="rst")])
    origin.add("/sound.m4a", Body(sound, "audio/mp4"), [Fault(cut=len(sound) // 2, end="rst")])
    asked = 0

    def signed(requests: int | None) -> Stream:
        return Stream(
            url=origin.sign("/picture.mp4", requests=requests),
            protocol="http",
            audio=Stream(url=origin.sign("/sound.m4a", requests=requests), protocol="http"),
        )

    async def renew() -> Stream:
        nonlocal asked
        asked += 1
        return signed(None)

    fetched = await fetch(signed(1), tmp_path / "work", client=client, progress=Sink(), limits=QUICK, renew=renew)
    assert asked == 1
    assert (fetched.paths[0].read_bytes(), fetched.audio[0].read_bytes()) == (picture, sound)


@pytest.mark.parametrize("format_", ["vtt", "srt"])
async def test_subtitles_beside_the_video(origin: Origin, client: HttpClient, tmp_path: Path, format_: str) -> None:
    clip = make_clip(tmp_path / "clip.mp4", SECONDS).read_bytes()
    vtt = "WEBVTT\n\n00:01.000 --> 00:02.000\nHallo\n"
    srt = "\ufeff1\r\n00:00:01,000 --> 00:00:02,000\r\nHallo\r\n\r\n"
    text = origin.add("/de", Body((vtt if format_ == "vtt" else srt).encode(), "text/plain"))
    stream = Stream(
        url=origin.add("/clip.mp4", Body(clip, "video/mp4")),
        protocol="http",
        subtitles=(
            Subtitle(url=text, format="vtt" if format_ == "vtt" else "srt", language="de"),
            Subtitle(url=origin.url("/en"), format="vtt", language="en"),
        ),
    )
    fetched = await fetch(
        stream, tmp_path / "work", client=client, progress=Sink(), limits=QUICK, language="ja+de", subtitles=True
    )
    done = await mux(fetched, tmp_path / "out.mkv", "ja+de")
    (sidecar,) = done.sidecars
    assert sidecar.endswith("out.de.vtt")
    assert "00:00:01.000 --> 00:00:02.000\nHallo" in Path(sidecar).read_text()
    assert not origin.seen("/en")


async def test_subtitles_that_were_asked_for_and_are_a_page(origin: Origin, client: HttpClient, tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "clip.mp4", 2).read_bytes()
    text = origin.add("/de", Body(b"<!DOCTYPE html><html><body>Gone</body></html>", "text/html"))
    stream = Stream(
        url=origin.add("/clip.mp4", Body(clip, "video/mp4")),
        protocol="http",
        subtitles=(Subtitle(url=text, format="vtt", language="de"),),
    )
    for language, fails in (("ja+de", True), (None, False)):
        call = fetch(
            stream,
            tmp_path / str(fails),
            client=client,
            progress=Sink(),
            limits=QUICK,
            language=language,
            subtitles=True,
        )
        if fails:
            with pytest.raises(FetchError):
                await call
        else:
            assert (await call).subtitles == ()


KILLED = """
import asyncio, sys
from pathlib import Path
from urllib.parse import urlsplit
import msgspec
from aniworld.catalog.types import Stream
from aniworld.downloads.fetch.service import fetch
from aniworld.kit.net.client import HttpClient
from tests.downloads.fetch.support import QUICK, Sink

async def main():
    stream = msgspec.json.decode(sys.argv[1], type=Stream)
    async with HttpClient(allowed_hosts=lambda: {urlsplit(stream.url).netloc}) as client:
        await fetch(stream, Path(sys.argv[2]), client=client, progress=Sink(), limits=QUICK)

asyncio.run(main())
"""
MIB = 1024 * 1024


@pytest.mark.parametrize("pieces", [False, True])
async def test_both_halves_go_on_after_a_kill(origin: Origin, client: HttpClient, tmp_path: Path, pieces: bool) -> None:
    """At most 4 MiB, or one piece, of each half is fetched again, beside what was on the way."""
    slow = Fault(chunk=64 * 1024, pause=0.01, times=None)
    halves = [video(seed, size) for seed, size in ((1, 12 * MIB), (2, 6 * MIB))]
    made = []
    for number, data in enumerate(halves):
        parts = (
            [video(seed, MIB) for seed in range(number * 100, number * 100 + len(data) // MIB)] if pieces else [data]
        )
        halves[number] = b"".join(parts)
        urls = [origin.add(f"/{number}/{at}", Body(part), [slow]) for at, part in enumerate(parts)]
        fragments = tuple(Fragment(url=url, duration=1.0) for url in urls) if pieces else ()
        made.append(Stream(url=urls[0], protocol="fragments" if pieces else "http", fragments=fragments))
    stream = msgspec.structs.replace(made[0], audio=made[1])
    total = sum(map(len, halves))
    work = tmp_path / "work"
    for kill in (1, 2):
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", KILLED, msgspec.json.encode(stream), str(work), cwd=Path(__file__).parents[2]
        )
        while sum(request.sent for request in origin.requests) < kill * total // 3 and process.returncode is None:
            await asyncio.sleep(0.01)
        process.kill()
        assert await process.wait() == -9
    for request in list(origin.requests):
        origin.fail(request.path)
    sink = Sink()
    fetched = await fetch(stream, work, client=client, progress=sink, limits=QUICK)
    assert [b"".join(path.read_bytes() for path in paths) for paths in (fetched.paths, fetched.audio)] == halves
    assert sink.downloaded == fetched.bytes == total
    again = sum(request.sent for request in origin.requests) - total
    assert again <= 12 * MIB  # from the beginning both times would be 18
