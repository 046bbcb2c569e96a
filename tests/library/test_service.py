"""The library's verbs on both databases: adding, listing, changing, deleting."""

from __future__ import annotations

import asyncio
import datetime as dt
import random
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
import pytest
from sqlalchemy import update

from aniworld.catalog.types import Artwork, Language
from aniworld.events.types import Resync, SeriesAdded, SeriesRemoved, SeriesUpdated
from aniworld.kit.errors import InvalidInputError
from aniworld.library.errors import (
    AlreadyInLibraryError,
    EpisodeNotFoundError,
    FilesNotDeletedError,
    NotDeletedError,
    SeriesNotFoundError,
)
from aniworld.library.models import Episode, Series
from aniworld.library.nfo_repository import NfoRepository
from aniworld.library.repository import SeriesRepository
from aniworld.library.schemas import UpdateSeries
from aniworld.library.types import SeriesQuery
from tests.library.conftest import Shelf
from tests.library.doubles import DE, JA_EN, TODAY, clockwork, episode, season

FOLDER = "Clockwork Garden (2021)"


async def test_adding_asks_nobody_and_tells_everybody(both: Shelf) -> None:
    series = await both.library.add("shelf", "clockwork", "  Clockwork\tGarden ")
    assert (series.key, series.name, series.loading_status) == ("clockwork-garden", "Clockwork Garden", "pending")
    assert both.catalog.asked == []
    assert [event.data.key for event in both.bus.of(SeriesAdded)] == ["clockwork-garden"]
    assert (await both.library.get(series.key)).seasons == []


async def test_adding_twice_names_the_one_that_is_there(both: Shelf) -> None:
    await both.library.add("shelf", "clockwork", "Clockwork Garden")
    with pytest.raises(AlreadyInLibraryError) as caught:
        await both.library.add("shelf", "clockwork", "Another name")
    assert caught.value.key == "clockwork-garden"
    assert len(both.bus.of(SeriesAdded)) == 1


async def test_adding_the_same_at_once_makes_one(both: Shelf) -> None:
    results = await asyncio.gather(
        *(both.library.add("shelf", "clockwork", "Clockwork Garden") for _ in range(5)), return_exceptions=True
    )
    refused = [result for result in results if isinstance(result, AlreadyInLibraryError)]
    assert len(refused) == 4
    assert (await both.library.list()).total == 1


async def test_many_of_one_name_at_once_have_keys_of_their_own(both: Shelf) -> None:
    added = await asyncio.gather(*(both.library.add("shelf", str(number), "Same Name") for number in range(4)))
    assert {series.key for series in added} == {"same-name", "same-name-2", "same-name-3", "same-name-4"}


@pytest.mark.parametrize(
    ("name", "provider_key", "key"),
    [
        ("Add", "x", "add-2"),
        ("Rescan", "x", "rescan-2"),
        ("進撃の巨人", "attack-on-titan", "attack-on-titan"),
        ("進撃の巨人", "進撃", "series"),
        ("Clockwork Garden (2021)", "x", "clockwork-garden-2021"),
    ],
)
async def test_keys(shelf: Shelf, name: str, provider_key: str, key: str) -> None:
    assert (await shelf.library.add("shelf", provider_key, name)).key == key


async def test_what_cannot_be_added(shelf: Shelf) -> None:
    with pytest.raises(InvalidInputError) as caught:
        await shelf.library.add("nobody", "x", "X")
    assert caught.value.errors[0].field == "provider"
    with pytest.raises(InvalidInputError) as caught:
        await shelf.library.add("shelf", "x", "   ")
    assert caught.value.errors[0].field == "name"
    assert (await shelf.library.list()).total == 0


async def test_unknown_keys(shelf: Shelf) -> None:
    library = shelf.library
    for call in (
        library.get("no"),
        library.loading_status("no"),
        shelf.gallery.image("no", "poster", None, None, ""),
        library.reload("no", ["nfo"]),
        library.patch("no", UpdateSeries(monitored=False)),
        library.delete("no"),
        library.restore("no"),
        library.download_targets("no", None),
    ):
        with pytest.raises(SeriesNotFoundError):
            await call


