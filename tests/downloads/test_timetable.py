"""Quiet hours: what is allowed when, by the clock on the wall."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aniworld.config.schemas import DownloadsSection, QuietHours
from aniworld.downloads.timetable import Allowance, allowance, next_change

DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
BERLIN = ZoneInfo("Europe/Berlin")
FREE, SLOW, STILL = Allowance(False, 1_000_000), Allowance(False, 50_000), Allowance(True, None)


def window(start: str, end: str, days: list[str] | None = None, **rest: object) -> QuietHours:
    return msgspec.convert({"start": start, "end": end, "days": days or DAYS, **rest}, QuietHours)


def section(*windows: QuietHours) -> DownloadsSection:
    return DownloadsSection(speed_limit=1_000_000, quiet_hours=list(windows))


def at(text: str) -> dt.datetime:
    """A day of the week of 1 June 2026, a Monday, and a time."""
    day, clock = text.split()
    hour, minute = clock.split(":")
    return dt.datetime(2026, 6, 1 + DAYS.index(day), int(hour), int(minute))


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        ("mon 17:59", FREE), ("mon 18:00", SLOW), ("mon 21:59", SLOW), ("mon 22:00", FREE),
        ("sat 18:00", FREE), ("sat 23:30", STILL), ("sun 05:59", STILL), ("sun 06:00", FREE),
        ("sun 23:30", FREE), ("mon 05:00", FREE),
    ],
)  # fmt: skip
def test_a_window_holds_on_its_days_and_into_the_next_morning(moment: str, expected: Allowance) -> None:
    evening = window("18:00", "22:00", ["mon", "tue"], speed_limit=50_000)
    night = window("23:00", "06:00", ["sat"], pause=True)
    assert allowance(section(evening, night), at(moment)) == expected


def test_of_several_that_fit_the_first_counts() -> None:
    windows = [window("10:00", "12:00", speed_limit=50_000), window("09:00", "18:00", pause=True)]
    assert allowance(section(*windows), at("wed 11:00")) == SLOW
    assert allowance(section(*windows), at("wed 12:00")) == STILL


def test_a_window_may_lift_the_limit() -> None:
    assert allowance(section(window("01:00", "07:00")), at("wed 03:00")) == Allowance(False, None)


def test_the_same_start_and_end_is_a_whole_day() -> None:
    monday = section(window("20:00", "20:00", ["mon"], pause=True))
    told = [allowance(monday, at(text)).paused for text in ("mon 19:59", "mon 20:00", "tue 19:59", "tue 20:00")]
    assert told == [False, True, True, False]


def test_when_it_changes() -> None:
    night = section(window("23:00", "06:00", ["sat"], pause=True))
    assert next_change(night, at("mon 12:00")) == at("sat 23:00")
    assert next_change(night, at("sat 23:30")) == at("sun 06:00")
    assert next_change(section(), at("mon 12:00")) is None
    two = section(window("10:00", "12:00", pause=True), window("12:00", "14:00", pause=True))
    assert next_change(two, at("mon 11:00")) == at("mon 14:00")  # where one follows the other nothing changes


def wall(moment: dt.datetime) -> dt.datetime:
    return moment.astimezone(BERLIN).replace(tzinfo=None)


def test_when_clocks_go_back_an_hour_is_quiet_twice() -> None:
    quiet = section(window("02:00", "03:00", pause=True))
    start = dt.datetime(2026, 10, 24, 22, 0, tzinfo=dt.UTC)  # midnight
    still = [allowance(quiet, wall(start + dt.timedelta(minutes=15 * n))).paused for n in range(24)]
    assert [n for n, paused in enumerate(still) if paused] == list(range(8, 16))


def test_when_clocks_go_forward_an_hour_that_never_comes_is_never_quiet() -> None:
    quiet = section(window("02:00", "03:00", pause=True), window("03:00", "04:00", speed_limit=50_000))
    start = dt.datetime(2026, 3, 28, 23, 0, tzinfo=dt.UTC)  # midnight
    told = [allowance(quiet, wall(start + dt.timedelta(minutes=15 * n))) for n in range(16)]
    assert STILL not in told
    assert told.count(SLOW) == 4


_CLOCK = st.builds("{:02d}:{:02d}".format, st.integers(0, 23), st.integers(0, 59))
_WINDOW = st.builds(
    lambda days, start, end, pause: window(start, end, days, pause=pause, speed_limit=50_000),
    st.lists(st.sampled_from(DAYS), min_size=1, unique=True),
    _CLOCK,
    _CLOCK,
    st.booleans(),
)


@given(windows=st.lists(_WINDOW, max_size=3), minute=st.integers(0, 7 * 24 * 60 - 1))
def test_until_the_next_change_nothing_changes(windows: list[QuietHours], minute: int) -> None:
    plan, moment = section(*windows), at("mon 00:00") + dt.timedelta(minutes=minute)
    now, change = allowance(plan, moment), next_change(plan, moment)
    end = change or moment + dt.timedelta(days=8)
    steps = int((end - moment).total_seconds() // 60)
    assert all(allowance(plan, moment + dt.timedelta(minutes=step)) == now for step in range(0, steps, 7))
    assert change is None or allowance(plan, change) != now
