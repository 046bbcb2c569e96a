"""The contract of a catalogue source."""

from typing import Protocol

from aniworld.catalog.types import EpisodeRef, Language, Link, SeriesHit, SeriesInfo


class Provider(Protocol):
    """A place that lists series and tells where their episodes can be had.

    A provider holds no state but its HTTP client and its session with the source, may be called concurrently, and
    raises only :class:`~aniworld.catalog.errors.CatalogError`. Everything it returns has passed a schema: text is plain
    text (no markup), numbers are in range, URLs are absolute ``http``/``https`` on the source's own hosts.
    """

    @property
    def name(self) -> str:
        """Unique, stable, URL-safe: stored with every series that came from here."""
        ...

    @property
    def title(self) -> str:
        """For people."""
        ...

    def owns(self, url: str) -> bool:
        """Whether the address is on the source's own hosts, so that a picture may be fetched from it."""
        ...

    async def search(self, query: str) -> list[SeriesHit]:
        """Best match first; empty when nothing matches."""
        ...

    async def series(self, provider_key: str) -> SeriesInfo:
        """The series with all its seasons and episodes. Raises ``NotAtSourceError`` when the key is unknown."""
        ...

    async def links(self, episode: EpisodeRef, language: Language) -> list[Link]:
        """Where the episode can be had in that language, in the source's order. Empty when it is not out."""
        ...
