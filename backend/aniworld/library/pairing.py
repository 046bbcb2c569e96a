"""Which episode of one list is which of another that may count differently. Pure.

What is unmistakable comes first: a title that stands once in each list. Then the same number, then an air date that
stands once in each, then counting through all seasons. Each answer has a confidence, so that in doubt nothing is taken.
"""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Mapping
from typing import NamedTuple, TypeVar

from aniworld.kit.text import fold

Number = tuple[int, int]
"""(season, episode); season 0 holds the specials."""
_K = TypeVar("_K", bound=Hashable)

SURE = 0.6
"""Confidence from which two are taken to be one."""
_NEAR = dt.timedelta(days=2)
_FAR = dt.timedelta(days=60)
_NO_TITLE = re.compile(r"(episode|episodio|folge|part|teil|chapter|ep|e|s\d+\W*e|第)?[\W\d_]*(話|集|화)?")
_FEW = 3
"""So many that follow each other are a block that was counted on; fewer may be anything."""


class Facts(NamedTuple):
    """By what an episode can be recognised, beside its number."""

    title: str = ""
    aired: dt.date | None = None
    absolute: int | None = None


class Guess(NamedTuple):
    """Which episode it is, and how sure that is (0 to 1)."""

    number: Number
    confidence: float


def told(title: str) -> str:
    """A title as it is compared; empty for one that says no more than the number."""
    plain = fold(title).strip()
    return "" if _NO_TITLE.fullmatch(plain) else re.sub(r"[\W_]+", " ", plain).strip()


def pair(base: Mapping[Number, Facts], listed: Mapping[Number, Facts]) -> dict[Number, Guess]:
    """For each number of ``listed`` the one of ``base`` that it is; those that are none of them are left out."""
    found: dict[Number, Guess] = {}
    free = set(base)

    def take(number: Number, other: Number, confidence: float) -> None:
        found[number] = Guess(other, confidence)
        free.discard(other)

    for number, other in _once(base, listed, lambda facts: told(facts.title)):
        apart = _apart(base[other], listed[number])
        take(number, other, 0.9 if apart is None else 1.0 if apart <= _NEAR else 0.5 if apart > _FAR else 0.8)
    for number in sorted(listed.keys() & free - found.keys()):
        apart = _apart(base[number], listed[number])
        differ = bool(told(base[number].title) and told(listed[number].title))
        take(number, number, 0.4 if differ and apart is not None and apart > _FAR else 0.8)
    left = {number: facts for number, facts in listed.items() if number not in found and number[0]}
    rest = {number: base[number] for number in free if number[0]}
    for number, other in _once(rest, left, lambda facts: facts.aired):
        take(number, other, 0.75)
    _count_on(base, listed, free, found, take)
    return found


def _count_on(
    base: Mapping[Number, Facts],
    listed: Mapping[Number, Facts],
    free: set[Number],
    found: Mapping[Number, Guess],
    take: Callable[[Number, Number, float], None],
) -> None:
    """What is left, by its number over all seasons: sure where a block of them fits without a gap."""
    there = {absolute: number for number, absolute in _absolutes(base).items()}
    fits = [
        (number, there[absolute])
        for number, absolute in _absolutes(listed).items()
        if number not in found and there.get(absolute) in free
    ]
    left = sum(1 for number in listed if number[0] and number not in found)
    whole = len(fits) == left and (len(fits) >= _FEW or len(fits) == sum(1 for number in free if number[0]))
    for number, other in fits:
        apart = _apart(base[other], listed[number])
        take(number, other, 0.7 if whole and (apart is None or apart <= _FAR) else 0.4)


def _absolutes(episodes: Mapping[Number, Facts]) -> dict[Number, int]:
    """The number over all seasons: as it is told, or counted."""
    regular = sorted(number for number in episodes if number[0])
    return {number: episodes[number].absolute or place for place, number in enumerate(regular, start=1)}


def _once(
    base: Mapping[Number, Facts], listed: Mapping[Number, Facts], key: Callable[[Facts], _K | None]
) -> Iterable[tuple[Number, Number]]:
    """(number, number in base) of those that share what stands once in each."""
    here, there = _unique(listed, key), _unique(base, key)
    return [(here[value], there[value]) for value in here if value in there]


def _unique(episodes: Mapping[Number, Facts], key: Callable[[Facts], _K | None]) -> dict[_K, Number]:
    values = {number: value for number, facts in episodes.items() if (value := key(facts))}
    often = Counter(values.values())
    return {value: number for number, value in values.items() if often[value] == 1}


def _apart(one: Facts, other: Facts) -> dt.timedelta | None:
    return abs(one.aired - other.aired) if one.aired and other.aired else None
