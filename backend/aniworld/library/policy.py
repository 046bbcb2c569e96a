"""Which languages of an episode are taken, and why the others are not. Pure.

A policy is an ordered list of wanted languages, how long one waits for a better one, and what becomes of several:

- ``one``: the first that comes is kept; nothing more is fetched;
- ``replace``: a better one that comes later takes the place of what is there;
- ``all``: every wanted one is fetched and kept.

What is not out is never taken: an (episode, language) must be offered by a source now.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

from aniworld.catalog.types import Language
from aniworld.config.schemas import LanguageMode
from aniworld.library.types import RefusalReason

Reason = RefusalReason | Literal["other_language_kept", "better_language_taken"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What somebody wants."""

    languages: tuple[str, ...]
    """The best first."""
    mode: LanguageMode = "one"
    wait_days: int = 0
    """After the episode aired, for a better language than the best that is offered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What is done about one language."""

    language: Language
    take: bool
    reason: Reason | None = None
    """Why it is not taken."""
    replaces: tuple[Language, ...] = ()
    """What is there now and gives way once this one is whole."""
    until: dt.date | None = None
    """Waits for a better one until that day."""


def season_wanted(season: int, *, monitored: bool, specials: bool) -> bool:
    """Whether a season's episodes are wanted, unless somebody names one. ``specials``: whether those of the series are.

    What is not wanted is neither missing nor queued with what is missing; what is there of it counts as there.
    """
    return specials if season == 0 else monitored


def is_out(aired: dt.date | None, offered: Collection[str], today: dt.date) -> bool:
    """Whether an episode can be expected to be there: it has aired, or a source has it."""
    return bool(offered) or (aired is not None and aired <= today)


def decide(
    policy: Policy,
    *,
    offered: Collection[str],
    kept: Collection[str],
    aired: dt.date | None,
    today: dt.date,
) -> list[Decision]:
    """One decision for every wanted language, the best first.

    Without an air date nobody knows since when one waits, so nothing is waited for.
    """
    wanted = list(dict.fromkeys(policy.languages))
    best_kept = next((place for place, language in enumerate(wanted) if language in kept), None)
    best_offered = next((place for place, language in enumerate(wanted) if language in offered), None)
    until = None
    if policy.mode != "all" and policy.wait_days and aired is not None and best_kept is None and best_offered:
        until = aired + dt.timedelta(days=policy.wait_days)
    decisions: list[Decision] = []
    for place, language in enumerate(wanted):
        reason: Reason | None = None
        waits: dt.date | None = None
        if language in kept:
            reason = "already_downloaded"
        elif not is_out(aired, offered, today):
            reason = "not_out_yet"
        elif language not in offered:
            reason = "language_not_available"
        elif (policy.mode == "one" and best_kept is not None) or (
            policy.mode == "replace" and best_kept is not None and best_kept < place
        ):
            reason = "other_language_kept"
        elif policy.mode != "all" and best_offered is not None and place > best_offered:
            reason = "better_language_taken"
        elif until is not None and today < until:
            reason, waits = "waits_for_better_language", until
        decisions.append(
            Decision(
                language=Language(language),
                take=reason is None,
                reason=reason,
                replaces=replaced(policy, language, kept) if reason is None else (),
                until=waits,
            )
        )
    return decisions


def replaced(policy: Policy, language: str, kept: Collection[str]) -> tuple[Language, ...]:
    """What gives way when ``language`` is there: wanted ones that are less wanted; never what nobody asked about."""
    if policy.mode != "replace" or language not in policy.languages:
        return ()
    worse = policy.languages[policy.languages.index(language) + 1 :]
    return tuple(Language(other) for other in worse if other in kept)


def choose(
    policy: Policy,
    *,
    asked: str | None,
    offered: Collection[str],
    kept: Collection[str],
    aired: dt.date | None,
    today: dt.date,
) -> tuple[list[Language], RefusalReason | None]:
    """The languages to download, or the reason why there are none.

    ``asked``: the one that somebody named; None: the policy chooses.
    """
    if asked is not None:
        if asked in kept:
            return [], "already_downloaded"
        if not is_out(aired, offered, today):
            return [], "not_out_yet"
        return ([Language(asked)], None) if asked in offered else ([], "language_not_available")
    decisions = decide(policy, offered=offered, kept=kept, aired=aired, today=today)
    taken = [decision.language for decision in decisions if decision.take]
    if taken:
        return taken, None
    reasons = {decision.reason for decision in decisions}
    return [], next((reason for reason in _LOUDEST if reason in reasons), "language_not_available")


_LOUDEST: tuple[RefusalReason, ...] = (
    "already_downloaded",
    "not_out_yet",
    "waits_for_better_language",
    "language_not_available",
)
"""Of several reasons the one that explains most."""