# --- lists ----------------------------------------------------------------------------------------------------------


async def _fill(shelf: Shelf) -> None:
    """Five series of all kinds."""
    rows: list[tuple[str, dict[str, Any], list[str]]] = [
        ("Ärger im Äther", {"year": 2020, "missing_episodes": 3, "total_episodes": 5}, ["Drama"]),
        ("Beta 100%_x", {"year": None, "total_episodes": 5, "episodes_loaded": True}, ["Drama", "Slice of Life"]),
        ("cetera", {"year": 1999, "missing_episodes": 9, "total_episodes": 9, "status": "ongoing"}, []),
        ("Delta Beta", {"year": 2020, "loading_status": "failed"}, ["Comedy"]),
        ("Zeta", {"year": 2001, "loading_status": "completed"}, ["comedy"]),
    ]
    for number, (name, values, genres) in enumerate(rows):
        added = await shelf.library.add("shelf", str(number), name)
        async with shelf.db.write() as session:
            repository = SeriesRepository(session)
            row = await repository.find(added.key)
            assert row is not None
            await repository.change(row.id, genres=genres, **values)
            await repository.set_genres(row.id, genres)


LISTS: list[tuple[dict[str, Any], str]] = [
    ({}, "ABcDZ"),
    ({"order": "desc"}, "ZDcBA"),
    ({"sort": "added", "order": "desc"}, "ZDcBA"),
    ({"sort": "year"}, "cZADB"),
    ({"sort": "year", "order": "desc"}, "DAZcB"),
    ({"sort": "missing", "order": "desc"}, "cAZDB"),
    ({"filter": "missing"}, "Ac"),
    ({"filter": "complete"}, "B"),
    ({"filter": "loading"}, "ABc"),
    ({"filter": "failed"}, "D"),
    ({"q": "BETA"}, "BD"),
    ({"q": "beta delta"}, "D"),
    ({"q": "arger"}, "A"),
    ({"q": "%"}, "B"),
    ({"q": "_"}, "B"),
    ({"q": "nothing like it"}, ""),
    ({"genres": ("drama",)}, "AB"),
    ({"genres": ("COMEDY",)}, "DZ"),
    ({"genres": ("slice of life",)}, "B"),
    ({"genres": ("slice",)}, ""),
    ({"status": "ongoing"}, "c"),
    ({"genres": ("drama",), "q": "beta"}, "B"),
]


async def test_lists(both: Shelf) -> None:
    await _fill(both)
    for asked, expected in LISTS:
        chosen = {name: value for name, value in asked.items() if name not in ("sort", "order")}
        ordered = {name: value for name, value in asked.items() if name in ("sort", "order")}
        page = await both.library.list(SeriesQuery(**chosen), **ordered)
        found = "".join(series.name[0] for series in page.items).replace("Ä", "A")
        assert (found, page.total) == (expected, len(expected)), asked


async def test_pages(both: Shelf) -> None:
    await _fill(both)
    page = await both.library.list(limit=2, offset=3)
    assert ([series.name for series in page.items], page.total, page.limit, page.offset) == (
        ["Delta Beta", "Zeta"], 5, 2, 3,
    )  # fmt: skip
    assert (await both.library.list(offset=5)).items == []


async def test_deleted_ones_are_in_no_list(both: Shelf) -> None:
    await _fill(both)
    await both.library.delete("zeta")
    assert (await both.library.list()).total == 4
    assert (await both.library.list(SeriesQuery(genres=("comedy",)))).total == 1


# --- changing -------------------------------------------------------------------------------------------------------


async def test_patching(both: Shelf) -> None:
    key = await both.loaded()
    assert (await both.library.patch(key, UpdateSeries(monitored=False))).monitored is False
    series = await both.library.patch(key, UpdateSeries(languages=["de", "ja+en"]))
    assert (series.monitored, series.languages) == (False, ["de", "ja+en"])
    assert (await both.library.patch(key, UpdateSeries())).languages == ["de", "ja+en"]
    assert (await both.library.patch(key, UpdateSeries(languages=None))).languages is None
    with pytest.raises(InvalidInputError):
        await both.library.patch(key, UpdateSeries(languages=["de", "de"]))


