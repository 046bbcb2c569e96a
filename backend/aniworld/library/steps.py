"""The steps of loading one series: from the source into rows, descriptions and pictures.

Nothing here awaits the network inside a transaction. A step raises :class:`~aniworld.kit.errors.AppError` with a
sentence that a person understands, or :class:`LeaseLostError` when somebody else took the series back.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import logging
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
from msgspec.structs import replace

from aniworld.catalog.errors import NotAtSourceError
from aniworld.catalog.service import Catalog
from aniworld.catalog.types import SeriesInfo
from aniworld.config.service import ConfigService
from aniworld.db.engine import Database
from aniworld.events.bus import EventBus, publish_after_commit
from aniworld.events.types import SeriesRef, SeriesUpdated
from aniworld.kit.clock import now
from aniworld.kit.errors import AppError
from aniworld.kit.text import fold
from aniworld.library import folders
from aniworld.library.conflict_repository import ConflictRepository
from aniworld.library.episode_repository import EpisodeRepository
from aniworld.library.errors import FolderError, SourceEmptyError
from aniworld.library.facts import facts_of, series_facts
from aniworld.library.failover import Answers, ask_all
from aniworld.library.listing_repository import ListingRepository
from aniworld.library.merging import Kept, told_by_source
from aniworld.library.metadata_service import SeriesMetadataService
from aniworld.library.naming import Names
from aniworld.library.repository import SeriesRepository, wanted_of
from aniworld.library.service import LibraryService
from aniworld.library.source_repository import SourceRepository
from aniworld.library.types import LoadJob, Step
from aniworld.library.uniting import Source, as_here, numbered, unite
from aniworld.metadata import service as metadata
from aniworld.metadata.types import Origin, Picture, PictureKind

log = logging.getLogger(__name__)

LEASE = dt.timedelta(minutes=10)
_MOST_TRIES = 3
"""Pictures of one kind that are tried until one can be used."""
_FILLED = ("year", "status", "description", "genres")
"""What another source may tell of a series; pictures are only to be had where they were named."""
_MOST_SEASONS = 50
_Place = tuple[PictureKind, int | None, int]
"""Kind, season (None: of the whole series), number of a further one."""
_PICTURES: tuple[PictureKind, ...] = ("poster", "fanart", "banner", "thumb")


class LeaseLostError(Exception):
    """The series was deleted, or is to be loaded anew: what this load would write is no longer wanted."""


class LoadSteps:
    """Episodes, description, logo, pictures. Holds no state of a series."""

    def __init__(
        self,
        db: Database,
        bus: EventBus,
        config: ConfigService,
        catalog: Catalog,
        library: LibraryService,
        described: SeriesMetadataService | None = None,
    ) -> None:
        self._library = library
        self._described = described
        self._db = db
        self._bus = bus
        self._config = config
        self._catalog = catalog

    async def run(self, step: Step, job: LoadJob, tell: Callable[[str], None] = lambda _message: None) -> None:
        """Do one step. ``tell``: what is being done just now."""
        match step:
            case "episodes":
                await self._episodes(job)
            case "nfo":
                await self._nfo(job, tell)
            case "logo":
                await self._pictures(job, ("logo",))
            case "images":
                await self._pictures(job, _PICTURES)

    async def _episodes(self, job: LoadJob) -> None:
        async with self._db.read() as session:
            others = await SourceRepository(session).of(job.id)
        leading = (job.provider, job.provider_key)
        order = list(dict.fromkeys([leading, *((ref.provider, ref.provider_key) for ref in others)]))
        answers = await ask_all(self._catalog, order)
        if answers.first is None and leading in answers.failed:
            raise answers.failed[leading]
        async with self._described.lock(job.id) if self._described is not None else contextlib.nullcontext():
            while not await self._take_over(job, order, answers):
                log.info("%s: its episodes changed while they were laid together; once more", job.name)
        # Before a folder is made for it: there may be one, with files in it. If not now, the next scan finds it.
        try:
            await self._library.adopt(job.id)
        except AppError as error:
            log.warning("%s: what lies in the anime directory was not looked at: %s", job.name, error.detail)

    async def _take_over(self, job: LoadJob, order: Sequence[Source], answers: Answers) -> bool:
        """Write what the sources told; False: what it was laid to is no longer so, and nothing was written."""
        async with self._db.read() as session:
            known = await ListingRepository(session).known(job.id)
            accepted = await ConflictRepository(session).accepted(job.id)
        if answers.first is None and known:
            raise SourceEmptyError
        listed = {source: numbered(info.seasons) for source, info in answers.told.items()}
        united = unite(known, order, listed, accepted)
        leader = answers.told.get(order[0])
        if leader is None and not known:
            leader = answers.told[answers.first] if answers.first else answers.silent
        plan = None
        if self._described is not None:
            # Services are laid to the numbers that hold here, which need not be those of a source.
            told: dict[Origin, Kept] = {}
            if leader is not None:
                seasons = as_here(united.rows, order, listed, leader.seasons)
                told["source"] = Kept(series=told_by_source(replace(leader, seasons=seasons)))
            plan = await self._described.plan(job.id, told)
        async with self._db.write() as session:
            series, episodes = SeriesRepository(session), EpisodeRepository(session)
            listing, conflicts = ListingRepository(session), ConflictRepository(session)
            row = await series.find(job.key)
            if await listing.known(job.id) != known or await conflicts.accepted(job.id) != accepted:
                return False
            values = {"episodes_loaded": True, "loading_note": answers.note, **_told_by(answers, fresh=not known)}
            if row is not None and row.named:
                values = {name: value for name, value in values.items() if name not in ("name", "name_folded")}
            if row is None or not await series.renew(job, now() + LEASE, **values):
                raise LeaseLostError
            if "genres" in values:
                await series.set_genres(job.id, values["genres"])
            await listing.store(job.id, known, united)
            await listing.store_seasons(job.id, leader.seasons if leader else ())
            await conflicts.store(job.id, list(listed), united.conflicts)
            if self._described is not None:
                await self._described.write(session, job.id, plan)
            library = self._config.current.library
            await episodes.recount([job.id], wanted_of(row.languages, library.languages), specials=library.specials)
            name = values.get("name", job.name)
            publish_after_commit(self._bus, session, SeriesUpdated(data=SeriesRef(key=job.key, name=name)))
        return True

    async def _nfo(self, job: LoadJob, tell: Callable[[str], None]) -> None:
        """Ask the services, and write what is known then. One that does not answer is asked again by itself later."""
        if self._described is not None:
            await self._described.ask(job.id, tell)
        if not self._config.current.metadata.write_nfo:
            return
        async with self._db.read() as session:
            row = await SeriesRepository(session).material(job.id)
            seasons = await EpisodeRepository(session).seasons(job.id)
            premiered = await EpisodeRepository(session).first_aired(job.id)
        if row is None:
            raise LeaseLostError
        async with self._library.placing(job.key):  # nobody renames the folder meanwhile
            anime, folder = await self._folder(job)
            await _on_disk(metadata.write_series_nfo, anime, folder, series_facts(row, seasons, premiered))

    async def _pictures(self, job: LoadJob, kinds: tuple[PictureKind, ...]) -> None:
        """Each picture by itself: one that fails does not keep the others away."""
        async with self._db.read() as session:
            row = await SeriesRepository(session).material(job.id)
        if row is None:
            raise LeaseLostError
        offered = _offered(row, kinds)
        if not offered:
            return
        anime, folder = await self._folder(job)
        replace_: metadata.Replace = "ours" if job.replace_images else "nothing"
        problems: list[AppError] = []
        used: set[str] = set()
        for (kind, season, number), pictures in offered:
            where: dict[str, Any] = {"season": season, "number": number, "replace": replace_}
            if not await _on_disk(partial(metadata.wants_picture, **where), anime, folder, kind):
                continue
            failed: AppError | None = None
            for picture in pictures:
                if picture.url in used:
                    continue  # it took the place of a better one that could not be had
                try:
                    data = await self._picture(job, picture)
                    write = partial(metadata.write_picture, **where)
                    async with self._library.placing(job.key):
                        anime, folder = await self._folder(job)  # it may be another one by now
                        await _on_disk(write, anime, folder, kind, data, among=metadata.drawing)
                except NotAtSourceError:
                    log.info("%s: there is no %s at the address that %s names", job.name, kind, picture.service)
                except AppError as error:
                    log.info("%s: %s: %s", job.name, kind, error.detail)
                    failed = failed or error
                else:
                    used.add(picture.url)
                    failed = None
                    break
            if failed is not None:
                problems.append(failed)
        self._library.look_at_pictures(job.id)
        if problems:
            raise min(problems, key=lambda error: error.permanent)

    async def _picture(self, job: LoadJob, picture: Picture) -> bytes:
        if picture.service == "source" or self._described is None:
            return await self._catalog.cover(job.provider, picture.url)
        return await self._described.services.picture(picture.url)

    async def _folder(self, job: LoadJob) -> tuple[Path, str]:
        anime = await self._library.anime_directory()
        folder = await folders.ensure_folder(self._db, anime, job.id, Names.of(self._config.current.library))
        await _on_disk(folders.make_folder, anime, folder)
        return anime, folder


def _offered(row: Any, kinds: tuple[PictureKind, ...]) -> list[tuple[_Place, list[Picture]]]:
    """What is to be had: where it goes, and the pictures to be tried for it, the best first."""
    merged = facts_of(row)
    if not merged:
        return [
            ((kind, None, 0), [Picture(kind=kind, url=row.artwork[kind])]) for kind in kinds if row.artwork.get(kind)
        ]
    places: list[tuple[_Place, list[Picture]]] = []
    for kind in kinds:
        pictures = metadata.choose(merged.pictures, kind, most=0)
        places.append(((kind, None, 0), pictures[:_MOST_TRIES]))
        if kind == "fanart":
            places.append(((kind, None, 1), pictures[1 : 1 + _MOST_TRIES]))
        if kind == "poster":
            seasons = sorted({one.season for one in merged.pictures if one.season is not None})[:_MOST_SEASONS]
            places += [
                ((kind, season, 0), metadata.choose(merged.pictures, kind, season, most=_MOST_TRIES))
                for season in seasons
            ]
    return [(place, pictures) for place, pictures in places if pictures]


def _told_by(answers: Answers, *, fresh: bool) -> dict[str, Any]:
    """Columns of what the sources tell: the leading one, and the others what it leaves out.

    ``fresh``: nothing is known of the series yet, so what others tell overrides nothing.
    """
    leading = answers.told.get(answers.order[0]) or answers.silent
    values: dict[str, Any] = {} if leading is None else _told(leading)
    if leading is not None or fresh:
        for source, info in answers.told.items():
            if source != answers.order[0]:
                told = _told(info)
                values = {name: told[name] for name in _FILLED if name in told} | values
    return values


def _told(info: SeriesInfo) -> dict[str, Any]:
    """Columns of what the source tells. What it does not tell stays as it was."""
    values: dict[str, Any] = {}
    if info.name.strip():
        values |= {"name": info.name.strip()[:500], "name_folded": fold(info.name)[:500]}
    if info.year is not None:
        values["year"] = info.year
    if info.status != "unknown":
        values["status"] = info.status
    if info.description:
        values["description"] = info.description
    if info.genres:
        values["genres"] = list(dict.fromkeys(info.genres))
    if info.site:
        values["site"] = info.site[:2000]
    artwork = {kind: url for kind, url in msgspec.structs.asdict(info.artwork).items() if url}
    if artwork:
        values["artwork"] = artwork
    return values


async def _on_disk(
    work: Callable[..., Any], *arguments: Any, among: Callable[..., Awaitable[Any]] = asyncio.to_thread
) -> Any:
    """Run blocking work in a thread; what the file system refuses becomes a sentence."""
    try:
        return await among(work, *arguments)
    except OSError as error:
        name = Path(error.filename).name if isinstance(error.filename, str) else "The series' folder"
        raise FolderError(f"{name} cannot be written: {error.strerror}") from error
