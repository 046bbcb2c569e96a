"""The description of a catalogue website: selectors and templates.

``base_url`` is the site's front page; every ``page`` below is an address on it, with ``{key}``, ``{season}``,
``{episode}`` and ``{query}`` filled in (percent-encoded). Where a rule is no more than a selector, the selector alone
will do: ``name = "h1"`` is ``name = { css = "h1" }``. A new kind of rule is a new key with a default, so that profiles
stay valid.
"""

from __future__ import annotations

import re
import string
from collections.abc import Iterator
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from aniworld.catalog.pages.extract import check_selector
from aniworld.catalog.pages.patterns import compile_pattern
from aniworld.catalog.pages.rules import Css, Rule
from aniworld.catalog.profile import LanguageTag, Profile, Word
from aniworld.kit.errors import FieldError
from aniworld.kit.net.errors import AddressRefusedError
from aniworld.kit.net.guard import Target, parse_url
from aniworld.kit.schema import Input

Template = Annotated[str, Meta(min_length=1, max_length=500)]
Value = Rule | str


class Search(Input, frozen=True):
    """How a series is found."""

    page: Template
    """Holds ``{query}``."""
    items: Css
    key: Value
    """What ``{key}`` stands for in the other pages. From ``href`` or ``src``, the regex sees the path."""
    name: Value
    year: Value | None = None
    cover: Value | None = None
    empty: Css = ""
    """What the page shows when nothing was found; without it, no items are no hits."""


class Series(Input, frozen=True):
    """The page of a series."""

    page: Template
    """Holds ``{key}``."""
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


class Seasons(Input, frozen=True):
    """The list of seasons on the page of the series. A site without seasons leaves it out: all is season 1."""

    items: Css
    number: Value
    """0 is the season of the specials; a ``map`` makes numbers of words."""
    name: Value | None = None


class Episodes(Input, frozen=True):
    """The page of a season."""

    page: Template
    """Holds ``{key}`` and, where there are seasons, ``{season}``."""
    items: Css
    number: Value
    title: Value | None = None
    absolute: Value | None = None
    aired: Value | None = None
    duration: Value | None = None
    languages: Value | None = None
    """Each element is one of ``[languages]``. Left out: what has aired is taken to be there in all of them."""
    empty: Css = ""
    """What the page shows when a season has no episodes yet."""


class Links(Input, frozen=True):
    """The page of an episode: where it can be had."""

    page: Template
    """Holds ``{key}``, ``{episode}`` and, where there are seasons, ``{season}``."""
    items: Css
    language: Value
    """One of ``[languages]``."""
    hoster: Value
    """One of ``[hosters]``."""
    url: Value
    """Must be on ``base_url`` or one of ``hosts``."""
    empty: Css = ""
    """What the page shows when the episode is not out."""


class SiteProfile(Profile, frozen=True, kw_only=True):
    """One site."""

    kind: Literal["site"] = "site"
    base_url: Annotated[str, Meta(max_length=500)]
    search: Search
    series: Series
    episodes: Episodes
    links: Links
    languages: Annotated[dict[Word, LanguageTag], Meta(min_length=1, max_length=100)]
    """What the site calls a language → audio[+subtitles] in BCP 47."""
    hosters: Annotated[dict[Word, Word], Meta(min_length=1, max_length=200)]
    """What the site calls a hoster → the adapter that can resolve its links."""
    seasons: Seasons | None = None
    hosts: Annotated[tuple[Word, ...], Meta(max_length=50)] = ()
    """Further hosts of its pictures and links, as ``img.example.org`` or ``img.example.org:8443``."""

    def problems(self, adapters: frozenset[str] | None) -> Iterator[FieldError]:
        """Everything that is wrong beyond the form."""
        return _problems(self, adapters)


def target_of(profile: SiteProfile) -> Target:
    """Where the site itself is."""
    return parse_url(profile.base_url)[1]


def hosts_of(profile: SiteProfile) -> tuple[str, ...]:
    """``host:port`` of every address that may come from the site. A host without a port has the two usual ones."""
    hosts = {target_of(profile).entry}
    for host in profile.hosts:
        with_port = re.fullmatch(r".+:\d+", host) and not host.endswith("]")
        schemes = ("http",) if with_port else ("http", "https")
        hosts |= {parse_url(f"{scheme}://{host}/")[1].entry for scheme in schemes}
    return tuple(sorted(hosts))


def rule(value: Value) -> Rule:
    """The rule, also where the profile gives the selector alone."""
    return Rule(css=value) if isinstance(value, str) else value


def _problems(profile: SiteProfile, adapters: frozenset[str] | None) -> Iterator[FieldError]:
    try:
        url, _ = parse_url(profile.base_url)
        if url.query or url.fragment:
            yield FieldError(field="base_url", message="must end with the path")
    except AddressRefusedError as error:
        yield FieldError(field="base_url", message=error.detail)
    for host in profile.hosts:
        try:
            parse_url(f"http://{host}/")
            if set(host) & set("/?#@ "):
                yield FieldError(field="hosts", message=f"{host!r} is more than host or host:port")
        except AddressRefusedError as error:
            yield FieldError(field="hosts", message=error.detail)
    for word, adapter in profile.hosters.items():
        if adapters is not None and adapter not in adapters:
            known = ", ".join(sorted(adapters))
            yield FieldError(field=f"hosters.{word}", message=f"no hoster adapter {adapter!r}; there are {known}")
    season = {"season"} if profile.seasons is not None else set()
    for section, name, fields in (
        (profile.search, "search", {"query"}),
        (profile.series, "series", {"key"}),
        (profile.episodes, "episodes", {"key"} | season),
        (profile.links, "links", {"key", "episode"} | season),
        (profile.seasons, "seasons", set()),
    ):
        if section is not None:
            yield from _section_problems(name, section, fields)


def _section_problems(name: str, section: Input, fields: set[str]) -> Iterator[FieldError]:
    for key, value in msgspec.structs.asdict(section).items():
        field = f"{name}.{key}"
        if key == "page":
            yield from (FieldError(field=field, message=problem) for problem in _template_problems(value, fields))
        elif isinstance(value, Rule) or (isinstance(value, str) and value):
            yield from _rule_problems(field, rule(value))
        elif value == "" and key != "empty":
            yield FieldError(field=field, message="is empty")


def _template_problems(template: str, fields: set[str]) -> Iterator[str]:
    if not template.startswith(("/", "?")):
        yield "must start with / (it is an address on base_url)"
    try:
        parts = list(string.Formatter().parse(template))
    except ValueError as error:
        yield str(error)
        return
    names = [name for _, name, _, _ in parts if name is not None]
    if any(form or conversion for _, _, form, conversion in parts) or not set(names) <= fields:
        yield f"only {', '.join(f'{{{name}}}' for name in sorted(fields))} can be filled in"
    yield from (f"{{{name}}} is missing" for name in sorted(fields - set(names)))


def _rule_problems(field: str, rule: Rule) -> Iterator[FieldError]:
    if rule.css:
        try:
            check_selector(rule.css)
        except ValueError as error:
            yield FieldError(field=field, message=f"{rule.css!r} is {error}")
    if rule.regex:
        try:
            compile_pattern(rule.regex)
        except ValueError as error:
            yield FieldError(field=f"{field}.regex", message=str(error))
