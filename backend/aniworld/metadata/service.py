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

_LARGEST_EPISODE = 256 * 1024
"""Bytes of an episode's description that a scan reads: there are as many as there are videos."""

Replace = Literal["nothing", "ours"]
"""Which pictures a new one may take the place of: ``ours``, those that we made and nobody has changed."""


def write_series_nfo(anime: Path, folder: str, facts: SeriesFacts) -> bool:
    """Write ``tvshow.nfo`` if it changes; whether it did. Raises ``OSError`` and :class:`ForeignNfoError`."""
    path = safe_join(anime, folder, SERIES_NFO)
    try:
        existing = read_file(path, nfo.LARGEST)
        return _write_if_new(path, existing, nfo.series_nfo(facts, existing))
    except ForeignNfoError as error:
        raise ForeignNfoError(f"{SERIES_NFO} is left alone, repair or remove it. {error.detail}") from error


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


def read_episode_nfo(path: Path) -> tuple[tuple[int, int], ...]:
    """The (season, episode) that others than us tell in an episode's ``.nfo``; empty where they tell none.

    One that is damaged, hostile or too large tells none.
    """
    try:
        data = read_file(path, _LARGEST_EPISODE)
        return nfo.episode_numbers(data) if data and len(data) <= _LARGEST_EPISODE else ()
    except (OSError, ForeignNfoError):
        return ()


def nfo_path(video: str) -> str:
    """Where the description of a video lies."""
    return f"{video.rpartition('.')[0]}.nfo"


def wants_picture(
    anime: Path,
    folder: str,
    kind: PictureKind,
    *,
    season: int | None = None,
    number: int = 0,
    replace: Replace = "nothing",
) -> bool:
    """Whether :func:`write_picture` would write one. See :func:`picture_file` for ``season`` and ``number``.

    Raises ``OSError``.
    """
    return _may_write(_existing(_picture_path(anime, folder, picture_file(kind, season, number))), replace)


def write_picture(
    anime: Path,
    folder: str,
    kind: PictureKind,
    data: bytes,
    *,
    season: int | None = None,
    number: int = 0,
    replace: Replace = "nothing",
) -> bool:
    """Check and keep a picture; whether it was written. One that a person put there, or changed, is never replaced.

    Raises ``OSError`` and :class:`~aniworld.metadata.errors.BadPictureError`.
    """
    path = _picture_path(anime, folder, picture_file(kind, season, number))
    existing = _existing(path)
    return _may_write(existing, replace) and _write_if_new(path, existing, marked(artwork.encode(kind, data)))


def thumb_beside(anime: Path, video: str) -> tuple[str | None, bool]:
    """The hash of the picture beside an episode's video (relative to ``anime``), and whether another may be written.

    Raises ``OSError``, and ``UnsafePathError`` where the video lies elsewhere.
    """
    existing = _existing(_thumb_path(anime, video))
    return content_hash(existing) if existing else None, _may_write(existing, "ours")


def write_thumb(anime: Path, video: str, data: bytes) -> str | None:
    """Check and keep a picture beside an episode's video, in place of one of ours; the hash of what lies there then.

    Raises as :func:`thumb_beside`, and :class:`~aniworld.metadata.errors.BadPictureError`.
    """
    path = _thumb_path(anime, video)
    existing = _existing(path)
    if not _may_write(existing, "ours"):
        return content_hash(existing) if existing else None
    made = marked(artwork.encode("thumb", data))
    _write_if_new(path, existing, made)
    return content_hash(made)


def remove_pictures(anime: Path, folder: str) -> int:
    """Remove the pictures of the series and its seasons that are ours; how many. Raises ``OSError``."""
    directory = safe_join(anime, folder)
    count = 0
    for path in list(directory.iterdir()):
        if is_picture_name(path.name) and (data := _existing(path)) and is_ours(data):
            path.unlink()
            count += 1
    return count


def _picture_path(anime: Path, folder: str, name: str) -> Path:
    """It may be a link: those are not followed, they are somebody's own."""
    return safe_join(anime, folder) / name


def _thumb_path(anime: Path, video: str) -> Path:
    return safe_join(anime, video).with_name(thumb_path(video).rpartition("/")[2])


def _existing(path: Path) -> bytes | None:
    """The picture that is there; of a link, which is never ours, nothing. Raises ``OSError``."""
    try:
        return read_file(path, artwork.MAX_BYTES)
    except ForeignNfoError:
        return b""


def _may_write(existing: bytes | None, replace: Replace) -> bool:
    return existing is None or (replace == "ours" and is_ours(existing))


def _write_if_new(path: Path, existing: bytes | None, data: bytes | None) -> bool:
    if data is None or data == existing:
        return False
    durable_write(path, data)
    return True
