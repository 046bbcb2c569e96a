"""Whether the anime directory is the one that it was, and not the empty place where its disk should be.

A marker in the directory names it, and a file in the data folder remembers which directory has which marker. A
directory that is configured anew is taken as it is. Blocks; runs in threads.
"""

from __future__ import annotations

import logging
import os
import re
import secrets
from pathlib import Path
from typing import Literal

import msgspec

from aniworld.kit.files import durable_mkdir, durable_write
from aniworld.kit.schema import Schema

log = logging.getLogger(__name__)

MARKER = (".aniworld", "id")
_LARGEST = 4096

_MOUNTS = Path("/proc/self/mountinfo")
_SILENT = frozenset(
    {"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "ceph", "glusterfs", "lustre", "virtiofs", "vboxsf", "prl_fs"}
)
"""File systems on which others may change something without this machine being told."""

State = Literal["new", "there", "away"]


class _Known(Schema, frozen=True):
    directory: str
    id: str | None
    """None: nothing may be written there, so there is no marker."""


class Mount:
    """The anime directory, as it is remembered in the data folder."""

    def __init__(self, data_dir: Path) -> None:
        self._file = data_dir / "anime-directory.json"

    def look(self, anime: Path) -> State:
        """``new``: not the directory that is remembered; ``away``: it should be that, and its marker is not there."""
        if not anime.is_dir():
            return "away"
        known = self._known()
        if known is None or known.directory != str(anime):
            return "new"
        return "there" if known.id is None or _read(anime.joinpath(*MARKER)) == known.id else "away"

    def is_there(self, anime: Path) -> bool:
        """Whether files may be put there."""
        return self.look(anime) != "away"

    def settle(self, anime: Path) -> None:
        """Remember the directory as it is now, with the marker that it has or gets."""
        marker = anime.joinpath(*MARKER)
        id_ = _read(marker)
        if id_ is None:
            id_ = secrets.token_hex(8)
            try:
                durable_mkdir(marker.parent)
                durable_write(marker, f"{id_}\n".encode())
            except OSError as error:
                log.info("The anime directory gets no marker: %s", error.strerror)
                id_ = None
        known = _Known(directory=str(anime), id=id_)
        if known != self._known():
            durable_write(self._file, msgspec.json.encode(known))

    def _known(self) -> _Known | None:
        try:
            return msgspec.json.decode(self._file.read_bytes(), type=_Known)
        except (FileNotFoundError, msgspec.MsgspecError):
            return None


def _read(marker: Path) -> str | None:
    try:
        with marker.open("rb") as stream:
            text = stream.read(_LARGEST).decode("ascii", "replace").strip()
    except OSError:
        return None
    return text or None


def tells_changes(directory: Path) -> str | None:
    """None, where every change there passes through this machine's kernel; else why not, in words. Blocks."""
    try:
        place = os.fsencode(directory.resolve()).decode(errors="replace")
        kind = file_system(place, _MOUNTS.read_text(errors="replace"))
    except OSError:
        return None
    if kind in _SILENT or kind.startswith("fuse."):
        return f"the file system ({kind}) tells no changes"
    return None


def file_system(place: str, mounts: str) -> str:
    """The type of the file system on which an absolute path lies, by Linux' ``mountinfo``; empty: not told."""
    longest, kind = -1, ""
    for line in mounts.splitlines():
        ours, _, theirs = line.partition(" - ")
        fields, rest = ours.split(), theirs.split()
        if len(fields) < 5 or not rest:
            continue
        point = re.sub(r"\\([0-7]{3})", lambda code: chr(int(code[1], 8)), fields[4])
        inside = place == point or place.startswith(point if point.endswith("/") else f"{point}/")
        if inside and len(point) >= longest:  # of two at one place the later one is seen
            longest, kind = len(point), rest[0]
    return kind
