"""Watches what is asked of sources and hosters, and knows how each one is.

Lives in memory. Whoever keeps it over restarts hands in what it kept (:meth:`Monitor.restore`) and takes what changed
from time to time (:meth:`Monitor.take`).
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import time
from collections.abc import Callable, Iterator, Mapping

from aniworld.catalog.errors import CatalogError, NotAtSourceError
from aniworld.catalog.health import median_latency, phase, record, state, success_rate, weight
from aniworld.catalog.types import Change, Health, Phase, Report, State, Subject, SubjectKind
from aniworld.kit.clock import now
from aniworld.kit.errors import AppError
from aniworld.kit.net.errors import is_our_doing

MAX_SUBJECTS = 1000
"""Hosts come and go with the links; beyond this the ones that were not asked for longest are forgotten."""
MAX_CHANGES = 1000
"""Changes that wait to be taken."""


class Monitor:
    """One for the program. Called from the event loop only."""

    def __init__(self, clock: Callable[[], dt.datetime] = now) -> None:
        self._clock = clock
        self._known: dict[Subject, Health] = {}
        self._touched: set[Subject] = set()
        self._changes: list[Change] = []
        self._probing: set[Subject] = set()
        self.on_change: Callable[[Change], None] = lambda _change: None

    # --- looking ------------------------------------------------------------------------------------------------

    def health(self, subject: Subject) -> Health:
        """What is known of it."""
        return self._known.get(subject, _UNKNOWN)

    def known(self, kind: SubjectKind) -> list[str]:
        """Everybody of that kind who was ever asked."""
        return [subject.name for subject in self._known if subject.kind == kind]

    def state(self, subject: Subject) -> State:
        """How it is."""
        return state(self.health(subject), self._clock())

    def phase(self, subject: Subject) -> Phase:
        """Whether it may be asked. While a probe is under way it is open for everybody else."""
        found = phase(self.health(subject), self._clock())
        return "open" if found == "half_open" and subject in self._probing else found

    def weight(self, *subjects: Subject) -> float:
        """How much a place counts that needs all of them (0 to 1)."""
        at = self._clock()
        return min(0.01 if self.phase(subject) == "open" else weight(self.health(subject), at) for subject in subjects)

    def report(self, subject: Subject) -> Report:
        """How it is, in numbers."""
        health, at = self.health(subject), self._clock()
        return Report(
            state=state(health, at),
            success_rate=success_rate(health, at),
            median_latency=median_latency(health, at),
            requests=len(health.outcomes),
            last_error=health.last_error,
            last_error_at=health.last_error_at,
            last_checked_at=health.outcomes[-1].at if health.outcomes else None,
            down_until=health.down_until,
        )

    def latency(self, subject: Subject) -> float | None:
        """Seconds that it usually takes; None: nobody knows."""
        return median_latency(self.health(subject), self._clock())

    # --- watching -----------------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def watch(self, *subjects: Subject) -> Iterator[None]:
        """The block asks them; how it ends is what counts. One that is cancelled says nothing.

        That something is not there is an answer as good as any.
        """
        probed = {subject for subject in subjects if self.phase(subject) == "half_open"}
        self._probing |= probed
        started = time.monotonic()
        try:
            yield
        except NotAtSourceError:
            self.succeeded(*subjects, seconds=time.monotonic() - started)
            raise
        except asyncio.CancelledError:
            raise
        except Exception as error:
            self.failed(*subjects, error=error, seconds=time.monotonic() - started)
            raise
        else:
            self.succeeded(*subjects, seconds=time.monotonic() - started)
        finally:
            self._probing -= probed

    def succeeded(self, *subjects: Subject, seconds: float) -> None:
        """They did what they were asked."""
        for subject in subjects:
            self._record(subject, ok=True, seconds=seconds)

    def failed(self, *subjects: Subject, error: Exception, seconds: float = 0.0) -> None:
        """They did not. What we do not allow or lack ourselves is not held against them."""
        if is_our_doing(error):
            return
        told = error.detail if isinstance(error, AppError) else CatalogError.title
        wait = error.retry_after if isinstance(error, CatalogError) else None
        for subject in subjects:
            self._record(subject, ok=False, seconds=seconds, reason=told, wait=wait)

    def _record(
        self, subject: Subject, *, ok: bool, seconds: float, reason: str = "", wait: float | None = None
    ) -> None:
        at = self._clock()
        before = self.health(subject)
        after = record(before, ok=ok, seconds=seconds, at=at, reason=reason, wait=wait)
        # The one that was asked last stands at the end.
        self._known.pop(subject, None)
        self._known[subject] = after
        self._touched.add(subject)
        if len(self._known) > MAX_SUBJECTS:
            hosts = (known for known in self._known if known.kind == "host")
            del self._known[next(hosts, next(iter(self._known)))]
        was, is_ = state(before, at), state(after, at)
        if was != is_:
            change = Change(subject, at, was, is_, reason)
            self._changes = [*self._changes[-MAX_CHANGES + 1 :], change]
            self.on_change(change)

    # --- keeping ------------------------------------------------------------------------------------------------

    def restore(self, kept: Mapping[Subject, Health]) -> None:
        """Go on with what was kept."""
        self._known.update(kept)

    def take(self) -> tuple[dict[Subject, Health], list[Change]]:
        """What is to be kept since the last call."""
        touched = {subject: self._known[subject] for subject in self._touched if subject in self._known}
        changes = self._changes
        self._touched, self._changes = set(), []
        return touched, changes

    def give_back(self, touched: Mapping[Subject, Health], changes: list[Change]) -> None:
        """What was taken could not be kept; the next call of :meth:`take` has it again."""
        self._touched |= touched.keys()
        self._changes = [*changes, *self._changes][-MAX_CHANGES:]


_UNKNOWN = Health()
