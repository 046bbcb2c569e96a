"""The services that there are."""

from __future__ import annotations

from collections.abc import Callable

from aniworld.config.schemas import MetadataSection
from aniworld.kit.net import HttpClient
from aniworld.metadata.sources.anilist import AniList
from aniworld.metadata.sources.api import Addresses, Api
from aniworld.metadata.sources.fanart import Fanart
from aniworld.metadata.sources.kept import Kept
from aniworld.metadata.sources.line import Line
from aniworld.metadata.sources.pace import Pace
from aniworld.metadata.sources.tmdb import Tmdb
from aniworld.metadata.types import Service


def make(http: HttpClient, kept: Kept, where: Addresses, section: Callable[[], MetadataSection]) -> dict[Service, Api]:
    """All of them, each at its own pace: 30 a minute until AniList says otherwise, about 40 a second at TMDB."""
    anilist = Line("AniList", http, kept, Pace(30, 60.0, 0.2))
    tmdb = Line("TMDB", http, kept, Pace(35, 1.0, 0.0))
    fanart = Line("fanart.tv", http, kept, Pace(10, 1.0, 0.0))
    apis: tuple[Api, ...] = (
        AniList(anilist, where.anilist, section),
        Tmdb(tmdb, where.tmdb, where.tmdb_pictures, section),
        Fanart(fanart, where.fanart, section),
    )
    return {api.service: api for api in apis}
