"""Writes descriptions and pictures into a series' folder. Blocks; call it through a thread.

What goes into them is told by :class:`MetadataServices`, which is asked here as well.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from aniworld.kit.files import durable_write, safe_join
from aniworld.metadata import artwork, check_service, check_types, lookup_service, nfo
from aniworld.metadata.errors import ForeignNfoError
from aniworld.metadata.nfo_file import read_file
from aniworld.metadata.pictures import choose, content_hash, is_ours, is_picture_name, marked, picture_file, thumb_path
from aniworld.metadata.thumbnails import Thumbnails
from aniworld.metadata.types import (
    SEASON_NFO,
    SERIES_NFO,
    EpisodeFacts,
    PictureKind,
    SeasonFacts,
    SeriesFacts,
    SeriesMarks,
)

__all__ = ["Thumbnails", "choose", "content_hash", "is_picture_name", "picture_file", "thumb_path"]

media_type = artwork.media_type
check_folder = check_service.check
FolderCheck = check_types.FolderCheck
MetadataServices = lookup_service.MetadataServices
drawing = artwork.apart

Replace = Literal["nothing", "ours", "all"]
"""Which pictures a new one may take the place of: ``ours``, those that we made and nobody has changed."""


def write_series_nfo(anime: Path, folder: str, facts: SeriesFacts) -> bool:
    """Write ``tvshow.nfo`` if it changes; whether it did. Raises ``OSError`` and :class:`ForeignNfoError`."""
    path = safe_join(anime, folder, SERIES_NFO)
    existing = read_file(path, nfo.LARGEST)
    return _write_if_new(path, existing, nfo.series_nfo(facts, existing))


def write_season_nfo(anime: Path, season_folder: str, facts: SeasonFacts) -> bool:
    """Write ``season.nfo`` if it changes; whether it did. ``season_folder``: relative to ``anime``.

    Raises ``OSError`` (``FileNotFoundError`` where the folder is gone) and :class:`ForeignNfoError`.
    """
    path = safe_join(anime, season_folder, SEASON_NFO)
    existing = read_file(path, nfo.LARGEST)
    return _write_if_new(path, existing, nfo.season_nfo(facts, existing))


def write_episode_nfo(anime: Path, video: str, facts: Sequence[EpisodeFacts]) -> bool:
    """Write the ``.nfo`` beside a video if it changes; whether it did. ``video``: relative to ``anime``.

    ``facts``: of each episode that the file holds, in order; at least one.

    Raises ``OSError`` (``FileNotFoundError`` where the folder is gone) and :class:`ForeignNfoError`.
    """
    path = safe_join(anime, nfo_path(video))
    existing = read_file(path, nfo.LARGEST)
    return _write_if_new(path, existing, nfo.episode_nfo(facts, existing))


def read_series_nfo(path: Path) -> SeriesMarks | None:
    """By what a ``tvshow.nfo`` says which series it is about; None where it cannot be read."""
    try:
        data = read_file(path, nfo.LARGEST)
        return nfo.series_marks(data) if data else None
    except (OSError, ForeignNfoError):
        return None


def nfo_path(video: str) -> str:
    """Where the description of a video lies."""
    return f"{video.rpartition('.')[0]}.nfo"


def has_picture(anime: Path, folder: str, kind: PictureKind, *, season: int | None = None, number: int = 0) -> bool:
    """Whether the series has that picture. See :func:`picture_file` for ``season`` and ``number``."""
    return safe_join(anime, folder, picture_file(kind, season, number)).is_file()


def has_thumb(anime: Path, video: str) -> bool:
    """Whether there is a picture beside an episode's video (relative to ``anime``)."""
    return safe_join(anime, thumb_path(video)).is_file()


def write_picture(
    anime: Path,
    folder: str,
    kind: PictureKind,
    data: bytes,
    *,
    season: int | None = None,
    number: int = 0,
    replace: Replace = "all",
) -> bool:
    """Check and keep a picture; whether it was written. ``replace``: what may be put in another one's place.

    Raises ``OSError`` and :class:`~aniworld.metadata.errors.BadPictureError`.
    """
    return _write_picture(safe_join(anime, folder, picture_file(kind, season, number)), kind, data, replace)


def write_thumb(anime: Path, video: str, data: bytes, *, replace: Replace = "nothing") -> bool:
    """The same for the picture beside an episode's video (relative to ``anime``)."""
    return _write_picture(safe_join(anime, thumb_path(video)), "thumb", data, replace)


def _write_picture(path: Path, kind: PictureKind, data: bytes, replace: Replace) -> bool:
    existing = read_file(path, artwork.MAX_BYTES)
    if existing is not None and (replace == "nothing" or (replace == "ours" and not is_ours(existing))):
        return False
    return _write_if_new(path, existing, marked(artwork.encode(kind, data)))


def _write_if_new(path: Path, existing: bytes | None, data: bytes | None) -> bool:
    if data is None or data == existing:
        return False
    durable_write(path, data)
    return True
