"""What the library knows, as the facts that descriptions are made of. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

import msgspec

from aniworld.library.types import PendingNfo
from aniworld.metadata.types import EpisodeFacts, MergedSeries, SeasonFacts, SeriesFacts, ServiceSeason


def facts_of(row: Any) -> MergedSeries | None:
    """What all together tell of a series; None: nobody was asked, or an earlier version kept it otherwise."""
    try:
        return msgspec.convert(row.facts, MergedSeries) if row.facts is not None else None
    except msgspec.ValidationError:
        return None


def series_facts(row: Any, seasons: Iterable[Any], premiered: dt.date | None) -> SeriesFacts:
    """Of a series. ``row``: its material; ``seasons``: (season, name)."""
    merged = facts_of(row) or MergedSeries()
    return SeriesFacts(
        title=row.name,
        original_title=merged.original_title,
        age_rating=merged.age_rating,
        ended=merged.ended,
        duration=merged.duration,
        studios=merged.studios,
        tags=merged.tags,
        ratings=merged.ratings,
        people=merged.people,
        plot=row.description,
        year=row.year,
        premiered=premiered or merged.premiered,
        ongoing={"ongoing": True, "completed": False}.get(row.status),
        genres=tuple(row.genres),
        ids=(*merged.ids.items(), (row.provider, row.provider_key)),
        named_seasons=tuple((season.season, _told(merged, season.season).name or season.name) for season in seasons),
    )


def season_facts(season: int, row: Any) -> SeasonFacts:
    """Of a season. ``row``: its name at the source, when it began, and the facts of its series."""
    told = _told(facts_of(row) or MergedSeries(), season)
    return SeasonFacts(
        season=season,
        title=told.name or row.name,
        plot=told.plot,
        premiered=row.began or told.premiered,
        ids=tuple(told.ids.items()),
    )


def _told(merged: MergedSeries, season: int) -> ServiceSeason:
    return next((one for one in merged.seasons if one.season == season), ServiceSeason(season=season))


def episode_facts(file: PendingNfo) -> EpisodeFacts:
    """Of an episode that lies in a file."""
    return EpisodeFacts(
        series=file.series_name,
        season=file.season,
        episode=file.episode,
        title=file.title,
        aired=file.aired,
        duration=file.duration,
        plot=file.plot,
        ratings=file.more.ratings,
        ids=tuple(file.more.ids.items()),
        directors=file.more.directors,
        writers=file.more.writers,
        media=file.media,
    )
