"""Reads HLS playlists. Pure; what comes out is bounded and leads to nothing but http(s)."""

from __future__ import annotations

import hashlib
import math
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin, urlsplit

import m3u8  # type: ignore[import-untyped]
import msgspec

from aniworld.downloads.fetch.errors import PlaylistError, UnsupportedStreamError
from aniworld.downloads.fetch.variants import Master, choose

MOST_SEGMENTS = 20_000
MOST_VARIANTS = 2_000
"""Pictures, sounds and subtitles to choose from."""
MOST_LINES = 200_000
LONGEST_LINE = 64 * 1024
LONGEST = 48 * 3600.0
"""Seconds."""
_ENDS = "\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029"
"""What ``splitlines`` takes for the end of a line."""
_BYTE_RANGE = re.compile(r'"?(\d{1,15})(?:@(\d{1,15}))?"?')
_ATTRIBUTE = re.compile(r'([A-Z0-9-]{1,40})=("[^"]*"|[^",]*)')
_IV = re.compile(r"0[xX]([0-9a-fA-F]{1,32})")
_LARGEST_SEQUENCE = 2**64


@dataclass(frozen=True, slots=True)
class Key:
    """What a piece is encrypted with: AES-128 in CBC mode."""

    url: str
    iv: bytes


@dataclass(frozen=True, slots=True)
class Piece:
    """Something to fetch: an address, or a range of bytes there."""

    url: str
    start: int | None = None
    length: int | None = None
    key: Key | None = None

    @property
    def identity(self) -> tuple[str | int | None, ...]:
        """What stays the same when the address is signed anew or comes from another server."""
        here = (urlsplit(self.url).path, self.start, self.length)
        return here if self.key is None else (*here, urlsplit(self.key.url).path, self.key.iv.hex())


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


def parse(
    text: str, url: str, max_height: int | None = None, language: str | None = None, *, subtitles: bool = False
) -> MediaPlaylist | Master:
    """The pieces; or, where this is a master playlist, what to take of it (see :func:`variants.choose`).

    Raises :class:`PlaylistError` and :class:`UnsupportedStreamError`.
    """
    if not text.removeprefix("\ufeff").lstrip().startswith("#EXTM3U"):
        raise PlaylistError("What the host sent is no playlist")
    if text.count("#EXTINF") > MOST_SEGMENTS:
        raise PlaylistError(f"The playlist has more than {MOST_SEGMENTS} pieces")
    if text.count("#EXT-X-STREAM-INF") + text.count("#EXT-X-MEDIA:") > MOST_VARIANTS:
        raise PlaylistError(f"The playlist has more than {MOST_VARIANTS} variants")
    # Many small things take many times the memory of the text.
    if sum(map(text.count, _ENDS)) > MOST_LINES or max(map(len, text.splitlines())) > LONGEST_LINE:
        raise PlaylistError(f"The playlist has more than {MOST_LINES} lines, or one that is too long")
    locks = _Locks(url)
    try:
        playlist = m3u8.loads(text, uri=url, custom_tags_parser=locks.see)
        if playlist.is_variant:
            return choose(playlist, max_height, language, subtitles=subtitles)
        return _media(playlist, locks)
    except (PlaylistError, UnsupportedStreamError):
        raise
    except Exception as error:  # the parser lets through whatever its input makes it stumble on
        raise PlaylistError(f"The playlist is broken ({type(error).__name__})") from error


