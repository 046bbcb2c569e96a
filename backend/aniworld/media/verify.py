"""Looks whether a file is a whole video that plays. Only runs in the worker."""

from __future__ import annotations

from pathlib import Path

import av
import av.error
import msgspec
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.stream import Disposition, Stream
from av.subtitles.stream import SubtitleStream
from av.video.stream import VideoStream

from aniworld.media.refusal import RefusalError
from aniworld.media.source import open_media
from aniworld.media.tally import Tally
from aniworld.media.types import MediaInfo, StreamInfo, StreamKind

_MICROSECONDS = 1_000_000
_TRANSFERS = {16: "hdr10", 18: "hlg"}
"""By the numbers of ITU-T H.273: how the light of a picture is written that is brighter than ordinary ones."""
_BEGINNING = 1.0
_ENDING = 2.0
"""Seconds that are decoded."""


def kind_of(stream: Stream) -> StreamKind | None:
    """What a track is to us; None for cover pictures, data and the like, and for what nothing here can read."""
    # The stubs do not say so, but a track of an unknown codec has no context.
    if getattr(stream, "codec_context", None) is None or stream.disposition & Disposition.attached_pic:
        return None
    return stream.type if stream.type in ("video", "audio", "subtitle") else None


def kinds_of(container: InputContainer) -> dict[int, StreamKind]:
    """The tracks that matter, by their number in the file."""
    return {stream.index: kind for stream in container.streams if (kind := kind_of(stream)) is not None}


def language_of(stream: Stream) -> str | None:
    """What the file says; None where it says that it does not know."""
    return stream.language if stream.language not in (None, "und") else None


def describe(container: InputContainer, duration: float | None) -> MediaInfo:
    """What the file holds."""
    return MediaInfo(
        container=container.format.name,
        duration=duration,
        streams=tuple(_describe(container.streams[index], kind) for index, kind in kinds_of(container).items()),
    )


def _describe(stream: Stream, kind: StreamKind) -> StreamInfo:
    info = StreamInfo(kind=kind, codec=stream.codec_context.name, language=language_of(stream))
    if isinstance(stream, VideoStream):
        width, height = stream.width or None, stream.height or None
        return msgspec.structs.replace(info, width=width, height=height, aspect=_aspect(stream), hdr=_hdr(stream))
    if isinstance(stream, AudioStream):
        return msgspec.structs.replace(info, channels=stream.channels or None)
    return info


def _aspect(stream: VideoStream) -> float | None:
    """Width by height as it is shown; None where the pixels are square, as they nearly always are."""
    pixel = stream.sample_aspect_ratio
    if not pixel or pixel == 1 or not stream.width or not stream.height:
        return None
    return round(float(pixel) * stream.width / stream.height, 4)


def _hdr(stream: VideoStream) -> str | None:
    return _TRANSFERS.get(int(stream.codec_context.color_trc))


def declared_duration(container: InputContainer) -> float | None:
    """The length that the file states, in seconds; None where it would be a guess from what is there."""
    if container.duration is None or container.format.name == "mpegts":
        return None
    return container.duration / _MICROSECONDS


def probe(path: Path) -> MediaInfo:
    """What the head of the file tells. Raises :class:`RefusalError`."""
    with open_media(path) as container:
        duration = container.duration / _MICROSECONDS if container.duration is not None else None
        return describe(container, duration)


def verify(path: Path, expected: float | None, tolerance: float | None) -> MediaInfo:
    """Read all of it. Raises :class:`RefusalError` where it is not whole or does not play."""
    with open_media(path) as container:
        require_video(container)
        tally = Tally()
        kinds = kinds_of(container)
        streams = [container.streams[index] for index in kinds]
        seconds = {stream.index: float(stream.time_base or 0) for stream in streams}
        for packet in container.demux(streams):
            time = packet.pts if packet.pts is not None else packet.dts
            if time is None:
                continue
            index = packet.stream_index
            start = time * seconds[index]
            tally.add(kinds[index], start, start + (packet.duration or 0) * seconds[index])
        tally.check(declared=declared_duration(container), expected=expected, tolerance=tolerance)
        info = describe(container, tally.duration)
    _decode(path, tally.duration)
    return info


def verify_written(path: Path, duration: float) -> MediaInfo | None:
    """Look at a file that was just written packet by packet, ``duration`` seconds in all; None: read all of it.

    What went in has been counted, so what it says of itself and how it begins and ends is enough.
    """
    with open_media(path) as container:
        require_video(container)
        declared = declared_duration(container)
        if declared is None or abs(declared - duration) > max(0.5, 0.002 * duration):
            return None
        info = describe(container, duration)
    _decode(path, duration)
    return info


def require_video(container: InputContainer) -> None:
    """Raises :class:`RefusalError` where there is no picture."""
    if "video" not in kinds_of(container).values():
        raise RefusalError("no-video", "The file holds no picture")


def _decode(path: Path, duration: float) -> None:
    """Decode the first and the last seconds of picture and sound."""
    with open_media(path) as container:
        first = {kind: container.streams[index] for index, kind in reversed(kinds_of(container).items())}
        first.pop("subtitle", None)
        start = (container.start_time or 0) / _MICROSECONDS
        for stream in first.values():
            _decode_from(container, stream, start, start + _BEGINNING, "beginning")
    # Opened anew: a decoder that has been flushed does not begin again everywhere.
    with open_media(path) as container:
        kinds = kinds_of(container)
        picture = next(container.streams[index] for index, kind in kinds.items() if kind == "video")
        _decode_from(container, picture, start + max(0.0, duration - _ENDING), None, "end")


def _decode_from(container: InputContainer, stream: Stream, start: float, end: float | None, where: str) -> None:
    """At least one frame must come out, and more frames than errors."""
    if isinstance(stream, SubtitleStream):
        return
    container.seek(round(start * _MICROSECONDS))
    frames = errors = 0
    for packet in container.demux(stream):
        try:
            frames += len(packet.decode())
        except av.error.FFmpegError:
            errors += 1
        if end is None or not frames or packet.pts is None or packet.time_base is None:
            continue
        if float(packet.pts * packet.time_base) > end:
            break
    if frames == 0 or errors > frames:
        what = "picture" if stream.type == "video" else "sound"
        raise RefusalError("undecodable", f"The {what} at the {where} of the file cannot be decoded")
