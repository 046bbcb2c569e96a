"""Writes descriptions and pictures into a series' folder. Blocks; call it through a thread."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Sequence
from pathlib import Path

from aniworld.kit.files import durable_write, safe_join
from aniworld.metadata import artwork, nfo
from aniworld.metadata.errors import ForeignNfoError
from aniworld.metadata.types import (
    PICTURE_FILES,
    SEASON_NFO,
    SERIES_NFO,
    EpisodeFacts,
    PictureKind,
    SeasonFacts,
    SeriesFacts,
    SeriesMarks,
)

media_type = artwork.media_type


def write_series_nfo(anime: Path, folder: str, facts: SeriesFacts) -> bool:
    """Write ``tvshow.nfo`` if it changes; whether it did. Raises ``OSError`` and :class:`ForeignNfoError`."""
    path = safe_join(anime, folder, SERIES_NFO)
    existing = _read(path)
    return _write_if_new(path, existing, nfo.series_nfo(facts, existing))


def write_season_nfo(anime: Path, season_folder: str, facts: SeasonFacts) -> bool:
    """Write ``season.nfo`` if it changes; whether it did. ``season_folder``: relative to ``anime``.

    Raises ``OSError`` (``FileNotFoundError`` where the folder is gone) and :class:`ForeignNfoError`.
    """
    path = safe_join(anime, season_folder, SEASON_NFO)
    existing = _read(path)
    return _write_if_new(path, existing, nfo.season_nfo(facts, existing))


def write_episode_nfo(anime: Path, video: str, facts: Sequence[EpisodeFacts]) -> bool:
    """Write the ``.nfo`` beside a video if it changes; whether it did. ``video``: relative to ``anime``.

    ``facts``: of each episode that the file holds, in order; at least one.

    Raises ``OSError`` (``FileNotFoundError`` where the folder is gone) and :class:`ForeignNfoError`.
    """
    path = safe_join(anime, nfo_path(video))
    existing = _read(path)
    return _write_if_new(path, existing, nfo.episode_nfo(facts, existing))


def read_series_nfo(path: Path) -> SeriesMarks | None:
    """By what a ``tvshow.nfo`` says which series it is about; None where it cannot be read."""
    try:
        data = _read(path)
        return nfo.series_marks(data) if data else None
    except (OSError, ForeignNfoError):
        return None


def nfo_path(video: str) -> str:
    """Where the description of a video lies."""
    return f"{video.rpartition('.')[0]}.nfo"


def has_picture(anime: Path, folder: str, kind: PictureKind) -> bool:
    """Whether the series has a picture of that kind."""
    return safe_join(anime, folder, PICTURE_FILES[kind]).is_file()


def write_picture(anime: Path, folder: str, kind: PictureKind, data: bytes) -> None:
    """Check and keep a picture. Raises ``OSError`` and :class:`~aniworld.metadata.errors.BadPictureError`."""
    encoded = artwork.encode(kind, data)
    path = safe_join(anime, folder, PICTURE_FILES[kind])
    if _read(path, artwork.MAX_BYTES) != encoded:
        durable_write(path, encoded)


def _read(path: Path, largest: int = nfo.LARGEST) -> bytes | None:
    """What is there; None: nothing. A link, a folder or a device is not read."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise ForeignNfoError(f"{path.name} is a symbolic link; it is left alone") from error
        raise
    with os.fdopen(descriptor, "rb") as stream:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise ForeignNfoError(f"{path.name} is not a file; it is left alone")
        return stream.read(largest + 1)


def _write_if_new(path: Path, existing: bytes | None, data: bytes | None) -> bool:
    if data is None or data == existing:
        return False
    durable_write(path, data)
    return True
