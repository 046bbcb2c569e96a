"""Small pictures, kept by the content of the large ones. A cache: what is lost is made again. Blocks."""

from __future__ import annotations

import contextlib
import os
import secrets
from pathlib import Path

from aniworld.metadata import artwork
from aniworld.metadata.types import PictureFacts

MOST_BYTES = 512 * 1024 * 1024
_ROOM = 0.8
"""How much of that is left after making room."""
_HEAD = 8


class Thumbnails:
    """A directory of WebP files."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def read(self, hash_: str, width: int) -> bytes | None:
        """One that is there, whole."""
        try:
            data = self._path(hash_, width).read_bytes()
        except OSError:
            return None
        # Written without waiting for the disk, so a power cut may have left half of it.
        whole = data[:4] == b"RIFF" and len(data) == int.from_bytes(data[4:_HEAD], "little") + _HEAD
        return data if whole else None

    def make(self, hash_: str, width: int, data: bytes) -> tuple[bytes, PictureFacts]:
        """Make one and keep it. Raises :class:`~aniworld.metadata.errors.BadPictureError`."""
        made, facts = artwork.thumbnail(data, width)
        path = self._path(hash_, width)
        temporary = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
        with contextlib.suppress(OSError):  # where nothing can be kept it is made again
            path.parent.mkdir(parents=True, exist_ok=True)
            temporary.write_bytes(made)
            temporary.replace(path)
        return made, facts

    def prune(self, most: int = MOST_BYTES) -> int:
        """Remove the oldest where all together are too large; how many."""
        found: list[tuple[float, int, str]] = []
        for directory, _, names in os.walk(self._directory):
            for name in names:
                path = Path(directory, name)
                with contextlib.suppress(OSError):
                    info = path.lstat()
                    found.append((info.st_mtime, info.st_size, str(path)))
        total = sum(size for _, size, _ in found)
        if total <= most:
            return 0
        count = 0
        for _, size, path_ in sorted(found):
            with contextlib.suppress(OSError):
                Path(path_).unlink()
                count += 1
            total -= size
            if total <= most * _ROOM:
                break
        return count

    def _path(self, hash_: str, width: int) -> Path:
        return self._directory / hash_[:2] / f"{hash_}-{width}.webp"
