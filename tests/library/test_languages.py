"""The language policy of a library and of a series, and a better file taking the place of another."""

from __future__ import annotations

import datetime as dt
import os
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from aniworld.library import folders
from aniworld.library.replaced_repository import ReplacedRepository
from aniworld.library.schemas import UpdateSeries
from tests.library.conftest import Shelf
from tests.library.doubles import JA_EN, TODAY, clockwork, episode, season

YESTERDAY = TODAY - dt.timedelta(days=1)


async def with_episodes(shelf: Shelf, *episodes: Any) -> str:
    shelf.catalog.infos["clockwork"] = clockwork(seasons=(season(1, *episodes),))
    await shelf.config.patch("library", {"languages": ["de", "ja+en"]})
    return await shelf.loaded()


async def chosen(shelf: Shelf, key: str) -> tuple[list[tuple[int, str]], list[tuple[int, str]]]:
    """What is queued of everything that is missing, and what is refused."""
    targets, refusals = await shelf.library.download_targets(key, None)
    return [(target.episode, target.language) for target in targets], [(no.episode, no.reason) for no in refusals]


async def file(shelf: Shelf, key: str, number: int, language: str, content: bytes = b"video") -> str:
    """An episode's file arrives, as a download files it; its path."""
    targets, _ = await shelf.library.download_targets(key, [(1, number, language)])
    id_: UUID = targets[0].episode_id
    path = (await shelf.library.target(id_, language)).path(".mkv")
    (shelf.anime / path).parent.mkdir(parents=True, exist_ok=True)
    (shelf.anime / path).write_bytes(content)
    async with shelf.db.write() as session:
        await shelf.library.mark_downloaded(session, id_, language, path, len(content))
    return path


async def kept(shelf: Shelf, key: str) -> list[str]:
    (found,) = (await shelf.library.get(key)).seasons[0].episodes
    return [language.language for language in found.languages if language.is_downloaded]


async def test_the_library_decides_and_a_series_may_differ(both: Shelf) -> None:
    key = await with_episodes(
        both,
        episode(1, 1),
        episode(1, 2, languages=(JA_EN,)),
        episode(1, 3, languages=(JA_EN,), aired=YESTERDAY),
        episode(1, 4, languages=(), aired=TODAY + dt.timedelta(days=3)),
    )
    assert await chosen(both, key) == ([(1, "de"), (2, "ja+en"), (3, "ja+en")], [])
    await both.config.patch("library", {"language_wait_days": 7})
    assert await chosen(both, key) == ([(1, "de"), (2, "ja+en")], [(3, "waits_for_better_language")])
    await both.library.patch(key, UpdateSeries(language_wait_days=0, language_mode="all"))
    assert await chosen(both, key) == ([(1, "de"), (1, "ja+en"), (2, "ja+en"), (3, "ja+en")], [])
    changed = await both.library.patch(key, UpdateSeries(language_wait_days=None, language_mode=None))
    assert (changed.language_wait_days, changed.language_mode) == (None, None)
    assert (await chosen(both, key))[1] == [(3, "waits_for_better_language")]


async def test_a_better_file_takes_the_place_of_the_other(both: Shelf) -> None:
    key = await with_episodes(both, episode(1, 1))
    await both.library.patch(key, UpdateSeries(language_mode="replace"))
    old = await file(both, key, 1, "ja+en", b"old video")
    async with both.loading():
        await both.until(lambda: _exists(both.anime / old.replace(".mkv", ".nfo")))
    assert await chosen(both, key) == ([(1, "de")], [])
    (both.anime / old).with_suffix(".en.vtt").write_text("WEBVTT")
    new = await file(both, key, 1, "de", b"new video")
    assert await kept(both, key) == ["de"]
    assert (both.anime / old).exists()  # until somebody has looked that the new one is there
    async with both.loading():
        await both.until(lambda: _gone(both.anime / old))
        await both.until(lambda: _forgotten(both))
    away = both.anime.joinpath(*folders.PUT_AWAY)
    assert (away / old).read_bytes() == b"old video"
    assert sorted(path.suffix for path in (away / old).parent.iterdir()) == [".mkv", ".nfo", ".vtt"]
    assert (both.anime / new).read_bytes() == b"new video"
    assert await kept(both, key) == ["de"]
    assert await chosen(both, key) == ([], [])


