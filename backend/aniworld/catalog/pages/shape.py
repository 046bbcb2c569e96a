"""A site's sections as queries, and the answers as what the rest of the program knows. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import NamedTuple, cast
from urllib.parse import unquote

import msgspec

from aniworld.catalog.pages import text
from aniworld.catalog.pages.profile import (
    Episodes,
    Links,
    Listing,
    Search,
    Seasons,
    Section,
    Series,
    SiteProfile,
    Value,
    in_json,
    rules,
)
from aniworld.catalog.pages.rules import Data, Found, Kind, Query, Wanted
from aniworld.catalog.types import (
    Artwork,
    EpisodeInfo,
    Language,
    Link,
    SeasonInfo,
    SeriesHit,
    SeriesInfo,
    SeriesStatus,
)
from aniworld.kit import clock

MAX_HITS = 100
MAX_SEASONS = 200
MAX_EPISODES = 5_000
MAX_LINKS = 500
MAX_KEY = 200
MAX_NAME = 300
MAX_TITLE = 500
MAX_DESCRIPTION = 10_000
MAX_GENRES = 30
MAX_GENRE = 60
ANY = "*"
"""In ``[hosters]``: whatever is not named."""
_PARAGRAPHS = 100
_LANGUAGES = 50
_PICTURES = ("poster", "fanart", "logo", "banner", "thumb")
_ADDRESS_ATTRIBUTES = ("href", "src")


class SeasonRow(NamedTuple):
    """A season as it is listed."""

    number: int
    name: str = ""
    id: str = ""


class EpisodeRow(NamedTuple):
    """An episode as it is listed."""

    info: EpisodeInfo
    number: int
    """What the site counts it as."""
    id: str = ""


def valid_key(key: str) -> bool:
    """Whether it can stand in an address without leading anywhere else."""
    return 0 < len(key) <= MAX_KEY and key.isprintable() and "\\" not in key and not {"", ".", ".."} & {*key.split("/")}


# --- search ---------------------------------------------------------------------------------------------------------


def search_query(section: Search) -> Query:
    """What is asked of a page of search results."""
    values = _Values(section).add(name=section.name).add("year", year=section.year).add("url", cover=section.cover)
    return _query(section, values.key(key=section.key), section.items, MAX_HITS)


def hits(found: Found) -> list[SeriesHit]:
    """Every item that has a key and a name, each key once."""
    made: dict[str, SeriesHit] = {}
    for item in found.items:
        key, name = unquote(_first(item, "key")), text.clean(_first(item, "name"), MAX_NAME)
        if valid_key(key) and name and key not in made:
            made[key] = SeriesHit(
                provider_key=key,
                name=name,
                year=_number(item, "year"),
                cover_url=_first(item, "cover") or None,
            )
    return list(made.values())


# --- series and seasons ---------------------------------------------------------------------------------------------


def series_query(section: Series) -> Query:
    """What is asked of the page of a series."""
    values = _Values(section).add(name=section.name, status=section.status).add("year", year=section.year)
    values.add(many=_PARAGRAPHS, description=section.description).add(many=MAX_GENRES, genres=section.genres)
    values.add("url", **{kind: getattr(section, kind) for kind in _PICTURES})
    return _query(section, values)


def series_info(found: Found, key: str, site: str) -> SeriesInfo:
    """The series without its seasons; its name is empty when there was none."""
    item = found.items[0] if found.items else {}
    status = _first(item, "status")
    genres = (text.clean(genre, MAX_GENRE) for genre in item.get("genres", ()))
    return SeriesInfo(
        provider_key=key,
        name=text.clean(_first(item, "name"), MAX_NAME),
        year=_number(item, "year"),
        description=text.clean_paragraphs(item.get("description", []), MAX_DESCRIPTION),
        genres=tuple(dict.fromkeys(genre for genre in genres if genre)),
        status=cast(SeriesStatus, status) if status in ("ongoing", "completed") else "unknown",
        site=site,
        artwork=Artwork(**{kind: _first(item, kind) or None for kind in _PICTURES}),
    )


def seasons_query(section: Seasons, series: Series) -> Query:
    """What is asked of the list of seasons; without a page of its own it stands in the answer of the series."""
    answer = section if section.page else series
    values = _Values(answer).add("number", number=section.number).add(name=section.name).key(id=section.id)
    return _query(answer, values, section.items, MAX_SEASONS, listing=section)


def seasons(found: Found) -> list[SeasonRow]:
    """Every item with a number, each number once, in the site's order."""
    made: dict[int, SeasonRow] = {}
    for item in found.items:
        number, name = _number(item, "number"), text.clean(_first(item, "name"), MAX_NAME)
        if number is not None and number not in made:
            made[number] = SeasonRow(number, name, unquote(_first(item, "id")))
    return list(made.values())


