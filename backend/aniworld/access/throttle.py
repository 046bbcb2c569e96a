"""When wrong passwords and set-up codes become too many: pure arithmetic on counters that live in the database.

There are two limits. A client that is wrong five times in a row waits, longer each time. And all clients together get
twenty wrong attempts in a quarter of an hour: then everybody waits who is not logged in, since one attacker may have
many addresses.
"""

from __future__ import annotations

import datetime as dt
import ipaddress
import math
from collections.abc import Sequence

FREE_FAILURES = 4
"""Wrong attempts in a row that a client has for nothing; from the next one on it waits."""
FIRST_WAIT = dt.timedelta(seconds=30)
LONGEST_WAIT = dt.timedelta(minutes=15)
WINDOW = dt.timedelta(minutes=15)
WINDOW_FAILURES = 20
FORGET_AFTER = dt.timedelta(days=1)
"""Counters that have not moved for so long are deleted."""

TOTAL_PREFIX = "all:"


def client_bucket(address: str) -> str:
    """The counter of a client: its IPv4 address, or the /64 network that an IPv6 client has for itself."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return "unknown"
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is None:
            return f"client:{ipaddress.IPv6Network((parsed, 64), strict=False)}"
        parsed = parsed.ipv4_mapped
    return f"client:{parsed}"


def total_bucket(moment: dt.datetime) -> str:
    """The counter of all clients, one a minute, so that the window can slide."""
    return f"{TOTAL_PREFIX}{moment:%Y-%m-%dT%H:%M}"


def wait_after(failures: int) -> dt.timedelta | None:
    """How long a client waits after so many wrong attempts in a row; None: it need not."""
    if failures <= FREE_FAILURES:
        return None
    doublings = min(failures - FREE_FAILURES - 1, 10)
    return min(FIRST_WAIT * (1 << doublings), LONGEST_WAIT)


def client_wait(blocked_until: dt.datetime | None, moment: dt.datetime) -> int:
    """Seconds that a client still has to wait; 0: none."""
    if blocked_until is None:
        return 0
    # A clock that was set back must not lock anybody out for days.
    return _seconds(min(blocked_until - moment, LONGEST_WAIT))


def total_wait(minutes: Sequence[tuple[dt.datetime, int]], moment: dt.datetime) -> int:
    """Seconds until all clients together have an attempt left; 0: they have. From (last failure, failures) a minute."""
    counted = sorted(row for row in minutes if moment - WINDOW < row[0] <= moment)
    left = sum(failures for _last, failures in counted)
    for last, failures in counted:
        if left < WINDOW_FAILURES:
            break
        left -= failures
        if left < WINDOW_FAILURES:
            return _seconds(last + WINDOW - moment)
    return 0


def _seconds(wait: dt.timedelta) -> int:
    return max(0, math.ceil(wait.total_seconds()))
