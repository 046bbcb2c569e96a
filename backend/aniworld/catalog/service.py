"""What the rest of the program asks sources and hosters through."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncGenerator, Awaitable, Iterable, Iterator
from pathlib import Path
from typing import TypeVar

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
from aniworld.catalog.failover import order, preference
from aniworld.catalog.matching import rows
from aniworld.catalog.monitor import Monitor
from aniworld.catalog.pages.reader import Reader
from aniworld.catalog.provider import Provider
from aniworld.catalog.registry import Registry
from aniworld.catalog.tools import Tools
from aniworld.catalog.types import Answer, EpisodeRef, Found, Language, Link, SeriesInfo, Stream, Subject
from aniworld.config.service import ConfigService
from aniworld.kit.net import IMAGE, HttpClient
from aniworld.kit.net.errors import AddressRefusedError, NetError
from aniworld.kit.net.guard import parse_url

T = TypeVar("T")

log = logging.getLogger(__name__)

LINKS_SECONDS = 60.0
RESOLVE_SECONDS = 12.0
"""For one question; after that the source or hoster counts as one that does not answer."""
SOON, SHORTEST, LONGEST = 0.3, 0.15, 2.0
"""Seconds after which the next hoster is asked as well: where nobody knows how long one takes, and the limits."""
MAX_PROFILES = 200
MAX_LINKS = 100
"""Hosters of which the last link is remembered, so that they can be checked."""
MAX_HITS = 200
"""Answers of one source to a search; what it finds less fitting is left out."""


class Catalog:
    """All sources that ``directory`` describes (``*.toml``), and all hosters. Raises ``CatalogError`` only."""

    def __init__(
        self,
        directory: Path,
        client: HttpClient,
        config: ConfigService,
        registry: Registry | None = None,
        monitor: Monitor | None = None,
    ) -> None:
        self.monitor = monitor or Monitor()
        self._directory = directory
        self._registry = registry or Registry()
        self._client = client
        self._config = config
        self._tools = Tools(client, Reader(), max_height=lambda: config.current.downloads.max_height)
        self._hosters = self._registry.make_hosters(self._tools)
        self._providers: dict[str, Provider] = {}
        self._query = "one"
        self._links: dict[str, Link] = {}
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

    # --- which there are ----------------------------------------------------------------------------------------

    def everyone(self) -> list[Provider]:
        """All sources, also those that are switched off, in the order that the configuration names."""
        preferred = self._config.current.providers.order
        return sorted(self._providers.values(), key=lambda source: -preference(source.name, preferred))

    def providers(self) -> list[Provider]:
        """The sources that are asked: all but those that the configuration switches off."""
        off = self._config.current.providers.disabled
        return [source for source in self.everyone() if source.name not in off]

    def provider(self, name: str) -> Provider:
        """The source of that name. Raises ``UnknownProviderError``."""
        if name not in self._providers:
            raise UnknownProviderError(f"There is no source named {name[:100]!r}")
        if name in self._config.current.providers.disabled:
            raise UnknownProviderError(f"The source {self._providers[name].title} is switched off")
        return self._providers[name]

    # --- asking sources -----------------------------------------------------------------------------------------

    async def ask(self, query: str, provider: str | None = None) -> AsyncGenerator[Answer, None]:
        """Ask all sources at once, or one: their answers as they come. Use it inside ``contextlib.aclosing``.

        One that is down is not asked until its cool-down is over, unless it is asked for by name.
        """
        asked = self.providers() if provider is None else [self.provider(provider)]
        self._query = query or self._query
        tasks = [asyncio.create_task(self._search(source, query, named=provider is not None)) for source in asked]
        try:
            for task in asyncio.as_completed(tasks):
                yield await task
        finally:
            for running in tasks:
                running.cancel()
            if tasks:
                await asyncio.wait(tasks)

    async def search(self, query: str, provider: str | None = None) -> list[Answer]:
        """Ask them and wait for all, each within its own limit."""
        async with contextlib.aclosing(self.ask(query, provider)) as asked:
            return [answer async for answer in asked]

    def rows(self, query: str, answers: Iterable[Answer]) -> list[Found]:
        """What the sources answered as rows, the most relevant first; the same series from several is one."""
        names = [source.name for source in self.everyone()]
        # In the sources' order, not in that of their answers: two searches for the same look the same.
        given = sorted(answers, key=lambda answer: names.index(answer.source) if answer.source in names else len(names))
        return rows(query, [(answer.source, answer.hits) for answer in given], names)

    async def series(self, provider: str, provider_key: str) -> SeriesInfo:
        """Everything the source tells about one series."""
        source = self.provider(provider)
        with _only_ours(source.title), self.monitor.watch(Subject("catalogue", provider)):
            return await source.series(provider_key)

    async def links(self, provider: str, episode: EpisodeRef, language: Language) -> list[Link]:
        """Where the episode can be had in that language, by preference and health. Empty: it is not out."""
        source = self.provider(provider)
        with _only_ours(source.title), self.monitor.watch(Subject("catalogue", provider)):
            links = await _within(LINKS_SECONDS, source.title, source.links(episode, language))
        off = {name.casefold() for name in self._config.current.downloads.disabled_hosters}
        usable = [link for link in links if link.hoster.casefold() not in off]
        return order(usable, self._config.current.downloads.hosters, self._weight)

    async def cover(self, provider: str, url: str) -> bytes:
        """A picture of the source, from its own hosts only; unchecked bytes that may be anything."""
        source = self.provider(provider)
        if not source.owns(url):
            raise NotAtSourceError("That is no address of this source")
        try:
            return await self._client.get_bytes(url, kind=IMAGE)
        except NetError as error:
            raise from_net(error, source.title) from error

    # --- asking hosters -----------------------------------------------------------------------------------------

    async def resolve(self, link: Link) -> Stream:
        """What stands behind the link."""
        hoster = self._hosters.get(link.kind)
        if hoster is None:
            raise NotAtSourceError(f"There is no hoster adapter {link.kind[:100]!r}")
        name = _hoster(link.hoster).name
        self._links.pop(name, None)
        self._links[name] = link
        if len(self._links) > MAX_LINKS:
            del self._links[next(iter(self._links))]
        with _only_ours(link.hoster), self.monitor.watch(*self._subjects(link.hoster, link.url)):
            return await _within(RESOLVE_SECONDS, link.hoster, hoster.resolve(link))

    def patience(self, link: Link) -> float:
        """Seconds after which it is worth asking the next hoster as well."""
        usual = self.monitor.latency(_hoster(link.hoster))
        return SOON if usual is None else min(max(3 * usual, SHORTEST), LONGEST)

    def source_weight(self, provider: str) -> float:
        """How well a source does, 0 to 1."""
        return self.monitor.weight(Subject("catalogue", provider))

    def did_not_deliver(self, link: Link, stream: Stream, error: Exception) -> None:
        """What the hoster resolved could not be fetched."""
        self.monitor.failed(*self._subjects(link.hoster, stream.url), error=error)

    async def check(self, subject: Subject) -> bool:
        """Ask a source or hoster now, whether it is to be left alone or not; False: there is nothing to ask it.

        How it did is in its health afterwards. What is asked is what was asked last.
        """
        with contextlib.suppress(CatalogError):
            if subject.kind == "catalogue" and (source := self._providers.get(subject.name)) is not None:
                limit = self._config.current.providers.search_seconds
                with _only_ours(source.title), self.monitor.watch(subject):
                    await _within(limit, source.title, source.search(self._query))
            elif subject.kind == "hoster" and (link := self._links.get(subject.name)) is not None:
                await self.resolve(link)
            else:
                return False
        return True

    # --- inside -------------------------------------------------------------------------------------------------

    async def _search(self, source: Provider, query: str, *, named: bool) -> Answer:
        subject = Subject("catalogue", source.name)
        if not named and self.monitor.phase(subject) == "open":
            told = self.monitor.health(subject).last_error or SourceUnreachableError.title
            return Answer(source.name, problem=f"It is not asked for now: {told}")
        limit = self._config.current.providers.search_seconds
        try:
            with _only_ours(source.title), self.monitor.watch(subject):
                return Answer(source.name, tuple((await _within(limit, source.title, source.search(query)))[:MAX_HITS]))
        except CatalogError as error:
            log.info("Searching %s failed: %s", source.name, error.detail)
            return Answer(source.name, problem=error.detail)

    def _weight(self, link: Link) -> float:
        return self.monitor.weight(*self._subjects(link.hoster, link.url))

    def _subjects(self, hoster: str, url: str) -> list[Subject]:
        """The hoster and its host; where a link first leads over the source, nobody knows the host yet."""
        subjects = [_hoster(hoster)]
        if not any(source.owns(url) for source in self._providers.values()):
            with contextlib.suppress(AddressRefusedError):
                subjects.append(Subject("host", parse_url(url)[1].entry))
        return subjects


async def _within(seconds: float, who: str, question: Awaitable[T]) -> T:
    """The answer, if it comes in time."""
    deadline = asyncio.timeout(seconds)
    try:
        async with deadline:
            return await question
    except TimeoutError as error:
        if not deadline.expired():
            raise
        raise SourceUnreachableError(f"{who} did not answer within {seconds:g} s") from error


def _hoster(name: str) -> Subject:
    return Subject("hoster", name.casefold()[:64])


@contextlib.contextmanager
def _only_ours(who: str) -> Iterator[None]:
    """A mistake in one source or hoster is its failure, not ours."""
    try:
        yield
    except CatalogError:
        raise
    except Exception as error:
        log.exception("%s failed in a way that it should not", who)
        raise SourceUnreachableError(f"{who} failed unexpectedly; the log tells more") from error


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
