"""The clips: they play, they are whole, and they are served as a good host serves them."""

import asyncio
import contextlib
import io
import re
from fractions import Fraction
from pathlib import Path
from urllib.parse import urljoin

import av
import httpx
import pytest

from aniworld.sample import SampleSource, content
from tests.sample.conftest import SECONDS

pytestmark = pytest.mark.asyncio(loop_scope="session")

WATCHED = [
    (series.slug, season.number, season.episodes[-1 if series.status == "Completed" else 0].number)
    for series in content.SERIES
    for season in series.seasons
]


def link(hoster: str, language: str = "ger-dub", slug: str = "paper-lanterns", season: int = 1, number: int = 1) -> str:
    return next(
        f"/go/{link.id}"
        for link in content.LINKS.values()
        if (link.hoster, link.language.code, link.series.slug) == (hoster, language, slug)
        and (link.season.number, link.episode.number) == (season, number)
    )


def decode(data: bytes) -> tuple[float, float, int, float]:
    """Decodes everything: seconds of video and of sound, number of pictures, swings of the sound a second."""
    pictures, video_end, samples, rate, swings, last = 0, 0.0, 0, 1, 0, 0.0
    with av.open(io.BytesIO(data), "r") as container:
        start = min(Fraction(stream.start_time or 0) * (stream.time_base or 0) for stream in container.streams)
        for frame in container.decode(container.streams.video[0], container.streams.audio[0]):
            assert frame.pts is not None
            if isinstance(frame, av.VideoFrame):
                assert (frame.width, frame.height) == (640, 360)
                pictures += 1
                video_end = max(video_end, float(frame.pts * (frame.time_base or 0) - start + Fraction(1, 15)))
            elif isinstance(frame, av.AudioFrame):
                samples += frame.samples
                rate = frame.sample_rate
                for value in memoryview(bytes(frame.planes[0])).cast("f").tolist()[: frame.samples]:
                    swings += last < 0 <= value
                    last = value
    return video_end, samples / rate, pictures, swings / (samples / rate)


def browser(source: SampleSource) -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=source.url, trust_env=False, timeout=30)


async def follow(client: httpx.AsyncClient, path: str) -> httpx.Response:
    return await client.get(path, follow_redirects=True)


async def fetch_hls(client: httpx.AsyncClient, path: str) -> tuple[bytes, float]:
    """All segments in one, and their length as the playlist says."""
    answer = await follow(client, path)
    assert answer.headers["content-type"] == "application/vnd.apple.mpegurl"
    assert answer.text.startswith("#EXTM3U\n")
    assert 'RESOLUTION=640x360,FRAME-RATE=15,CODECS="avc1.42c01e,mp4a.40.2"' in answer.text
    bandwidth = int(re.findall(r"STREAM-INF:BANDWIDTH=(\d+),", answer.text)[0])
    (variant,) = uris(answer.text)
    media_url = urljoin(str(answer.url), variant)
    media = (await client.get(media_url)).text
    assert "#EXT-X-PLAYLIST-TYPE:VOD\n" in media
    assert media.endswith("#EXT-X-ENDLIST\n")
    lengths = [float(length) for length in re.findall(r"#EXTINF:([\d.]+),", media)]
    parts = []
    for uri, length in zip(uris(media), lengths, strict=True):
        part = await client.get(urljoin(media_url, uri))
        assert part.headers["content-type"] == "video/mp2t"
        assert part.content[0] == part.content[188] == 0x47
        if length == max(lengths):
            assert len(part.content) * 8 / length <= bandwidth * 1.01
        parts.append(part.content)
    return b"".join(parts), sum(lengths)


def uris(playlist: str) -> list[str]:
    return [line for line in playlist.splitlines() if line and not line.startswith("#")]


