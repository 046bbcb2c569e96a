"""The library's SQL about the further sources of a series."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, delete, insert, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from aniworld.library.models import Series, SeriesSource
from aniworld.library.types import SourceRef

_CHUNK = 200


class SourceRepository:
    """All queries on the sources of series, in one session."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def of(self, series_id: UUID) -> list[SourceRef]:
        """The further sources of a series, in order."""
        query = (
            select(SeriesSource.provider, SeriesSource.provider_key, SeriesSource.name)
            .where(SeriesSource.series_id == series_id)
            .order_by(SeriesSource.position)
        )
        rows = await self._session.execute(query)
        return [SourceRef(provider=row.provider, provider_key=row.provider_key, name=row.name) for row in rows]

    async def put(self, series_id: UUID, sources: Sequence[SourceRef]) -> None:
        """These are the further sources from now on, in this order."""
        await self._session.execute(delete(SeriesSource).where(SeriesSource.series_id == series_id))
        if sources:
            await self._session.execute(
                insert(SeriesSource),
                [
                    {
                        "series_id": series_id,
                        "position": position,
                        "provider": source.provider,
                        "provider_key": source.provider_key,
                        "name": source.name[:500],
                    }
                    for position, source in enumerate(sources)
                ],
            )

    async def known(self, pairs: Collection[tuple[str, str]]) -> dict[tuple[str, str], str]:
        """The keys of the series in the library that have those (provider, provider key), first or further."""
        found: dict[tuple[str, str], str] = {}
        ordered = sorted(pairs)
        for start in range(0, len(ordered), _CHUNK):
            chunk = ordered[start : start + _CHUNK]
            first = select(Series.provider, Series.provider_key, Series.key).where(
                tuple_(Series.provider, Series.provider_key).in_(chunk), Series.deleted_at.is_(None)
            )
            further = (
                select(SeriesSource.provider, SeriesSource.provider_key, Series.key)
                .join(Series, Series.id == SeriesSource.series_id)
                .where(tuple_(SeriesSource.provider, SeriesSource.provider_key).in_(chunk), Series.deleted_at.is_(None))
            )
            for query in (further, first):
                rows = await self._session.execute(query)
                found.update({(provider, provider_key): key for provider, provider_key, key in rows.tuples()})
        return found

    async def owner(self, source: SourceRef, *, except_id: UUID) -> Row[Any] | None:
        """The other series, deleted or not, whose first source it is."""
        query = select(Series.key, Series.deleted_at).where(
            Series.provider == source.provider, Series.provider_key == source.provider_key, Series.id != except_id
        )
        return (await self._session.execute(query)).first()
