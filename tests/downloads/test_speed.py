"""The limits in force, and when the queue goes on after the disk was full."""

from __future__ import annotations

import datetime as dt

import msgspec
import pytest

from aniworld.config.schemas import DownloadsSection
from aniworld.downloads.hold import Space
from aniworld.downloads.speed import SpeedLimits

MIB = 1024 * 1024


def test_the_smaller_limit_counts_and_a_change_counts_at_once() -> None:
    section = DownloadsSection()
    speed = SpeedLimits(lambda: section)
    one = speed.of("one")
    assert (one.rate, one.quantum) == (None, None)
    section = DownloadsSection(speed_limit=2 * MIB)
    assert one.rate == 2 * MIB
    section = DownloadsSection(speed_limit=2 * MIB, speed_limit_per_host=MIB)
    assert one.rate == MIB
    section = DownloadsSection(speed_limit=MIB // 2, speed_limit_per_host=MIB)
    assert one.rate == MIB // 2
    assert one.quantum == MIB // 16
    assert speed.of("one") is one


def test_quiet_hours_have_their_own() -> None:
    hours = {"days": ["mon"], "start": "10:00", "end": "11:00", "speed_limit": 50_000}
    section = msgspec.convert({"speed_limit": MIB, "quiet_hours": [hours]}, DownloadsSection)
    moment = dt.datetime(2026, 6, 1, 9, 59)
    speed = SpeedLimits(lambda: section, lambda: moment)
    assert speed.of("one").rate == MIB
    later = SpeedLimits(lambda: section, lambda: dt.datetime(2026, 6, 1, 10, 0))
    assert later.of("one").rate == 50_000


@pytest.mark.parametrize("field", ["speed_limit", "speed_limit_per_host"])
async def test_bytes_count_for_the_host_and_for_all(field: str) -> None:
    section = msgspec.convert({field: MIB}, DownloadsSection)
    speed = SpeedLimits(lambda: section)
    assert await speed.of("one").take(MIB // 16) > 0
    section = DownloadsSection()
    assert await speed.of("one").take(MIB) == 0


def test_enough_space() -> None:
    space = Space(free=100 * MIB, needed=150 * MIB, at=0, message="full")
    assert not space.enough(100 * MIB, 1)
    assert not space.enough(110 * MIB, 1)
    assert space.enough(150 * MIB, 1)
    assert space.enough(116 * MIB, 1)  # so much has changed that it is worth a try
    assert space.enough(100 * MIB, 301)  # a quota does not show
    little = Space(free=100 * MIB, needed=104 * MIB, at=0, message="full")
    assert little.enough(104 * MIB, 1)
    assert not Space(free=100 * MIB, needed=1, at=0, message="full").enough(100 * MIB, 1)
