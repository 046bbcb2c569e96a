"""A host that keeps failing is left alone, for a growing time, and tried by one before all may again."""

from __future__ import annotations

import contextlib

import pytest

from aniworld.downloads.breaker import FAILURES, LONGEST_REST, REST, Breaker, Breakers, host_of, is_down
from aniworld.downloads.errors import AllHostersFailedError, Failure, HostRestingError
from aniworld.downloads.fetch.errors import HostBusyError, SegmentError, SourceGoneError, StalledError
from aniworld.kit.errors import AppError
from aniworld.kit.net.errors import AddressRefusedError, HttpStatusError, NetError, TimedOutError


def opened() -> Breaker:
    breaker = Breaker()
    for _ in range(FAILURES):
        assert breaker.enter(0) is None
        breaker.failed(0)
    return breaker


def test_it_opens_after_failures_in_a_row_only() -> None:
    breaker = Breaker()
    for _ in range(FAILURES - 1):
        breaker.failed(0)
    breaker.succeeded()
    for _ in range(FAILURES - 1):
        breaker.failed(0)
    assert breaker.enter(0) is None
    breaker.failed(0)
    assert breaker.enter(0) == REST


def test_after_the_rest_one_may_try_and_the_others_wait() -> None:
    breaker = opened()
    assert breaker.enter(REST - 1) == 1
    assert breaker.enter(REST) is None
    assert breaker.enter(REST)  # somebody tries
    breaker.succeeded()
    assert breaker.enter(REST) is None
    assert breaker.enter(REST) is None


def test_each_trial_that_fails_doubles_the_rest() -> None:
    breaker, now, rests = opened(), 0.0, []
    for _ in range(8):
        wait = breaker.enter(now)
        assert wait
        rests.append(wait)
        now += wait
        assert breaker.enter(now) is None
        breaker.failed(now)
    assert rests == [min(REST * 2**n, LONGEST_REST) for n in range(8)]


def test_a_trial_that_is_broken_off_leaves_the_trial_to_the_next() -> None:
    breaker = opened()
    assert breaker.enter(REST) is None
    breaker.left()
    assert breaker.enter(REST) is None


def test_a_host_that_asks_for_time_gets_it_at_once() -> None:
    breaker = Breaker()
    breaker.failed(0, 600)
    assert breaker.enter(1) == 599
    breaker.failed(0, 1e9)
    assert breaker.enter(0) == 3600


@pytest.mark.parametrize(
    ("error", "down"),
    [
        (HostBusyError(503), True), (StalledError(), True), (TimedOutError(), True), (NetError("refused"), True),
        (HttpStatusError(502, "http://host/"), True), (HttpStatusError(404, "http://host/"), False),
        (SourceGoneError(404), False), (AddressRefusedError(), False), (AppError(), False),
    ],
)  # fmt: skip
def test_what_says_that_a_host_is_down(error: AppError, down: bool) -> None:
    assert is_down(error) is down
    segment = SegmentError(0, 1, error)
    segment.__cause__ = error
    assert is_down(segment) is down


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def fails(breakers: Breakers, host: str, error: BaseException, *, received: int = 0) -> None:
    count = 0
    with contextlib.suppress(type(error)), breakers.attempt(host, lambda: count):
        count = received
        raise error


def test_hosts_are_apart() -> None:
    breakers = Breakers(Clock())
    for _ in range(FAILURES):
        fails(breakers, "one:80", StalledError())
    with pytest.raises(HostRestingError) as resting, breakers.attempt("one:80", lambda: 0):
        raise AssertionError("nobody may be here")
    assert resting.value.retry_after == REST
    with breakers.attempt("two:80", lambda: 0):
        pass


def test_what_has_nothing_to_do_with_the_host_is_not_counted() -> None:
    clock = Clock()
    breakers = Breakers(clock)
    for _ in range(3 * FAILURES):
        fails(breakers, "host", SourceGoneError(404))
        fails(breakers, "host", StalledError(), received=1)  # it sent something: it is not down
        fails(breakers, "host", KeyboardInterrupt())
    with breakers.attempt("host", lambda: 0):
        pass


def test_a_trial_that_is_cancelled_is_given_back() -> None:
    clock = Clock()
    breakers = Breakers(clock)
    for _ in range(FAILURES):
        fails(breakers, "host", StalledError())
    clock.now = REST
    fails(breakers, "host", KeyboardInterrupt())
    with breakers.attempt("host", lambda: 0):
        pass
    with breakers.attempt("host", lambda: 0):  # and now all may
        pass


def test_hosts_of_addresses() -> None:
    assert host_of("https://user:secret@CDN.example:8443/a?b") == "cdn.example:8443"
    assert host_of("http://[::1") == ""


def test_waiting_for_a_host_is_no_attempt() -> None:
    resting, gone, stalled = HostRestingError(retry_after=30), SourceGoneError(404), StalledError()
    assert AllHostersFailedError([Failure("a", resting), Failure("b", gone)]).only_waits
    assert AllHostersFailedError([Failure("a", resting)]).retry_after == 30
    assert not AllHostersFailedError([Failure("a", resting), Failure("b", stalled)]).only_waits
    assert not AllHostersFailedError([Failure("b", gone)]).only_waits
