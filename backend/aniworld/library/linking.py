"""Which video is which episode, and in which languages. Pure.

A number within a season is looked up as it stands. One that may count over all seasons is tried within the season that
the folder or the name tells, then as the source's own absolute number, then by counting through the seasons; but where
a season is told, an episode of another one is not meant.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from aniworld.kit.languages import CODES, SHORT
from aniworld.library.types import FoundVideo
from aniworld.media.types import MediaInfo

_ORIGINAL = ("ja", "zh", "ko")
"""Languages that series are made in; of several that are heard the first is the original."""
_REGIONS = {"pt-br": "pt-BR", "es-419": "es-419"}
"""Regions that are languages of their own to those who choose one."""
_MOST_LANGUAGES = 24
"""Of one file."""


@dataclass(frozen=True, slots=True)
class _Numbers:
    """The episodes of a series, by every number that they go by."""

    by_number: Mapping[tuple[int, int], Any]
    by_absolute: Mapping[int, Any]
    counted: Sequence[Any]
    """Regular episodes in order."""

    @classmethod
    def of(cls, episodes: Iterable[Any]) -> _Numbers:
        by_number = {(row.season, row.episode): row for row in episodes}
        regular = [by_number[number] for number in sorted(by_number) if number[0] > 0]
        return cls(by_number, {row.absolute: row for row in regular if row.absolute is not None}, regular)

    def find(self, video: FoundVideo) -> list[Any]:
        """The episodes that are in a video; empty: none that is known."""
        if video.kind not in ("episode", "special"):
            return []
        if video.episodes:
            season = video.season if video.season is not None else 1
            found = [self.by_number.get((season, number)) for number in video.episodes]
        else:
            found = [self._absolute(video.season, number) for number in video.absolute]
        return [row for row in found if row is not None]

    def _absolute(self, season: int | None, number: int) -> Any:
        if season is not None and (row := self.by_number.get((season, number))) is not None:
            return row
        if self.by_absolute:
            row = self.by_absolute.get(number)
        else:
            row = self.counted[number - 1] if 0 < number <= len(self.counted) else None
        return row if row is None or season in (None, row.season) else None


def assign(
    episodes: Sequence[Any], videos: Sequence[FoundVideo], wanted: Sequence[str]
) -> dict[tuple[UUID, str], list[FoundVideo]]:
    """The videos of each (episode, language), the best first.

    ``episodes`` have ``id``, ``season``, ``episode``, ``absolute`` and ``offered`` (languages, comma-separated, or
    None). A video of which neither name nor tracks tell the language is taken to be in the first wanted one that the
    source offers. Of several for the same one that tells is the better one, then the later version, then the larger
    file.
    """
    numbers = _Numbers.of(episodes)
    found: dict[tuple[UUID, str], dict[str, FoundVideo]] = {}
    for video in videos:
        for row in numbers.find(video):
            for language in video.told or (_assumed(row.offered, wanted),):
                found.setdefault((row.id, language), {})[video.path] = video
    return {place: sorted(rivals.values(), key=_worth, reverse=True) for place, rivals in found.items()}


def _assumed(offered: str | None, wanted: Sequence[str]) -> str:
    there = offered.split(",") if offered else wanted
    return next((language for language in wanted if language in there), wanted[0])


def _worth(video: FoundVideo) -> tuple[bool, int, int, str]:
    return bool(video.told), video.version or 1, video.size, video.path


def rank(
    files: Sequence[Any], claims: Mapping[tuple[UUID, str], list[FoundVideo]]
) -> tuple[dict[tuple[UUID, str], list[FoundVideo]], set[str]]:
    """Who may be the file of each (episode, language), the best first, and the known files that say to be another one.

    The latter keep their place, and contend for no other: a person or a download put them there.
    """
    misnamed = {
        file.path
        for file in files
        if all(video.path != file.path for video in claims.get((file.episode_id, file.language), ()))
    }
    ranked = {place: [video for video in those if video.path not in misnamed] for place, those in claims.items()}
    return {place: those for place, those in ranked.items() if those}, misnamed


def unsettled(files: Iterable[Any], episodes: Sequence[Any], videos: Mapping[str, FoundVideo]) -> set[str]:
    """The paths of files that turn out to be something else than they were taken for.

    ``files`` have ``path``, ``episode_id``, ``language`` and ``language_source``. Whose language was assumed, or read
    from tracks, is what the tracks tell now; one that a name or a download told stays what it is, whatever the tracks
    say. One with a description is of the episodes that this tells, and of no other. Where nothing is told, or no
    episode is known, everything stays.
    """
    numbers = _Numbers.of(episodes)
    by_path: dict[str, set[tuple[UUID, str, str]]] = {}
    elsewhere: set[str] = set()
    for file in files:
        if (video := videos.get(file.path)) is not None and video.described:
            found = numbers.find(video)
            if found and all(row.id != file.episode_id for row in found):
                elsewhere.add(file.path)
        if file.language_source in ("assumed", "tracks") and file.path in videos:
            by_path.setdefault(file.path, set()).add((file.episode_id, file.language, file.language_source))
    return elsewhere | {
        path
        for path, taken_for in by_path.items()
        if (video := videos[path]).told
        and (told := {(row.id, tag, video.language_source) for row in numbers.find(video) for tag in video.told})
        and told != taken_for
    }


def with_languages(videos: Iterable[FoundVideo], files: Iterable[Any]) -> list[FoundVideo]:
    """The videos; those of ``files``, which are to be another episode's, with the languages they were fetched in."""
    fetched: dict[str, dict[str, None]] = {}
    for file in files:
        if file.language_source == "download":
            fetched.setdefault(file.path, {})[file.language] = None
    return [replace(video, fetched=tuple(fetched.get(video.path, ()))) for video in videos]


def languages_of(media: MediaInfo) -> tuple[str, ...]:
    """The languages that the tracks of a file tell, as ``audio[+subtitles]``; empty: they tell none.

    Each language that is heard is one. The original, which is Japanese where that is heard, else Chinese or Korean, is
    watched with subtitles where there are any in another language: then it counts with each of these, and without
    only where there are none. A dub counts by itself; that subtitles go with it makes no language of it. Subtitles in
    pictures count as those in letters do. Tracks without a language tell nothing, and subtitles alone do not either:
    what is heard is not known.
    """
    heard = _tags(media, "audio")
    read = _tags(media, "subtitle")
    original = next((tag for tag in _ORIGINAL if tag in heard), None)
    found: list[str] = []
    for tag in heard:
        with_it = [f"{tag}+{other}" for other in read if other != tag] if tag == original else []
        found += with_it or [tag]
    return tuple(found[:_MOST_LANGUAGES])


def _tags(media: MediaInfo, kind: str) -> list[str]:
    """The languages of tracks of a kind, each once, in order."""
    told = (_tag(stream.language) for stream in media.streams if stream.kind == kind and stream.language)
    return list(dict.fromkeys(tag for tag in told if tag is not None))


def _tag(code: str) -> str | None:
    """BCP 47 for a code that a container has, of whichever standard; None where it names no language."""
    code = code.strip().lower().replace("_", "-")
    primary = code.partition("-")[0]
    return _REGIONS.get(code) or SHORT.get(primary) or (primary if primary in CODES else None)
