"""The contract of a hoster adapter."""

from typing import Protocol

from aniworld.catalog.types import Link, Stream


class Hoster(Protocol):
    """Turns a link into a stream that can be fetched. Holds no state, may be called concurrently."""

    @property
    def name(self) -> str:
        """What ``Link.kind`` says: ``direct``, ``hls``."""
        ...

    async def resolve(self, link: Link) -> Stream:
        """The stream behind the link. Raises :class:`~aniworld.catalog.errors.CatalogError`."""
        ...
