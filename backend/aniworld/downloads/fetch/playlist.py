"""Reads HLS playlists. Pure; what comes out is bounded and leads to nothing but http(s)."""

from __future__ import annotations

import hashlib
import math
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import m3u8  # type: ignore[import-untyped]
import msgspec

from aniworld.downloads.fetch.errors import PlaylistError, UnsupportedStreamError

MOST_SEGMENTS = 20_000
LONGEST = 48 * 3600.0
"""Seconds."""
_BYTE_RANGE = re.compile(r'"?(\d{1,15})(?:@(\d{1,15}))?"?')
_PICTURE_CODECS = ("avc", "hvc", "hev", "dvh", "dva", "vp0", "vp8", "vp9", "av01", "mp4v")


@dataclass(frozen=True, slots=True)
class Piece:
    """Something to fetch: an address, or a range of bytes there."""

    url: str
    start: int | None = None
    length: int | None = None

    @property
    def identity(self) -> tuple[str, int | None, int | None]:
        """What stays the same when the address is signed anew or comes from another server."""
        return urlsplit(self.url).path, self.start, self.length


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of the video."""

    media: Piece
    duration: float
    """Seconds."""
    init: Piece | None = None
    """What a decoder has to read first."""


@dataclass(frozen=True, slots=True)
class MediaPlaylist:
    """A finished video in pieces."""

    segments: tuple[Segment, ...]

    @property
    def duration(self) -> float:
        """Seconds."""
        return math.fsum(segment.duration for segment in self.segments)

    def fingerprint(self) -> str:
        """Names the pieces and their lengths: the same as long as fetched pieces can be used."""
        plan = [
            (segment.media.identity, round(segment.duration, 3), segment.init.identity if segment.init else None)
            for segment in self.segments
        ]
        return hashlib.sha256(msgspec.json.encode(plan)).hexdigest()


def parse(text: str, url: str, max_height: int | None = None) -> MediaPlaylist | str:
    """The pieces; or, where this is a master playlist, the address of the variant to take.

    That is the one of the highest bandwidth not taller than ``max_height``; if all are taller, the lowest. Raises
    :class:`PlaylistError` and :class:`UnsupportedStreamError`.
    """
    if not text.removeprefix("\ufeff").lstrip().startswith("#EXTM3U"):
        raise PlaylistError("What the host sent is no playlist")
    if text.count("#EXTINF") > MOST_SEGMENTS:
        raise PlaylistError(f"The playlist has more than {MOST_SEGMENTS} pieces")
    try:
        playlist = m3u8.loads(text, uri=url)
        return _choose(playlist, max_height) if playlist.is_variant else _media(playlist)
    except (PlaylistError, UnsupportedStreamError):
        raise
    except Exception as error:  # the parser lets through whatever its input makes it stumble on
        raise PlaylistError(f"The playlist is broken ({type(error).__name__})") from error


def _choose(playlist: Any, max_height: int | None) -> str:
    separate = {
        media.group_id
        for media in playlist.media
        if media.type == "AUDIO" and media.uri
    } - {media.group_id for media in playlist.media if media.type == "AUDIO" and not media.uri}  # fmt: skip
    with_picture = [variant for variant in playlist.playlists if _has_picture(variant.stream_info)]
    variants = [variant for variant in with_picture if variant.stream_info.audio not in separate]
    if not variants:
        if with_picture:
            raise UnsupportedStreamError("Picture and sound are separate streams, which cannot be fetched")
        raise PlaylistError("The playlist lists no video")

    def height(variant: Any) -> int:
        resolution = variant.stream_info.resolution
        return int(resolution[1]) if resolution else 0

    fitting = [variant for variant in variants if max_height is None or height(variant) <= max_height]
    if fitting:
        best = max(fitting, key=lambda variant: (variant.stream_info.bandwidth or 0, height(variant)))
    else:
        best = min(variants, key=lambda variant: (height(variant), -(variant.stream_info.bandwidth or 0)))
    return _address(best.absolute_uri)


def _has_picture(info: Any) -> bool:
    if not info.codecs or info.resolution:
        return True
    return any(codec.strip().lower().startswith(_PICTURE_CODECS) for codec in info.codecs.split(","))


def _media(playlist: Any) -> MediaPlaylist:
    if not playlist.is_endlist and (playlist.playlist_type or "").lower() != "vod":
        raise UnsupportedStreamError("The stream is still running; only finished videos can be fetched")
    if playlist.is_i_frames_only:
        raise UnsupportedStreamError("The playlist holds single pictures only")
    if not playlist.segments:
        raise PlaylistError("The playlist is empty")
    segments = []
    ends: dict[str, int] = {}
    for raw in playlist.segments:
        if raw.key is not None and (raw.key.method or "").upper() != "NONE":
            raise UnsupportedStreamError("The stream is encrypted")
        if raw.gap_tag:
            raise PlaylistError("The host says itself that pieces are missing")
        duration = float(raw.duration)
        if not 0 <= duration <= LONGEST:  # also false for what is no number
            raise PlaylistError("A piece has an impossible length")
        init = raw.init_section
        segments.append(
            Segment(
                media=_piece(raw.absolute_uri, raw.byterange, ends),
                duration=duration,
                init=_piece(init.absolute_uri, init.byterange, {}) if init is not None else None,
            )
        )
    result = MediaPlaylist(tuple(segments))
    if result.duration > LONGEST:
        raise PlaylistError("The playlist is longer than any episode")
    return result


def _piece(uri: str, byte_range: str | None, ends: dict[str, int]) -> Piece:
    """A piece; a range without a start follows the last one of the same address."""
    url = _address(uri)
    if not byte_range:
        return Piece(url)
    match = _BYTE_RANGE.fullmatch(byte_range.strip())
    if match is None or int(match[1]) == 0:
        raise PlaylistError(f"The playlist has an impossible range of bytes ({byte_range[:40]!r})")
    length, start = int(match[1]), int(match[2]) if match[2] is not None else ends.get(url, 0)
    ends[url] = start + length
    return Piece(url, start, length)


def _address(uri: str) -> str:
    if urlsplit(uri).scheme.lower() not in ("http", "https"):
        raise PlaylistError(f"The playlist leads to an address that is not HTTP ({uri[:80]!r})")
    return uri
