"""Names by the default templates, from single values."""

from __future__ import annotations

from collections.abc import Iterable

from aniworld.library.naming import DEFAULT_NAMES, EpisodeName, SeriesName


def folder_name(name: str, year: int | None, copy: int = 1) -> str:
    return DEFAULT_NAMES.folder(SeriesName(name, year), copy)


def episode_stem(series: str, season: int, episode: int, title: str) -> str:
    return DEFAULT_NAMES.stem(SeriesName(series), EpisodeName(season, (episode,), title))


def episode_path(
    folder: str, season: int, episode: int, title: str, extension: str, *, language: str | None = None
) -> str:
    told = EpisodeName(season, (episode,), title, languages=(language,) if language is not None else ())
    return DEFAULT_NAMES.path(folder, SeriesName(folder), told, extension, tagged=language is not None)


def free_episode_path(
    folder: str, season: int, episode: int, title: str, extension: str, *, language: str, taken: Iterable[str]
) -> str:
    told = EpisodeName(season, (episode,), title, languages=(language,))
    return DEFAULT_NAMES.free_path(folder, SeriesName(folder), told, extension, taken=taken)
