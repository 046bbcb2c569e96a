"""A site's sections as queries, and the answers as what the rest of the program knows. Pure."""

from __future__ import annotations

from typing import cast
from urllib.parse import unquote

import msgspec

from aniworld.catalog.pages import text
from aniworld.catalog.pages.profile import Episodes, Links, Search, Seasons, Series, SiteProfile, Value, rule
from aniworld.catalog.pages.rules import Found, Query, Rule, Wanted
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
_PARAGRAPHS = 100
_LANGUAGES = 50
_PICTURES = ("poster", "fanart", "logo", "banner", "thumb")
_ADDRESS_ATTRIBUTES = ("href", "src")


def valid_key(key: str) -> bool:
    """Whether it can stand in an address without leading anywhere else."""
    return 0 < len(key) <= MAX_KEY and key.isprintable() and "\\" not in key and not {"", ".", ".."} & {*key.split("/")}


# --- search ---------------------------------------------------------------------------------------------------------


def search_query(section: Search) -> Query:
    """What is asked of a page of search results."""
    key = rule(section.key)
    values = _wanted(name=section.name, year=section.year)
    values["key"] = Wanted(rule=key, address="path" if key.attr in _ADDRESS_ATTRIBUTES else "")
    values |= _addresses(cover=section.cover)
    return Query(values=values, items=section.items, limit=MAX_HITS, empty=section.empty)


def hits(found: Found) -> list[SeriesHit]:
    """Every item that has a key and a name, each key once."""
    made: dict[str, SeriesHit] = {}
    for item in found.items:
        key, name = unquote(_first(item, "key")), text.clean(_first(item, "name"), MAX_NAME)
        if valid_key(key) and name and key not in made:
            made[key] = SeriesHit(
                provider_key=key,
                name=name,
                year=text.year(_first(item, "year")),
                cover_url=_first(item, "cover") or None,
            )
    return list(made.values())


# --- series and seasons ---------------------------------------------------------------------------------------------


def series_query(section: Series) -> Query:
    """What is asked of the page of a series."""
    values = _wanted(name=section.name, year=section.year, status=section.status)
    values |= _wanted(_PARAGRAPHS, description=section.description) | _wanted(MAX_GENRES, genres=section.genres)
    values |= _addresses(**{kind: getattr(section, kind) for kind in _PICTURES})
    return Query(values=values)


def series_info(found: Found, key: str, site: str) -> SeriesInfo:
    """The series without its seasons; its name is empty when there was none."""
    item = found.items[0] if found.items else {}
    status = _first(item, "status")
    genres = (text.clean(genre, MAX_GENRE) for genre in item.get("genres", ()))
    return SeriesInfo(
        provider_key=key,
        name=text.clean(_first(item, "name"), MAX_NAME),
        year=text.year(_first(item, "year")),
        description=text.clean_paragraphs(item.get("description", []), MAX_DESCRIPTION),
        genres=tuple(dict.fromkeys(genre for genre in genres if genre)),
        status=cast(SeriesStatus, status) if status in ("ongoing", "completed") else "unknown",
        site=site,
        artwork=Artwork(**{kind: _first(item, kind) or None for kind in _PICTURES}),
    )


def with_seasons(info: SeriesInfo, seasons: list[SeasonInfo]) -> SeriesInfo:
    """The series, complete."""
    return msgspec.structs.replace(info, seasons=tuple(seasons))


def seasons_query(section: Seasons) -> Query:
    """What is asked of the list of seasons."""
    values = _wanted(number=section.number, name=section.name)
    return Query(values=values, items=section.items, limit=MAX_SEASONS)


def seasons(found: Found) -> list[SeasonInfo]:
    """Every item with a number, each number once, in the site's order."""
    made: dict[int, SeasonInfo] = {}
    for item in found.items:
        number = text.number(_first(item, "number"))
        if number is not None and number not in made:
            made[number] = SeasonInfo(season=number, name=text.clean(_first(item, "name"), MAX_NAME))
    return list(made.values())