async def _have(shelf: Shelf, key: str, number: tuple[int, int], language: str, size: int = 5) -> str:
    """Put a file of an (episode, language) on the disk and into the library; its path."""
    targets, refusals = await shelf.library.download_targets(key, [(*number, language)])
    assert not refusals
    details = await shelf.library.target(targets[0].episode_id, language)
    path = details.path("mkv")
    (shelf.anime / path).parent.mkdir(parents=True, exist_ok=True)
    (shelf.anime / path).write_bytes(b"x" * size)
    async with shelf.db.write() as session:
        await shelf.library.mark_downloaded(session, targets[0].episode_id, language, path, size)
    return path


async def test_counts_follow_the_wanted_languages(both: Shelf) -> None:
    key = await both.loaded()

    async def counts() -> tuple[int, int, int]:
        series = await both.library.get(key)
        return series.total_episodes, series.downloaded_episodes, series.missing_episodes

    await _have(both, key, (1, 1), "de")
    assert await counts() == (10, 1, 9)
    await both.library.patch(key, UpdateSeries(languages=["ja+en"]))
    assert await counts() == (10, 0, 10), "a language that nobody wants fills no gap"
    await both.library.patch(key, UpdateSeries(languages=None))
    async with both.loading():
        await both.config.patch("library", {"languages": ["ja+en"]})

        async def recounted() -> bool:
            return await counts() == (10, 0, 10)

        await both.until(recounted)
        await both.config.patch("library", {"languages": ["de"]})

        async def back() -> bool:
            return await counts() == (10, 1, 9)

        await both.until(back)


async def test_an_air_date_that_passes_makes_an_episode_missing(both: Shelf) -> None:
    both.catalog.infos["clockwork"] = clockwork(
        seasons=(season(1, episode(1, 1), episode(1, 2, aired=TODAY + dt.timedelta(days=3), languages=())),)
    )
    key = await both.loaded()
    assert (await both.library.get(key)).missing_episodes == 1
    async with both.db.write() as session:
        await session.execute(update(Episode).values(aired=TODAY))
        await session.execute(update(Series).values(next_air_date=TODAY))
    both.bus.events.clear()
    async with both.loading():

        async def counted() -> bool:
            return (await both.library.get(key)).missing_episodes == 2

        await both.until(counted)
    assert [event.data.key for event in both.bus.of(SeriesUpdated)] == [key]


async def test_many_recounts_are_told_as_one(shelf: Shelf) -> None:
    for number in range(30):
        await shelf.library.add("shelf", f"gone{number}", f"Gone {number}")
    async with shelf.db.write() as session:
        await session.execute(update(Series).values(counted_languages="old", loading_status="completed"))
    shelf.bus.events.clear()
    async with shelf.loading():

        async def told() -> bool:
            return bool(shelf.bus.of(Resync))

        await shelf.until(told)
    assert shelf.bus.of(SeriesUpdated) == []


async def test_stored_counts_equal_counted_ones(both: Shelf) -> None:
    """Whatever happens in whatever order."""
    dice = random.Random(5)
    key = await both.loaded()
    languages = [JA_EN, DE, Language("en")]
    for _ in range(18):
        match dice.choice(["file", "reload", "languages", "season", "specials"]):
            case "file":
                targets, _refused = await both.library.download_targets(key, None)
                for target in dice.sample(targets, min(3, len(targets))):
                    async with both.db.write() as session:
                        await both.library.mark_downloaded(session, target.episode_id, target.language, "a/b.mkv", 1)
            case "reload":
                numbers = dice.sample(range(1, 12), 6)
                days = {number: TODAY + dt.timedelta(days=dice.choice([-5, 0, 5])) for number in numbers}
                out = [
                    episode(1, number, aired=days[number], languages=tuple(dice.sample(languages, dice.randint(0, 2))))
                    for number in numbers
                ]
                both.catalog.infos["clockwork"] = clockwork(seasons=(season(1, *out),))
                await both.library.reload(key, ["episodes"])
                async with both.loading():
                    await both.until_status(key, "completed")
            case "season":
                number = dice.choice((await both.library.get(key)).seasons).season
                await both.library.monitor_season(key, number, monitored=dice.choice([False, True]))
            case "specials":
                await both.library.patch(key, UpdateSeries(specials=dice.choice([None, False, True])))
            case _:
                own = [str(language) for language in dice.sample(languages, 2)]
                await both.library.patch(key, UpdateSeries(languages=dice.choice([None, own])))
        series = await both.library.get(key)
        episodes = [(item, part.monitored) for part in series.seasons for item in part.episodes]
        total = sum(wanted or item.is_downloaded for item, wanted in episodes)
        there = sum(item.is_downloaded for item, _ in episodes)
        missing = sum(wanted and item.is_out and not item.is_downloaded for item, wanted in episodes)
        assert (series.total_episodes, series.downloaded_episodes, series.missing_episodes) == (
            total, there, missing,
        )  # fmt: skip


