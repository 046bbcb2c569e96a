"""Puts tracks into another container without touching what they show. Only runs in the worker."""

from __future__ import annotations

import math
import os
from pathlib import Path
from typing import Any

import av
from av.container import InputContainer, OutputContainer
from av.packet import Packet
from av.stream import AttachmentStream, Stream

from aniworld.downloads.media.languages import track_languages
from aniworld.downloads.media.refusal import RefusalError
from aniworld.downloads.media.source import open_media
from aniworld.downloads.media.tally import Tally
from aniworld.downloads.media.timeline import Timeline
from aniworld.downloads.media.types import Done, RemuxJob, StreamKind
from aniworld.downloads.media.verify import declared_duration, kind_of, require_video, verify

_OPTIONS = {"matroska": {}, "mp4": {"movflags": "+faststart"}}
_LARGEST_ATTACHMENT = 64 * 1024 * 1024


def remux(job: RemuxJob) -> Done:
    """Write the output, synced, and read it through. Raises :class:`RefusalError`, ``OSError`` and ``FFmpegError``."""
    output = Path(job.output)
    with open_media([Path(path) for path in job.inputs]) as source:
        require_video(source)
        declared = declared_duration(source) if len(job.inputs) == 1 else None
        with av.open(str(output), "w", format=job.container, options=dict(_OPTIONS[job.container])) as target:
            if job.title:
                target.metadata["title"] = job.title
            tracks, dropped = _add_tracks(source, target, job)
            tally = _copy(source, target, tracks, joined=len(job.inputs) > 1)
    # Judged by the input: what is missing there is missing in the output without a trace.
    tally.check(declared=declared, expected=job.expected_duration, tolerance=job.tolerance)
    _sync(output)
    info = verify(output, job.expected_duration, job.tolerance)
    return Done(info=info, dropped=tuple(dropped))


def _add_tracks(
    source: InputContainer, target: OutputContainer, job: RemuxJob
) -> tuple[dict[int, tuple[Stream, StreamKind]], list[str]]:
    tracks: dict[int, tuple[Stream, StreamKind]] = {}
    dropped = []
    languages = dict(zip(("audio", "subtitle"), track_languages(job.language, job.container), strict=True))
    kinds = {stream.index: kind for stream in source.streams if (kind := kind_of(stream)) is not None}
    for stream in source.streams:
        kind = kinds.get(stream.index)
        if kind is None:
            if isinstance(stream, AttachmentStream) and job.container == "matroska":
                _attach(stream, target)
            continue
        codec = stream.codec_context.name
        if (
            codec not in target.supported_codecs
            and stream.codec_context.codec.canonical_name not in target.supported_codecs
        ):
            if kind != "subtitle":
                raise RefusalError("codec", f"{codec} cannot be put into {job.container}")
            dropped.append(f"subtitles of kind {codec}")
            continue
        track = target.add_stream_from_template(stream)
        known = stream.language if stream.language not in (None, "und") else None
        only = list(kinds.values()).count(kind) == 1
        # Of a single track the caller knows best; among several only the file knows which is which.
        language = (languages.get(kind) if only else None) or known or languages.get(kind)
        if language:
            track.metadata["language"] = language
        tracks[stream.index] = (track, kind)
    if job.container == "matroska" and (chapters := source.chapters()):
        target.set_chapters(chapters)
    return tracks, dropped


def _attach(stream: AttachmentStream, target: OutputContainer) -> None:
    """Fonts that subtitles are set in."""
    data = stream.data
    if stream.name and stream.mimetype and data and len(data) <= _LARGEST_ATTACHMENT:
        target.add_attachment(stream.name, stream.mimetype, data)


def _copy(
    source: InputContainer, target: OutputContainer, tracks: dict[int, tuple[Stream, StreamKind]], *, joined: bool
) -> Tally:
    tally = Tally()
    timeline = Timeline((source.start_time or 0) / 1_000_000) if joined or source.format.name == "mpegts" else None
    last: dict[int, int] = {}
    for packet in source.demux([source.streams[index] for index in tracks]):
        if packet.size == 0 or packet.time_base is None:
            continue
        index = packet.stream.index
        track, kind = tracks[index]
        _stamp(packet, index, kind, timeline, last)
        assert packet.pts is not None
        start = float(packet.pts * packet.time_base)
        tally.add(kind, start, start + float((packet.duration or 0) * packet.time_base))
        packet.stream = track
        target.mux(packet)
    return tally


def _stamp(packet: Packet[Any], index: int, kind: StreamKind, timeline: Timeline | None, last: dict[int, int]) -> None:
    """Give the packet times that any container takes: both there, and decoding always later than before."""
    base = packet.time_base
    before = last.get(index)
    dts = packet.dts if packet.dts is not None else packet.pts
    pts = packet.pts if packet.pts is not None else packet.dts
    if dts is None or pts is None:
        dts = pts = 0 if before is None else before + max(packet.duration or 0, 1)
    elif timeline is not None:
        length = float((packet.duration or 0) * base)
        shift = math.floor(timeline.shift(index, kind, float(dts * base), length) / base + 0.5)
        dts, pts = dts + shift, pts + shift
    if before is not None and dts <= before:
        dts = before + 1
    last[index] = dts
    packet.dts, packet.pts = dts, max(pts, dts)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
