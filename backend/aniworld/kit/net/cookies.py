"""Cookies of one source: in memory, few, small, and sent to that source alone."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

import httpx

MAX_COOKIES = 50
MAX_COOKIE = 4096
_NAME_LETTERS = frozenset("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")


@dataclass(frozen=True, slots=True)
class _Cookie:
    name: str
    value: str
    host: str
    below: bool
    """Whether hosts below ``host`` get it too."""
    path: str
    secure: bool
    expires: float | None
    """On ``time.monotonic``."""


class Jar:
    """Keeps what the addresses set that ``mine`` says yes to; nothing else is kept or told anything."""

    def __init__(self, mine: Callable[[str], bool]) -> None:
        self._mine = mine
        self._cookies: dict[tuple[str, str, str], _Cookie] = {}

    def header(self, url: httpx.URL) -> str | None:
        """The value of ``Cookie`` for a request to the address; None: there is none."""
        if not self._cookies or not self._mine(str(url)):
            return None
        now = time.monotonic()
        fitting = [
            cookie
            for cookie in self._cookies.values()
            if _covers(cookie, url) and (cookie.expires is None or cookie.expires > now)
        ]
        fitting.sort(key=lambda cookie: -len(cookie.path))
        return "; ".join(f"{cookie.name}={cookie.value}" for cookie in fitting) or None

    def keep(self, url: httpx.URL, headers: httpx.Headers) -> None:
        """Take what the answer of the address sets."""
        if "set-cookie" not in headers or not self._mine(str(url)):
            return
        for line in headers.get_list("set-cookie")[:MAX_COOKIES]:
            cookie = _parsed(line, url) if len(line) <= MAX_COOKIE else None
            if cookie is None:
                continue
            place = (cookie.host, cookie.path, cookie.name)
            self._cookies.pop(place, None)
            if cookie.expires is None or cookie.expires > time.monotonic():
                self._cookies[place] = cookie
            while len(self._cookies) > MAX_COOKIES:
                del self._cookies[next(iter(self._cookies))]


def _covers(cookie: _Cookie, url: httpx.URL) -> bool:
    host, path = url.host.lower(), url.path or "/"
    same_host = host == cookie.host or (cookie.below and host.endswith(f".{cookie.host}"))
    below = path == cookie.path or path.startswith(cookie.path if cookie.path.endswith("/") else f"{cookie.path}/")
    return same_host and below and (not cookie.secure or url.scheme == "https")


def _parsed(line: str, url: httpx.URL) -> _Cookie | None:
    pair, *fields = line.split(";")
    name, equals, value = pair.strip().partition("=")
    if not equals or not name or not set(name) <= _NAME_LETTERS:
        return None
    if not all("!" <= letter <= "~" for letter in value):
        return None
    attributes = {key.strip().lower(): text.strip() for key, _, text in (field.partition("=") for field in fields)}
    host = url.host.lower()
    domain = attributes.get("domain", "").lower().removeprefix(".")
    if domain and domain != host and not (host.endswith(f".{domain}") and "." in domain):
        return None
    path = attributes.get("path", "")
    return _Cookie(
        name=name,
        value=value,
        host=domain or host,
        below=bool(domain),
        path=path if path.startswith("/") else (url.path.rpartition("/")[0] or "/"),
        secure="secure" in attributes,
        expires=_expiry(attributes),
    )


def _expiry(attributes: dict[str, str]) -> float | None:
    now = time.monotonic()
    age = attributes.get("max-age", "")
    if age.removeprefix("-").isdecimal() and len(age) <= 10:
        return now + int(age)
    if "expires" in attributes:
        try:
            return now + parsedate_to_datetime(attributes["expires"][:100]).timestamp() - time.time()
        except (ValueError, TypeError, OverflowError):
            return None
    return None
