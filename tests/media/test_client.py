"""The media worker on real files: good ones, broken ones and hostile ones."""

from __future__ import annotations

import asyncio
import io
import os
import signal
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import av
import pytest
from av.stream import AttachmentStream, Disposition
from PIL import Image

from aniworld.media import client as media
from aniworld.media.errors import MediaRefusedError, MediaWorkerError
from aniworld.media.types import Container, StreamInfo
from tests.media.clips import make_clip, make_segments

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="session")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """``a.mp4``, ``front.mp4`` (index at the front), ``a.mkv``, ``a.ts``, and pieces ``p/``."""
    directory = tmp_path_factory.mktemp("clips")
    make_clip(directory / "a.mp4")
    make_clip(directory / "front.mp4", options={"movflags": "+faststart"})
    make_clip(directory / "a.mkv", b_frames=True)
    make_clip(directory / "a.ts", format_="mpegts")
    make_segments(directory / "p", 6)
    return directory


def pieces(clips: Path) -> list[Path]:
    return sorted((clips / "p").glob("*.ts"))


@pytest.mark.parametrize(("name", "container"), [("a.mp4", "mp4"), ("a.mkv", "matroska"), ("a.ts", "mpegts")])
async def test_what_a_file_holds(clips: Path, name: str, container: str) -> None:
    for info in (await media.probe(clips / name), await media.verify(clips / name, expected_duration=4)):
        assert info.container == container
        assert info.duration == pytest.approx(4, abs=0.1)
        assert info.streams == (
            StreamInfo(kind="video", codec="h264", width=160, height=90),
            StreamInfo(kind="audio", codec="aac", channels=2),
        )


@pytest.mark.parametrize("name", ["a.mp4", "front.mp4", "a.mkv", "a.ts"])
async def test_a_picture_out_of_a_video(clips: Path, name: str) -> None:
    with Image.open(io.BytesIO(await media.frame(clips / name, 1000, 562))) as whole:
        whole.load()
        assert (whole.format, whole.mode, whole.size) == ("JPEG", "RGB", (160, 90))
        assert len(set(whole.convert("L").tobytes())) > 50, "not a plain one"
    with Image.open(io.BytesIO(await media.frame(clips / name, 80, 80))) as small:
        assert small.size in ((80, 44), (80, 46))


async def test_no_picture_out_of_what_has_none(clips: Path, tmp_path: Path) -> None:
    sound = make_clip(tmp_path / "sound.mp4", 1.0, video=False)
    broken = tmp_path / "broken.mkv"
    broken.write_bytes(b"no video")
    for path in (sound, broken):
        with pytest.raises(MediaRefusedError):
            await media.frame(path, 1000, 562)
    with pytest.raises(FileNotFoundError):
        await media.frame(tmp_path / "nowhere.mkv", 1000, 562)


@pytest.mark.parametrize("name", ["a.mp4", "front.mp4", "a.mkv"])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.999])
async def test_a_file_that_was_cut_short(clips: Path, tmp_path: Path, name: str, share: float) -> None:
    data = (clips / name).read_bytes()
    cut = tmp_path / name
    cut.write_bytes(data[: int(len(data) * share)])
    with pytest.raises(MediaRefusedError) as caught:
        await media.verify(cut)
    assert caught.value.reason == "cut-short"
    assert not caught.value.permanent
    with pytest.raises(MediaRefusedError):
        await media.remux(cut, tmp_path / "out.part")


async def test_a_file_that_ends_between_its_parts_says_more_than_it_holds(clips: Path, tmp_path: Path) -> None:
    """Its end is closed as it should be; only its own length and its packets disagree."""
    data = bytearray((clips / "front.mp4").read_bytes())
    box = data.index(b"mdat") - 4
    kept = (len(data) - box) // 2
    data[box : box + 4] = kept.to_bytes(4, "big")
    (tmp_path / "cut.mp4").write_bytes(data[: box + kept])
    for work in (media.verify(tmp_path / "cut.mp4"), media.remux(tmp_path / "cut.mp4", tmp_path / "out.part")):
        with pytest.raises(MediaRefusedError, match=r"ends after \d\.\d of 4\.0 s"):
            await work


