"""The folder of a series in the anime directory: decided once, used for ever; and deleting what is ours in it."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import glob
import itertools
import os
import stat
from collections.abc import Collection
from pathlib import Path
from uuid import UUID

from sqlalchemy.exc import IntegrityError

from aniworld.db.engine import Database
from aniworld.kit.errors import InvalidInputError
from aniworld.kit.files import UnsafePathError, durable_mkdir, durable_move, safe_join, safe_name
from aniworld.library.errors import AWAY, EpisodeNotFoundError, FolderError, ImageNotFoundError
from aniworld.library.link_repository import LinkRepository
from aniworld.library.naming import Names, SeriesName
from aniworld.library.repository import SeriesRepository
from aniworld.library.text import same_name
from aniworld.metadata.service import FolderCheck, check_folder, is_picture_name, nfo_path, read_series_nfo, thumb_path
from aniworld.metadata.types import SEASON_NFO, SERIES_NFO

_ATTEMPTS = 5
_SUBTITLES = (".srt", ".ass", ".ssa", ".vtt", ".sub", ".idx", ".sup")
PUT_AWAY = (".aniworld", "replaced")
"""In the anime directory: what a better language took the place of, for a while."""


async def ensure_folder(db: Database, anime: Path, series_id: UUID, names: Names) -> str:
    """The name of the series' folder, decided now if it was not: by the template, unlike that of any other series.

    A folder that lies there under that name is taken as it is spelled. Makes nothing on disk. Raises
    :class:`FolderError` when the anime directory cannot be read, :class:`EpisodeNotFoundError` when the series is gone.
    """
    async with db.read() as session:
        row = await SeriesRepository(session).placing(series_id)
    if row is not None and row.folder is not None:
        return str(row.folder)
    on_disk = await asyncio.to_thread(_names_in, anime)
    for attempt in range(_ATTEMPTS):
        try:
            return await _decide(db, series_id, on_disk, names)
        except IntegrityError:  # another process took the name in the meantime
            if attempt == _ATTEMPTS - 1:
                raise
    raise AssertionError("unreachable")


async def _decide(db: Database, series_id: UUID, on_disk: dict[str, str], names: Names) -> str:
    async with db.write() as session:
        repository = SeriesRepository(session)
        row = await repository.placing(series_id)
        if row is None:
            raise EpisodeNotFoundError
        if row.folder is not None:
            return str(row.folder)
        taken = await repository.taken_folders()
        free = (names.folder(SeriesName(row.name, row.year), copy) for copy in itertools.count(1))
        name = next(name for name in free if same_name(name) not in taken)
        name = on_disk.get(same_name(name), name)
        await LinkRepository(session).take_folder(series_id, name)
        return name


def find_folder(anime: Path, name: str) -> str:
    """A folder that a person names, as it is spelled where it lies there. Makes nothing. Blocks.

    Raises :class:`InvalidInputError` for what is no name of a folder right below the anime directory, and
    :class:`FolderError` where that cannot be read.
    """
    if "/" in name or "\\" in name or name.startswith("."):
        raise InvalidInputError.field("folder", "Name one folder in the anime directory, without a path")
    there = _names_in(anime).get(same_name(name))
    if there is None and (usable := safe_name(name)) != name:
        raise InvalidInputError.field("folder", f"No folder can be made under that name; {usable} would do")
    found = there or name
    try:
        path = safe_join(anime, found)
    except UnsafePathError as error:
        raise InvalidInputError.field("folder", "That is a link that leads out of the anime directory") from error
    if path.exists() and not path.is_dir():
        raise InvalidInputError.field("folder", "There is a file of that name")
    return found


def ids_in(anime: Path, folder: str) -> dict[str, str]:
    """The series' ids at services, as the description in its folder tells them; empty without one. Blocks."""
    try:
        marks = read_series_nfo(safe_join(anime, folder, SERIES_NFO))
    except (OSError, UnsafePathError):
        return {}
    return {service.lower(): id_ for service, id_ in marks.ids} if marks is not None else {}


def _names_in(anime: Path) -> dict[str, str]:
    """The folders there, by what file systems may not tell apart."""
    try:
        with os.scandir(anime) as entries:
            return {same_name(entry.name): entry.name for entry in entries if entry.is_dir()}
    except OSError as error:
        raise FolderError(f"The anime directory cannot be read: {error.strerror}") from error


def make_folder(anime: Path, folder: str) -> None:
    """Make the series' folder; never the anime directory, which is missing when a disk is not mounted. Blocks."""
    if not anime.is_dir():
        raise FolderError(AWAY)
    durable_mkdir(safe_join(anime, folder))


def find_image(anime: Path, folder: str, name: str) -> Path:
    """The file of that name in the series' folder; ``name`` may lead into folders below. Blocks.

    Raises :class:`ImageNotFoundError` where there is none, or where a link leads out of the series' folder.
    """
    try:
        path = safe_join(safe_join(anime, folder), name)
        if stat.S_ISREG(path.stat().st_mode):
            return path
    except (OSError, UnsafePathError) as error:
        raise ImageNotFoundError from error
    raise ImageNotFoundError


