"""What the scan is told when files are moved from here."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from aniworld.library.types import MovedPath
from aniworld.scan.moved_repository import MovedRepository


async def follow(session: AsyncSession, _series_key: str, moved: Sequence[MovedPath], removed: Collection[str]) -> None:
    """These lie elsewhere now, and these directories are gone; in the caller's transaction."""
    await MovedRepository(session).follow(moved, removed)
