"""What the library knows, as the facts that descriptions are made of. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

from aniworld.library.types import PendingNfo
from aniworld.metadata.types import EpisodeFacts, SeasonFacts, SeriesFacts


def series_facts(row: Any, seasons: Iterable[Any], premiered: dt.date | None) -> SeriesFacts:
    """Of a series. ``row``: its material; ``seasons``: (season, name)."""
    return SeriesFacts(
        title=row.name,
        plot=row.description,
        year=row.year,
        premiered=premiered,
        ongoing={"ongoing": True, "completed": False}.get(row.status),
        genres=tuple(row.genres),
        ids=((row.provider, row.provider_key),),
        named_seasons=tuple((season.season, season.name) for season in seasons),
    )


def season_facts(season: int, name: str, began: dt.date | None) -> SeasonFacts:
    """Of a season."""
    return SeasonFacts(season=season, title=name, premiered=began)


def episode_facts(file: PendingNfo) -> EpisodeFacts:
    """Of an episode that lies in a file."""
    return EpisodeFacts(
        series=file.series_name,
        season=file.season,
        episode=file.episode,
        title=file.title,
        aired=file.aired,
        duration=file.duration,
        media=file.media,
    )
