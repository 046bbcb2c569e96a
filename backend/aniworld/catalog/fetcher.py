"""Fetches the pages of sources, and is a polite guest: not too many a second, none twice, none before it is welcome.

- What a page's ``Cache-Control`` allows to be kept is kept, within limits; what has run out is asked for with its
  ``ETag`` or ``Last-Modified``, so that an unchanged page costs a line. A page that says nothing is kept for a minute.
- Of one address one request is under way; everybody who wants it waits for that.
- A host gets so many requests a second (a profile may say how many), and none while it has asked to be left alone.

Hosts that the user lists by hand are the user's own: they are asked as often as needed, and nothing of theirs is kept
that does not say so itself. Memory is bounded.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from aniworld.kit.net import PAGE, Answer, HttpClient, Kind
from aniworld.kit.net.cookies import Jar
from aniworld.kit.net.errors import HttpStatusError
from aniworld.kit.net.guard import parse_url
from aniworld.kit.net.room import Guest

RATE = 4.0
"""Requests a second to one host, where the profile does not say."""
BURST = 8
"""Requests that may come at once after a silence: a series and its seasons."""
UNSAID = 60.0
LONGEST = 3600.0
"""Seconds that a page is kept: one that says nothing about it, and the most."""
MAX_BYTES = 16 * 1024 * 1024
MAX_PAGE = 1024 * 1024
"""Bytes of all pages that are kept, and of one."""
MAX_HOSTS = 500

_MAX_AGE = re.compile(r"(?:^|[\s,])max-age\s*=\s*\"?(\d{1,9})")
_WORD = re.compile(r"[a-z-]+")

Key = tuple[str, str, tuple[tuple[str, str], ...]]


@dataclass(slots=True)
class _Kept:
    answer: Answer
    until: float


@dataclass(slots=True)
class _UnderWay:
    task: asyncio.Task[Answer]
    waiting: int = 0


@dataclass(slots=True)
class _Host:
    full_at: float = 0.0
    """When the allowance is used up to the last, were nothing more asked."""
    closed_until: float = 0.0
    closed_by: int = 0


@dataclass(slots=True)
class Fetcher:
    """One for all sources; ``clock`` and ``sleep`` are for tests."""

    client: HttpClient
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    _kept: OrderedDict[Key, _Kept] = field(default_factory=OrderedDict)
    _size: int = 0
    _under_way: dict[Key, _UnderWay] = field(default_factory=dict)
    _hosts: OrderedDict[str, _Host] = field(default_factory=OrderedDict)

    def of(self, source: str, rate: float | None = None) -> SourcePages:
        """The pages of one source; ``rate``: requests a second to each of its hosts."""
        return SourcePages(self, source, rate)

    async def get(
        self,
        source: str,
        url: str,
        rate: float | None,
        kind: Kind,
        headers: Mapping[str, str],
        jar: Jar | None,
        guest: Guest | None = None,
    ) -> Answer:
        """The page, from memory where that is allowed. Raises ``NetError``."""
        key: Key = (source, url, tuple(sorted((name.lower(), value) for name, value in headers.items())))
        kept = self._kept.get(key)
        if kept is not None:
            self._kept.move_to_end(key)
            if self.clock() < kept.until:
                return kept.answer
        running = self._under_way.get(key)
        if running is None:
            task = asyncio.ensure_future(self._fetch(key, rate, kind, headers, jar, guest, kept))
            running = self._under_way[key] = _UnderWay(task)
            task.add_done_callback(lambda _task: self._under_way.pop(key, None))
        running.waiting += 1
        try:
            return await asyncio.shield(running.task)
        finally:
            running.waiting -= 1
            if not running.waiting and not running.task.done():
                running.task.cancel()  # nobody wants it any more
                self._under_way.pop(key, None)

    async def _fetch(
        self,
        key: Key,
        rate: float | None,
        kind: Kind,
        headers: Mapping[str, str],
        jar: Jar | None,
        guest: Guest | None,
        kept: _Kept | None,
    ) -> Answer:
        url = key[1]
        entry = parse_url(url)[1].entry
        own = self.client.lists(entry)
        await self._wait_for_turn(entry, url, rate if rate is not None or own else RATE)
        try:
            sent = {**headers, **_conditions(kept)}
            answer = await self.client.get(url, kind=kind, headers=sent, jar=jar, guest=guest)
        except HttpStatusError as error:
            if error.http_status == 304 and kept is not None:
                self._keep(key, kept.answer, own=own)
                return kept.answer
            if error.http_status in (429, 503) and error.retry_after:
                host = self._host(entry)
                host.closed_until, host.closed_by = self.clock() + error.retry_after, error.http_status
            raise
        self._keep(key, answer, own=own)
        return answer

    async def _wait_for_turn(self, entry: str, url: str, rate: float | None) -> None:
        host = self._host(entry)
        now = self.clock()
        if now < host.closed_until:
            raise HttpStatusError(host.closed_by, url, retry_after=host.closed_until - now)
        if rate is None:
            return
        begun = max(host.full_at, now)
        host.full_at = begun + 1 / rate
        wait = host.full_at - now - BURST / rate
        if wait > 0:
            await self.sleep(wait)

    def _host(self, entry: str) -> _Host:
        host = self._hosts.setdefault(entry, _Host())
        self._hosts.move_to_end(entry)
        if len(self._hosts) > MAX_HOSTS:
            self._hosts.popitem(last=False)
        return host

    def _keep(self, key: Key, answer: Answer, *, own: bool) -> None:
        old = self._kept.pop(key, None)
        if old is not None:
            self._size -= len(old.answer.content)
        seconds = _lifetime(answer, 0.0 if own else UNSAID)
        validated = "etag" in answer.headers or "last-modified" in answer.headers
        if seconds is None or (seconds == 0 and not validated) or len(answer.content) > MAX_PAGE:
            return
        self._kept[key] = _Kept(answer, self.clock() + seconds)
        self._size += len(answer.content)
        while self._size > MAX_BYTES:
            _, oldest = self._kept.popitem(last=False)
            self._size -= len(oldest.answer.content)


@dataclass(frozen=True, slots=True)
class SourcePages:
    """What one source fetches through; nothing of it is seen by another."""

    fetcher: Fetcher
    source: str
    rate: float | None = None

    async def get(
        self,
        url: str,
        *,
        kind: Kind = PAGE,
        headers: Mapping[str, str] | None = None,
        jar: Jar | None = None,
        guest: Guest | None = None,
    ) -> Answer:
        """The page, decoded. Raises ``NetError``; ``HttpStatusError`` for a status that is no success."""
        return await self.fetcher.get(self.source, url, self.rate, kind, headers or {}, jar, guest)


def _conditions(kept: _Kept | None) -> dict[str, str]:
    """What a request for a page that is known is sent with."""
    if kept is None:
        return {}
    names = {"If-None-Match": "etag", "If-Modified-Since": "last-modified"}
    return {ask: kept.answer.headers[told] for ask, told in names.items() if told in kept.answer.headers}


def _lifetime(answer: Answer, unsaid: float) -> float | None:
    """Seconds for which the page may be used without asking; None: it must not be kept."""
    control = answer.headers.get("cache-control", "").lower()
    words = set(_WORD.findall(control))
    if "no-store" in words or "set-cookie" in answer.headers or answer.headers.get("vary", "").strip() == "*":
        return None
    if "no-cache" in words:
        return 0.0
    if found := _MAX_AGE.search(control):
        return min(float(found.group(1)), LONGEST)
    return unsaid
