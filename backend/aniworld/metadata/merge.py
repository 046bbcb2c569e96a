"""One series made of what all tell about it: each field from the one who is preferred and says something. Pure.

What a service leaves empty never empties what another one tells. The seasons that are handed in are counted in one way:
who counts differently is brought to that before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar, get_args

import msgspec

from aniworld.metadata.types import (
    Field,
    IdKind,
    MergedSeries,
    Origin,
    Picture,
    PictureKind,
    ServiceEpisode,
    ServiceSeason,
    ServiceSeries,
)

T = TypeVar("T")

ORDERS: dict[Field, tuple[Origin, ...]] = {
    "title": ("source", "tmdb", "anilist"),  # the name by which the library knows it
    "plot": ("tmdb", "source", "anilist"),  # TMDB has it in many languages, AniList in English
    "genres": ("anilist", "source", "tmdb"),  # "Mecha" and "Slice of Life" where TMDB says "Animation"
    "rating": ("tmdb", "anilist", "source"),
    "people": ("tmdb", "anilist", "source"),
    "episodes": ("tmdb", "source", "anilist"),
    "poster": ("tmdb", "fanart", "anilist", "source"),
    "fanart": ("tmdb", "fanart", "anilist", "source"),
    "logo": ("tmdb", "fanart", "source"),
    "banner": ("fanart", "anilist", "source"),
    "thumb": ("fanart", "tmdb", "source"),
}
"""Who is preferred where the user does not say."""
_USUAL: tuple[Origin, ...] = ("tmdb", "source", "anilist", "fanart")
"""For what has no preference. An entry of AniList is often one cour: its dates are not those of the whole series."""
_ANILIST_FIRST: tuple[Origin, ...] = ("anilist", "tmdb", "source", "fanart")
_WITHOUT_WORDS: frozenset[PictureKind] = frozenset({"fanart"})
"""Kinds of pictures that are best without any words in them."""


def order(field: Field, prefer: Mapping[Field, Sequence[Origin]]) -> tuple[Origin, ...]:
    """Everybody, the preferred ones first."""
    return tuple(dict.fromkeys((*prefer.get(field, ()), *ORDERS[field], *_USUAL)))


def merge(
    told: Mapping[Origin, ServiceSeries], prefer: Mapping[Field, Sequence[Origin]], languages: Sequence[str] = ()
) -> MergedSeries:
    """What all together tell. ``prefer``: whose value is taken, field by field; ``languages``: of words in pictures."""
    origins: dict[Field, Origin] = {}

    def chosen(field: Field, name: str) -> Any:
        for origin in order(field, prefer):
            if origin in told and (value := getattr(told[origin], name)):
                origins[field] = origin
                return value
        return _empty(name)

    def first(name: str, among: Iterable[Origin] = _USUAL) -> Any:
        values = (getattr(told[origin], name) for origin in among if origin in told)
        return next((value for value in values if value not in (None, "", (), "unknown")), _empty(name))

    everybody = [told[origin] for origin in order("title", prefer) if origin in told]
    ratings = {
        rating.name: rating for one in _sorted(told, order("rating", prefer)) for rating in reversed(one.ratings)
    }
    if ratings:
        origins["rating"] = next(o for o in order("rating", prefer) if o in told and told[o].ratings)
    seasons = _seasons(_sorted(told, order("episodes", prefer)))
    if seasons:
        origins["episodes"] = next(o for o in order("episodes", prefer) if o in told and told[o].seasons)
    pictures = _pictures(told, prefer, languages)
    for picture in pictures:
        if picture.season is None:
            origins.setdefault(picture.kind, picture.service)
    return MergedSeries(
        ids=_ids(told),
        title=chosen("title", "title"),
        original_title=first("original_title"),
        titles=_union(title for one in everybody for title in (one.title, *one.titles)),
        format=first("format"),
        year=first("year"),
        premiered=first("premiered"),
        ended=first("ended"),
        ongoing=first("ongoing"),
        plot=chosen("plot", "plot"),
        genres=chosen("genres", "genres"),
        tags=first("tags", _ANILIST_FIRST),
        studios=first("studios", _ANILIST_FIRST),
        duration=first("duration"),
        age_rating=first("age_rating"),
        ratings=tuple(reversed(ratings.values())),
        people=chosen("people", "people"),
        pictures=pictures,
        episode_count=first("episode_count"),
        seasons=seasons,
        next_airing=first("next_airing", _ANILIST_FIRST),
        origins=origins,
    )


def _empty(name: str) -> Any:
    return _NOTHING[name]


_NOTHING = {
    field.name: field.default
    for field in msgspec.structs.fields(MergedSeries)
    if field.default is not msgspec.NODEFAULT
}


def _sorted(told: Mapping[Origin, ServiceSeries], among: Sequence[Origin]) -> list[ServiceSeries]:
    """The least preferred first: whoever comes later is written over them."""
    return [told[origin] for origin in reversed(among) if origin in told]


def _union(values: Iterable[T]) -> tuple[T, ...]:
    return tuple(dict.fromkeys(value for value in values if value))


def _ids(told: Mapping[Origin, ServiceSeries]) -> dict[IdKind, str]:
    """All ids; of two that differ the one of the service itself, then as usual."""
    ids: dict[IdKind, str] = {}
    for one in _sorted(told, _USUAL):
        ids.update({kind: value for kind, value in one.ids.items() if value})
    for kind in ids:
        own = told.get(kind) if kind in ("anilist", "tmdb") else None
        if own is not None and own.ids.get(kind):
            ids[kind] = own.ids[kind]
    return ids


def _seasons(everybody: Sequence[ServiceSeries]) -> tuple[ServiceSeason, ...]:
    """``everybody``: the least preferred first."""
    seasons: dict[int, ServiceSeason] = {}
    episodes: dict[tuple[int, int], ServiceEpisode] = {}
    for one in everybody:
        for season in one.seasons:
            seasons[season.season] = _over(season, seasons.get(season.season))
            for episode in season.episodes:
                place = (episode.season, episode.episode)
                episodes[place] = _over(episode, episodes.get(place))
    return tuple(
        msgspec.structs.replace(
            seasons[number], episodes=tuple(episodes[place] for place in sorted(episodes) if place[0] == number)
        )
        for number in sorted(seasons)
    )


S = TypeVar("S", ServiceSeason, ServiceEpisode)


def _over(better: S, other: S | None) -> S:
    """``better``, with what ``other`` tells where it is silent."""
    if other is None:
        return better
    values: dict[str, Any] = {}
    for name in better.__struct_fields__:
        mine: Any = getattr(better, name)
        theirs: Any = getattr(other, name)
        if isinstance(mine, dict):
            values[name] = {**theirs, **mine}
        elif name == "ratings":
            values[name] = tuple({rating.name: rating for rating in (*theirs, *mine)}.values())[::-1]
        elif mine in (None, "", ()):
            values[name] = theirs
    return msgspec.structs.replace(better, **values)


def _pictures(
    told: Mapping[Origin, ServiceSeries], prefer: Mapping[Field, Sequence[Origin]], languages: Sequence[str]
) -> tuple[Picture, ...]:
    """The best of each kind first. Without a preference of the user's own the language of the words counts most."""
    kinds: tuple[PictureKind, ...] = get_args(PictureKind)
    all_of_them = _union(picture for one in told.values() for picture in one.pictures)

    def ranked(kind: PictureKind) -> Callable[[Picture], tuple[float, ...]]:
        places = {origin: place for place, origin in enumerate(order(kind, prefer))}

        def key(picture: Picture) -> tuple[float, ...]:
            place, language = places[picture.service], language_rank(picture, languages)
            best = (place, language) if prefer.get(kind) else (language, place)
            return (*best, -picture.score, -(picture.width or 0))

        return key

    return tuple(
        picture
        for kind in kinds
        for picture in sorted((one for one in all_of_them if one.kind == kind), key=ranked(kind))
    )


def language_rank(picture: Picture, languages: Sequence[str]) -> int:
    """How well the words in a picture fit: the wanted languages in their order, none, then any other."""
    if picture.language is None:
        return -1 if picture.kind in _WITHOUT_WORDS else len(languages)
    told = picture.language.partition("-")[0].lower()
    wanted = [language.partition("-")[0].lower() for language in languages]
    return wanted.index(told) if told in wanted else len(languages) + 1
