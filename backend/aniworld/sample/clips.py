"""Makes the clips of the sample source: MP4 (H.264, AAC), and HLS out of it.

Needs PyAV and Pillow; imported only where a clip is made.
"""

from __future__ import annotations

import array
import functools
import math
from fractions import Fraction
from pathlib import Path

import av
from av.audio.stream import AudioStream
from av.video.stream import VideoStream
from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageFont

from aniworld.sample.content import Link
from aniworld.sample.scenes import scene

WIDTH, HEIGHT = 640, 360
FPS = 15
RATE = 32_000
"""Samples of sound a second."""
SEGMENT = 2
"""Seconds from key frame to key frame, and so of an HLS segment."""
PAN = 320
"""Pixels by which the view wanders over the scenery."""
GRAIN = 14.0
"""Strength of the film grain; it is what gives a clip its size."""
NOISE_SPARE = 128

_CHORDS = {"jpn-eng-sub": (220, 277, 330, 440), "ger-dub": (196, 247, 294, 392)}
"""Hz; whole numbers, so that one second of it can be repeated without a click."""


def write_mp4(link: Link, path: Path, *, seconds: float, bitrate: int) -> None:
    """A playable clip of ``seconds`` that shows what it is; ``bitrate`` in bits a second."""
    options = {
        "preset": "ultrafast",
        "g": str(FPS * SEGMENT),
        "sc_threshold": "0",
        "maxrate": str(bitrate),
        "bufsize": str(bitrate),
        "level": "30",  # what CODECS in the HLS playlist says
        "threads": "2",
    }
    with av.open(str(path), "w", format="mp4", options={"movflags": "+faststart"}) as container:
        video = container.add_stream("libx264", rate=FPS, options=options)
        video.width, video.height, video.pix_fmt, video.bit_rate = WIDTH, HEIGHT, "yuv420p", bitrate
        audio = container.add_stream("aac", rate=RATE, layout="mono", options={"aac_coder": "fast"})
        audio.bit_rate = 64_000
        container.metadata["title"] = f"{link.series.title} - {_number(link)} - {link.episode.title}"
        painter = _Painter(link, seconds)
        sound = _second_of_sound(link.language.code) * 2
        played = 0
        for index in range(round(seconds * FPS)):
            container.mux(video.encode(painter.frame(index)))
            while played < (index + 1) * RATE / FPS:
                container.mux(audio.encode(_audio_frame(sound, played, audio.frame_size, round(seconds * RATE))))
                played += audio.frame_size
        container.mux(video.encode(None))
        container.mux(audio.encode(None))


def write_hls(mp4: Path, directory: Path) -> None:
    """The clip ``mp4`` as an HLS presentation in ``directory``: ``master.m3u8``, ``media.m3u8``, ``00000.ts``…"""
    directory.mkdir()
    options = {
        "hls_time": str(SEGMENT),
        "hls_list_size": "0",
        "hls_playlist_type": "vod",
        "hls_flags": "independent_segments",
        "hls_segment_filename": str(directory / "%05d.ts"),
    }
    with av.open(str(mp4)) as source:
        with av.open(str(directory / "media.m3u8"), "w", format="hls", options=options) as target:
            streams = {
                stream.index: target.add_stream_from_template(stream)
                for stream in source.streams
                if isinstance(stream, VideoStream | AudioStream)
            }
            for packet in source.demux():
                if packet.dts is not None:
                    packet.stream = streams[packet.stream.index]
                    target.mux(packet)
        length = (source.duration or av.time_base) / av.time_base
    average = round(mp4.stat().st_size * 8 / length)
    peak = round(max(part.stat().st_size for part in directory.glob("*.ts")) * 8 / min(SEGMENT, length))
    (directory / "master.m3u8").write_text(
        "#EXTM3U\n#EXT-X-VERSION:6\n#EXT-X-INDEPENDENT-SEGMENTS\n"
        f"#EXT-X-STREAM-INF:BANDWIDTH={max(peak, average)},AVERAGE-BANDWIDTH={average},"
        f'RESOLUTION={WIDTH}x{HEIGHT},FRAME-RATE={FPS},CODECS="avc1.42c01e,mp4a.40.2"\n'
        "media.m3u8\n",
        encoding="ascii",
    )


def _number(link: Link) -> str:
    return f"S{link.season.number:02}E{link.episode.number:02}"


@functools.cache
def _second_of_sound(language: str) -> bytes:
    tones = _CHORDS[language]
    return array.array(
        "f",
        (
            # It swells and fades twice a second, gently.
            0.06
            * (1.4 + math.cos(math.tau * 2 * n / RATE))
            * sum(math.sin(math.tau * tone * n / RATE) for tone in tones)
            for n in range(RATE)
        ),
    ).tobytes()


