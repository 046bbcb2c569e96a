"""What would move, and what stands in the way. Pure: what lies on the disk comes in as a listing.

All paths but those that lie there now are thought in the series' future folder: the folder is renamed first.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from aniworld.library.moving_service import Names, SeriesName, same_name
from aniworld.library.types import MovedPath, NamedSeries
from aniworld.naming.path import parse_path
from aniworld.naming.text import is_video
from aniworld.organise.types import Move, PlannedFile, Reason, SeriesPlan

LONGEST_NAME = 255
LONGEST_PATH = 1000
_BESIDE = re.compile(r"(?:-[a-z]+[0-9]{0,2})?(?:\.[\w+-]{1,30}){1,4}")


@dataclass(slots=True)
class Listing:
    """What lies in the directories that matter. Directories are named as they are now."""

    names: dict[str, frozenset[str]] = field(default_factory=dict)
    """Of each directory that is there."""
    problems: dict[str, Reason] = field(default_factory=dict)
    """Directories that cannot be used."""
    links: set[str] = field(default_factory=set)
    """Files that are links."""


@dataclass(frozen=True, slots=True)
class Wish:
    """Where everything of a series should lie, whatever stands in the way."""

    series: NamedSeries
    folder: str
    targets: Mapping[str, str]
    """Path now → path then."""

    def directories(self) -> set[str]:
        """Those that have to be looked at, as they are called now."""
        paths = [*self.targets, *(self.now(target) for target in self.targets.values())]
        return {path.rpartition("/")[0] for path in paths} | {self.series.folder}

    def now(self, path: str) -> str:
        """What a path in the future folder is called now."""
        return MovedPath(self.folder, self.series.folder, True).follow(path)

    def then(self, path: str) -> str:
        """What a path is called once the folder has its new name."""
        return MovedPath(self.series.folder, self.folder, True).follow(path)


def wish(series: NamedSeries, names: Names, ids: Mapping[str, str], taken: Collection[str]) -> Wish:
    """``taken``: folded folders of other series."""
    told = SeriesName(series.name, series.year, ids)
    folder = series.folder
    for copy in range(1, 1000):
        folder = names.folder(told, copy)
        if same_name(folder) not in taken:
            break
    return in_folder(series, names, told, folder)


def in_folder(series: NamedSeries, names: Names, told: SeriesName, folder: str) -> Wish:
    """The same in a folder that is decided."""
    targets: dict[str, str] = {}
    for file in series.files:
        extension = file.path.rpartition(".")[2]
        # What a name says of languages is not lost.
        tagged = bool(parse_path(file.path).languages)
        try:
            targets[file.path] = names.path(folder, told, file.episode, extension, tagged=tagged)
        except ValueError:  # an extension as ours never are: it keeps its name
            continue
    return Wish(series, folder, targets)


def plan(
    wanted: Wish, listing: Listing, *, folder_conflict: Reason | None, busy: Collection[tuple[int, int]]
) -> SeriesPlan:
    """``folder_conflict``: the folder keeps its name, and ``wanted`` says so too; ``busy``: (season, episode)."""
    series = wanted.series
    episodes = {file.path: file.episode for file in series.files}
    files = [
        _file(source, target, wanted, listing)
        for source, target in wanted.targets.items()
        if wanted.then(source) != target
    ]
    files = [
        replace(file, conflict="downloading")
        if any((episodes[file.source].season, number) in busy for number in episodes[file.source].episodes)
        else file
        for file in files
    ]
    if series.busy:
        files = [replace(file, conflict="loading") for file in files]
    files = _without_clashes(files, wanted, listing)
    moves: list[Move] = []
    renamed = wanted.folder != series.folder
    if renamed and not series.busy:
        moves.append(Move("folder", series.folder, wanted.folder))
    elif renamed:
        folder_conflict = "loading"
    moves += _seasons_and_files(files, wanted, listing) if not series.busy else []
    return SeriesPlan(
        id=series.id,
        key=series.key,
        name=series.name,
        folder=(series.folder, wanted.folder) if renamed or folder_conflict else None,
        folder_conflict=folder_conflict,
        files=tuple(sorted(files, key=lambda file: file.target)),
        moves=tuple(moves),
    )


def _there(listing: Listing) -> set[str]:
    return {f"{directory}/{name}" for directory, names in listing.names.items() for name in names}


def _file(source: str, target: str, wanted: Wish, listing: Listing) -> PlannedFile:
    directory, _, name = source.rpartition("/")
    new_stem = target.rpartition(".")[0]
    conflict: Reason | None = listing.problems.get(directory)
    if conflict is None and name not in listing.names.get(directory, ()):
        conflict = "missing"
    if conflict is None and source in listing.links:
        conflict = "outside"
    beside = [] if conflict else [
        (f"{directory}/{other}", new_stem + rest)
        for other, rest in _beside(name, listing.names[directory])
        if f"{directory}/{other}" not in listing.links
    ]  # fmt: skip
    longest = max(len(path.rpartition("/")[2].encode()) for path in (target, *(new for _, new in beside)))
    if conflict is None and (longest > LONGEST_NAME or len(target) > LONGEST_PATH):
        conflict = "name_too_long"
    beside = [(old, new) for old, new in beside if wanted.then(old) != new]
    return PlannedFile(source=source, target=target, beside=tuple(sorted(beside)), conflict=conflict)


def _beside(video: str, names: Collection[str]) -> Iterable[tuple[str, str]]:
    """What goes by the name of a video, and the rest of its name; not what goes by a longer one of another."""
    stem = video.rpartition(".")[0]
    longer = [
        other.rpartition(".")[0] for other in names
        if other != video and is_video(other) and other.rpartition(".")[0].startswith(stem) and len(other) > len(video)
    ]  # fmt: skip
    for other in names:
        rest = other[len(stem) :]
        if not other.startswith(stem) or is_video(other) or not _BESIDE.fullmatch(rest):
            continue
        if not any(other.startswith(one) for one in longer if one != stem):
            yield other, rest


def _without_clashes(files: Sequence[PlannedFile], wanted: Wish, listing: Listing) -> list[PlannedFile]:
    """Of two that want one name none gets it; and none takes the place of what stays."""
    wants: dict[str, int] = {}
    for file in files:
        if file.conflict is None:
            for target in _targets(file):
                wants[same_name(target)] = wants.get(same_name(target), 0) + 1
    files = [
        replace(file, conflict="same_target")
        if file.conflict is None and any(wants[same_name(target)] > 1 for target in _targets(file))
        else file
        for file in files
    ]
    there = {same_name(wanted.then(path)) for path in _there(listing)}
    while True:  # who stays is in the way of others, who stay then too
        leaving = {same_name(wanted.then(path)) for file in files if file.conflict is None for path in _sources(file)}
        staying = there - leaving
        checked = [
            replace(file, conflict="target_exists")
            if file.conflict is None and any(same_name(target) in staying for target in _targets(file))
            else file
            for file in files
        ]
        if checked == files:
            return files
        files = checked


def _targets(file: PlannedFile) -> list[str]:
    return [file.target, *(new for _, new in file.beside)]


def _sources(file: PlannedFile) -> list[str]:
    return [file.source, *(old for old, _ in file.beside)]


def _seasons_and_files(files: Sequence[PlannedFile], wanted: Wish, listing: Listing) -> list[Move]:
    """Folders of seasons as a whole where all of one goes to one that is not there yet; then file by file."""
    moves: list[Move] = []
    free = [file for file in files if file.conflict is None]
    renamed: list[MovedPath] = []
    for directory, names in sorted(listing.names.items()):
        source = wanted.then(directory)
        mine = [file for file in free if file.source.rpartition("/")[0] == directory]
        targets = {file.target.rpartition("/")[0] for file in mine}
        if "/" not in source or not mine or len(mine) != sum(map(is_video, names)) or len(targets) != 1:
            continue
        target = targets.pop()
        taken = {same_name(one.target) for one in renamed}
        if target == source or wanted.now(target) in listing.names or same_name(target) in taken:
            continue
        if same_name(target) in {same_name(wanted.then(path)) for path in _there(listing)} | {same_name(source)}:
            continue
        renamed.append(MovedPath(source, target, True))
        moves.append(Move("folder", source, target))
    single: list[Move] = []
    for file in free:
        pairs = [("beside", old, new) for old, new in file.beside] + [("video", file.source, file.target)]
        for kind, old, new in pairs:
            path = wanted.then(old)
            for one in renamed:
                path = one.follow(path)
            if path != new:
                single.append(Move("video" if kind == "video" else "beside", path, new))
    return moves + _in_order(single)


def _in_order(moves: list[Move]) -> list[Move]:
    """A name is free when somebody takes it; of those that want each other's names one steps aside meanwhile."""
    ordered: list[Move] = []
    while moves:
        sources = {same_name(move.source) for move in moves}
        ready = [move for move in moves if same_name(move.target) not in sources - {same_name(move.source)}]
        if not ready:
            first = moves[0]
            aside = _aside(first.target, sources)
            ordered.append(replace(first, target=aside))
            moves = [replace(first, source=aside), *moves[1:]]
            continue
        ordered += ready
        moves = [move for move in moves if move not in ready]
    return ordered


def in_turns(moves: Sequence[Move]) -> list[list[Move]]:
    """Parts that are written down one after the other: what stepped aside goes on in the next one.

    Of two that change their names all looks alike before and after; within a part it never does.
    """
    turns: list[list[Move]] = []
    targets: set[str] = set()
    for one in moves:
        if not turns or one.source in targets:
            turns.append([])
            targets = set()
        turns[-1].append(one)
        targets.add(one.target)
    return turns


def _aside(target: str, taken: Collection[str]) -> str:
    """A name for the meantime, which still tells the episode should everything stop here."""
    place, _, name = target.rpartition("/")
    stem, dot, ending = name.partition(".") if not is_video(name) else name.rpartition(".")
    for number in range(1, 1000):
        path = f"{place}/{stem} [{number}]{dot}{ending}"
        if same_name(path) not in taken:
            break
    return path