async def test_the_old_file_stays_when_the_new_one_is_not_whole(shelf: Shelf) -> None:
    key = await with_episodes(shelf, episode(1, 1))
    await shelf.library.patch(key, UpdateSeries(language_mode="replace"))
    old = await file(shelf, key, 1, "ja+en")
    new = await file(shelf, key, 1, "de")
    (shelf.anime / new).write_bytes(b"vid")  # cut short behind our back
    async with shelf.loading():
        await shelf.until(lambda: _forgotten(shelf))
    assert (shelf.anime / old).exists()
    assert await kept(shelf, key) == ["de", "ja+en"]


async def test_a_file_of_two_episodes_stays_while_one_of_them_needs_it(shelf: Shelf) -> None:
    key = await with_episodes(shelf, episode(1, 1), episode(1, 2))
    await shelf.library.patch(key, UpdateSeries(language_mode="replace"))
    both_in_one = await file(shelf, key, 1, "ja+en")
    targets, _ = await shelf.library.download_targets(key, [(1, 2, "ja+en")])
    async with shelf.db.write() as session:
        await shelf.library.mark_downloaded(session, targets[0].episode_id, "ja+en", both_in_one, len(b"video"))
    await file(shelf, key, 1, "de")
    async with shelf.loading():
        await shelf.until(lambda: _forgotten(shelf))
    assert (shelf.anime / both_in_one).exists()
    episodes = (await shelf.library.get(key)).seasons[0].episodes
    assert [found.file_path == both_in_one for found in episodes] == [False, True]


async def test_a_worse_language_never_takes_the_place(shelf: Shelf) -> None:
    key = await with_episodes(shelf, episode(1, 1))
    await shelf.library.patch(key, UpdateSeries(language_mode="replace"))
    await file(shelf, key, 1, "de")
    await file(shelf, key, 1, "ja+en")
    assert await kept(shelf, key) == ["de", "ja+en"]


@pytest.mark.parametrize("mode", ["one", "all"])
async def test_nothing_gives_way_unless_that_is_wished(shelf: Shelf, mode: Any) -> None:
    key = await with_episodes(shelf, episode(1, 1))
    await shelf.library.patch(key, UpdateSeries(language_mode=mode))
    await file(shelf, key, 1, "ja+en")
    await file(shelf, key, 1, "de")
    assert await kept(shelf, key) == ["de", "ja+en"]


def test_putting_away_can_be_done_again_and_writes_over_nothing(tmp_path: Path) -> None:
    for content in (b"1", b"2"):
        video = tmp_path / "Series" / "Season 01" / "E01 [a*b].mkv"
        video.parent.mkdir(parents=True)
        video.write_bytes(content)
        (video.parent / "E01 [a*b].nfo").write_bytes(content)
        folders.put_away(tmp_path, "Series/Season 01/E01 [a*b].mkv")
        folders.put_away(tmp_path, "Series/Season 01/E01 [a*b].mkv")
        assert not (tmp_path / "Series").exists()
    away = tmp_path.joinpath(*folders.PUT_AWAY, "Series/Season 01")
    assert {path.name: path.read_bytes() for path in away.iterdir()} == {
        "E01 [a*b].mkv": b"1",
        "E01 [a*b].nfo": b"1",
        "E01 [a*b] (2).mkv": b"2",
        "E01 [a*b] (2).nfo": b"2",
    }


def test_what_was_put_away_is_deleted_after_its_time(tmp_path: Path) -> None:
    for name, age in (("old.mkv", 100), ("new.mkv", 10)):
        video = tmp_path / "Series" / name
        video.parent.mkdir(exist_ok=True)
        video.write_bytes(b"x")
        folders.put_away(tmp_path, f"Series/{name}")
        os.utime(tmp_path.joinpath(*folders.PUT_AWAY, "Series", name), (1_000_000 - age, 1_000_000 - age))
    assert folders.clear_away(tmp_path, 1_000_000 - 50) == 1
    assert [path.name for path in tmp_path.joinpath(*folders.PUT_AWAY, "Series").iterdir()] == ["new.mkv"]
    assert folders.clear_away(tmp_path, 2_000_000) == 1
    assert not tmp_path.joinpath(*folders.PUT_AWAY).exists()


async def _exists(path: Path) -> bool:
    return path.exists()


async def _gone(path: Path) -> bool:
    return not path.exists()


async def _forgotten(shelf: Shelf) -> bool:
    """Whether nothing waits to be put away."""
    async with shelf.db.read() as session:
        return not await ReplacedRepository(session).waiting(1)
