"""What the server and the media worker say to each other. Light: neither PyAV nor anything of the server."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from aniworld.kit.schema import Schema

Container = Literal["matroska", "mp4"]
StreamKind = Literal["video", "audio", "subtitle"]


class StreamInfo(Schema, frozen=True):
    """One picture, sound or subtitle track."""

    kind: StreamKind
    codec: str
    language: str | None = None
    """ISO 639-2, where the file tells."""
    width: int | None = None
    height: int | None = None
    channels: int | None = None
    aspect: float | None = None
    """Width by height as it is to be shown, where its pixels are not square."""
    hdr: str | None = None
    """``hdr10`` or ``hlg``; None: it is not told, or an ordinary picture."""


class MediaInfo(Schema, frozen=True):
    """What a file holds."""

    container: str
    duration: float | None
    """Seconds: measured where the file was read through, else as it says itself."""
    streams: tuple[StreamInfo, ...]


class ProbeJob(Schema, frozen=True, tag="probe"):
    """Look at the head of a file."""

    path: str


class VerifyJob(Schema, frozen=True, tag="verify"):
    """Read a file through, and decode its beginning and its end."""

    path: str
    expected_duration: float | None = None
    tolerance: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TextTrack:
    """Subtitles in WebVTT, in pieces."""

    pieces: tuple[Path, ...]
    times: tuple[tuple[float, float], ...]
    """When each piece begins and ends, by the playlist (seconds)."""
    language: str | None = None
    """BCP 47, where the playlist tells."""
    name: str | None = None
    forced: bool = False


class TextInput(Schema, frozen=True):
    """Subtitles in pieces of WebVTT, to become one file."""

    pieces: tuple[str, ...]
    times: tuple[tuple[float, float], ...]
    """When each piece begins and ends, in seconds from the beginning of the video."""
    output: str
    language: str | None = None
    """BCP 47."""
    name: str | None = None
    forced: bool = False


class RemuxJob(Schema, frozen=True, tag="remux"):
    """Put tracks into another container as they are, then verify the result."""

    inputs: tuple[str, ...]
    output: str
    container: Container
    coming: bool = False
    """Not all inputs are there yet; each that has its name is whole."""
    audio: tuple[str, ...] = ()
    """The sound, where it is apart; what the inputs hold of it is then left out."""
    subtitles: tuple[TextInput, ...] = ()
    mux_subtitles: bool = False
    """Put them into the output too, where it can hold them; their own files are then removed."""
    language: str | None = None
    title: str | None = None
    expected_duration: float | None = None
    tolerance: float | None = None


class FrameJob(Schema, frozen=True, tag="frame"):
    """Take a picture out of a video."""

    path: str
    width: int
    height: int
    """What it is to fit into; it is never made larger."""


Job = ProbeJob | VerifyJob | RemuxJob | FrameJob


class Done(Schema, frozen=True, tag="done"):
    """It is as it should be."""

    info: MediaInfo
    dropped: tuple[str, ...] = ()
    """Tracks that the container cannot hold, in words."""
    sidecars: tuple[str, ...] = ()
    """The files of subtitles beside the output."""


class Framed(Schema, frozen=True, tag="framed"):
    """A picture out of the video."""

    data: bytes
    """A JPEG."""


class Refused(Schema, frozen=True, tag="refused"):
    """The media is not good; why, as a word and as a sentence."""

    reason: str
    message: str


class DiskTrouble(Schema, frozen=True, tag="disk"):
    """The machine is at fault, not the media."""

    number: int
    """``errno``."""
    file: str | None = None


Answer = Done | Framed | Refused | DiskTrouble
