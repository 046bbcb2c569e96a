"""The library's SQL for what sources list: ids survive, and so does what there is a file of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import delete, exists, insert, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncSession

from aniworld.catalog.types import SeasonInfo
from aniworld.db.base import new_id
from aniworld.library.models import Episode, EpisodeFile, EpisodeLanguage, EpisodeOffer, Season
from aniworld.library.uniting import Offer, Row, Source, United

_T = TypeVar("_T")

_CHUNK = 200
"""Rows or ids in one statement: below every database's limit of parameters."""
_ASIDE = 1_000_000
"""Added to numbers that are on their way to others, so that none is there twice meanwhile."""


class ListingRepository:
    """All queries on what sources list, in one session."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def known(self, series_id: UUID) -> list[Row]:
        """Every episode, and at which sources it is."""
        has_file = exists().where(EpisodeFile.episode_id == Episode.id)
        query = select(
            Episode.id,
            Episode.season,
            Episode.episode,
            Episode.title,
            Episode.absolute,
            Episode.aired,
            Episode.duration,
            has_file.label("has_file"),
        ).where(Episode.series_id == series_id)
        rows = {
            row.id: Row(
                id=row.id,
                number=(row.season, row.episode),
                title=row.title,
                absolute=row.absolute,
                aired=row.aired,
                duration=row.duration,
                has_file=row.has_file,
            )
            for row in await self._session.execute(query.order_by(Episode.season, Episode.episode))
        }
        offers = (
            select(EpisodeOffer.__table__)
            .join(Episode, Episode.id == EpisodeOffer.episode_id)
            .where(Episode.series_id == series_id)
        )
        for offer in await self._session.execute(offers):
            languages = frozenset(offer.languages.split(",")) if offer.languages else frozenset()
            rows[offer.episode_id].offers[offer.provider, offer.provider_key] = Offer(
                (offer.season, offer.episode), languages
            )
        return list(rows.values())

    async def offers(self, episode_id: UUID) -> dict[Source, Offer]:
        """At which sources an episode is."""
        rows = await self._session.execute(select(EpisodeOffer.__table__).where(EpisodeOffer.episode_id == episode_id))
        return {
            (row.provider, row.provider_key): Offer(
                (row.season, row.episode), frozenset(row.languages.split(",")) if row.languages else frozenset()
            )
            for row in rows
        }

    async def listing(self, series_id: UUID) -> set[Source]:
        """The sources that ever listed an episode of the series."""
        query = (
            select(EpisodeOffer.provider, EpisodeOffer.provider_key)
            .join(Episode, Episode.id == EpisodeOffer.episode_id)
            .where(Episode.series_id == series_id)
            .distinct()
        )
        return {(provider, key) for provider, key in (await self._session.execute(query)).tuples()}

    async def store(self, series_id: UUID, known: Sequence[Row], united: United) -> None:
        """Write what became of what was known."""
        before = {row.id: row for row in known}
        added = [row for row in united.rows if row.id is None]
        changed = [row for row in united.rows if row.id is not None and _values(row) != _values(before[row.id])]
        gone = before.keys() - {row.id for row in united.rows}
        for ids in _chunks([id_ for id_ in gone if id_ is not None]):
            has_file = exists().where(EpisodeFile.episode_id == Episode.id)
            await self._session.execute(delete(Episode).where(Episode.id.in_(ids), ~has_file))
        await self.move({row.id: row.number for row in changed if row.number != before[row.id].number})
        if changed:
            await self._session.execute(update(Episode), [{"id": row.id, **_values(row)} for row in changed])
        for rows in _chunks(changed):
            of_changed = EpisodeFile.episode_id.in_([row.id for row in rows])
            await self._session.execute(update(EpisodeFile).where(of_changed).values(nfo_written_at=None))
        for row in added:
            row.id = new_id()
        for rows in _chunks(added):
            await self._session.execute(
                insert(Episode), [{"id": row.id, "series_id": series_id, **_values(row)} for row in rows]
            )
        await self._store_offers(before, united.rows)
        await self._store_languages(before, united.rows)

    async def move(self, numbers: Mapping[Any, tuple[int, int]]) -> None:
        """Give episodes other numbers, all at once."""
        if not numbers:
            return
        for offset in (_ASIDE, 0):
            await self._session.execute(
                update(Episode),
                [
                    {"id": id_, "season": season + offset, "episode": episode}
                    for id_, (season, episode) in numbers.items()
                ],
            )

    async def store_seasons(self, series_id: UUID, seasons: Sequence[SeasonInfo]) -> None:
        """The seasons that episodes lie in, and what the source calls them."""
        query = select(Season.season, Season.name).where(Season.series_id == series_id)
        known = dict((await self._session.execute(query)).tuples().all())
        of_series = select(Episode.season).where(Episode.series_id == series_id).distinct()
        used = set(await self._session.scalars(of_series))
        told = {season.season: season.name[:500] for season in seasons}
        added = [
            {"id": new_id(), "series_id": series_id, "season": number, "name": told.get(number, "")}
            for number in sorted((used | told.keys()) - known.keys())
        ]
        for chunk in _chunks(added):
            await self._session.execute(insert(Season), chunk)
        for number, name in told.items():
            if name and known.get(number, name) != name:
                await self._session.execute(
                    update(Season).where(Season.series_id == series_id, Season.season == number).values(name=name)
                )
        gone = known.keys() - told.keys() - used
        if gone:
            await self._session.execute(delete(Season).where(Season.series_id == series_id, Season.season.in_(gone)))

    async def _store_offers(self, before: Mapping[UUID | None, Row], rows: Sequence[Row]) -> None:
        changed = [row for row in rows if row.id not in before or row.offers != before[row.id].offers]
        for chunk in _chunks([row.id for row in changed if row.id in before]):
            await self._session.execute(delete(EpisodeOffer).where(EpisodeOffer.episode_id.in_(chunk)))
        values = [
            {
                "episode_id": row.id,
                "provider": source[0],
                "provider_key": source[1],
                "season": offer.number[0],
                "episode": offer.number[1],
                "languages": ",".join(sorted(offer.languages)),
            }
            for row in changed
            for source, offer in row.offers.items()
        ]
        for part in _chunks(values):
            await self._session.execute(insert(EpisodeOffer), part)

    async def _store_languages(self, before: Mapping[UUID | None, Row], rows: Sequence[Row]) -> None:
        nothing: frozenset[str] = frozenset()
        known = {row.id: _languages(row) for row in before.values()}
        listed = {row.id: _languages(row) for row in rows}
        added = [
            {"episode_id": id_, "language": language}
            for id_, languages in listed.items()
            for language in sorted(languages - known.get(id_, nothing))
        ]
        for chunk in _chunks(added):
            await self._session.execute(insert(EpisodeLanguage), chunk)
        gone = [
            (id_, language)
            for id_, languages in known.items()
            for language in sorted(languages - listed.get(id_, nothing))
        ]
        for pairs in _chunks(gone):
            await self._session.execute(
                delete(EpisodeLanguage).where(tuple_(EpisodeLanguage.episode_id, EpisodeLanguage.language).in_(pairs))
            )


def _values(row: Row) -> dict[str, Any]:
    return {
        "season": row.number[0],
        "episode": row.number[1],
        "title": row.title,
        "absolute": row.absolute,
        "aired": row.aired,
        "duration": row.duration,
    }


def _languages(row: Row) -> frozenset[str]:
    return frozenset(language for offer in row.offers.values() for language in offer.languages)


def _chunks(items: list[_T]) -> Iterable[list[_T]]:
    for start in range(0, len(items), _CHUNK):
        yield items[start : start + _CHUNK]
