"""The library's SQL on series: lists from stored counts, single rows, and the loader's queue."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import ColumnElement, CursorResult, Row, and_, case, delete, func, insert, literal, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from aniworld.config.schemas import LibrarySection
from aniworld.kit.clock import now
from aniworld.kit.text import fold
from aniworld.library.models import Series, SeriesGenre
from aniworld.library.policy import Policy
from aniworld.library.schemas import ImageOut, SeriesOut
from aniworld.library.types import ImageKind, LoadJob, Step

FIELDS = tuple(name for name in SeriesOut.__struct_fields__)
COLUMNS = tuple(getattr(Series, name) for name in FIELDS)
_LANGUAGES = FIELDS.index("languages")

_LOADED = {
    "episodes": Series.episodes_loaded,
    "nfo": Series.nfo_loaded,
    "logo": Series.logo_loaded,
    "images": Series.images_loaded,
}
_FIRST_STEP = case(
    (~Series.episodes_loaded, "loading_episodes"),
    (~Series.nfo_loaded, "loading_nfo"),
    (~Series.logo_loaded, "loading_logo"),
    else_="loading_images",
)


class SeriesRepository:
    """All queries on series, in one session. Deleted ones are not there unless that is said."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session
        self._dialect = session.get_bind().dialect.name

    # --- looking ------------------------------------------------------------------------------------------------

    async def get(self, key: str) -> tuple[UUID, SeriesOut] | None:
        """One series and its id."""
        query = select(Series.id, *COLUMNS).where(Series.key == key, Series.deleted_at.is_(None))
        row = (await self._session.execute(query)).first()
        return None if row is None else (row[0], series_out(row[1:]))

    async def find(self, key: str) -> Row[Any] | None:
        """What the verbs need of a series, deleted or not."""
        query = select(
            Series.id,
            Series.key,
            Series.name,
            Series.named,
            Series.folder,
            Series.languages,
            Series.provider,
            Series.provider_key,
            Series.loading_status,
            Series.episodes_loaded,
            Series.nfo_loaded,
            Series.logo_loaded,
            Series.images_loaded,
            Series.deleted_at,
        ).where(Series.key == key)
        return (await self._session.execute(query)).first()

    # --- adding and changing ------------------------------------------------------------------------------------

    async def by_source(self, provider: str, provider_key: str) -> Row[Any] | None:
        """The series of a source, deleted or not."""
        query = select(Series.id, Series.key, Series.deleted_at).where(
            Series.provider == provider, Series.provider_key == provider_key
        )
        return (await self._session.execute(query)).first()

    async def keys_like(self, base: str) -> set[str]:
        """Keys that begin with ``base``, of deleted series too."""
        return set(await self._session.scalars(select(Series.key).where(Series.key.startswith(base, autoescape=True))))

    async def insert(self, **values: Any) -> None:
        """A new row."""
        await self._session.execute(insert(Series).values(**values))

    async def change(self, id_: UUID, **values: Any) -> None:
        """Change columns of a row, deleted or not."""
        await self._session.execute(update(Series).where(Series.id == id_).values(updated_at=now(), **values))

    async def set_genres(self, id_: UUID, genres: Sequence[str]) -> None:
        """What the genre filter finds the series under."""
        await self._session.execute(delete(SeriesGenre).where(SeriesGenre.series_id == id_))
        folded = {fold(genre)[:100] for genre in genres} - {""}
        if folded:
            await self._session.execute(
                insert(SeriesGenre), [{"genre": genre, "series_id": id_} for genre in sorted(folded)]
            )

    # --- folders ------------------------------------------------------------------------------------------------

    async def placing(self, id_: UUID) -> Row[Any] | None:
        """What decides a series' folder."""
        query = select(Series.name, Series.year, Series.folder).where(Series.id == id_)
        return (await self._session.execute(query)).first()

    async def taken_folders(self) -> set[str]:
        """Every folder that belongs to a series, folded; what deleted ones had is free."""
        taken = (Series.folder_folded.is_not(None), Series.deleted_at.is_(None))
        rows = await self._session.scalars(select(Series.folder_folded).where(*taken))
        return {folder for folder in rows if folder is not None}

    # --- the loader's queue -------------------------------------------------------------------------------------

    async def claim(
        self,
        token: str,
        lease: dt.timedelta,
        *,
        with_files: bool,
        busy: Collection[UUID],
        shares: Mapping[str, int],
        most: int,
    ) -> LoadJob | None:
        """Take the next series that may be loaded now, in one statement; None: there is none.

        ``with_files``: there is an anime directory; without one only series whose episodes are not known are taken.
        ``busy``: series that this process still works on; ``shares``: how many of each source those are. Who has the
        fewest is next, and nobody has more than ``most``.
        """
        moment = now()
        conditions: list[ColumnElement[bool]] = [
            Series.deleted_at.is_(None),
            Series.loading_status.not_in(("completed", "failed")),
            or_(Series.load_after.is_(None), Series.load_after <= moment),
            or_(Series.lease_until.is_(None), Series.lease_until < moment),
        ]
        if not with_files:
            conditions.append(~Series.episodes_loaded)
        if busy:
            conditions.append(Series.id.not_in(busy))
        if full := [provider for provider, count in shares.items() if count >= most]:
            conditions.append(Series.provider.not_in(full))
        order: list[Any] = [Series.load_priority.desc(), Series.created_at, Series.id]
        if shares:
            held = [(Series.provider == provider, count) for provider, count in shares.items()]
            order.insert(1, case(*held, else_=0))
        chosen = select(Series.id).where(*conditions).order_by(*order).limit(1)
        if self._dialect == "postgresql":
            chosen = chosen.with_for_update(skip_locked=True)
        row = (
            await self._session.execute(
                update(Series)
                .where(Series.id == chosen.scalar_subquery())
                .values(
                    lease_token=token,
                    lease_until=moment + lease,
                    loading_status=_FIRST_STEP,
                    loading_started_at=func.coalesce(
                        Series.loading_started_at, literal(moment, Series.loading_started_at.type)
                    ),
                    loading_completed_at=None,
                    loading_error=None,
                )
                .returning(
                    Series.id,
                    Series.key,
                    Series.name,
                    Series.provider,
                    Series.provider_key,
                    Series.loading_attempts,
                    Series.replace_images,
                    *_LOADED.values(),
                )
            )
        ).first()
        if row is None:
            return None
        return LoadJob(
            id=row.id,
            key=row.key,
            name=row.name,
            provider=row.provider,
            provider_key=row.provider_key,
            token=token,
            done=steps_done(row),
            attempts=row.loading_attempts,
            replace_images=row.replace_images,
        )

    async def renew(self, job: LoadJob, until: dt.datetime, **values: Any) -> bool:
        """Write down a step of a load; False: somebody took the series back, and nothing was written."""
        return bool(
            await self._changed(
                update(Series)
                .where(Series.id == job.id, Series.lease_token == job.token, Series.deleted_at.is_(None))
                .values(lease_until=until, updated_at=now(), **values)
            )
        )

    async def release(self, job: LoadJob, **values: Any) -> bool:
        """End a load; False: it was no longer ours."""
        return bool(
            await self._changed(
                update(Series)
                .where(Series.id == job.id, Series.lease_token == job.token)
                .values(lease_token=None, lease_until=None, updated_at=now(), **values)
            )
        )

    async def take_up(self, *, all_leases: bool) -> int:
        """At a start: what is unfinished waits again, behind what somebody asks for now; how many there are.

        ``all_leases``: no other process shares this database, so every lease is a dead one.
        """
        free = or_(Series.lease_until.is_(None), Series.lease_until < now())
        unfinished = and_(Series.deleted_at.is_(None), Series.loading_status != "completed")
        return await self._changed(
            update(Series)
            .where(unfinished if all_leases else and_(unfinished, free))
            .values(
                loading_status="pending",
                load_priority=0,
                loading_attempts=0,
                load_after=None,
                lease_token=None,
                lease_until=None,
            )
        )

    async def next_due(self, moment: dt.datetime) -> dt.datetime | None:
        """When the next series that was still waiting at ``moment``, after a failure, may be tried."""
        return await self._session.scalar(
            select(func.min(Series.load_after)).where(
                Series.deleted_at.is_(None), Series.loading_status == "pending", Series.load_after > moment
            )
        )

    async def material(self, id_: UUID) -> Row[Any] | None:
        """What the series' description and pictures are made of."""
        query = select(
            Series.key,
            Series.name,
            Series.provider,
            Series.provider_key,
            Series.year,
            Series.status,
            Series.description,
            Series.genres,
            Series.artwork,
            Series.folder,
            Series.facts,
            Series.languages,
            Series.name_folded,
            Series.named,
        ).where(Series.id == id_)
        return (await self._session.execute(query)).first()

    async def _changed(self, statement: Any) -> int:
        result = await self._session.execute(statement)
        assert isinstance(result, CursorResult)
        return result.rowcount