# --- one series -----------------------------------------------------------------------------------------------------


async def test_an_episode_tells_its_languages(both: Shelf) -> None:
    key = await both.loaded()
    path = await _have(both, key, (1, 1), "de")
    second = await _have(both, key, (1, 1), "ja+en", size=9)
    assert path == f"{FOLDER}/Season 01/{FOLDER} - S01E01 - Part 1.1.mkv"
    assert second == f"{FOLDER}/Season 01/{FOLDER} - S01E01 - Part 1.1 [ja+en].mkv"
    ids = [target.episode_id for target in (await both.library.download_targets(key, [(1, 2, "de")]))[0]]

    async def states(_session: object, asked: str) -> dict[tuple[UUID, str], str]:
        assert asked == key
        return {(ids[0], "de"): "failed", (ids[0], "ja+en"): "pending"}

    both.library.queue_states = states
    season_one = (await both.library.get(key)).seasons[0]
    one, two, three = season_one.episodes[:3]
    assert (one.is_downloaded, one.file_path, one.file_size, one.queue_status) == (True, second, 9, None)
    assert one.download_date is not None
    assert [(unit.language, unit.available, unit.is_downloaded, unit.file_path) for unit in one.languages] == [
        ("ja+en", True, True, second),
        ("de", True, True, path),
    ]
    assert two.queue_status == "pending"
    assert [(unit.language, unit.queue_status) for unit in two.languages] == [("ja+en", "pending"), ("de", "failed")]
    assert (three.queue_status, three.is_downloaded, three.file_path) == (None, False, None)


async def test_searching(both: Shelf) -> None:
    both.catalog.infos["other"] = clockwork(provider_key="other", name="The Other Garden", artwork=Artwork())
    await both.library.add("shelf", "clockwork", "Clockwork Garden")
    found = await both.search.search("garden", None, lambda name, url: f"{name}|{url}")
    assert [(item.name, item.in_library, item.key, item.cover_url) for item in found.items] == [
        ("The Other Garden", False, None, None),  # less beside the word
        ("Clockwork Garden", True, "clockwork-garden", "shelf|https://shelf.test/poster.jpg"),
    ]
    assert [(failed.provider, failed.detail) for failed in found.failed_providers] == [("broken", "It does not answer")]
    with pytest.raises(InvalidInputError):
        await both.search.search("garden", "nobody", lambda name, url: "")


# --- deleting -------------------------------------------------------------------------------------------------------


async def test_deleting_and_restoring(both: Shelf) -> None:
    key = await both.loaded()
    path = await _have(both, key, (1, 1), "de")
    await both.library.delete(key)
    assert [event.data.key for event in both.bus.of(SeriesRemoved)] == [key]
    with pytest.raises(SeriesNotFoundError):
        await both.library.get(key)
    assert (both.anime / path).exists()
    await both.library.restore(key)
    series = await both.library.get(key)
    assert series.seasons[0].episodes[0].file_path == path
    with pytest.raises(NotDeletedError):
        await both.library.restore(key)
    async with both.loading():
        await both.until_status(key, "completed")


async def test_adding_a_deleted_one_brings_it_back(both: Shelf) -> None:
    key = await both.loaded()
    path = await _have(both, key, (1, 1), "de")
    await both.library.delete(key)
    series = await both.library.add("shelf", "clockwork", "Clockwork Garden")
    assert (series.key, series.loading_status, series.downloaded_episodes) == (key, "pending", 1)
    assert (await both.library.get(key)).seasons[0].episodes[0].file_path == path


