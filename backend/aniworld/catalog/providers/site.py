"""Any catalogue website of the common shape: search → series → seasons → episodes → links by language and hoster.

Nothing of a site is known here: its profile says where everything stands, and this makes of it what the contract
promises. A page on which a needed value is missing raises ``SourceChangedError`` with the name of the rule.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable
from itertools import groupby
from typing import ClassVar, TypeVar

from aniworld.catalog.errors import CatalogError, NotAtSourceError, SourceChangedError, SourceUnreachableError
from aniworld.catalog.pages import shape
from aniworld.catalog.pages.addresses import own
from aniworld.catalog.pages.profile import SiteProfile
from aniworld.catalog.pages.rules import Found
from aniworld.catalog.pages.shape import EpisodeRow, SeasonRow
from aniworld.catalog.pages.visits import Visit, Visits
from aniworld.catalog.profile import Profile
from aniworld.catalog.tools import Tools
from aniworld.catalog.types import EpisodeRef, Language, Link, SeriesHit, SeriesInfo

T = TypeVar("T")

log = logging.getLogger(__name__)

SEASONS_AT_ONCE = 4
SERIES_SECONDS = 180.0
"""For a series with all its pages."""
LINKS_SECONDS = 90.0


class SiteProvider:
    """A website and its profile. ``watch`` is told of every page that is read."""

    kind: ClassVar[str] = "site"
    profile: ClassVar[type[Profile]] = SiteProfile

    def __init__(self, profile: SiteProfile, tools: Tools, watch: Callable[[Visit], None] | None = None) -> None:
        self._profile = profile
        self._visits = Visits(profile, tools, watch)

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
        return own(url, self._visits.hosts)

    async def search(self, query: str) -> list[SeriesHit]:
        """What the site's own search finds, in its order."""
        rules = self._profile.search
        (found,) = await self._visits.ask("search", rules, [shape.search_query(rules)], {"query": query})
        return self._fitting(found, "search", shape.hits(found), needs_items=bool(rules.empty))

    async def series(self, provider_key: str) -> SeriesInfo:
        """The series' page, and the pages of all its seasons."""
        _check_key(provider_key)
        rules = self._profile.series
        async with self._within(SERIES_SECONDS):
            queries = [shape.series_query(rules)]
            listed = self._profile.seasons
            if listed is not None and not listed.page:
                queries.append(shape.seasons_query(listed, rules))
            about, *lists = await self._visits.ask("series", rules, queries, {"key": provider_key})
            info = shape.series_info(about, provider_key, self._visits.address(rules.page, {"key": provider_key}))
            if not info.name:
                raise self._changed("series.name", "found nothing")
            seasons = await self._seasons(provider_key, lists[0] if lists else None)
            rows = await self._all_episodes(provider_key, seasons)
        return shape.with_episodes(info, seasons, rows)

    async def links(self, episode: EpisodeRef, language: Language) -> list[Link]:
        """The links on the episode's page that are in that language and on a hoster that is known."""
        _check_key(episode.provider_key)
        rules = self._profile.links
        async with self._within(LINKS_SECONDS):
            values = await self._place(episode)
            absolute = int(values["absolute"])
            query = shape.links_query(rules, episode.season, episode.episode, absolute)
            template = rules.specials if episode.season == 0 else ""
            (found,) = await self._visits.ask("links", rules, [query], values, template)
        links, unknown = shape.links(found, self._profile)
        if unknown:
            log.info("%s names what its profile does not know: %s", self.name, ", ".join(sorted(unknown)))
        if found.items and not links and not unknown and not found.empty:
            raise self._changed("links", "found no usable link: language, hoster or url is missing")
        self._check_items(found, "links", needs_items=bool(rules.empty))
        return [link for link in links if link.language == language]

    # --- seasons and episodes -----------------------------------------------------------------------------------

    async def _seasons(self, key: str, found: Found | None) -> list[SeasonRow] | None:
        """The seasons as they are listed; None where the episodes tell of their seasons themselves."""
        rules = self._profile.seasons
        if rules is None:
            return None if self._profile.episodes.season is not None else [SeasonRow(1)]
        if found is None:
            query = shape.seasons_query(rules, self._profile.series)
            section = rules if rules.page else self._profile.series
            (found,) = await self._visits.ask("seasons", section, [query], {"key": key})
        return self._fitting(found, "seasons", shape.seasons(found), needs_items=True)

    async def _all_episodes(self, key: str, seasons: list[SeasonRow] | None) -> list[EpisodeRow]:
        """The episodes of all seasons; a few pages at a time, a page that has several seasons once."""
        if seasons is None:
            return await self._episodes(key, [], "")
        places = asyncio.Semaphore(SEASONS_AT_ONCE)
        rules = self._profile.episodes

        def template(season: SeasonRow) -> str:
            return rules.specials if season.number == 0 and rules.specials else rules.page

        def page(season: SeasonRow) -> str:
            return repr((self._visits.address(template(season), _values(key, season)), self._form(season, key)))

        async def fill(group: list[SeasonRow]) -> list[EpisodeRow]:
            async with places:
                return await self._episodes(key, group, template(group[0]))

        try:
            async with asyncio.TaskGroup() as tasks:
                made = [
                    tasks.create_task(fill(list(group))) for _, group in groupby(sorted(seasons, key=page), key=page)
                ]
        except ExceptionGroup as group_error:
            # They fail for the same reason as a rule: one is told.
            raise group_error.exceptions[0] from None
        rows = [row for task in made for row in task.result()]
        if len(rows) > shape.MAX_EPISODES:
            raise self._changed("episodes.items", f"finds more than {shape.MAX_EPISODES} in all seasons")
        return rows

    def _form(self, season: SeasonRow, key: str) -> list[str]:
        texts = self._profile.episodes.form.values()
        return [self._visits.address(text, _values(key, season)) for text in texts]

    async def _episodes(self, key: str, seasons: list[SeasonRow], template: str) -> list[EpisodeRow]:
        """The episodes on one page: those of the ``seasons``; of all where there are none of them."""
        rules = self._profile.episodes
        asked = seasons or [SeasonRow(1)]
        queries = [shape.episodes_query(rules, season.number) for season in asked]
        found = await self._visits.ask("episodes", rules, queries, _values(key, asked[0]), template)
        rows: list[EpisodeRow] = []
        for season, one in zip(asked, found, strict=True):
            made, unknown = shape.episodes(one, season.number if seasons else None, self._profile)
            if unknown:
                log.info("%s names languages that its profile does not know: %s", self.name, ", ".join(sorted(unknown)))
            rows += self._fitting(one, "episodes", made, needs_items=bool(rules.empty))
        if rules.numbering == "series":
            rows = shape.renumbered(rows)
        return rows

    async def _place(self, episode: EpisodeRef) -> dict[str, str]:
        """What the episode is called in addresses; where they name it as the site does, its list is read again."""
        rules = self._profile.links
        key, number = episode.provider_key, episode.season
        told = " ".join((rules.page, rules.specials, rules.items, *rules.form.values()))
        values = {"key": key, "season": str(number), "episode": str(episode.episode), "absolute": str(episode.episode)}
        if not any(f"{{{name}}}" in told for name in ("season_id", "episode_id", "absolute")):
            return values
        seasons = await self._seasons(key, None)
        listed = [season for season in seasons or [] if season.number == number]
        if seasons is not None and not listed:
            raise NotAtSourceError(f"{self.title} has no season {number} of it")
        values["season_id"] = listed[0].id if listed else ""
        if "{episode_id}" in told or "{absolute}" in told:
            rows = await self._all_episodes(key, listed or None)
            row = next((row for row in rows if (row.info.season, row.info.episode) == (number, episode.episode)), None)
            if row is None:
                raise NotAtSourceError(f"{self.title} does not list episode {episode.episode} of season {number}")
            values["episode_id"] = row.id
            values["absolute"] = str(row.info.absolute if row.info.absolute is not None else row.number)
        for name in ("season_id", "episode_id"):
            if f"{{{name}}}" in told:
                _check_key(values[name])
        return values

    # --- inside -------------------------------------------------------------------------------------------------

    @contextlib.asynccontextmanager
    async def _within(self, seconds: float) -> AsyncIterator[None]:
        """A site that is slow page after page is given up."""
        deadline = asyncio.timeout(seconds)
        try:
            async with deadline:
                yield
        except TimeoutError as error:
            if not deadline.expired():
                raise
            raise SourceUnreachableError(f"{self.title} did not tell it all within {seconds:g} s") from error

    def _fitting(self, found: Found, section: str, made: list[T], *, needs_items: bool) -> list[T]:
        """What was made of the items, or an error where they do not fit the rules."""
        self._check_items(found, section, needs_items=needs_items)
        if found.items and not made and not found.empty:
            raise self._changed(section, "found items, but none with all that is needed")
        return made

    def _check_items(self, found: Found, section: str, *, needs_items: bool) -> None:
        if found.more and section != "search":  # of a search the best are enough
            raise self._changed(f"{section}.items", "finds more than can be")
        if needs_items and not found.items and not found.empty:
            raise self._changed(f"{section}.items", "finds nothing")

    def _changed(self, rule: str, what: str) -> CatalogError:
        return SourceChangedError(f"{self.title} does not look as its profile says: {rule} {what}")


def _values(key: str, season: SeasonRow) -> dict[str, str]:
    return {"key": key, "season": str(season.number), "season_id": season.id}


def _check_key(key: str) -> None:
    """A key comes from a search, but also from whoever calls the API: it must stay one path below the site."""
    if not shape.valid_key(key):
        raise NotAtSourceError("That is no series of this source")