def _audio_frame(sound: bytes, start: int, samples: int, end: int) -> av.AudioFrame:
    """The samples from ``start`` of two seconds of sound that repeat; none after ``end``."""
    samples = max(min(samples, end - start), 1)
    frame = av.AudioFrame("fltp", "mono", samples, align=1)
    frame.sample_rate, frame.pts, frame.time_base = RATE, start, Fraction(1, RATE)
    offset = start % RATE * 4
    frame.planes[0].update(sound[offset : offset + samples * 4].ljust(frame.planes[0].buffer_size, b"\0"))
    return frame


@functools.lru_cache(maxsize=3)
def _scenery(slug: str) -> tuple[Image.Image, Image.Image, Image.Image]:
    """The wide background in planes: luma, and both chroma planes at half the size."""
    luma, *chroma = scene(slug, (WIDTH + PAN, HEIGHT)).convert("YCbCr").split()
    # Video levels: black is 16, white 235.
    luma = luma.point([16 + value * 219 // 255 for value in range(256)])
    half = [plane.reduce(2) for plane in chroma]
    return luma, half[0], half[1]


@functools.cache
def _grain() -> Image.Image:
    # Around zero, modulo 256, and never so strong that a sum with video levels (16 to 235) wraps around.
    noise = Image.effect_noise((WIDTH + NOISE_SPARE, HEIGHT + NOISE_SPARE), GRAIN)
    return noise.point([min(max(value - 128, -16), 20) % 256 for value in range(256)])


_Text = tuple[tuple[float, float], str, str, float]
"""Place, anchor, words, size in pixels."""


class _Overlay:
    """Words on a strip of the picture from ``top`` to ``bottom``, as masks."""

    def __init__(self, top: int, bottom: int, words: list[_Text]) -> None:
        self.top = top
        self.ink = Image.new("L", (WIDTH, bottom - top))
        """The letters."""
        edge = self.ink.copy()
        for image, stroke in ((self.ink, 0), (edge, 2)):
            pen = ImageDraw.Draw(image)
            for (x, y), anchor, text, size in words:
                font = ImageFont.load_default(size)
                pen.text((x, y - top), text, fill=255, font=font, anchor=anchor, stroke_width=stroke)
        self.edge = ImageChops.lighter(edge, edge.filter(ImageFilter.GaussianBlur(3)))
        """Their dark edge."""
        self.grey = self.edge.reduce(2)
        """Where colour is taken away, at half the size."""


class _Painter:
    """Paints the frames of one clip, plane by plane (nothing is converted while encoding)."""

    def __init__(self, link: Link, seconds: float) -> None:
        self._luma, self._blue, self._red = _scenery(link.series.slug)
        self._frames = max(round(seconds * FPS), 1)
        heading: list[_Text] = [
            ((28, 24), "la", link.series.title, 34),
            ((28, 68), "la", f"{_number(link)}  ·  {link.episode.title}", 20),
            ((WIDTH - 28, 30), "ra", link.language.badge, 22),
        ]
        self._heading = _Overlay(10, 104, heading)
        said = link.series.lines if link.language.subtitled else ()
        self._lines = [
            _Overlay(HEIGHT - 72, HEIGHT - 16, [((WIDTH / 2, HEIGHT - 44), "mm", line, 24)]) for line in said
        ]

    def frame(self, index: int) -> av.VideoFrame:
        """The picture number ``index``."""
        x = round(PAN / 2 * (1 - math.cos(math.tau * index / FPS / 20))) // 2 * 2
        luma = self._luma.crop((x, 0, x + WIDTH, HEIGHT))
        left, top = index * 47 % NOISE_SPARE, index * 29 % NOISE_SPARE
        luma = ImageChops.add_modulo(luma, _grain().crop((left, top, left + WIDTH, top + HEIGHT)))
        overlays = [self._heading]
        if self._lines:
            overlays.append(self._lines[index * len(self._lines) // self._frames])
        for overlay in overlays:
            luma.paste(24, (0, overlay.top), overlay.edge)
            luma.paste(235, (0, overlay.top), overlay.ink)
        luma.paste(235, (0, HEIGHT - 4, WIDTH * (index + 1) // self._frames, HEIGHT))
        frame = av.VideoFrame(WIDTH, HEIGHT, "yuv420p")
        planes = [luma]
        for chroma in (self._blue, self._red):
            part = chroma.crop((x // 2, 0, (x + WIDTH) // 2, HEIGHT // 2))
            for overlay in overlays:
                part.paste(128, (0, overlay.top // 2), overlay.grey)
            planes.append(part)
        for plane, image in zip(frame.planes, planes, strict=True):
            # A line of the frame may be longer than the picture is wide.
            plane.update(image.crop((0, 0, plane.line_size, image.height)).tobytes())
        frame.pts, frame.time_base = index, Fraction(1, FPS)
        return frame
