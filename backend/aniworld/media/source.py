"""Opens media for reading: one file, or pieces that are read as one. Only runs in the worker.

The container is recognised here, by its first bytes, and FFmpeg is given nothing but bytes: it chooses no reader of its
own (some follow addresses and paths that they find in a file) and opens no file and no connection.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import IO

import av
from av.container import InputContainer

from aniworld.media.containers import HEAD, is_cut, recognise_sound
from aniworld.media.pieces import Part
from aniworld.media.refusal import RefusalError

_BUFFER = 1024 * 1024
_TIMESTAMP = b"com.apple.streaming.transportStreamTimestamp\0"


def open_media(path: Path) -> InputContainer:
    """A whole file. Raises :class:`RefusalError` and ``FFmpegError``."""
    stream = path.open("rb", buffering=0)
    try:
        format_ = _format(stream.read(HEAD))
        # A transport stream needs no end to play.
        if format_ != "mpegts" and is_cut(stream.fileno(), os.fstat(stream.fileno()).st_size):
            raise RefusalError("cut-short", "The end of the file is missing")
        stream.seek(0)
        return _open(stream, format_)
    except BaseException:
        stream.close()
        raise


def open_part(part: Part) -> InputContainer:
    """Pieces; who fetched them has looked whether each is whole. Raises :class:`RefusalError` and ``FFmpegError``."""
    with part.first.open("rb") as stream:
        format_ = _format(stream.read(HEAD))
    return _open(part, format_)


def _format(head: bytes) -> str:
    format_ = recognise_sound(head)
    if format_ is None:
        raise RefusalError("not-a-video", "This is no video file of a known kind")
    return format_


def _open(stream: IO[bytes] | Part, format_: str) -> InputContainer:
    return av.open(stream, "r", format=format_, buffer_size=_BUFFER, options={"protocol_whitelist": "none"})


def bare_sound_start(path: Path) -> float:
    """The time, in seconds, that the tag before bare sound gives to its beginning; 0 without one."""
    with path.open("rb") as stream:
        head = stream.read(HEAD)
    at = head.find(_TIMESTAMP)
    ticks = head[at + len(_TIMESTAMP) :][:8]
    return int.from_bytes(ticks, "big") % 2**33 / 90_000 if at >= 0 and len(ticks) == 8 else 0.0
