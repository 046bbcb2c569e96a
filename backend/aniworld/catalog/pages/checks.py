"""What is wrong with the description of a site, beyond its form. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from aniworld.catalog.pages import paths
from aniworld.catalog.pages.extract import check_selector
from aniworld.catalog.pages.patterns import compile_pattern
from aniworld.catalog.pages.profile import Episodes, Links, Listing, Seasons, Section, SiteProfile, in_json, rules
from aniworld.catalog.pages.rules import Data, Rule
from aniworld.catalog.profile import base_url_problems
from aniworld.kit.errors import FieldError
from aniworld.kit.net.errors import AddressRefusedError
from aniworld.kit.net.guard import parse_url

_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
_HEADER = re.compile(r"[A-Za-z0-9-]+")
_OUR_HEADERS = frozenset(
    {"host", "content-length", "transfer-encoding", "connection", "accept-encoding", "cookie", "range", "te", "upgrade"}
)
_TEMPLATES = ("page", "specials")
_NO_RULES = frozenset({"page", "specials", "form", "headers", "answer", "html", "data", "first"})
_LOOKS = ("items", "empty")
"""Selectors or paths, not rules."""


def problems(profile: SiteProfile, adapters: frozenset[str] | None) -> Iterator[FieldError]:
    """All of them, in the order of the file's sections."""
    yield from _address_problems(profile)
    yield from _header_problems("headers", profile.headers)
    for word, adapter in profile.hosters.items():
        if adapters is not None and adapter not in adapters:
            known = ", ".join(sorted(adapters))
            yield FieldError(field=f"hosters.{word}", message=f"no hoster adapter {adapter!r}; there are {known}")
    for name in ("search", "series", "seasons", "episodes", "links"):
        section: Section | None = getattr(profile, name)
        if section is not None:
            yield from _section_problems(name, section, profile)


def needed(profile: SiteProfile, name: str) -> tuple[set[str], set[str]]:
    """The placeholders that a section's pages must hold, and those that they may."""
    seasons = {"season", "season_id"} if profile.seasons is not None and profile.seasons.id is not None else {"season"}
    if profile.seasons is None:
        seasons = {"season"} if profile.episodes.season is not None else set()
    if name == "search":
        return {"query"}, {"query", "page"}
    if name == "series":
        return {"key"}, {"key"}
    if name == "seasons":
        return {"key"}, {"key", "page"}
    if name == "episodes":
        return {"key"}, {"key", "page"} | (seasons if profile.seasons is not None else set())
    episode = {"episode", "absolute"} | ({"episode_id"} if profile.episodes.id is not None else set())
    return set(), {"key", "page"} | seasons | episode


def _address_problems(profile: SiteProfile) -> Iterator[FieldError]:
    yield from base_url_problems(profile.base_url)
    for host in profile.hosts:
        try:
            parse_url(f"http://{host.removeprefix('*.')}/")
            if set(host) & set("/?#@ "):
                yield FieldError(field="hosts", message=f"{host!r} is more than host or host:port")
            if host.startswith("*.") and "." not in host.removeprefix("*."):
                yield FieldError(field="hosts", message=f"{host!r} is too wide; name the site's own domain")
        except AddressRefusedError as error:
            yield FieldError(field="hosts", message=error.detail)


def _header_problems(field: str, headers: dict[str, str]) -> Iterator[FieldError]:
    for name, value in headers.items():
        if not _HEADER.fullmatch(name):
            yield FieldError(field=f"{field}.{name}", message="is no name of a header")
        elif name.lower() in _OUR_HEADERS:
            hint = "; write cookies = true" if name.lower() == "cookie" else ""
            yield FieldError(field=f"{field}.{name}", message=f"is set by the program itself{hint}")
        if not (value.isascii() and value.isprintable()):
            yield FieldError(field=f"{field}.{name}", message="may hold printable ASCII only")


