"""The library's SQL below the series: seasons, episodes, languages, files, and the counts made of them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Sequence
from typing import Any, TypeVar
from uuid import UUID

import msgspec
from sqlalchemy import (
    ColumnElement,
    Insert,
    Row,
    and_,
    delete,
    exists,
    func,
    literal,
    or_,
    select,
    true,
    tuple_,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from aniworld.db.base import new_id
from aniworld.kit.clock import now
from aniworld.library.list_repository import ListRepository
from aniworld.library.models import Episode, EpisodeFile, EpisodeLanguage, Season, Series
from aniworld.media.types import MediaInfo

_T = TypeVar("_T")

_CHUNK = 200
"""Rows or ids in one statement: below every database's limit of parameters."""

_OFFERED = (
    select(func.aggregate_strings(EpisodeLanguage.language, ","))
    .where(EpisodeLanguage.episode_id == Episode.id)
    .correlate(Episode)
    .scalar_subquery()
)
_IS_OFFERED = exists().where(EpisodeLanguage.episode_id == Episode.id)


class EpisodeRepository:
    """All queries on episodes, in one session."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session
        self._dialect = session.get_bind().dialect.name

    # --- looking ------------------------------------------------------------------------------------------------

    async def seasons(self, series_id: UUID) -> list[Row[Any]]:
        """(season, name, monitored), the specials last."""
        query = select(Season.season, Season.name, Season.monitored).where(Season.series_id == series_id)
        return list(await self._session.execute(query.order_by(Season.season == 0, Season.season)))

    async def episodes(self, series_id: UUID) -> list[Row[Any]]:
        """Every episode in order; ``offered`` holds the languages of the source, comma-separated, or None."""
        query = select(
            Episode.id,
            Episode.season,
            Episode.episode,
            Episode.absolute,
            Episode.title,
            Episode.aired,
            Episode.duration,
            Episode.plot,
            Episode.rating,
            _OFFERED.label("offered"),
        ).where(Episode.series_id == series_id)
        return list(await self._session.execute(query.order_by(Episode.season, Episode.episode)))

    async def files(self, series_id: UUID) -> list[Row[Any]]:
        """Every file of a series."""
        query = (
            select(
                EpisodeFile.id,
                EpisodeFile.episode_id,
                EpisodeFile.language,
                EpisodeFile.path,
                EpisodeFile.size,
                EpisodeFile.language_source,
                EpisodeFile.thumb,
                EpisodeFile.created_at,
            )
            .join(Episode, Episode.id == EpisodeFile.episode_id)
            .where(Episode.series_id == series_id, EpisodeFile.replaced_at.is_(None))
        )
        return list(await self._session.execute(query))

    async def candidates(self, series_key: str, wanted: Collection[tuple[int, int]] | None) -> list[Row[Any]]:
        """What decides on downloads, in one query; a row without an episode where the series has none of those named.

        ``offered`` and ``kept`` hold languages, comma-separated, or None. Empty: there is no such series.
        """
        kept = (
            select(func.aggregate_strings(EpisodeFile.language, ","))
            .where(EpisodeFile.episode_id == Episode.id, EpisodeFile.replaced_at.is_(None))
            .correlate(Episode)
            .scalar_subquery()
        )
        of_series: list[ColumnElement[bool]] = [Episode.series_id == Series.id]
        if wanted is not None and len(wanted) <= _CHUNK:
            of_series.append(tuple_(Episode.season, Episode.episode).in_(sorted(wanted)))
        query = (
            select(
                Series.name,
                Series.languages,
                Series.language_mode,
                Series.language_wait_days,
                Series.specials,
                func.coalesce(Season.monitored, true()).label("monitored"),
                Episode.id,
                Episode.season,
                Episode.episode,
                Episode.title,
                Episode.aired,
                _OFFERED.label("offered"),
                kept.label("kept"),
            )
            .select_from(Series)
            .outerjoin(Episode, and_(*of_series))
            .outerjoin(Season, and_(Season.series_id == Episode.series_id, Season.season == Episode.season))
            .where(Series.key == series_key, Series.deleted_at.is_(None))
            .order_by(Episode.season == 0, Episode.season, Episode.episode)
        )
        return list(await self._session.execute(query))

    async def target(self, episode_id: UUID) -> Row[Any] | None:
        """One episode and its series, if that is in the library."""
        query = (
            select(
                Series.id.label("series_id"),
                Series.key,
                Series.name,
                Series.provider,
                Series.provider_key,
                Series.folder,
                Series.year,
                Episode.season,
                Episode.episode,
                Episode.absolute,
                Episode.title,
                Episode.duration,
            )
            .join(Series, Series.id == Episode.series_id)
            .where(Episode.id == episode_id, Series.deleted_at.is_(None))
        )
        return (await self._session.execute(query)).first()

    async def absolute(self, target: Row[Any]) -> int | None:
        """The number over all seasons of what :meth:`target` found: as the source tells it, else counted, as a scan
        would; None for a special."""
        known: int | None = target.absolute
        if target.season == 0 or known is not None:
            return known if target.season > 0 else None
        regular = and_(Episode.series_id == target.series_id, Episode.season > 0)
        if await self._session.scalar(select(exists().where(regular, Episode.absolute.is_not(None)))):
            return None
        earlier = tuple_(Episode.season, Episode.episode) <= (target.season, target.episode)
        count = select(func.count()).select_from(Episode).where(regular, earlier)
        counted: int | None = await self._session.scalar(count)
        return counted

    async def owner(self, episode_id: UUID) -> Row[Any] | None:
        """The series of an episode, deleted or not."""
        query = (
            select(
                Series.id,
                Series.key,
                Series.name,
                Series.languages,
                Series.language_mode,
                Series.language_wait_days,
            )
            .join(Episode, Episode.series_id == Series.id)
            .where(Episode.id == episode_id)
        )
        return (await self._session.execute(query)).first()

    async def paths_of(self, episode_id: UUID, *, except_language: str) -> list[str]:
        """The files that an episode has in other languages."""
        query = select(EpisodeFile.path).where(
            EpisodeFile.episode_id == episode_id, EpisodeFile.language != except_language
        )
        return list(await self._session.scalars(query))

    async def has_any(self, series_id: UUID) -> bool:
        """Whether any episode of the series is known."""
        return bool(await self._session.scalar(select(exists().where(Episode.series_id == series_id))))

    async def first_aired(self, series_id: UUID) -> dt.date | None:
        """When the series began, specials left aside."""
        return await self._session.scalar(
            select(func.min(Episode.aired)).where(Episode.series_id == series_id, Episode.season > 0)
        )

    # --- files --------------------------------------------------------------------------------------------------

    async def put_file(
        self, episode_id: UUID, language: str, path: str, size: int, media: MediaInfo | None = None
    ) -> None:
        """The file of an (episode, language) that a download put there; replaces an earlier one.

        ``media``: what it holds, if known.
        """
        values = {
            "path": path,
            "language_source": "download",
            "size": size,
            "media": msgspec.to_builtins(media),
            "nfo_written_at": None,
            "thumb": None,
            "thumb_at": None,
            "replaced_at": None,
            "created_at": now(),
        }
        statement = self._insert().values(id=new_id(), episode_id=episode_id, language=language, **values)
        await self._session.execute(
            statement.on_conflict_do_update(index_elements=["episode_id", "language"], set_=values)  # type: ignore[attr-defined]
        )

    def _insert(self) -> Insert:
        return postgresql.insert(EpisodeFile) if self._dialect == "postgresql" else sqlite.insert(EpisodeFile)

    async def forget_files(self, ids: Iterable[UUID]) -> None:
        """Files that are no longer there."""
        for chunk in _chunks(list(ids)):
            await self._session.execute(delete(EpisodeFile).where(EpisodeFile.id.in_(chunk)))

    # --- counts -------------------------------------------------------------------------------------------------

    async def recount(self, series_ids: Sequence[UUID], wanted: Sequence[str], *, specials: bool) -> None:
        """Write the counts of series that want these languages.

        ``specials``: whether the library wants them, for series that do not say. Missing is what is out, wanted and not
        there; the total is what is wanted, and what is there without being wanted.
        """
        # Whoever counts the same series at the same time waits here, so that neither misses the other's change.
        await self._session.execute(
            select(Series.id).where(Series.id.in_(series_ids)).order_by(Series.id).with_for_update()
        )
        today = now().date()
        mine = Episode.series_id == Series.id
        there = exists().where(
            EpisodeFile.episode_id == Episode.id,
            EpisodeFile.language.in_(wanted),
            EpisodeFile.replaced_at.is_(None),
        )
        out = or_(Episode.aired <= today, _IS_OFFERED)
        own_or_usual = func.coalesce(Series.specials, literal(specials))
        unmonitored = exists().where(
            Season.series_id == Episode.series_id, Season.season == Episode.season, Season.monitored.is_(False)
        )
        asked_for = or_(and_(Episode.season == 0, own_or_usual), and_(Episode.season != 0, ~unmonitored))

        def count(*conditions: ColumnElement[bool]) -> Any:
            query = select(func.count()).select_from(Episode).where(mine, *conditions)
            return query.correlate(Series).scalar_subquery()

        seasons = select(func.count(Episode.season.distinct())).where(mine, Episode.season > 0)
        kept = EpisodeFile.replaced_at.is_(None)
        size = select(func.coalesce(func.sum(EpisodeFile.size), 0)).join(Episode).where(mine, kept)
        coming = select(func.min(Episode.aired)).where(mine, Episode.aired > today).correlate(Series).scalar_subquery()
        await self._session.execute(
            update(Series)
            .where(Series.id.in_(series_ids))
            .values(
                total_episodes=count(or_(asked_for, there)),
                downloaded_episodes=count(there),
                missing_episodes=count(out, ~there, asked_for),
                season_count=seasons.correlate(Series).scalar_subquery(),
                size=size.correlate(Series).scalar_subquery(),
                next_air_date=coming,
                counted_languages=",".join(wanted),
                counted_specials=own_or_usual,
            )
        )
        await ListRepository(self._session).count_languages(series_ids)

    async def miscounted(self, configured: Sequence[str], limit: int, *, specials: bool) -> list[Row[Any]]:
        """(id, key, name, languages) of series counted under other wishes or before an air date."""
        query = (
            select(Series.id, Series.key, Series.name, Series.languages)
            .where(
                Series.deleted_at.is_(None),
                or_(
                    Series.counted_languages != func.coalesce(Series.languages, ",".join(configured)),
                    Series.counted_specials != func.coalesce(Series.specials, literal(specials)),
                    Series.next_air_date <= now().date(),
                ),
            )
            .limit(limit)
        )
        return list(await self._session.execute(query))


def _chunks(items: list[_T]) -> Iterable[list[_T]]:
    for start in range(0, len(items), _CHUNK):
        yield items[start : start + _CHUNK]
