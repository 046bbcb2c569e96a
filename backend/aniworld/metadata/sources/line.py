"""The way to one service: at its pace, each question once, answers kept, and left alone while it is down."""

from __future__ import annotations

import asyncio
import datetime as dt
import hashlib
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

import msgspec

from aniworld.kit.clock import now
from aniworld.kit.net import Answer, HttpClient, Kind
from aniworld.kit.net.body import parse_retry_after
from aniworld.kit.net.errors import NetError, TooLargeError, is_our_doing
from aniworld.metadata.errors import NotAtServiceError, ServiceError, ServiceKeyError
from aniworld.metadata.sources.kept import Kept
from aniworld.metadata.sources.pace import Pace

T = TypeVar("T")

ANSWER = Kind("answer of a metadata service", 16 * 1024 * 1024, 60)
PATIENCE = 120.0
"""Seconds that somebody waits for a turn; then the work is left and taken up again later."""
TRIES = 3
"""Of one request that the service found to be one too many."""
DOWN_AFTER = 3
"""Failures in a row after which the service is left alone."""
RESTS = (60.0, 120.0, 300.0, 900.0, 3600.0)
BUSY = 5.0
"""Seconds to wait where a service that is asked too much does not say."""


@dataclass(slots=True)
class Condition:
    """How a service does."""

    in_row: int = 0
    """Failures in a row."""
    rests: int = 0
    down_until: float = 0.0
    """On the monotonic clock."""
    refused_key: str = ""
    """Hash of a key that the service did not accept."""
    last_error: str | None = None
    last_error_at: dt.datetime | None = None
    last_answer_at: dt.datetime | None = None


