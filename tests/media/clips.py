"""Makes real, small videos."""

from __future__ import annotations

import array
import math
from pathlib import Path

import av

FPS = 25
RATE = 44_100
_SAMPLES = 1024


def make_clip(
    path: Path,
    seconds: float = 4.0,
    *,
    format_: str | None = None,
    video: bool = True,
    audio: bool = True,
    options: dict[str, str] | None = None,
    silence: tuple[float, float] | None = None,
    b_frames: bool = False,
) -> Path:
    """H.264 and AAC, 160×90; ``silence``: seconds between which neither picture nor sound is written."""
    with av.open(str(path), "w", format=format_, options=options or {}) as target:
        if video:
            picture = target.add_stream("libx264", rate=FPS)
            picture.width, picture.height, picture.pix_fmt = 160, 90, "yuv420p"
            picture.options = {"preset": "ultrafast", "g": str(FPS), **({"bf": "2"} if b_frames else {})}
        if audio:
            sound = target.add_stream("aac", rate=RATE)
            sound.layout = "stereo"
        at = 0
        for number in range(round(seconds * FPS)):
            if silence and silence[0] <= number / FPS < silence[1]:
                continue
            if video:
                target.mux(picture.encode(_frame(number)))
            while audio and at / RATE < (number + 1) / FPS:
                if not (silence and silence[0] <= at / RATE < silence[1]):
                    target.mux(sound.encode(_tone(at)))
                at += _SAMPLES
        if video:
            target.mux(picture.encode(None))
        if audio:
            target.mux(sound.encode(None))
    return path


def _frame(number: int) -> av.VideoFrame:
    frame = av.VideoFrame(160, 90, "yuv420p")
    for index, plane in enumerate(frame.planes):
        row = bytes((number * 3 + x * (index + 1)) & 255 for x in range(plane.line_size))
        plane.update(row * plane.height)
    frame.pts = number
    return frame


def _tone(at: int) -> av.AudioFrame:
    frame = av.AudioFrame(format="fltp", layout="stereo", samples=_SAMPLES)
    wave = array.array("f", (math.sin((at + x) / 20) * 0.3 for x in range(_SAMPLES))).tobytes()
    for plane in frame.planes:
        plane.update(wave)
    frame.sample_rate, frame.pts = RATE, at
    return frame


def make_segments(directory: Path, seconds: float = 6.0, **options: str) -> tuple[str, list[Path]]:
    """An HLS stream in pieces of one second: the playlist and the pieces in order."""
    return make_rendition(directory, seconds, options=options)


def make_rendition(
    directory: Path, seconds: float, *, video: bool = True, audio: bool = True, options: dict[str, str] | None = None
) -> tuple[str, list[Path]]:
    """The same with picture or sound alone."""
    directory.mkdir(exist_ok=True)
    make_clip(
        directory / "media.m3u8",
        seconds,
        format_="hls",
        video=video,
        audio=audio,
        options={"hls_time": "1", "hls_list_size": "0", **(options or {})},
    )
    text = (directory / "media.m3u8").read_text()
    names = [line for line in text.splitlines() if line and not line.startswith("#")]
    return text, [directory / name for name in dict.fromkeys(names)]
