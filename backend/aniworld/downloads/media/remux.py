"""Puts tracks into another container without touching what they show. Only runs in the worker."""

from __future__ import annotations

import math
import os
from pathlib import Path
from typing import Any

import av
from av.container import InputContainer, OutputContainer
from av.packet import Packet
from av.stream import AttachmentStream, Disposition, Stream

from aniworld.downloads.media.languages import track_languages
from aniworld.downloads.media.refusal import RefusalError
from aniworld.downloads.media.source import open_media
from aniworld.downloads.media.tally import Tally
from aniworld.downloads.media.timeline import Timeline
from aniworld.downloads.media.types import Done, RemuxJob, StreamKind
from aniworld.downloads.media.verify import declared_duration, kinds_of, language_of, require_video, verify

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


def _add_tracks(source: InputContainer, target: OutputContainer, job: RemuxJob) -> tuple[dict[int, Stream], list[str]]:
    """The output's track for each of the input's that it takes, and in words those that it cannot hold."""
    tracks: dict[int, Stream] = {}
    dropped = []
    kinds = kinds_of(source)
    for index, kind in kinds.items():
        stream = source.streams[index]
        codec = stream.codec_context.codec
        if not {codec.name, codec.canonical_name} & target.supported_codecs:
            if kind != "subtitle":
                raise RefusalError("codec", f"{codec.name} cannot be put into {job.container}")
            dropped.append(f"subtitles of kind {codec.name}")
            continue
        track = tracks[index] = target.add_stream_from_template(stream)
        track.disposition = stream.disposition
        if title := stream.metadata.get("title"):
            track.metadata["title"] = title
    _tag(source, tracks, kinds, job)
    if job.container == "matroska":
        for stream in source.streams:
            if isinstance(stream, AttachmentStream):
                _attach(stream, target)
        if chapters := source.chapters():
            target.set_chapters(chapters)
    return tracks, dropped


def _tag(source: InputContainer, tracks: dict[int, Stream], kinds: dict[int, StreamKind], job: RemuxJob) -> None:
    """Say which language a track is in, and which picture and sound to begin with."""
    audio, subtitle = track_languages(job.language, job.container)
    for kind, told in (("video", None), ("audio", audio), ("subtitle", subtitle)):
        mine = [index for index in tracks if kinds[index] == kind]
        for index in mine:
            known = language_of(source.streams[index])
            # Of a single track the caller knows best; among several only the file knows which is which.
            language = (told or known) if len(mine) == 1 else (known or told)
            if language:
                tracks[index].metadata["language"] = language
        if mine and kind != "subtitle" and not any(tracks[i].disposition & Disposition.default for i in mine):
            tracks[mine[0]].disposition |= Disposition.default


def _attach(stream: AttachmentStream, target: OutputContainer) -> None:
    """Fonts that subtitles are set in."""
    data = stream.data
    if stream.name and stream.mimetype and data and len(data) <= _LARGEST_ATTACHMENT:
        target.add_attachment(stream.name, stream.mimetype, data)


def _copy(source: InputContainer, target: OutputContainer, tracks: dict[int, Stream], *, joined: bool) -> Tally:
    tally = Tally()
    timeline = Timeline((source.start_time or 0) / 1_000_000) if joined or source.format.name == "mpegts" else None
    last: dict[int, int] = {}
    kinds = kinds_of(source)
    for packet in source.demux([source.streams[index] for index in kinds]):
        if packet.size == 0 or packet.time_base is None:
            continue
        index = packet.stream.index
        kind = kinds[index]
        _stamp(packet, index, kind, timeline, last)
        assert packet.pts is not None
        start = float(packet.pts * packet.time_base)
        tally.add(kind, start, start + float((packet.duration or 0) * packet.time_base))
        if index in tracks:  # the others are only counted
            packet.stream = tracks[index]
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