# --- episodes and links ---------------------------------------------------------------------------------------------


def episodes_query(section: Episodes) -> Query:
    """What is asked of the page of a season."""
    values = _wanted(
        number=section.number,
        title=section.title,
        absolute=section.absolute,
        aired=section.aired,
        duration=section.duration,
    )
    values |= _wanted(_LANGUAGES, languages=section.languages)
    return Query(values=values, items=section.items, limit=MAX_EPISODES, empty=section.empty)


def episodes(found: Found, season: int, profile: SiteProfile) -> tuple[list[EpisodeInfo], set[str]]:
    """Every item with a number, each number once, in order; and the words for languages that nobody knows."""
    section = profile.episodes
    aired_rule = rule(section.aired) if section.aired is not None else Rule()
    unit = 1.0 if section.duration is not None and rule(section.duration).unit == "seconds" else 60.0
    known = _folded(profile.languages)
    today = clock.now().date()
    made: dict[int, EpisodeInfo] = {}
    unknown: set[str] = set()
    for item in found.items:
        number = text.number(_first(item, "number"))
        if number is None or number in made:
            continue
        aired = text.date(_first(item, "aired"), aired_rule.format)
        if section.languages is None:
            there = list(profile.languages.values()) if aired is None or aired <= today else []
        else:
            words = [_word(word) for word in item.get("languages", ())]
            unknown |= {word for word in words if word not in known}
            there = [known[word] for word in words if word in known]
        made[number] = EpisodeInfo(
            season=season,
            episode=number,
            title=text.clean(_first(item, "title"), MAX_TITLE),
            absolute=text.number(_first(item, "absolute")),
            aired=aired,
            duration=text.duration(_first(item, "duration"), unit),
            languages=tuple(dict.fromkeys(Language(tag) for tag in there)),
        )
    return [made[number] for number in sorted(made)], unknown


def with_episodes(season: SeasonInfo, found: list[EpisodeInfo]) -> SeasonInfo:
    """The season, complete."""
    return msgspec.structs.replace(season, episodes=tuple(found))


def links_query(section: Links) -> Query:
    """What is asked of the page of an episode."""
    values = _wanted(language=section.language, hoster=section.hoster) | _addresses(url=section.url)
    return Query(values=values, items=section.items, limit=MAX_LINKS, empty=section.empty)


def links(found: Found, profile: SiteProfile) -> tuple[list[Link], set[str]]:
    """The links that can be used, in the site's order; and the languages and hosters that nobody knows."""
    languages, hosters = _folded(profile.languages), _folded(profile.hosters)
    made: list[Link] = []
    unknown: set[str] = set()
    for item in found.items:
        language, hoster, url = (_first(item, name) for name in ("language", "hoster", "url"))
        missing = {
            word
            for word, known in ((_word(language), languages), (_word(hoster), hosters))
            if word and word not in known
        }
        unknown |= missing
        if language and hoster and url and not missing:
            made.append(
                Link(
                    hoster=text.clean(hoster, MAX_GENRE),
                    kind=hosters[_word(hoster)],
                    url=url,
                    language=Language(languages[_word(language)]),
                )
            )
    return made, unknown


# --- inside ---------------------------------------------------------------------------------------------------------


def _wanted(many: int = 1, **values: Value | None) -> dict[str, Wanted]:
    return {name: Wanted(rule=rule(value), many=many) for name, value in values.items() if value is not None}


def _addresses(**values: Value | None) -> dict[str, Wanted]:
    return {name: Wanted(rule=rule(value), address="url") for name, value in values.items() if value is not None}


def _first(item: dict[str, list[str]], name: str) -> str:
    values = item.get(name)
    return values[0] if values else ""


def _word(text_: str) -> str:
    return text.clean(text_, 100).casefold()


def _folded(table: dict[str, str]) -> dict[str, str]:
    return {_word(word): value for word, value in table.items()}
