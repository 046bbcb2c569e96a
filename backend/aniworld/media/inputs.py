"""The pieces of one stream as one sequence of packets. Only runs in the worker."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from av.container import InputContainer
from av.packet import Packet
from av.stream import Stream

from aniworld.media.pieces import Part, Pieces
from aniworld.media.refusal import RefusalError
from aniworld.media.source import bare_sound_start, open_media, open_part
from aniworld.media.tally import Tally
from aniworld.media.timeline import AHEAD, BACK, Clock, Timeline
from aniworld.media.types import StreamKind

_SAME_CLOCK = 10.0
"""Seconds that picture and sound may begin apart; more, and they do not go by the same clock."""
_STRETCH = 0.25
"""Seconds of a track that the tally is told of at once; far less than any hole that it looks for."""

Target = tuple[StreamKind, Stream | None]
"""What a track is, and where it goes; None for what is only counted."""
Written = tuple[float, "Packet[Any]", Stream | None]
"""When a packet is decoded, in seconds, the packet, and where it goes."""


class Source:
    """One input: a file, or pieces. Its first part is open from the start, so that its tracks can be looked at."""

    def __init__(self, paths: Sequence[Path], *, coming: bool = False) -> None:
        """``coming``: they are still being fetched."""
        self.whole = len(paths) == 1
        self._pieces = Pieces(paths, coming=coming)
        self._open: list[InputContainer] = []
        self._parts: list[Part] = []
        first = self._next()
        assert first is not None
        self._first = first
        self._shift = bare_sound_start(paths[0]) if first.format.name == "aac" else 0.0
        self.timeline: Timeline | None = None

    def _next(self) -> InputContainer | None:
        """The next part, opened; the file itself where it is the only one."""
        path = self._pieces.look()
        if path is None:
            return None
        if self.whole:
            self._pieces.take()
            container = open_media(path)
        else:
            part = Part(self._pieces)
            self._parts.append(part)
            container = open_part(part)
        self._open.append(container)
        return container

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for container in self._open:
            container.close()
        for part in self._parts:
            part.close()

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

    def packets(self, targets: dict[int, Target], tally: Tally) -> Iterator[Written]:
        """Packets of those tracks, stamped as any container takes them; the tally is told of each."""
        flows = {index: _Flow(target, self.timeline) for index, target in targets.items()}
        container: InputContainer | None = self._first
        while container is not None:
            yield from self._of_part(container, flows, tally)
            following = self._next()
            if following is not None:
                _require_the_same(self._first, following)
            if container is not self._first:
                self._open.remove(container)
                container.close()
            container = following
        for flow in flows.values():
            tally.add(flow.kind, flow.first, flow.end)

    def _of_part(self, container: InputContainer, flows: dict[int, _Flow], tally: Tally) -> Iterator[Written]:
        # Runs for each of some hundred thousand packets: plain numbers, and as few calls as can be.
        streams = [container.streams[index] for index in flows]
        for stream in streams:
            flows[stream.index].base = float(stream.time_base or 0)
        for packet in container.demux(streams):
            if not packet.size:
                continue
            flow = flows[packet.stream_index]
            dts, pts, length, base = packet.dts, packet.pts, packet.duration or 0, flow.base
            if dts is None:
                dts = pts
            elif pts is None:
                pts = dts
            last = flow.last
            if dts is None or pts is None:
                dts = pts = 0 if last is None else last + max(length, 1)
            elif (clock := flow.clock) is not None:
                time = dts * base + self._shift
                if clock.end - BACK <= time + clock.shift <= clock.end + AHEAD:
                    clock.end = time + clock.shift + length * base
                else:
                    self._jump(flow, clock, time, length * base)
                dts += flow.ticks
                pts += flow.ticks
            if last is not None and dts <= last:
                dts = last + 1
            if pts < dts:
                pts = dts
            flow.last = packet.dts = dts
            packet.pts = pts
            start = pts * base
            if flow.first <= start < flow.first + _STRETCH:
                if (end := start + length * base) > flow.end:
                    flow.end = end
            else:
                tally.add(flow.kind, flow.first, flow.end)
                flow.first, flow.end = start, start + length * base
            yield dts * base, packet, flow.stream

    def _jump(self, flow: _Flow, clock: Clock, time: float, duration: float) -> None:
        """The clock was set anew, or has only begun to run."""
        assert self.timeline is not None
        shift = self._shift + self.timeline.read(clock, time, duration)
        flow.ticks = math.floor(shift / flow.base + 0.5) if flow.base else 0


class _Flow:
    """How far one track has come."""

    __slots__ = ("base", "clock", "end", "first", "kind", "last", "stream", "ticks")

    def __init__(self, target: Target, timeline: Timeline | None) -> None:
        self.kind, self.stream = target
        self.clock = timeline.clock(self.kind) if timeline is not None else None
        self.base = 0.0
        """Seconds of a tick."""
        self.ticks = 0
        """To add to its times at present."""
        self.last: int | None = None
        """When the last packet is decoded."""
        self.first = self.end = math.nan
        """The stretch, in seconds, that the tally has not been told of yet."""


def _require_the_same(first: InputContainer, other: InputContainer) -> None:
    """Raises :class:`RefusalError` where what follows cannot be played as the same tracks."""
    if [_format(stream) for stream in first.streams] != [_format(stream) for stream in other.streams]:
        raise RefusalError("format-changes", "The stream changes its format midway")


def _format(stream: Stream) -> tuple[object, ...]:
    context = getattr(stream, "codec_context", None)
    if context is None:
        return (stream.type,)
    return stream.type, context.name, context.extradata, stream.time_base
