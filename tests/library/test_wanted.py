"""Specials and seasons that are wanted, or not: what counts as missing, and what is queued."""

from __future__ import annotations

import pytest

from aniworld.library.errors import SeasonNotFoundError, SeriesNotFoundError
from aniworld.library.schemas import UpdateSeries
from tests.library.conftest import Shelf
from tests.library.test_languages import file


async def counts(shelf: Shelf, key: str) -> tuple[int, int, int]:
    """(total, downloaded, missing)."""
    series = await shelf.library.get(key)
    return series.total_episodes, series.downloaded_episodes, series.missing_episodes


async def wanted(shelf: Shelf, key: str) -> list[int]:
    """The seasons that are."""
    return [season.season for season in (await shelf.library.get(key)).seasons if season.monitored]


async def missing(shelf: Shelf, key: str) -> set[int]:
    """The seasons of what is queued when everything is that is missing."""
    targets, _ = await shelf.library.download_targets(key, None)
    return {target.season for target in targets}


async def test_specials_are_wanted_when_somebody_says_so(both: Shelf) -> None:
    key = await both.loaded()
    assert (await counts(both, key), await wanted(both, key)) == ((10, 0, 10), [1, 2])
    assert await missing(both, key) == {1, 2}

    async with both.loading():
        await both.config.patch("library", {"specials": True})

        async def recounted() -> bool:
            return await counts(both, key) == (11, 0, 11)

        await both.until(recounted)
    assert (await wanted(both, key), await missing(both, key)) == ([1, 2, 0], {0, 1, 2})

    own = await both.library.patch(key, UpdateSeries(specials=False))
    assert (own.specials, own.total_episodes, own.missing_episodes) == (False, 10, 10)
    assert (await wanted(both, key), await missing(both, key)) == ([1, 2], {1, 2})
    usual = await both.library.patch(key, UpdateSeries(specials=None))
    assert (usual.specials, usual.missing_episodes) == (None, 11)
    # What the season is told is what the series says.
    told = await both.library.monitor_season(key, 0, monitored=False)
    assert (told.specials, told.missing_episodes) == (False, 10)


async def test_a_season_that_is_not_wanted_is_neither_missing_nor_queued(both: Shelf) -> None:
    key = await both.loaded()
    changed = await both.library.monitor_season(key, 2, monitored=False)
    assert (changed.total_episodes, changed.missing_episodes) == (6, 6)
    assert (await wanted(both, key), await missing(both, key)) == ([1], {1})

    # By name it can be had all the same, and what is there counts.
    targets, refusals = await both.library.download_targets(key, [(2, 1, None), (0, 1, None)])
    assert ([(target.season, target.episode) for target in targets], refusals) == ([(2, 1), (0, 1)], [])
    await file(both, key, 1, "de")
    async with both.db.write() as session:
        await both.library.mark_downloaded(session, targets[0].episode_id, "de", "Clockwork Garden/2x01.mkv", 5)
    assert await counts(both, key) == (7, 2, 5)

    # Loaded again it stays what it is.
    await both.library.reload(key, ["episodes"])
    async with both.loading():
        await both.until_status(key, "completed")
    assert (await wanted(both, key), await counts(both, key)) == ([1], (7, 2, 5))
    await both.library.monitor_season(key, 2, monitored=True)
    assert await counts(both, key) == (10, 2, 8)


async def test_what_is_not_there_cannot_be_wanted(shelf: Shelf) -> None:
    key = await shelf.loaded()
    with pytest.raises(SeasonNotFoundError):
        await shelf.library.monitor_season(key, 7, monitored=True)
    with pytest.raises(SeriesNotFoundError):
        await shelf.library.monitor_season("no", 1, monitored=True)