@pytest.mark.parametrize(("slug", "season", "number"), WATCHED)
@pytest.mark.parametrize("language", ["jpn-eng-sub", "ger-dub"])
async def test_the_mp4_plays(client: httpx.AsyncClient, slug: str, season: int, number: int, language: str) -> None:
    answer = await follow(client, link("Streamline", language, slug, season, number))
    assert answer.headers["content-type"] == "video/mp4"
    video, sound, pictures, _ = await asyncio.to_thread(decode, answer.content)
    assert video == pytest.approx(SECONDS, abs=0.07)
    assert sound == pytest.approx(SECONDS, abs=0.1)
    assert pictures == SECONDS * 15


@pytest.mark.parametrize("language", ["jpn-eng-sub", "ger-dub"])
async def test_the_hls_plays_and_is_the_same_clip(client: httpx.AsyncClient, language: str) -> None:
    joined, told = await fetch_hls(client, link("Rivulet", language))
    assert told == pytest.approx(SECONDS, abs=0.1)
    video, sound, pictures, _ = await asyncio.to_thread(decode, joined)
    assert video == pytest.approx(SECONDS, abs=0.1)
    assert sound == pytest.approx(SECONDS, abs=0.15)
    assert pictures == SECONDS * 15


async def test_languages_sound_different(client: httpx.AsyncClient) -> None:
    tones = []
    for language in ("jpn-eng-sub", "ger-dub"):
        answer = await follow(client, link("Streamline", language))
        tones.append((await asyncio.to_thread(decode, answer.content))[3])
    assert abs(tones[0] - tones[1]) > 5


async def test_the_clip_is_faststart_and_names_itself(client: httpx.AsyncClient) -> None:
    data = (await follow(client, link("Streamline"))).content
    assert 0 < data.index(b"moov") < data.index(b"mdat")
    with av.open(io.BytesIO(data)) as container:
        assert container.metadata["title"] == "Paper Lanterns - S01E01 - First Light on the River"


async def test_a_clip_is_made_once(client: httpx.AsyncClient) -> None:
    path = link("Streamline", slug="clockwork-garden", season=2, number=3)
    answers = await asyncio.gather(*(follow(client, path) for _ in range(6)))
    assert len({answer.content for answer in answers}) == 1
    assert len({answer.headers["etag"] for answer in answers}) == 1


async def test_a_clip_outlives_the_source(tmp_path: Path) -> None:
    tags = []
    for _ in range(2):
        async with SampleSource(tmp_path, seconds=1) as source, httpx.AsyncClient(trust_env=False) as client:
            tags.append((await client.get(source.url + link("Streamline"), follow_redirects=True)).headers["etag"])
    assert tags[0] == tags[1]
    assert not await asyncio.to_thread(lambda: list(tmp_path.glob(".making-*")))


@pytest.mark.parametrize("seconds", [0.5, 2.5])
async def test_other_lengths(tmp_path: Path, seconds: float) -> None:
    async with SampleSource(tmp_path, seconds=seconds) as source, browser(source) as client:
        data = (await follow(client, link("Streamline"))).content
        joined, told = await fetch_hls(client, link("Rivulet"))
    assert decode(data)[0] == pytest.approx(seconds, abs=0.07)
    assert decode(joined)[0] == pytest.approx(seconds, abs=0.1)
    assert told == pytest.approx(seconds, abs=0.1)


