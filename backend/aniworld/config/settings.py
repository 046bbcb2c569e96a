"""What is known before anything starts: the command line and the environment. The rest lives in the configuration."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path


def default_data_dir() -> Path:
    """``$XDG_DATA_HOME/aniworld``, or ``~/.local/share/aniworld``."""
    base = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(base) / "aniworld"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Where one process keeps its data and listens."""

    data_dir: Path
    database_url: str | None = None
    """An SQLAlchemy URL (``postgresql+asyncpg://…``); None: SQLite in the data directory."""
    host: str = "127.0.0.1"
    port: int = 8000
    root_path: str = ""
    log_level: str | None = None
    """Overrides ``logging.level`` of the configuration."""
    trusted_hosts: frozenset[str] = frozenset()
    """``host:port`` that outgoing requests may reach although the address is private, beside the configured ones."""

    @property
    def url(self) -> str:
        """The database's URL."""
        return self.database_url or f"sqlite+aiosqlite:///{self.data_dir / 'aniworld.db'}"
