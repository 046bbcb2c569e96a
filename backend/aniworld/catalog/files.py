"""From the files of a folder to the episodes of a series, by their names. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Literal

from aniworld.catalog.answers import languages
from aniworld.catalog.languages import known
from aniworld.catalog.pages.text import MAX_NUMBER
from aniworld.catalog.types import EpisodeInfo, Language, SeasonInfo, Subtitle
from aniworld.naming.path import parse_path
from aniworld.naming.types import Parsed

VIDEO = frozenset(
    {"3gp", "asf", "avi", "divx", "flv", "m2ts", "m4v", "mkv", "mov", "mp4", "mpeg", "mpg", "mts", "ogm", "ogv", "rm"}
    | {"rmvb", "ts", "vob", "webm", "wmv"}
)
"""Extensions of what can be an episode."""
MOST_IN_ONE = 50
"""Episodes that one file can hold."""

SUBTITLES: dict[str, Literal["srt", "vtt"]] = {"srt": "srt", "vtt": "vtt"}
"""Extensions of subtitles that lie beside a video."""

_MARKS = frozenset({"forced", "default", "sdh", "cc", "hi"})
_DIGITS = re.compile(r"(\d{1,9})")


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A file of a series at its source."""

    path: str
    """Below the folder of the series; slashes part folders."""
    url: str
    title: str = ""
    duration: float | None = None
    languages: tuple[str, ...] = ()
    """What the source tells of it; the name of the file tells better."""
    subtitles: tuple[Subtitle, ...] = ()
    """What lies beside it (see ``with_subtitles``)."""


@dataclass(slots=True)
class Episode:
    """An episode and the files that hold it, in the order in which they came."""

    absolute: int | None = None
    files: list[tuple[File, tuple[Language, ...]]] = field(default_factory=list)

    def in_language(self, language: Language) -> list[File]:
        """The files in that language."""
        return [file for file, spoken in self.files if language in spoken]


Episodes = dict[tuple[int, int], Episode]
"""By season and number."""


def extension(path: str) -> str:
    """In lower case and without the dot; empty where there is none."""
    stem, dot, found = path.rpartition("/")[2].rpartition(".")
    return found.lower() if dot and stem else ""


def arrange(series: str, files: Iterable[File], language: str) -> Episodes:
    """Every episode that the names tell; where not one file has a number, they are numbered as they are sorted.

    ``language``: what a file is in where neither its name nor its source tells.
    """
    made: Episodes = {}
    unnumbered: list[tuple[File, Parsed]] = []
    folder = series.replace("/", " ").strip() or "-"
    for file in files:
        parsed = parse_path(f"{folder}/{file.path}")
        if parsed.kind == "extra":
            continue
        places = _places(parsed)
        if not places:
            unnumbered.append((file, parsed))
        for place in places:
            _add(made, place, file, parsed, language)
    if not made:
        unnumbered.sort(key=lambda pair: natural(pair[0].path))
        for number, (file, parsed) in enumerate(unnumbered, start=1):
            _add(made, (1, number, None), file, parsed, language)
    return made


def with_subtitles(videos: Iterable[File], texts: Iterable[tuple[str, str]], headers: dict[str, str]) -> list[File]:
    """The videos with the subtitles that are named after them: ``A.mkv``, ``A.srt``, ``A.de.srt``.

    ``texts`` are path and address of files that may be some; ``headers`` is what their host wants to be sent.
    """
    videos = list(videos)
    beside: dict[str, list[Subtitle]] = {_stem(video.path): [] for video in videos}
    for path, url in texts:
        form = SUBTITLES.get(extension(path))
        stem, words = _stem(path), []
        while form is not None and stem not in beside:
            stem, dot, word = stem.rpartition(".")
            words.append(word.casefold())
            if not dot or not (words[-1] in _MARKS or known(word)):
                form = None
        if form is not None and "forced" not in words:
            language = next((found for word in words if word not in _MARKS and (found := known(word))), None)
            beside[stem].append(Subtitle(url=url, format=form, language=language, headers=headers))
    return [replace(video, subtitles=tuple(beside[_stem(video.path)][:MOST_IN_ONE])) for video in videos]


def seasons(episodes: Episodes) -> tuple[SeasonInfo, ...]:
    """What the source has, season by season, the specials last."""
    made: dict[int, list[EpisodeInfo]] = {}
    for (season, number), episode in sorted(episodes.items()):
        file = episode.files[0][0]
        spoken = [language for _, found in episode.files for language in found]
        made.setdefault(season, []).append(
            EpisodeInfo(
                season=season,
                episode=number,
                title=file.title,
                absolute=episode.absolute,
                duration=file.duration,
                languages=languages(spoken),
            )
        )
    ordered = sorted(made, key=lambda season: (season == 0, season))
    return tuple(SeasonInfo(season=season, episodes=tuple(made[season])) for season in ordered)


def natural(text: str) -> list[tuple[bool, int, str]]:
    """A key that sorts 2 before 10."""
    parts = _DIGITS.split(text.casefold())
    return [(part.isdecimal(), int(part), "") if part.isdecimal() else (False, 0, part) for part in parts]


def _add(made: Episodes, place: tuple[int, int, int | None], file: File, parsed: Parsed, language: str) -> None:
    season, number, absolute = place
    if season > MAX_NUMBER or number > MAX_NUMBER:
        return
    episode = made.setdefault((season, number), Episode(absolute=absolute))
    spoken = languages(parsed.languages) or languages(file.languages) or languages((language,))
    read = [text.language for text in file.subtitles if text.language]
    beside = [f"{sound}+{text}" for sound in spoken if "+" not in sound for text in read if text != sound]
    episode.files.append((file, languages([*spoken, *beside])))


def _stem(path: str) -> str:
    return path.rpartition(".")[0]


def _places(parsed: Parsed) -> list[tuple[int, int, int | None]]:
    """(season, episode, absolute) of everything that the name says the file holds."""
    season = parsed.season if parsed.season is not None else 0 if parsed.special else 1
    if parsed.episodes:
        absolute = parsed.absolute if len(parsed.absolute) == len(parsed.episodes) else (None,) * len(parsed.episodes)
        return [(season, *pair) for pair in zip(parsed.episodes, absolute, strict=True)][:MOST_IN_ONE]
    return [(season, number, None if parsed.special else number) for number in parsed.absolute][:MOST_IN_ONE]
