"""What a Jellyfin server says, as far as it is of use."""

from __future__ import annotations

import logging
import re
from typing import Annotated, Any

import msgspec
from msgspec import Meta

log = logging.getLogger(__name__)

KEY = r"^[A-Za-z0-9_.-]{8,200}$"
"""A token or an API key."""
ID = re.compile(r"[0-9a-fA-F]{32}|[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
"""Names everything there is."""


class Pascal(msgspec.Struct, rename="pascal", frozen=True):
    """Jellyfin's spelling. What is missing or of another type is as if it were not there."""


class User(Pascal, frozen=True):
    """Who has logged in."""

    id: str


class LoggedIn(Pascal, frozen=True):
    """The answer to a login."""

    access_token: Annotated[str, Meta(pattern=KEY)]
    user: User


class Listing(Pascal, frozen=True):
    """A list of items; each is looked at for itself, so that an odd one spoils no other."""

    items: list[Any]


class MediaStream(Pascal, frozen=True):
    """A track of a file."""

    type: str = ""
    language: str | None = None
    index: int | None = None
    is_forced: bool = False
    is_external: bool = False
    """In a file of its own, which does not come with the video."""
    is_text_subtitle_stream: bool = False


class MediaSource(Pascal, frozen=True):
    """A file: an episode may have several versions."""

    id: str
    size: int | None = None
    media_streams: list[MediaStream] = []


class Item(Pascal, frozen=True):
    """A series, a season or an episode."""

    id: str
    name: str | None = None
    overview: str | None = None
    production_year: int | None = None
    premiere_date: str | None = None
    status: str | None = None
    genres: list[str] = []
    image_tags: dict[str, str] = {}
    backdrop_image_tags: list[str] = []
    index_number: int | None = None
    index_number_end: int | None = None
    parent_index_number: int | None = None
    run_time_ticks: int | None = None
    location_type: str | None = None
    can_download: bool | None = None
    media_sources: list[MediaSource] = []


def good(listing: Listing) -> list[Item]:
    """The items that are what they should be."""
    found: list[Item] = []
    for raw in listing.items:
        try:
            item = msgspec.convert(raw, Item)
        except msgspec.ValidationError as error:
            log.debug("An item is left out: %s", error)
            continue
        if ID.fullmatch(item.id):
            found.append(item)
    return found
