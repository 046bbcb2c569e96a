"""Which of the source's seasons is which part of what a metadata service counts. Pure.

Services cut a series differently: AniList has an entry for each cour, TMDB puts several cours into one season, a source
may count all episodes in one. But all tell them in the same order. So the parts of a service are laid end to end, and
a season of the source is laid beside them: where it begins is all that is to be found. What speaks for a place: air
dates, titles, absolute numbers, names, and where parts begin and end. Where two places are as good, none is taken.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from aniworld.kit.text import fold
from aniworld.library.mapping_types import Hint, Numbered, Part, SeasonMapping, Segment, SourceSeason

THRESHOLD = 0.6
"""Below that nothing is mapped; it is shown, and a person decides."""
LONGEST = 10_000
"""Episodes of one part; more is not counted."""
_UNTOLD = 200
"""Places of a part that nobody knows the end of."""
_SURE = 0.98
_ANCHORED = 0.85
_CLOSE = 0.08
"""Two places whose confidence differs by less are as good as each other."""
_SAME_DAY = 1
_OTHER_TIME = 21
"""Days apart that show that two are not the same episode."""
_GENERIC = re.compile(
    r"((episode|folge|part|teil|ep|chapter|kapitel|第)\s*)?[\d.]+\s*(話|回|episode|folge)?|tba|tbd|", re.IGNORECASE
)
_PLAIN_NAME = re.compile(r"(season|staffel|saison|temporada|part|teil|cour|specials?)?\s*\d*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Place:
    part: Part
    index: int
    """Of the part."""
    episode: Numbered


@dataclass(frozen=True, slots=True)
class _Line:
    """The parts of a service, laid end to end."""

    places: tuple[_Place, ...]
    starts: tuple[int, ...]
    """Where each part begins."""
    open: bool
    """Nobody knows where the last one ends."""

    @property
    def ends(self) -> frozenset[int]:
        """Behind which place a part ends."""
        return frozenset(self.starts[1:]) | frozenset(() if self.open else (len(self.places),))


def derive(
    seasons: Sequence[SourceSeason],
    parts: Sequence[Part],
    *,
    pinned: Sequence[SeasonMapping] = (),
    hints: Sequence[Hint] = (),
    order: str | None = None,
) -> list[SeasonMapping]:
    """Where each season of the source lies among ``parts``, which stand in their order.

    ``pinned``: what a person decided stays as it is; ``order``: in which order of the service the parts are counted.
    """
    regular = _line([part for part in parts if part.season > 0])
    special = _line([part for part in parts if part.season == 0])
    told = {hint.season: hint for hint in hints}
    kept = {one.season: one for one in pinned}
    taken = _taken(regular, [segment for one in pinned for segment in one.segments])
    # What needs no neighbour to be known takes its place before those that are only counted.
    anchored: dict[int, tuple[int, float]] = {}
    for season in seasons:
        if season.season > 0 and season.season not in kept:
            start, confidence = _best(season, regular, taken, None, told.get(season.season))
            if start is not None and confidence >= _ANCHORED:
                anchored[season.season] = (start, confidence)
                taken |= frozenset(range(start, start + _span(season)))
    found: list[SeasonMapping] = []
    end: int | None = 0
    before = 0
    for season in sorted(seasons, key=lambda one: one.season):
        if season.season in kept:
            found.append(kept[season.season])
            ends = [place + 1 for place in _taken(regular, kept[season.season].segments)]
            end = max(ends, default=None) if season.season else end
            before = season.season
            continue
        line = regular if season.season else special
        follows = end if season.season == before + 1 else None
        start, confidence = anchored.get(season.season, (None, 0.0))
        if start is None:
            used = taken if season.season else frozenset[int]()
            start, confidence = _best(season, line, used, follows, told.get(season.season))
        segments: tuple[Segment, ...] = ()
        if start is not None and confidence >= THRESHOLD:
            segments = tuple(_segments(season, line, start, round(confidence, 3), order))
        if season.season:
            before = season.season
            end = start + _span(season) if segments and start is not None else None
            taken |= frozenset(range(end - _span(season), end)) if end is not None else frozenset()
        found.append(SeasonMapping(season=season.season, segments=segments, confidence=round(confidence, 3)))
    return found


def sureness(found: Iterable[SeasonMapping]) -> float:
    """How well all regular seasons fit together: to choose between several orders of a service."""
    regular = [one.confidence if one.segments else 0.0 for one in found if one.season > 0]
    return sum(regular) / len(regular) if regular else 0.0


def at_service(segments: Iterable[Segment], season: int, episode: int) -> tuple[Segment, int] | None:
    """Which episode of the service an episode of the source is."""
    for segment in segments:
        if segment.season == season and segment.first <= episode and (segment.last is None or episode <= segment.last):
            return segment, episode + segment.offset
    return None


def _line(parts: Sequence[Part]) -> _Line:
    places: list[_Place] = []
    starts: list[int] = []
    for index, part in enumerate(parts):
        starts.append(len(places))
        told = {episode.number: episode for episode in part.episodes}
        numbers = sorted(told)
        count = part.count if part.count is not None or numbers else _UNTOLD
        if count is not None and len(numbers) < count:
            first = numbers[0] if numbers else 1
            numbers = list(range(first, first + min(count, LONGEST)))
        for number in numbers[:LONGEST]:
            episode = told.get(number, Numbered(number))
            if number == numbers[0] and episode.aired is None:
                episode = replace(episode, aired=part.began)
            places.append(_Place(part, index, episode))
    last = parts[-1] if parts else None
    return _Line(tuple(places), tuple(starts), last is not None and last.count is None and not last.episodes)


def _taken(line: _Line, segments: Iterable[Segment]) -> frozenset[int]:
    """The places that segments lie on."""
    found: set[int] = set()
    for segment in segments:
        for index, place in enumerate(line.places):
            number = place.episode.number - segment.offset
            if (
                (place.part.id, place.part.season) == (segment.id, segment.service_season)
                and number >= segment.first
                and (segment.last is None or number <= segment.last)
            ):
                found.add(index)
    return frozenset(found)


def _span(season: SourceSeason) -> int:
    """How many places a season takes: numbers that are left out count, too."""
    return season.episodes[-1].number - season.episodes[0].number + 1 if season.episodes else 0


def _best(
    season: SourceSeason, line: _Line, taken: frozenset[int], end: int | None, hint: Hint | None
) -> tuple[int | None, float]:
    """(the place where it begins, how sure that is)."""
    if not season.episodes or not line.places:
        return None, 0.0
    first = season.episodes[0].number
    rated: dict[int, float] = {}
    for start in _candidates(season, line, end):
        rated[start] = _rate(season, line, start, taken, end)
    if hint is not None:
        for start, place in enumerate(line.places):
            if (place.part.id, place.part.season, place.episode.number) == (*hint.part, first + hint.offset):
                # A list that people keep; the dates of both may still say otherwise.
                contradicted = _dates(season, line, start)[1]
                rated[start] = 0.3 if contradicted else max(rated.get(start, 0.0), 0.95)
    if not rated:
        return None, 0.0
    ordered = sorted(rated, key=lambda start: (-rated[start], start))
    best, confidence = ordered[0], rated[ordered[0]]
    if len(ordered) > 1 and rated[ordered[1]] > confidence - _CLOSE and confidence < _SURE:
        confidence = min(confidence, THRESHOLD - 0.1)  # two places, and nothing to tell them apart
    return best, confidence


def _candidates(season: SourceSeason, line: _Line, end: int | None) -> set[int]:
    """Every place where it might begin."""
    first = season.episodes[0]
    starts = set(line.starts)
    if end is not None:
        starts.add(end)
    if first.absolute is not None:
        starts.add(first.absolute - 1)
    if first.number > 1:  # the numbers go on: counted through, or its first ones are not at the source
        starts |= {first.number - 1, *(start + first.number - 1 for start in line.starts)}
    by_day: dict[dt.date, list[int]] = {}
    by_title: dict[str, list[int]] = {}
    for index, place in enumerate(line.places):
        if place.episode.aired is not None:
            by_day.setdefault(place.episode.aired, []).append(index)
        if title := _title(place.episode.title):
            by_title.setdefault(title, []).append(index)
    votes: dict[int, int] = {}
    for episode in season.episodes:
        places = set(by_title.get(_title(episode.title), ()))
        if episode.aired is not None:
            for days in (-1, 0, 1):
                places.update(by_day.get(episode.aired + dt.timedelta(days=days), ())[:4])
        for index in places:
            start = index - (episode.number - first.number)
            votes[start] = votes.get(start, 0) + 1
    starts.update(sorted(votes, key=lambda start: -votes[start])[:8])
    limit = len(line.places)
    return {start for start in starts if 0 <= start < limit}


def _rate(season: SourceSeason, line: _Line, start: int, taken: frozenset[int], end: int | None) -> float:
    """How much speaks for a place, 0 to 1."""
    span = _span(season)
    stop = start + span
    same, other = _dates(season, line, start)
    dated = same + other
    named, compared = _titles(season, line, start)
    shape = _shape(season, line, start, stop, end)
    evidence = 0.0
    if dated:
        evidence = max(evidence, (0.97 if dated > 1 else 0.9) * same / dated)
    if compared:
        evidence = max(evidence, (0.97 if compared > 2 else 0.85) * named / compared)
    if dated and compared and same == dated and named * 2 > compared:
        evidence = 1.0
    rating = max(shape, evidence)
    if dated and same * 2 < dated:
        rating = min(rating, 0.3)  # that was at another time
    elif compared > 2 and named == 0 and not same:
        rating = min(rating, 0.7)  # other words may be another language
    inside = min(stop, len(line.places)) - start
    if inside < span:
        missing = (span - inside) / span
        rating *= 1.0 - min(0.6, 2 * missing)  # it goes over the end
    if not taken.isdisjoint(range(start, stop)):
        rating = min(rating, 0.5)  # another season is there
    return max(0.0, min(1.0, rating))


def _shape(season: SourceSeason, line: _Line, start: int, stop: int, end: int | None) -> float:
    """What counts alone say."""
    if season.season == 0:
        return 0.5  # specials are counted by everybody as they like
    begins, ends = start in line.starts, stop in line.ends
    first = season.episodes[0]
    follows = end == start and (start > 0 or first.number <= 1)
    part = line.places[start].part if start < len(line.places) else None
    named = part is not None and _names_agree(season.name, part.name)
    rating = 0.2
    if begins and ends:
        rating = 0.84 if follows else 0.66
    elif begins and follows:
        rating = 0.72 if stop <= len(line.places) else 0.6
    elif follows:
        rating = 0.66 if ends else 0.55
    elif begins:
        rating = 0.45
    if part is not None and part.season == season.season and len({p.part.id for p in line.places}) == 1:
        if begins:
            rating += 0.14  # the same number, where numbers mean something
        elif line.places[start].episode.number == first.number:
            rating = max(rating, 0.75)
    if named:
        rating += 0.2
    if first.absolute is not None and first.absolute - 1 == start and start:
        rating += 0.12
    return min(rating, 0.95)


def _dates(season: SourceSeason, line: _Line, start: int) -> tuple[int, int]:
    """(episodes that aired on the same day, episodes that did not)."""
    same = other = 0
    for episode, place in _pairs(season, line, start):
        if episode.aired is None or place.aired is None:
            continue
        days = abs((episode.aired - place.aired).days)
        if days <= _SAME_DAY:
            same += 1
        elif days >= _OTHER_TIME or days % 7 in (0, 1, 6):
            other += 1  # whole weeks apart: its neighbour. A few days are two countries.
    return same, other


def _titles(season: SourceSeason, line: _Line, start: int) -> tuple[int, int]:
    """(titles that are the same, titles that could be compared)."""
    pairs = [(_title(episode.title), _title(place.title)) for episode, place in _pairs(season, line, start)]
    told = [(mine, theirs) for mine, theirs in pairs if mine and theirs]
    return sum(mine == theirs for mine, theirs in told), len(told)


def _pairs(season: SourceSeason, line: _Line, start: int) -> Iterable[tuple[Numbered, Numbered]]:
    first = season.episodes[0].number
    for episode in season.episodes:
        index = start + episode.number - first
        if index < len(line.places):
            yield episode, line.places[index].episode


@lru_cache(maxsize=8192)
def _title(title: str) -> str:
    """What can be compared of a title; empty: it tells only a number."""
    folded = " ".join(re.sub(r"[^\w\s]", " ", fold(title)).split())
    return "" if _GENERIC.fullmatch(folded) else folded


def _names_agree(mine: str, theirs: str) -> bool:
    mine, theirs = fold(mine).strip(), fold(theirs).strip()
    if not mine or not theirs or _PLAIN_NAME.fullmatch(mine):
        return False
    return mine == theirs or mine in theirs or (not _PLAIN_NAME.fullmatch(theirs) and theirs in mine)


def _segments(season: SourceSeason, line: _Line, start: int, confidence: float, order: str | None) -> Iterable[Segment]:
    """The season, cut where one part of the service ends and the next begins."""
    first, last = season.episodes[0].number, season.episodes[-1].number
    cuts: list[tuple[int, _Place]] = []
    for number in range(first, last + 1):
        index = start + number - first
        if index >= len(line.places):
            break
        place = line.places[index]
        breaks = not cuts or place.index != cuts[-1][1].index
        if breaks or place.episode.number - number != cuts[-1][1].episode.number - cuts[-1][0]:
            cuts.append((number, place))
    for position, (number, place) in enumerate(cuts):
        # The last one stays open at its end: an episode that comes next week is the service's next one.
        following = cuts[position + 1][0] - 1 if position + 1 < len(cuts) else None
        yield Segment(
            season=season.season,
            first=number,
            last=following,
            id=place.part.id,
            service_season=place.part.season,
            offset=place.episode.number - number,
            confidence=confidence,
            order=order,
        )