# --- episodes and links ---------------------------------------------------------------------------------------------


def episodes_query(section: Episodes, season: int) -> Query:
    """What is asked of the page of a season."""
    values = _Values(section).add("number", number=section.number, absolute=section.absolute, season=section.season)
    values.add(title=section.title).add("date", aired=section.aired).add("duration", duration=section.duration)
    values.add(many=_LANGUAGES, languages=section.languages).key(id=section.id)
    return _query(section, values, section.items.replace("{season}", str(season)), MAX_EPISODES)


def episodes(found: Found, season: int | None, profile: SiteProfile) -> tuple[list[EpisodeRow], set[str]]:
    """Every item with a number, each number once, in order; and the words for languages that nobody knows.

    ``season`` None: every item says its own.
    """
    section = profile.episodes
    known = _folded(profile.languages)
    today = clock.now().date()
    made: dict[tuple[int, int], EpisodeRow] = {}
    unknown: set[str] = set()
    for item in found.items:
        number, of = _number(item, "number"), _number(item, "season") if season is None else season
        if number is None or of is None or (of, number) in made:
            continue
        aired = dt.date.fromisoformat(day) if (day := _first(item, "aired")) else None
        if section.languages is None:
            there = list(profile.languages.values()) if aired is None or aired <= today else []
        else:
            words = [_word(word) for word in item.get("languages", ())]
            unknown |= {word for word in words if word not in known}
            there = [known[word] for word in words if word in known]
        info = EpisodeInfo(
            season=of,
            episode=number,
            title=text.clean(_first(item, "title"), MAX_TITLE),
            absolute=_number(item, "absolute"),
            aired=aired,
            duration=float(_first(item, "duration")) if "duration" in item else None,
            languages=tuple(dict.fromkeys(Language(tag) for tag in there)),
        )
        made[of, number] = EpisodeRow(info, number, unquote(_first(item, "id")))
    return [made[place] for place in sorted(made)], unknown


def renumbered(rows: list[EpisodeRow]) -> list[EpisodeRow]:
    """Episodes of a site that counts on from season to season: counted from 1, the site's number as absolute."""
    first: dict[int, int] = {}
    for row in rows:
        first.setdefault(row.info.season, row.number)
    return [
        row
        if row.info.season == 0
        else row._replace(
            info=msgspec.structs.replace(row.info, episode=row.number - first[row.info.season] + 1, absolute=row.number)
        )
        for row in rows
    ]


def with_episodes(info: SeriesInfo, seasons: list[SeasonRow] | None, rows: list[EpisodeRow]) -> SeriesInfo:
    """The series, complete; without a list of seasons those of its episodes."""
    episodes_of: dict[int, list[EpisodeInfo]] = {season.number: [] for season in seasons or []}
    for row in rows:
        episodes_of.setdefault(row.info.season, []).append(row.info)
    names = {season.number: season.name for season in seasons or []}
    made = (
        SeasonInfo(season=number, name=names.get(number, ""), episodes=tuple(sorted(of, key=lambda one: one.episode)))
        for number, of in list(episodes_of.items())[:MAX_SEASONS]
    )
    return msgspec.structs.replace(info, seasons=tuple(made))


