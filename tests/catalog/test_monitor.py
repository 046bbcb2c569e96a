"""Watching what is asked, and keeping what is known."""

from __future__ import annotations

import asyncio
import datetime as dt
import errno

import pytest

from aniworld.catalog import monitor as module
from aniworld.catalog.errors import CatalogError, NotAtSourceError, SourceUnreachableError
from aniworld.catalog.health import COOL_DOWNS
from aniworld.catalog.monitor import Monitor
from aniworld.catalog.types import Change, Subject
from aniworld.kit.net.errors import AddressRefusedError, NetError

SHELF = Subject("catalogue", "shelf")


class Clock:
    def __init__(self) -> None:
        self.now = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)

    def __call__(self) -> dt.datetime:
        return self.now


def fail(monitor: Monitor, subject: Subject = SHELF, times: int = 1) -> None:
    for _ in range(times):
        with pytest.raises(SourceUnreachableError), monitor.watch(subject):
            raise SourceUnreachableError("It is away")


def test_what_counts_as_a_failure() -> None:
    monitor = Monitor()
    with monitor.watch(SHELF):
        pass
    with pytest.raises(NotAtSourceError), monitor.watch(SHELF):
        raise NotAtSourceError  # an answer like any other
    with pytest.raises(asyncio.CancelledError), monitor.watch(SHELF):
        raise asyncio.CancelledError  # nobody waited for it
    assert [outcome.ok for outcome in monitor.health(SHELF).outcomes] == [True, True]
    fail(monitor)
    with pytest.raises(ZeroDivisionError), monitor.watch(SHELF):
        raise ZeroDivisionError
    assert [outcome.ok for outcome in monitor.health(SHELF).outcomes] == [True, True, False, False]
    assert monitor.health(SHELF).last_error == CatalogError.title


@pytest.mark.parametrize(
    "cause",
    [AddressRefusedError("not on the list"), OSError(errno.EMFILE, "Too many open files")],
    ids=["refused by us", "no descriptors"],
)
def test_what_we_lack_or_forbid_is_not_held_against_anybody(cause: Exception) -> None:
    monitor = Monitor(Clock())
    for _ in range(20):
        with pytest.raises(SourceUnreachableError), monitor.watch(SHELF):
            try:
                raise NetError("The connection failed") from cause
            except NetError as error:
                raise SourceUnreachableError("It cannot be asked") from error
    assert monitor.state(SHELF) == "healthy"


def test_one_probe_at_a_time() -> None:
    clock = Clock()
    monitor = Monitor(clock)
    fail(monitor, times=3)
    assert monitor.phase(SHELF) == "open"
    clock.now += COOL_DOWNS[0]
    assert monitor.phase(SHELF) == "half_open"
    with monitor.watch(SHELF):
        assert monitor.phase(SHELF) == "open"
        assert monitor.weight(SHELF) < 0.1
    assert monitor.phase(SHELF) == "closed"


def test_a_change_is_told_once_and_kept() -> None:
    monitor = Monitor()
    told: list[Change] = []
    monitor.on_change = told.append
    fail(monitor, times=6)
    assert [(change.before, change.after) for change in told] == [("healthy", "degraded"), ("degraded", "down")]
    assert told[-1].reason == "It is away"
    healths, changes = monitor.take()
    assert changes == told
    assert list(healths) == [SHELF]
    assert monitor.take() == ({}, [])
    monitor.give_back(healths, changes)
    assert monitor.take() == (healths, changes)


def test_it_goes_on_with_what_was_kept() -> None:
    before, after = Monitor(), Monitor()
    fail(before, times=3)
    after.restore(before.take()[0])
    assert after.state(SHELF) == "down"
    assert after.phase(SHELF) == "open"


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_SUBJECTS", 10)
    monitor = Monitor()
    monitor.succeeded(SHELF, seconds=0.1)
    for number in range(100):
        monitor.succeeded(Subject("host", f"h{number}.example:443"), seconds=0.1)
    assert monitor.known("catalogue") == ["shelf"]
    assert monitor.known("host") == [f"h{number}.example:443" for number in range(91, 100)]


def test_the_weakest_of_a_place_counts() -> None:
    monitor = Monitor()
    fail(monitor, Subject("host", "a.example:443"), times=3)
    monitor.succeeded(Subject("hoster", "alpha"), seconds=0.1)
    assert monitor.weight(Subject("hoster", "alpha")) == 1.0
    assert monitor.weight(Subject("hoster", "alpha"), Subject("host", "a.example:443")) < 0.1
