"""What would move, made anew from the disk each time somebody looks; the pages of one look come from memory."""

from __future__ import annotations

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from aniworld.config.service import ConfigService
from aniworld.db.engine import Database
from aniworld.library.errors import AWAY, FolderError, NoAnimeDirectoryError
from aniworld.library.moving_service import MovingService, SeriesName, same_name
from aniworld.library.types import NamedSeries
from aniworld.organise import disk
from aniworld.organise.errors import PreviewChangedError
from aniworld.organise.plan import in_folder, plan, wish
from aniworld.organise.schemas import FileChange, OrganiseCounts, OrganisePreview, PathChange, SeriesChange
from aniworld.organise.types import SeriesPlan

_AT_ONCE = 20
"""Series that are looked at in one thread call: others have their turn in between."""
_KEPT = 4
"""Previews whose further pages can be asked for."""
_BY_THEMSELVES = (".nfo", "-thumb.jpg")
"""What is put beside videos by the library, at any time: it goes along without having been shown."""

Busy = set[tuple[str, int, int]]


class Previews:
    """Looks at the library and at the disk."""

    def __init__(
        self, db: Database, config: ConfigService, moving: MovingService, there: Callable[[Path], bool]
    ) -> None:
        self.running: Callable[[AsyncSession], Awaitable[Busy]] = _nothing_runs
        """(series key, season, episode) of what is being fetched; set by whoever has a queue."""
        self._db = db
        self._config = config
        self._moving = moving
        self._there = there
        self._shown: OrderedDict[str, list[SeriesPlan]] = OrderedDict()

    async def page(
        self, keys: Sequence[str] | None, *, limit: int, offset: int, token: str | None = None
    ) -> OrganisePreview:
        """A part of what would move: of the preview of that token, or of what is looked at anew.

        Raises :class:`PreviewChangedError` for a token that is no longer known.
        """
        if token is None:
            plans = await self.plans(keys)
            token = self.token(plans)
            self._shown[token] = plans
        elif token not in self._shown:
            raise PreviewChangedError
        plans = self._shown[token]
        self._shown.move_to_end(token)
        while len(self._shown) > _KEPT:
            self._shown.popitem(last=False)
        return OrganisePreview(
            token=token,
            counts=_counts(plans),
            items=[_shown(one) for one in plans[offset : offset + limit]],
            total=len(plans),
            limit=limit,
            offset=offset,
        )

    async def plans(self, keys: Sequence[str] | None) -> list[SeriesPlan]:
        """Of every series of which something would move or is in conflict. Raises :class:`NoAnimeDirectoryError`
        and, while its disk is away, :class:`FolderError`.
        """
        directory = self._config.current.library.anime_directory
        if directory is None:
            raise NoAnimeDirectoryError
        if not await asyncio.to_thread(self._there, Path(directory)):
            raise FolderError(AWAY)
        if keys is None:
            keys = await self._moving.keys()
        taken = await self._moving.folders()
        async with self._db.read() as session:
            running = await self.running(session)
        plans: list[SeriesPlan] = []
        for start in range(0, len(keys), _AT_ONCE):
            series = await self._moving.named(keys[start : start + _AT_ONCE])
            plans += await asyncio.to_thread(self._plan, Path(directory), series, taken, running)
        return [one for one in plans if one.moves or one.folder or one.files]

    async def again(self, shown: SeriesPlan) -> SeriesPlan:
        """The same with what came to lie beside its videos since; as it is where anything else is another now."""
        directory = self._config.current.library.anime_directory
        series = await self._moving.named([shown.key])
        if directory is None or not series:
            return shown
        return await asyncio.to_thread(self._again, Path(directory), series[0], shown)

    def _again(self, anime: Path, one: NamedSeries, shown: SeriesPlan) -> SeriesPlan:
        names = self._moving.names
        ids: Mapping[str, str] = self._moving.ids_in(anime, one.folder) if names.needs_ids else {}
        folder = shown.folder[1] if shown.folder and shown.folder_conflict is None else one.folder
        wanted = in_folder(one, names, SeriesName(one.name, one.year, ids), folder)
        fresh = plan(wanted, disk.look(anime, wanted), folder_conflict=None, busy=())
        return fresh if _videos(fresh) == _videos(shown) else shown

    def _plan(
        self, anime: Path, series: Iterable[NamedSeries], taken: dict[str, str], running: Busy
    ) -> list[SeriesPlan]:
        """Blocks. ``taken`` learns the names that are given."""
        names = self._moving.names
        plans = []
        for one in series:
            ids: Mapping[str, str] = self._moving.ids_in(anime, one.folder) if names.needs_ids else {}
            others: Collection[str] = {folder for folder, key in taken.items() if key != one.key}
            wanted = wish(one, names, ids, others)
            conflict = None
            if wanted.folder != one.folder:
                conflict = disk.folder_conflict(anime, one.folder, wanted.folder)
                if conflict is not None:
                    shown = (one.folder, wanted.folder)
                    wanted = in_folder(one, names, SeriesName(one.name, one.year, ids), one.folder)
                else:
                    taken[same_name(wanted.folder)] = one.key
            busy = {(season, episode) for key, season, episode in running if key == one.key}
            made = plan(wanted, disk.look(anime, wanted), folder_conflict=conflict, busy=busy)
            if conflict is not None:
                made = replace(made, folder=shown)
            plans.append(made)
        return plans

    @staticmethod
    def token(plans: Sequence[SeriesPlan]) -> str:
        """Names exactly these moves and conflicts, but for descriptions and pictures, which come by themselves."""
        digest = hashlib.sha256()
        for one in plans:
            files = tuple(
                replace(file, beside=tuple(pair for pair in file.beside if not pair[0].endswith(_BY_THEMSELVES)))
                for file in one.files
            )
            digest.update(msgspec.json.encode(replace(one, files=files, moves=())))  # which follow from it
        return digest.hexdigest()[:32]


def _videos(one: SeriesPlan) -> list[tuple[str, str]]:
    return [(file.source, file.target) for file in one.files if file.conflict is None]


def _counts(plans: Sequence[SeriesPlan]) -> OrganiseCounts:
    files = [file for one in plans for file in one.files]
    free = [file for file in files if file.conflict is None]
    folders = [one for one in plans if one.folder is not None]
    return OrganiseCounts(
        series=len(plans),
        folders=sum(one.folder_conflict is None for one in folders),
        files=len(free),
        beside=sum(len(file.beside) for file in free),
        conflicts=len(files) - len(free) + sum(one.folder_conflict is not None for one in folders),
    )


def _shown(one: SeriesPlan) -> SeriesChange:
    folder = None
    if one.folder is not None:
        folder = PathChange(source=one.folder[0], target=one.folder[1], conflict=one.folder_conflict)
    return SeriesChange(
        key=one.key,
        name=one.name,
        folder=folder,
        files=[
            FileChange(
                source=file.source,
                target=file.target,
                beside=[PathChange(source=source, target=target) for source, target in file.beside],
                conflict=file.conflict,
            )
            for file in one.files
        ],
    )


async def _nothing_runs(_session: AsyncSession) -> Busy:
    return set()
