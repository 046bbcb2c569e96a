"""The numbers of a download."""

from __future__ import annotations

import pytest

from aniworld.downloads.progress import Meter, progress


def test_an_estimate_is_never_below_what_is_there() -> None:
    numbers = progress(150, 100, 10)
    assert (numbers.percent, numbers.total_bytes, numbers.eta_seconds) == (100.0, 150, 0)


def test_without_a_total_there_is_no_eta() -> None:
    numbers = progress(150, None, 10)
    assert (numbers.percent, numbers.total_bytes, numbers.eta_seconds) == (0.0, None, None)


def test_speed_is_that_of_the_last_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = 100.0
    monkeypatch.setattr("aniworld.downloads.progress.time.monotonic", lambda: clock)
    meter = Meter()
    meter.total(1000)
    for _ in range(40):  # ten seconds of 10 bytes each quarter
        meter.add(10)
        clock += 0.25
    assert meter.speed == pytest.approx(40, abs=3)
    reading = meter.reading()
    assert reading.downloaded_bytes == 400
    assert reading.eta_seconds == pytest.approx(15, abs=2)
    meter.reset(0)
    assert meter.speed == 0