async def test_a_transport_stream_is_held_against_what_is_expected(clips: Path, tmp_path: Path) -> None:
    data = (clips / "a.ts").read_bytes()
    (tmp_path / "cut.ts").write_bytes(data[: len(data) // 2])
    with pytest.raises(MediaRefusedError, match="not 4") as caught:
        await media.verify(tmp_path / "cut.ts", expected_duration=4, tolerance=1)
    assert caught.value.reason == "too-short"
    with pytest.raises(MediaRefusedError) as caught:
        await media.verify(clips / "a.ts", expected_duration=1)
    assert caught.value.reason == "too-long"


async def test_a_missing_piece_is_a_hole(clips: Path, tmp_path: Path) -> None:
    there = pieces(clips)
    with pytest.raises(MediaRefusedError, match=r"1\.0 s are missing at 3\.0 s") as caught:
        await media.remux([*there[:3], *there[4:]], tmp_path / "out.part")
    assert caught.value.reason == "hole"


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("empty", b"", "not-a-video"),
        ("page", b"<!DOCTYPE html><html>", "not-a-video"),
        ("playlist", b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n", "not-a-video"),
        ("list of files", b"ffconcat version 1.0\nfile /etc/passwd\n", "not-a-video"),
        ("text in matroska", b"\x1aE\xdf\xa3" + b"x" * 4000, "damaged"),
        ("zeros in mp4", b"\0\0\0\x10ftypisom\0\0\0\0" + bytes(4000), "damaged"),
        ("packets of nothing", (b"\x47" + bytes(187)) * 50, "no-video"),
    ],
)
async def test_what_is_no_video(tmp_path: Path, name: str, content: bytes, reason: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(MediaRefusedError) as caught:
        await media.verify(tmp_path / name)
    assert caught.value.reason == reason or (reason == "no-video" and caught.value.reason == "damaged")


async def test_sound_alone_is_no_video(tmp_path: Path) -> None:
    make_clip(tmp_path / "sound.ts", 2, format_="mpegts", video=False)
    make_clip(tmp_path / "sound.mkv", 2, video=False)
    for name in ("sound.ts", "sound.mkv"):
        with pytest.raises(MediaRefusedError) as caught:
            await media.verify(tmp_path / name)
        assert caught.value.reason == "no-video"


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv"])
async def test_a_picture_that_cannot_be_decoded(clips: Path, tmp_path: Path, name: str) -> None:
    """All marks of the container are right, the content is noise."""
    data = bytearray((clips / name).read_bytes())
    start = data.index(b"mdat") + 4 if name == "a.mp4" else data.index(b"\x1f\x43\xb6\x75") + 500
    end = data.index(b"moov") - 4 if name == "a.mp4" else len(data) - 2000
    data[start:end] = os.urandom(end - start)
    (tmp_path / name).write_bytes(data)
    with pytest.raises(MediaRefusedError):
        await media.verify(tmp_path / name)


async def test_a_missing_file_is_the_machine_s_fault(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        await media.verify(tmp_path / "missing")


# --- remux ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("container", "language", "tag"),
    [("matroska", "ja+en", "jpn"), ("mp4", "de", "deu"), ("matroska", "de", "ger"), ("mp4", None, None)],
)
@pytest.mark.parametrize("name", ["a.mp4", "a.mkv", "a.ts", "p"])
async def test_another_container(
    clips: Path, tmp_path: Path, name: str, container: Container, language: str | None, tag: str | None
) -> None:
    source = pieces(clips) if name == "p" else clips / name
    seconds = 6 if name == "p" else 4
    output = tmp_path / "out.part"
    output.write_bytes(b"left by somebody" * 100_000)
    done = await media.remux(
        source, output, container=container, language=language, title="Title", expected_duration=seconds
    )
    assert done.info.container.startswith(container)
    assert done.info.duration == pytest.approx(seconds, abs=0.15)
    assert [stream.language for stream in done.info.streams] == [None, tag]
    assert done.dropped == ()
    again = await media.verify(output, expected_duration=seconds, tolerance=0.15)
    assert (again.container, again.streams) == (done.info.container, done.info.streams)
    assert again.duration == pytest.approx(done.info.duration, abs=0.01)
    assert b"Title" in output.read_bytes()


async def test_what_belongs_to_the_video_comes_along(clips: Path, tmp_path: Path) -> None:
    source = with_subtitles(tmp_path / "source.mkv", clips / "a.mkv")
    done = await media.remux(source, tmp_path / "out.part", language="ja+en")
    assert [(stream.kind, stream.language) for stream in done.info.streams] == [
        ("video", None),
        ("audio", "jpn"),
        ("subtitle", "eng"),
    ]
    with av.open(str(tmp_path / "out.part"), format="matroska") as made:
        picture, sound, _text, font = made.streams
        assert picture.disposition & Disposition.default
        assert sound.metadata["title"] == "Main"
        assert isinstance(font, AttachmentStream)
        assert (font.name, font.data) == ("font.ttf", b"font" * 100)
        assert [chapter["metadata"]["title"] for chapter in made.chapters()] == ["Intro"]
    done = await media.remux(source, tmp_path / "out.part", container="mp4")
    assert done.dropped == ("subtitles of kind srt",)


def with_subtitles(path: Path, clip: Path) -> Path:
    """The clip with text that stays longer than the picture, a font and a chapter."""
    text = path.with_suffix(".srt")
    text.write_text("1\n00:00:00,500 --> 00:00:02,000\nHello\n\n2\n00:00:02,500 --> 00:00:09,000\nFor long\n")
    with av.open(str(path), "w") as made, av.open(str(clip)) as source, av.open(str(text)) as lines:
        tracks = [made.add_stream_from_template(stream) for stream in (*source.streams, lines.streams[0])]
        tracks[1].metadata["title"] = "Main"
        made.add_attachment("font.ttf", "font/ttf", b"font" * 100)
        chapter = {"id": 1, "start": 0, "end": 2000, "time_base": Fraction(1, 1000), "metadata": {"title": "Intro"}}
        made.set_chapters([chapter])  # type: ignore[list-item]
        for packet in (*lines.demux(), *source.demux()):
            if packet.size:
                packet.stream = tracks[2] if packet.stream is lines.streams[0] else tracks[packet.stream.index]
                made.mux(packet)
    return path


async def test_clocks_that_start_anew(clips: Path, tmp_path: Path) -> None:
    """Two runs of the same stream behind one another, as around an advertisement."""
    done = await media.remux(pieces(clips) * 2, tmp_path / "out.part", expected_duration=12)
    assert done.info.duration == pytest.approx(12, abs=0.3)
    later = make_segments(tmp_path / "later", 3, output_ts_offset="5000")[1]
    done = await media.remux([*pieces(clips), *later], tmp_path / "out.part", expected_duration=9)
    assert done.info.duration == pytest.approx(9, abs=0.3)


async def test_no_place_for_the_output(clips: Path, tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No space left"):
        await media.remux(clips / "a.mp4", Path("/dev/full"))
    with pytest.raises(FileNotFoundError):
        await media.remux(clips / "a.mp4", tmp_path / "missing" / "out.part")


# --- the process ------------------------------------------------------------------------------------------------


async def test_a_worker_that_takes_too_long(clips: Path) -> None:
    before = children()
    with pytest.raises(MediaWorkerError, match="longer than"):
        await media.verify(clips / "a.mp4", timeout=0.02)
    assert children() == before


async def test_cancelling_ends_the_worker(clips: Path) -> None:
    before = children()
    task = asyncio.create_task(media.verify(clips / "a.mp4"))
    while children() == before:
        await asyncio.sleep(0.001)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert children() == before


async def test_a_worker_that_dies_is_an_error_of_the_file(clips: Path) -> None:
    before = children()
    task = asyncio.create_task(media.verify(clips / "a.mp4"))
    while not (new := children() - before):
        await asyncio.sleep(0.001)
    os.kill(new.pop(), signal.SIGSEGV)
    with pytest.raises(MediaWorkerError, match="SIGSEGV") as caught:
        await task
    assert not caught.value.permanent


async def test_the_worker_dies_with_the_server(clips: Path, tmp_path: Path) -> None:
    """Else it would go on writing into a file that the next server owns."""
    os.mkfifo(tmp_path / "endless.ts")  # reading it waits for ever
    code = (
        "import asyncio, sys; from pathlib import Path; from aniworld.media import client; "
        "asyncio.run(client.verify(Path(sys.argv[1])))"
    )
    server = await asyncio.create_subprocess_exec(sys.executable, "-c", code, str(tmp_path / "endless.ts"), cwd=ROOT)
    while not (workers := children(server.pid)):
        await asyncio.sleep(0.01)
    server.kill()
    await server.wait()
    async with asyncio.timeout(10):
        while any(is_worker(pid) for pid in workers):
            await asyncio.sleep(0.01)


def test_the_server_never_loads_the_library() -> None:
    code = "import sys, aniworld.media.client; sys.exit('av' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False, cwd=ROOT).returncode == 0


def children(parent: int | None = None) -> set[int]:
    """Processes that a process started and that still run."""
    tasks = Path(f"/proc/{parent or os.getpid()}/task")
    return {int(pid) for task in tasks.iterdir() for pid in (task / "children").read_text().split()}


def is_worker(pid: int) -> bool:
    try:
        return b"media.worker" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return False
