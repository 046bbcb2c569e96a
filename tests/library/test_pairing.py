"""Which episode of one list is which of another."""

from __future__ import annotations

import datetime as dt

from aniworld.library.pairing import SURE, Facts, Number, pair

WEEK = dt.timedelta(days=7)
BEGAN = dt.date(2021, 4, 9)


def weekly(season: int, first: int, last: int, *, began: dt.date | None = BEGAN, start: int = 0) -> dict[Number, Facts]:
    """Episodes that say nothing but when they aired; ``start``: how many aired before."""
    return {
        (season, number): Facts(f"Folge {number}", None if began is None else began + WEEK * (start + place), None)
        for place, number in enumerate(range(first, last + 1))
    }


def sure(base: dict[Number, Facts], listed: dict[Number, Facts]) -> dict[Number, Number]:
    return {number: guess.number for number, guess in pair(base, listed).items() if guess.confidence >= SURE}


def test_the_same_numbers_are_the_same_episodes_whatever_the_language_of_their_titles() -> None:
    base = {(1, 1): Facts("The Seed"), (1, 2): Facts("The Spring")}
    assert sure(base, {(1, 1): Facts("Der Same"), (1, 2): Facts("Die Feder")}) == {(1, 1): (1, 1), (1, 2): (1, 2)}


def test_one_long_season_and_two_halves_in_both_directions() -> None:
    for began in (BEGAN, None):
        long = weekly(1, 1, 24, began=began)
        halves = weekly(1, 1, 12, began=began) | weekly(2, 1, 12, began=began, start=12)
        wanted = {(1, n): (1, n) if n <= 12 else (2, n - 12) for n in range(1, 25)}
        assert sure(halves, long) == wanted
        assert sure(long, halves) == {other: number for number, other in wanted.items()}


def test_an_absolute_number_that_is_told_counts_more_than_the_place() -> None:
    base = weekly(1, 1, 12, began=None) | {(2, n): Facts(absolute=n + 13) for n in range(1, 4)}
    listed = {(1, n): Facts(absolute=n) for n in [*range(1, 13), 14, 15, 16]}
    assert sure(base, listed)[1, 14] == (2, 1)


def test_an_episode_in_the_middle_moves_those_behind_it() -> None:
    names = ["Seed", "Spring", "Cog", "Pendulum", "Bell"]
    base = {(1, n): Facts(name) for n, name in enumerate(names, start=1)}
    listed = {(1, n): Facts(name) for n, name in enumerate([*names[:2], "Interlude", *names[2:]], start=1)}
    assert sure(base, listed) == {(1, 1): (1, 1), (1, 2): (1, 2), (1, 4): (1, 3), (1, 5): (1, 4), (1, 6): (1, 5)}
    assert (1, 3) not in pair(base, listed)


def test_a_title_finds_a_special_that_another_list_counts_as_regular() -> None:
    base = weekly(1, 1, 12) | {(0, 1): Facts("Beach Day", BEGAN + WEEK * 20)}
    assert sure(base, weekly(1, 1, 12) | {(1, 13): Facts("Beach day!", BEGAN + WEEK * 20)})[1, 13] == (0, 1)


def test_a_title_is_no_proof_where_the_dates_are_years_apart() -> None:
    base = {(1, 1): Facts("Beginning", BEGAN)}
    listed = {(2, 1): Facts("Beginning", BEGAN + 100 * WEEK)}
    assert pair(base, listed)[2, 1].confidence < SURE


def test_one_left_over_is_not_counted_on() -> None:
    """A thirteenth of another source may be the first of our second season, or a special."""
    base = weekly(1, 1, 12, began=None) | weekly(2, 1, 12, began=None)
    guess = pair(base, weekly(1, 1, 13, began=None))[1, 13]
    assert guess.number == (2, 1)
    assert guess.confidence < SURE


def test_the_same_number_with_nothing_else_in_common_is_in_doubt() -> None:
    base = {(1, 1): Facts("Seed", BEGAN)}
    assert pair(base, {(1, 1): Facts("Bell", BEGAN + 50 * WEEK)})[1, 1].confidence < SURE


def test_titles_that_only_count_say_nothing() -> None:
    base = {(1, 1): Facts("Episode 1"), (1, 2): Facts("Episode 2")}
    listed = {(2, 1): Facts("Episode 1"), (2, 2): Facts("Episode 2"), (1, 1): Facts("Episode 01")}
    assert sure(base, listed) == {(1, 1): (1, 1)}
