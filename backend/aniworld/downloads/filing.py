"""The work files of queue items and their way into the library. Everything here blocks; ``OSError`` passes through.

An installation's work files lie in a folder that carries its name, so that another one on the same disk never takes
them for leftovers of its own.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Collection
from pathlib import Path
from uuid import UUID

from aniworld.kit.files import durable_mkdir, durable_move, durable_replace

WORK = (".aniworld", "work")
FINISHED = "finished"
_WHOLE = "whole"
_EXTENSIONS = {"mp4": ".mp4", "matroska": ".mkv", "mpegts": ".ts", "avi": ".avi", "flv": ".flv"}
"""By FFmpeg's names of containers."""


def items_with_files(work: Path) -> list[UUID]:
    """The items that have work files in an installation's folder."""
    found = []
    with contextlib.suppress(FileNotFoundError):
        for path in work.iterdir():
            with contextlib.suppress(ValueError):
                found.append(UUID(path.name))
    return found


def remove_items(work: Path, ids: Collection[UUID]) -> set[UUID]:
    """Remove the work files of some items, of which most may have none; the items of which something is left."""
    try:
        there = set(ids).intersection(items_with_files(work)) if len(ids) > 1 else set(ids)
    except OSError:  # the disk had a moment, or too many files are open: all of them may have some
        return set(ids)
    for id_ in there:
        shutil.rmtree(work / str(id_), ignore_errors=True)
    return {id_ for id_ in there if os.path.lexists(work / str(id_))}


def extension(container: str) -> str:
    """What a file of that container is called; players go by the name."""
    names = container.split(",")
    return next((suffix for name, suffix in _EXTENSIONS.items() if name in names), ".mkv")


def keep_whole(part: Path, suffix: str) -> Path:
    """Give what was fetched, and found to be whole, a name that says so: a crash from here on costs no byte of it."""
    whole = part.with_name(_WHOLE + suffix)
    durable_replace(part, whole)
    return whole


def kept_whole(own: Path) -> Path | None:
    """What an earlier attempt at an item had found to be whole, of whatever hoster."""
    return next(own.glob(f"*/{_WHOLE}.*"), None)


def stage(finished: Path, staged: Path) -> None:
    """Move the finished file, and its subtitles before it, to where filing looks for them."""
    for leftover in staged.parent.glob(f"{FINISHED}.*"):  # of another hoster's attempt
        leftover.unlink()
    for subtitles in finished.parent.glob(f"{finished.stem}.*.vtt"):
        durable_replace(subtitles, staged.with_name(subtitles.name))
    durable_replace(finished, staged)


def file_beside(work: Path, final: Path) -> None:
    """Subtitles that are there already stay as they are: somebody may have put them right."""
    for subtitles in sorted(work.glob(f"{FINISHED}.*.vtt")):
        with contextlib.suppress(FileExistsError):
            durable_move(subtitles, final.with_name(final.stem + subtitles.name.removeprefix(FINISHED)))


def file_away(staged: Path, final: Path) -> None:
    """Move the finished file to its place; ``FileExistsError`` where another one has it."""
    durable_mkdir(final.parent)
    try:
        durable_move(staged, final)
    except FileExistsError:
        # A crash in the middle of a move may leave the file under both names.
        if not final.samefile(staged):
            raise
        staged.unlink()


def size_of(path: Path) -> int | None:
    """Bytes of a file; None: it is not there."""
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return None
