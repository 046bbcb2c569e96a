"""Looks through the folder of a series: which videos lie there, and what their names say. Blocks; runs in threads.

A directory whose modification time is known already is not read again, only looked at: names cannot have come or gone.
What is hidden, what ``.ignore`` names, what NAS systems put beside everything, and links that lead out of the anime
directory or in a circle are passed over; a directory that cannot be read is told and stops nothing.
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from msgspec.structs import replace
from pathspec import GitIgnoreSpec

from aniworld.kit.files import is_utf8
from aniworld.metadata.service import nfo_path, read_episode_nfo, read_series_nfo
from aniworld.metadata.types import SERIES_NFO, SeriesMarks
from aniworld.naming.path import parse_path
from aniworld.naming.text import is_video
from aniworld.naming.types import Parsed

IGNORE = ".ignore"
DEEPEST = 12
LONGEST = 1000
"""Characters of a path."""
MOST_VIDEOS = 20_000
"""In one folder of a series."""
_SKIPPED = frozenset(
    {"@eadir", "#recycle", "#snapshot", "$recycle.bin", "lost+found", "system volume information", "__macosx"}
)
_LARGEST_IGNORE = 64 * 1024
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
NEVER = -1
"""Instead of a modification time: the directory is read again each time."""


@dataclass(frozen=True, slots=True)
class Video:
    """A video, and what its path says, or the description beside it."""

    path: str
    """Relative to the anime directory, with slashes."""
    size: int
    mtime_ns: int
    parsed: Parsed
    described: bool = False
    """Its numbers are those of a description that others wrote."""


@dataclass(slots=True)
class Seen:
    """What there is in one folder of the anime directory."""

    folder: str
    changed: dict[str, int] = field(default_factory=dict)
    """Directories that were read, with their modification times (ns); relative to the anime directory."""
    gone: set[str] = field(default_factory=set)
    """Known directories that are no longer there."""
    videos: list[Video] = field(default_factory=list)
    """Of the directories that were read."""
    marks: SeriesMarks | None = None
    """What the ``tvshow.nfo`` says, if the folder itself was read and has one."""
    problems: list[str] = field(default_factory=list)


def series_folders(anime: Path) -> tuple[list[str], list[str]]:
    """The folders of series, in order, and what is wrong with others.

    Raises ``OSError`` where the anime directory cannot be read.
    """
    names, problems = [], []
    with os.scandir(anime) as entries:
        for entry in entries:
            if is_passed_over(entry.name) or not _leads_inside(entry, anime):
                continue
            if is_text(entry.name):
                names.append(entry.name)
            else:
                problems.append(f"{_shown(entry.name)}: its name is not UTF-8, or holds control characters")
    return sorted(names), sorted(problems)


def is_folder(anime: Path, name: str) -> bool:
    """Whether a folder of a series lies there under that name, which may be anything. Blocks."""
    if is_passed_over(name) or not is_text(name) or "/" in name:
        return False
    path = anime / name
    try:
        return path.is_dir() and (not path.is_symlink() or _inside(path, anime))
    except OSError:
        return False


def look(anime: Path, folder: str, known: Mapping[str, int], *, thoroughly: bool = False) -> Seen:
    """Look through one folder. ``known``: its directories and when they were modified as far as we know.

    ``thoroughly``: read every directory, so that a file that was replaced under its name is seen too.
    """
    seen = Seen(folder)
    visited: set[tuple[int, int]] = set()
    below: dict[str, list[str]] = {}
    for path in known:
        below.setdefault(path.rpartition("/")[0], []).append(path)
    pending: list[tuple[str, tuple[tuple[str, GitIgnoreSpec], ...]]] = [(folder, ())]
    while pending:
        path, rules = pending.pop()
        full = anime / path
        try:
            status = full.stat()
        except OSError as error:
            _missing(seen, path, known, error)
            continue
        if (place := (status.st_dev, status.st_ino)) in visited or path.count("/") > DEEPEST:
            continue
        visited.add(place)
        if not thoroughly and known.get(path) == status.st_mtime_ns:
            pending.extend((child, rules) for child in below.get(path, ()))
            continue
        try:
            children = list(_read(anime, path, status.st_mtime_ns, rules, seen))
        except OSError as error:
            _missing(seen, path, known, error)
            continue
        pending.extend(children)
        kept = {child for child, _ in children}
        for child in below.get(path, ()):
            if child not in kept:
                seen.gone |= {other for other in known if other == child or other.startswith(f"{child}/")}
    return seen


def _missing(seen: Seen, path: str, known: Mapping[str, int], error: OSError) -> None:
    """A directory that is not there is gone; one that cannot be read keeps what is known of it."""
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        seen.gone |= {other for other in known if other == path or other.startswith(f"{path}/")}
    else:
        seen.problems.append(f"{path}: {error.strerror}")


def _read(
    anime: Path, path: str, mtime_ns: int, rules: tuple[tuple[str, GitIgnoreSpec], ...], seen: Seen
) -> Iterator[tuple[str, tuple[tuple[str, GitIgnoreSpec], ...]]]:
    """Take in one directory; the directories below it that are to be looked at."""
    with os.scandir(anime / path) as listing:
        entries = list(listing)
    names = {entry.name for entry in entries}
    if IGNORE in names and (anime / path / IGNORE).is_file():
        spec = _ignore(anime / path / IGNORE)
        if spec is None:
            seen.changed[path] = NEVER
            return
        rules = (*rules, (path, spec))
    seen.changed[path] = NEVER if rules else mtime_ns
    if path == seen.folder and SERIES_NFO in names:
        seen.marks = read_series_nfo(anime / path / SERIES_NFO)
    for entry in entries:
        name = entry.name
        if is_passed_over(name):
            continue
        if not is_text(name):
            seen.problems.append(f"{path}/{_shown(name)}: its name is not UTF-8, or holds control characters")
            continue
        child = f"{path}/{name}"
        if len(child) > LONGEST:
            seen.problems.append(f"{path}: the path of something in it is too long")
            continue
        if is_video(name):
            if _ignored(child, rules):
                continue
            if len(seen.videos) == MOST_VIDEOS:
                too_many = f"{seen.folder}: more than {MOST_VIDEOS} videos; the others were left out"
                if too_many not in seen.problems:
                    seen.problems.append(too_many)
                continue
            _video(entry, child, anime, names, seen)
        elif _leads_inside(entry, anime) and not _ignored(f"{child}/", rules):
            yield child, rules


def _video(entry: os.DirEntry[str], path: str, anime: Path, beside: Collection[str], seen: Seen) -> None:
    try:
        if entry.is_symlink() and not _inside(Path(entry.path), anime):
            return
        if not entry.is_file():
            return
        status = entry.stat()
    except OSError as error:
        seen.problems.append(f"{path}: {error.strerror}")
        return
    parsed, description = parse_path(path), nfo_path(entry.name)
    told = read_episode_nfo(anime / nfo_path(path)) if description in beside and parsed.kind != "extra" else ()
    if told:
        parsed = _as_told(parsed, told)
    seen.videos.append(Video(path, status.st_size, status.st_mtime_ns, parsed, bool(told)))


def _as_told(parsed: Parsed, told: Sequence[tuple[int, int]]) -> Parsed:
    """With the numbers that a description tells, of one season; its languages and version stay what the name says."""
    season = told[0][0]
    episodes = tuple(number for of, number in told if of == season)
    return replace(
        parsed, season=season, episodes=episodes, absolute=(), special=season == 0,
        kind="special" if season == 0 else "episode", rule="description",
    )  # fmt: skip


def is_text(name: str) -> bool:
    """Whether the name is UTF-8 without control characters: else it cannot be kept, told or written to a log."""
    return (name.isprintable() or not _CONTROL.search(name)) and is_utf8(name)


def _shown(name: str) -> str:
    """A name that is not UTF-8, so that it can be told."""
    return _CONTROL.sub("\ufffd", os.fsencode(name).decode(errors="replace"))


def is_passed_over(name: str) -> bool:
    """What is hidden, and what NAS systems put beside everything."""
    return name.startswith(".") or name.lower() in _SKIPPED


def _leads_inside(entry: os.DirEntry[str], anime: Path) -> bool:
    """Whether it is a directory, and not a link that leads out of the anime directory, or to the whole of it."""
    try:
        return entry.is_dir() and (not entry.is_symlink() or _inside(Path(entry.path), anime))
    except OSError:
        return False


def _inside(path: Path, anime: Path) -> bool:
    return anime.resolve() in path.resolve().parents


def _ignore(path: Path) -> GitIgnoreSpec | None:
    """The rules of an ``.ignore`` file; None: an empty one, which leaves out the whole directory."""
    with path.open("rb") as stream:
        lines = stream.read(_LARGEST_IGNORE).decode("utf-8", "replace").splitlines()
    patterns = [line for line in lines if line.strip() and not line.startswith("#")]
    try:
        return GitIgnoreSpec.from_lines(patterns) if patterns else None
    except ValueError:
        return None


def _ignored(path: str, rules: tuple[tuple[str, GitIgnoreSpec], ...]) -> bool:
    return any(spec.match_file(path.removeprefix(f"{directory}/")) for directory, spec in rules)
