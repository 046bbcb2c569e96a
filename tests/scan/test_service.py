"""Scans: what lies there is found, what is gone is noticed, and nothing is lost when a disk is away."""

from __future__ import annotations

import asyncio
import os
from uuid import UUID

import pytest
from sqlalchemy import delete

from aniworld.events.types import ScanComplete, ScanFailed, ScanProgress
from aniworld.library.errors import FolderTakenError, NoAnimeDirectoryError
from aniworld.library.models import EpisodeFile
from aniworld.scan.errors import FolderNotFoundError
from aniworld.scan.repository import ScanRepository
from tests.library.doubles import clockwork
from tests.scan.conftest import Scanned

GARDEN = "Clockwork Garden (2021)"


async def test_a_series_that_is_added_takes_the_folder_that_lies_there(scanned: Scanned) -> None:
    scanned.put(
        "clockwork_garden/[G] Clockwork Garden - 01 [ja+en].mkv",
        "clockwork_garden/[G] Clockwork Garden - 08.mkv",
        "clockwork_garden/Extras/NCOP.mkv",
        "Something else/01.mkv",
    )
    async with scanned.running():
        result = await scanned.scan()
        assert (result["status"], result["folders"], result["videos"], result["problems"]) == ("completed", 2, 4, [])
        assert set(await scanned.loose()) == {"clockwork_garden", "Something else"}
        key = await scanned.shelf.loaded()
        # The eighth of all is the second of the second season.
        assert await scanned.paths(key) == {
            (1, 1): "clockwork_garden/[G] Clockwork Garden - 01 [ja+en].mkv",
            (2, 2): "clockwork_garden/[G] Clockwork Garden - 08.mkv",
        }
        assert set(await scanned.loose()) == {"Something else"}
        detail = await scanned.shelf.library.get(key)
        assert (detail.folder, detail.downloaded_episodes, detail.missing_episodes) == ("clockwork_garden", 2, 8)
    assert {path.name for path in scanned.shelf.anime.glob("[!.]*")} == {"Something else", "clockwork_garden"}


async def test_files_that_come_and_go(scanned: Scanned) -> None:
    async with scanned.running():
        key = await scanned.shelf.loaded()
        scanned.put(f"{GARDEN}/Season 01/{GARDEN} - S01E01.mkv", f"{GARDEN}/Season 01/{GARDEN} - S01E02-E03.mkv")
        await scanned.scan()
        assert set(await scanned.paths(key)) == {(1, 1), (1, 2), (1, 3)}

        (scanned.shelf.anime / f"{GARDEN}/Season 01/{GARDEN} - S01E02-E03.mkv").unlink()
        scanned.put(f"{GARDEN}/Season 02/{GARDEN} - S02E04.mkv")
        await scanned.scan()
        assert set(await scanned.paths(key)) == {(1, 1), (2, 4)}

        again = await scanned.scan()
        assert again["changed"] == 0
        # Replaced under its name: its directory looks as before.
        scanned.put(f"{GARDEN}/Season 02/{GARDEN} - S02E04.mkv", size=99)
        await scanned.scan(thoroughly=True)
        episodes = (await scanned.shelf.library.get(key)).seasons[1].episodes
        assert episodes[3].file_size == 99
    assert len(scanned.shelf.bus.of(ScanComplete)) >= 4
    assert scanned.shelf.bus.of(ScanProgress)


async def test_a_disk_that_is_away_removes_nothing(scanned: Scanned) -> None:
    anime = scanned.shelf.anime
    async with scanned.running():
        key = await scanned.shelf.loaded()
        scanned.put(f"{GARDEN}/Season 01/{GARDEN} - S01E01.mkv")
        await scanned.scan()
        anime.rename(anime.with_name("unmounted"))
        result = await scanned.scan()
        assert result["status"] == "failed"
        anime.mkdir()  # the empty mount point
        result = await scanned.scan()
        assert (result["status"], "mounted?" in result["message"]) == ("failed", True)
        assert set(await scanned.paths(key)) == {(1, 1)}
        anime.rmdir()
        anime.with_name("unmounted").rename(anime)
        assert (await scanned.scan())["status"] == "completed"
        assert set(await scanned.paths(key)) == {(1, 1)}
    assert len(scanned.shelf.bus.of(ScanFailed)) == 2


async def test_a_folder_whose_name_is_no_text_stops_nothing(scanned: Scanned) -> None:
    scanned.put(f"{GARDEN}/S01E01.mkv", os.fsdecode(b"caf\xe9/S01E01.mkv"))
    async with scanned.running():
        key = await scanned.shelf.loaded()
        result = await scanned.scan()
        assert (result["status"], result["folders"]) == ("completed", 1)
        assert result["problems"] == ["caf\ufffd: its name is not UTF-8, or holds control characters"]
        assert await scanned.paths(key) == {(1, 1): f"{GARDEN}/S01E01.mkv"}


