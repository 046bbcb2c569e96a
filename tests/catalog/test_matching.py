"""Which answers of several sources are one series."""

from __future__ import annotations

import pytest

from aniworld.catalog.matching import MAX_ROWS, rows, same_series
from aniworld.catalog.types import SeriesHit


def hit(name: str, year: int | None = None, *synonyms: str, key: str | None = None) -> SeriesHit:
    return SeriesHit(provider_key=key or f"{name} {year}", name=name, year=year, synonyms=synonyms)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (hit("Frieren"), hit("FRIEREN ")),
        (hit("Hunter x Hunter", 2011), hit("Hunter × Hunter (2011)")),
        (hit("Overlord II", 2018), hit("Overlord: Staffel 2", 2018)),
        (hit("Overlord 2nd Season"), hit("Overlord Season 2")),
        (hit("Shoujo Kakumei Utena", 1997), hit("Shōjo Kakumei Utena", 1997)),
        (hit("Maedchen und Panzer"), hit("Mädchen & Panzer")),
        (hit("Attack on Titan", 2013, "Shingeki no Kyojin"), hit("Shingeki no Kyojin", 2013)),
        (hit("Attack on Titan / Shingeki no Kyojin"), hit("Shingeki no Kyojin")),
        (hit("カウボーイビバップ"), hit("ｶｳﾎﾞｰｲﾋﾞﾊﾞｯﾌﾟ")),
        (hit("Clannad", 2007), hit("Clannad", 2008)),
        (hit("The Promised Neverland"), hit("Promised Neverland")),
    ],
)
def test_one_series_in_two_spellings(one: SeriesHit, other: SeriesHit) -> None:
    assert same_series(one, other)
    assert same_series(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (hit("Fruits Basket", 2001), hit("Fruits Basket", 2019)),
        (hit("Fruits Basket (2001)"), hit("Fruits Basket (2019)")),
        (hit("Overlord"), hit("Overlord II")),
        (hit("Attack on Titan"), hit("Attack on Titan Final Season")),
        (hit("Mob Psycho 100"), hit("Mob Psycho")),
        (hit("Steins;Gate"), hit("Steins;Gate 0")),
        (hit("Monster"), hit("Monster Musume")),
        (hit("进击"), hit("進撃")),
    ],
)
def test_two_series(one: SeriesHit, other: SeriesHit) -> None:
    assert not same_series(one, other)
    assert not same_series(other, one)


def names(query: str, answers: dict[str, list[SeriesHit]], order: tuple[str, ...] = ()) -> list[list[str]]:
    return [[f"{source}:{hit.name}" for source, hit in row.hits] for row in rows(query, answers.items(), order)]


def test_one_row_with_several_sources_the_best_first() -> None:
    answers = {
        "alpha": [hit("Overlord II", 2018), hit("Overlord", 2015)],
        "beta": [hit("Overlord"), hit("Overlord Season 2")],
        "gamma": [hit("OVERLORD", 2016)],
    }
    assert names("overlord", answers) == [
        ["alpha:Overlord", "beta:Overlord", "gamma:OVERLORD"],
        ["alpha:Overlord II", "beta:Overlord Season 2"],
    ]
    assert names("overlord", answers, ("gamma", "beta"))[0] == ["gamma:OVERLORD", "beta:Overlord", "alpha:Overlord"]


def test_without_a_year_an_entry_joins_only_where_there_is_no_doubt() -> None:
    remake = {
        "alpha": [hit("Fruits Basket", 2019), hit("Fruits Basket", 2001)],
        "beta": [hit("Fruits Basket")],
        "gamma": [hit("Fruits Basket", 2001)],
    }
    assert names("fruits basket", remake) == [
        ["alpha:Fruits Basket"],
        ["beta:Fruits Basket"],
        ["alpha:Fruits Basket", "gamma:Fruits Basket"],
    ]
    assert [row.year for row in rows("fruits basket", remake.items())] == [2019, None, 2001]


def test_a_year_apart_the_very_spelling_and_the_very_year_decide() -> None:
    answers = {
        "alpha": [hit("K-On!", 2009), hit("K-On!!", 2010)],
        "beta": [hit("K-On!!"), hit("K-On", 2009)],
    }
    assert names("k-on", answers) == [["alpha:K-On!", "beta:K-On"], ["alpha:K-On!!", "beta:K-On!!"]]


def test_two_entries_of_one_source_are_two_rows() -> None:
    assert names("x", {"alpha": [hit("X", key="1"), hit("X", key="2")], "beta": [hit("X")]}) == [
        ["alpha:X"],
        ["beta:X"],
        ["alpha:X"],
    ]


def test_the_order_of_the_answers_changes_nothing_but_ties() -> None:
    answers = {
        "alpha": [hit("Monster", 2004), hit("Monster Musume", 2015)],
        "beta": [hit("Monster Musume"), hit("Monster")],
    }
    forward = names("monster", answers, ("alpha", "beta"))
    assert forward == [["alpha:Monster", "beta:Monster"], ["alpha:Monster Musume", "beta:Monster Musume"]]
    assert names("monster", dict(reversed(answers.items())), ("alpha", "beta")) == forward


def test_a_source_without_end_is_cut() -> None:
    found = rows("series 5000", [("alpha", [hit(f"Series {number}x") for number in range(2_000)])])
    assert len(found) == MAX_ROWS
