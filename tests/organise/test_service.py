"""Renaming on a real disk and each kind of database: shown, done, undone, cut off, and what stands in the way."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from aniworld.db.engine import Database
from aniworld.kit import files as files_kit
from aniworld.kit.clock import now
from aniworld.library.moving_repository import MovingRepository
from aniworld.library.types import MovedPath
from aniworld.organise import disk
from aniworld.organise.errors import AlreadyUndoneError, ChangeNotFoundError, PreviewChangedError
from aniworld.organise.models import Change
from aniworld.organise.repository import OrganiseRepository
from aniworld.organise.service import KEPT, OrganiseService
from aniworld.scan import moved_service
from tests.scan.conftest import Scanned, scanned  # noqa: F401 - a fixture

OLD = [
    "clockwork_garden/Staffel 1/garden.s01e01.de.forced.srt",
    "clockwork_garden/Staffel 1/garden.s01e01.mkv",
    "clockwork_garden/Staffel 1/garden.s01e02.mkv",
    "clockwork_garden/notes.txt",
]


@pytest.fixture
async def organise(scanned: Scanned, db: Database) -> OrganiseService:  # noqa: F811
    shelf = scanned.shelf
    scans = scanned.scans
    service = OrganiseService(
        db,
        shelf.bus,
        shelf.config,
        shelf.operations,
        shelf.library,
        lambda path: path.is_dir(),
        lambda: scans.lock,
    )
    service.followers.append(moved_service.follow)
    return service


async def garden(scanned: Scanned) -> str:  # noqa: F811
    """A series whose files are called as somebody liked it."""
    scanned.put(*OLD)
    await scanned.scans.scan()
    key = await scanned.shelf.loaded()
    await scanned.scans.scan()
    return key


def files(anime: Path) -> list[str]:
    return sorted(
        str(path.relative_to(anime))
        for path in anime.rglob("*")
        if path.suffix in (".mkv", ".srt", ".txt") and ".aniworld" not in path.parts
    )


async def do(organise: OrganiseService, keys: Sequence[str] | None = None) -> Any:
    return await organise.organise_now(keys, (await organise.preview(keys, limit=100, offset=0)).token)


async def test_done_and_undone(organise: OrganiseService, scanned: Scanned) -> None:  # noqa: F811
    key = await garden(scanned)
    anime = scanned.shelf.anime
    before = await scanned.paths(key)
    assert set(before) == {(1, 1), (1, 2)}
    shown = await organise.preview(None, limit=100, offset=0)
    assert (shown.counts.files, shown.counts.folders, shown.counts.conflicts) == (2, 1, 0)
    beside = [one.source for file in shown.items[0].files for one in file.beside]
    assert OLD[0] in beside, "descriptions may lie there too"
    assert files(anime) == OLD, "a preview moves nothing"

    id_ = await do(organise)
    after = await scanned.paths(key)
    folder = str((await scanned.shelf.library.get(key)).folder)
    assert folder.startswith("Clockwork Garden")
    for number in (1, 2):
        path = str(after[1, number])
        assert path.startswith(f"{folder}/Season 01/Clockwork Garden")
        assert f" - S01E0{number}" in path
        assert (anime / path).is_file()
    assert [path for path in files(anime) if path.endswith("S01E01.de.forced.srt") or ".de.forced." in path]
    assert (anime / folder / "notes.txt").is_file()
    assert not (anime / "clockwork_garden").exists()
    assert (await scanned.scans.scan()).changed == 0, "the scan sees nothing new"
    assert await scanned.paths(key) == after
    assert (await organise.preview(None, limit=100, offset=0)).items == []

    await organise.undo_now(id_)
    assert await scanned.paths(key) == before
    assert files(anime) == OLD
    assert not (anime / folder).exists()
    assert (await scanned.scans.scan()).changed == 0
    with pytest.raises(AlreadyUndoneError):
        await organise.undo_now(id_)


async def test_only_what_was_shown(organise: OrganiseService, scanned: Scanned) -> None:  # noqa: F811
    key = await garden(scanned)
    token = (await organise.preview([key], limit=100, offset=0)).token
    (scanned.shelf.anime / OLD[0]).unlink()
    with pytest.raises(PreviewChangedError):
        await organise.organise_now([key], token)


async def test_what_comes_by_itself_goes_along(organise: OrganiseService, scanned: Scanned) -> None:  # noqa: F811
    key = await garden(scanned)
    token = (await organise.preview([key], limit=100, offset=0)).token
    video = scanned.shelf.anime / OLD[1]
    for name in (f"{video.stem}.nfo", f"{video.stem}-thumb.jpg"):
        video.with_name(name).write_bytes(b"made meanwhile")
    await organise.organise_now([key], token)
    left = sorted(scanned.shelf.anime.rglob("*"))
    assert [path.suffix for path in left if path.is_file() and path.read_bytes() == b"made meanwhile"] == [
        ".jpg",
        ".nfo",
    ]
    assert not any(path.name.startswith(video.stem) for path in left)


async def test_nothing_is_written_over(organise: OrganiseService, scanned: Scanned) -> None:  # noqa: F811
    await garden(scanned)
    target = (await organise.preview(None, limit=100, offset=0)).items[0].files[0].target
    scanned.put(target.split("/")[0].upper() + "/other.txt", target.split("/")[0] + "/other.txt")
    shown = await organise.preview(None, limit=100, offset=0)
    assert shown.items[0].folder is not None
    assert shown.items[0].folder.conflict == "target_exists"
    assert shown.items[0].files[0].target.startswith("clockwork_garden/"), "the files are renamed in their folder"
    taken = shown.items[0].files[0].target.replace("Season 01", "season 01")
    scanned.put(shown.items[0].files[0].target, taken)
    shown = await organise.preview(None, limit=100, offset=0)
    conflicts = {file.source: file.conflict for file in shown.items[0].files}
    assert conflicts == {OLD[1]: "target_exists", OLD[2]: None}
    await do(organise)
    assert (scanned.shelf.anime / OLD[1]).is_file()
    assert not (scanned.shelf.anime / OLD[2]).exists()


class PowerCutError(BaseException):
    """Ends everything where it is."""


@pytest.mark.parametrize("after", [0, 1, 2, 3])
async def test_what_was_cut_off_is_finished(
    organise: OrganiseService,
    scanned: Scanned,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
    after: int,
) -> None:
    key = await garden(scanned)
    count = 0
    move = files_kit.durable_move

    def cut(source: Path, target: Path) -> None:
        nonlocal count
        if count == after:
            raise PowerCutError
        count += 1
        move(source, target)

    monkeypatch.setattr(disk, "durable_move", cut)
    with pytest.raises(PowerCutError):
        await do(organise)
    monkeypatch.setattr(disk, "durable_move", move)
    await organise.heal()
    paths = await scanned.paths(key)
    assert set(paths) == {(1, 1), (1, 2)}
    assert all((scanned.shelf.anime / str(path)).is_file() for path in paths.values())
    assert all("Season 01" in str(path) for path in paths.values())
    assert (await scanned.scans.scan()).changed == 0
    change = (await organise.changes(limit=10, offset=0)).items[0]
    assert (change.status, change.left) == ("done", 0)


@pytest.mark.parametrize("cut_after", [None, 0, 1, 2])
async def test_names_wanted_crosswise(
    organise: OrganiseService,
    scanned: Scanned,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
    cut_after: int | None,
) -> None:
    key = await garden(scanned)
    await do(organise)
    anime = scanned.shelf.anime
    first, second = [anime / str(path) for _number, path in sorted((await scanned.paths(key)).items())]
    for number, video in enumerate((first, second), 1):
        video.write_text(f"episode {number}")
    # Somebody mixed them up, and the library was told which is which.
    aside = first.with_name("aside")
    first.rename(aside)
    second.rename(first)
    aside.rename(second)
    async with organise._db.write() as session:
        paths = [str(video.relative_to(anime)) for video in (first, second)]
        for before, after in ((paths[0], "aside"), (paths[1], paths[0]), ("aside", paths[1])):
            await MovingRepository(session).follow([MovedPath(before, after)])
    assert first.read_text() == "episode 2"
    shown = await organise.preview(None, limit=100, offset=0)
    assert (shown.counts.files, shown.counts.conflicts) == (2, 0)

    count = 0
    move = files_kit.durable_move

    def cut(source: Path, target: Path) -> None:
        nonlocal count
        if count == cut_after:
            raise PowerCutError
        count += source.suffix == ".mkv"
        move(source, target)

    monkeypatch.setattr(disk, "durable_move", cut)
    if cut_after is None:
        id_ = await do(organise)
    else:
        with pytest.raises(PowerCutError):
            await do(organise)
        monkeypatch.setattr(disk, "durable_move", move)
        await organise.heal()
    lies = {number: (anime / str(path)).read_text() for (_, number), path in (await scanned.paths(key)).items()}
    assert lies == {1: "episode 1", 2: "episode 2"}, "whatever happens, the library knows which is which"
    if cut_after is None:
        assert (first.read_text(), second.read_text()) == ("episode 1", "episode 2")
        await organise.undo_now(id_)
        assert (first.read_text(), second.read_text()) == ("episode 2", "episode 1")


async def test_what_stays(organise: OrganiseService, scanned: Scanned, tmp_path: Path) -> None:  # noqa: F811
    """A link out of the directory, and what is being fetched."""
    key = await garden(scanned)
    anime = scanned.shelf.anime
    outside = tmp_path / "outside.mkv"
    outside.write_bytes(b"mine")
    (anime / OLD[1]).unlink()
    (anime / OLD[1]).symlink_to(outside)

    async def running(_session: object) -> set[tuple[str, int, int]]:
        return {(key, 1, 2)}

    organise.previews.running = running
    shown = await organise.preview(None, limit=100, offset=0)
    assert {file.source: file.conflict for file in shown.items[0].files} == {OLD[1]: "outside", OLD[2]: "downloading"}
    await do(organise)
    folder = str((await scanned.shelf.library.get(key)).folder)
    assert (anime / folder / "Staffel 1/garden.s01e01.mkv").is_symlink()
    assert outside.read_bytes() == b"mine"


async def test_a_language_that_is_only_assumed_is_not_written_into_a_name(
    organise: OrganiseService,
    scanned: Scanned,  # noqa: F811
) -> None:
    key = await garden(scanned)
    scanned.put("clockwork_garden/Staffel 1/garden.s01e03 [de].mkv")
    await scanned.scans.scan()
    await scanned.shelf.config.patch(
        "library", {"episode_name": "{Series Title} - S{season:00}E{episode:00}{ [Language]}"}
    )
    await do(organise)
    names = {number: str(path).rpartition("/")[2] for number, path in (await scanned.paths(key)).items()}
    assert names == {
        (1, 1): "Clockwork Garden - S01E01.mkv",
        (1, 2): "Clockwork Garden - S01E02.mkv",
        (1, 3): "Clockwork Garden - S01E03 [de].mkv",
    }
    episodes = (await scanned.shelf.library.get(key)).seasons[0].episodes
    sources = [language.language_source for one in episodes[:3] for language in one.languages if language.file_path]
    assert sources == ["assumed", "assumed", "name"], "it is no less a guess than it was"
    assert (await organise.preview(None, limit=100, offset=0)).items == []


async def test_a_description_that_comes_meanwhile_goes_along(organise: OrganiseService, scanned: Scanned) -> None:  # noqa: F811
    key = await garden(scanned)
    anime = scanned.shelf.anime
    made = [one for one in await organise.previews.plans([key]) if one.moves]
    (anime / OLD[2]).with_suffix(".nfo").write_text("<episodedetails/>")
    again = await organise.previews.again(made[0])
    assert any(move.source.endswith("garden.s01e02.nfo") for move in again.moves)


async def test_old_changes_are_forgotten(organise: OrganiseService, scanned: Scanned, db: Database) -> None:  # noqa: F811
    await garden(scanned)
    id_ = await do(organise)
    for age, known in ((KEPT - dt.timedelta(days=1), True), (KEPT + dt.timedelta(days=1), False)):
        async with db.write() as session:
            await session.execute(update(Change).values(created_at=now() - age))
            await OrganiseRepository(session).clear(now() - KEPT)
        if known:
            assert (await organise.change(id_)).moves
        else:
            with pytest.raises(ChangeNotFoundError):
                await organise.change(id_)
    async with db.read() as session:
        assert await OrganiseRepository(session).moves(id_, ("moved",)) == []
