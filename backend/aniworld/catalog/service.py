"""What the rest of the program asks sources and hosters through."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

from aniworld.catalog import profile as profiles
from aniworld.catalog.errors import (
    CatalogError,
    InvalidPluginError,
    InvalidProfileError,
    NotAtSourceError,
    SourceUnreachableError,
    UnknownProviderError,
    from_net,
)
from aniworld.catalog.failover import order
from aniworld.catalog.pages.reader import Reader
from aniworld.catalog.provider import Provider
from aniworld.catalog.registry import Registry
from aniworld.catalog.tools import Tools
from aniworld.catalog.types import EpisodeRef, Language, Link, SeriesHit, SeriesInfo, Stream
from aniworld.config.service import ConfigService
from aniworld.kit.net import IMAGE, HttpClient
from aniworld.kit.net.errors import NetError

log = logging.getLogger(__name__)

SEARCH_SECONDS = 10.0
"""For each source; one that takes longer counts as failed and keeps nobody waiting."""
MAX_PROFILES = 200


class Catalog:
    """All sources that ``directory`` describes (``*.toml``), and all hosters. Raises ``CatalogError`` only."""

    def __init__(
        self, directory: Path, client: HttpClient, config: ConfigService, registry: Registry | None = None
    ) -> None:
        self._directory = directory
        self._registry = registry or Registry()
        self._client = client
        self._config = config
        self._tools = Tools(client, Reader(), max_height=lambda: config.current.downloads.max_height)
        self._hosters = self._registry.make_hosters(self._tools)
        self._providers: dict[str, Provider] = {}
        self.problems: tuple[CatalogError, ...] = self._registry.problems
        """Installed packages and profiles that could not be used when they were last read."""

    async def load(self) -> None:
        """Read the profiles, at the start and again whenever they have changed. A wrong one is told and left out."""
        found, problems = await asyncio.to_thread(_read, self._directory, self._registry)
        providers: dict[str, Provider] = {}
        for file, profile in found:
            if profile.name in providers:
                problems.append(InvalidProfileError(f"{file}, name: there is another source named {profile.name!r}"))
                continue
            try:
                providers[profile.name] = self._registry.make_provider(profile, self._tools)
            except InvalidPluginError as error:
                problems.append(error)
        for problem in problems:
            log.warning("A source is left out: %s", problem.detail)
        self._providers, self.problems = providers, (*self._registry.problems, *problems)

    def providers(self) -> list[Provider]:
        """The sources that are asked: all but those that the configuration switches off."""
        off = self._config.current.providers.disabled
        return [provider for name, provider in self._providers.items() if name not in off]

    def provider(self, name: str) -> Provider:
        """The source of that name. Raises ``UnknownProviderError``."""
        if name not in self._providers:
            raise UnknownProviderError(f"There is no source named {name[:100]!r}")
        if name in self._config.current.providers.disabled:
            raise UnknownProviderError(f"The source {self._providers[name].title} is switched off")
        return self._providers[name]

    async def search(
        self, query: str, provider: str | None = None
    ) -> tuple[list[tuple[str, SeriesHit]], list[tuple[str, str]]]:
        """Ask all sources at once, or one: (source, hit) in turn by rank, and (source, reason) of those that failed."""
        asked = self.providers() if provider is None else [self.provider(provider)]
        answers = await asyncio.gather(*(self._search_one(source, query) for source in asked))
        failed = [(name, answer) for name, answer in answers if isinstance(answer, str)]
        ranked = [
            (place, name, hit)
            for name, answer in answers
            if not isinstance(answer, str)
            for place, hit in enumerate(answer)
        ]
        ranked.sort(key=lambda row: row[0])
        return [(name, hit) for _, name, hit in ranked], failed

    async def series(self, provider: str, provider_key: str) -> SeriesInfo:
        """Everything the source tells about one series."""
        return await self.provider(provider).series(provider_key)

    async def links(self, provider: str, episode: EpisodeRef, language: Language) -> list[Link]:
        """Where the episode can be had in that language, preferred hosters first. Empty: it is not out."""
        links = await self.provider(provider).links(episode, language)
        return order(links, self._config.current.downloads.hosters)

    async def resolve(self, link: Link) -> Stream:
        """What stands behind the link."""
        hoster = self._hosters.get(link.kind)
        if hoster is None:
            raise NotAtSourceError(f"There is no hoster adapter {link.kind[:100]!r}")
        return await hoster.resolve(link)

    async def cover(self, provider: str, url: str) -> bytes:
        """A picture of the source, from its own hosts only; unchecked bytes that may be anything."""
        source = self.provider(provider)
        if not source.owns(url):
            raise NotAtSourceError("That is no address of this source")
        try:
            return await self._client.get_bytes(url, kind=IMAGE)
        except NetError as error:
            raise from_net(error, source.title) from error

    async def _search_one(self, source: Provider, query: str) -> tuple[str, list[SeriesHit] | str]:
        try:
            async with asyncio.timeout(SEARCH_SECONDS):
                return source.name, await source.search(query)
        except CatalogError as error:
            log.info("Searching %s failed: %s", source.name, error.detail)
            return source.name, error.detail
        except TimeoutError:
            return source.name, f"{source.title} did not answer within {SEARCH_SECONDS:g} s"
        except Exception:  # a mistake in one source must not hide what the others found
            log.exception("Searching %s failed", source.name)
            return source.name, SourceUnreachableError.title


def _read(directory: Path, registry: Registry) -> tuple[list[tuple[str, profiles.Profile]], list[CatalogError]]:
    found: list[tuple[str, profiles.Profile]] = []
    problems: list[CatalogError] = []
    kinds, adapters = registry.kinds, registry.adapters
    for path in sorted(path for path in directory.glob("*.toml") if path.is_file())[:MAX_PROFILES]:
        try:
            found.append((path.name, profiles.load(path, kinds, adapters=adapters)))
        except InvalidProfileError as error:
            problems.append(error)
        except Exception as error:  # what checks a profile may come from a package
            log.exception("%s cannot be checked", path.name)
            problems.append(InvalidProfileError(f"{path.name} cannot be checked: {type(error).__name__}"))
    return found, problems