async def test_deleting_with_files_takes_what_is_ours_and_nothing_else(shelf: Shelf) -> None:
    key = await shelf.loaded()
    one, two = await _have(shelf, key, (1, 1), "de"), await _have(shelf, key, (2, 1), "de")
    (shelf.anime / one).with_suffix(".nfo").write_text("<episodedetails/>")
    (shelf.anime / one).with_suffix(".de.forced.ass").write_text("[Script Info]")
    mine = shelf.anime / FOLDER / "Season 01" / "my notes.txt"
    mine.write_text("keep")
    await shelf.library.delete(key, delete_files=True)
    left = sorted(str(path.relative_to(shelf.anime)) for path in shelf.anime.rglob("*") if path.is_file())
    assert left == [str(mine.relative_to(shelf.anime))]
    assert not (shelf.anime / two).parent.exists()
    await shelf.library.restore(key)
    series = await shelf.library.get(key)
    assert (series.downloaded_episodes, series.nfo_loaded) == (0, False)
    async with shelf.loading():
        await shelf.until_status(key, "completed")
    assert (shelf.anime / FOLDER / "tvshow.nfo").exists()


async def test_an_empty_folder_goes_too(shelf: Shelf) -> None:
    key = await shelf.loaded()
    await _have(shelf, key, (1, 1), "de")
    await shelf.library.delete(key, delete_files=True)
    assert list(shelf.anime.iterdir()) == []


async def test_what_cannot_be_deleted_keeps_the_series(shelf: Shelf, tmp_path: Path) -> None:
    key = await shelf.loaded()
    path = shelf.anime / await _have(shelf, key, (1, 1), "de")
    outside = tmp_path / "outside"
    path.parent.rename(outside)
    path.parent.symlink_to(outside)
    with pytest.raises(FilesNotDeletedError):
        await shelf.library.delete(key, delete_files=True)
    assert (outside / path.name).exists()
    assert (await shelf.library.get(key)).downloaded_episodes == 1


# --- targets --------------------------------------------------------------------------------------------------------


@pytest.fixture
async def targets(both: Shelf) -> str:
    """A series with one episode of each kind; its key. Wanted: ja+en, de, ja+de, en."""
    later = TODAY + dt.timedelta(days=7)
    both.catalog.infos["clockwork"] = clockwork(
        artwork=Artwork(),
        seasons=(
            season(
                1,
                episode(1, 1),
                episode(1, 2, languages=(DE,)),
                episode(1, 3, languages=(Language("fr"),)),
                episode(1, 4, languages=()),
                episode(1, 5, aired=later, languages=()),
                episode(1, 6, aired=None, languages=()),
                episode(1, 7, aired=later, languages=(DE,)),
                episode(1, 8),
            ),
            season(0, episode(0, 1)),
        ),
    )
    key = await both.loaded()
    await _have(both, key, (1, 8), "de")
    return key


async def test_everything_that_is_missing(both: Shelf, targets: str) -> None:
    found, refused = await both.library.download_targets(targets, None)
    assert [(target.season, target.episode, target.language) for target in found] == [
        (1, 1, "ja+en"), (1, 2, "de"), (1, 7, "de"),
    ]  # fmt: skip
    assert [(refusal.episode, refusal.reason) for refusal in refused] == [
        (3, "language_not_available"), (4, "language_not_available"),
    ]  # fmt: skip
    assert {(target.series_key, target.series_name, target.title) for target in found[:1]} == {
        (targets, "Clockwork Garden", "Part 1.1")
    }