def series_out(row: Sequence[Any]) -> SeriesOut:
    """A row of :data:`FIELDS` as the API tells it."""
    values: dict[str, Any] = dict(zip(FIELDS, row, strict=True))
    languages = row[_LANGUAGES]
    values["languages"] = split_languages(languages)
    values["images"] = msgspec.convert(values["images"], dict[ImageKind, ImageOut])
    return SeriesOut(**values)


def split_languages(text: str | None) -> list[str] | None:
    """Wanted languages as stored in a column."""
    return text.split(",") if text else None


def wanted_of(languages: str | None, configured: Sequence[str]) -> list[str]:
    """The wanted languages of a series: its own, or those of the library."""
    return split_languages(languages) or list(configured)


def policy_of(row: Any, library: LibrarySection) -> Policy:
    """What is wanted of a series: its own wishes, and those of the library where it has none."""
    days = row.language_wait_days
    return Policy(
        languages=tuple(wanted_of(row.languages, library.languages)),
        mode=row.language_mode or library.language_mode,
        wait_days=library.language_wait_days if days is None else days,
    )


def steps_done(row: Any) -> dict[Step, bool]:
    """Which parts of a series are loaded."""
    return {
        "episodes": row.episodes_loaded,
        "nfo": row.nfo_loaded,
        "logo": row.logo_loaded,
        "images": row.images_loaded,
    }


def to_load(parts: Sequence[Step]) -> dict[str, Any]:
    """Columns of a series of which parts are to be loaded now. Whoever loads it already loses the lease."""
    return {
        **{f"{part}_loaded": False for part in parts},
        "loading_status": "pending",
        "load_priority": 1,
        "loading_attempts": 0,
        "load_after": None,
        "loading_error": None,
        "loading_started_at": None,
        "loading_completed_at": None,
        "lease_token": None,
        "lease_until": None,
    }
