"""The allowed moves of a queue item, and what a failure leads to. Pure."""

from __future__ import annotations

import random

from aniworld.downloads.types import Status

MOVES: dict[Status, frozenset[Status]] = {
    "pending": frozenset({"downloading", "paused", "cancelled"}),
    "downloading": frozenset({"pending", "paused", "completed", "failed", "cancelled"}),
    "paused": frozenset({"pending", "cancelled"}),
    "completed": frozenset(),
    "failed": frozenset({"pending"}),
    "cancelled": frozenset({"pending"}),
}

LONGEST_DELAY = 3600.0
_RNG = random.Random()  # noqa: S311 - jitter is no secret


def sources(target: Status) -> tuple[Status, ...]:
    """The states from which an item may move to ``target``."""
    return tuple(state for state, targets in MOVES.items() if target in targets)


def retry_delay(attempt: int, base: float, told: float | None = None, *, rng: random.Random | None = None) -> float:
    """Seconds to wait after failed attempt number ``attempt`` (from 1): doubling, with jitter, at most an hour.

    ``told`` is what the other side asked for (``Retry-After``): never earlier than that, up to the hour, and not all
    at once.
    """
    rng = rng or _RNG
    delay: float = min(base * 2.0 ** min(attempt - 1, 20), LONGEST_DELAY) * rng.uniform(0.75, 1.25)
    asked: float = (told or 0.0) * rng.uniform(1.0, 1.1)
    return min(max(delay, asked), LONGEST_DELAY)
