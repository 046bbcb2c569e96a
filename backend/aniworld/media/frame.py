"""Takes a picture out of a video. Only runs in the worker."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from aniworld.media.refusal import RefusalError
from aniworld.media.source import open_media
from aniworld.media.types import FrameJob
from aniworld.media.verify import kinds_of

_PLACES = (0.2, 0.4, 0.6, 0.1)
"""Of the duration: where it is looked, in order, until there is something to be seen."""
_MOST_PIXELS = 40_000_000
_LARGEST = 512 * 1024
_MICROSECONDS = 1_000_000
_MOST_PACKETS = 500
"""That are read for one frame."""
_SMALL = (32, 18)
_PLAIN = 12.0
"""How far the light of a frame is from its mean where there is something to be seen (0 to 127)."""


def frame(job: FrameJob) -> bytes:
    """A JPEG, no larger than the job says. Raises :class:`RefusalError`."""
    with open_media(Path(job.path)) as container:
        index = next((index for index, kind in kinds_of(container).items() if kind == "video"), None)
        stream = container.streams[index] if index is not None else None
        if not isinstance(stream, VideoStream) or not stream.width or not stream.height:
            raise RefusalError("no-picture", "There is no picture in the file")
        if stream.width * stream.height > _MOST_PIXELS:
            raise RefusalError("too-large", "The picture is too large")
        stream.codec_context.thread_count = 1
        chosen: VideoFrame | None = None
        for place in _PLACES:
            found = _at(container, stream, place)
            chosen = chosen or found
            if found is not None and _spread(found) >= _PLAIN:
                chosen = found
                break
        if chosen is None:
            raise RefusalError("undecodable", "The picture cannot be decoded")
        return _jpeg(chosen, stream, job)


def _at(container: InputContainer, stream: VideoStream, place: float) -> VideoFrame | None:
    """The first whole picture from there on; None: there is none nearby."""
    begin = container.start_time or 0
    try:
        container.seek(begin + round((container.duration or 0) * place))
        for number, packet in enumerate(container.demux(stream)):
            for found in packet.decode():
                if isinstance(found, VideoFrame):
                    return found
            if number > _MOST_PACKETS:
                break
    except av.error.FFmpegError:
        return None
    return None


def _spread(found: VideoFrame) -> float:
    width, height = _SMALL
    plane = found.reformat(width, height, "gray").planes[0]
    light = bytes(plane)
    rows = b"".join(light[row * plane.line_size :][:width] for row in range(height))
    mean = sum(rows) / len(rows)
    return sum(abs(value - mean) for value in rows) / len(rows)


def _jpeg(found: VideoFrame, stream: VideoStream, job: FrameJob) -> bytes:
    pixel = float(stream.sample_aspect_ratio or 1) or 1.0
    width, height = found.width * pixel, float(found.height)
    scale = min(1.0, job.width / width, job.height / height)
    even = [max(2, round(side * scale / 2) * 2) for side in (width, height)]
    picture = found.reformat(even[0], even[1], "yuvj420p")
    picture.pts = 0
    encoder = av.CodecContext.create("mjpeg", "w")
    encoder.width, encoder.height, encoder.pix_fmt = even[0], even[1], "yuvj420p"
    encoder.time_base = Fraction(1, 25)
    encoder.options = {"qmin": "2", "qmax": "5"}
    data = b"".join(bytes(packet) for packet in (*encoder.encode(picture), *encoder.encode(None)))
    if not data or len(data) > _LARGEST:
        raise RefusalError("too-large", "The picture is too large")
    return data
