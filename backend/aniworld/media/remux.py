"""Puts tracks into another container without touching what they show. Only runs in the worker."""

from __future__ import annotations

import heapq
import os
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import av
from av.container import InputContainer, OutputContainer
from av.stream import AttachmentStream, Disposition, Stream

from aniworld.media import webvtt
from aniworld.media.inputs import Source, Written
from aniworld.media.languages import language_code, track_languages
from aniworld.media.pieces import wait_for
from aniworld.media.refusal import RefusalError
from aniworld.media.tally import Tally
from aniworld.media.timeline import Timeline
from aniworld.media.types import Done, RemuxJob, StreamKind, TextInput
from aniworld.media.verify import (
    declared_duration,
    kinds_of,
    language_of,
    require_video,
    verify,
    verify_written,
)

_OPTIONS = {"matroska": {}, "mp4": {"movflags": "+faststart"}}
_LARGEST_ATTACHMENT = 64 * 1024 * 1024
_LARGEST_TEXT = 64 * 1024 * 1024


@dataclass(slots=True)
class _Track:
    """One track of an input, and where it goes; ``target`` is None for what is only counted."""

    source: int
    stream: Stream
    kind: StreamKind
    target: Stream | None = None


def remux(job: RemuxJob) -> Done:
    """Write the output, synced, and read it through. Raises :class:`RefusalError`, ``OSError`` and ``FFmpegError``."""
    output = Path(job.output)
    with ExitStack() as stack:
        sources = [stack.enter_context(Source([Path(path) for path in job.inputs], coming=job.coming))]
        require_video(sources[0].container)
        if job.audio:
            sources.append(stack.enter_context(Source([Path(path) for path in job.audio], coming=job.coming)))
        start = _one_clock(sources)
        texts = _write_texts(job, start) if job.mux_subtitles else []
        declared = declared_duration(sources[0].container) if sources[0].whole else None
        with av.open(str(output), "w", format=job.container, options=dict(_OPTIONS[job.container])) as target:
            if job.title:
                target.metadata["title"] = job.title
            tracks, dropped = _add_tracks(sources, target, job)
            muxed = _add_texts(stack, texts, target, job) if job.mux_subtitles else []
            tally = _copy(sources, target, tracks, muxed)
    if not job.mux_subtitles:
        texts = _write_texts(job, start)  # not before, for they may come as late as the picture
    # Judged by the input: what is missing there is missing in the output without a trace.
    tally.check(declared=declared, expected=job.expected_duration, tolerance=job.tolerance)
    _sync(output)
    info = verify_written(output, tally.duration) or verify(output, job.expected_duration, job.tolerance)
    if muxed:
        for text in texts:
            Path(text.output).unlink()
        texts = []
    return Done(info=info, dropped=tuple(dropped), sidecars=tuple(text.output for text in texts))


def _one_clock(sources: list[Source]) -> float:
    """Have all go by the video's clock; the time on it, in seconds, that becomes the beginning."""
    video = sources[0]
    for other in sources[1:]:
        other.follow(video.start)
    start = min(source.start for source in sources)
    if len(sources) > 1 or not video.whole or video.container.format.name == "mpegts":
        timeline = Timeline(start)
        for source in sources:
            source.timeline = timeline
        return start
    return 0.0


def _add_tracks(sources: list[Source], target: OutputContainer, job: RemuxJob) -> tuple[list[_Track], list[str]]:
    """The tracks of the inputs, and in words those that the output cannot hold."""
    tracks = [
        _Track(number, source.container.streams[index], kind)
        for number, source in enumerate(sources)
        for index, kind in kinds_of(source.container).items()
        # Where the sound is apart, nothing else is taken from there, and no sound from elsewhere.
        if len(sources) == 1 or (kind == "audio") == (number == 1)
    ]
    if len(sources) > 1 and not any(track.kind == "audio" for track in tracks):
        raise RefusalError("no-sound", "What should hold the sound holds none")
    dropped = []
    for track in tracks:
        codec = track.stream.codec_context.codec
        if not {codec.name, codec.canonical_name} & target.supported_codecs:
            if track.kind != "subtitle":
                raise RefusalError("codec", f"{codec.name} cannot be put into {job.container}")
            dropped.append(f"subtitles of kind {codec.name}")
            continue
        track.target = target.add_stream_from_template(track.stream)
        track.target.disposition = track.stream.disposition
        if title := track.stream.metadata.get("title"):
            track.target.metadata["title"] = title
    _tag(tracks, job)
    if job.container == "matroska":
        _add_the_rest(sources[0].container, target)
    return tracks, dropped


