"""Which video is which episode. Pure.

A number within a season is looked up as it stands. One that may count over all seasons is tried within the season that
the folder or the name tells, then as the source's own absolute number, then by counting through the seasons.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from aniworld.library.types import FoundVideo


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
            return self.by_absolute.get(number)
        return self.counted[number - 1] if 0 < number <= len(self.counted) else None


def assign(
    episodes: Sequence[Any], videos: Sequence[FoundVideo], wanted: Sequence[str]
) -> dict[tuple[UUID, str], FoundVideo]:
    """The best video of each (episode, language).

    ``episodes`` have ``id``, ``season``, ``episode``, ``absolute`` and ``offered`` (languages, comma-separated, or
    None). A video whose name does not tell its language is taken to be in the first wanted one that the source offers.
    Of several for the same the later version is the better one, then the larger file.
    """
    numbers = _Numbers.of(episodes)
    best: dict[tuple[UUID, str], FoundVideo] = {}
    for video in videos:
        for row in numbers.find(video):
            for language in video.languages or (_assumed(row.offered, wanted),):
                other = best.get((row.id, language))
                if other is None or _worth(video) > _worth(other):
                    best[row.id, language] = video
    return best


def _assumed(offered: str | None, wanted: Sequence[str]) -> str:
    there = offered.split(",") if offered else wanted
    return next((language for language in wanted if language in there), wanted[0])


def _worth(video: FoundVideo) -> tuple[int, int, str]:
    return video.version or 1, video.size, video.path
