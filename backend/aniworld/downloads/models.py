"""The queue's tables."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from aniworld.db.base import Base, Entity
from aniworld.downloads.types import OPEN

_STATUSES = "'pending', 'downloading', 'paused', 'completed', 'failed', 'cancelled'"
_OPEN = ", ".join(f"'{status}'" for status in OPEN)
_WAITS = "not_before IS NOT NULL"
_READY = "status = 'pending' AND not_before IS NULL"


class Download(Entity):
    """One (episode, language) in the queue, or what became of it."""

    __tablename__ = "downloads"
    __table_args__ = (
        CheckConstraint(f"status IN ({_STATUSES})", name="status"),
        CheckConstraint("priority BETWEEN 0 AND 2", name="priority"),
        # Open items are unique, so that a double click is harmless.
        Index(
            "uq_downloads_open",
            "episode_id",
            "language",
            unique=True,
            sqlite_where=text(f"status IN ({_OPEN})"),
            postgresql_where=text(f"status IN ({_OPEN})"),
        ),
        Index("ix_downloads_status", "status"),  # narrow: what counting walks along
        Index("ix_downloads_order", "status", "priority", "position", "id"),
        # However many wait after a failure, the next one to run is the first entry here.
        Index(
            "ix_downloads_next",
            "status",  # always the same, but without it SQLite prefers the index above and passes over those that wait
            "priority",
            "position",
            "id",
            sqlite_where=text(_READY),
            postgresql_where=text(_READY),
        ),
        Index("ix_downloads_not_before", "not_before", sqlite_where=text(_WAITS), postgresql_where=text(_WAITS)),
        Index("ix_downloads_series_key_status", "series_key", "status"),
        Index("ix_downloads_done", "status", "completed_at", "id"),
    )

    episode_id: Mapped[UUID | None] = mapped_column(ForeignKey("episodes.id", ondelete="SET NULL"))
    language: Mapped[str] = mapped_column(String(24))
    series_key: Mapped[str] = mapped_column(String(200))
    series_name: Mapped[str] = mapped_column(String(500))
    season: Mapped[int]
    episode: Mapped[int]
    title: Mapped[str] = mapped_column(String(500))
    status: Mapped[str] = mapped_column(String(16))
    priority: Mapped[int]
    """0 is high: in the order of an index, as :data:`~aniworld.downloads.types.PRIORITY_RANK` has it."""
    position: Mapped[int]
    retry_count: Mapped[int] = mapped_column(default=0, server_default="0")
    not_before: Mapped[dt.datetime | None]
    """After a failure: not tried again before this. Taken away when the time has come, so that the item is ready."""
    error_code: Mapped[str | None] = mapped_column(String(64))
    error_message: Mapped[str | None] = mapped_column(String(2000))
    failures: Mapped[list[Any] | None]
    """Why each hoster did not deliver, at the last attempt: ``{"hoster", "reason", "code"}``."""
    provider: Mapped[str | None] = mapped_column(String(64))
    hoster: Mapped[str | None] = mapped_column(String(64))
    downloaded_bytes: Mapped[int] = mapped_column(default=0, server_default="0")
    total_bytes: Mapped[int | None]
    filing_path: Mapped[str | None] = mapped_column(String(1024))
    """Written before the finished file is moved there: a crash in between is healed by looking."""
    filing_size: Mapped[int | None]
    file_path: Mapped[str | None] = mapped_column(String(1024))
    lease_owner: Mapped[str | None] = mapped_column(String(64))
    lease_until: Mapped[dt.datetime | None]
    created_at: Mapped[dt.datetime]
    started_at: Mapped[dt.datetime | None]
    completed_at: Mapped[dt.datetime | None]


class QueueState(Base):
    """One row: what the user told the queue, and who we are."""

    __tablename__ = "queue_state"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    running: Mapped[bool]
    paused: Mapped[bool]
    installation: Mapped[str | None] = mapped_column(String(16))
    """Names this installation where it shares a disk with others. Made once."""
