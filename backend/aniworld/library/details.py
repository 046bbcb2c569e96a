"""Puts what is known of one series together as the API tells it. Pure."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from typing import Any, cast
from uuid import UUID

import msgspec

from aniworld.library.policy import is_out, season_wanted
from aniworld.library.schemas import (
    ConflictEpisode,
    ConflictOut,
    EpisodeFileOut,
    EpisodeLanguageOut,
    EpisodeOut,
    LoadingProgress,
    LoadingState,
    NextAiring,
    SeasonOut,
    SeriesDetail,
    SeriesOut,
    SourceOut,
)
from aniworld.library.types import LoadingStatus, QueueState, SourceRef
from aniworld.metadata.types import MergedSeries
from aniworld.naming.path import parse_path

_LOUDEST: tuple[QueueState, ...] = ("downloading", "pending", "paused", "failed", "cancelled", "completed")
"""Of an episode's languages this state is told for the episode."""

_MOST_PEOPLE = 12

_MAY_TELL_VERSION = re.compile(r"v\d", re.IGNORECASE)
"""Reading a whole name is slow, and few names tell a version."""

_MESSAGES: dict[LoadingStatus, str] = {
    "pending": "Waiting",
    "loading_episodes": "Loading episodes",
    "loading_nfo": "Writing the description",
    "loading_logo": "Loading the logo",
    "loading_images": "Loading pictures",
    "completed": "Complete",
    "failed": "Failed",
}


def loading_message(status: LoadingStatus, error: str | None = None, note: str | None = None) -> str:
    """Where the loading of a series stands, as a sentence. ``note``: of what does not keep it from being complete."""
    if note is not None and status not in ("pending", "failed"):
        return f"{_MESSAGES[status]}: {note}"
    if error is not None and status in ("pending", "failed"):
        return f"{_MESSAGES[status]}: {error}"
    return _MESSAGES[status]


def loading_state(series: SeriesOut, note: str | None = None) -> LoadingState:
    """Where the loading of a series stands. ``note``: see :func:`loading_message`."""
    return LoadingState(
        key=series.key,
        loading_status=series.loading_status,
        progress=LoadingProgress(
            episodes=series.episodes_loaded,
            nfo=series.nfo_loaded,
            logo=series.logo_loaded,
            images=series.images_loaded,
        ),
        message=loading_message(series.loading_status, series.loading_error, note),
        started_at=series.loading_started_at,
        completed_at=series.loading_completed_at,
        error=series.loading_error,
    )


def series_detail(
    series: SeriesOut,
    others: Sequence[SourceRef],
    seasons: Sequence[Any],
    episodes: Sequence[Any],
    files: Sequence[Any],
    states: Mapping[tuple[UUID, str], str],
    wanted: Sequence[str],
    today: dt.date,
    told: MergedSeries | None = None,
    conflicts: Sequence[Any] = (),
    *,
    specials: bool,
    versions: Sequence[Any] = (),
) -> SeriesDetail:
    """The series with its seasons, the specials last.

    ``specials``: whether they are wanted. ``versions``: further files of episodes.
    """
    further: dict[UUID, list[Any]] = {}
    for version in versions:
        further.setdefault(version.episode_id, []).append(version)
    by_episode: dict[UUID, dict[str, Any]] = {}
    for file in files:
        by_episode.setdefault(file.episode_id, {})[file.language] = file
    queued: dict[UUID, dict[str, QueueState]] = {}
    for (episode_id, language), state in states.items():
        queued.setdefault(episode_id, {})[language] = cast("QueueState", state)
    by_season: dict[int, list[EpisodeOut]] = {row.season: [] for row in seasons}
    for row in episodes:
        out = _episode(row, by_episode.get(row.id, {}), queued.get(row.id, {}), wanted, today, further.get(row.id, ()))
        by_season.setdefault(row.season, []).append(out)
    names = {row.season: row.name for row in seasons}
    monitored = {row.season: row.monitored for row in seasons}
    ordered = sorted(by_season, key=lambda number: (number == 0, number))
    merged = told or MergedSeries()
    return SeriesDetail(
        **msgspec.structs.asdict(series),
        ids=merged.ids,
        original_title=merged.original_title,
        titles=list(merged.titles),
        studios=list(merged.studios),
        ratings=list(merged.ratings),
        people=list(merged.people[:_MOST_PEOPLE]),
        next_airing=NextAiring(episode=merged.next_airing[0], at=merged.next_airing[1]) if merged.next_airing else None,
        sources=[
            SourceOut(provider=series.provider, provider_key=series.provider_key, name=series.name),
            *(SourceOut(provider=ref.provider, provider_key=ref.provider_key, name=ref.name) for ref in others),
        ],
        seasons=[
            SeasonOut(
                season=number,
                name=names.get(number) or _season_name(number),
                monitored=season_wanted(number, monitored=monitored.get(number, True), specials=specials),
                episodes=by_season[number],
            )
            for number in ordered
        ],
        conflicts=[_conflict(row) for row in conflicts if row.state == "open"],
        kept_conflicts=[_conflict(row) for row in conflicts if row.state == "kept"],
    )


def _season_name(number: int) -> str:
    return f"Season {number}" if number else "Specials"


def _file(row: Any, *, is_best: bool) -> EpisodeFileOut:
    version = parse_path(row.path).version if _MAY_TELL_VERSION.search(row.path) else None
    return EpisodeFileOut(path=row.path, size=row.size, language=row.language, version=version, is_best=is_best)


def _episode(
    row: Any,
    files: Mapping[str, Any],
    states: Mapping[str, QueueState],
    wanted: Sequence[str],
    today: dt.date,
    further: Sequence[Any],
) -> EpisodeOut:
    offered = row.offered.split(",") if row.offered else ()
    there = {*offered, *files, *states}
    languages = [language for language in wanted if language in there]
    languages += sorted(there.difference(languages))
    best = next((files[language] for language in languages if language in files), None)
    return EpisodeOut(
        season=row.season,
        episode=row.episode,
        absolute=row.absolute,
        title=row.title,
        aired=row.aired,
        duration=row.duration,
        plot=row.plot,
        rating=row.rating,
        is_out=is_out(row.aired, offered, today),
        is_downloaded=any(language in files for language in wanted),
        file_path=best.path if best else None,
        file_size=best.size if best else None,
        download_date=best.created_at if best else None,
        files=[
            *(_file(files[language], is_best=True) for language in languages if language in files),
            *(_file(version, is_best=False) for version in further),
        ],
        thumb=next((file.thumb for language in languages if (file := files.get(language)) and file.thumb), None),
        queue_status=next((state for state in _LOUDEST if state in states.values()), None) if states else None,
        languages=[
            EpisodeLanguageOut(
                language=language,
                available=language in offered,
                is_downloaded=language in files,
                queue_status=states.get(language),
                file_path=files[language].path if language in files else None,
                language_source=files[language].language_source if language in files else None,
            )
            for language in languages
        ],
    )


def _conflict(row: Any) -> ConflictOut:
    return ConflictOut(
        id=row.id,
        kind=row.kind,
        provider=row.provider,
        provider_key=row.provider_key,
        episodes=msgspec.convert(row.episodes, list[ConflictEpisode]),
        created_at=row.created_at,
    )
