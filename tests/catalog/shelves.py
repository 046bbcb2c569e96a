"""Sources whose links a test decides; hosters and everything else are the real ones."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, Literal

from aniworld.catalog.errors import CatalogError, NotAtSourceError
from aniworld.catalog.hosters.direct import DirectHoster
from aniworld.catalog.hosters.hls import HlsHoster
from aniworld.catalog.profile import Profile
from aniworld.catalog.registry import Registry
from aniworld.catalog.service import Catalog
from aniworld.catalog.tools import Tools
from aniworld.catalog.types import EpisodeRef, Language, Link, SeriesHit, SeriesInfo
from aniworld.config.service import ConfigService
from aniworld.events.bus import EventBus
from aniworld.kit.net import HttpClient

DE = Language("de")


class ShelfProfile(Profile, frozen=True, kw_only=True):
    """Nothing but its name."""

    kind: Literal["shelf"] = "shelf"


@dataclass
class Shelves:
    """What the sources say."""

    links: dict[str, list[Link] | CatalogError | None] = field(default_factory=dict)
    """By source; None: it never answers."""
    hits: dict[str, list[SeriesHit]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def registry(self) -> Registry:
        """One kind of source, and the hosters there are."""
        shelves = self

        class ShelfProvider:
            kind: ClassVar[str] = "shelf"
            profile: ClassVar[type[Profile]] = ShelfProfile

            def __init__(self, profile: ShelfProfile, _tools: Tools) -> None:
                self.name = profile.name
                self.title = profile.title

            def owns(self, _url: str) -> bool:
                return False

            async def search(self, _query: str) -> list[SeriesHit]:
                return shelves.hits.get(self.name, [])

            async def series(self, provider_key: str) -> SeriesInfo:
                raise NotAtSourceError(provider_key)

            async def links(self, _episode: EpisodeRef, _language: Language) -> list[Link]:
                shelves.asked.append(self.name)
                said = shelves.links.get(self.name, [])
                if said is None:
                    await asyncio.sleep(60)
                    raise AssertionError
                if isinstance(said, CatalogError):
                    raise said
                return said

        return Registry(providers=(ShelfProvider,), hosters=(DirectHoster, HlsHoster))


@contextlib.asynccontextmanager
async def shelves(
    directory: Path, *names: str, allowed: Callable[[], frozenset[str]]
) -> AsyncIterator[tuple[Catalog, Shelves, ConfigService]]:
    """A catalogue of such sources."""
    providers = directory / "providers"
    providers.mkdir(parents=True)
    for name in names:
        (providers / f"{name}.toml").write_text(f'kind = "shelf"\nname = "{name}"\ntitle = "{name.title()}"\n')
    config = ConfigService(directory, EventBus())
    made = Shelves()
    async with HttpClient(allowed_hosts=allowed) as http:
        catalog = Catalog(providers, http, config, made.registry())
        await catalog.load()
        yield catalog, made, config


def link(hoster: str, url: str) -> Link:
    return Link(hoster=hoster, kind="direct", url=url, language=DE)


@contextlib.contextmanager
def nobody() -> Iterator[str]:
    """``host:port`` where connections are refused."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"127.0.0.1:{taken.getsockname()[1]}"


@contextlib.contextmanager
def black_hole() -> Iterator[str]:
    """``host:port`` where a connection is never made: nobody takes the ones that wait, and no more may wait."""
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.socket())
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(4):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(listener.getsockname())
        yield f"127.0.0.1:{listener.getsockname()[1]}"
