"""The arithmetic of waiting."""

from __future__ import annotations

import datetime as dt
import random

import pytest

from aniworld.access.throttle import WINDOW, WINDOW_FAILURES, client_bucket, client_wait, total_wait, wait_after

NOON = dt.datetime(2030, 1, 1, 12, tzinfo=dt.UTC)


def test_the_wait_doubles_from_half_a_minute_to_a_quarter_of_an_hour() -> None:
    waits = [wait_after(failures) for failures in range(1, 13)]
    assert waits[:4] == [None] * 4
    assert [wait and wait.total_seconds() for wait in waits[4:]] == [30, 60, 120, 240, 480, 900, 900, 900]
    assert wait_after(10**6) == dt.timedelta(minutes=15)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("192.0.2.1", "192.0.2.1", True),
        ("192.0.2.1", "192.0.2.2", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("fe80::1%eth0", "fe80::2%eth1", True),
        ("", "no address", True),
        ("", "192.0.2.1", False),
    ],
)
def test_what_counts_as_one_client(one: str, other: str, same: bool) -> None:
    assert (client_bucket(one) == client_bucket(other)) is same
    assert len(client_bucket(one)) <= 64


def test_a_client_waits_until_its_time_is_over() -> None:
    assert client_wait(None, NOON) == 0
    assert client_wait(NOON + dt.timedelta(seconds=29.2), NOON) == 30
    assert client_wait(NOON, NOON) == 0
    assert client_wait(NOON - dt.timedelta(days=1), NOON) == 0


def test_a_clock_that_was_set_back_locks_nobody_out_for_days() -> None:
    assert client_wait(NOON + dt.timedelta(days=2), NOON) == 900
    assert total_wait([(NOON + dt.timedelta(days=2), 1000)], NOON) == 0


def test_all_together_get_twenty_wrong_attempts_in_any_quarter_of_an_hour() -> None:
    choose = random.Random(7)
    failures: list[dt.datetime] = []
    minutes: dict[str, tuple[dt.datetime, int]] = {}
    moment = NOON
    for _ in range(3000):
        moment += dt.timedelta(seconds=choose.choice([0.2, 1, 5, 61, 400]))
        wait = total_wait(list(minutes.values()), moment)
        assert 0 <= wait <= WINDOW.total_seconds()
        if wait:
            if choose.random() < 0.3:
                moment += dt.timedelta(seconds=wait)
                assert total_wait(list(minutes.values()), moment) == 0
            continue
        failures.append(moment)
        name = f"{moment:%H:%M %d}"
        minutes[name] = (moment, minutes.get(name, (moment, 0))[1] + 1)
    assert len(failures) > 500
    for index, first in enumerate(failures):
        assert sum(first <= later < first + WINDOW for later in failures[index:]) <= WINDOW_FAILURES
