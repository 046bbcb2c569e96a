"""The description of a catalogue website: what is asked for, and where in the answer everything stands.

``base_url`` is the site's front page; every ``page`` below is an address on it, with ``{key}``, ``{season}`` and the
like filled in (percent-encoded). Where a rule is no more than a selector (in JSON: a path), that alone will do:
``name = "h1"`` is ``name = { css = "h1" }``; of a list of rules the first that finds something counts. A new kind of
rule is a new key with a default, so that profiles stay valid. ``docs/providers.md`` teaches all this.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from aniworld.catalog.pages.rules import Css, Data, Rule
from aniworld.catalog.profile import LanguageTag, Profile, Word
from aniworld.kit.errors import FieldError
from aniworld.kit.net.guard import Target, parse_url
from aniworld.kit.schema import Input

MAX_PAGES = 100

Template = Annotated[str, Meta(min_length=1, max_length=500)]
Text = Annotated[str, Meta(max_length=500)]
Value = Rule | Css | Annotated[tuple[Rule | Css, ...], Meta(min_length=1, max_length=5)]
Headers = Annotated[dict[Word, Text], Meta(max_length=20)]


class Section(Input, frozen=True, kw_only=True):
    """What is fetched, and what the answer is."""

    page: Template
    form: Annotated[dict[Word, Text], Meta(max_length=30)] = msgspec.field(default_factory=dict)
    """Fields that are sent as a form (``POST``); placeholders are filled in as in ``page``."""
    headers: Headers = msgspec.field(default_factory=dict)
    """Sent beside those of the whole profile."""
    answer: Literal["html", "json"] = "html"
    """What comes. In JSON, rules are paths."""
    data: Data | Css | None = None
    """Where JSON stands in the HTML: the rules are paths in it."""
    html: Css = ""
    """Path to where HTML stands in the JSON: the rules are selectors in it."""


class Listing(Section, frozen=True, kw_only=True):
    """What has items, perhaps on several pages."""

    items: Css
    """One for each; the rules below begin there."""
    empty: Css = ""
    """What the page shows when there are none. In JSON a list that is empty says so itself."""
    next: Value | None = None
    """The address of the next page or, where ``page`` holds ``{page}``, what ``{page}`` is there. Without it
    ``{page}`` counts up for as long as there are items."""
    first: Annotated[str, Meta(max_length=20)] = "1"
    """What ``{page}`` is on the first page."""
    step: Annotated[int, Meta(ge=1, le=1000)] = 1
    """How ``{page}`` counts."""
    pages: Annotated[int, Meta(ge=1, le=MAX_PAGES)] = 20
    """Pages at most. A search ends there; a longer list of episodes is an error."""


class Search(Listing, frozen=True, kw_only=True):
    """How a series is found. ``page`` or ``form`` holds ``{query}``."""

    key: Value
    """What ``{key}`` stands for in the other pages. From ``href`` or ``src``, the regex sees the path."""
    name: Value
    year: Value | None = None
    cover: Value | None = None


class Series(Section, frozen=True, kw_only=True):
    """The page of a series. Holds ``{key}``."""

    name: Value
    year: Value | None = None
    description: Value | None = None
    """Each element is a paragraph."""
    genres: Value | None = None
    """Each element is a genre."""
    status: Value | None = None
    """Its ``map`` leads to ``ongoing`` or ``completed``."""
    poster: Value | None = None
    fanart: Value | None = None
    logo: Value | None = None
    banner: Value | None = None
    thumb: Value | None = None


class Seasons(Listing, frozen=True, kw_only=True):
    """The list of seasons. A site without seasons leaves it out: all is season 1."""

    page: Text = ""
    """Left out: the page of the series, and what is said of its answer."""
    number: Value
    """0 is the season of the specials; a ``map`` makes numbers of words."""
    name: Value | None = None
    id: Value | None = None
    """What ``{season_id}`` stands for. From ``href`` or ``src``, the regex sees the path."""


class Episodes(Listing, frozen=True, kw_only=True):
    """The page of a season, or of all. ``items`` may hold ``{season}``."""

    specials: Text = ""
    """The page of season 0, where it is another."""
    number: Value
    season: Value | None = None
    """The season of each episode, where one page lists those of all and there are no ``[seasons]``."""
    numbering: Literal["season", "series"] = "season"
    """``series``: the site counts on from season to season."""
    id: Value | None = None
    """What ``{episode_id}`` stands for. From ``href`` or ``src``, the regex sees the path."""
    title: Value | None = None
    absolute: Value | None = None
    aired: Value | None = None
    duration: Value | None = None
    languages: Value | None = None
    """Each element is one of ``[languages]``. Left out: what has aired is taken to be there in all of them."""


class Links(Listing, frozen=True, kw_only=True):
    """The page of an episode: where it can be had. ``items`` may hold ``{season}`` and ``{episode}``."""

    specials: Text = ""
    """The page of an episode of season 0, where it is another."""
    language: Value | None = None
    """One of ``[languages]``; may be left out where there is only one."""
    hoster: Value | None = None
    """One of ``[hosters]``; may be left out where there is only one."""
    url: Value
    """Must be on ``base_url`` or one of ``hosts``."""


class SiteProfile(Profile, frozen=True, kw_only=True):
    """One site."""

    kind: Literal["site"] = "site"
    base_url: Annotated[str, Meta(max_length=500)]
    """The front page; what stands in ``page`` is put behind it."""
    search: Search
    series: Series
    episodes: Episodes
    links: Links
    languages: Annotated[dict[Word, LanguageTag], Meta(min_length=1, max_length=100)]
    """What the site calls a language → audio[+subtitles] in BCP 47."""
    hosters: Annotated[dict[Word, Word], Meta(min_length=1, max_length=200)]
    """What the site calls a hoster → the adapter that can resolve its links; ``*`` is any other."""
    seasons: Seasons | None = None
    hosts: Annotated[tuple[Word, ...], Meta(max_length=50)] = ()
    """Further hosts of its pictures and links: ``img.example.org``, ``img.example.org:8443``, ``*.example.org``."""
    headers: Headers = msgspec.field(default_factory=dict)
    """Sent with every page, to the site itself only."""
    cookies: bool = False
    """Keep the site's cookies, in memory, for the site alone."""

    @property
    def secret(self) -> bool:
        """Whether it holds a password or a key."""
        sections = (self.search, self.series, self.episodes, self.links, self.seasons)
        named = [*self.headers, *(name for section in sections if section is not None for name in section.headers)]
        return any(re.search(r"auth|token|key|secret|cookie", name, re.IGNORECASE) for name in named)

    def problems(self, adapters: frozenset[str] | None) -> Iterator[FieldError]:
        """Everything that is wrong beyond the form."""
        from aniworld.catalog.pages.checks import problems  # noqa: PLC0415 - it needs what stands here

        return problems(self, adapters)


def target_of(profile: SiteProfile) -> Target:
    """Where the site itself is."""
    return parse_url(profile.base_url)[1]


def hosts_of(profile: SiteProfile) -> tuple[str, ...]:
    """``host:port`` of every address that may come from the site. A host without a port has the two usual ones."""
    hosts = {target_of(profile).entry}
    for host in profile.hosts:
        name, star = host.removeprefix("*."), "*." if host.startswith("*.") else ""
        with_port = re.fullmatch(r".+:\d+", name) and not name.endswith("]")
        schemes = ("http",) if with_port else ("http", "https")
        hosts |= {star + parse_url(f"{scheme}://{name}/")[1].entry for scheme in schemes}
    return tuple(sorted(hosts))


def in_json(section: Section) -> bool:
    """Whether the section's rules are paths."""
    return section.data is not None or (section.answer == "json" and not section.html)


def rules(value: Value, *, json: bool = False) -> tuple[Rule, ...]:
    """The rules, also where the profile gives a selector or a path alone."""
    return tuple(
        rule if isinstance(rule, Rule) else Rule(path=rule) if json else Rule(css=rule)
        for rule in (value if isinstance(value, tuple) else (value,))
    )
