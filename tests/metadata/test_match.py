"""Which series of a service is meant: a collection of cases, and what holds for all of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from aniworld.metadata.match import SURE, rated, sure
from aniworld.metadata.types import Candidate, Wanted

CASES: list[dict[str, Any]] = yaml.safe_load(Path(__file__).with_name("match.yaml").read_text())


def read(case: dict[str, Any]) -> tuple[Wanted, list[Candidate]]:
    given = case["wanted"]
    wanted = Wanted(
        titles=tuple(given["titles"]),
        year=given.get("year"),
        episode_count=given.get("episodes"),
        format=given.get("format", "unknown"),
        ids=given.get("ids", {}),
    )
    candidates = [
        Candidate(
            service=case.get("service", "anilist"),
            id=str(number),
            title=titles[0],
            titles=tuple(titles),
            year=year,
            format=kind,
            episode_count=episodes,
        )
        for number, (titles, year, kind, episodes) in enumerate(case["has"])
    ]
    return wanted, candidates


@pytest.mark.parametrize("case", CASES, ids=[case["case"] for case in CASES])
def test_who_is_taken(case: dict[str, Any]) -> None:
    wanted, candidates = read(case)
    found = rated(wanted, candidates)
    taken = sure(found)
    told = [(one.id, one.confidence) for one in found]
    assert (None if taken is None else int(taken.id)) == case["take"], told
    backwards = sure(rated(wanted, reversed(candidates)))
    assert backwards == taken, "the order in which a service lists them says nothing"


def test_what_is_rated_is_within_its_limits() -> None:
    for case in CASES:
        found = rated(*read(case))
        assert [one.confidence for one in found] == sorted((one.confidence for one in found), reverse=True)
        assert all(0 <= one.confidence <= 1 for one in found)
        assert sum(one.sure for one in found) <= 1
        assert all(one.confidence >= SURE for one in found if one.sure)
    assert len(CASES) >= 30


def test_titles_of_any_length_and_kind() -> None:
    odd = ("", "   ", "(", "!!!", "🎌", "x" * 100_000, "Season 2", "2", "\u0000")
    for title in odd:
        found = rated(Wanted(titles=(title,)), [Candidate(service="anilist", id="1", title=one) for one in odd])
        assert len(found) == 1