def _section_problems(name: str, section: Section, profile: SiteProfile) -> Iterator[FieldError]:
    yield from _header_problems(f"{name}.headers", section.headers)
    own = not (isinstance(section, Seasons) and not section.page)
    if own:
        yield from _template_problems(name, section, profile)
    elif section.form or section.headers or section.answer != "html" or section.html or section.data is not None:
        yield FieldError(field=f"{name}.page", message="is needed where the answer is another than that of the series")
    if section.data is not None and section.answer == "json":
        yield FieldError(field=f"{name}.data", message='is for answers that are HTML; leave out answer = "json"')
    if section.html and section.answer == "html":
        yield FieldError(field=f"{name}.html", message='needs answer = "json"')
    json = in_json(section if own else profile.series)
    for key, value in msgspec.structs.asdict(section).items():
        field = f"{name}.{key}"
        if key in _LOOKS:
            yield from _look_problems(field, value, json=json, needed=key == "items")
        elif key == "html" and value:
            yield from _path_problems(field, value)
        elif key == "data" and value is not None:
            css = value.css if isinstance(value, Data) else value
            yield from _selector_problems(field, css) if css else [FieldError(field=field, message="is empty")]
        elif key not in _NO_RULES and isinstance(value, Rule | str | tuple) and not _is_choice(section, key):
            for rule in rules(value, json=json):
                yield from _rule_problems(field, rule, json=json, bare=isinstance(value, str))
    if isinstance(section, Links):
        for key, table in (("language", profile.languages), ("hoster", profile.hosters)):
            if getattr(section, key) is None and len(table) != 1:
                yield FieldError(field=f"{name}.{key}", message=f"is needed, for [{key}s] has more than one")
    if isinstance(section, Episodes) and section.season is not None and profile.seasons is not None:
        yield FieldError(field=f"{name}.season", message="is for sites without [seasons]")


def _is_choice(section: Section, key: str) -> bool:
    return isinstance(section, Episodes) and key == "numbering"


def _template_problems(name: str, section: Section, profile: SiteProfile) -> Iterator[FieldError]:
    must, may = needed(profile, name)
    for key in _TEMPLATES:
        template = getattr(section, key, "")
        if not template:
            continue
        field = f"{name}.{key}"
        if not template.startswith(("/", "?")):
            yield FieldError(field=field, message="must start with / (it is an address on base_url)")
        named = set(_PLACEHOLDER.findall(template))
        for text in section.form.values():
            named |= set(_PLACEHOLDER.findall(text))
        if re.sub(_PLACEHOLDER, "", template).count("{") or re.sub(_PLACEHOLDER, "", template).count("}"):
            yield FieldError(field=field, message="has a single { or }")
        if not named <= may:
            allowed = ", ".join(f"{{{word}}}" for word in sorted(may))
            yield FieldError(field=field, message=f"only {allowed} can be filled in here")
        missing = set() if "season_id" in named else must - named  # it names the series as well
        yield from (FieldError(field=field, message=f"{{{word}}} is missing") for word in sorted(missing))
        episode = {"episode", "episode_id", "absolute"}
        if isinstance(section, Links) and not episode & (named | set(_PLACEHOLDER.findall(section.items))):
            yield FieldError(field=field, message="{episode} is missing")
        if isinstance(section, Listing) and "page" in named and section.next is None and not section.first.isdecimal():
            yield FieldError(field=f"{name}.first", message="must be a number where {page} is counted up")
    if isinstance(section, Episodes) and profile.seasons is not None:
        told = section.page + section.items + " ".join(section.form.values())
        if not {"season", "season_id"} & set(_PLACEHOLDER.findall(told)):
            yield FieldError(field=f"{name}.page", message="{season} is missing (it may stand in items instead)")


def _look_problems(field: str, value: str, *, json: bool, needed: bool) -> Iterator[FieldError]:
    filled = re.sub(r"\{(season|episode|absolute)\}", "1", value)
    if not value:
        if needed:
            yield FieldError(field=field, message="is empty")
    elif json:
        yield from _path_problems(field, filled)
    else:
        yield from _selector_problems(field, filled)


def _selector_problems(field: str, css: str) -> Iterator[FieldError]:
    try:
        check_selector(css)
    except ValueError as error:
        yield FieldError(field=field, message=f"{css!r} is {error}")


def _path_problems(field: str, path: str) -> Iterator[FieldError]:
    try:
        paths.parse(path)
    except ValueError as error:
        yield FieldError(field=field, message=str(error))


def _rule_problems(field: str, rule: Rule, *, json: bool, bare: bool) -> Iterator[FieldError]:
    if bare and not (rule.css or rule.path):
        yield FieldError(field=field, message="is empty")
    if json:
        wrong = [key for key in ("css", "up", "attr") if getattr(rule, key)]
        yield from (FieldError(field=f"{field}.{key}", message="is for HTML; here it is path") for key in wrong)
    elif rule.path:
        yield FieldError(field=f"{field}.path", message="is for JSON; here it is css")
    for css in (rule.css, rule.up):
        yield from _selector_problems(field, css) if css and not json else ()
    yield from _path_problems(field, rule.path) if json else ()
    if rule.wrap and "{value}" not in rule.wrap:
        yield FieldError(field=f"{field}.wrap", message="{value} is missing")
    if rule.regex:
        try:
            compile_pattern(rule.regex)
        except ValueError as error:
            yield FieldError(field=f"{field}.regex", message=str(error))