class TestRanges:
    async def whole(self, client: httpx.AsyncClient) -> httpx.Response:
        answer = await follow(client, link("Streamline"))
        assert answer.headers["accept-ranges"] == "bytes"
        assert int(answer.headers["content-length"]) == len(answer.content)
        return answer

    @pytest.mark.parametrize(
        ("wanted", "first", "end"),
        [
            ("bytes=0-99", 0, 100),
            ("bytes=1000-", 1000, None),
            ("bytes=-500", -500, None),
            ("bytes=7-99999999999", 7, None),
        ],
    )
    async def test_one_range(self, client: httpx.AsyncClient, wanted: str, first: int, end: int | None) -> None:
        whole = await self.whole(client)
        part = await client.get(whole.url, headers={"Range": wanted})
        expected = whole.content[first:end]
        start = first if first >= 0 else len(whole.content) + first
        assert part.status_code == 206
        assert part.content == expected
        assert part.headers["content-range"] == f"bytes {start}-{start + len(expected) - 1}/{len(whole.content)}"
        assert part.headers["content-length"] == str(len(expected))
        assert part.headers["etag"] == whole.headers["etag"]

    @pytest.mark.parametrize("wanted", ["bytes=5-2", "items=0-1", "bytes=0-1,3-4", "bytes=-", "bytes=a-b"])
    async def test_what_is_no_single_range_is_ignored(self, client: httpx.AsyncClient, wanted: str) -> None:
        whole = await self.whole(client)
        answer = await client.get(whole.url, headers={"Range": wanted})
        assert (answer.status_code, answer.content) == (200, whole.content)

    async def test_beyond_the_end(self, client: httpx.AsyncClient) -> None:
        whole = await self.whole(client)
        for wanted in (f"bytes={len(whole.content)}-", "bytes=-0"):
            answer = await client.get(whole.url, headers={"Range": wanted})
            assert answer.status_code == 416
            assert answer.headers["content-range"] == f"bytes */{len(whole.content)}"

    async def test_if_range(self, client: httpx.AsyncClient) -> None:
        whole = await self.whole(client)
        for validator, status in (
            (whole.headers["etag"], 206),
            (whole.headers["last-modified"], 206),
            ('"other"', 200),
            ("W/" + whole.headers["etag"], 200),
        ):
            answer = await client.get(whole.url, headers={"Range": "bytes=10-19", "If-Range": validator})
            assert answer.status_code == status, validator
            assert answer.content == (whole.content[10:20] if status == 206 else whole.content)

    async def test_head(self, client: httpx.AsyncClient) -> None:
        whole = await self.whole(client)
        head = await client.head(whole.url, headers={"Range": "bytes=0-1"})
        assert (head.status_code, head.content) == (200, b"")
        assert head.headers["content-length"] == whole.headers["content-length"]
        assert head.headers["etag"] == whole.headers["etag"]

    async def test_not_modified(self, client: httpx.AsyncClient) -> None:
        whole = await self.whole(client)
        answer = await client.get(whole.url, headers={"If-None-Match": f'"x", {whole.headers["etag"]}'})
        assert (answer.status_code, answer.content) == (304, b"")


async def test_the_throttle_holds_a_download_back_but_not_the_pages(clip_cache: Path) -> None:
    slow = SampleSource(clip_cache, seconds=SECONDS, bitrate=400_000, throttle=100_000)
    async with slow as source, browser(source) as client:
        loop = asyncio.get_running_loop()
        began, size = loop.time(), 0
        async with client.stream("GET", link("Streamline"), follow_redirects=True) as answer:
            async for chunk in answer.aiter_raw():
                size += len(chunk)
                if size > 60_000:
                    break
        # Only a lower limit: a slow machine makes it slower still.
        assert loop.time() - began >= (size - 5_000) / 100_000 - 0.01
        assert (await client.get("/series/paper-lanterns")).status_code == 200


async def test_leaving_cuts_downloads_and_frees_the_port(clip_cache: Path) -> None:
    source = SampleSource(clip_cache, seconds=SECONDS, bitrate=400_000, throttle=1_000)
    async with contextlib.AsyncExitStack() as stack:
        await stack.enter_async_context(source)
        client = await stack.enter_async_context(browser(source))
        answer = await client.send(client.build_request("GET", link("Streamline")), stream=True, follow_redirects=True)
        assert answer.status_code == 200
        await asyncio.wait_for(source.__aexit__(None, None, None), 5)
        with pytest.raises(httpx.RemoteProtocolError):
            await answer.aread()
        with pytest.raises(httpx.ConnectError):
            await client.get("/")
    async with SampleSource(clip_cache, port=source.port) as again:
        assert again.port == source.port


async def test_a_taken_port_is_told(source: SampleSource, tmp_path: Path) -> None:
    with pytest.raises(OSError, match="in use"):
        async with SampleSource(tmp_path, port=source.port):
            pass
