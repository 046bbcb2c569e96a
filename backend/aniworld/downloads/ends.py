"""What is written down when an item did not get through: each end is one short write."""

from __future__ import annotations

import datetime as dt
from typing import Any

import msgspec
from sqlalchemy import null

from aniworld.config.service import ConfigService
from aniworld.db.engine import Database
from aniworld.downloads.errors import AllHostersFailedError
from aniworld.downloads.fetch.errors import DiskFullError
from aniworld.downloads.lease_repository import LeaseRepository
from aniworld.downloads.progress import Meter
from aniworld.downloads.states import retry_delay
from aniworld.downloads.types import Claimed
from aniworld.events.bus import EventBus, publish_after_commit
from aniworld.events.types import DownloadError, DownloadFailed, QueueAction, QueueStatus
from aniworld.kit.clock import now
from aniworld.kit.errors import AppError


class Ends:
    """Writes them for one engine."""

    def __init__(self, db: Database, bus: EventBus, config: ConfigService, owner: str) -> None:
        self._db = db
        self._bus = bus
        self._config = config
        self._owner = owner

    async def interrupted(self, item: Claimed, meter: Meter) -> None:
        """Back to the queue, unless the verb that interrupted it has moved or removed the row already."""
        async with self._db.write() as session:
            await LeaseRepository(session).release(
                item.id, self._owner, downloaded=meter.downloaded, total=meter.total_bytes
            )

    async def cancelled(self, item: Claimed) -> None:
        """Somebody cancelled the operation."""
        async with self._db.write() as session:
            if await LeaseRepository(session).move(item.id, "cancelled", completed_at=now()):
                self._tell(session, "items_removed", item)

    async def no_space(self, item: Claimed, meter: Meter, error: DiskFullError) -> None:
        """It waits, as all others do; it was no attempt."""
        async with self._db.write() as session:
            numbers = {"downloaded_bytes": meter.downloaded, "total_bytes": meter.total_bytes}
            values = {"error_code": error.code, "error_message": error.detail[:2000], "failures": null()}
            if await LeaseRepository(session).move(item.id, "pending", **numbers, **values):
                self._tell(session, "items_changed", item)

    async def failed(self, item: Claimed, error: AppError) -> None:
        """Try again later where that can help, or leave it failed."""
        limits = self._config.current.downloads
        waits = isinstance(error, AllHostersFailedError) and error.only_waits
        again = waits or (not error.permanent and item.retry_count < limits.max_retries)
        failures = error.failures if isinstance(error, AllHostersFailedError) else None
        values: dict[str, Any] = {
            "error_code": error.code,
            "error_message": error.detail[:2000],
            "failures": null() if failures is None else msgspec.to_builtins(failures),
        }
        if again:
            attempt = item.retry_count + (0 if waits else 1)
            delay = retry_delay(max(attempt, 1), limits.retry_delay, error.retry_after)
            values |= {"retry_count": attempt, "not_before": now() + dt.timedelta(seconds=delay)}
        else:
            values["completed_at"] = now()
        async with self._db.write() as session:
            if await LeaseRepository(session).move(item.id, "pending" if again else "failed", **values):
                data = DownloadError(
                    download_id=str(item.id),
                    series_key=item.series_key,
                    series_name=item.series_name,
                    season=item.season,
                    episode=item.episode,
                    language=item.language,
                    error=error.detail,
                    will_retry=again,
                )
                publish_after_commit(self._bus, session, DownloadFailed(data=data))

    def _tell(self, session: Any, action: Any, item: Claimed) -> None:
        data = QueueAction(action=action, count=1, series_keys=[item.series_key])
        publish_after_commit(self._bus, session, QueueStatus(data=data))
