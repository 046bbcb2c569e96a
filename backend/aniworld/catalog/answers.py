"""What a source tells, made to keep the contract: plain text, numbers in range, addresses of the web, bounded lists.

For sources whose answers arrive as data; a page goes through ``pages.shape``, which has the same limits. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import msgspec

from aniworld.catalog.errors import SourceChangedError
from aniworld.catalog.pages import text
from aniworld.catalog.pages.shape import (
    MAX_DESCRIPTION,
    MAX_EPISODES,
    MAX_GENRE,
    MAX_GENRES,
    MAX_HITS,
    MAX_LINKS,
    MAX_NAME,
    MAX_SEASONS,
    MAX_TITLE,
    valid_key,
)
from aniworld.catalog.types import (
    Artwork,
    EpisodeInfo,
    Language,
    Link,
    SeasonInfo,
    SeriesHit,
    SeriesInfo,
)
from aniworld.kit.net.errors import AddressRefusedError
from aniworld.kit.net.guard import parse_url

MAX_LANGUAGES = 50
"""Of one episode."""
MAX_SYNONYMS = 20
MAX_URL = 4000
"""A name of 255 bytes takes 765 in an address, and there may be several."""

_TAG = r"[a-z]{2,3}(?:-[A-Za-z0-9]{2,8})?"
_LANGUAGE = re.compile(rf"{_TAG}(?:\+{_TAG})?")


def hits(found: Iterable[SeriesHit]) -> list[SeriesHit]:
    """The first ``MAX_HITS`` that have a key and a name, each key once."""
    made: dict[str, SeriesHit] = {}
    for hit in found:
        name = text.clean(hit.name, MAX_NAME)
        if name and valid_key(hit.provider_key) and hit.provider_key not in made:
            made[hit.provider_key] = msgspec.structs.replace(
                hit,
                name=name,
                year=year(hit.year),
                cover_url=address(hit.cover_url),
                synonyms=_titles(hit.synonyms),
            )
        if len(made) == MAX_HITS:
            break
    return list(made.values())


def series(info: SeriesInfo, source: str) -> SeriesInfo:
    """The series, seasons and episodes in order, each once. Raises ``SourceChangedError`` for more than can be."""
    name = text.clean(info.name, MAX_NAME)
    if not name:
        raise SourceChangedError(f"{source} tells of a series without a name")
    if len(info.seasons) > MAX_SEASONS or sum(len(season.episodes) for season in info.seasons) > MAX_EPISODES:
        raise SourceChangedError(f"{source} lists more than {MAX_SEASONS} seasons or {MAX_EPISODES} episodes")
    genres = (text.clean(genre, MAX_GENRE) for genre in info.genres[: MAX_GENRES * 4])
    seasons = {season.season: _season(season) for season in info.seasons if 0 <= season.season <= text.MAX_NUMBER}
    pictures = {kind: address(url) for kind, url in msgspec.structs.asdict(info.artwork).items()}
    return msgspec.structs.replace(
        info,
        name=name,
        year=year(info.year),
        description=text.clean_paragraphs([info.description[: MAX_DESCRIPTION * 4]], MAX_DESCRIPTION),
        genres=tuple(dict.fromkeys(genre for genre in genres if genre))[:MAX_GENRES],
        site=address(info.site) or "",
        artwork=Artwork(**pictures),
        seasons=tuple(sorted(seasons.values(), key=_specials_last)),
    )


def links(found: Sequence[Link]) -> list[Link]:
    """The first ``MAX_LINKS`` that lead somewhere on the web."""
    return [
        msgspec.structs.replace(link, hoster=text.clean(link.hoster, MAX_GENRE))
        for link in found[:MAX_LINKS]
        if address(link.url) and _LANGUAGE.fullmatch(link.language)
    ]


def languages(found: Iterable[str]) -> tuple[Language, ...]:
    """Those that are written as ours are, each once."""
    good = dict.fromkeys(Language(tag) for tag in found if len(tag) <= 24 and _LANGUAGE.fullmatch(tag))
    return tuple(good)[:MAX_LANGUAGES]


def address(url: str | None) -> str | None:
    """The address, if it is one of the web."""
    if not url or len(url) > MAX_URL:
        return None
    try:
        parse_url(url)
    except AddressRefusedError:
        return None
    return url


def year(value: object) -> int | None:
    """The year in a number or a text."""
    return text.year(str(value)[:100]) if isinstance(value, str | int) and not isinstance(value, bool) else None


def number(value: object) -> int | None:
    """A number of a season or an episode: an int, or the digits of one."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    return text.number(str(value)[:20])


def _titles(found: Sequence[str]) -> tuple[str, ...]:
    cleaned = (text.clean(title, MAX_NAME) for title in found[: 2 * MAX_SYNONYMS])
    return tuple(dict.fromkeys(title for title in cleaned if title))[:MAX_SYNONYMS]


def _season(season: SeasonInfo) -> SeasonInfo:
    made: dict[int, EpisodeInfo] = {}
    for episode in season.episodes:
        if 0 <= episode.episode <= text.MAX_NUMBER and episode.episode not in made:
            made[episode.episode] = _episode(episode, season.season)
    ordered = tuple(made[number] for number in sorted(made))
    return SeasonInfo(season=season.season, name=text.clean(season.name, MAX_NAME), episodes=ordered)


def _episode(episode: EpisodeInfo, season: int) -> EpisodeInfo:
    aired, absolute, duration = episode.aired, episode.absolute, episode.duration
    return msgspec.structs.replace(
        episode,
        season=season,
        title=text.clean(episode.title, MAX_TITLE),
        absolute=absolute if absolute is not None and 0 <= absolute <= text.MAX_NUMBER else None,
        aired=aired if aired is not None and text.MIN_YEAR <= aired.year <= text.MAX_YEAR else None,
        duration=duration if duration is not None and 0 < duration <= text.MAX_DURATION else None,
        languages=languages(episode.languages),
    )


def _specials_last(season: SeasonInfo) -> tuple[bool, int]:
    return season.season == 0, season.season
