"""Where the seasons of a source lie among those of a service: cases as data, and what holds for all."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from aniworld.library.mapping import at_service, derive, sureness
from aniworld.library.mapping_types import Hint, Numbered, Part, SeasonMapping, Segment, SourceSeason

CASES: list[dict[str, Any]] = yaml.safe_load((Path(__file__).parent / "mappings" / "seasons.yaml").read_text())


def episodes(told: dict[str, Any]) -> tuple[Numbered, ...]:
    first, _, last = str(told.get("is", "")).partition("-")
    if not first:
        return ()
    day: dt.date | None = told.get("weekly")
    found = []
    for index, number in enumerate(range(int(first), int(last) + 1)):
        day = told.get("gap", {}).get(number, day)
        titles = told.get("titles", [])
        found.append(
            Numbered(
                number,
                titles[index] if index < len(titles) else "",
                day,
                told["absolute"] + index if "absolute" in told else None,
            )
        )
        day = day + dt.timedelta(days=7) if day else None
    return tuple(found)


def source_of(case: dict[str, Any]) -> list[SourceSeason]:
    return [
        SourceSeason(season=number, name=told.get("name", ""), episodes=episodes(told))
        for number, told in case["source"].items()
    ]


def parts_of(case: dict[str, Any]) -> list[Part]:
    return [
        Part(
            id=told["id"],
            season=told.get("season", 1),
            name=told.get("name", ""),
            episodes=episodes(told),
            count=told.get("count"),
        )
        for told in case["service"]
    ]


def written(segment: Segment) -> str:
    last = "" if segment.last is None else segment.last
    return f"{segment.first}-{last} {segment.id} {segment.service_season} {segment.offset}"


def pinned_of(case: dict[str, Any]) -> list[SeasonMapping]:
    found = []
    for season, text in case.get("pinned", {}).items():
        span, id_, part, offset = text.split()
        first, _, last = span.partition("-")
        segment = Segment(
            season=season,
            first=int(first),
            last=int(last) if last else None,
            id=id_,
            service_season=int(part),
            offset=int(offset),
        )
        found.append(SeasonMapping(season=season, segments=(segment,), confidence=1.0, pinned=True))
    return found


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_seasons_are_found(case: dict[str, Any]) -> None:
    hints = [
        Hint(season=hint["season"], part=(hint["id"], hint["part"]), offset=hint["offset"])
        for hint in case.get("hints", [])
    ]
    found = derive(source_of(case), parts_of(case), pinned=pinned_of(case), hints=hints)
    got = {one.season: [written(segment) for segment in one.segments] for one in found}
    assert got == case["expect"], [(one.season, one.confidence) for one in found]


@given(
    st.lists(st.integers(0, 30), max_size=5),
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 30)), max_size=5),
)
def test_no_two_episodes_are_one(source: list[int], parts: list[tuple[int, int]]) -> None:
    """Whatever both tell: every episode that is mapped is one that the service has, and no two are the same."""
    seasons = [
        SourceSeason(season=season, episodes=tuple(Numbered(number + 1) for number in range(count)))
        for season, count in enumerate(source)
    ]
    told = [Part(id=str(index), season=season, count=count) for index, (season, count) in enumerate(parts)]
    found = derive(seasons, told)
    assert [one.season for one in found] == sorted(season.season for season in seasons)
    assert 0.0 <= sureness(found) <= 1.0
    counts = {part.id: part.count or 0 for part in told}
    places: list[tuple[str, int]] = []
    for season, one in zip(seasons, found, strict=True):
        for episode in season.episodes:
            place = at_service(one.segments, season.season, episode.number)
            if place is not None and place[1] <= counts[place[0].id]:
                assert place[1] >= 1
                places.append((place[0].id, place[1]))
    assert len(places) == len(set(places))
