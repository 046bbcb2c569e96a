"""Is it up, and can it work?"""

import asyncio
import os
import time
from pathlib import Path
from typing import Literal

from litestar import Response, Router, get
from litestar.di import NamedDependency
from litestar.openapi import ResponseSpec

from aniworld.catalog.service import Catalog
from aniworld.catalog.types import Subject
from aniworld.config.service import ConfigService
from aniworld.db.engine import Database
from aniworld.kit.errors import AppError
from aniworld.kit.schema import Schema
from aniworld.kit.supervise import Supervisor, WorkerState
from aniworld.scan.service import ScanService
from aniworld.scan.watch import Watcher

PROBE_LIMIT = 3.0
"""Seconds that a probe may take: a directory on a network share can hang for ever."""


class Health(Schema, frozen=True):
    """The process is up."""

    status: Literal["healthy"]
    uptime_seconds: float


class PartState(Schema, frozen=True):
    """How one part is. ``detail`` is a sentence and holds nothing secret."""

    status: Literal["ok", "degraded", "down", "not_configured"]
    detail: str


class Readiness(Schema, frozen=True):
    """Whether it can do its work, part by part."""

    status: Literal["ready", "not_ready"]
    database: PartState
    anime_directory: PartState
    providers: PartState
    workers: dict[str, PartState]


_started = time.monotonic()


@get("/", operation_id="health", summary="Is the process up?")
async def health() -> Health:
    """Answers as long as the process runs."""
    return Health(status="healthy", uptime_seconds=round(time.monotonic() - _started, 3))


@get(
    "/ready",
    operation_id="ready",
    summary="Can it work?",
    responses={503: ResponseSpec(Readiness, description="A part that is needed is down", generate_examples=False)},
)
async def ready(
    db: NamedDependency[Database],
    config: NamedDependency[ConfigService],
    catalog: NamedDependency[Catalog],
    supervisor: NamedDependency[Supervisor],
    scans: NamedDependency[ScanService],
    watcher: NamedDependency[Watcher],
) -> Response[Readiness]:
    """Each part's own state; 503 while one that is needed is down."""
    database, directory = await asyncio.gather(
        _database(db), _directory(config.current.library.anime_directory, scans, watcher)
    )
    providers = _providers(catalog)
    workers = {state.name: _worker(state) for state in supervisor.states.values()}
    needed = [database, directory, *workers.values()]
    is_ready = all(part.status == "ok" for part in needed)
    return Response(
        Readiness(
            status="ready" if is_ready else "not_ready",
            database=database,
            anime_directory=directory,
            providers=providers,
            workers=workers,
        ),
        status_code=200 if is_ready else 503,
        headers={} if is_ready else {"Retry-After": "5"},
    )


def _providers(catalog: Catalog) -> PartState:
    """How the sources are that are switched on. One that is down does not keep the program from working."""
    names = [provider.name for provider in catalog.providers()]
    if not names:
        return PartState(status="not_configured", detail="No source is configured")
    states = {name: catalog.monitor.state(Subject("catalogue", name)) for name in names}
    bad = [f"{name} is {state}" for name, state in states.items() if state != "healthy"]
    if not bad:
        return PartState(status="ok", detail=f"{len(names)} configured")
    all_down = all(state == "down" for state in states.values())
    return PartState(
        status="down" if all_down else "degraded", detail=f"{len(names)} configured; {', '.join(bad[:10])}"
    )


def _worker(state: WorkerState) -> PartState:
    if state.status == "running":
        return PartState(status="ok", detail=f"running, restarted {state.restarts} times")
    return PartState(status="down", detail=f"{state.status}, restarted {state.restarts} times ({state.last_error})")


async def _database(db: Database) -> PartState:
    path = db.engine.url.database if db.dialect == "sqlite" else None
    try:
        async with asyncio.timeout(PROBE_LIMIT):
            await db.ping()
            # Connections that are open go on with a file that was deleted, as if all were well.
            if path is not None and not await asyncio.to_thread(os.path.exists, path):
                return PartState(status="down", detail="The database file is gone")
    except (AppError, TimeoutError):
        return PartState(status="down", detail="The database does not answer")
    return PartState(status="ok", detail=db.dialect)


async def _directory(directory: str | None, scans: ScanService, watcher: Watcher) -> PartState:
    if directory is None:
        return PartState(status="not_configured", detail="No anime directory is configured")
    try:
        async with asyncio.timeout(PROBE_LIMIT):
            usable = await asyncio.to_thread(os.access, directory, os.R_OK | os.W_OK | os.X_OK)
            there = await asyncio.to_thread(scans.is_there, Path(directory))
    except TimeoutError:
        return PartState(status="down", detail="The anime directory does not answer")
    if not usable:
        return PartState(status="down", detail="The anime directory is not there or not writable")
    if not there:
        return PartState(status="down", detail="What was in the anime directory is not there; is its disk mounted?")
    return PartState(status="ok", detail=f"writable; {watcher.state}")


router = Router("/health", route_handlers=[health, ready], tags=["health"])