def check(anime: Path, folder: str) -> FolderCheck:
    """What players will make of a series' folder, which need not be there yet. Blocks. Raises :class:`FolderError`."""
    if not anime.is_dir():
        raise FolderError(AWAY)
    try:
        return check_folder(anime, folder)
    except FileNotFoundError:
        return FolderCheck(folder=None)
    except (OSError, UnsafePathError) as error:
        why = error.strerror if isinstance(error, OSError) else error.detail
        raise FolderError(f"The series' folder cannot be read: {why}") from error


def delete_files(anime: Path, folder: str | None, videos: Collection[str]) -> list[str]:
    """Delete videos, descriptions and subtitles beside them, then what else we put into the folder. Blocks.

    Only by recorded path, never through a link that leads out, and folders only when they are empty. Returns the paths
    that could not be deleted, with the reason; what is gone already is fine.
    """
    if not anime.is_dir():
        raise FolderError(AWAY)
    problems: list[str] = []
    parents: set[Path] = set()
    ours = [path for video in videos for path in (video, nfo_path(video))]
    ours += [thumb_path(video) for video in videos]
    ours += [path for video in videos for path in _subtitles(anime, video)]
    ours += sorted({f"{video.rpartition('/')[0]}/{SEASON_NFO}" for video in videos if video.count("/") > 1})
    if folder is not None:
        ours += [f"{folder}/{name}" for name in (SERIES_NFO, *_pictures_in(anime, folder))]
    for relative in ours:
        try:
            path = safe_join(anime, relative)
            path.unlink(missing_ok=True)
            parents.add(path.parent)
        except NotADirectoryError:
            continue
        except OSError as error:
            problems.append(f"{relative}: {error.strerror}")
        except UnsafePathError as error:
            problems.append(f"{relative}: {error.detail}")
    for parent in sorted(parents, key=lambda path: len(path.parts), reverse=True):
        _remove_empty(parent, anime)
    return problems


def _subtitles(anime: Path, video: str) -> list[str]:
    """What lies beside a video, is named after it and is of no use without it."""
    parent, _, name = video.rpartition("/")
    stem = name.rpartition(".")[0]
    try:
        names = [entry.name for entry in safe_join(anime, parent).iterdir()]
    except (OSError, UnsafePathError):
        return []
    return [f"{parent}/{name}" for name in names if name.startswith(f"{stem}.") and name.endswith(_SUBTITLES)]


def _pictures_in(anime: Path, folder: str) -> list[str]:
    try:
        return sorted(name for name in os.listdir(safe_join(anime, folder)) if is_picture_name(name))  # noqa: PTH208
    except (OSError, UnsafePathError):
        return []


def is_there(anime: Path, relative: str, size: int) -> bool:
    """Whether the file lies there in full length. Blocks."""
    try:
        return safe_join(anime, relative).stat().st_size == size
    except (OSError, UnsafePathError):
        return False


def put_away(anime: Path, video: str) -> None:
    """Move a video and what lies beside it under its name out of the library, to :data:`PUT_AWAY`. Blocks.

    What is gone already is fine, so that it can be done again after a crash. Nothing is written over. Raises
    ``OSError``.
    """
    if not anime.is_dir():
        raise FileNotFoundError(errno.ENOENT, "the anime directory is not there")
    path = safe_join(anime, video)
    target = anime.joinpath(*PUT_AWAY, video).parent
    stem = glob.escape(path.stem)
    names = (f"{stem}.*", f"{stem}-thumb.jpg")
    there = [found for name in names for found in path.parent.glob(name)] if path.parent.is_dir() else []
    beside = [found for found in there if found.is_file()]
    for found in sorted(beside, key=lambda found: found == path):  # the video last: until then all is done again
        durable_mkdir(target)
        for copy in itertools.count(1):
            name = found.name if copy == 1 else f"{found.stem} ({copy}){found.suffix}"
            try:
                durable_move(found, target / name)
                os.utime(target / name)  # from now on its days are counted
                break
            except FileExistsError:
                continue
    _remove_empty(path.parent, anime)


def clear_away(anime: Path, older_than: float) -> int:
    """Delete what was put away before that time (seconds since the epoch); how many files. Blocks."""
    count = 0
    for directory, _, names in os.walk(anime.joinpath(*PUT_AWAY), topdown=False):
        for name in names:
            path = Path(directory, name)
            with contextlib.suppress(OSError):
                if path.lstat().st_mtime < older_than:
                    path.unlink()
                    count += 1
        with contextlib.suppress(OSError):
            Path(directory).rmdir()
    return count


def _remove_empty(directory: Path, anime: Path) -> None:
    """Remove a folder and those above it, as far as they are empty and below the anime directory."""
    while directory != anime and directory.is_relative_to(anime):
        try:
            directory.rmdir()
        except OSError:  # not empty, or not ours to remove: it stays
            return
        directory = directory.parent
