"""Which answers of several sources are one series. Pure.

Two are one when a title of each is the same, for the same season, and their years do not speak against it. A source is
in a row once: two entries of one source are two series to it. Without a year an entry only joins where there is no
doubt which one is meant.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from aniworld.catalog.relevance import relevance
from aniworld.catalog.types import Found, SeriesHit
from aniworld.kit.text import fold
from aniworld.naming.titles import title, variants

MAX_ROWS = 300
"""Rows of one search; what is less relevant is left out."""


def year_of(hit: SeriesHit) -> int | None:
    """What the source says, or what stands in the title."""
    return hit.year if hit.year is not None else title(hit.name).year


def same_series(one: SeriesHit, other: SeriesHit) -> bool:
    """Whether two entries are one series, by title, season and year."""
    return bool(_names(one) & _names(other)) and _years_fit(year_of(one), year_of(other))


def rows(query: str, answers: Iterable[tuple[str, Sequence[SeriesHit]]], order: Sequence[str] = ()) -> list[Found]:
    """The answers of the sources as rows, the most relevant first.

    ``order``: the sources, the best first; those that are not named follow in the order of their answers.
    """
    places = {name: place for place, name in enumerate(order)}
    entries = [
        (places.get(source, len(places)), number, place, source, hit)
        for number, (source, hits) in enumerate(answers)
        for place, hit in enumerate(hits)
    ]
    entries.sort(key=lambda entry: entry[:3])
    groups: list[list[tuple[str, SeriesHit]]] = []
    by_name: dict[tuple[str, int], list[list[tuple[str, SeriesHit]]]] = {}
    # Those with a year first: they settle how many series of that title there are.
    for *_, source, hit in sorted(entries, key=lambda entry: year_of(entry[4]) is None):
        names = _names(hit)
        joinable: list[list[tuple[str, SeriesHit]]] = []
        for group in [group for name in sorted(names) for group in by_name.get(name, [])]:
            if _joins(source, hit, group) and not any(group is known for known in joinable):
                joinable.append(group)
        chosen = _nearest(hit, joinable)
        if chosen is None:
            chosen = []
            groups.append(chosen)
        chosen.append((source, hit))
        for name in names:
            known = by_name.setdefault(name, [])
            if not any(chosen is group for group in known):
                known.append(chosen)
    first = {entry[3]: entry[:2] for entry in entries}
    found = [_row(query, sorted(group, key=lambda entry: first[entry[0]])) for group in groups]
    ranks = {id(entry[4]): (entry[2], entry[0], entry[1]) for entry in entries}
    found.sort(key=lambda row: (-row.score, min(ranks[id(hit)] for _, hit in row.hits)))
    return found[:MAX_ROWS]


def _row(query: str, group: list[tuple[str, SeriesHit]]) -> Found:
    year = next((year for _, hit in group if (year := year_of(hit)) is not None), None)
    score = max(relevance(query, hit.name, hit.synonyms, year) for _, hit in group)
    return Found(hits=tuple(group), year=year, score=score)


def _nearest(hit: SeriesHit, groups: list[list[tuple[str, SeriesHit]]]) -> list[tuple[str, SeriesHit]] | None:
    """The row that the entry belongs to: spelled alike to the last mark, then of the very year. None: in doubt."""
    written = fold(hit.name)
    alike = [group for group in groups if any(fold(other.name) == written for _, other in group)] or groups
    year = year_of(hit)
    if year is not None:
        alike = [group for group in alike if any(year_of(other) == year for _, other in group)] or alike
    return alike[0] if len(alike) == 1 or (alike and year is not None) else None


def _joins(source: str, hit: SeriesHit, group: list[tuple[str, SeriesHit]]) -> bool:
    return all(name != source and _years_fit(year_of(hit), year_of(other)) for name, other in group)


def _names(hit: SeriesHit) -> frozenset[tuple[str, int]]:
    """(title, season) under which a source knows it."""
    known = [found for name in (hit.name, *hit.synonyms) for found in variants(name)]
    return frozenset((found.core, found.season) for found in known)


def _years_fit(one: int | None, other: int | None) -> bool:
    """Sources differ by one where a series began in winter or was licensed later."""
    return one is None or other is None or abs(one - other) <= 1
