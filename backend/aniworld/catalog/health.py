"""How a source or hoster has done lately, and whether to ask it now. Pure: the time comes with each call.

A window of what happened gives success rate and latency. Three failures in a row and it is down: it is left alone for a
minute, and after each probe that fails for longer, up to a day. When the time is over it is half open: one request is
let through, and what becomes of it decides. The cool-down begins at a minute again only after it has been well for a
while, so that one that comes and goes is asked less and less.
"""

from __future__ import annotations

import datetime as dt
import statistics

import msgspec

from aniworld.catalog.types import Health, Outcome, Phase, State

WINDOW = 50
WINDOW_AGE = dt.timedelta(hours=24)
"""What counts: the last so many outcomes of so long."""
DOWN_AFTER = 3
"""Failures in a row."""
ENOUGH = 4
"""Outcomes from which on a rate says something."""
GOOD_RATE = 0.8
STEADY = 5
"""Successes in a row after which a cool-down begins at the shortest again."""
COOL_DOWNS = tuple(dt.timedelta(minutes=minutes) for minutes in (1, 2, 5, 15, 60, 4 * 60, 12 * 60, 24 * 60))
LONGEST_REASON = 300


def record(
    health: Health, *, ok: bool, seconds: float, at: dt.datetime, reason: str = "", wait: float | None = None
) -> Health:
    """The health after one more outcome. ``wait``: seconds for which the other side asked to be left alone."""
    outcomes = (*_recent(health, at), Outcome(at=at, ok=ok, seconds=round(seconds, 3)))[-WINDOW:]
    if ok:
        in_row = max(health.in_row, 0) + 1
        level = 0 if in_row >= STEADY else health.level
        return msgspec.structs.replace(health, outcomes=outcomes, in_row=in_row, level=level, down_until=None)
    failed = msgspec.structs.replace(
        health,
        outcomes=outcomes,
        in_row=min(health.in_row, 0) - 1,
        last_error=reason[:LONGEST_REASON],
        last_error_at=at,
    )
    if phase(health, at) == "open":
        return failed  # asked although it was to be left alone; that says nothing about later
    if health.down_until is None and failed.in_row > -DOWN_AFTER:
        return failed
    asked = dt.timedelta(seconds=min(wait or 0.0, COOL_DOWNS[-1].total_seconds()))
    pause = max(COOL_DOWNS[min(health.level, len(COOL_DOWNS) - 1)], asked)
    level = min(health.level + 1, len(COOL_DOWNS) - 1)
    return msgspec.structs.replace(failed, level=level, down_until=at + pause)


def phase(health: Health, at: dt.datetime) -> Phase:
    """Whether it may be asked: always (closed), not now (open), or once to see (half open)."""
    if health.down_until is None:
        return "closed"
    return "open" if at < health.down_until else "half_open"


def state(health: Health, at: dt.datetime) -> State:
    """How it is, in one word. What has never been asked is healthy."""
    if health.down_until is not None:
        return "down"
    rate = success_rate(health, at)
    poor = rate is not None and len(_recent(health, at)) >= ENOUGH and rate < GOOD_RATE
    return "degraded" if poor or health.level > 0 or health.in_row <= -2 else "healthy"


def success_rate(health: Health, at: dt.datetime) -> float | None:
    """Successes of the window, 0 to 1; None: nothing is in it."""
    recent = _recent(health, at)
    return sum(outcome.ok for outcome in recent) / len(recent) if recent else None


def median_latency(health: Health, at: dt.datetime) -> float | None:
    """Seconds that half of the successes took at most; None: there were none."""
    took = [outcome.seconds for outcome in _recent(health, at) if outcome.ok]
    return statistics.median(took) if took else None


def weight(health: Health, at: dt.datetime) -> float:
    """How much its place in an order counts. Half open counts in full: that is the probe."""
    if phase(health, at) == "open":
        return 0.01
    return 0.4 if state(health, at) == "degraded" else 1.0


def _recent(health: Health, at: dt.datetime) -> tuple[Outcome, ...]:
    return tuple(outcome for outcome in health.outcomes if at - outcome.at <= WINDOW_AGE)
