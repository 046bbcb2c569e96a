"""The pieces of one stream as one sequence of packets. Only runs in the worker."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from av.container import InputContainer
from av.packet import Packet
from av.stream import Stream

from aniworld.downloads.media.refusal import RefusalError
from aniworld.downloads.media.source import bare_sound_start, open_media
from aniworld.downloads.media.timeline import Timeline
from aniworld.downloads.media.types import StreamKind

_INIT = (b"ftyp", b"moov")
_LARGEST_INIT = 1024 * 1024
_SAME_CLOCK = 10.0
"""Seconds that picture and sound may begin apart; more, and they do not go by the same clock."""


class Source:
    """One input: a file, or pieces. Its first part is open from the start, so that its tracks can be looked at."""

    def __init__(self, paths: Sequence[Path], number: int) -> None:
        self.pieces = len(paths)
        self._parts = _parts(paths)
        self._first = open_media(self._parts[0], whole=len(paths) == 1)
        self._number = number
        self._shift = bare_sound_start(paths[0]) if self._first.format.name == "aac" else 0.0
        self.timeline: Timeline | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._first.close()

    @property
    def container(self) -> InputContainer:
        """The first part; packets are read by :meth:`packets` only."""
        return self._first

    @property
    def start(self) -> float:
        """The time at which its clock begins, in seconds."""
        return (self._first.start_time or 0) / 1_000_000 + self._shift

    def follow(self, start: float) -> None:
        """Go by the clock of another source, unless this one's has nothing to do with it."""
        if abs(self.start - start) > _SAME_CLOCK:
            self._shift += start - self.start

    def packets(self, kinds: dict[int, StreamKind]) -> Iterator[tuple[float, Packet[Any]]]:
        """Packets of those tracks with the time at which they are decoded, stamped as any container takes them."""
        last: dict[int, int] = {}
        for number, part in enumerate(self._parts):
            container = self._first if number == 0 else open_media(part, whole=False)
            try:
                if number:
                    _require_the_same(self._first, container)
                for packet in container.demux([container.streams[index] for index in kinds]):
                    if packet.size == 0 or packet.time_base is None:
                        continue
                    index = packet.stream.index
                    self._stamp(packet, index, kinds[index], last)
                    assert packet.dts is not None
                    yield float(packet.dts * packet.time_base), packet
            finally:
                if number:
                    container.close()

    def _stamp(self, packet: Packet[Any], index: int, kind: StreamKind, last: dict[int, int]) -> None:
        """Give the packet times that any container takes: both there, and decoding always later than before."""
        base = packet.time_base
        before = last.get(index)
        dts = packet.dts if packet.dts is not None else packet.pts
        pts = packet.pts if packet.pts is not None else packet.dts
        if dts is None or pts is None:
            dts = pts = 0 if before is None else before + max(packet.duration or 0, 1)
        elif self.timeline is not None:
            length = float((packet.duration or 0) * base)
            time = float(dts * base) + self._shift
            track = (self._number, index)
            shift = math.floor((self._shift + self.timeline.shift(track, kind, time, length)) / base + 0.5)
            dts, pts = dts + shift, pts + shift
        if before is not None and dts <= before:
            dts = before + 1
        last[index] = dts
        packet.dts, packet.pts = dts, max(pts, dts)


def _parts(paths: Sequence[Path]) -> list[Sequence[Path]]:
    """Pieces that can be read in one go: FFmpeg reads one head of an MP4 file and passes over those that follow."""
    begins = [0]
    init: bytes | None = None
    kept: list[Path] = []
    for path in paths:
        head = _init(path)
        if head is not None:
            if head == init:
                continue  # the same again, as after a break
            if kept:
                begins.append(len(kept))
            init = head
        kept.append(path)
    begins.append(len(kept))
    return [kept[begin:end] for begin, end in pairwise(begins)]


def _init(path: Path) -> bytes | None:
    """The content of an init section; None for any other piece."""
    with path.open("rb") as stream:
        head = stream.read(8)
        if head[4:8] not in _INIT:
            return None
        rest = stream.read(_LARGEST_INIT)
        # So long a one is a piece with a head of its own, which is never the same as another one.
        return head + (rest if len(rest) < _LARGEST_INIT else os.fsencode(path))


def _require_the_same(first: InputContainer, other: InputContainer) -> None:
    """Raises :class:`RefusalError` where what follows cannot be played as the same tracks."""
    if [_format(stream) for stream in first.streams] != [_format(stream) for stream in other.streams]:
        raise RefusalError("format-changes", "The stream changes its format midway")


def _format(stream: Stream) -> tuple[object, ...]:
    context = getattr(stream, "codec_context", None)
    if context is None:
        return (stream.type,)
    return stream.type, context.name, context.extradata, stream.time_base
