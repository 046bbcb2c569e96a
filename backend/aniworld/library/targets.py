"""The three verbs that downloads use. Ids of episodes go out with the first and come back with the last."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID
from weakref import WeakValueDictionary

from sqlalchemy.ext.asyncio import AsyncSession

from aniworld.catalog.types import EpisodeRef, Language
from aniworld.config.service import ConfigService
from aniworld.db.engine import Database, after_commit
from aniworld.events.bus import EventBus, publish_after_commit
from aniworld.events.types import SeriesRef, SeriesUpdated
from aniworld.kit.clock import now
from aniworld.library import folders
from aniworld.library.episode_repository import EpisodeRepository
from aniworld.library.errors import EpisodeNotFoundError, NoAnimeDirectoryError, SeriesNotFoundError
from aniworld.library.listing_repository import ListingRepository
from aniworld.library.naming import Names
from aniworld.library.policy import choose, replaced, season_wanted
from aniworld.library.replaced_repository import ReplacedRepository
from aniworld.library.repository import SeriesRepository, policy_of, wanted_of
from aniworld.library.source_repository import SourceRepository
from aniworld.library.types import EpisodeSource, Refusal, RefusalReason, Target, TargetDetails
from aniworld.library.version_repository import VersionRepository
from aniworld.media.types import MediaInfo

log = logging.getLogger(__name__)

_TOLD: frozenset[RefusalReason] = frozenset({"language_not_available", "waits_for_better_language"})
"""What is told also of episodes that nobody named."""


class DownloadTargets:
    """What can be downloaded, what a download needs to know, and what became of it."""

    def __init__(self, db: Database, bus: EventBus, config: ConfigService) -> None:
        self.wake_loader: Callable[[], None] = _nothing
        self.look_at_pictures: Callable[[UUID], None] = _nothing_to_look_at
        """Called when the pictures of a series may be others now."""
        """Set by the loader."""
        self._db = db
        self._bus = bus
        self._config = config
        self._places: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    def placing(self, series_key: str) -> asyncio.Lock:
        """Held while files of the series come to lie elsewhere: one at a time decides where."""
        lock = self._places.get(series_key)
        if lock is None:
            lock = self._places[series_key] = asyncio.Lock()
        return lock

    @property
    def _configured(self) -> Sequence[str]:
        return self._config.current.library.languages

    @property
    def _specials(self) -> bool:
        return self._config.current.library.specials

    @property
    def names(self) -> Names:
        """The templates in force."""
        return Names.of(self._config.current.library)

    async def download_targets(
        self, series_key: str, episodes: Sequence[tuple[int, int, str | None]] | None
    ) -> tuple[list[Target], list[Refusal]]:
        """What can be downloaded of the (season, episode, language) that are asked for, and what cannot, and why.

        Without a language the series' policy decides; nothing is taken that the source does not offer now. None:
        everything that is missing or wanted beside what is there; then only what is out, and cannot be had or has to
        wait, is refused, and nothing is said of seasons that are not wanted. Raises :class:`SeriesNotFoundError`.
        """
        numbers = None if episodes is None else {(season, episode) for season, episode, _language in episodes}
        async with self._db.read() as session:
            rows = await EpisodeRepository(session).candidates(series_key, numbers)
        if not rows:
            raise SeriesNotFoundError
        policy = policy_of(rows[0], self._config.current.library)
        known = {(row.season, row.episode): row for row in rows if row.id is not None}
        today = now().date()
        targets: list[Target] = []
        refusals: list[Refusal] = []
        if episodes is None:
            asked_for: list[tuple[int, int, str | None]] = [
                (*number, None) for number, row in known.items() if self._wanted(row)
            ]
        else:
            asked_for = list(dict.fromkeys(episodes))
        for season, episode, asked in asked_for:
            row = known.get((season, episode))
            if row is None:
                refusals.append(Refusal(season=season, episode=episode, reason="unknown_episode"))
                continue
            languages, reason = choose(
                policy,
                asked=asked,
                offered=_languages(row.offered),
                kept=_languages(row.kept),
                aired=row.aired,
                today=today,
            )
            targets += [
                Target(
                    episode_id=row.id,
                    language=language,
                    series_key=series_key,
                    series_name=row.name,
                    season=season,
                    episode=episode,
                    title=row.title,
                )
                for language in languages
            ]
            if reason is not None and (episodes is not None or reason in _TOLD):
                refusals.append(Refusal(season=season, episode=episode, reason=reason))
        return targets, refusals

    def _wanted(self, row: Any) -> bool:
        """Whether an episode is wanted that nobody named."""
        specials = self._specials if row.specials is None else row.specials
        return season_wanted(row.season, monitored=row.monitored, specials=specials)

    async def target(self, episode_id: UUID, language: str) -> TargetDetails:
        """All that a running download needs to know; decides the series' folder if that has not been done.

        Raises :class:`EpisodeNotFoundError` when the episode or its series is gone, :class:`NoAnimeDirectoryError`.
        """
        directory = self._config.current.library.anime_directory
        if directory is None:
            raise NoAnimeDirectoryError
        async with self._db.read() as session:
            repository = EpisodeRepository(session)
            row = await repository.target(episode_id)
            if row is None:
                raise EpisodeNotFoundError
            taken = await repository.paths_of(episode_id, except_language=language)
            taken += [row.path for row in await VersionRepository(session).of(row.series_id)]
            others = await SourceRepository(session).of(row.series_id)
            names = self.names
            absolute = await repository.absolute(row) if names.needs_absolute else None
            listing = ListingRepository(session)
            offers = await listing.offers(episode_id)
            sources = [(row.provider, row.provider_key), *((ref.provider, ref.provider_key) for ref in others)]
            # One that has never told what it has may have it; of one that has told, its own number is asked for.
            silent = set() if offers.keys() >= set(sources) else set(sources) - await listing.listing(row.series_id)
        folder = row.folder or await folders.ensure_folder(self._db, Path(directory), row.series_id, names)
        ids = await asyncio.to_thread(folders.ids_in, Path(directory), folder) if names.needs_ids else {}
        asked = [source for source in sources if source in offers or source in silent] or sources[:1]
        asked.sort(key=lambda source: source in offers and language not in offers[source].languages)
        first, *further = [
            EpisodeSource(provider, EpisodeRef(provider_key=provider_key, season=number[0], episode=number[1]))
            for provider, provider_key in asked
            for number in [
                offers[provider, provider_key].number
                if (provider, provider_key) in offers
                else (row.season, row.episode)
            ]
        ]
        return TargetDetails(
            provider=first.provider,
            ref=first.ref,
            others=tuple(further),
            language=Language(language),
            series_key=row.key,
            series_name=row.name,
            folder=folder,
            year=row.year,
            season=row.season,
            episode=row.episode,
            title=row.title,
            duration=row.duration,
            taken=frozenset(taken),
            absolute=absolute,
            ids=ids,
            names=names,
        )

    async def mark_downloaded(
        self,
        session: AsyncSession,
        episode_id: UUID,
        language: str,
        path: str,
        size: int,
        media: MediaInfo | None = None,
    ) -> None:
        """The (episode, language) is there, at ``path`` relative to the anime directory; in the caller's transaction.

        ``media``: what the file holds, where it was looked at already.

        What it replaces by the series' policy is marked, and moved out of the library after the commit. Does nothing
        for an episode that is gone: then the file is one that the next scan finds.
        """
        repository = EpisodeRepository(session)
        row = await repository.owner(episode_id)
        if row is None:
            log.warning("%s is there, but its episode is no longer in the library", path)
            return
        await repository.put_file(episode_id, language, path, size, media)
        policy = policy_of(row, self._config.current.library)
        given_up = replaced(policy, language, await ReplacedRepository(session).languages_of(episode_id))
        if given_up:
            await ReplacedRepository(session).give_way(episode_id, given_up)
        await repository.recount([row.id], wanted_of(row.languages, self._configured), specials=self._specials)
        await SeriesRepository(session).change(row.id)
        publish_after_commit(self._bus, session, SeriesUpdated(data=SeriesRef(key=row.key, name=row.name)))
        after_commit(session, self.wake_loader)


def _languages(text: str | None) -> frozenset[str]:
    return frozenset(text.split(",")) if text else frozenset()


def _nothing() -> None:
    """Nobody listens yet."""


def _nothing_to_look_at(_series_id: UUID) -> None:
    """Nobody looks at pictures."""
