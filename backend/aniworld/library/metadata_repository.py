"""The library's SQL on what services told: kept as it came, and as columns of series and episodes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast
from uuid import UUID

import msgspec
from sqlalchemy import Row, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from aniworld.library.mapping_types import SeasonMapping, Segment
from aniworld.library.merging import Kept
from aniworld.library.models import (
    Episode,
    EpisodeFile,
    SeasonPlace,
    Series,
    SeriesId,
    SeriesMetadata,
    SeriesTitle,
)
from aniworld.library.thumb_repository import ThumbRepository
from aniworld.metadata.types import Candidate, IdKind, MergedSeries, Origin, Service

_CHUNK = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A row of what one told."""

    origin: Origin
    service_id: str | None
    confidence: float
    pinned: bool
    kept: Kept | None
    candidates: tuple[Candidate, ...]
    problem: str | None
    attempts: int
    fetched_at: dt.datetime | None
    ask_after: dt.datetime | None


class MetadataRepository:
    """All queries on it, in one session."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def told(self, series_id: UUID) -> dict[Origin, Told]:
        """What everybody told about a series."""
        rows = await self._session.execute(
            select(SeriesMetadata.__table__).where(SeriesMetadata.series_id == series_id)
        )
        return {row.origin: _told(row) for row in rows}

    async def put(self, series_id: UUID, origin: Origin, **values: Any) -> None:
        """Write columns of one's row, which is made if there is none."""
        if "kept" in values:
            kept = values.pop("kept")
            values["told"] = msgspec.to_builtins(kept) if kept is not None else None
        if "candidates" in values:
            values["candidates"] = msgspec.to_builtins(values["candidates"])
        where = (SeriesMetadata.series_id == series_id, SeriesMetadata.origin == origin)
        there = await self._session.scalar(select(SeriesMetadata.origin).where(*where))
        if there is None:
            await self._session.execute(insert(SeriesMetadata).values(series_id=series_id, origin=origin, **values))
        else:
            await self._session.execute(update(SeriesMetadata).where(*where).values(**values))

    async def note(self, series_id: UUID) -> str | None:
        """What does not keep a series from being complete: who stands in for its source, which service is silent."""
        query = (
            select(SeriesMetadata.problem)
            .where(SeriesMetadata.series_id == series_id, SeriesMetadata.problem.is_not(None))
            .order_by(SeriesMetadata.origin)
        )
        source = await self._session.scalar(select(Series.loading_note).where(Series.id == series_id))
        return "; ".join(filter(None, [source, *await self._session.scalars(query)])) or None

    async def written(self, series_id: UUID) -> tuple[Any, ...] | None:
        """What the description of a series is made of: where it differs, it is to be written again."""
        query = select(Series.facts, Series.description).where(Series.id == series_id)
        row = (await self._session.execute(query)).first()
        return tuple(row) if row is not None else None

    async def due_now(self, series_id: UUID) -> None:
        """Every service is asked again when the series is loaded next."""
        await self._session.execute(
            update(SeriesMetadata).where(SeriesMetadata.series_id == series_id).values(ask_after=None)
        )

    async def rewrite(self, series_id: UUID) -> None:
        """The descriptions and pictures of a series are looked at again, behind everything that somebody waits for."""
        await self._session.execute(
            update(Series)
            .where(Series.id == series_id, Series.loading_status == "completed", Series.deleted_at.is_(None))
            .values(
                nfo_loaded=False,
                logo_loaded=False,
                images_loaded=False,
                loading_status="pending",
                load_priority=-1,
                loading_attempts=0,
            )
        )

    async def next_due(self, moment: dt.datetime, *, failed: bool) -> Row[Any] | None:
        """(id, key, name) of the series of which a service is to be asked again; ``failed``: that did not tell."""
        query = (
            select(Series.id, Series.key, Series.name)
            .join(SeriesMetadata, SeriesMetadata.series_id == Series.id)
            .where(
                Series.deleted_at.is_(None),
                Series.loading_status == "completed",
                SeriesMetadata.ask_after <= moment,
                SeriesMetadata.problem.is_not(None) if failed else SeriesMetadata.problem.is_(None),
            )
            .order_by(SeriesMetadata.ask_after)
            .limit(1)
        )
        return (await self._session.execute(query)).first()

    async def ids(self, series_id: UUID) -> dict[IdKind, str]:
        """What the services call a series."""
        query = select(SeriesId.kind, SeriesId.value).where(SeriesId.series_id == series_id)
        return {cast("IdKind", kind): value for kind, value in (await self._session.execute(query)).tuples()}

    async def put_ids(self, series_id: UUID, ids: Mapping[IdKind, str], *, from_nfo: bool = False) -> None:
        """Ids that were found out; one that stood in the folder's own file stays unless it is read again."""
        told = {kind: value[:64] for kind, value in ids.items() if value}
        if from_nfo:
            await self._session.execute(
                delete(SeriesId).where(SeriesId.series_id == series_id, SeriesId.kind.in_(told))
            )
            fresh = dict(told)
        else:
            kept = set(
                await self._session.scalars(
                    select(SeriesId.kind).where(SeriesId.series_id == series_id, SeriesId.from_nfo.is_(True))
                )
            )
            await self._session.execute(
                delete(SeriesId).where(SeriesId.series_id == series_id, SeriesId.from_nfo.is_(False))
            )
            fresh = {kind: value for kind, value in told.items() if kind not in kept}
        if fresh:
            await self._session.execute(
                insert(SeriesId),
                [
                    {"series_id": series_id, "kind": kind, "value": value, "from_nfo": from_nfo}
                    for kind, value in fresh.items()
                ],
            )

    async def put_id(self, series_id: UUID, kind: IdKind, value: str) -> None:
        """The id that a person chose."""
        await self.forget_id(series_id, kind)
        await self._session.execute(
            insert(SeriesId).values(series_id=series_id, kind=kind, value=value, from_nfo=False)
        )

    async def forget_id(self, series_id: UUID, kind: IdKind) -> None:
        """A person says otherwise."""
        await self._session.execute(delete(SeriesId).where(SeriesId.series_id == series_id, SeriesId.kind == kind))

    async def put_titles(self, series_id: UUID, folded: set[str]) -> None:
        """The titles under which search finds a series."""
        known = set(await self._session.scalars(select(SeriesTitle.folded).where(SeriesTitle.series_id == series_id)))
        if gone := known - folded:
            await self._session.execute(
                delete(SeriesTitle).where(SeriesTitle.series_id == series_id, SeriesTitle.folded.in_(gone))
            )
        if added := sorted(folded - known):
            await self._session.execute(
                insert(SeriesTitle), [{"series_id": series_id, "folded": title} for title in added]
            )

    # --- where seasons lie --------------------------------------------------------------------------------------

    async def places(self, series_id: UUID) -> dict[Service, list[SeasonMapping]]:
        """Where each season lies at each service."""
        rows = await self._session.execute(
            select(SeasonPlace.__table__)
            .where(SeasonPlace.series_id == series_id)
            .order_by(SeasonPlace.service, SeasonPlace.season, SeasonPlace.first)
        )
        found: dict[Service, dict[int, tuple[float, bool, list[Segment]]]] = {}
        for row in rows:
            _, _, segments = found.setdefault(row.service, {}).setdefault(row.season, (row.confidence, row.pinned, []))
            if row.service_id is not None:
                segments.append(_segment(row))
        return {
            service: [
                SeasonMapping(season=season, segments=tuple(segments), confidence=confidence, pinned=pinned)
                for season, (confidence, pinned, segments) in seasons.items()
            ]
            for service, seasons in found.items()
        }

    async def put_places(self, series_id: UUID, service: Service, found: Sequence[SeasonMapping]) -> None:
        """These are the places at one service from now on."""
        await self._session.execute(
            delete(SeasonPlace).where(SeasonPlace.series_id == series_id, SeasonPlace.service == service)
        )
        rows = [
            {
                "series_id": series_id,
                "service": service,
                "season": one.season,
                "first": segment.first,
                "last": segment.last,
                "service_id": segment.id,
                "service_season": segment.service_season,
                "shift": segment.offset,
                "order_id": segment.order,
                "confidence": one.confidence,
                "pinned": one.pinned,
            }
            for one in found
            for segment in one.segments
        ]
        rows += [
            {
                "series_id": series_id, "service": service, "season": one.season, "first": 0, "last": None,
                "service_id": None, "service_season": 0, "shift": 0, "order_id": None,
                "confidence": one.confidence, "pinned": one.pinned,
            }
            for one in found
            if not one.segments
        ]  # fmt: skip
        if rows:
            await self._session.execute(insert(SeasonPlace), rows)

    # --- as columns ---------------------------------------------------------------------------------------------

    async def apply(self, series_id: UUID, merged: MergedSeries, *, anew: bool = False) -> bool:
        """Write what is told of the episodes that the series has; whether anything changed.

        What nobody tells stays as it was, or with ``anew`` is gone.
        """
        rows = await self._session.execute(
            select(
                Episode.id,
                Episode.season,
                Episode.episode,
                Episode.title,
                Episode.aired,
                Episode.duration,
                Episode.plot,
                Episode.still,
                Episode.rating,
                Episode.facts,
            ).where(Episode.series_id == series_id)
        )
        told = {(one.season, one.episode): one for season in merged.seasons for one in season.episodes}
        changed: list[dict[str, Any]] = []
        stills: set[UUID] = set()
        for row in rows:
            one = told.get((row.season, row.episode))
            if one is None:
                continue
            more = {"ids": one.ids, "ratings": one.ratings, "directors": one.directors, "writers": one.writers}
            values: dict[str, Any] = {
                "title": one.title[:500],
                "aired": one.aired,
                "duration": one.duration,
                "plot": one.plot,
                "still": one.still if one.still and len(one.still) <= 2000 else None,
                "rating": one.ratings[0].value if one.ratings else None,
                "facts": msgspec.to_builtins(more) if any(more.values()) else None,
            }
            if not anew:
                values = {name: value or getattr(row, name) for name, value in values.items()}
            if any(getattr(row, name) != value for name, value in values.items()):
                changed.append({"id": row.id, **values})
                if values["still"] != row.still:
                    stills.add(row.id)
        if changed:
            await self._session.execute(update(Episode), changed)
        for start in range(0, len(changed), _CHUNK):
            ids = [values["id"] for values in changed[start : start + _CHUNK]]
            await self._session.execute(
                update(EpisodeFile).where(EpisodeFile.episode_id.in_(ids)).values(nfo_written_at=None)
            )
            await ThumbRepository(self._session).again_of(stills.intersection(ids))
        return bool(changed)


def _told(row: Any) -> Told:
    return Told(
        origin=row.origin,
        service_id=row.service_id,
        confidence=row.confidence,
        pinned=row.pinned,
        kept=_convert(row.told),
        candidates=tuple(msgspec.convert(row.candidates or [], list[Candidate])),
        problem=row.problem,
        attempts=row.attempts,
        fetched_at=row.fetched_at,
        ask_after=row.ask_after,
    )


def _convert(told: Any) -> Kept | None:
    """What was kept; None where an earlier version kept something else: it is asked for again."""
    try:
        return msgspec.convert(told, Kept) if told is not None else None
    except msgspec.ValidationError:
        return None


def _segment(row: Any) -> Segment:
    return Segment(
        season=row.season,
        first=row.first,
        last=row.last,
        id=row.service_id,
        service_season=row.service_season,
        offset=row.shift,
        confidence=row.confidence,
        pinned=row.pinned,
        order=row.order_id,
    )
