"""The tables of access."""

from __future__ import annotations

import datetime as dt
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from aniworld.db.base import Base, Entity

ADDRESS_LENGTH = 64
USER_AGENT_LENGTH = 256


class Owner(Base):
    """One row: the person whose library this is. It is there once the server is set up."""

    __tablename__ = "owner"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    password_hash: Mapped[str] = mapped_column(String(255))
    """argon2id, with its parameters and salt."""
    stamp: Mapped[UUID]
    """New with every password: a login that was under way with the old one is refused by it."""
    changed_at: Mapped[dt.datetime]


class LoginSession(Entity):
    """One login that is not over. Ending it deletes the row, and with it every copy of its token is dead."""

    __tablename__ = "login_sessions"
    __table_args__ = (Index("ix_login_sessions_expires_at", "expires_at"),)

    created_at: Mapped[dt.datetime]
    expires_at: Mapped[dt.datetime]
    last_seen_at: Mapped[dt.datetime]
    address: Mapped[str] = mapped_column(String(ADDRESS_LENGTH))
    user_agent: Mapped[str] = mapped_column(String(USER_AGENT_LENGTH))
    remembered: Mapped[bool]


class LoginThrottle(Base):
    """Wrong attempts: a row for each client, and one for each minute over all clients."""

    __tablename__ = "login_throttle"
    __table_args__ = (Index("ix_login_throttle_updated_at", "updated_at"),)

    bucket: Mapped[str] = mapped_column(String(64), primary_key=True)
    failures: Mapped[int]
    blocked_until: Mapped[dt.datetime | None]
    updated_at: Mapped[dt.datetime]
    """Of the last wrong attempt."""
