"""What descriptions are made of."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Literal

PictureKind = Literal["poster", "fanart", "logo", "banner", "thumb"]

PICTURE_FILES: dict[PictureKind, str] = {
    "poster": "poster.jpg",
    "fanart": "fanart.jpg",
    "logo": "clearlogo.png",
    "banner": "banner.jpg",
    "thumb": "landscape.jpg",
}
"""The names that Jellyfin and Kodi both look for in a series' folder."""

SERIES_NFO = "tvshow.nfo"


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesFacts:
    """What a ``tvshow.nfo`` tells. What is empty is not written, and does not empty what is there."""

    title: str
    plot: str = ""
    year: int | None = None
    premiered: dt.date | None = None
    ongoing: bool | None = None
    """None: not known."""
    genres: tuple[str, ...] = ()
    ids: tuple[tuple[str, str], ...] = ()
    """(service, id), the one that counts first."""
    named_seasons: tuple[tuple[int, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesMarks:
    """By what a ``tvshow.nfo`` says which series it is about."""

    title: str = ""
    year: int | None = None
    ids: tuple[tuple[str, str], ...] = ()
    """(service in lower case, id)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EpisodeFacts:
    """What the description beside an episode tells."""

    series: str
    season: int
    episode: int
    title: str = ""
    aired: dt.date | None = None
    duration: float | None = None
    """Seconds."""
