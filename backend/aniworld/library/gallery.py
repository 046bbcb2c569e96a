"""The pictures in the folders of series: what they are, small ones of them, and which have become others.

A row tells what each picture is; a file with another time or size is looked at again. That is so at the start, when a
scan finds a folder changed, after a load, and when somebody opens the series.
"""

from __future__ import annotations

import asyncio
import logging
import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec

from aniworld.config.service import ConfigService
from aniworld.db.engine import Database
from aniworld.events.bus import EventBus, publish_after_commit
from aniworld.events.types import Resync, SeriesRef, SeriesUpdated
from aniworld.kit.errors import AppError
from aniworld.kit.files import UnsafePathError, safe_join
from aniworld.library import folders
from aniworld.library.errors import ImageNotFoundError, SeriesNotFoundError
from aniworld.library.picture_repository import PictureRepository
from aniworld.library.schemas import ImageOut
from aniworld.library.service import LibraryService
from aniworld.library.types import ImageKind, ImageSize
from aniworld.metadata import service as metadata
from aniworld.metadata.errors import BadPictureError
from aniworld.metadata.types import PICTURE_FILES

log = logging.getLogger(__name__)

LARGEST = 16 * 1024 * 1024
_WIDTHS: dict[ImageSize, dict[ImageKind, int]] = {
    "small": {"poster": 200, "fanart": 640, "logo": 400, "banner": 500, "thumb": 320},
    "large": {"poster": 400, "fanart": 1280, "logo": 800, "banner": 1000, "thumb": 640},
}
_BATCH = 20
_FEW = 5
"""Up to so many changed series are told one by one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """A picture as it is answered."""

    tag: str
    data: bytes | None
    """None: the client has it."""
    for_ever: bool
    """What is asked for by its hash never changes."""


class Gallery:
    """``run`` is a supervised worker."""

    def __init__(
        self, db: Database, bus: EventBus, config: ConfigService, library: LibraryService, data_dir: Path
    ) -> None:
        self._db = db
        self._bus = bus
        self._config = config
        self._small = metadata.Thumbnails(data_dir / "thumbnails")
        self._waiting: dict[UUID, None] = {}
        self._wake = asyncio.Event()
        library.look_at_pictures = self.look

    def look(self, series_id: UUID) -> None:
        """Look at the pictures of a series soon."""
        self._waiting[series_id] = None
        self._wake.set()

    async def run(self) -> None:
        """Work until cancelled."""
        await asyncio.to_thread(self._small.prune)
        async with self._db.read() as session:
            for id_ in await PictureRepository(session).all_with_folder():
                self.look(id_)
        while True:
            await self._wake.wait()
            self._wake.clear()
            made = 0
            while self._waiting:
                some = [self._waiting.popitem()[0] for _ in range(min(_BATCH, len(self._waiting)))]
                made += await self._look_at(some)
            if made:
                await asyncio.to_thread(self._small.prune)

    async def _look_at(self, ids: list[UUID]) -> int:
        directory = self._config.current.library.anime_directory
        if directory is None:
            return 0
        async with self._db.read() as session:
            rows = await PictureRepository(session).known(ids)
        changed: list[tuple[Any, dict[str, Any], dict[str, Any]]] = []
        for row in rows:
            seen = await asyncio.to_thread(_stamps, Path(directory), row.folder)
            if seen is not None and seen != row.images_seen:
                images = await self._images(Path(directory), row, seen)
                changed.append((row, images, seen))
        if changed:
            async with self._db.write() as session:
                repository = PictureRepository(session)
                for row, images, seen in changed:
                    await repository.put(row.id, images, seen)
                    if len(changed) <= _FEW:
                        ref = SeriesRef(key=row.key, name=row.name)
                        publish_after_commit(self._bus, session, SeriesUpdated(data=ref))
                if len(changed) > _FEW:
                    publish_after_commit(self._bus, session, Resync())
        return len(changed)

    async def _images(self, anime: Path, row: Any, seen: dict[str, str]) -> dict[str, Any]:
        """What the pictures are; of one that is as it was, what is known."""
        images: dict[str, Any] = {}
        for kind in PICTURE_FILES:
            if kind not in seen:
                continue
            if seen[kind] == row.images_seen.get(kind):
                if kind in row.images:
                    images[kind] = row.images[kind]
                continue
            try:
                image = await metadata.drawing(self._describe, anime, row.folder, kind)
                images[kind] = msgspec.to_builtins(image)
            except AppError as error:
                log.info("%s: %s cannot be shown: %s", row.name, PICTURE_FILES[kind], error.detail)
            except OSError as error:
                log.info("%s: %s cannot be read: %s", row.name, PICTURE_FILES[kind], error.strerror)
        return images

    def _describe(self, anime: Path, folder: str, kind: ImageKind) -> ImageOut:
        """Blocks. Posters are made small at once, because the library shows all of them."""
        _tag, data = _read(folders.find_image(anime, folder, PICTURE_FILES[kind]))
        hash_ = metadata.content_hash(data)
        _made, facts = self._small.make(hash_, _WIDTHS["small"][kind], data)
        if kind == "poster":
            self._small.make(hash_, _WIDTHS["large"][kind], data)
        return ImageOut(hash=hash_, width=facts.width, height=facts.height, color=facts.color)

    # --- serving ------------------------------------------------------------------------------------------------

    async def image(self, key: str, kind: ImageKind, size: ImageSize | None, v: str | None, known: str) -> Served:
        """A series' picture, whole or small. ``v``: the hash that is wanted; ``known``: tags that the client has.

        Raises :class:`SeriesNotFoundError`, :class:`ImageNotFoundError`.
        """
        return await self._serve(key, PICTURE_FILES[kind], kind, size, v, known)

    async def season_image(self, key: str, season: int, kind: ImageKind, size: ImageSize | None, known: str) -> Served:
        """The same of a season."""
        try:
            name = metadata.picture_file(kind, season)
        except ValueError as error:
            raise ImageNotFoundError from error
        return await self._serve(key, name, kind, size, None, known)

    async def episode_image(
        self, key: str, season: int, episode: int, size: ImageSize | None, v: str | None, known: str
    ) -> Served:
        """The same of an episode: what lies beside its file."""
        if (kept := await self._small_kept("thumb", size, v, known)) is not None:
            return kept
        async with self._db.read() as session:
            paths = await PictureRepository(session).videos(key, season, episode, v)
        for path in paths:
            folder, _, rest = metadata.thumb_path(path).partition("/")
            try:
                return await self._serve_file(folder, rest, "thumb", size, v, known)
            except ImageNotFoundError:
                continue
        raise ImageNotFoundError

    async def _serve(
        self, key: str, name: str, kind: ImageKind, size: ImageSize | None, v: str | None, known: str
    ) -> Served:
        if (kept := await self._small_kept(kind, size, v, known)) is not None:
            return kept
        async with self._db.read() as session:
            row = await PictureRepository(session).find(key)
        if row is None:
            raise SeriesNotFoundError
        if row.folder is None:
            raise ImageNotFoundError
        served = await self._serve_file(row.folder, name, kind, size, v, known)
        if v and not served.for_ever:
            self.look(row.id)
        return served

    async def _small_kept(self, kind: ImageKind, size: ImageSize | None, v: str | None, known: str) -> Served | None:
        """A small one that is known by its hash alone."""
        data = await asyncio.to_thread(self._small.read, v, _WIDTHS[size][kind]) if v and size else None
        return Served(tag=f'"{v}"', data=None if f'"{v}"' in known else data, for_ever=True) if data else None

    async def _serve_file(
        self, folder: str, name: str, kind: ImageKind, size: ImageSize | None, v: str | None, known: str
    ) -> Served:
        directory = self._config.current.library.anime_directory
        if directory is None:
            raise ImageNotFoundError
        width = _WIDTHS[size][kind] if size else 0
        try:
            path = await asyncio.to_thread(folders.find_image, Path(directory), folder, name)
            kept = await asyncio.to_thread(self._kept, path, width, v, known)
            return kept if kept is not None else await metadata.drawing(self._made, path, width, v)
        except OSError as error:
            raise ImageNotFoundError from error
        except BadPictureError as error:
            raise ImageNotFoundError from error

    def _kept(self, path: Path, width: int, v: str | None, known: str) -> Served | None:
        """Without making anything; None: it is to be made. Blocks."""
        tag = _tag_of(path.stat(), width)
        if tag in known and v is None:
            return Served(tag=tag, data=None, for_ever=False)
        tag, data = _read(path, width)
        hash_ = metadata.content_hash(data)
        small = self._small.read(hash_, width) if width else data
        if small is None:
            return None
        return Served(tag=tag, data=small, for_ever=v == hash_)

    def _made(self, path: Path, width: int, v: str | None) -> Served:
        tag, data = _read(path, width)
        hash_ = metadata.content_hash(data)
        return Served(tag=tag, data=self._small.make(hash_, width, data)[0], for_ever=v == hash_)


def _stamps(anime: Path, folder: str) -> dict[str, str] | None:
    """Time and size of each picture that is there; None: the folder is not there, which may pass. Blocks."""
    found: dict[str, str] = {}
    try:
        directory = safe_join(anime, folder)
        if not directory.is_dir():
            return None
        for kind, name in PICTURE_FILES.items():
            try:
                info = (directory / name).stat()
            except FileNotFoundError:
                continue
            if stat.S_ISREG(info.st_mode):
                found[kind] = _stamp(info)
    except (OSError, UnsafePathError):
        return None
    return found


def _read(path: Path, width: int = 0) -> tuple[str, bytes]:
    """Its tag and its content. Blocks. Raises ``OSError``, :class:`ImageNotFoundError` where that is too large."""
    with path.open("rb") as stream:
        info = os.fstat(stream.fileno())
        if info.st_size > LARGEST:
            raise ImageNotFoundError
        return _tag_of(info, width), stream.read(LARGEST)


def _tag_of(info: os.stat_result, width: int) -> str:
    return f'"{_stamp(info)}-{width}"' if width else f'"{_stamp(info)}"'


def _stamp(info: os.stat_result) -> str:
    return f"{info.st_mtime_ns:x}-{info.st_size:x}"
