"""What source and services tell of one series, brought to the source's numbers and made one. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, get_args

import msgspec

from aniworld.catalog.types import SeriesInfo
from aniworld.kit.schema import Schema
from aniworld.kit.text import fold
from aniworld.library.mapping import at_service, derive, sureness
from aniworld.library.mapping_types import Hint, Numbered, Part, SeasonMapping, Segment, SourceSeason
from aniworld.metadata.types import (
    IdEntry,
    IdKind,
    MergedSeries,
    Origin,
    Picture,
    PictureKind,
    Service,
    ServiceEpisode,
    ServiceSeason,
    ServiceSeries,
)

MOST_TITLES = 40
_MOST_PICTURES = 5
"""Of one kind and season."""
_MOST_PEOPLE = 30


class OtherOrder(Schema, frozen=True):
    """The episodes of a series in another order of the service."""

    id: str
    name: str
    seasons: tuple[ServiceSeason, ...]


class Kept(Schema, frozen=True):
    """All that one service told about a series."""

    series: ServiceSeries
    entries: tuple[ServiceSeries, ...] = ()
    """Further entries that belong to it, the series' own among them, in their order; empty: it is the only one."""
    orders: tuple[OtherOrder, ...] = ()
    listed: tuple[IdEntry, ...] = ()
    """What the public list of ids says about it."""


def told_by_source(info: SeriesInfo) -> ServiceSeries:
    """What a source tells, in the words of the services."""
    artwork = {kind: getattr(info.artwork, kind) for kind in get_args(PictureKind)}
    seasons = [(season.season, season.name, season.episodes) for season in info.seasons]
    return _as_told(info, info.name, artwork, seasons)


def told_by_rows(row: Any, seasons: Iterable[Any], episodes: Sequence[Any]) -> ServiceSeries:
    """The same of a series that was loaded before its source's words were kept. ``row``: its material."""
    grouped = [
        (season.season, season.name, [one for one in episodes if one.season == season.season]) for season in seasons
    ]
    return _as_told(row, row.name, row.artwork or {}, grouped)


def _as_told(
    series: Any, name: str, artwork: Mapping[PictureKind, str | None], seasons: Iterable[tuple[int, str, Iterable[Any]]]
) -> ServiceSeries:
    title = " ".join(name.split())
    return ServiceSeries(
        service="source",
        id=series.provider_key,
        title=title,
        titles=(title,) if title else (),
        year=series.year,
        ongoing={"ongoing": True, "completed": False}.get(series.status),
        plot=series.description,
        genres=tuple(dict.fromkeys(series.genres)),
        pictures=tuple(Picture(kind=kind, url=url) for kind in get_args(PictureKind) if (url := artwork.get(kind))),
        seasons=tuple(
            ServiceSeason(
                season=number,
                name=season_name,
                episodes=tuple(
                    ServiceEpisode(
                        season=number,
                        episode=episode.episode,
                        absolute=episode.absolute,
                        title=episode.title,
                        aired=episode.aired,
                        duration=episode.duration,
                    )
                    for episode in episodes
                ),
            )
            for number, season_name, episodes in seasons
        ),
    )


def source_seasons(source: ServiceSeries) -> list[SourceSeason]:
    """The seasons to be found at the services."""
    return [
        SourceSeason(season=season.season, name=season.name, episodes=_numbered(season)) for season in source.seasons
    ]


def regular_count(source: ServiceSeries) -> int:
    """Episodes without specials."""
    return sum(len(season.episodes) for season in source.seasons if season.season > 0)


def place(
    source: ServiceSeries, kept: Kept, pinned: Sequence[SeasonMapping], hints: Sequence[Hint] = ()
) -> list[SeasonMapping]:
    """Where the source's seasons lie at a service: in the order of its that fits best, its own if in doubt."""
    seasons = source_seasons(source)
    best = derive(seasons, parts(kept), pinned=pinned, hints=hints)
    for order in kept.orders:
        found = derive(seasons, parts(kept, order.id), pinned=pinned, order=order.id)
        if sureness(found) > sureness(best) + 0.1:
            best = found
    return best


def parts(kept: Kept, order: str | None = None) -> list[Part]:
    """What a service counts, part by part."""
    if kept.entries:
        return [
            Part(
                id=entry.id,
                season=1,
                name=entry.title,
                episodes=_numbered(entry.seasons[0]) if entry.seasons else (),
                count=entry.episode_count,
                began=entry.premiered,
            )
            for entry in kept.entries
        ]
    series = kept.series
    seasons = next((one.seasons for one in kept.orders if one.id == order), series.seasons)
    if not seasons and series.service == "anilist":
        return [Part(id=series.id, name=series.title, count=series.episode_count, began=series.premiered)]
    single = series.service == "anilist" and len(seasons) == 1
    return [
        Part(
            id=series.id,
            season=season.season,
            name=season.name or (series.title if single else ""),
            episodes=_numbered(season),
            count=series.episode_count if single else None,
            began=season.premiered or (series.premiered if single else None),
        )
        for season in sorted(seasons, key=lambda one: one.season)
    ]


