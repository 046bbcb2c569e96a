"""Which series a folder is taken for, and how surely."""

from __future__ import annotations

from uuid import UUID

import pytest

from aniworld.db.base import new_id
from aniworld.library.types import KnownSeries
from aniworld.scan.matching import SURE, Matcher
from aniworld.scan.types import UnmatchedFolder


def series(name: str, year: int | None = None, provider_key: str | None = None) -> KnownSeries:
    key = provider_key or name.lower().replace(" ", "-")
    return KnownSeries(id=new_id(), key=key, name=name, year=year, provider="shelf", provider_key=key, folder=None)


def folder(title: str, year: int | None = None, ids: tuple[tuple[str, str], ...] = ()) -> UnmatchedFolder:
    return UnmatchedFolder(
        id=UUID(int=1), name=title, title=title, year=year, ids=ids, series_id=None, ignored=False, videos=1, size=1
    )


SERIES = [
    series("Clockwork Garden", 2021),
    series("Paper Lanterns"),
    series("Tide and Ember", 2019),
    series("Tide and Ember", 2024, "tide-2024"),
    series("Overlord II", 2018),
    series("Overlord", 2015),
]


@pytest.mark.parametrize(
    ("title", "year", "key", "reason"),
    [
        ("Clockwork Garden", 2021, "clockwork-garden", "title_and_year"),
        ("clockwork_garden", None, "clockwork-garden", "title"),
        ("The Clockwork Garden", 2021, "clockwork-garden", "title_and_year"),
        ("Paper Lanterns", 2020, "paper-lanterns", "title"),
        ("Tide & Ember", 2024, "tide-2024", "title_and_year"),
        ("Overlord 2nd Season", None, "overlord-ii", "title"),
        ("Overlord", None, "overlord", "title"),
    ],
)
def test_beyond_doubt(title: str, year: int | None, key: str, reason: str) -> None:
    found = Matcher(SERIES).sure(folder(title, year))
    assert found is not None
    assert (found.key, found.reason) == (key, reason)
    assert found.confidence >= SURE


@pytest.mark.parametrize(
    ("title", "year"),
    [("Clockwork Garden", 1999), ("Tide and Ember", None), ("Clockwork Gardens", 2021), ("Paper", None), ("???", None)],
)
def test_in_doubt(title: str, year: int | None) -> None:
    assert Matcher(SERIES).sure(folder(title, year)) is None


def test_what_is_alike_is_offered() -> None:
    candidates = Matcher(SERIES).candidates(folder("Clockwork Gardn", 2021))
    assert [(found.key, found.reason) for found in candidates] == [("clockwork-garden", "similar")]
    assert 0.6 < candidates[0].confidence < SURE
    assert Matcher(SERIES).candidates(folder("Something Else Entirely")) == []


def test_an_id_wins_over_the_name() -> None:
    found = Matcher(SERIES).sure(folder("Paper Lanterns", None, (("shelf", "tide-2024"),)))
    assert found is not None
    assert (found.key, found.reason, found.confidence) == ("tide-2024", "id", 1.0)
