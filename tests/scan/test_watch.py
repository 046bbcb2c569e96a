"""Changes in a real directory are seen as they come."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from aniworld.events.types import ScanComplete, SystemWarning
from aniworld.kit.mount import file_system
from aniworld.scan import notices, watch
from aniworld.scan.notices import Notices
from aniworld.scan.watch import Watcher
from tests.scan.conftest import Scanned

GARDEN = "Clockwork Garden (2021)"
SEASON = f"{GARDEN}/Season 01"


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"QUIET": 0.05, "LONGEST": 1.0, "STILL": 2.0, "CHECK": 0.1}.items():
        monkeypatch.setattr(watch, name, value)


@contextlib.asynccontextmanager
async def watching(scanned: Scanned) -> AsyncIterator[Watcher]:
    """The scan and whoever watches run, and everything was looked through."""
    watcher = Watcher(scanned.shelf.config, scanned.shelf.bus, scanned.scans)
    async with scanned.running():
        task = asyncio.create_task(watcher.run())
        try:
            await scanned.shelf.until(_state(watcher, "changes are seen as they come"))
            yield watcher
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task


def _state(watcher: Watcher, wanted: str) -> Any:
    async def reached() -> bool:
        return wanted in watcher.state

    return reached


async def _until(scanned: Scanned, key: str, wanted: set[tuple[int, int]]) -> None:
    async def there() -> bool:
        return set(await scanned.paths(key)) == wanted

    await scanned.shelf.until(there)


@pytest.mark.usefixtures("quick")
async def test_files_and_folders_that_come_go_and_move(scanned: Scanned) -> None:
    anime = scanned.shelf.anime
    async with scanned.running():
        key = await scanned.shelf.loaded()
    async with watching(scanned):
        scanned.put(f"{SEASON}/S01E01.mkv")  # the directories are new as well
        await _until(scanned, key, {(1, 1)})
        scanned.put(f"{SEASON}/S01E02.mkv", f"{GARDEN}/deep/er/Season 02/S02E01.mkv")
        await _until(scanned, key, {(1, 1), (1, 2), (2, 1)})
        # Replaced under its name, which no directory's time tells.
        scanned.put(f"{SEASON}/S01E02.mkv", size=77)

        async def grown() -> bool:
            season = (await scanned.shelf.library.get(key)).seasons[0]
            return bool(season.episodes[1].file_size == 77)

        await scanned.shelf.until(grown)
        (anime / f"{SEASON}/S01E01.mkv").rename(anime / f"{SEASON}/S01E03.mkv")
        await _until(scanned, key, {(1, 2), (1, 3), (2, 1)})
        (anime / f"{GARDEN}/deep").rename(anime.parent / "away")
        await _until(scanned, key, {(1, 2), (1, 3)})
        # The folder of the series under another name of it, with what it holds.
        (anime / GARDEN).rename(anime / "clockwork_garden")
        await _until(scanned, key, {(1, 2), (1, 3)})

        async def moved() -> bool:
            return (await scanned.shelf.library.get(key)).folder == "clockwork_garden"

        await scanned.shelf.until(moved)
        scanned.put("clockwork_garden/Season 01/S01E04.mkv")
        await _until(scanned, key, {(1, 2), (1, 3), (1, 4)})
        (anime / "clockwork_garden").rename(anime / ".hidden")
        await _until(scanned, key, set())


@pytest.mark.usefixtures("quick")
async def test_many_files_at_once_are_few_looks(scanned: Scanned) -> None:
    async with watching(scanned):
        before = len(scanned.shelf.bus.of(ScanComplete))
        scanned.put(*(f"Other/Season {n // 25:02}/Other - S{n // 25:02}E{n % 25 + 1:02}.mkv" for n in range(500)))

        async def all_seen() -> bool:
            loose = await scanned.loose()
            return "Other" in loose and bool(loose["Other"].videos == 500)

        await scanned.shelf.until(all_seen)
        await asyncio.sleep(0.3)
        # What we write beside videos is no reason to look.
        looks = len(scanned.shelf.bus.of(ScanComplete))
        assert looks - before <= 5
        (scanned.shelf.anime / "Other/poster.jpg").write_bytes(b"x")
        (scanned.shelf.anime / ".aniworld").mkdir(exist_ok=True)
        (scanned.shelf.anime / ".aniworld/work.mkv").write_bytes(b"x")
        await asyncio.sleep(0.3)
        assert len(scanned.shelf.bus.of(ScanComplete)) == looks


@pytest.mark.usefixtures("quick")
async def test_a_file_that_is_still_being_copied_waits(scanned: Scanned) -> None:
    scanned.put(f"{SEASON}/S01E01.mkv")
    async with watching(scanned):
        key = await scanned.shelf.loaded()
        await _until(scanned, key, {(1, 1)})
        with (scanned.shelf.anime / f"{SEASON}/S01E02.mkv").open("wb", buffering=0) as copying:
            scanned.put(f"{SEASON}/S01E03.mkv")

            async def other_is_there() -> bool:
                copying.write(b"x" * 100)
                there = set(await scanned.paths(key))
                assert (1, 2) not in there
                return (1, 3) in there

            await scanned.shelf.until(other_is_there)
        await _until(scanned, key, {(1, 1), (1, 2), (1, 3)})
        size = (scanned.shelf.anime / f"{SEASON}/S01E02.mkv").stat().st_size
        assert (await scanned.shelf.library.get(key)).seasons[0].episodes[1].file_size == size


@pytest.mark.usefixtures("quick")
async def test_links_out_of_the_directory_are_not_watched(scanned: Scanned, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    scanned.put("Other/01.mkv")
    (scanned.shelf.anime / "Other/link").symlink_to(outside)
    (scanned.shelf.anime / "Other/back").symlink_to(scanned.shelf.anime)
    async with watching(scanned) as watcher:
        assert watcher._notices is not None
        assert len(watcher._notices) == 2  # the anime directory, and the one folder
        scanned.put(os.fsdecode(b"Other/caf\xe9.mkv"), "Other/02.mkv")  # the former's name is no text

        async def seen() -> bool:
            return bool((await scanned.loose())["Other"].videos == 2)

        await scanned.shelf.until(seen)


@pytest.mark.usefixtures("quick")
async def test_a_disk_that_goes_while_it_is_watched_takes_nothing_along(scanned: Scanned) -> None:
    anime = scanned.shelf.anime
    scanned.put(f"{SEASON}/S01E01.mkv")
    async with watching(scanned) as watcher:
        key = await scanned.shelf.loaded()
        await _until(scanned, key, {(1, 1)})
        anime.rename(anime.with_name("unmounted"))
        await scanned.shelf.until(_state(watcher, "not there"))
        anime.mkdir()
        await asyncio.sleep(0.3)
        assert set(await scanned.paths(key)) == {(1, 1)}
        anime.rmdir()
        anime.with_name("unmounted").rename(anime)
        await scanned.shelf.until(_state(watcher, "as they come"))
        scanned.put(f"{SEASON}/S01E02.mkv")
        await _until(scanned, key, {(1, 1), (1, 2)})


@pytest.mark.usefixtures("quick")
async def test_without_room_for_watches_the_schedule_serves(scanned: Scanned, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(self: Notices, directories: Any) -> set[str]:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(notices.Notices, "cover", full)
    watcher = Watcher(scanned.shelf.config, scanned.shelf.bus, scanned.scans)
    async with scanned.running():
        task = asyncio.create_task(watcher.run())
        await scanned.shelf.until(_state(watcher, "looked through every 60 minutes"))
        assert [event.data.code for event in scanned.shelf.bus.of(SystemWarning)] == ["watch-limit"]
        await scanned.shelf.config.patch("library", {"rescan_minutes": 0})
        await scanned.shelf.until(_state(watcher, "only on request"))
        await scanned.shelf.config.patch("library", {"watch": "off"})
        await scanned.shelf.until(_state(watcher, "switched off"))
        task.cancel()


MOUNTS = """\
22 1 254:0 / / rw,relatime - ext4 /dev/vda rw
30 22 0:40 / /media rw - nfs4 nas:/media rw
31 30 0:41 / /media/with\\040space rw - fuse.mergerfs a:b rw
32 22 8:1 / /srv rw shared:1 - ext4 /dev/sdb rw
33 32 0:44 / /srv rw - cifs //nas/srv rw
broken
"""


@pytest.mark.parametrize(
    ("place", "kind"),
    [
        ("/home/anime", "ext4"),
        ("/media", "nfs4"),
        ("/media/anime", "nfs4"),
        ("/mediathek", "ext4"),
        ("/media/with space/x", "fuse.mergerfs"),
        ("/srv/anime", "cifs"),
    ],
)
def test_which_file_system_a_path_is_on(place: str, kind: str) -> None:
    assert file_system(place, MOUNTS) == kind