def hints_from(entries: Iterable[IdEntry], anilist: Iterable[Segment], tmdb: str) -> list[Hint]:
    """Where a list of ids says that seasons lie at TMDB, by the entries of AniList that they are."""
    known = {entry.ids.get("anilist"): entry for entry in entries if entry.tmdb_season is not None}
    return [
        Hint(
            season=segment.season,
            part=(tmdb, entry.tmdb_season),
            offset=entry.tmdb_offset + segment.offset,
        )
        for segment in anilist
        if segment.id
        and (entry := known.get(segment.id)) is not None
        and entry.tmdb_season is not None
        and segment.first <= 1
    ]


def renumbered(kept: Kept, segments: Sequence[Segment], source: ServiceSeries) -> ServiceSeries:
    """What a service tells, with the source's seasons and episodes; what lies nowhere is left out."""
    named: dict[tuple[str, int, str | None], ServiceSeason] = {}
    for series in kept.entries or (kept.series,):
        for season in series.seasons:
            named[series.id, season.season, None] = season
    for order in kept.orders:
        for season in order.seasons:
            named[kept.series.id, season.season, order.id] = season
    told = {(*key, episode.episode): episode for key, season in named.items() for episode in season.episodes}
    seasons: list[ServiceSeason] = []
    for season in source.seasons:
        mine = [segment for segment in segments if segment.season == season.season]
        episodes: list[ServiceEpisode] = []
        for episode in season.episodes:
            found = at_service(mine, season.season, episode.episode)
            theirs = found and told.get((found[0].id, found[0].service_season, found[0].order, found[1]))
            if theirs:
                episodes.append(
                    msgspec.structs.replace(
                        theirs, season=season.season, episode=episode.episode, absolute=episode.absolute
                    )
                )
        whole = mine[0] if len(mine) == 1 and mine[0].offset == 0 else None
        about = whole and named.get((whole.id, whole.service_season, whole.order))
        if about:
            seasons.append(msgspec.structs.replace(about, season=season.season, episodes=tuple(episodes)))
        elif episodes:
            seasons.append(ServiceSeason(season=season.season, episodes=tuple(episodes)))
    renamed = {(segment.id, segment.service_season): segment.season for segment in segments if segment.offset == 0}
    pictures = tuple(
        msgspec.structs.replace(picture, season=renamed.get((kept.series.id, picture.season)))
        if picture.season is not None
        else picture
        for picture in kept.series.pictures
        if picture.season is None or (kept.series.id, picture.season) in renamed
    )
    return msgspec.structs.replace(kept.series, seasons=tuple(seasons), pictures=pictures)


def without_episodes(merged: MergedSeries) -> MergedSeries:
    """What is kept with the series: the best pictures only, and not what lies in other columns."""
    counts: dict[tuple[str, int | None], int] = {}
    pictures: list[Picture] = []
    for picture in merged.pictures:
        place = (picture.kind, picture.season)
        counts[place] = counts.get(place, 0) + 1
        if counts[place] <= _MOST_PICTURES:
            pictures.append(picture)
    return msgspec.structs.replace(
        merged,
        seasons=tuple(msgspec.structs.replace(season, episodes=()) for season in merged.seasons),
        plot="",
        titles=merged.titles[:MOST_TITLES],
        people=merged.people[:_MOST_PEOPLE],
        pictures=tuple(pictures),
    )


def folded_titles(told: Mapping[Origin, ServiceSeries]) -> set[str]:
    """Every title, as search compares them."""
    titles = [title for one in told.values() for title in (one.title, one.original_title, *one.titles)]
    return {folded for title in titles[: 4 * MOST_TITLES] if (folded := fold(title)[:500])}


def ids_of(told: Mapping[Service, Kept]) -> dict[IdKind, str]:
    """The ids of all services that the services tell: what a service calls it itself counts most."""
    ids: dict[IdKind, str] = {}
    for kept in told.values():
        ids.update({kind: value for kind, value in kept.series.ids.items() if value and kind not in ids})
    for service, kept in told.items():
        if service in ("anilist", "tmdb"):
            ids[service] = kept.series.id
    return ids


def _numbered(season: ServiceSeason) -> tuple[Numbered, ...]:
    ordered = sorted(season.episodes, key=lambda episode: episode.episode)
    return tuple(Numbered(episode.episode, episode.title, episode.aired, episode.absolute) for episode in ordered)