async def test_two_that_link_the_same_files_at_once_do_not_trip(scanned: Scanned) -> None:
    scanned.put(*(f"{GARDEN}/S01E{number:02}.mkv" for number in range(1, 7)))
    async with scanned.running():
        await scanned.scan()
        key = await scanned.shelf.loaded()
    series_id = (await scanned.shelf.library.known_series())[0].id
    async with scanned.shelf.db.read() as session:
        videos = await ScanRepository(session).videos(series_id)
    async with scanned.shelf.db.write() as session:
        await session.execute(delete(EpisodeFile))
    await asyncio.gather(*(scanned.shelf.library.link(series_id, videos) for _ in range(8)))
    assert sorted(await scanned.paths(key)) == [(1, number) for number in range(1, 7)]


async def test_a_disk_that_is_away_is_known_by_its_marker(scanned: Scanned) -> None:
    """Whatever else lies at the empty place meanwhile."""
    anime = scanned.shelf.anime
    async with scanned.running():
        key = await scanned.shelf.loaded()
        scanned.put(f"{GARDEN}/Season 01/{GARDEN} - S01E01.mkv", "Other/01.mkv", "Third/01.mkv")
        await scanned.scan()
        anime.rename(anime.with_name("unmounted"))
        scanned.put("Somebody's/01.mkv")
        assert (await scanned.scan())["status"] == "failed"
        assert set(await scanned.paths(key)) == {(1, 1)}
        (anime / "Somebody's/01.mkv").unlink()
        (anime / "Somebody's").rmdir()
        anime.rmdir()
        anime.with_name("unmounted").rename(anime)
        # A marker that somebody cleared away is made again.
        (anime / ".aniworld/id").unlink()
        assert (await scanned.scan())["status"] == "completed"
        assert (anime / ".aniworld/id").exists()


async def test_another_directory_is_taken_as_it_is(scanned: Scanned) -> None:
    anime = scanned.shelf.anime
    async with scanned.running():
        key = await scanned.shelf.loaded()
        scanned.put(f"{GARDEN}/Season 01/{GARDEN} - S01E01.mkv")
        await scanned.scan()
        empty = anime.with_name("empty")
        empty.mkdir()
        await scanned.shelf.config.patch("library", {"anime_directory": str(empty)})
        assert (await scanned.scan())["status"] == "completed"
        assert await scanned.paths(key) == {}
        await scanned.shelf.config.patch("library", {"anime_directory": str(anime)})
        assert (await scanned.scan())["status"] == "completed"
        assert set(await scanned.paths(key)) == {(1, 1)}


async def test_a_folder_that_is_gone_takes_its_files_along(scanned: Scanned) -> None:
    anime = scanned.shelf.anime
    async with scanned.running():
        key = await scanned.shelf.loaded()
        scanned.put(f"{GARDEN}/Season 01/{GARDEN} - S01E01.mkv", "Other/01.mkv")
        await scanned.scan()
        (anime / GARDEN).rename(anime / ".hidden")
        await scanned.scan()
        assert await scanned.paths(key) == {}
        (anime / ".hidden").rename(anime / GARDEN)
        await scanned.scan()
        assert set(await scanned.paths(key)) == {(1, 1)}


async def test_folders_that_nobody_knows(scanned: Scanned) -> None:
    scanned.put("Clockwork Gardn/01.mkv", "Nothing of ours/01.mkv", "Empty/readme.txt")
    scanned.shelf.catalog.infos["second"] = clockwork(provider_key="second", name="Paper Lanterns", year=2020)
    async with scanned.running():
        await scanned.scan()
        key = await scanned.shelf.loaded()
        other = await scanned.shelf.loaded("second")
        loose = await scanned.loose()
        assert set(loose) == {"Clockwork Gardn", "Nothing of ours"}
        candidates = loose["Clockwork Gardn"].candidates
        assert [(found.key, found.reason) for found in candidates] == [(key, "similar")]
        assert loose["Nothing of ours"].candidates == []

        garden = UUID(loose["Clockwork Gardn"].id)
        await scanned.unmatched.accept(garden, key)
        assert await scanned.paths(key) == {(1, 1): "Clockwork Gardn/01.mkv"}
        with pytest.raises(FolderNotFoundError):
            await scanned.unmatched.accept(garden, other)

        nothing = UUID(loose["Nothing of ours"].id)
        await scanned.unmatched.ignore(nothing, ignored=True)
        assert await scanned.loose() == {}
        assert set(await scanned.loose(ignored=True)) == {"Nothing of ours"}
        await scanned.unmatched.ignore(nothing, ignored=False)
        assert set(await scanned.loose()) == {"Nothing of ours"}
        with pytest.raises(FolderTakenError):
            await scanned.shelf.library.take_folder(other, GARDEN.upper())
        # Its own folder stays: pictures lie there, and what is fetched goes there.
        assert (await scanned.shelf.library.get(key)).folder == GARDEN


async def test_without_a_directory_there_is_nothing_to_scan(scanned: Scanned) -> None:
    await scanned.shelf.config.patch("library", {"anime_directory": None})
    with pytest.raises(NoAnimeDirectoryError):
        scanned.scans.rescan()


async def test_a_scan_that_runs_already_is_the_one_that_is_told(scanned: Scanned) -> None:
    assert scanned.scans.rescan() == scanned.scans.rescan()
    async with scanned.running():
        first = scanned.scans.rescan()
        await scanned.scan()
        assert scanned.scans.rescan() != first
