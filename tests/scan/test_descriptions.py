"""A description beside an episode's file, which others wrote, says what the file is; its name does not."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from sqlalchemy import select

from aniworld.library.models import EpisodeFile
from aniworld.metadata.service import write_episode_nfo
from aniworld.metadata.types import EpisodeFacts
from aniworld.organise.service import OrganiseService
from aniworld.scan import moved_service
from aniworld.scan.walk import look
from tests.scan.conftest import Scanned

FOLDER = "Clockwork Garden (2021)"
ODD, FIRST = f"{FOLDER}/garden final.mkv", f"{FOLDER}/Clockwork Garden S01E01.mkv"


def nfo(*numbers: tuple[int, int], rest: str = "") -> str:
    return "".join(
        f"<episodedetails><season>{season}</season><episode>{episode}</episode>{rest}</episodedetails>"
        for season, episode in numbers
    )


def describe(scanned: Scanned, video: str, text: str) -> None:
    (scanned.shelf.anime / video).with_suffix(".nfo").write_text(text)


def read(anime: Path, video: str) -> tuple[bool, str, int | None, tuple[int, ...]]:
    """What a walk reads of a video: whether it is described, kind, season, episodes."""
    (one,) = [one for one in look(anime, video.partition("/")[0], {}).videos if one.path == video]
    return one.described, one.parsed.kind, one.parsed.season, one.parsed.episodes


async def test_it_wins_over_the_name(scanned: Scanned) -> None:
    scanned.put(ODD, FIRST, f"{FOLDER}/both.mkv", f"{FOLDER}/S01E05.mkv")
    describe(scanned, ODD, nfo((2, 3)))
    describe(scanned, FIRST, nfo((1, 2)))
    describe(scanned, f"{FOLDER}/both.mkv", nfo((2, 1), (2, 2)))
    async with scanned.running():
        await scanned.scan()
        key = await scanned.shelf.loaded()
        assert await scanned.paths(key) == {
            (1, 2): FIRST,
            (1, 5): f"{FOLDER}/S01E05.mkv",
            (2, 1): f"{FOLDER}/both.mkv",
            (2, 2): f"{FOLDER}/both.mkv",
            (2, 3): ODD,
        }
        await scanned.scan()  # what was written of the series is seen
        assert (await scanned.scan())["changed"] == 0


async def test_one_that_comes_or_is_changed_later_moves_the_file(scanned: Scanned) -> None:
    scanned.put(FIRST)
    async with scanned.running():
        await scanned.scan()
        key = await scanned.shelf.loaded()
        assert await scanned.paths(key) == {(1, 1): FIRST}
        async with scanned.shelf.db.write() as session:  # as if it had been fetched
            await session.execute(
                EpisodeFile.__table__.update().values(language="ja+en", language_source="download")  # type: ignore[attr-defined]
            )
        describe(scanned, FIRST, nfo((1, 4)))
        await scanned.scan()
        assert await scanned.paths(key) == {(1, 4): FIRST}
        describe(scanned, FIRST, nfo((1, 6)))
        await scanned.scan(thoroughly=True)
        async with scanned.shelf.db.read() as session:
            rows = (await session.execute(select(EpisodeFile.path, EpisodeFile.language_source))).all()
        assert [tuple(row) for row in rows] == [(FIRST, "download")], "its language is known as before"
        assert await scanned.paths(key) == {(1, 6): FIRST}
        assert (await scanned.scan(thoroughly=True))["changed"] == 0


async def test_one_of_an_episode_that_nobody_knows_moves_nothing(scanned: Scanned) -> None:
    scanned.put(FIRST)
    async with scanned.running():
        await scanned.scan()
        key = await scanned.shelf.loaded()
        describe(scanned, FIRST, nfo((7, 77)))
        await scanned.scan(thoroughly=True)
        assert await scanned.paths(key) == {(1, 1): FIRST}


async def test_it_goes_along_when_files_are_renamed(scanned: Scanned) -> None:
    shelf = scanned.shelf
    scanned.put(ODD)
    describe(scanned, ODD, nfo((2, 3)))
    organise = OrganiseService(
        shelf.db, shelf.bus, shelf.config, shelf.operations, shelf.library, Path.is_dir, lambda: scanned.scans.lock
    )
    organise.followers.append(moved_service.follow)
    await scanned.scans.scan()
    key = await shelf.loaded()
    await scanned.scans.scan()
    await organise.organise_now(None, (await organise.preview(None, limit=10, offset=0)).token)
    path = (await scanned.paths(key))[2, 3]
    assert path is not None
    assert "S02E03" in path
    assert (await scanned.scans.scan(thoroughly=True)).changed == 0
    assert await scanned.paths(key) == {(2, 3): path}


def test_what_we_wrote_ourselves_repeats_the_name(anime: Path) -> None:
    (anime / FOLDER).mkdir()
    (anime / FIRST).write_bytes(b"x")
    write_episode_nfo(anime, FIRST, [EpisodeFacts(series="Clockwork Garden", season=2, episode=8, title="Later")])
    assert read(anime, FIRST) == (False, "episode", 1, (1,))


def test_specials_and_extras(anime: Path) -> None:
    (anime / FOLDER).mkdir()
    for video, number in ((FIRST, (0, 1)), (f"{FOLDER}/Clockwork Garden - NCOP1.mkv", (1, 1))):
        (anime / video).write_bytes(b"x")
        (anime / video).with_suffix(".nfo").write_text(nfo(number))
    assert read(anime, FIRST) == (True, "special", 0, (1,))
    assert read(anime, f"{FOLDER}/Clockwork Garden - NCOP1.mkv")[:2] == (False, "extra")


HOSTILE = {
    "entities": "<!DOCTYPE e [<!ENTITY a '9'><!ENTITY b '&a;&a;']>" + nfo((2, 3)).replace("3", "&b;"),
    "deep": "<episodedetails>" + "<a>" * 10_000 + nfo((2, 3)),
    "large": nfo((2, 3), rest="<plot>" + "x" * 300_000 + "</plot>"),
    "cut off": nfo((2, 3))[:40],
    "a movie's": nfo((2, 3)).replace("episodedetails", "movie"),
    "huge number": nfo((2, 10**30)),
    "words": "https://example.org/episode/3",
    "nothing": "",
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_one_that_is_hostile_or_damaged_tells_nothing(anime: Path, text: str) -> None:
    (anime / FOLDER).mkdir()
    (anime / FIRST).write_bytes(b"x")
    (anime / FIRST).with_suffix(".nfo").write_text(text)
    assert read(anime, FIRST) == (False, "episode", 1, (1,))


def test_a_link_or_a_pipe_is_not_read(anime: Path, tmp_path: Path) -> None:
    (anime / FOLDER).mkdir()
    (anime / FIRST).write_bytes(b"x")
    (tmp_path / "elsewhere.nfo").write_text(nfo((2, 3)))
    description = (anime / FIRST).with_suffix(".nfo")
    description.symlink_to(tmp_path / "elsewhere.nfo")
    assert read(anime, FIRST) == (False, "episode", 1, (1,))
    description.unlink()
    os.mkfifo(description)
    assert read(anime, FIRST) == (False, "episode", 1, (1,))
