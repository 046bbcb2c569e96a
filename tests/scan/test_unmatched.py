"""Folders that nobody knows: by the ids in their names, at the sources, many at once."""

from __future__ import annotations

from uuid import UUID

import pytest

from aniworld.library.errors import SeriesNotFoundError
from aniworld.library.schemas import AddSeries
from aniworld.scan.matching import ids_in
from tests.library.doubles import clockwork
from tests.scan.conftest import Scanned


@pytest.mark.parametrize(
    ("name", "ids"),
    [
        ("Show (2024) [tmdbid-12345]", [("tmdb", "12345")]),
        ("Show {tvdb-34} [imdbid-tt0123456]", [("tvdb", "34"), ("imdb", "tt0123456")]),
        ("Show [AniDB-5] [anilistid=6]", [("anidb", "5"), ("anilist", "6")]),
        ("Show [1080p] [tmdbid-x]", []),
    ],
)
def test_ids_in_names(name: str, ids: list[tuple[str, str]]) -> None:
    assert ids_in(name) == ids


async def test_a_folder_takes_a_series_that_only_a_source_has(scanned: Scanned) -> None:
    scanned.put("Clockwork Garden/01.mkv")
    async with scanned.running():
        await scanned.scan()
        folder = UUID((await scanned.loose())["Clockwork Garden"].id)
        found = await scanned.unmatched.candidates(folder, scanned.shelf.search, lambda name, url: f"{name} {url}")
        best = found.items[0]
        assert (best.series.name, best.series.in_library, best.confidence) == ("Clockwork Garden", False, 0.92)
        wanted = AddSeries(provider=best.series.provider, provider_key=best.series.provider_key, name=best.series.name)
        with pytest.raises(SeriesNotFoundError):
            await scanned.unmatched.accept(folder, "nothing")
        await scanned.unmatched.accept(folder, wanted)
        assert await scanned.loose() == {}
        (series,) = (await scanned.shelf.library.list()).items
        async with scanned.shelf.loading():
            await scanned.shelf.until_status(series.key, "completed")
        assert await scanned.paths(series.key) == {(1, 1): "Clockwork Garden/01.mkv"}


async def test_what_is_suggested_is_taken_where_it_is_likely(scanned: Scanned) -> None:
    scanned.put("Clockwork Gardn/01.mkv", "Clockwork G/02.mkv", "Paper Lanters/01.mkv", "Nothing of ours/01.mkv")
    scanned.shelf.catalog.infos["second"] = clockwork(provider_key="second", name="Paper Lanterns", year=2020)
    async with scanned.running():
        garden = await scanned.shelf.loaded()
        lanterns = await scanned.shelf.loaded("second")
        await scanned.scan()
        taken = {one.name: one.key for one in await scanned.unmatched.accept_suggested(0.8)}
        assert taken == {"Clockwork Gardn": garden, "Paper Lanters": lanterns}
        assert set(await scanned.loose()) == {"Clockwork G", "Nothing of ours"}


async def test_a_second_folder_that_was_away_comes_back(scanned: Scanned) -> None:
    anime = scanned.shelf.anime
    scanned.put("Clockwork Garden/S01E01.mkv", "More of it/S01E02.mkv", "Other/01.mkv")
    async with scanned.running():
        key = await scanned.shelf.loaded()
        await scanned.scan()
        loose = await scanned.loose()
        await scanned.unmatched.accept(UUID(loose["More of it"].id), key)
        await scanned.unmatched.ignore(UUID(loose["Other"].id), ignored=True)
        assert set(await scanned.paths(key)) == {(1, 1), (1, 2)}
        for name in ("More of it", "Other"):
            (anime / name).rename(anime.parent / name)
        result = await scanned.scan()
        assert result["message"] == "1 videos in 1 folders, 2 folders changed"
        assert set(await scanned.paths(key)) == {(1, 1)}
        for name in ("More of it", "Other"):
            (anime.parent / name).rename(anime / name)
        await scanned.scan()
        assert set(await scanned.paths(key)) == {(1, 1), (1, 2)}
        assert await scanned.loose() == {}