def _add_the_rest(source: InputContainer, target: OutputContainer) -> None:
    """Fonts and chapters."""
    for stream in source.streams:
        if isinstance(stream, AttachmentStream):
            _attach(stream, target)
    if chapters := source.chapters():
        target.set_chapters(chapters)


def _tag(tracks: list[_Track], job: RemuxJob) -> None:
    """Say which language a track is in, and which picture and sound to begin with."""
    audio, subtitle = track_languages(job.language, job.container)
    for kind, told in (("video", None), ("audio", audio), ("subtitle", subtitle)):
        mine = [(track.target, track.stream) for track in tracks if track.kind == kind and track.target is not None]
        for target, stream in mine:
            known = language_of(stream)
            # Of a single track the caller knows best; among several only the file knows which is which.
            language = (told or known) if len(mine) == 1 else (known or told)
            if language:
                target.metadata["language"] = language
        if mine and kind != "subtitle" and not any(target.disposition & Disposition.default for target, _ in mine):
            mine[0][0].disposition |= Disposition.default


def _attach(stream: AttachmentStream, target: OutputContainer) -> None:
    """Fonts that subtitles are set in."""
    data = stream.data
    if stream.name and stream.mimetype and data and len(data) <= _LARGEST_ATTACHMENT:
        target.add_attachment(stream.name, stream.mimetype, data)


def _write_texts(job: RemuxJob, start: float) -> list[TextInput]:
    """Those that hold something."""
    return [text for text in job.subtitles if _write_text(text, start, coming=job.coming)]


def _write_text(text: TextInput, start: float, *, coming: bool) -> bool:
    """Write the subtitles' own file, synced; False: there is nothing in them."""
    output = Path(text.output)
    paths = [Path(path) for path in text.pieces]
    if coming:
        for path in paths:
            wait_for(path)
    if sum(path.stat().st_size for path in paths) > _LARGEST_TEXT:
        raise RefusalError("subtitles", "The subtitles are larger than any are")
    contents = (path.read_bytes().decode("utf-8", "replace") for path in paths)
    joined = webvtt.join(((words, *times) for words, times in zip(contents, text.times, strict=True)), start)
    if joined is None:
        return False
    output.write_text(joined, encoding="utf-8")
    _sync(output)
    return True


def _add_texts(
    stack: ExitStack, texts: list[TextInput], target: OutputContainer, job: RemuxJob
) -> list[Iterator[Written]]:
    """Tracks of subtitles in the output, and their packets; none where it cannot hold such."""
    if "webvtt" not in target.supported_codecs:
        return []
    packets = []
    for text in texts:
        source = stack.enter_context(av.open(text.output, "r", format="webvtt"))
        track = target.add_stream_from_template(source.streams[0])
        if language := language_code(text.language or "", job.container):
            track.metadata["language"] = language
        if text.name:
            track.metadata["title"] = text.name
        if text.forced:
            track.disposition |= Disposition.forced
        packets.append(_text_packets(source, track))
    return packets


def _text_packets(source: InputContainer, track: Stream) -> Iterator[Written]:
    for packet in source.demux(source.streams[0]):
        if packet.pts is not None and packet.size:
            yield float(packet.pts * packet.time_base), packet, track


def _copy(
    sources: list[Source],
    target: OutputContainer,
    tracks: list[_Track],
    texts: list[Iterator[Written]],
) -> Tally:
    """Write all packets in the order of their time."""
    tally = Tally()
    flows = [*texts]
    for number, source in enumerate(sources):
        mine = {track.stream.index: (track.kind, track.target) for track in tracks if track.source == number}
        flows.append(source.packets(mine, tally))
    merged = flows[0] if len(flows) == 1 else heapq.merge(*flows, key=lambda entry: entry[0])
    mux = target.mux_one
    for _time, packet, stream in merged:
        if stream is not None:
            packet.stream = stream
            mux(packet)
    return tally


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
