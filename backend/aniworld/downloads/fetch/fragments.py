"""Fetches a track whose pieces are known already, as from a DASH manifest; they are kept as those of HLS are."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from aniworld.catalog.types import Stream
from aniworld.downloads.fetch.errors import PlaylistError
from aniworld.downloads.fetch.hls import fetch_pieces
from aniworld.downloads.fetch.playlist import MOST_SEGMENTS, MediaPlaylist, Piece, Segment, address
from aniworld.downloads.fetch.types import Fetched, Limits, ProgressSink, Transport
from aniworld.media.containers import Content

_CLOSE = 2.0
"""Seconds by which a length may be wrong and still say something,"""
_CLOSE_PART = 0.02
"""or this part of it, if that is more."""


async def fetch_fragments(
    stream: Stream,
    directory: Path,
    *,
    client: Transport,
    progress: ProgressSink,
    limits: Limits | None = None,
    content: Content = "video",
) -> Fetched:
    """Fetch the pieces into ``directory``, going on with those that an earlier call left there."""
    if not 0 < len(stream.fragments) <= MOST_SEGMENTS:
        raise PlaylistError(f"The stream has {len(stream.fragments)} pieces")
    playlist = MediaPlaylist(
        tuple(Segment(media=Piece(address(piece.url)), duration=piece.duration) for piece in stream.fragments)
    )
    fetched = await fetch_pieces(
        stream,
        playlist,
        directory,
        client=client,
        progress=progress,
        limits=limits or Limits(),
        content=content,
    )
    return dataclasses.replace(fetched, expected_duration=_duration(stream))


def _duration(stream: Stream) -> float | None:
    """Seconds; None where the manifest does not tell. It gives the last piece the length of the others."""
    total = sum(fragment.duration for fragment in stream.fragments)
    doubt = stream.fragments[-1].duration / 2
    return total - doubt if 0 < doubt <= max(_CLOSE, _CLOSE_PART * total) else None
