"""Addresses in a page. Pure."""

from __future__ import annotations

from collections.abc import Collection

import httpx

from aniworld.kit.net.errors import AddressRefusedError
from aniworld.kit.net.guard import Target, parse_url

MAX_URL = 2000


def absolute(page: str, value: str, hosts: Collection[str]) -> httpx.URL | None:
    """The address as seen from the page; None when it is none, or not on one of ``hosts`` (see ``listed``)."""
    value = value.strip()
    if not value or len(value) > MAX_URL:
        return None
    try:
        url, target = parse_url(str(httpx.URL(page).join(value).copy_with(fragment=None)))
    except (AddressRefusedError, httpx.InvalidURL, ValueError):
        return None
    return url if listed(target, hosts) and len(str(url)) <= MAX_URL else None


def own(url: str, hosts: Collection[str]) -> bool:
    """Whether the address is one of the web and on one of ``hosts``."""
    try:
        return listed(parse_url(url)[1], hosts)
    except AddressRefusedError:
        return False


def listed(target: Target, hosts: Collection[str]) -> bool:
    """Whether it is one of ``hosts``: ``host:port``, or ``*.host:port`` for whatever is below it."""
    if target.entry in hosts:
        return True
    labels = target.entry.split(".")
    return any(f"*.{'.'.join(labels[place:])}" in hosts for place in range(1, len(labels)))
