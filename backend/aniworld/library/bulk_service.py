"""Changes of many series: one after the other, each a short write of its own, seen as one operation.

Nothing is kept for a restart: a series is either changed or not, and the result that was told up to then is true.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

import msgspec
import uuid_utils.compat

from aniworld.kit.errors import AppError, InvalidInputError
from aniworld.library.bulk_schemas import BulkAction, BulkChange, BulkFailure, BulkResult
from aniworld.library.schemas import UpdateSeries
from aniworld.library.service import LibraryService
from aniworld.operations.errors import OperationCancelledError
from aniworld.operations.service import Operation, Operations

log = logging.getLogger(__name__)

_TITLES: dict[BulkAction, str] = {
    "monitor": "Watching series",
    "unmonitor": "No longer watching series",
    "languages": "Changing languages",
    "reload": "Loading series again",
    "download_missing": "Queueing missing episodes",
    "delete": "Removing series",
    "delete_with_files": "Removing series and their files",
    "restore": "Restoring series",
}


class BulkService:
    """``run`` is a supervised worker."""

    def __init__(
        self, operations: Operations, library: LibraryService, download_missing: Callable[[str], Awaitable[int]]
    ) -> None:
        """``download_missing`` queues what a series lacks, and tells how many episodes that were."""
        self._operations = operations
        self._library = library
        self._download_missing = download_missing
        self._asked: asyncio.Queue[tuple[str, BulkChange]] = asyncio.Queue()

    def start(self, change: BulkChange) -> str:
        """Begin; the id of the operation. What is wrong with one series is told in its result."""
        if len(set(change.keys)) != len(change.keys):
            raise InvalidInputError.field("keys", "A series stands there twice")
        id_ = str(uuid_utils.compat.uuid7())
        self._asked.put_nowait((id_, change))
        return id_

    async def run(self) -> None:
        """Do what is asked for, until cancelled."""
        async with asyncio.TaskGroup() as group:
            while True:
                id_, change = await self._asked.get()
                group.create_task(self._work(id_, change), name=f"bulk {change.action}")

    async def _work(self, id_: str, change: BulkChange) -> None:
        try:
            async with self._operations.run("system", _TITLES[change.action], total=len(change.keys), id_=id_) as ours:
                await self._all(change, ours)
        except OperationCancelledError:
            log.info("%s: cancelled", _TITLES[change.action])
        except AppError as error:
            log.warning("%s: %s", _TITLES[change.action], error.detail)

    async def _all(self, change: BulkChange, operation: Operation) -> None:
        done: list[str] = []
        failed: list[BulkFailure] = []
        queued = 0
        for index, key in enumerate(change.keys, start=1):
            try:
                queued += await self._one(change, key)
                done.append(key)
            except AppError as error:
                failed.append(BulkFailure(key=key, detail=error.detail))
            except Exception:  # one series must not keep the others from it
                log.exception("%s of %s failed unexpectedly", change.action, key)
                failed.append(BulkFailure(key=key, detail="An unexpected error; the log tells more"))
            result = BulkResult(action=change.action, done=done, failed=failed, queued=queued)
            operation.result = msgspec.structs.asdict(result)
            operation.advance(index)

    async def _one(self, change: BulkChange, key: str) -> int:
        """How many episodes were queued."""
        match change.action:
            case "monitor" | "unmonitor":
                await self._library.patch(key, UpdateSeries(monitored=change.action == "monitor"))
            case "languages":
                wanted = UpdateSeries(languages=change.languages, language_mode=change.language_mode)
                await self._library.patch(key, wanted)
            case "reload":
                await self._library.reload(key, change.parts)
            case "download_missing":
                return await self._download_missing(key)
            case "delete" | "delete_with_files":
                await self._library.delete(key, delete_files=change.action == "delete_with_files")
            case "restore":
                await self._library.restore(key)
        return 0