class Line:
    """One for each service."""

    def __init__(self, title: str, http: HttpClient, kept: Kept, pace: Pace) -> None:
        self.title = title
        self.pace = pace
        self.condition = Condition()
        self._http = http
        self._kept = kept
        self._under_way: dict[str, asyncio.Task[object]] = {}
        self._waiting: dict[str, int] = {}

    async def known(self, key: str) -> object:
        """What was kept; None: nothing. Raises ``NotAtServiceError`` where it is known that there is nothing."""
        found = await self._kept.get(f"{self.title}\n{key}")
        if found is None:
            return None
        if found.value is None:
            raise NotAtServiceError(f"{self.title} does not have that")
        return found.value

    async def keep(self, key: str, value: object, seconds: float) -> None:
        """Keep an answer; None: the service does not have it."""
        await self._kept.put(f"{self.title}\n{key}", value, seconds)

    async def once(self, key: str, work: Callable[[], Awaitable[object]]) -> object:
        """The answer of ``work``; everybody who wants the same at the same time waits for the one."""
        task = self._under_way.get(key)
        if task is None:
            task = self._under_way[key] = asyncio.ensure_future(work())
            task.add_done_callback(lambda done: self._forget(key, done))
        self._waiting[key] = self._waiting.get(key, 0) + 1
        try:
            return await asyncio.shield(task)
        finally:
            self._waiting[key] = self._waiting.get(key, 1) - 1
            if self._waiting[key] <= 0:
                del self._waiting[key]
                if not task.done():
                    self._under_way.pop(key, None)
                    task.cancel()  # nobody wants it any more

    def _forget(self, key: str, done: asyncio.Task[object]) -> None:
        if self._under_way.get(key) is done:
            del self._under_way[key]
        if not done.cancelled():
            done.exception()  # seen

    async def send(
        self,
        url: str,
        body: object = None,
        *,
        headers: Mapping[str, str] | None = None,
        key: str | None = None,
        refused: Callable[[int, object], Exception | None] = lambda _status, _answer: None,
        check: bool = False,
    ) -> object:
        """One request, when its turn comes: the JSON of a success. Raises ``ServiceError`` and its kin.

        ``key``: the secret that is sent along; ``refused``: what an answer means that is no success in the service's
        own words; ``check``: ask although the service is to be left alone.
        """
        self._may_ask(key, check=check)
        for _ in range(TRIES):
            await self._turn()
            answer = await self._answered(url, body, headers or {})
            self.pace.told(answer.headers)
            if answer.status != 429:
                return self._read(answer, key, refused)
            wait = parse_retry_after(answer.headers.get("retry-after"))
            self.pace.close(max(1.0, wait if wait is not None else BUSY))
        raise ServiceError(f"{self.title} is asked too much; it goes on later", retry_after=max(1.0, self.pace.wait()))

    def _may_ask(self, key: str | None, *, check: bool) -> None:
        if check:
            return
        if key and self.condition.refused_key == _hash(key):
            raise ServiceKeyError(_key_refused(self.title))
        rest = self.condition.down_until - time.monotonic()
        if rest > 0:
            why = self.condition.last_error or f"{self.title} does not answer"
            raise ServiceError(why, retry_after=rest)

    async def _turn(self) -> None:
        try:
            if self.pace.wait() > PATIENCE:
                raise TimeoutError
            async with asyncio.timeout(PATIENCE):
                await self.pace.turn()
        except TimeoutError as error:
            wait = max(1.0, self.pace.wait())
            raise ServiceError(f"{self.title} allows no more for now; it goes on later", retry_after=wait) from error

    async def _answered(self, url: str, body: object, headers: Mapping[str, str]) -> Answer:
        try:
            return await self._http.call(url, body, headers=headers, kind=ANSWER)
        except NetError as error:
            failure = ServiceError(f"{self.title}: {error.detail}", retry_after=error.retry_after)
            failure.permanent = error.permanent
            if is_our_doing(error) or isinstance(error, TooLargeError):
                raise failure from error
            raise self._failed(failure) from error

    def _read(self, answer: Answer, key: str | None, refused: Callable[[int, object], Exception | None]) -> object:
        raw = _json(answer.content)
        meant = refused(answer.status, raw)
        if isinstance(meant, ServiceKeyError):
            self.condition.refused_key = _hash(key or "")
            meant = ServiceKeyError(_key_refused(self.title))
            self._note(meant.detail)
            raise meant
        if isinstance(meant, NotAtServiceError) or (meant is None and answer.status == 404 and raw is not _NOTHING):
            self._well()
            raise meant or NotAtServiceError(f"{self.title} does not have that")
        if isinstance(meant, ServiceError):
            raise self._failed(meant)
        if not 200 <= answer.status < 300:
            wait = parse_retry_after(answer.headers.get("retry-after"))
            raise self._failed(ServiceError(f"{self.title} answered {answer.status}", retry_after=wait))
        if raw is _NOTHING:
            raise self._failed(ServiceError(f"{self.title} answered with something that is no JSON"))
        self._well()
        return raw

    def _well(self) -> None:
        self.condition.in_row = self.condition.rests = 0
        self.condition.down_until = 0.0
        self.condition.refused_key = ""
        self.condition.last_answer_at = now()

    def _note(self, detail: str) -> None:
        self.condition.last_error, self.condition.last_error_at = detail, now()

    def _failed(self, error: ServiceError) -> ServiceError:
        condition = self.condition
        condition.in_row += 1
        self._note(error.detail)
        rest = error.retry_after or 0.0
        if condition.in_row >= DOWN_AFTER:
            rest = max(rest, RESTS[min(condition.rests, len(RESTS) - 1)])
            condition.rests += 1
        if rest:
            condition.down_until = time.monotonic() + rest
            error.retry_after = rest
        return error


_NOTHING = object()


def _json(content: bytes) -> object:
    try:
        return msgspec.json.decode(content)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, OverflowError):
        return _NOTHING


def _hash(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


def _key_refused(title: str) -> str:
    return f"{title} does not accept the key; enter another one in Settings → Metadata"
