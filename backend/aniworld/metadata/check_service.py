"""Looks through the folder of a series as a player does. Blocks; call it through a thread."""

from __future__ import annotations

import os
from pathlib import Path

from aniworld.kit.files import is_utf8, safe_join
from aniworld.metadata import check_folder, check_nfo, nfo_read
from aniworld.metadata.check_types import FolderCheck, finding
from aniworld.metadata.errors import ForeignNfoError
from aniworld.metadata.nfo_file import read_file
from aniworld.metadata.types import SEASON_NFO, SERIES_NFO
from aniworld.naming.path import season_of_folder
from aniworld.naming.text import is_video

MOST_FILES = 20_000
MOST_NFOS = 5_000
_DEEPEST = 4
_TOLD = frozenset({".ignore", ".nomedia"})
"""Hidden files that players heed."""
_ROOTS = {SERIES_NFO: "tvshow", SEASON_NFO: "season"}


def check(anime: Path, folder: str) -> FolderCheck:
    """What Jellyfin and Kodi will make of the folder. Raises ``OSError`` where it cannot be read."""
    files = _files(safe_join(anime, folder))
    nfos: dict[str, check_nfo.Seen] = {}
    for path in [path for path in files if path.lower().endswith(".nfo")][:MOST_NFOS]:
        nfos[path] = _look(anime, f"{folder}/{path}")
    return check_folder.check(check_folder.Listing(folder=folder, files=files, nfos=nfos))


def series_folders(directory: Path) -> list[Path]:
    """The folders of series below, or the directory itself where it is the folder of one. Raises ``OSError``."""
    with os.scandir(directory) as entries:
        listed = [(entry.name, entry.is_dir(follow_symlinks=False)) for entry in entries]
    names = [name for name, _ in listed]
    folders = sorted(name for name, is_folder in listed if is_folder and not name.startswith("."))
    if SERIES_NFO in names or any(map(is_video, names)) or any(season_of_folder(name) is not None for name in folders):
        return [directory]
    return [directory / name for name in folders] or [directory]


def _files(root: Path) -> list[str]:
    """Relative paths; what is hidden and links to folders are passed over."""
    found: list[str] = []
    pending = [""]
    while pending and len(found) < MOST_FILES:
        path = pending.pop()
        try:
            with os.scandir(root / path) as entries:
                listed = sorted(entries, key=lambda entry: entry.name)
        except OSError:
            if not path:
                raise
            continue
        for entry in listed:
            name = f"{path}{entry.name}"
            if not is_utf8(entry.name) or (entry.name.startswith(".") and entry.name not in _TOLD):
                continue
            if entry.is_dir(follow_symlinks=False):
                if path.count("/") < _DEEPEST:
                    pending.append(f"{name}/")
            elif entry.is_file():
                found.append(name)
    return sorted(found[:MOST_FILES])


def _look(anime: Path, path: str) -> check_nfo.Seen:
    try:
        data = read_file(anime / path, nfo_read.LARGEST)
    except (OSError, ForeignNfoError) as error:
        detail = error.detail if isinstance(error, ForeignNfoError) else error.strerror
        return check_nfo.Seen(path, findings=[finding(path, "nfo_unreadable", detail=detail)])
    name = path.rpartition("/")[2].lower()
    return check_nfo.look(path, data or b"", _ROOTS.get(name, "episodedetails"))
