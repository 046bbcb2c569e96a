"""The one place that long work reports to: seen live, listed, cancelled.

Kept in memory on purpose: the work itself lives in its feature's tables and is taken up from there after a restart;
an operation only tells how the present run of it goes.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import time
from collections import OrderedDict
from collections.abc import AsyncIterator
from typing import Any

import uuid_utils.compat

from aniworld.events.bus import EventBus
from aniworld.events.types import OperationProgress, OperationUpdate
from aniworld.kit.clock import now
from aniworld.kit.errors import AppError, NotFoundError
from aniworld.operations.errors import OperationCancelledError, OperationEndedError
from aniworld.operations.schemas import OperationOut, OperationPage
from aniworld.operations.types import OperationStatus, OperationType

KEPT = 500
"""Ended operations that are still listed."""
_INTERVAL = 0.25
"""Seconds between two progress events of one operation."""


class Operation:
    """A piece of work under way. Made by :meth:`Operations.run`."""

    def __init__(
        self, operations: Operations, type_: OperationType, message: str, total: int | None, id_: str | None
    ) -> None:
        self.id = id_ or str(uuid_utils.compat.uuid7())
        self.type = type_
        self.status: OperationStatus = "started"
        self.current = 0
        self.total = total
        self.message = message
        self.started_at = now()
        self.finished_at: dt.datetime | None = None
        self.result: dict[str, Any] | None = None
        self.cancel_requested = False
        self._operations = operations
        self._task = asyncio.current_task()
        self._told = 0.0

    def advance(self, current: int, total: int | None = None, message: str | None = None) -> None:
        """Report progress; told to readers at most four times a second."""
        self.status = "in_progress"
        self.current = current
        self.total = total if total is not None else self.total
        self.message = message if message is not None else self.message
        if time.monotonic() - self._told >= _INTERVAL:
            self.tell()

    def cancel(self) -> None:
        """Ask the work to end: its task is interrupted where it waits."""
        self.cancel_requested = True
        if self._task is not None:
            self._task.cancel()

    def finish(self, status: OperationStatus, message: str | None = None) -> None:
        """Close the books."""
        self.status = status
        self.message = message if message is not None else self.message
        self.finished_at = now()
        self._task = None
        self.tell()

    def tell(self) -> None:
        """Publish where it stands."""
        self._told = time.monotonic()
        self._operations.bus.publish(
            OperationUpdate(
                data=OperationProgress(
                    id=self.id,
                    type=self.type,
                    status=self.status,
                    current=self.current,
                    total=self.total,
                    percent=self.percent,
                    message=self.message,
                )
            )
        )

    @property
    def percent(self) -> float | None:
        """0 to 100; None where the whole is not known."""
        if self.status == "completed":
            return 100.0
        return round(min(100.0, 100 * self.current / self.total), 1) if self.total else None

    def out(self) -> OperationOut:
        """As the API tells it."""
        return OperationOut(
            id=self.id,
            type=self.type,
            status=self.status,
            current=self.current,
            total=self.total,
            percent=self.percent,
            message=self.message,
            started_at=self.started_at,
            finished_at=self.finished_at,
            result=self.result,
        )


class Operations:
    """Runs, lists and cancels operations."""

    def __init__(self, bus: EventBus) -> None:
        self.bus = bus
        self._all: OrderedDict[str, Operation] = OrderedDict()

    @contextlib.asynccontextmanager
    async def run(
        self, type_: OperationType, message: str, *, total: int | None = None, id_: str | None = None
    ) -> AsyncIterator[Operation]:
        """Work inside the block is one operation.

        When somebody cancels it, the block is left with :class:`OperationCancelledError`; a cancellation that comes
        from elsewhere (the program stops) passes through as it is.
        """
        operation = Operation(self, type_, message, total, id_)
        self._all.pop(operation.id, None)
        self._all[operation.id] = operation
        self._forget_old()
        operation.tell()
        try:
            yield operation
        except asyncio.CancelledError:
            operation.finish("cancelled")
            task = asyncio.current_task()
            if operation.cancel_requested and task is not None:
                task.uncancel()
                raise OperationCancelledError from None
            raise
        except OperationCancelledError:
            operation.finish("cancelled")
            raise
        except AppError as error:
            operation.finish("failed", error.detail)
            raise
        except BaseException:
            operation.finish("failed", "An unexpected error; the log tells more")
            raise
        else:
            operation.finish("completed")

    def page(self, *, limit: int, offset: int) -> OperationPage:
        """The newest first."""
        newest = list(reversed(self._all.values()))
        return OperationPage(
            items=[operation.out() for operation in newest[offset : offset + limit]],
            total=len(newest),
            limit=limit,
            offset=offset,
        )

    def get(self, id_: str) -> Operation:
        """One operation. Raises :class:`NotFoundError`."""
        try:
            return self._all[id_]
        except KeyError:
            raise NotFoundError("There is no operation of that id") from None

    def cancel(self, id_: str) -> Operation:
        """Ask one to end. Raises :class:`OperationEndedError` when it is over."""
        operation = self.get(id_)
        if operation.finished_at is not None:
            raise OperationEndedError
        operation.cancel()
        return operation

    def _forget_old(self) -> None:
        ended = [id_ for id_, operation in self._all.items() if operation.finished_at is not None]
        for id_ in ended[: max(0, len(ended) - KEPT)]:
            del self._all[id_]
