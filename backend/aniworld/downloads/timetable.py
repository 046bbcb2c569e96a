"""How fast downloads may be at a moment: the speed limit and the quiet hours. Pure.

Everything here is the wall clock of the place where the server stands: when clocks change, an hour that comes twice is
inside a window twice, and one that is left out never comes. Nothing is added up, so nothing can drift.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from aniworld.config.schemas import DownloadsSection, QuietHours

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_ONE_DAY = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Allowance:
    """What is allowed."""

    paused: bool
    speed_limit: int | None
    """Bytes per second; None: as fast as it goes."""


def allowance(section: DownloadsSection, local: dt.datetime) -> Allowance:
    """What is allowed at that local time (without a zone)."""
    for window in section.quiet_hours:
        if _within(window, local):
            return Allowance(window.pause, None if window.pause else window.speed_limit)
    return Allowance(paused=False, speed_limit=section.speed_limit)


def next_change(section: DownloadsSection, local: dt.datetime) -> dt.datetime | None:
    """The local time at which something else is allowed; None: never."""
    now = allowance(section, local)
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
    edges = {
        (midnight + number * _ONE_DAY).replace(hour=hour, minute=minute)
        for window in section.quiet_hours
        for hour, minute in (_clock(window.start), _clock(window.end))
        for number in range(9)
    }
    return next((edge for edge in sorted(edges) if edge > local and allowance(section, edge) != now), None)


def _within(window: QuietHours, local: dt.datetime) -> bool:
    clock, start, end = (local.hour, local.minute), _clock(window.start), _clock(window.end)
    if start < end:
        return start <= clock < end and _begins(window, local)
    # Over midnight: the evening of a day that is named, or the morning after one.
    return (clock >= start and _begins(window, local)) or (clock < end and _begins(window, local - _ONE_DAY))


def _begins(window: QuietHours, day: dt.datetime) -> bool:
    return _DAYS[day.weekday()] in window.days


def _clock(text: str) -> tuple[int, int]:
    hour, _, minute = text.partition(":")
    return int(hour), int(minute)
