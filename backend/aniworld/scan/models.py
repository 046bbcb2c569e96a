"""What the last scan saw: folders, their directories, and the videos in them, of a series or not."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from aniworld.db.base import Base, Entity


class Folder(Entity):
    """A folder in the anime directory."""

    __tablename__ = "folders"
    __table_args__ = (
        Index(
            "ix_folders_unmatched",
            "name",
            sqlite_where=text("series_id IS NULL"),
            postgresql_where=text("series_id IS NULL"),
        ),
    )

    name: Mapped[str] = mapped_column(String(255), unique=True)
    """As it is spelled on the disk."""
    title: Mapped[str] = mapped_column(String(500))
    """What its description or its name says that it holds."""
    year: Mapped[int | None]
    ids: Mapped[list[Any]] = mapped_column(default=list, server_default="[]")
    """Pairs of service and id, from the description in it."""
    series_id: Mapped[UUID | None] = mapped_column(ForeignKey("series.id", ondelete="SET NULL"), index=True)
    ignored: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    """A person said that it is no series of this library."""
    videos: Mapped[int] = mapped_column(default=0, server_default="0")
    size: Mapped[int] = mapped_column(default=0, server_default="0")
    """Bytes of all videos."""
    seen_at: Mapped[dt.datetime]


class Directory(Base):
    """A directory that was read, so that it need not be read again while it is unchanged."""

    __tablename__ = "directories"

    path: Mapped[str] = mapped_column(String(1024), primary_key=True)
    """Relative to the anime directory, with slashes."""
    folder_id: Mapped[UUID] = mapped_column(ForeignKey("folders.id", ondelete="CASCADE"), index=True)
    mtime_ns: Mapped[int]


class Video(Base):
    """A video, and what its path says, or the description beside it."""

    __tablename__ = "videos"
    path: Mapped[str] = mapped_column(String(1024), primary_key=True)
    """Relative to the anime directory, with slashes."""
    folder_id: Mapped[UUID] = mapped_column(ForeignKey("folders.id", ondelete="CASCADE"), index=True)
    directory: Mapped[str] = mapped_column(String(1024), index=True)
    size: Mapped[int]
    mtime_ns: Mapped[int]
    kind: Mapped[str] = mapped_column(String(16))
    season: Mapped[int | None]
    episodes: Mapped[list[Any]]
    absolute: Mapped[list[Any]]
    languages: Mapped[str] = mapped_column(String(200))
    """Comma-separated; empty: the name does not say."""
    version: Mapped[int | None]
    described: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    """Its numbers are those of the description beside it, which somebody else wrote."""
    tracks: Mapped[str | None] = mapped_column(String(200))
    """What its tracks tell, as ``languages``; None: nobody has looked."""
