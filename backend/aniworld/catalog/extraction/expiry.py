"""When a signed address dies, as far as it tells. Pure."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from urllib.parse import parse_qsl, urlsplit

_SECONDS = re.compile(r"1[0-9]{9}|2[0-9]{9}")
"""Since 1970, in this age."""
_LATER = frozenset({"expire", "expires", "exp", "expiry", "e", "validto", "valid_until", "token_expires"})
_IN_PATH = re.compile(r"/(?:expire|expires|exp)[/=](\d{10})(?=[/&,~]|$)", re.IGNORECASE)
_AMAZON = "%Y%m%dT%H%M%SZ"
_LONGEST = 7 * 86_400
"""Seconds that an address signed in Amazon's way may live."""


def expiry(url: str) -> dt.datetime | None:
    """The moment in UTC, or None where the address says nothing that is understood."""
    parts = urlsplit(url)
    query = {name.lower(): value for name, value in parse_qsl(parts.query[:8192], max_num_fields=100)}
    found = [query[name] for name in _LATER & query.keys() if _SECONDS.fullmatch(query[name])]
    found += [match[1] for match in _IN_PATH.finditer(parts.path) if _SECONDS.fullmatch(match[1])]
    moments = [dt.datetime.fromtimestamp(int(text), dt.UTC) for text in found]
    if (signed := _amazon(query)) is not None:
        moments.append(signed)
    return min(moments, default=None)


def earliest(moments: Iterable[dt.datetime | None]) -> dt.datetime | None:
    """The first of those that are known."""
    return min((moment for moment in moments if moment is not None), default=None)


def _amazon(query: dict[str, str]) -> dt.datetime | None:
    """When it was signed, and for how long."""
    length = query.get("x-amz-expires", "")
    try:
        begin = dt.datetime.strptime(query.get("x-amz-date", ""), _AMAZON).replace(tzinfo=dt.UTC)
    except ValueError:
        return None
    if not re.fullmatch(r"[0-9]{1,6}", length) or int(length) > _LONGEST:
        return None
    return begin + dt.timedelta(seconds=int(length))