async def test_what_is_named(both: Shelf, targets: str) -> None:
    found, refused = await both.library.download_targets(
        targets,
        [
            (1, 1, None), (1, 1, None), (1, 1, "de"), (1, 2, "ja+en"), (1, 3, "fr"), (1, 3, None), (1, 4, None),
            (1, 5, None), (1, 6, None), (1, 8, None), (1, 8, "de"), (1, 8, "ja+en"), (7, 7, None),
        ],
    )  # fmt: skip
    assert [(target.episode, target.language) for target in found] == [
        (1, "ja+en"), (1, "de"), (3, "fr"), (8, "ja+en"),
    ]  # fmt: skip
    assert [(refusal.season, refusal.episode, refusal.reason) for refusal in refused] == [
        (1, 2, "language_not_available"),
        (1, 3, "language_not_available"),
        (1, 4, "language_not_available"),
        (1, 5, "not_out_yet"),
        (1, 6, "not_out_yet"),
        (1, 8, "already_downloaded"),
        (1, 8, "already_downloaded"),
        (7, 7, "unknown_episode"),
    ]


async def test_a_series_of_its_own_mind(both: Shelf, targets: str) -> None:
    await both.library.patch(targets, UpdateSeries(languages=["de", "fr"]))
    found, _ = await both.library.download_targets(targets, None)
    assert [(target.episode, target.language) for target in found if target.season] == [
        (1, "de"), (2, "de"), (3, "fr"), (7, "de"),
    ]  # fmt: skip


async def test_more_are_named_than_fit_into_a_statement(both: Shelf, targets: str) -> None:
    found, refused = await both.library.download_targets(targets, [(1, number, None) for number in range(1, 400)])
    assert [target.episode for target in found] == [1, 2, 7]
    assert len(refused) == 396


async def test_an_episode_of_a_series_that_is_gone_is_no_target(both: Shelf, targets: str) -> None:
    found, _ = await both.library.download_targets(targets, [(1, 1, None)])
    await both.library.delete(targets)
    with pytest.raises(EpisodeNotFoundError):
        await both.library.target(found[0].episode_id, "de")


async def test_target(both: Shelf, targets: str) -> None:
    found, _ = await both.library.download_targets(targets, [(1, 8, "ja+en")])
    details = await both.library.target(found[0].episode_id, "ja+en")
    assert (details.provider, msgspec.to_builtins(details.ref)) == (
        "shelf", {"provider_key": "clockwork", "season": 1, "episode": 8},
    )  # fmt: skip
    assert (details.folder, details.year, details.duration, details.series_key) == (FOLDER, 2021, 1440.0, targets)
    assert details.path(".mkv").endswith("- S01E08 - Part 1.8 [ja+en].mkv")


async def test_a_file_replaces_the_one_before(both: Shelf, targets: str) -> None:
    found, _ = await both.library.download_targets(targets, [(1, 1, "de")])
    for size in (1, 2):
        async with both.db.write() as session:
            await both.library.mark_downloaded(session, found[0].episode_id, "de", f"a/{size}.mkv", size)
    first = (await both.library.get(targets)).seasons[0].episodes[0]
    assert (first.file_path, first.file_size) == ("a/2.mkv", 2)


async def test_marking_shares_the_transaction(both: Shelf, targets: str) -> None:
    found, _ = await both.library.download_targets(targets, [(1, 1, "de")])
    both.bus.events.clear()
    with pytest.raises(RuntimeError):
        async with both.db.write() as session:
            await both.library.mark_downloaded(session, found[0].episode_id, "de", "a/b.mkv", 1)
            raise RuntimeError
    assert both.bus.events == []
    assert not (await both.library.get(targets)).seasons[0].episodes[0].is_downloaded


async def test_marking_at_the_same_time_counts_both(both: Shelf, targets: str) -> None:
    found, _ = await both.library.download_targets(targets, None)

    async def mark(episode_id: UUID, language: str) -> None:
        async with both.db.write() as session:
            await both.library.mark_downloaded(session, episode_id, language, "a/b.mkv", 1)

    await asyncio.gather(*(mark(target.episode_id, target.language) for target in found))
    assert (await both.library.get(targets)).downloaded_episodes == 1 + len(found)


async def test_a_file_of_an_episode_that_is_gone_is_no_error(both: Shelf, caplog: pytest.LogCaptureFixture) -> None:
    async with both.db.write() as session:
        await both.library.mark_downloaded(session, UUID(int=1), "de", "a/b.mkv", 1)
        assert await NfoRepository(session).pending(10) == []
    assert "a/b.mkv" in caplog.text
