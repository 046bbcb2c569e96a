"""Loads series in the background: takes them from the table, four at once, step by step.

The table is the queue. Waking the loader only makes it look; at a start it takes up everything that is unfinished, so
a crash loses nothing.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import logging
import secrets
from collections import Counter
from collections.abc import Coroutine
from typing import Any
from uuid import UUID

from aniworld.catalog.service import Catalog
from aniworld.config.service import ConfigService
from aniworld.db.engine import Database
from aniworld.events.bus import EventBus, publish_after_commit
from aniworld.events.types import LoadingSteps, SeriesLoading, SeriesLoadingUpdate, SeriesRef, SeriesUpdated
from aniworld.kit.clock import now
from aniworld.kit.errors import AppError
from aniworld.kit.tasks import look_for_ever, to_the_end
from aniworld.library.details import loading_message
from aniworld.library.errors import LoadingFailedError
from aniworld.library.housekeeping import Housekeeping
from aniworld.library.metadata_repository import MetadataRepository
from aniworld.library.metadata_service import SeriesMetadataService
from aniworld.library.refreshing import Refreshing
from aniworld.library.repository import SeriesRepository
from aniworld.library.service import LibraryService
from aniworld.library.steps import LEASE, LeaseLostError, LoadSteps
from aniworld.library.thumbs import EpisodePictures
from aniworld.library.types import STEPS, LoadingStatus, LoadJob, Step
from aniworld.operations.errors import OperationCancelledError
from aniworld.operations.service import Operation, Operations

log = logging.getLogger(__name__)

AT_ONCE = 4
ATTEMPTS = 5
"""How often a series is tried by itself; a start or a reload begins anew."""
FIRST_DELAY = 30.0
LONGEST_DELAY = 3600.0
_LOOK = 30.0
"""Seconds between two looks at the table without a wake-up."""
_STEP_LIMIT = 300.0
_NO_DIRECTORY = "No anime directory is configured; the description and the pictures wait for it"
_NAMES: dict[Step, str] = {"episodes": "Episodes", "nfo": "Description", "logo": "Logo", "images": "Pictures"}


class Loader:
    """``run`` is a supervised worker."""

    def __init__(
        self,
        db: Database,
        bus: EventBus,
        config: ConfigService,
        catalog: Catalog,
        operations: Operations,
        library: LibraryService,
        described: SeriesMetadataService | None = None,
    ) -> None:
        self._db = db
        self._bus = bus
        self._config = config
        self._operations = operations
        self._steps = LoadSteps(db, bus, config, catalog, library, described)
        self._refreshing = Refreshing(db, described, self.wake) if described is not None else None
        self._catalog = catalog
        self._now: dict[str, str] = {}
        """What is being done for each series, beyond its step."""
        self._providers: dict[UUID, str] = {}
        """Whom the series that are loaded now are waiting for."""
        self._housekeeping = Housekeeping(db, bus, config, library.placing)
        self._thumbs = EpisodePictures(db, bus, config, described, library.placing)
        self._wake = asyncio.Event()
        self._running: dict[UUID, asyncio.Task[None]] = {}
        library.wake_loader = self.wake
        library.loading_now = self._now.get
        config.subscribe(lambda _config: self.wake())

    def wake(self) -> None:
        """Look at the table again."""
        self._wake.set()
        self._housekeeping.wake()
        self._thumbs.wake()

    async def run(self) -> None:
        """Work until cancelled; then everything that loads waits in the table."""
        await self._take_up()
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._housekeeping.run())
                group.create_task(self._thumbs.run(lambda: bool(self._running)))
                if self._refreshing is not None:
                    group.create_task(self._refreshing.run(lambda: bool(self._running)))
                await look_for_ever(self._wake, self._fill)
        finally:
            tasks = list(self._running.values())
            for task in tasks:
                task.cancel()
            if tasks:
                await asyncio.wait(tasks)

    async def _take_up(self) -> None:
        # SQLite is used by one process alone, so every lease there is a dead one.
        async with self._db.write() as session:
            count = await SeriesRepository(session).take_up(all_leases=self._db.dialect == "sqlite")
        if count:
            log.info("%d series are not loaded completely; their loading goes on", count)

    async def _fill(self) -> float:
        """Take series while there is room; seconds until it is worth another look."""
        moment = now()
        while len(self._running) < AT_ONCE:
            async with self._db.write() as session:
                job = await SeriesRepository(session).claim(
                    secrets.token_hex(16),
                    LEASE,
                    with_files=self._has_directory,
                    busy=self._running.keys(),
                    shares=Counter(self._providers.values()),
                    most=self._most,
                )
            if job is None:
                break
            self._providers[job.id] = job.provider
            self._running[job.id] = asyncio.create_task(self._work(job), name=f"load {job.key}")
        async with self._db.read() as session:
            due = await SeriesRepository(session).next_due(moment)
        return _LOOK if due is None else min(_LOOK, max(0.05, (due - now()).total_seconds()))

    @property
    def _most(self) -> int:
        """Series of one source at a time: with several sources a place is kept for the others, however slow it is."""
        return AT_ONCE if len(self._catalog.providers()) <= 1 else AT_ONCE - 1

    @property
    def _has_directory(self) -> bool:
        return self._config.current.library.anime_directory is not None

    # --- one series ---------------------------------------------------------------------------------------------

    async def _work(self, job: LoadJob) -> None:
        try:
            async with self._operations.run("load", job.name, total=len(STEPS)) as operation:
                # Taken back by somebody who deleted it or wants it loaded anew: this load just ends.
                with contextlib.suppress(LeaseLostError):
                    await self._load(job, operation)
        except asyncio.CancelledError:
            await self._settle(self._end(job, "pending", {}))
        except OperationCancelledError:
            await self._settle(self._end(job, "failed", {"loading_error": "Cancelled; load it again to go on"}))
        except LoadingFailedError as error:
            log.info("%s: %s", job.name, error.detail)
        except Exception:  # one series must not end the others
            # Most likely the database is away. The lease runs out, or the next start finds the series: it is not lost.
            log.exception("The state of %s could not be written", job.key)
        finally:
            del self._running[job.id]
            self._providers.pop(job.id, None)
            self._now.pop(job.key, None)
            self.wake()

    async def _load(self, job: LoadJob, operation: Operation) -> None:
        """Every step that is not done; what fails is told and tried again later, the others go on."""
        problems: dict[Step, AppError] = {}
        waits = False
        for index, step in enumerate(STEPS):
            if job.done[step]:
                continue
            if step != "episodes" and not job.done["episodes"]:
                break  # nothing is known of the series yet
            if step != "episodes" and not self._has_directory:
                waits = True
                break
            await self._begin(job, step)
            operation.advance(index, message=f"{job.name}: {loading_message(_status_of(step))}")
            problem = await self._try(step, job)
            if problem is None:
                job.done[step] = True
            else:
                problems[step] = problem
        await self._finish(job, problems, waits=waits)

    async def _try(self, step: Step, job: LoadJob) -> AppError | None:
        try:
            async with asyncio.timeout(_STEP_LIMIT):
                await self._steps.run(step, job, lambda message: self._tell(job, step, message))
        except AppError as error:
            return error
        except TimeoutError:
            return _passing("That took too long")
        except LeaseLostError:
            raise
        except Exception:  # whatever it was, it is this step's failure, not the loader's
            log.exception("Loading %s of %s failed unexpectedly", step, job.key)
            return _passing("An unexpected error; the log tells more")
        return None

    def _tell(self, job: LoadJob, step: Step, message: str) -> None:
        """What a step is about just now."""
        self._now[job.key] = message
        self._bus.publish(_update(job, _status_of(step), None, message))

    async def _begin(self, job: LoadJob, step: Step) -> None:
        """Write down what the steps before have done, and that this one begins."""
        status = _status_of(step)
        self._now.pop(job.key, None)
        async with self._db.write() as session:
            values = {"loading_status": status, **_flags(job)}
            if not await SeriesRepository(session).renew(job, now() + LEASE, **values):
                raise LeaseLostError
            publish_after_commit(self._bus, session, _update(job, status, None))

    async def _finish(self, job: LoadJob, problems: dict[Step, AppError], *, waits: bool) -> None:
        told = "; ".join(f"{_NAMES[step]}: {error.detail}" for step, error in problems.items())
        if not problems:
            if waits:
                await self._end(job, "pending", {"loading_error": _NO_DIRECTORY, "loading_attempts": 0})
                return
            done = {"loading_completed_at": now(), "loading_attempts": 0, "load_after": None, "replace_images": False}
            await self._end(job, "completed", {"loading_error": None, **done})
            return
        values: dict[str, Any] = {"loading_error": told[:2000], "loading_attempts": job.attempts + 1}
        helps = [error for error in problems.values() if not error.permanent]
        if helps and job.attempts + 1 < ATTEMPTS:
            asked = max((error.retry_after or 0.0 for error in helps), default=0.0)
            delay = max(asked, min(FIRST_DELAY * 2**job.attempts, LONGEST_DELAY))
            await self._end(job, "pending", {"load_after": now() + dt.timedelta(seconds=delay), **values})
        else:
            await self._end(job, "failed", values)
        raise LoadingFailedError(told)

    async def _end(self, job: LoadJob, status: LoadingStatus, values: dict[str, Any]) -> None:
        """The last write of a load; it gives the lease back."""
        async with self._db.write() as session:
            repository = SeriesRepository(session)
            if not await repository.release(job, loading_status=status, **_flags(job), **values):
                return
            note = await MetadataRepository(session).note(job.id)
            publish_after_commit(self._bus, session, _update(job, status, values.get("loading_error"), note))
            publish_after_commit(self._bus, session, SeriesUpdated(data=SeriesRef(key=job.key, name=job.name)))

    async def _settle(self, write: Coroutine[Any, Any, None]) -> None:
        """Let the last write of a series finish, even while the program stops."""
        try:
            await to_the_end(write)
        except AppError:
            log.exception("The state of a series could not be written; the next start takes it up")


def _status_of(step: Step) -> LoadingStatus:
    statuses: dict[Step, LoadingStatus] = {
        "episodes": "loading_episodes",
        "nfo": "loading_nfo",
        "logo": "loading_logo",
        "images": "loading_images",
    }
    return statuses[step]


def _flags(job: LoadJob) -> dict[str, bool]:
    """Columns of what this load has done; what was done before it is written already."""
    return {f"{step}_loaded": True for step, done in job.done.items() if done}


def _update(job: LoadJob, status: LoadingStatus, error: str | None, note: str | None = None) -> SeriesLoadingUpdate:
    return SeriesLoadingUpdate(
        data=SeriesLoading(
            key=job.key, status=status, progress=LoadingSteps(**job.done), message=loading_message(status, error, note)
        )
    )


def _passing(detail: str) -> AppError:
    error = LoadingFailedError(detail)
    error.permanent = False
    return error
