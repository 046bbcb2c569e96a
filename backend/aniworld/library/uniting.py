"""One list of episodes made of what several sources list. Pure.

The first source leads: it decides numbers and titles. The others fill what it does not tell, offer what it does not
have, and never override. An episode keeps the number under which a file of it lies here, whatever a source calls it
later: that difference is a conflict, which a person settles.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from uuid import UUID

from aniworld.catalog.types import EpisodeInfo, SeasonInfo
from aniworld.library.pairing import SURE, Facts, Guess, Number, pair
from aniworld.library.schemas import ConflictEpisode
from aniworld.library.types import ConflictKind

Source = tuple[str, str]
"""(provider, provider_key)."""


@dataclass(frozen=True, slots=True)
class Offer:
    """An episode at a source."""

    number: Number
    """As the source counts."""
    languages: frozenset[str]
    """What can be had there now."""


@dataclass(slots=True, kw_only=True)
class Row:
    """An episode as it is to be stored. ``id`` None: it is new."""

    id: UUID | None = None
    number: Number
    title: str = ""
    absolute: int | None = None
    aired: dt.date | None = None
    duration: float | None = None
    has_file: bool = False
    offers: dict[Source, Offer] = field(default_factory=dict)

    @property
    def facts(self) -> Facts:
        """By what it is recognised."""
        return Facts(self.title, self.aired, self.absolute)


@dataclass(frozen=True, slots=True)
class Conflict:
    """Where a source and the library count differently."""

    kind: ConflictKind
    source: Source
    episodes: tuple[ConflictEpisode, ...]


@dataclass(frozen=True, slots=True)
class United:
    """What is to be stored."""

    rows: list[Row]
    conflicts: list[Conflict]


def numbered(seasons: Sequence[SeasonInfo]) -> dict[Number, EpisodeInfo]:
    """What a source lists, each number once."""
    found: dict[Number, EpisodeInfo] = {}
    for season in seasons:
        for info in season.episodes:
            found.setdefault((info.season, info.episode), info)
    return found


def as_here(
    rows: Sequence[Row],
    order: Sequence[Source],
    answers: Mapping[Source, Mapping[Number, EpisodeInfo]],
    seasons: Sequence[SeasonInfo],
) -> tuple[SeasonInfo, ...]:
    """What the sources tell of each episode, under the numbers that hold here. ``seasons``: who names them."""
    names = {season.season: season.name for season in seasons}
    found: dict[int, list[EpisodeInfo]] = {}
    for row in sorted(rows, key=lambda row: row.number):
        told = [answers[source][row.offers[source].number] for source in order if source in answers.keys() & row.offers]
        season, episode = row.number
        info = EpisodeInfo(
            season=season,
            episode=episode,
            title=next((one.title for one in told if one.title), "" if told else row.title),
            absolute=row.absolute,
            aired=next((one.aired for one in told if one.aired), None if told else row.aired),
            duration=next((one.duration for one in told if one.duration), None if told else row.duration),
        )
        found.setdefault(season, []).append(info)
    return tuple(
        SeasonInfo(season=season, name=names.get(season, ""), episodes=tuple(infos)) for season, infos in found.items()
    )


def unite(
    known: Sequence[Row],
    order: Sequence[Source],
    answers: Mapping[Source, Mapping[Number, EpisodeInfo]],
    accepted: Collection[Source] = (),
) -> United:
    """What is known and what the sources list now, as one list.

    ``order``: all sources, the leading one first. What one that is not in ``answers`` offered last stays.
    ``accepted``: sources of which a person says that what is likely is right.
    """
    rows = [
        replace(row, offers={source: offer for source, offer in row.offers.items() if source in order}) for row in known
    ]
    before = {id(row): dict(row.offers) for row in rows}
    for row in rows:
        for source in answers:
            row.offers.pop(source, None)
    conflicts: list[Conflict] = []
    for place, source in enumerate(order):
        if source not in answers:
            continue
        listed = answers[source]
        sure = 0.0 if source in accepted else SURE
        if place == 0:
            own = {row.number: row for row in rows if source not in before[id(row)]}
            own |= {before[id(row)][source].number: row for row in rows if source in before[id(row)]}
            conflicts += _lead(rows, own, source, listed, sure)
        else:
            conflicts += _follow(rows, source, listed, sure)
    kept = [row for row in rows if row.offers or row.has_file]
    return United(kept, conflicts)


def _lead(
    rows: list[Row], own: Mapping[Number, Row], source: Source, listed: Mapping[Number, EpisodeInfo], sure: float
) -> list[Conflict]:
    """The leading source has answered. ``own``: the episodes by what it called them last."""
    guesses = pair({number: row.facts for number, row in own.items()}, _facts(listed))
    found = {number: own[guess.number] for number, guess in guesses.items() if guess.confidence >= sure}
    for number, row in found.items():
        _tell(row, source, listed[number], leads=True)
    moved = {number: row for number, row in found.items() if row.number != number}
    moving = {id(row) for row in moved.values()}
    staying = {row.number for row in rows if id(row) not in moving and (row.offers or row.has_file)}
    if not any(row.has_file for row in moved.values()) and not staying & moved.keys():
        rows[:] = [row for row in rows if id(row) in moving or row.number not in moved]
        for number, row in moved.items():
            row.number = number
        moved = {}
    taken = {row.number: row for row in rows}
    unplaced: list[Number] = []
    for number in sorted(listed.keys() - found.keys()):
        before = found.get((number[0], number[1] - 1))
        place = number
        if before is not None and before.number != (number[0], number[1] - 1):  # it is counted on here as well
            place = (before.number[0], before.number[1] + 1)
        there = taken.get(place)
        if there is not None and (there.has_file or there.offers):
            unplaced.append(number)
            continue
        row = there or Row(number=place)
        if there is None:
            rows.append(row)
        _tell(row, source, listed[number], leads=True)
        taken[place] = found[number] = row
        if place != number:
            moved[number] = row
    told = [_difference(number, listed[number], row, guesses.get(number)) for number, row in sorted(moved.items())] + [
        _difference(number, listed[number], None, None) for number in unplaced
    ]
    return [Conflict("renumbered", source, tuple(told))] if told else []


def _follow(rows: list[Row], source: Source, listed: Mapping[Number, EpisodeInfo], sure: float) -> list[Conflict]:
    """Another source has answered."""
    by_number = {row.number: row for row in rows}
    empty = not rows
    guesses = pair({number: row.facts for number, row in by_number.items()}, _facts(listed))
    same = all(guess.number == number for number, guess in guesses.items())
    last: dict[int, int] = {}
    for season, episode in by_number:
        last[season] = max(episode, last.get(season, 0))
    doubtful: list[ConflictEpisode] = []
    for number, info in sorted(listed.items()):
        guess = guesses.get(number)
        if guess is not None and guess.confidence >= sure:
            _tell(by_number[guess.number], source, info, leads=False)
        elif guess is None and (empty or (same and _fits(number, last, by_number))):
            row = Row(number=number)
            rows.append(row)
            _tell(row, source, info, leads=True)
        else:
            row_there = None if guess is None else by_number[guess.number]
            doubtful.append(_difference(number, info, row_there, guess))
    return [Conflict("doubtful", source, tuple(doubtful))] if doubtful else []


def _fits(number: Number, last: Mapping[int, int], taken: Collection[Number]) -> bool:
    """Whether an episode that only another source has can stand here under its number: it goes on where ours end."""
    season, episode = number
    if number in taken:
        return False
    regular = [known for known in last if known]
    return season == 0 or not regular or season > max(regular) or (season == max(regular) and episode > last[season])


def _tell(row: Row, source: Source, info: EpisodeInfo, *, leads: bool) -> None:
    """Take over what a source tells of an episode; what it does not tell stays."""
    row.offers[source] = Offer((info.season, info.episode), frozenset(str(language) for language in info.languages))
    title = info.title[:500]
    row.title = (title or row.title) if leads else (row.title or title)
    if leads and info.absolute is not None:
        row.absolute = info.absolute
    if info.aired is not None and (leads or row.aired is None):
        row.aired = info.aired
    if info.duration is not None and (leads or row.duration is None):
        row.duration = info.duration


def _facts(listed: Mapping[Number, EpisodeInfo]) -> dict[Number, Facts]:
    return {number: Facts(info.title, info.aired, info.absolute) for number, info in listed.items()}


def _difference(number: Number, info: EpisodeInfo, row: Row | None, guess: Guess | None) -> ConflictEpisode:
    return ConflictEpisode(
        season=None if row is None else row.number[0],
        episode=None if row is None else row.number[1],
        source_season=number[0],
        source_episode=number[1],
        title=info.title[:500],
        confidence=None if guess is None else guess.confidence,
        has_file=row is not None and row.has_file,
    )
