"""Which series a folder is of. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from difflib import SequenceMatcher

from aniworld.library.types import KnownSeries
from aniworld.naming.titles import title as take_apart
from aniworld.scan.types import Candidate, Reason, UnmatchedFolder

SURE = 0.9
"""From here on a folder is taken for the series' without asking."""
_LEAST = 0.6
MOST = 5
_COMMON = 200
"""A word that so many titles share says nothing."""

_IDS = re.compile(
    r"[\[{(]\s*(tmdb|tvdb|imdb|anidb|anilist|mal|kitsu)(?:id)?\s*[-=:]\s*(tt\d{5,10}|\d{1,10})\s*[\]})]", re.IGNORECASE
)
"""``[tmdbid-12]``, ``{tvdb-34}``."""

_Name = tuple[tuple[str, ...], int]
"""Words of a title, and its season."""


class Matcher:
    """The series of the library, made ready to be compared with."""

    def __init__(self, series: Sequence[KnownSeries]) -> None:
        self._by_title: dict[_Name, list[KnownSeries]] = {}
        self._by_id: dict[tuple[str, str], KnownSeries] = {}
        self._by_word: dict[str, set[_Name]] = {}
        for one in series:
            name = _name(one.name)
            self._by_title.setdefault(name, []).append(one)
            for id_ in ((one.provider.lower(), one.provider_key), *one.ids):
                self._by_id[id_] = one
            for word in name[0]:
                self._by_word.setdefault(word, set()).add(name)

    def candidates(self, folder: UnmatchedFolder) -> list[Candidate]:
        """The series that it may be of, the likeliest first."""
        found: dict[str, Candidate] = {}

        def add(series: KnownSeries, confidence: float, reason: Reason) -> None:
            if series.key not in found or found[series.key].confidence < confidence:
                found[series.key] = Candidate(
                    series_id=series.id, key=series.key, name=series.name, year=series.year,
                    confidence=round(confidence, 2), reason=reason,
                )  # fmt: skip

        for id_ in folder.ids:
            if (series := self._by_id.get(id_)) is not None:
                add(series, 1.0, "id")
        name = _name(folder.title)
        for series in self._by_title.get(name, ()):
            if folder.year is None or series.year is None:
                add(series, 0.92, "title")
            elif folder.year == series.year:
                add(series, 0.97, "title_and_year")
            else:
                # Another one of the same name: a remake says so by its year.
                add(series, 0.7, "title")
        if not found:
            for other in self._alike(name):
                likeness = SequenceMatcher(None, "".join(name[0]), "".join(other[0])).ratio()
                for series in self._by_title[other]:
                    years = folder.year is not None and series.year is not None
                    bonus = 0.0 if not years else 0.05 if folder.year == series.year else -0.2
                    if (confidence := min(0.85 * likeness + bonus, 0.89)) >= _LEAST:
                        add(series, confidence, "similar")
        return sorted(found.values(), key=lambda candidate: (-candidate.confidence, candidate.name))[:MOST]

    def sure(self, folder: UnmatchedFolder) -> Candidate | None:
        """The one that it is of, where that is beyond doubt."""
        candidates = self.candidates(folder)
        if not candidates or candidates[0].confidence < SURE:
            return None
        if len(candidates) > 1 and candidates[1].confidence >= SURE and candidates[0].reason != "id":
            return None
        return candidates[0]

    def _alike(self, name: _Name) -> Iterable[_Name]:
        """Titles that share a word which not every second title has."""
        shared: set[_Name] = set()
        for word in name[0]:
            with_word = self._by_word.get(word, set())
            if len(word) > 2 and len(with_word) <= _COMMON:
                shared |= with_word
        return shared


def ids_in(folder: str) -> list[tuple[str, str]]:
    """The ids that a folder's name tells: (service in lower case, id)."""
    return [(service.lower(), value.lower()) for service, value in _IDS.findall(folder)]


def confidence(name: str, year: int | None, folder: UnmatchedFolder) -> float:
    """How likely a folder is of a series of that name, which need not be in the library: 0 to 1."""
    series = KnownSeries(id=folder.id, key="", name=name, year=year, provider="", provider_key="", folder=None)
    return next((candidate.confidence for candidate in Matcher([series]).candidates(folder)), 0.0)


def _name(text: str) -> _Name:
    found = take_apart(text)
    return found.words, found.season
