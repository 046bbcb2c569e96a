"""How a source has done lately, as a pure function of what happened when."""

from __future__ import annotations

import datetime as dt

import pytest

from aniworld.catalog.health import (
    COOL_DOWNS,
    DOWN_AFTER,
    STEADY,
    WINDOW,
    WINDOW_AGE,
    median_latency,
    phase,
    record,
    state,
    success_rate,
    weight,
)
from aniworld.catalog.types import Health

START = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
SECOND = dt.timedelta(seconds=1)


def after(outcomes: str, health: Health | None = None, at: dt.datetime = START) -> tuple[Health, dt.datetime]:
    """One outcome a second: ``+`` a success of 0.2 s, ``-`` a failure."""
    health = health or Health()
    for sign in outcomes:
        at += SECOND
        health = record(health, ok=sign == "+", seconds=0.2, at=at, reason="" if sign == "+" else "It said no")
    return health, at


@pytest.mark.parametrize(
    ("outcomes", "expected"),
    [
        ("", "healthy"),
        ("+", "healthy"),
        ("-", "healthy"),  # once says nothing
        ("--", "degraded"),
        ("+" * 20 + "-", "healthy"),
        ("+-" * 4, "degraded"),  # every second one
        ("+" * 9 + "-" + "+" * 9 + "-", "healthy"),  # nine of ten
        ("-" * DOWN_AFTER, "down"),
        ("+" * 50 + "-" * DOWN_AFTER, "down"),
        ("---+", "degraded"),  # back, but not for long
        ("---" + "+" * 12, "healthy"),
    ],
)
def test_the_state(outcomes: str, expected: str) -> None:
    health, at = after(outcomes)
    assert state(health, at) == expected


def test_a_cool_down_escalates_from_a_minute_to_a_day() -> None:
    health, at = after("-" * DOWN_AFTER)
    for pause in (*COOL_DOWNS, COOL_DOWNS[-1]):
        assert health.down_until == at + pause
        assert phase(health, at + pause - SECOND) == "open"
        assert phase(health, at + pause) == "half_open"
        at += pause
        health = record(health, ok=False, seconds=0.1, at=at, reason="Still not")
    assert (COOL_DOWNS[0], COOL_DOWNS[-1]) == (dt.timedelta(minutes=1), dt.timedelta(hours=24))


def test_what_fails_while_it_is_left_alone_does_not_count_twice() -> None:
    health, at = after("---")
    again, at = after("-----", health, at)
    assert (again.down_until, again.level) == (health.down_until, health.level)


def test_a_probe_that_succeeds_opens_the_door() -> None:
    health, at = after("---")
    health = record(health, ok=True, seconds=0.1, at=at + COOL_DOWNS[0])
    assert phase(health, at + COOL_DOWNS[0]) == "closed"
    assert state(health, at + COOL_DOWNS[0]) == "degraded"


def test_one_that_comes_and_goes_is_asked_less_and_less() -> None:
    health, at = after("---")
    for pause in COOL_DOWNS[1:4]:
        at = health.down_until or at
        health, at = after("+---", health, at)
        assert health.down_until == at + pause
    health, at = after("+" * STEADY, health, health.down_until or at)
    health, at = after("---", health, at)
    assert health.down_until == at + COOL_DOWNS[0]  # it was well for a while


def test_the_other_side_may_ask_for_more_time() -> None:
    health, at = after("--")
    asked = record(health, ok=False, seconds=0.1, at=at, wait=1800)
    assert asked.down_until == at + dt.timedelta(seconds=1800)
    for_ever = record(health, ok=False, seconds=0.1, at=at, wait=1e9)
    assert for_ever.down_until == at + dt.timedelta(hours=24)


def test_the_window_slides() -> None:
    health, at = after("-+" * WINDOW)
    assert len(health.outcomes) == WINDOW
    assert success_rate(health, at) == 0.5
    assert success_rate(health, at + WINDOW_AGE + dt.timedelta(minutes=5)) is None
    assert state(health, at + WINDOW_AGE + dt.timedelta(minutes=5)) == "healthy"


def test_latency_is_that_of_successes() -> None:
    health = Health()
    for ok, seconds in ((True, 0.1), (False, 30.0), (True, 0.3), (True, 9.0)):
        health = record(health, ok=ok, seconds=seconds, at=START)
    assert median_latency(health, START) == 0.3
    assert median_latency(Health(), START) is None


def test_the_weight_falls_with_the_state_and_a_probe_weighs_in_full() -> None:
    well, shaky = weight(Health(), START), weight(*after("--"))
    down, at = after("---")
    assert well > shaky > weight(down, at) > 0
    assert weight(down, at + COOL_DOWNS[0]) == well


def test_the_reason_is_remembered() -> None:
    health, at = after("-+")
    assert (health.last_error, health.last_error_at) == ("It said no", at - SECOND)
