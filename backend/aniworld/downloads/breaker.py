"""Leaves a host alone that keeps failing; the others go on.

Closed: all may ask. After some failures in a row it opens: nobody may, for a time that doubles with each further one.
Then it is half open: one may try. What comes of that closes it or opens it again.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

from aniworld.downloads.errors import HostRestingError
from aniworld.downloads.fetch.errors import HostBusyError, StalledError
from aniworld.downloads.states import LONGEST_DELAY
from aniworld.kit.errors import AppError
from aniworld.kit.net.errors import HttpStatusError, NetError, TimedOutError, is_our_doing

FAILURES = 5
"""In a row, before a host is left alone."""
REST = 60.0
LONGEST_REST = 1800.0
_TRIAL = 30.0
"""Seconds after which it is worth another look while somebody tries."""
_MOST_HOSTS = 1000


class Breaker:
    """The state of one host. Pure: times are seconds of a clock that only goes forward."""

    def __init__(self) -> None:
        self._failures = self._rests = 0
        self._until: float | None = None
        self._trying = False

    def enter(self, now: float) -> float | None:
        """Ask to use the host: None if one may, or the seconds after which to ask again.

        Whoever may must tell how it ended, with exactly one of the other calls.
        """
        if self._until is None:
            return None
        if self._trying or now < self._until:
            return max(self._until - now, _TRIAL if self._trying else 0.0)
        self._trying = True
        return None

    def succeeded(self) -> None:
        """The host delivers."""
        self._failures = self._rests = 0
        self._until = None
        self._trying = False

    def failed(self, now: float, told: float | None = None) -> None:
        """The host did not. ``told``: the seconds for which it asked to be left alone; then it is, at once."""
        self._failures += 1
        if self._trying or told is not None or (self._until is None and self._failures >= FAILURES):
            rest = min(REST * 2.0**self._rests, LONGEST_REST) if told is None else min(told, LONGEST_DELAY)
            self._until = max(self._until or 0.0, now + rest)
            self._rests = min(self._rests + 1, 20)
        self._trying = False

    def left(self) -> None:
        """Nobody knows: it was broken off, or failed in a way that says nothing about the host."""
        self._trying = False


class Breakers:
    """One for each host (``host:port``) that has failed lately."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._hosts: dict[str, Breaker] = {}

    @contextlib.contextmanager
    def attempt(self, host: str, received: Callable[[], int]) -> Iterator[None]:
        """Use the host inside the block; raises :class:`HostRestingError` at once where it is left alone.

        ``received``: bytes so far. A host that has sent some before it failed is not one that is down.
        """
        breaker = self._hosts.get(host, Breaker())
        if (wait := breaker.enter(self._clock())) is not None:
            raise HostRestingError(f"{host} keeps failing and is left alone for a while", retry_after=wait)
        before = received()
        try:
            yield
        except AppError as error:
            if received() > before:
                self._hosts.pop(host, None)
            elif is_down(error):
                self._hosts.setdefault(host, breaker).failed(self._clock(), error.retry_after)
                if len(self._hosts) > _MOST_HOSTS:
                    del self._hosts[next(iter(self._hosts))]
            else:
                breaker.left()
            raise
        except BaseException:
            breaker.left()
            raise
        self._hosts.pop(host, None)


def host_of(url: str) -> str:
    """The host and port of an address; empty for what is none."""
    with contextlib.suppress(ValueError):
        return urlsplit(url).netloc.rpartition("@")[2].lower()
    return ""


def is_down(error: BaseException | None) -> bool:
    """Whether a failure says that the host has trouble, not that the file is not there or that we have trouble."""
    if is_our_doing(error):
        return False
    while error is not None:
        if isinstance(error, HostBusyError | StalledError | TimedOutError) or type(error) is NetError:
            return True
        if isinstance(error, HttpStatusError):
            return error.http_status >= 500 or error.http_status == 429
        error = error.__cause__
    return False
