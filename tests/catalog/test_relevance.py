"""How well a series answers a search."""

from __future__ import annotations

import pytest

from aniworld.catalog.relevance import relevance
from aniworld.naming.titles import title


@pytest.mark.parametrize(
    ("query", "better", "worse"),
    [
        ("monster", "Monster", "Monster Musume"),  # the very title before one that begins with it
        ("monster", "Monster Musume", "Pocket Monster"),  # that before one that holds it
        ("monster", "Pocket Monster", "Monter"),  # and that before a likeness
        ("overl", "Overlord", "Cloverleaf Overlap"),
        ("overlord", "Overlord", "Overlord II"),
        ("overlord", "Overlord II", "Overlord IV"),
        ("overlord 2", "Overlord II", "Overlord"),
        ("overlord staffel 2", "Overlord Season 2", "Overlord"),
        ("bebop cowboy", "Cowboy Bebop", "Cowboy"),
        ("kara no", "Kara no Kyoukai", "Karakai Jouzu no Takagi"),
        ("shojo", "Shōjo Kakumei Utena", "Ojou-san"),
        ("maedchen", "Mädchen und Panzer", "Madlax"),
        ("ｏｎｅ ｐｉｅｃｅ", "One Piece", "One Punch Man"),
        ("カウボーイ", "かうぼーい びばっぷ", "ビバップ"),
        ("cowbyo bebop", "Cowboy Bebop", "Bebop"),
    ],
)
def test_the_better_answer(query: str, better: str, worse: str) -> None:
    assert relevance(query, better) > relevance(query, worse)


def test_the_year_decides_between_two_of_one_name() -> None:
    query = "fruits basket 2019"
    assert relevance(query, "Fruits Basket", year=2019) > relevance(query, "Fruits Basket")
    assert relevance(query, "Fruits Basket") > relevance(query, "Fruits Basket", year=2001)


def test_a_synonym_is_nearly_as_good_as_the_title() -> None:
    query = "shingeki no kyojin"
    first, second = relevance(query, "Shingeki no Kyojin"), relevance(query, "Attack on Titan", ["Shingeki no Kyojin"])
    assert first > second > relevance(query, "Shingeki no Kyojin: Lost Girls") > relevance(query, "Attack on Titan")


@pytest.mark.parametrize("name", ["One Piece", "!!!", "", "進撃の巨人"])
def test_nothing_in_common(name: str) -> None:
    assert relevance("naruto", name) == 0


@pytest.mark.parametrize(
    ("name", "words", "season", "year"),
    [
        ("Overlord II", "overlord", 2, None),
        ("Overlord 2nd Season", "overlord", 2, None),
        ("Overlord: 2. Staffel", "overlord", 2, None),
        ("進撃の巨人 第2期", "進撃の巨人", 2, None),
        ("Attack on Titan Final Season", "attack on titan", 99, None),
        ("Hunter × Hunter (2011)", "hunter x hunter", 1, 2011),
        ("Mob Psycho 100", "mob psycho 100", 1, None),
        ("86", "86", 1, None),
        ("1984", "1984", 1, None),
        ("Blade Runner 2049", "blade runner 2049", 1, None),
        ("The Promised Neverland", "promised neverland", 1, None),
        ("V", "v", 1, None),
    ],
)
def test_a_title_in_its_parts(name: str, words: str, season: int, year: int | None) -> None:
    found = title(name)
    assert (" ".join(found.words), found.season, found.year) == (words, season, year)


def test_a_title_without_end_is_cut() -> None:
    assert len(title("a " * 100_000).text) <= 500
