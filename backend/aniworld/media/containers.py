"""What the bytes of a video file tell without a decoder: which container it is, and whether its end is missing."""

from __future__ import annotations

import os
from typing import Literal

Format = Literal["mp4", "matroska", "mpegts", "avi", "flv", "ogg", "aac"]
Content = Literal["video", "sound", "text"]
"""What a piece of a stream is to hold."""

HEAD = 512
"""Bytes from the beginning that :func:`recognise` wants to see."""
PACKET = 188
"""Bytes of one packet of a transport stream."""

_SIGNATURES: dict[bytes, Format] = {b"\x1aE\xdf\xa3": "matroska", b"FLV\x01": "flv", b"OggS": "ogg"}
_BOXES = frozenset(
    {
        b"ftyp",
        b"styp",
        b"moov",
        b"moof",
        b"mdat",
        b"sidx",
        b"wide",
        b"free",
        b"skip",
        b"emsg",
        b"prft",
        b"mfra",
        b"meta",
    }
)
_MOST_BOXES = 100_000
_SEGMENT = b"\x18\x53\x80\x67"
_CLUSTER = b"\x1f\x43\xb6\x75"
"""What the pieces of a Matroska file begin with, after the first one."""


def recognise(head: bytes) -> Format | None:
    """The container that begins like this."""
    if head[4:8] in _BOXES:
        return "mp4"
    if len(head) > PACKET and all(head[at] == 0x47 for at in range(0, min(len(head), HEAD), PACKET)):
        return "mpegts"
    if head.startswith(b"RIFF") and head[8:12] == b"AVI ":
        return "avi"
    return _SIGNATURES.get(head[:4])


def recognise_sound(head: bytes) -> Format | None:
    """The same for sound on its own, which may also come as bare AAC behind a tag that tells its time."""
    # Two bits of the second byte tell the layer, which is always 0 here; MP3 has another one.
    if head.startswith(b"ID3") or (len(head) > 1 and head[0] == 0xFF and head[1] & 0xF6 == 0xF0):
        return "aac"
    return recognise(head)


def recognise_piece(head: bytes, content: Content) -> bool:
    """Whether a piece of a stream begins as one that holds this."""
    if content == "text":
        return head.removeprefix(b"\xef\xbb\xbf").startswith(b"WEBVTT")
    if head.startswith(_CLUSTER):
        return True
    return (recognise(head) if content == "video" else recognise_sound(head)) is not None


def is_cut(descriptor: int, size: int) -> bool:
    """Whether the container's own marks say that the file goes on after its end. Blocks."""
    format_ = recognise(os.pread(descriptor, HEAD, 0))
    if format_ == "mpegts":
        return size % PACKET != 0 or os.pread(descriptor, 1, size - PACKET) != b"\x47"
    if format_ == "mp4":
        return _last_box_is_cut(descriptor, size)
    return format_ == "matroska" and _segment_is_cut(descriptor, size)


def _last_box_is_cut(descriptor: int, size: int) -> bool:
    at = 0
    for _box in range(_MOST_BOXES):
        if at >= size:
            break
        header = os.pread(descriptor, 16, at)
        length = int.from_bytes(header[:4], "big")
        if length == 1:
            length = int.from_bytes(header[8:16], "big")
        if header[4:8] not in _BOXES and length >= 8 and at + length <= size:
            at += length  # of a kind that we do not know
            continue
        if header[4:8] not in _BOXES or length < 8:
            return len(header) < 8  # something that is no box, or one that goes on to the end
        at += length
    return at > size


def _segment_is_cut(descriptor: int, size: int) -> bool:
    """Matroska: the one element that holds everything tells its length, unless it was written live."""
    head = os.pread(descriptor, 4096, 0)
    header_length, at = _number(head, 4)
    if header_length is None:
        return False
    at += header_length
    if head[at : at + 4] != _SEGMENT:
        return False
    length, begin = _number(head, at + 4)
    return length is not None and begin + length > size


def _number(data: bytes, at: int) -> tuple[int | None, int]:
    """An EBML length and the position behind it; None where it is not told."""
    if at >= len(data) or data[at] == 0:
        return None, at
    width = 9 - data[at].bit_length()
    value = int.from_bytes(data[at : at + width], "big") & ((1 << 7 * width) - 1)
    return (None if value == (1 << 7 * width) - 1 else value), at + width
