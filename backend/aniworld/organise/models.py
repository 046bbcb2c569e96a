"""The journal: what was renamed, written down before it is done."""

from __future__ import annotations

import datetime as dt
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from aniworld.db.base import Base, Entity

_OPEN = text("state IN ('moving', 'undoing')")


class Change(Entity):
    """What somebody had renamed at one time."""

    __tablename__ = "organise_changes"
    __table_args__ = (CheckConstraint("status IN ('running', 'done', 'undoing', 'undone')", name="status"),)

    status: Mapped[str] = mapped_column(String(16))
    series: Mapped[int] = mapped_column(default=0, server_default="0")
    """Series of which something moved."""
    moved: Mapped[int] = mapped_column(default=0, server_default="0")
    """Videos and folders that lie elsewhere since."""
    left: Mapped[int] = mapped_column(default=0, server_default="0")
    """Those that could not be moved, or not be put back."""
    created_at: Mapped[dt.datetime]
    finished_at: Mapped[dt.datetime | None]
    undone_at: Mapped[dt.datetime | None]


class ChangeMove(Base):
    """One renaming. Paths are relative to the anime directory, with slashes."""

    __tablename__ = "organise_moves"
    __table_args__ = (
        CheckConstraint("kind IN ('folder', 'video', 'beside')", name="kind"),
        CheckConstraint("state IN ('moving', 'moved', 'left', 'undoing', 'undone')", name="state"),
        Index("ix_organise_moves_open", "change_id", "position", sqlite_where=_OPEN, postgresql_where=_OPEN),
    )

    change_id: Mapped[UUID] = mapped_column(ForeignKey("organise_changes.id", ondelete="CASCADE"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    """In the order in which it was done; undone the other way round."""
    series_key: Mapped[str] = mapped_column(String(200))
    series_name: Mapped[str] = mapped_column(String(500))
    kind: Mapped[str] = mapped_column(String(8))
    source: Mapped[str] = mapped_column(String(1024))
    target: Mapped[str] = mapped_column(String(1024))
    state: Mapped[str] = mapped_column(String(8))
    reason: Mapped[str | None] = mapped_column(String(24))
    """Why it was left."""
