"""What every metadata service offers, and where the services live."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from aniworld.metadata.sources.line import Line
from aniworld.metadata.types import Candidate, IdKind, Service, ServiceSeason, ServiceSeries, Wanted


@dataclass(frozen=True, slots=True, kw_only=True)
class Addresses:
    """Where the services live. Other addresses are for tests: nothing that users or services say changes them."""

    anilist: str = "https://graphql.anilist.co"
    tmdb: str = "https://api.themoviedb.org/3"
    tmdb_pictures: str = "https://image.tmdb.org/t/p"
    fanart: str = "https://webservice.fanart.tv/v3.2"
    anime_lists: str = "https://raw.githubusercontent.com/Fribb/anime-lists/master/anime-list-mini.json"


class Api(Protocol):
    """One service. Every verb raises ``ServiceError`` and its kin, never anything of HTTP."""

    service: Service
    title: str
    """For people."""
    homepage: str
    """Where people find it."""
    attribution: str
    """The words that it wants to be shown where its data is; empty: none."""
    needs_key: bool
    searches: bool
    """Whether it can be asked for a title."""
    line: Line

    @property
    def enabled(self) -> bool:
        """Whether the user wants it."""
        ...

    @property
    def ready(self) -> bool:
        """Wanted, and with a key where one is needed."""
        ...

    async def search(self, wanted: Wanted) -> list[Candidate]:
        """What may be meant, rated."""
        ...

    async def series(self, id: str, ids: Mapping[IdKind, str], *, fresh: bool = False) -> ServiceSeries:
        """All about one series; ``fresh``: not from what was kept."""
        ...

    async def order(self, id: str, order: str) -> tuple[ServiceSeason, ...]:
        """Its episodes in another order. Raises ``NotAtServiceError`` where there is none."""
        ...

    async def check(self) -> None:
        """Ask something small, whatever is kept and however it did before."""
        ...
