"""Looks at what would move, and moves it. Blocks; runs in threads."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from aniworld.kit.files import UnsafePathError, durable_mkdir, durable_move, fsync_directory, is_utf8, safe_join
from aniworld.organise.plan import Listing, Wish
from aniworld.organise.types import Move, Reason


@dataclass(slots=True)
class Moved:
    """What became of some moves."""

    done: list[Move] = field(default_factory=list)
    left: dict[Move, Reason] = field(default_factory=dict)
    removed: set[str] = field(default_factory=set)
    """Directories that we left empty."""


def look(anime: Path, wanted: Wish) -> Listing:
    """What lies where something would go or come from."""
    listing = Listing()
    real = anime.resolve()
    for directory in sorted(wanted.directories()):
        path = anime / directory
        try:
            if path.resolve() != real / directory:
                listing.problems[directory] = "outside"
                continue
            with os.scandir(path) as entries:
                names = {entry.name: entry.is_symlink() for entry in entries}
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError:
            listing.problems[directory] = "unreadable"
            continue
        if not os.access(path, os.W_OK | os.X_OK):
            listing.problems[directory] = "unreadable"
        listing.names[directory] = frozenset(name for name in names if is_utf8(name))
        listing.links |= {f"{directory}/{name}" for name, is_link in names.items() if is_link}
    return listing


def folder_conflict(anime: Path, source: str, target: str) -> Reason | None:
    """Why the folder of a series cannot get its new name."""
    path, new = anime / source, anime / target
    if not path.is_dir():
        return "missing"
    if path.is_symlink():
        return "outside"
    if os.path.lexists(new):
        return "case_only" if _same(path, new) else "target_exists"
    return None if os.access(anime, os.W_OK | os.X_OK) else "unreadable"


def move(anime: Path, moves: Sequence[Move], *, there: Callable[[Path], bool], finish: bool = False) -> Moved:
    """Do them one after the other; none over anything. What cannot be done is left, with the reason.

    ``finish``: somebody began this before: what lies at its new place already was moved.
    """
    moved = Moved()
    if not there(anime):
        moved.left = dict.fromkeys(moves, "missing")
        return moved
    emptied: dict[str, None] = {}
    already = _done_before(anime, moves) if finish else set()
    for number, one in enumerate(moves):
        reason = None if number in already else _move(anime, one, finish=finish)
        if reason is None:
            moved.done.append(one)
            emptied[one.source.rpartition("/")[0]] = None
        else:
            moved.left[one] = reason
    moved.removed = set(_remove_empty(anime, emptied))
    return moved


def _done_before(anime: Path, moves: Sequence[Move]) -> set[int]:
    """Which of them somebody did. They are done in order, so the name that one left may be another's by now."""
    done: set[int] = set()
    filled: set[str] = set()
    for number in reversed(range(len(moves))):
        one = moves[number]
        gone = one.source in filled or not os.path.lexists(anime / one.source)
        if gone and os.path.lexists(anime / one.target):
            done.add(number)
            filled.add(one.target)
    return done


def _move(anime: Path, one: Move, *, finish: bool) -> Reason | None:
    try:
        source, target = safe_join(anime, one.source), safe_join(anime, one.target)
    except UnsafePathError:
        return "outside"
    try:
        if source.is_symlink():
            return "outside"
        if not source.exists():
            return "missing"
        if finish and one.kind != "folder" and target.exists() and _same(source, target) and source.stat().st_nlink > 1:
            source.unlink()  # a move by way of a second name was cut off in the middle
            fsync_directory(source.parent)
            return None
        durable_mkdir(target.parent)
        safe_join(anime, one.target)  # the folder that was just made is where it should be
        durable_move(source, target)
    except FileExistsError:
        return "case_only" if _same(source, target) else "target_exists"
    except UnsafePathError:
        return "outside"
    except (PermissionError, NotADirectoryError):
        return "unreadable"
    except OSError:
        return "refused"
    return None


def _remove_empty(anime: Path, directories: Iterable[str]) -> Iterable[str]:
    """Remove these and those above them as far as they are empty; never the anime directory."""
    for directory in sorted(directories, key=lambda path: path.count("/"), reverse=True):
        while directory and not directory.startswith("."):
            try:
                (anime / directory).rmdir()
            except OSError:
                break
            yield directory
            with contextlib.suppress(OSError):
                fsync_directory((anime / directory).parent)
            directory = directory.rpartition("/")[0]


def _same(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except OSError:
        return False
