"""Pieces that do not simply follow one another: heads that come again, clocks that begin anew, sound apart."""

from __future__ import annotations

from pathlib import Path

import av
import pytest

from aniworld.media import client as media
from aniworld.media.errors import MediaRefusedError
from tests.media.clips import make_clip, make_rendition, make_segments

FMP4 = {"hls_segment_type": "fmp4"}


def mp4_pieces(directory: Path, seconds: float) -> list[Path]:
    _text, paths = make_segments(directory, seconds, **FMP4)
    return [directory / "init.mp4", *paths]


async def test_the_same_head_comes_again_and_the_clock_begins_anew(tmp_path: Path) -> None:
    """As where an advertisement was cut out: the head is announced again, the times start from nothing."""
    one, two = mp4_pieces(tmp_path / "a", 3), mp4_pieces(tmp_path / "b", 3)
    assert one[0].read_bytes() == two[0].read_bytes()
    done = await media.remux([*one, *two], tmp_path / "out.mkv", expected_duration=6)
    assert done.info.duration == pytest.approx(6, abs=0.2)


async def test_another_head_for_the_same_kind_of_tracks(tmp_path: Path) -> None:
    one, two = mp4_pieces(tmp_path / "a", 3), mp4_pieces(tmp_path / "b", 3)
    data = two[0].read_bytes()
    two[0].write_bytes(data + b"\0\0\0\x0cfreexxxx")  # differs, and says the same
    done = await media.remux([*one, *two], tmp_path / "out.mkv", expected_duration=6)
    assert done.info.duration == pytest.approx(6, abs=0.2)


async def test_tracks_that_change_midway_are_refused(tmp_path: Path) -> None:
    one = mp4_pieces(tmp_path / "a", 3)
    two = make_rendition(tmp_path / "b", 3, audio=False, options=FMP4)[1]
    with pytest.raises(MediaRefusedError) as caught:
        await media.remux([*one, tmp_path / "b" / "init.mp4", *two], tmp_path / "out.mkv")
    assert caught.value.reason == "format-changes"


async def test_transport_pieces_whose_clock_begins_anew(tmp_path: Path) -> None:
    one, two = make_segments(tmp_path / "a", 3)[1], make_segments(tmp_path / "b", 3)[1]
    done = await media.remux([*one, *two], tmp_path / "out.mkv", expected_duration=6)
    assert done.info.duration == pytest.approx(6, abs=0.2)


async def test_picture_and_sound_apart_both_begin_anew(tmp_path: Path) -> None:
    picture = [path for name in "ab" for path in make_rendition(tmp_path / name, 3, audio=False)[1]]
    sound = [path for name in "cd" for path in make_rendition(tmp_path / name, 3, video=False)[1]]
    done = await media.remux(picture, tmp_path / "out.mkv", audio=sound, language="ja", expected_duration=6)
    assert done.info.duration == pytest.approx(6, abs=0.2)
    assert [(stream.kind, stream.language) for stream in done.info.streams] == [("video", None), ("audio", "jpn")]


@pytest.mark.parametrize("tagged", [True, False])
async def test_bare_sound(tmp_path: Path, tagged: bool) -> None:
    picture = make_rendition(tmp_path / "a", 4, audio=False)[1]
    make_clip(tmp_path / "sound.aac", 4, format_="adts", video=False)
    if tagged:
        with av.open(str(picture[0])) as container:
            ticks = (container.start_time or 0) * 90_000 // 1_000_000 + 45_000
        owner = b"com.apple.streaming.transportStreamTimestamp\0" + ticks.to_bytes(8, "big")
        frame = b"PRIV" + len(owner).to_bytes(4, "big") + b"\0\0" + owner
        tag = b"ID3\4\0\0\0\0\0" + bytes([len(frame)]) + frame
        (tmp_path / "sound.aac").write_bytes(tag + (tmp_path / "sound.aac").read_bytes())
    await media.remux(picture, tmp_path / "out.mkv", audio=[tmp_path / "sound.aac"])
    with av.open(str(tmp_path / "out.mkv")) as container:
        first: dict[str, float] = {}
        for packet in container.demux():
            if packet.pts is not None and packet.time_base is not None:
                first.setdefault(packet.stream.type, float(packet.pts * packet.time_base))
    assert first["audio"] - first["video"] == pytest.approx(0.5 if tagged else 0.0, abs=0.1)


async def test_a_whole_file_with_its_sound_in_another(tmp_path: Path) -> None:
    """As a host has it that keeps each quality once."""
    make_clip(tmp_path / "picture.mp4", 4, audio=False)
    make_clip(tmp_path / "sound.m4a", 4, format_="mp4", video=False)
    done = await media.remux(tmp_path / "picture.mp4", tmp_path / "out.mkv", audio=[tmp_path / "sound.m4a"])
    assert [stream.kind for stream in done.info.streams] == ["video", "audio"]
    data = (tmp_path / "sound.m4a").read_bytes()
    (tmp_path / "sound.m4a").write_bytes(data[: len(data) // 2])
    with pytest.raises(MediaRefusedError) as caught:
        await media.remux(tmp_path / "picture.mp4", tmp_path / "out.mkv", audio=[tmp_path / "sound.m4a"])
    assert caught.value.reason == "cut-short"


async def test_what_should_be_sound_holds_none(tmp_path: Path) -> None:
    make_clip(tmp_path / "picture.mp4", 2, audio=False)
    with pytest.raises(MediaRefusedError) as caught:
        await media.remux(tmp_path / "picture.mp4", tmp_path / "out.mkv", audio=[tmp_path / "picture.mp4"])
    assert caught.value.reason == "no-sound"
