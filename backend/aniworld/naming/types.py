"""What a name says."""

from __future__ import annotations

from typing import Literal

import msgspec

from aniworld.kit.schema import Schema

Kind = Literal["episode", "special", "extra", "unknown"]


class Parsed(Schema, frozen=True):
    """What a name is taken for. What the name does not say is None or empty."""

    name: str
    title: str
    year: int | None = None
    season: int | None = None
    """0 holds the specials."""
    episodes: tuple[int, ...] = ()
    """Numbers within the season: the name says of which, or that it means them so (``S02E05``, ``OVA 2``)."""
    absolute: tuple[int, ...] = ()
    """Numbers that are not said to be within a season: over all seasons, or within what the title names."""
    special: bool = False
    """No regular episode: an OVA, a recap, an opening without credits."""
    kind: Kind = "unknown"
    """``extra`` is what nobody misses: openings, trailers, samples."""
    version: int | None = None
    """2 for a ``v2``: a release that was corrected."""
    group: str | None = None
    languages: tuple[str, ...] = ()
    """``audio[+subtitles]`` in BCP 47."""
    rule: str = ""
    """The reason: name of the rule that found the numbers."""


class Numbers(msgspec.Struct, frozen=True):
    """What one rule found, and where: the title ends where it starts."""

    rule: str
    start: int
    end: int
    season: int | None = None
    episodes: tuple[int, ...] = ()
    absolute: tuple[int, ...] = ()
    special: bool = False
    version: int | None = None
