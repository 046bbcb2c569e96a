"""What a scan tells the library: which folder is which series', and which videos lie there."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection, Sequence
from pathlib import Path
from uuid import UUID

from sqlalchemy.exc import IntegrityError

from aniworld.db.engine import after_commit
from aniworld.events.bus import publish_after_commit
from aniworld.events.types import SeriesRef, SeriesUpdated
from aniworld.kit.files import UnsafePathError, safe_join
from aniworld.library.episode_repository import EpisodeRepository
from aniworld.library.errors import FolderTakenError, SeriesNotFoundError
from aniworld.library.link_repository import LinkRepository
from aniworld.library.linking import assign, languages_of, rank, unsettled, with_languages
from aniworld.library.repository import SeriesRepository, wanted_of
from aniworld.library.targets import DownloadTargets
from aniworld.library.types import FoundVideo, KnownSeries
from aniworld.library.version_repository import VersionRepository
from aniworld.media.types import MediaInfo

log = logging.getLogger(__name__)


class FolderLinks(DownloadTargets):
    """The verbs of the scan."""

    async def known_series(self, ids: Collection[UUID] | None = None) -> list[KnownSeries]:
        """Every series, or those named, by what a folder of it can be recognised."""
        async with self._db.read() as session:
            return await LinkRepository(session).recognisable(ids)

    async def take_folder(self, key: str, folder: str) -> UUID:
        """The folder is the series', which may have another one already: then what is fetched still goes there.

        Raises :class:`SeriesNotFoundError`, and :class:`FolderTakenError` where it is another series'.
        """
        async with self._db.write() as session:
            repository = SeriesRepository(session)
            row = await repository.find(key)
            if row is None or row.deleted_at is not None:
                raise SeriesNotFoundError
            links = LinkRepository(session)
            if not await (links.take_folder if row.folder is None else links.is_free)(row.id, folder):
                raise FolderTakenError
            publish_after_commit(self._bus, session, SeriesUpdated(data=SeriesRef(key=key, name=row.name)))
            return UUID(str(row.id))

    async def offer_folder(self, series_id: UUID, folder: str, *, instead_of: str | None = None) -> bool:
        """The folder is the series', if that has none yet and nobody else has this one; whether it took it.

        ``instead_of``: the folder that it had, which is no longer there.
        """
        try:
            async with self._db.write() as session:
                row = await SeriesRepository(session).placing(series_id)
                if row is None or row.folder != instead_of:
                    return False
                return await LinkRepository(session).take_folder(series_id, folder)
        except IntegrityError:  # another process took it in the meantime
            return False

    async def link(self, series_id: UUID, videos: Sequence[FoundVideo]) -> bool:
        """Take over what lies in the folders of a series: new files, and those that are gone; whether that changed it.

        A file that is known and still there stays what it is, whatever its name says; but one with a description is
        the episode that this tells, and one whose language was only assumed, or told by its tracks, is in those that
        its tracks tell. Of several files that say to be the same
        (episode, language) the best is the episode's, the others are kept as versions of it.
        """
        directory = self._config.current.library.anime_directory
        async with self._db.read() as session:
            repository = EpisodeRepository(session)
            series = await LinkRepository(session).series(series_id)
            known = await repository.files(series_id)
            episodes = await repository.episodes(series_id)
            versions = {
                (row.episode_id, row.language, row.path): row.size
                for row in await VersionRepository(session).of(series_id)
            }
        if series is None or directory is None:
            return False
        self.look_at_pictures(series_id)
        wanted = wanted_of(series.languages, self._configured)
        there = {video.path: video for video in videos}
        missing = [row for row in known if row.path not in there]
        gone = await asyncio.to_thread(_gone, Path(directory), [row.path for row in missing])
        kept = [row for row in known if row.path not in gone]
        moved = unsettled(kept, episodes, there)
        videos = with_languages(videos, [row for row in kept if row.path in moved])
        still = [row for row in kept if row.path not in moved]
        rivals, misnamed = rank(still, assign(episodes, videos, wanted))
        best = {place: those[0] for place, those in rivals.items()}
        settled = [row for row in still if row.path in misnamed or best[row.episode_id, row.language].path == row.path]
        taken = {(row.episode_id, row.language): row.path for row in settled}
        stays = {row.id for row in settled}
        before = {
            (row.episode_id, row.language, row.path, row.language_source): row.id for row in kept if row.id not in stays
        }
        others = {
            (*place, video.path): video.size
            for place, those in rivals.items()
            for video in those
            if video.path != taken.get(place, those[0].path)
        }
        after = {
            (*place, video.path, video.language_source): video for place, video in best.items() if place not in taken
        }
        added = {(key[0], key[1]): video for key, video in after.items() if key not in before}
        released = [id_ for key, id_ in before.items() if key not in after]
        sizes = {video.path: video.size for video in videos}
        grown = [row for row in kept if sizes.get(row.path, row.size) != row.size]
        if not gone and not added and not grown and not released and others == versions:
            return False
        async with self._db.write() as session:
            repository = EpisodeRepository(session)
            await repository.forget_files([row.id for row in known if row.path in gone])
            links = LinkRepository(session)
            await links.put_files(added, await links.take_out(released))
            await links.resize_files({row.id: sizes[row.path] for row in grown})
            if others != versions:
                await VersionRepository(session).put(series_id, others)
            await repository.recount([series_id], wanted, specials=self._specials)
            await SeriesRepository(session).change(series_id)
            publish_after_commit(self._bus, session, SeriesUpdated(data=SeriesRef(key=series.key, name=series.name)))
            after_commit(session, self.wake_loader)
        return True

    async def heard(self, series_id: UUID, path: str, media: MediaInfo) -> tuple[str, ...]:
        """Keep what a video in a folder of a series holds; the languages that its tracks tell, for :meth:`link`."""
        async with self._db.write() as session:
            await LinkRepository(session).put_media(series_id, path, media)
            after_commit(session, self.wake_loader)
        return languages_of(media)


def _gone(anime: Path, paths: Sequence[str]) -> set[str]:
    """Those at whose place there is nothing; never, where the anime directory itself is not there. Blocks."""
    if not anime.is_dir():
        return set()
    gone = set()
    for path in paths:
        try:
            if not safe_join(anime, path).exists():
                gone.add(path)
        except (OSError, UnsafePathError) as error:
            log.info("%s cannot be looked at: %s", path, error)
    return gone
