"""Tries one profile live, step by step, and tells what every rule found: for the person who writes it."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import TypeVar

from aniworld.catalog import profile as profiles
from aniworld.catalog.errors import CatalogError
from aniworld.catalog.pages.profile import SiteProfile
from aniworld.catalog.pages.reader import Reader
from aniworld.catalog.pages.rules import Found, Query
from aniworld.catalog.pages.shape import unknown_words
from aniworld.catalog.pages.visits import Visit
from aniworld.catalog.profile import Profile
from aniworld.catalog.provider import Provider
from aniworld.catalog.providers.site import SiteProvider
from aniworld.catalog.registry import Registry
from aniworld.catalog.tools import Tools
from aniworld.catalog.types import EpisodeInfo, EpisodeRef, Link, SeriesInfo
from aniworld.kit.net import HttpClient
from aniworld.kit.schema import Schema

T = TypeVar("T")

SHOWN = 3
"""Values of a rule that are shown."""
_LONGEST = 80
_SECRET = re.compile(r"(?i)([?&][^=&#]*(?:key|token|auth|pass|secret|sig|session)[^=&#]*=)[^&#]*")
_NEEDED = {
    "search": {"key", "name"},
    "series": {"name"},
    "seasons": {"number", "id"},
    "episodes": {"number", "season", "id"},
    "links": {"language", "hoster", "url"},
}
_WORDS = {"language": "languages", "languages": "languages", "hoster": "hosters"}
_MEANT = {
    "number": "a regex such as '(\\d+)' takes a number out of a text",
    "date": "format says how a date is written",
    "duration": "it has no amount in it",
    "year": "it has no year from 1900 to 2100 in it",
    "url": "it leads to a host that hosts does not name, or the regex does not fit it",
    "path": "it leads to a host that hosts does not name, or the regex does not fit its path",
    "text": "the regex does not fit it",
}


class RuleReport(Schema, frozen=True):
    """What one rule found."""

    rule: str
    needed: bool
    found: int
    """Items with a value."""
    of: int
    values: list[str]
    """The first."""
    hint: str


class SectionReport(Schema, frozen=True):
    """What the rules of one section found, on all pages that were read for it."""

    section: str
    asked: str
    """Method and address of the first page."""
    pages: int
    size: int
    """Bytes of the first."""
    title: str
    """What it calls itself."""
    rules: list[RuleReport]


class StepReport(Schema, frozen=True):
    """One step from the search to the stream."""

    step: str
    ok: bool
    told: str
    """The result, or what went wrong."""
    sections: list[SectionReport]


class Report(Schema, frozen=True):
    """The whole trial."""

    name: str
    title: str
    ok: bool
    steps: list[StepReport]


async def trial(profile: Profile, registry: Registry, client: HttpClient, query: str) -> Report:
    """Search, take the first hit, its seasons, the first episode that is out, its links, the first stream."""
    seen: list[Visit] = []
    tools = Tools(client, Reader())
    provider: Provider
    if isinstance(profile, SiteProfile):
        provider = SiteProvider(profile, tools, seen.append)
    else:
        provider = registry.make_provider(profile, tools)
    steps: list[StepReport] = []

    async def step(name: str, asked: Awaitable[T], told: Callable[[T], str]) -> T | None:
        """Take a step; None where it fails."""
        seen.clear()
        answer, ok = None, True
        try:
            answer = await asked
            text = told(answer)
        except CatalogError as error:
            ok, text = False, error.detail
        sections = list(_sections(seen, profile)) if isinstance(profile, SiteProfile) else []
        if name == "links" and any(section.section == name for section in sections):
            sections = [section for section in sections if section.section == name]  # the lists have been told of
        ok = ok and all(rule.found or not rule.needed for section in sections for rule in section.rules)
        steps.append(StepReport(step=name, ok=ok, told=_short(masked(text), 500), sections=sections))
        return answer

    hits = await step("search", provider.search(query), lambda found: f"{len(found)} found")
    if hits:
        series = await step("series", provider.series(hits[0].provider_key), _told_of_series)
        out = _first_out(series) if series is not None else None
        if out is not None:
            ref = EpisodeRef(provider_key=hits[0].provider_key, season=out.season, episode=out.episode)
            links = await step("links", provider.links(ref, out.languages[0]), _told_of_links)
            if links:
                hoster = registry.make_hosters(tools)[links[0].kind]
                await step(
                    "hoster", hoster.resolve(links[0]), lambda stream: f"{stream.protocol}, {stream.size or '?'} bytes"
                )
    names = ("search", "series", "links", "hoster")
    missed = names[len(steps)] if len(steps) < len(names) else ""
    if missed and steps[-1].ok:
        why = {
            "series": f"nothing was found for {query!r}; try another --query",
            "links": "no episode is out in any language",
            "hoster": "there is no link",
        }[missed]
        steps.append(StepReport(step=missed, ok=False, told=f"not tried: {why}", sections=[]))
    return Report(name=profile.name, title=profile.title, ok=all(step.ok for step in steps), steps=steps)


def read(path: Path, registry: Registry, base_url: str | None) -> Profile:
    """The profile in the file, checked. Raises ``InvalidProfileError``; blocks."""
    return profiles.load(path, registry.kinds, base_url=base_url, adapters=registry.adapters)


def masked(text: str) -> str:
    """The text without what addresses in it keep secret."""
    return _SECRET.sub(r"\1…", text)


def _first_out(series: SeriesInfo) -> EpisodeInfo | None:
    episodes = (episode for season in series.seasons for episode in season.episodes)
    return next((episode for episode in episodes if episode.languages), None)


def _told_of_series(series: SeriesInfo) -> str:
    seasons = ", ".join(f"season {season.season}: {len(season.episodes)}" for season in series.seasons[:20])
    return f"{series.name}; episodes in {seasons or 'no season'}"


def _told_of_links(links: list[Link]) -> str:
    return f"{len(links)} in {links[0].language}: " + ", ".join(link.hoster for link in links) if links else "none"


def _sections(seen: list[Visit], profile: SiteProfile) -> Iterator[SectionReport]:
    """The visits by section; a list of seasons mostly stands on the page of the series."""
    parts: dict[str, list[tuple[Visit, Query, Found]]] = {}
    for visit in seen:
        for place, (query, found) in enumerate(zip(visit.queries, visit.found, strict=True)):
            section = "seasons" if visit.section == "series" and place else visit.section
            parts.setdefault(section, []).append((visit, query, found))
        if not visit.found:
            parts.setdefault(visit.section, [])
    for section, asked in parts.items():
        asked.sort(key=lambda one: one[0].address)  # they come as the site answers
        first = asked[0][0] if asked else next(visit for visit in seen if visit.section == section)
        yield SectionReport(
            section=section,
            asked=f"{first.method} {masked(first.address)}",
            pages=len({visit.address for visit, _, _ in asked}),
            size=first.size,
            title=_short(first.title),
            rules=list(_rules(section, asked, profile)),
        )


def _rules(section: str, asked: list[tuple[Visit, Query, Found]], profile: SiteProfile) -> Iterator[RuleReport]:
    items = [item for _, _, found in asked for item in found.items]
    if not asked:
        return
    query = asked[0][1]
    if query.items is not None:
        empty = any(found.empty for _, _, found in asked)
        hint = "" if items else "the page says that there is none" if empty else "nothing on the page fits it"
        yield RuleReport(
            rule=f"{section}.items", needed=not empty, found=len(items), of=len(items), values=[query.items], hint=hint
        )
    for name, wanted in query.values.items() if items else ():
        having = [item[name] for item in items if name in item]
        words = [word for values in having for word in values]
        unfit = next((found.unfit[name] for _, _, found in asked if name in found.unfit), "")
        hint = ""
        if unfit and len(having) < len(items):
            hint = f"{_short(unfit)!r} is no {wanted.kind}: {_MEANT[wanted.kind]}"
        elif not having:
            hint = "nothing on the page fits it" if query.items is None else "nothing in any of the items fits it"
        if name in _WORDS:
            table = _WORDS[name]
            if unknown := unknown_words(words, getattr(profile, table)):
                hint = f"not in [{table}]: {', '.join(sorted(unknown)[:10])}"
        yield RuleReport(
            rule=f"{section}.{name}",
            needed=name in _NEEDED[section],
            found=len(having),
            of=len(items),
            values=[_short(masked(word)) for word in list(dict.fromkeys(words))[:SHOWN]],
            hint=hint,
        )


def _short(text: str, most: int = _LONGEST) -> str:
    """On one line, printable, and not too long."""
    text = "".join(letter if letter.isprintable() else " " for letter in text[: most * 4])
    text = " ".join(text.split())
    return text if len(text) <= most else f"{text[: most - 1]}…"
