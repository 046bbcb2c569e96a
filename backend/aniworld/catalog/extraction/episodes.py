"""From the entries of a list to the episodes of a series. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from aniworld.catalog.answers import languages
from aniworld.catalog.extraction.types import Entry
from aniworld.catalog.pages.text import MAX_NUMBER
from aniworld.catalog.types import EpisodeInfo, Language, SeasonInfo
from aniworld.naming.parse import parse
from aniworld.naming.types import Parsed


@dataclass(frozen=True, slots=True)
class Video:
    """An entry that is an episode, and what it speaks."""

    entry: Entry
    languages: tuple[Language, ...]


Episodes = dict[tuple[int, int], list[Video]]
"""By season and number; several are the same episode in several languages, or uploaded again."""


def arrange(series: str, lists: Iterable[tuple[int | None, Iterable[Entry]]], language: str) -> Episodes:
    """Every episode of all lists, each a season (None: the entries tell) and its entries.

    What the site says of an entry counts, then its title; where in a list not one entry has a number, they are numbered
    as they stand there. Trailers and the like are left out, and so is what has no number among others that have one.
    ``language``: what a video is in whose title does not tell.
    """
    made: Episodes = {}
    for season, entries in lists:
        seen = [(entry, parse(entry.title, known=series)) for entry in entries]
        seen = [(entry, parsed) for entry, parsed in seen if parsed.kind != "extra"]
        placed = [(_place(entry, parsed, season), entry, parsed) for entry, parsed in seen]
        if all(place is None for place, _, _ in placed):
            placed = [((season or 1, at), *found) for at, found in enumerate(seen, start=1)]
        for place, entry, parsed in placed:
            if place is not None and max(place) <= MAX_NUMBER:
                spoken = languages(parsed.languages) or languages((language,))
                made.setdefault(place, []).append(Video(entry, spoken))
    return made


def seasons(episodes: Episodes) -> tuple[SeasonInfo, ...]:
    """What the source has, season by season, the specials last."""
    made: dict[int, list[EpisodeInfo]] = {}
    for (season, number), videos in sorted(episodes.items()):
        entry = videos[0].entry
        made.setdefault(season, []).append(
            EpisodeInfo(
                season=season,
                episode=number,
                title=entry.title,
                aired=entry.date,
                duration=entry.duration,
                languages=languages(language for video in videos for language in video.languages),
            )
        )
    ordered = sorted(made, key=lambda season: (season == 0, season))
    return tuple(SeasonInfo(season=season, episodes=tuple(made[season])) for season in ordered)


def _place(entry: Entry, parsed: Parsed, season: int | None) -> tuple[int, int] | None:
    """Season and number; None: nothing tells the number. The first one where a video holds several."""
    numbers = (entry.episode,) if entry.episode is not None else (*parsed.episodes, *parsed.absolute)
    if not numbers:
        return None
    if season is None:
        season = entry.season if entry.season is not None else parsed.season
    if season is None:
        season = 0 if parsed.special else 1
    return season, numbers[0]