def links_query(section: Links, season: int, episode: int, absolute: int) -> Query:
    """What is asked of the page of an episode."""
    values = _Values(section).add(language=section.language, hoster=section.hoster).add("url", url=section.url)
    items = section.items.replace("{season}", str(season)).replace("{episode}", str(episode))
    return _query(section, values, items.replace("{absolute}", str(absolute)), MAX_LINKS)


def links(found: Found, profile: SiteProfile) -> tuple[list[Link], set[str]]:
    """The links that can be used, in the site's order; and the languages and hosters that nobody knows."""
    languages, hosters = _folded(profile.languages), _folded(profile.hosters)
    # Where the rule is left out there is only one.
    language = next(iter(profile.languages)) if profile.links.language is None else ""
    hoster = next(iter(profile.hosters)) if profile.links.hoster is None else ""
    made: list[Link] = []
    unknown: set[str] = set()
    for item in found.items:
        spoken, host, url = language or _first(item, "language"), hoster or _first(item, "hoster"), _first(item, "url")
        adapter = hosters.get(_word(host)) or hosters.get(ANY)
        missing = {_word(spoken)} - languages.keys() | ({_word(host)} if adapter is None else set())
        unknown |= missing - {""}
        if spoken and host and url and adapter and not missing:
            name = profile.title if host == ANY else text.clean(host, MAX_GENRE)
            made.append(Link(hoster=name, kind=adapter, url=url, language=Language(languages[_word(spoken)])))
    return made, unknown


def unknown_words(words: Iterable[str], table: dict[str, str]) -> set[str]:
    """Those that the table of languages or hosters does not know."""
    known = _folded(table)
    return set() if ANY in known else {word for word in map(_word, words) if word not in known}


# --- inside ---------------------------------------------------------------------------------------------------------


class _Values:
    """The values that are asked for in one section."""

    def __init__(self, section: Section) -> None:
        self._json = in_json(section)
        self.wanted: dict[str, Wanted] = {}

    def add(self, kind: Kind = "text", *, many: int = 1, **values: Value | None) -> _Values:
        """Values of one kind; what the profile leaves out is not asked for."""
        for name, value in values.items():
            if value is not None:
                self.wanted[name] = Wanted(rules=rules(value, json=self._json), many=many, kind=kind)
        return self

    def key(self, **values: Value | None) -> _Values:
        """What stands in addresses: cut out of the path where the rule takes it from one."""
        for name, value in values.items():
            if value is not None:
                found = rules(value, json=self._json)
                addresses = all(rule.attr in _ADDRESS_ATTRIBUTES for rule in found)
                self.wanted[name] = Wanted(rules=found, kind="path" if addresses else "text")
        return self


def _query(
    answer: Section, values: _Values, items: str | None = None, limit: int = 1, listing: Listing | None = None
) -> Query:
    of = listing if listing is not None else answer
    following, empty = None, ""
    if isinstance(of, Listing):
        empty = of.empty
        if of.next is not None:
            kind: Kind = "text" if "{page}" in of.page or "{page}" in "".join(of.form.values()) else "url"
            following = Wanted(rules=rules(of.next, json=in_json(answer)), kind=kind)
    return Query(
        values=values.wanted,
        items=items,
        limit=limit,
        empty=empty,
        next=following,
        answer=answer.answer,
        data=Data(css=answer.data) if isinstance(answer.data, str) else answer.data,
        html=answer.html,
    )


def _first(item: dict[str, list[str]], name: str) -> str:
    values = item.get(name)
    return values[0] if values else ""


def _number(item: dict[str, list[str]], name: str) -> int | None:
    value = _first(item, name)
    return int(value) if value else None


def _word(text_: str) -> str:
    return text.clean(text_, 100).casefold()


def _folded(table: dict[str, str]) -> dict[str, str]:
    return {_word(word): value for word, value in table.items()}
