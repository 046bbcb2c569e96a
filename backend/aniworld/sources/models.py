"""What is kept of how sources and hosters do."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import CheckConstraint, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from aniworld.db.base import Base, Entity

_KINDS = "kind IN ('catalogue', 'hoster', 'host')"


class SourceHealth(Base):
    """The window of one source, hoster or host, as the catalogue's health has it."""

    __tablename__ = "source_health"
    __table_args__ = (CheckConstraint(_KINDS, name="kind"),)

    kind: Mapped[str] = mapped_column(String(16), primary_key=True)
    name: Mapped[str] = mapped_column(String(300), primary_key=True)
    health: Mapped[dict[str, Any]]
    updated_at: Mapped[dt.datetime]


class SourceChange(Entity):
    """A state that became another; the id tells the order."""

    __tablename__ = "source_changes"
    __table_args__ = (
        CheckConstraint(_KINDS, name="kind"),
        CheckConstraint("state IN ('healthy', 'degraded', 'down')", name="state"),
        Index("ix_source_changes_name", "kind", "name", "id"),
    )

    kind: Mapped[str] = mapped_column(String(16))
    name: Mapped[str] = mapped_column(String(300))
    at: Mapped[dt.datetime]
    before: Mapped[str] = mapped_column(String(16))
    state: Mapped[str] = mapped_column(String(16))
    reason: Mapped[str] = mapped_column(String(300), default="", server_default="")
