"""Counts of what a list could be narrowed down to. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, get_args

from aniworld.library.schemas import Facet, SeriesFacets, YearFacet
from aniworld.library.types import SeriesFilter, SeriesQuery


def facets_of(query: SeriesQuery, groups: Sequence[Any], genres: Sequence[tuple[str, int]]) -> SeriesFacets:
    """Each facet counts the groups that fit everything chosen but its own choice.

    ``groups``: rows of :meth:`ListRepository.groups <aniworld.library.list_repository.ListRepository.groups>`.
    """
    fits: dict[str, Callable[[Any], bool]] = {
        "filter": lambda row: query.filter == "all" or bool(getattr(row, query.filter)),
        "status": lambda row: query.status in (None, row.status),
        "year": lambda row: _fits_year(query, row.year),
        "provider": lambda row: query.provider in (None, row.provider),
    }
    counts: dict[str, Counter[Any]] = {name: Counter() for name in fits}
    for row in groups:
        failing = [name for name, fit in fits.items() if not fit(row)]
        if len(failing) > 1:
            continue
        for name in failing or fits:
            if name == "filter":
                counts[name].update(
                    {which: row.number for which in get_args(SeriesFilter) if which == "all" or getattr(row, which)}
                )
            else:
                counts[name][getattr(row, name)] += row.number
    return SeriesFacets(
        filter=[Facet(value=which, count=counts["filter"][which]) for which in get_args(SeriesFilter)],
        genre=[Facet(value=genre, count=number) for genre, number in genres],
        status=_by_count(counts["status"]),
        year=[
            YearFacet(value=year, count=number)
            for year, number in sorted((item for item in counts["year"].items() if item[0] is not None), reverse=True)
        ],
        provider=_by_count(counts["provider"]),
    )


def _fits_year(query: SeriesQuery, year: int | None) -> bool:
    if query.year_from is None and query.year_to is None:
        return True
    return year is not None and (query.year_from or year) <= year <= (query.year_to or year)


def _by_count(counter: Counter[str]) -> list[Facet]:
    return [
        Facet(value=value, count=number)
        for value, number in sorted(counter.items(), key=lambda item: (-item[1], item[0]))
    ]