class _Locks:
    """Follows the keys from line to line.

    The parser keeps the last one only; several may hold at once, and an init section is encrypted only where the key
    stands before it.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._now: tuple[dict[str, str], ...] = ()
        self._of_init: tuple[dict[str, str], ...] = ()
        self.seen: list[tuple[tuple[dict[str, str], ...], tuple[dict[str, str], ...]]] = []
        """For each piece: the keys that hold for it, and those that hold for its init section."""

    def see(self, line: str, _number: int, _data: Any, _state: Any) -> bool:
        """Look at one tag. False: the parser is to look at it too."""
        if line.startswith("#EXT-X-KEY:"):
            found = {name: value.strip('"') for name, value in _ATTRIBUTE.findall(line[len("#EXT-X-KEY:") :])}
            others = tuple(key for key in self._now if key.get("KEYFORMAT") != found.get("KEYFORMAT"))
            self._now = () if found.get("METHOD", "").upper() == "NONE" else (*others[:8], found)
        elif line.startswith("#EXT-X-MAP:"):
            self._of_init = self._now
        elif line.startswith("#EXTINF"):
            self.seen.append((self._now, self._of_init))
        return False

    def key(self, keys: tuple[dict[str, str], ...], sequence: int | None) -> Key | None:
        """The key to use. ``sequence``: the number of the piece, which stands for a missing IV."""
        if not keys:
            return None
        for key in keys:
            if key.get("METHOD", "").upper() == "AES-128" and key.get("KEYFORMAT", "identity") == "identity":
                break
        else:
            raise UnsupportedStreamError("The stream is protected by DRM, which cannot be undone here")
        if not key.get("URI"):
            raise PlaylistError("The playlist names an encryption without a key")
        if (text := key.get("IV")) is not None:
            match = _IV.fullmatch(text)
            if match is None:
                raise PlaylistError("The playlist has an impossible initialization vector")
            return Key(address(urljoin(self._url, key["URI"])), int(match[1], 16).to_bytes(16, "big"))
        if sequence is None:
            raise PlaylistError("An encrypted init section has no initialization vector")
        return Key(address(urljoin(self._url, key["URI"])), sequence.to_bytes(16, "big"))


def _media(playlist: Any, locks: _Locks) -> MediaPlaylist:
    if not playlist.is_endlist and (playlist.playlist_type or "").lower() != "vod":
        raise UnsupportedStreamError("The stream is still running; only finished videos can be fetched")
    if playlist.is_i_frames_only:
        raise UnsupportedStreamError("The playlist holds single pictures only")
    if not playlist.segments:
        raise PlaylistError("The playlist is empty")
    if len(locks.seen) != len(playlist.segments):
        raise PlaylistError("The playlist names a length without a piece")
    sequence = playlist.media_sequence or 0
    if not 0 <= sequence < _LARGEST_SEQUENCE:
        raise PlaylistError("The playlist has an impossible number")
    segments = []
    ends: dict[str, int] = {}
    for index, (raw, (keys, keys_of_init)) in enumerate(zip(playlist.segments, locks.seen, strict=True)):
        if raw.gap_tag:
            raise PlaylistError("The host says itself that pieces are missing")
        duration = float(raw.duration)
        if not 0 <= duration <= LONGEST:  # also false for what is no number
            raise PlaylistError("A piece has an impossible length")
        init = raw.init_section
        segments.append(
            Segment(
                media=_piece(raw.absolute_uri, raw.byterange, ends, locks.key(keys, sequence + index)),
                duration=duration,
                init=None
                if init is None
                else _piece(init.absolute_uri, init.byterange, {}, locks.key(keys_of_init, None)),
            )
        )
    result = MediaPlaylist(tuple(segments))
    if result.duration > LONGEST:
        raise PlaylistError("The playlist is longer than any episode")
    return result


def _piece(uri: str, byte_range: str | None, ends: dict[str, int], key: Key | None) -> Piece:
    """A piece; a range without a start follows the last one of the same address."""
    url = address(uri)
    if not byte_range:
        return Piece(url, key=key)
    match = _BYTE_RANGE.fullmatch(byte_range.strip())
    if match is None or int(match[1]) == 0:
        raise PlaylistError(f"The playlist has an impossible range of bytes ({byte_range[:40]!r})")
    length, start = int(match[1]), int(match[2]) if match[2] is not None else ends.get(url, 0)
    ends[url] = start + length
    return Piece(url, start, length, key)


def address(uri: str) -> str:
    """The address of a piece or a key. Raises :class:`PlaylistError` for what is none on the web."""
    try:
        parts = urlsplit(uri)
        fits = parts.scheme.lower() in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        fits = False
    if not fits:
        raise PlaylistError(f"The playlist leads to an address that is not HTTP ({uri[:80]!r})")
    return uri
