"""What passes between the layers of access."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Client:
    """Who is at the other end of a request."""

    address: str
    """The peer's address; empty where there is none (a Unix socket). What a proxy claims is not in it."""
    user_agent: str
    local: bool
    """The peer is this machine, and nothing says that it speaks for somebody else."""


@dataclass(frozen=True, slots=True)
class Session:
    """A login that holds."""

    id: UUID
    created_at: dt.datetime
    expires_at: dt.datetime
    last_seen_at: dt.datetime
    address: str
    user_agent: str
    remembered: bool


@dataclass(frozen=True, slots=True)
class Login:
    """A session that has just begun, and its token: it is given out this once and kept nowhere."""

    session: Session
    token: str
