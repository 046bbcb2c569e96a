"""Whether what a service has is the series that is meant. Pure.

A title has to be the same, apart from spelling (:mod:`aniworld.naming.titles`), and then year, number of episodes and
format speak for or against it. In doubt nobody is taken: a wrong description is worse than none.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence

import msgspec

from aniworld.metadata.types import Candidate, Service, Wanted
from aniworld.naming.titles import Title, title, variants

SURE = 0.85
"""Confidence from which on the best candidate is taken, if no other one comes near."""
MARGIN = 0.08
"""By how much it has to be better than the next."""
MOST_TITLES = 60
LONGEST_CORE = 120

_GROUPING: frozenset[Service] = frozenset({"tmdb"})
"""Services whose entry holds all seasons; AniList has one for each season, or half of one."""
_BEGINS = 0.74
"""The best that a title is worth of which the other one is only the beginning."""
_OTHER_SEASON = 0.55


def rated(wanted: Wanted, candidates: Iterable[Candidate]) -> list[Candidate]:
    """The candidates of one service with their confidence, the best first; at most one of them is ``sure``."""
    found = {
        candidate.id: msgspec.structs.replace(candidate, confidence=confidence(wanted, candidate), sure=False)
        for candidate in candidates
    }
    ranked = sorted(found.values(), key=lambda candidate: -candidate.confidence)
    if ranked and ranked[0].confidence >= SURE:
        next_best = ranked[1].confidence if len(ranked) > 1 else 0.0
        if ranked[0].confidence - next_best >= MARGIN:
            ranked[0] = msgspec.structs.replace(ranked[0], sure=True)
    return ranked


def sure(candidates: Iterable[Candidate]) -> Candidate | None:
    """The one that is taken without asking anybody."""
    return next((candidate for candidate in candidates if candidate.sure), None)


def own_id(wanted: Wanted, service: Service) -> str | None:
    """The service's own id, where it is known."""
    return next((id_ for kind, id_ in wanted.ids.items() if kind == service), None)


def confidence(wanted: Wanted, candidate: Candidate) -> float:
    """0 to 1: how likely it is that this one is meant."""
    if own_id(wanted, candidate.service) == candidate.id:
        return 1.0
    whole = candidate.service in _GROUPING
    ours = _titles(wanted.titles)
    theirs = _titles((candidate.title, *candidate.titles))
    score = max((_title(one, other, whole=whole) for one in ours for other in theirs), default=0.0)
    year = wanted.year or next((one.year for one in ours if one.year), None)
    # Of a series that the source lists season by season, the whole one began earlier.
    later = whole and any(one.season > 1 for one in ours)
    score -= _year(year, candidate.year, may_be_earlier=later)
    score -= _episodes(wanted.episode_count, candidate.episode_count)
    score -= _format(wanted, candidate)
    return round(min(1.0, max(0.0, score)), 3)


def _titles(names: Sequence[str]) -> list[Title]:
    return list(dict.fromkeys(part for name in names[:MOST_TITLES] if name.strip() for part in variants(name)))


def _title(one: Title, other: Title, *, whole: bool) -> float:
    mine, theirs = one.core[:LONGEST_CORE], other.core[:LONGEST_CORE]
    if mine == theirs:
        if one.season == other.season or title(one.text).text == other.text:
            return 1.0
        return 0.95 if whole and other.season == 1 else _OTHER_SEASON
    short, long = sorted((mine, theirs), key=len)
    if len(short) >= 4 and long.startswith(short):
        return 0.5 + (_BEGINS - 0.5) * len(short) / len(long)
    likeness = difflib.SequenceMatcher(None, mine, theirs, autojunk=False)
    if likeness.real_quick_ratio() < 0.8 or likeness.quick_ratio() < 0.8:
        return 0.2
    # A letter more or less is a spelling in a long title and another word in a short one.
    ratio = likeness.ratio()
    same = one.season == other.season or (whole and other.season == 1)
    return ratio * (0.97 if len(long) >= 12 and ratio >= 0.93 else 0.75) * (1.0 if same else _OTHER_SEASON)


def _year(wanted: int | None, told: int | None, *, may_be_earlier: bool) -> float:
    """Sources differ by one where a series began in winter or was licensed later."""
    if wanted is None or told is None:
        return 0.04
    apart = abs(wanted - told)
    if may_be_earlier and told <= wanted:
        return 0.02
    return 0.0 if apart == 0 else 0.03 if apart == 1 else 0.3 if apart <= 3 else 0.5


def _episodes(wanted: int | None, told: int | None) -> float:
    """A service that counts a part of it, or that is ahead of the source, says little; one film is no series."""
    if not wanted or not told:
        return 0.02
    if wanted == told:
        return 0.0
    if (wanted >= 5 and told == 1) or (wanted == 1 and told >= 5):
        return 0.3
    return 0.1 if told > wanted * 2 + 13 else 0.03


def _format(wanted: Wanted, candidate: Candidate) -> float:
    told = candidate.format
    film = wanted.format == "movie" or (wanted.format == "unknown" and wanted.episode_count == 1)
    if told == "unknown":
        return 0.0
    if film:
        return 0.0 if told in ("movie", "special", "ova", "ona") else 0.2
    if wanted.format == told:
        return 0.0
    return {"tv": 0.0, "ona": 0.02, "ova": 0.1, "special": 0.25, "movie": 0.25}[told]
