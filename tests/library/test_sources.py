"""A series that several sources have."""

from __future__ import annotations

import pytest

from aniworld.catalog.types import EpisodeRef, SeriesHit
from aniworld.kit.errors import InvalidInputError
from aniworld.library.errors import AlreadyInLibraryError
from aniworld.library.schemas import AddSource, UpdateSeries
from aniworld.library.types import EpisodeSource
from tests.library.conftest import Shelf

OURS = AddSource(provider="shelf", provider_key="clockwork", name="Clockwork Garden")
ATTIC = AddSource(provider="attic", provider_key="cg/1", name="The Clockwork Garden")
CELLAR = AddSource(provider="cellar", provider_key="77", name="clockwork garden")


@pytest.fixture(autouse=True)
def others(both: Shelf) -> None:
    both.catalog.others = {
        "attic": [SeriesHit(provider_key="cg/1", name="The Clockwork Garden", year=2021, cover_url="https://a/c.jpg")],
        "cellar": [SeriesHit(provider_key="77", name="clockwork garden"), SeriesHit(provider_key="8", name="Bees")],
    }


async def sources(shelf: Shelf, key: str) -> list[str]:
    return [source.provider for source in (await shelf.library.get(key)).sources]


async def add(shelf: Shelf) -> str:
    return (await shelf.library.add("shelf", "clockwork", "Clockwork Garden", [OURS, ATTIC, CELLAR, ATTIC])).key


async def test_a_search_shows_one_row_with_all_its_sources(both: Shelf) -> None:
    found = await both.search.search("clockwork garden", None, lambda name, url: f"{name}|{url}")
    row, bees = found.items
    assert [(source.provider, source.provider_key) for source in row.sources] == [
        ("shelf", "clockwork"),
        ("attic", "cg/1"),
        ("cellar", "77"),
    ]
    assert (row.provider, row.provider_key, row.year, row.in_library) == ("shelf", "clockwork", 2021, False)
    assert bees.name == "Bees"
    key = await add(both)
    # Also where only another one of its sources is asked.
    for provider in (None, "attic", "cellar"):
        found = await both.search.search("clockwork garden", provider, lambda name, url: "")
        assert (found.items[0].in_library, found.items[0].key) == (True, key)


async def test_sources_are_kept_in_their_order(both: Shelf) -> None:
    key = await add(both)
    assert await sources(both, key) == ["shelf", "attic", "cellar"]
    await both.library.patch(key, UpdateSeries(sources=[OURS, CELLAR, ATTIC]))
    assert await sources(both, key) == ["shelf", "cellar", "attic"]
    await both.library.patch(key, UpdateSeries(sources=[OURS]))
    assert await sources(both, key) == ["shelf"]
    assert (await both.library.get(key)).loading_status == "pending"


async def test_another_source_can_come_first(both: Shelf) -> None:
    key = await both.loaded()
    await both.library.patch(key, UpdateSeries(sources=[ATTIC, OURS]))
    series = await both.library.get(key)
    assert (series.provider, series.provider_key) == ("attic", "cg/1")
    assert (series.loading_status, series.episodes_loaded, series.nfo_loaded) == ("pending", False, True)
    assert series.total_episodes == 10  # they stay until the other one has answered


async def test_what_cannot_be_a_source(both: Shelf) -> None:
    key = await add(both)
    nobody = AddSource(provider="nobody", provider_key="1", name="x")
    with pytest.raises(InvalidInputError) as refused:
        await both.library.patch(key, UpdateSeries(sources=[OURS, nobody]))
    assert refused.value.errors[0].field == "sources[1].provider"
    await both.library.add("attic", "other", "Other")
    with pytest.raises(AlreadyInLibraryError):
        await both.library.patch(
            key, UpdateSeries(sources=[AddSource(provider="attic", provider_key="other", name="x"), OURS])
        )
    assert await sources(both, key) == ["shelf", "attic", "cellar"]


async def test_one_that_was_switched_off_meanwhile_may_stay(both: Shelf) -> None:
    key = await add(both)
    del both.catalog.others["attic"]
    await both.library.patch(key, UpdateSeries(sources=[OURS, CELLAR, ATTIC]))
    assert await sources(both, key) == ["shelf", "cellar", "attic"]


async def test_a_download_knows_where_else_the_episode_is(both: Shelf) -> None:
    key = await add(both)
    async with both.loading():
        await both.until_status(key, "completed")
    targets, _ = await both.library.download_targets(key, [(1, 2, "de")])
    target = await both.library.target(targets[0].episode_id, "de")
    assert (target.provider, target.ref.provider_key) == ("shelf", "clockwork")
    assert target.others == (
        EpisodeSource("attic", EpisodeRef(provider_key="cg/1", season=1, episode=2)),
        EpisodeSource("cellar", EpisodeRef(provider_key="77", season=1, episode=2)),
    )
