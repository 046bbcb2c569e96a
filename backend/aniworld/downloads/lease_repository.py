"""The engine's SQL: claims, leases, and what became of an item.

A claim is one conditional update that also writes a lease, so that two engines never run the same item.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, and_, bindparam, func, literal_column, null, or_, select, update

from aniworld.catalog.types import Language
from aniworld.downloads.models import Download
from aniworld.downloads.repository import ORDER, DownloadRepository
from aniworld.downloads.types import Claimed
from aniworld.kit.clock import now
from aniworld.library.types import MovedPath

_CLAIM = tuple(
    getattr(Download, name)
    for name in (
        "id", "episode_id", "language", "series_key", "series_name", "season", "episode", "retry_count",
        "filing_path", "filing_size",
    )
)  # fmt: skip


class LeaseRepository(DownloadRepository):
    """What the engine and the pipeline ask beside that."""

    async def claim(self, owner: str, lease: dt.timedelta) -> Claimed | None:
        """Take the next item that may run now, in one conditional update; None: there is none."""
        moment = now()
        await self._session.execute(
            update(Download)
            .where(Download.not_before <= moment)  # nothing else, so that its own index is taken
            .values(not_before=None)
            .execution_options(synchronize_session=False)
        )
        chosen = (
            select(Download.id)
            # Written out, so that the planners see that the index of those that are ready holds all of these.
            .where(Download.status == literal_column("'pending'"), Download.not_before.is_(None))
            .order_by(*ORDER)
            .limit(1)
        )
        if self._dialect == "postgresql":
            chosen = chosen.with_for_update(skip_locked=True)
        row = (
            await self._session.execute(
                update(Download)
                .where(Download.id == chosen.scalar_subquery(), Download.status == "pending")
                .values(
                    status="downloading",
                    lease_owner=owner,
                    lease_until=moment + lease,
                    started_at=func.coalesce(
                        Download.started_at, bindparam("moment", moment, type_=Download.started_at.type)
                    ),
                )
                .returning(*_CLAIM)
            )
        ).first()
        return None if row is None else _claimed(row)

    async def renew(
        self, owner: str, lease: dt.timedelta, progress: Mapping[UUID, tuple[int, int | None]]
    ) -> set[UUID]:
        """Write progress and lengthen the leases; the ids that are still ours."""
        kept: set[UUID] = set()
        for id_, (downloaded, total) in progress.items():
            changed = await self._changed(
                update(Download)
                .where(Download.id == id_, Download.lease_owner == owner, Download.status == "downloading")
                .values(downloaded_bytes=downloaded, total_bytes=total, lease_until=now() + lease)
            )
            if changed:
                kept.add(id_)
        return kept

    async def unfiled(self) -> list[Claimed]:
        """Items whose finished file was about to be moved when something ended it."""
        rows = await self._session.execute(
            select(*_CLAIM).where(Download.filing_path.is_not(None), Download.status == "pending")
        )
        return [_claimed(row) for row in rows]

    async def requeue_abandoned(self, *, all_leases: bool) -> int:
        """Items that a dead process held become pending again.

        ``all_leases``: no other process shares this database, so every lease is a dead one.
        """
        condition = Download.status == "downloading"
        if not all_leases:
            condition = and_(condition, Download.lease_until < now())
        return await self._changed(
            update(Download).where(condition).values(status="pending", lease_owner=None, lease_until=None)
        )

    async def set_source(self, id_: UUID, provider: str, hoster: str) -> None:
        """Where the running download comes from."""
        await self._session.execute(update(Download).where(Download.id == id_).values(provider=provider, hoster=hoster))

    async def filing(self, id_: UUID) -> Row[Any] | None:
        """(path, size) of where an item was about to be filed, as it stands now; None: the item is gone."""
        query = select(Download.filing_path, Download.filing_size).where(Download.id == id_)
        return (await self._session.execute(query)).first()

    async def set_filing(self, id_: UUID, path: str | None, size: int | None) -> None:
        """Where the finished file is about to go."""
        await self._session.execute(
            update(Download).where(Download.id == id_).values(filing_path=path, filing_size=size)
        )

    async def complete(self, id_: UUID, path: str, size: int) -> None:
        """The file is in the library, whatever state the item was in a moment ago."""
        await self._session.execute(
            update(Download)
            .where(Download.id == id_)
            .values(
                status="completed",
                file_path=path,
                completed_at=now(),
                downloaded_bytes=size,
                total_bytes=size,
                filing_path=None,
                filing_size=None,
                not_before=None,
                lease_owner=None,
                lease_until=None,
                error_code=None,
                error_message=None,
                failures=null(),
            )
        )

    async def release(self, id_: UUID, owner: str, *, downloaded: int, total: int | None) -> bool:
        """An interrupted download waits again; not, if it is no longer ours."""
        return bool(
            await self._changed(
                update(Download)
                .where(Download.id == id_, Download.status == "downloading", Download.lease_owner == owner)
                .values(
                    status="pending",
                    lease_owner=None,
                    lease_until=None,
                    downloaded_bytes=downloaded,
                    total_bytes=total,
                )
            )
        )

    async def running(self) -> set[tuple[str, int, int]]:
        """(series key, season, episode) of what is being fetched or filed."""
        busy = or_(Download.status == "downloading", Download.filing_path.is_not(None))
        rows = await self._session.execute(select(Download.series_key, Download.season, Download.episode).where(busy))
        return {(row.series_key, row.season, row.episode) for row in rows}

    async def follow(self, series_key: str, moved: Sequence[MovedPath]) -> None:
        """Files of a series lie elsewhere now."""
        query = select(Download.id, Download.file_path, Download.filing_path).where(
            Download.series_key == series_key,
            or_(Download.file_path.is_not(None), Download.filing_path.is_not(None)),
        )
        changed: list[dict[str, Any]] = []
        for row in list(await self._session.execute(query)):
            paths = {"file_path": row.file_path, "filing_path": row.filing_path}
            for one in moved:
                paths = {name: path and one.follow(path) for name, path in paths.items()}
            if (paths["file_path"], paths["filing_path"]) != (row.file_path, row.filing_path):
                changed.append({"id": row.id, **paths})
        if changed:
            await self._session.execute(update(Download), changed)


def _claimed(row: Row[Any]) -> Claimed:
    return Claimed(**{**row._mapping, "language": Language(row.language)})
