"""Any catalogue website of the common shape: search → series → seasons → episodes → links by language and hoster.

Nothing of a site is known here: its profile says where everything stands, and this makes of it what the contract
promises. A page on which a needed value is missing raises ``SourceChangedError`` with the name of the rule.
"""

from __future__ import annotations

import asyncio
import logging
from typing import ClassVar, TypeVar
from urllib.parse import quote

from aniworld.catalog.errors import CatalogError, NotAtSourceError, SourceChangedError, from_net
from aniworld.catalog.pages import shape
from aniworld.catalog.pages.addresses import own
from aniworld.catalog.pages.extract import TangledError
from aniworld.catalog.pages.profile import SiteProfile, hosts_of
from aniworld.catalog.pages.rules import Found, Page, Query
from aniworld.catalog.profile import Profile
from aniworld.catalog.tools import Tools
from aniworld.catalog.types import EpisodeInfo, EpisodeRef, Language, Link, SeasonInfo, SeriesHit, SeriesInfo
from aniworld.kit.net import PAGE
from aniworld.kit.net.errors import NetError

T = TypeVar("T")

log = logging.getLogger(__name__)

SEASONS_AT_ONCE = 4


class SiteProvider:
    """A website and its profile."""

    kind: ClassVar[str] = "site"
    profile: ClassVar[type[Profile]] = SiteProfile

    def __init__(self, profile: SiteProfile, tools: Tools) -> None:
        self._profile = profile
        self._client = tools.client
        self._reader = tools.reader
        self._hosts = hosts_of(profile)

    @property
    def name(self) -> str:
        """The profile's name."""
        return self._profile.name

    @property
    def title(self) -> str:
        """The profile's title."""
        return self._profile.title

    def owns(self, url: str) -> bool:
        """Whether the address is on the site or one of the hosts that the profile lists."""
        return own(url, self._hosts)

    async def search(self, query: str) -> list[SeriesHit]:
        """What the site's own search finds, in its order."""
        rules = self._profile.search
        address = self._address(rules.page, query=query)
        (found,) = await self._ask(address, [shape.search_query(rules)])
        return self._fitting(found, "search", shape.hits(found), needs_items=bool(rules.empty))

    async def series(self, provider_key: str) -> SeriesInfo:
        """The series' page, and the pages of all its seasons."""
        _check_key(provider_key)
        address = self._address(self._profile.series.page, key=provider_key)
        queries = [shape.series_query(self._profile.series)]
        if self._profile.seasons is not None:
            queries.append(shape.seasons_query(self._profile.seasons))
        about, *lists = await self._ask(address, queries)
        info = shape.series_info(about, provider_key, address)
        if not info.name:
            raise self._changed("series.name", "found nothing")
        seasons = [SeasonInfo(season=1)]
        if lists:
            seasons = self._fitting(lists[0], "seasons", shape.seasons(lists[0]), needs_items=True)
        return shape.with_seasons(info, await self._all_episodes(provider_key, seasons))

    async def links(self, episode: EpisodeRef, language: Language) -> list[Link]:
        """The links on the episode's page that are in that language and on a hoster that is known."""
        _check_key(episode.provider_key)
        rules = self._profile.links
        address = self._address(
            rules.page, key=episode.provider_key, season=str(episode.season), episode=str(episode.episode)
        )
        (found,) = await self._ask(address, [shape.links_query(rules)])
        links, unknown = shape.links(found, self._profile)
        if unknown:
            log.info("%s names what its profile does not know: %s", self.name, ", ".join(sorted(unknown)))
        if found.items and not links and not unknown:
            raise self._changed("links", "found no usable link: language, hoster or url is missing")
        self._check_items(found, "links", needs_items=bool(rules.empty))
        return [link for link in links if link.language == language]

    # --- inside -------------------------------------------------------------------------------------------------

    async def _all_episodes(self, key: str, seasons: list[SeasonInfo]) -> list[SeasonInfo]:
        """The seasons with their episodes; a few pages at a time."""
        places = asyncio.Semaphore(SEASONS_AT_ONCE)

        async def fill(season: SeasonInfo) -> SeasonInfo:
            async with places:
                return shape.with_episodes(season, await self._episodes(key, season.season))

        try:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(fill(season)) for season in seasons]
        except ExceptionGroup as group_error:
            # They fail for the same reason as a rule: one is told.
            raise group_error.exceptions[0] from None
        filled = [task.result() for task in tasks]
        if sum(len(season.episodes) for season in filled) > shape.MAX_EPISODES:
            raise self._changed("episodes.items", f"finds more than {shape.MAX_EPISODES} in all seasons")
        return filled

    async def _episodes(self, key: str, season: int) -> list[EpisodeInfo]:
        rules = self._profile.episodes
        (found,) = await self._ask(
            self._address(rules.page, key=key, season=str(season)), [shape.episodes_query(rules)]
        )
        episodes, unknown = shape.episodes(found, season, self._profile)
        if unknown:
            log.info("%s names languages that its profile does not know: %s", self.name, ", ".join(sorted(unknown)))
        return self._fitting(found, "episodes", episodes, needs_items=bool(rules.empty))

    def _address(self, template: str, **values: str) -> str:
        """The page's address with the values filled in."""
        quoted = {name: quote(value, safe="/" if name == "key" else "") for name, value in values.items()}
        return self._profile.base_url.rstrip("/") + template.format(**quoted)

    async def _ask(self, address: str, queries: list[Query]) -> list[Found]:
        """Fetch a page and put the queries to it."""
        try:
            answer = await self._client.get(address, kind=PAGE)
        except NetError as error:
            raise from_net(error, self.title) from error
        if not self.owns(answer.url):
            raise SourceChangedError(f"{self.title} now answers at {answer.url[:200]}: put that into its profile")
        html = await asyncio.to_thread(answer.text)
        try:
            return await self._reader.read(Page(html=html, url=answer.url, hosts=self._hosts), queries)
        except TangledError as error:
            raise SourceChangedError(f"{self.title}: {error} ({address})") from error

    def _fitting(self, found: Found, section: str, made: list[T], *, needs_items: bool) -> list[T]:
        """What was made of the items, or an error where they do not fit the rules."""
        self._check_items(found, section, needs_items=needs_items)
        if found.items and not made:
            raise self._changed(section, "found items, but none with all that is needed")
        return made

    def _check_items(self, found: Found, section: str, *, needs_items: bool) -> None:
        if found.more:
            raise self._changed(f"{section}.items", "finds more than can be")
        if needs_items and not found.items and not found.empty:
            raise self._changed(f"{section}.items", "finds nothing")

    def _changed(self, rule: str, what: str) -> CatalogError:
        return SourceChangedError(f"{self.title} does not look as its profile says: {rule} {what}")


def _check_key(key: str) -> None:
    """A key comes from a search, but also from whoever calls the API: it must stay one path below the site."""
    if not shape.valid_key(key):
        raise NotAtSourceError("That is no series of this source")
