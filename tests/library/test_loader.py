"""Background loading: from a row to episodes, a description and pictures; what fails, what stops, what goes on."""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
from xml.etree import ElementTree as ET

import msgspec
import pytest
from PIL import Image
from sqlalchemy import update

from aniworld.catalog.errors import NotAtSourceError, SourceUnreachableError
from aniworld.catalog.types import Artwork, SeriesInfo
from aniworld.events.types import OperationUpdate, SeriesLoadingUpdate, SeriesUpdated
from aniworld.library import loader as loader_module
from aniworld.library.models import Episode, Series
from aniworld.library.nfo_repository import NfoRepository
from tests.library.conftest import Shelf
from tests.library.doubles import clockwork, episode, picture, pictures_of, season

FOLDER = "Clockwork Garden (2021)"


async def test_everything_is_loaded(both: Shelf) -> None:
    key = await both.loaded()
    series = await both.library.get(key)
    assert series.loading_status == "completed"
    assert series.loading_error is None
    assert (series.episodes_loaded, series.nfo_loaded, series.logo_loaded, series.images_loaded) == (True,) * 4
    assert series.loading_started_at is not None
    assert series.loading_completed_at is not None
    assert (series.name, series.year, series.status, series.folder) == (
        "Clockwork Garden", 2021, "completed", FOLDER,
    )  # fmt: skip
    assert series.genres == ["Adventure", "Mystery/Thriller"]
    assert (series.total_episodes, series.downloaded_episodes, series.missing_episodes) == (10, 0, 10)
    assert [(part.season, part.name, len(part.episodes)) for part in series.seasons] == [
        (1, "Season 1", 6), (2, "The Brass Arc", 4), (0, "Specials", 1),
    ]  # fmt: skip
    first = series.seasons[0].episodes[0]
    assert (first.title, first.duration, first.is_out, first.is_downloaded) == ("Part 1.1", 1440.0, True, False)
    assert [unit.language for unit in first.languages] == ["ja+en", "de"]
    folder = both.anime / FOLDER
    assert sorted(path.name for path in folder.iterdir()) == ["clearlogo.png", "fanart.jpg", "poster.jpg", "tvshow.nfo"]
    root = ET.fromstring((folder / "tvshow.nfo").read_bytes())
    assert root.findtext("title") == "Clockwork Garden"
    assert root.findtext("plot") == "A garden is wound up & runs <down>."
    assert root.findtext("premiered") == "2021-04-09"
    assert [genre.text for genre in root.findall("genre")] == ["Adventure", "Mystery", "Thriller"]
    with Image.open(folder / "clearlogo.png") as logo:
        assert (logo.format, logo.mode) == ("PNG", "RGBA")


async def test_every_step_is_told(shelf: Shelf) -> None:
    key = await shelf.loaded()
    told = [event.data for event in shelf.bus.of(SeriesLoadingUpdate)]
    assert [(update.key, update.status) for update in told] == [
        (key, "loading_episodes"),
        (key, "loading_nfo"),
        (key, "loading_logo"),
        (key, "loading_images"),
        (key, "completed"),
    ]
    assert [sum(msgspec.structs.astuple(update.progress)) for update in told] == [0, 1, 2, 3, 4]
    assert all(update.message for update in told)
    assert [event.data.key for event in shelf.bus.of(SeriesUpdated)] == [key, key]
    operations = shelf.operations.page(limit=10, offset=0).items
    assert [(operation.type, operation.status) for operation in operations] == [("load", "completed")]
    assert shelf.bus.of(OperationUpdate)


async def test_four_at_once_and_those_that_somebody_waits_for_first(shelf: Shelf) -> None:
    for number in range(7):
        info = clockwork(provider_key=f"old{number}", name=f"Old {number}", artwork=Artwork())
        shelf.catalog.infos[info.provider_key] = info
        await shelf.library.add("shelf", info.provider_key, info.name)
    shelf.catalog.gate = asyncio.Event()
    async with shelf.loading():  # the start-up check makes them wait behind what is asked for now

        async def four() -> bool:
            return shelf.catalog.running == 4

        await shelf.until(four)
        new = await shelf.library.add("shelf", "clockwork", "Clockwork Garden")
        await asyncio.sleep(0.05)
        assert shelf.catalog.running == 4
        shelf.catalog.gate.set()
        await shelf.until_status(new.key, "completed")
        for number in range(7):
            await shelf.until_status(f"old-{number}", "completed")
    assert shelf.catalog.most_running == 4
    asked = [what for what in shelf.catalog.asked if what.startswith("series")]
    assert asked[:4] == [f"series old{number}" for number in range(4)]
    assert asked[4] == "series clockwork"
    assert len(asked) == 8


async def test_a_source_that_is_away_is_asked_again(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loader_module, "FIRST_DELAY", 0.05)
    failures = 2

    def away(what: str) -> None:
        nonlocal failures
        if what.startswith("series") and failures:
            failures -= 1
            raise SourceUnreachableError("The shelf does not answer", retry_after=0)

    shelf.catalog.before = away
    key = await shelf.loaded()
    assert (await shelf.library.loading_status(key)).loading_status == "completed"
    told = [event.data for event in shelf.bus.of(SeriesLoadingUpdate) if event.data.status == "pending"]
    assert [update.message for update in told] == ["Waiting: Episodes: The shelf does not answer"] * 2


async def test_it_is_not_asked_for_ever(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loader_module, "FIRST_DELAY", 0.01)

    def away(_what: str) -> None:
        raise SourceUnreachableError("The shelf does not answer", retry_after=0)

    shelf.catalog.before = away
    series = await shelf.library.add("shelf", "clockwork", "Clockwork Garden")
    async with shelf.loading():
        await shelf.until_status(series.key, "failed")
        async with asyncio.timeout(20):  # the row is written a moment before the operation ends
            while shelf.operations.page(limit=1, offset=0).items[0].finished_at is None:
                await asyncio.sleep(0.01)
    state = await shelf.library.loading_status(series.key)
    assert (state.loading_status, state.error) == ("failed", "Episodes: The shelf does not answer")
    assert len(shelf.catalog.asked) == loader_module.ATTEMPTS
    assert shelf.operations.page(limit=1, offset=0).items[0].status == "failed"


async def test_what_the_source_does_not_have_is_not_asked_again(shelf: Shelf) -> None:
    shelf.catalog.infos.clear()
    series = await shelf.library.add("shelf", "nowhere", "Nowhere")
    async with shelf.loading():
        await shelf.until_status(series.key, "failed")
    assert shelf.catalog.asked == ["series nowhere"]


async def test_a_failed_step_keeps_no_other_away(shelf: Shelf) -> None:
    nfo = shelf.anime / FOLDER / "tvshow.nfo"
    nfo.parent.mkdir()
    nfo.write_text("<!DOCTYPE x [<!ENTITY y 'z'>]><tvshow>&y;</tvshow>")
    key = await shelf.loaded()
    state = await shelf.library.loading_status(key)
    assert state.loading_status == "failed"
    assert state.error is not None
    assert state.error.startswith("Description: ")
    assert msgspec.structs.astuple(state.progress) == (True, False, True, True)
    assert nfo.read_text().startswith("<!DOCTYPE"), "somebody else's file stays"
    assert (nfo.parent / "poster.jpg").exists()
    nfo.unlink()
    await shelf.library.reload(key, ["nfo"])
    async with shelf.loading():
        await shelf.until_status(key, "completed")
    assert nfo.exists()


async def test_one_bad_picture_keeps_no_other_away(shelf: Shelf) -> None:
    shelf.catalog.pictures["https://shelf.test/poster.jpg"] = b"<html>Gone</html>"
    key = await shelf.loaded()
    state = await shelf.library.loading_status(key)
    assert state.loading_status == "failed"
    assert state.error == "Pictures: That is not a JPEG, PNG or WebP picture, or it is broken"
    assert sorted(path.name for path in (shelf.anime / FOLDER).iterdir()) == [
        "clearlogo.png", "fanart.jpg", "tvshow.nfo",
    ]  # fmt: skip


async def test_a_picture_that_the_source_lost_is_no_failure(shelf: Shelf) -> None:
    del shelf.catalog.pictures["https://shelf.test/fanart.jpg"]
    key = await shelf.loaded()
    assert (await shelf.library.loading_status(key)).loading_status == "completed"
    assert (shelf.anime / FOLDER / "poster.jpg").exists()


async def test_without_a_directory_episodes_load_and_files_wait(shelf: Shelf) -> None:
    await shelf.config.patch("library", {"anime_directory": None})
    series = await shelf.library.add("shelf", "clockwork", "Clockwork Garden")
    async with shelf.loading():

        async def waits() -> bool:
            state = await shelf.library.loading_status(series.key)
            return state.progress.episodes and state.loading_status == "pending"

        await shelf.until(waits)
        state = await shelf.library.loading_status(series.key)
        assert state.error is not None
        assert "No anime directory" in state.message
        await asyncio.sleep(0.1)
        assert len(shelf.catalog.asked) == 1, "it is not tried again and again"
        await shelf.config.patch("library", {"anime_directory": str(shelf.anime)})
        await shelf.until_status(series.key, "completed")
    assert (shelf.anime / FOLDER / "tvshow.nfo").exists()


async def test_a_directory_that_is_away_is_not_made(shelf: Shelf) -> None:
    series = await shelf.library.add("shelf", "clockwork", "Clockwork Garden")
    shelf.anime.rmdir()
    async with shelf.loading():

        async def waits() -> bool:
            state = await shelf.library.loading_status(series.key)
            return state.error is not None and state.loading_status == "pending"

        await shelf.until(waits)
    state = await shelf.library.loading_status(series.key)
    assert state.progress.episodes
    assert state.error is not None
    assert "anime directory is not there" in state.error
    assert not shelf.anime.exists()


async def test_nothing_is_put_where_a_disk_should_be(shelf: Shelf) -> None:
    """The directory is there, but it is the empty place of a disk that is away."""
    shelf.library.is_there = lambda _anime: False
    series = await shelf.library.add("shelf", "clockwork", "Clockwork Garden")
    async with shelf.loading():

        async def waits() -> bool:
            return (await shelf.library.loading_status(series.key)).error is not None

        await shelf.until(waits)
    assert list(shelf.anime.iterdir()) == []


async def test_stopping_in_the_middle_loses_nothing(both: Shelf, caplog: pytest.LogCaptureFixture) -> None:
    series = await both.library.add("shelf", "clockwork", "Clockwork Garden")
    both.catalog.gate = asyncio.Event()

    async def asked_for_a_picture() -> bool:
        return any(what.startswith("cover") for what in both.catalog.asked)

    async def asked() -> bool:
        return bool(both.catalog.asked)

    async with both.loading():
        await both.until(asked)
    state = await both.library.loading_status(series.key)
    assert state.loading_status == "pending"
    both.catalog.gate = None
    info = both.catalog.infos["clockwork"]
    gate = asyncio.Event()

    def only_pictures(what: str) -> None:
        if what.startswith("cover"):
            both.catalog.gate = gate

    both.catalog.before = only_pictures
    again = both.again()
    with caplog.at_level(logging.INFO, "aniworld.library"):
        async with again.loading():
            await again.until(asked_for_a_picture)
    assert "1 series are not loaded completely" in caplog.text
    state = await both.library.loading_status(series.key)
    assert state.loading_status == "pending"
    assert msgspec.structs.astuple(state.progress) == (True, True, False, False)
    gate.set()
    once_more = both.again()
    before = both.catalog.asked.count("series clockwork")
    async with once_more.loading():
        await once_more.until_status(series.key, "completed")
    assert both.catalog.asked.count("series clockwork") == before, "what is loaded is not loaded again"
    assert len((await both.library.get(series.key)).seasons) == len(info.seasons)


async def test_a_dead_process_holds_nothing(shelf: Shelf) -> None:
    series = await shelf.library.add("shelf", "clockwork", "Clockwork Garden")
    values = {"lease_token": "dead", "loading_status": "loading_nfo"}
    async with shelf.db.write() as session:
        later = dt.datetime.now(dt.UTC) + dt.timedelta(hours=1)
        await session.execute(update(Series).values(lease_until=later, **values))
    async with shelf.loading():
        await shelf.until_status(series.key, "completed")


async def test_a_lease_of_a_living_process_is_left_alone(both: Shelf) -> None:
    series = await both.library.add("shelf", "clockwork", "Clockwork Garden")
    later = dt.datetime.now(dt.UTC) + dt.timedelta(hours=1)
    async with both.loading():
        await both.until_status(series.key, "completed")
        async with both.db.write() as session:
            values = {"loading_status": "loading_nfo", "nfo_loaded": False, "lease_token": "alive"}
            await session.execute(update(Series).values(lease_until=later, **values))
        both.loader.wake()
        await asyncio.sleep(0.2)
        assert (await both.library.loading_status(series.key)).loading_status == "loading_nfo"


async def test_a_reload_in_the_middle_starts_over(shelf: Shelf) -> None:
    series = await shelf.library.add("shelf", "clockwork", "Clockwork Garden")
    shelf.catalog.gate = asyncio.Event()
    async with shelf.loading():

        async def asked() -> bool:
            return bool(shelf.catalog.asked)

        await shelf.until(asked)
        await shelf.library.reload(series.key, ["episodes", "nfo", "logo", "images"])
        await asyncio.sleep(0.1)
        assert shelf.catalog.running == 1, "one in flight a series"
        shelf.catalog.gate.set()
        await shelf.until_status(series.key, "completed")
    assert shelf.catalog.asked.count("series clockwork") == 2


async def test_a_series_that_is_deleted_meanwhile_stays_deleted(shelf: Shelf) -> None:
    series = await shelf.library.add("shelf", "clockwork", "Clockwork Garden")
    shelf.catalog.gate = asyncio.Event()
    async with shelf.loading():

        async def asked() -> bool:
            return bool(shelf.catalog.asked)

        async def idle() -> bool:
            return all(item.finished_at for item in shelf.operations.page(limit=10, offset=0).items)

        await shelf.until(asked)
        await shelf.library.delete(series.key)
        shelf.catalog.gate.set()
        await shelf.until(idle)
    assert (await shelf.library.list()).total == 0
    assert not list(shelf.anime.iterdir())
    assert shelf.operations.page(limit=1, offset=0).items[0].status == "completed"


async def test_cancelling_the_operation_ends_the_load(shelf: Shelf) -> None:
    series = await shelf.library.add("shelf", "clockwork", "Clockwork Garden")
    shelf.catalog.gate = asyncio.Event()
    async with shelf.loading():

        async def asked() -> bool:
            return bool(shelf.catalog.asked)

        await shelf.until(asked)
        shelf.operations.cancel(shelf.operations.page(limit=1, offset=0).items[0].id)
        await shelf.until_status(series.key, "failed")
        state = await shelf.library.loading_status(series.key)
        assert state.error is not None
        assert "Cancelled" in state.error
        shelf.catalog.gate.set()
        await shelf.library.reload(series.key, ["episodes", "nfo", "logo", "images"])
        await shelf.until_status(series.key, "completed")


async def test_pictures_that_are_there_stay_until_a_reload(shelf: Shelf) -> None:
    poster = shelf.anime / FOLDER / "poster.jpg"
    poster.parent.mkdir()
    poster.write_bytes(b"of my own")
    key = await shelf.loaded()
    assert poster.read_bytes() == b"of my own"
    fanart = poster.with_name("fanart.jpg")
    ours = fanart.read_bytes()
    for url in shelf.catalog.pictures:
        shelf.catalog.pictures[url] = picture((600, 900), colour="red")
    await shelf.library.reload(key, ["images"])
    async with shelf.loading():
        await shelf.until_status(key, "completed")
    assert poster.read_bytes() == b"of my own", "what a person put there is never replaced"
    assert fanart.read_bytes() != ours


async def test_an_existing_folder_is_used_as_it_is_spelled(shelf: Shelf) -> None:
    (shelf.anime / "CLOCKWORK garden (2021)").mkdir()
    key = await shelf.loaded()
    assert (await shelf.library.get(key)).folder == "CLOCKWORK garden (2021)"
    assert [path.name for path in shelf.anime.iterdir()] == ["CLOCKWORK garden (2021)"]


async def test_two_series_of_one_name_have_two_folders(both: Shelf) -> None:
    twin = clockwork(provider_key="twin", name="CLOCKWORK Garden")
    both.catalog.infos["twin"] = twin
    first, second = await both.loaded("clockwork"), await both.loaded("twin")
    assert (await both.library.get(first)).folder == FOLDER
    assert (await both.library.get(second)).folder == "CLOCKWORK Garden (2021) (2)"


def _fewer(info: SeriesInfo, **changes: object) -> SeriesInfo:
    return msgspec.structs.replace(info, **changes)


async def test_ids_survive_a_reload_and_files_keep_their_episodes(both: Shelf) -> None:
    key = await both.loaded()
    targets, _ = await both.library.download_targets(key, None)
    ids = {(target.season, target.episode): target.episode_id for target in targets}
    async with both.db.write() as session:
        await both.library.mark_downloaded(session, ids[2, 4], "de", f"{FOLDER}/Season 02/x.mkv", 7)
    both.catalog.infos["clockwork"] = clockwork(
        description="",
        genres=(),
        year=None,
        seasons=(
            season(1, episode(1, 1, title="Renamed"), episode(1, 2, title="", languages=()), episode(1, 8), name=""),
            season(2, episode(2, 1), name="The Iron Arc"),
        ),
    )
    await both.library.reload(key, ["episodes"])
    async with both.loading():
        await both.until_status(key, "completed")
    series = await both.library.get(key)
    found = {(item.season, item.episode): item for part in series.seasons for item in part.episodes}
    assert sorted(found) == [(1, 1), (1, 2), (1, 8), (2, 1), (2, 4)], "what vanished stays where there is a file"
    assert found[1, 1].title == "Renamed"
    assert found[1, 2].title == "Part 1.2", "what the source does not tell any more is not lost"
    assert found[1, 2].languages == []
    assert found[2, 4].is_downloaded
    assert [unit.available for unit in found[2, 4].languages] == [False]
    assert [(part.season, part.name) for part in series.seasons] == [(1, "Season 1"), (2, "The Iron Arc")]
    assert (series.year, series.description, series.genres) == (
        2021, "A garden is wound up & runs <down>.", ["Adventure", "Mystery/Thriller"],
    )  # fmt: skip
    assert (series.total_episodes, series.downloaded_episodes, series.missing_episodes) == (5, 1, 4)
    targets, _ = await both.library.download_targets(key, [(1, 1, None), (2, 1, None)])
    assert [target.episode_id for target in targets] == [ids[1, 1], ids[2, 1]]


async def test_a_source_that_lists_nothing_any_more_empties_nothing(shelf: Shelf) -> None:
    key = await shelf.loaded()
    shelf.catalog.infos["clockwork"] = clockwork(seasons=())
    await shelf.library.reload(key, ["episodes"])
    async with shelf.loading():

        async def told() -> bool:
            return (await shelf.library.loading_status(key)).error is not None

        await shelf.until(told)
    assert (await shelf.library.get(key)).total_episodes == 10


async def test_an_announced_series_is_loaded_without_episodes(shelf: Shelf) -> None:
    shelf.catalog.infos["clockwork"] = clockwork(seasons=(), artwork=Artwork())
    key = await shelf.loaded()
    assert (await shelf.library.loading_status(key)).loading_status == "completed"


async def test_an_unexpected_error_fails_one_series_only(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loader_module, "FIRST_DELAY", 0.01)
    twin = clockwork(provider_key="twin", name="Twin")
    shelf.catalog.infos["twin"] = twin
    shelf.catalog.pictures |= pictures_of(twin)

    def broken(what: str) -> None:
        if what == "series clockwork":
            raise ZeroDivisionError

    shelf.catalog.before = broken
    bad = await shelf.library.add("shelf", "clockwork", "Clockwork Garden")
    good = await shelf.library.add("shelf", "twin", "Twin")
    async with shelf.loading():
        await shelf.until_status(good.key, "completed")
        await shelf.until_status(bad.key, "failed")
    error = (await shelf.library.loading_status(bad.key)).error
    assert error == "Episodes: An unexpected error; the log tells more"


async def test_a_start_takes_up_what_failed(shelf: Shelf) -> None:
    def gone(_what: str) -> None:
        raise NotAtSourceError

    shelf.catalog.before = gone
    key = await shelf.loaded()
    assert (await shelf.library.loading_status(key)).loading_status == "failed"
    shelf.catalog.before = lambda _what: None
    again = shelf.again()
    async with again.loading():
        await again.until_status(key, "completed")


async def test_a_description_lies_beside_a_new_file(shelf: Shelf) -> None:
    key = await shelf.loaded()
    targets, _ = await shelf.library.download_targets(key, [(1, 5, "de")])
    details = await shelf.library.target(targets[0].episode_id, "de")
    video = shelf.anime / details.path("mkv")
    video.parent.mkdir()
    video.write_bytes(b"video")
    nfo = video.with_suffix(".nfo")

    async def written() -> bool:
        async with shelf.db.read() as session:
            return nfo.exists() and not await NfoRepository(session).pending(1)

    async with shelf.loading():
        async with shelf.db.write() as session:
            await shelf.library.mark_downloaded(session, targets[0].episode_id, "de", details.path("mkv"), 5)
        await shelf.until(written)
        root = ET.fromstring(nfo.read_bytes())
        assert root.tag == "episodedetails"
        assert {element.tag: element.text for element in root if element.tag != "aniworld"} == {
            "title": "Part 1.5",
            "showtitle": "Clockwork Garden",
            "season": "1",
            "episode": "5",
            "aired": "2021-04-09",
            "runtime": "24",
        }
        season_nfo = ET.fromstring((video.parent / "season.nfo").read_bytes())
        assert (season_nfo.tag, season_nfo.findtext("seasonnumber")) == ("season", "1")
        nfo.unlink()
        await shelf.library.reload(key, ["nfo"])
        await shelf.until(written)
        shelf.catalog.infos["clockwork"] = clockwork(seasons=(season(1, episode(1, 5, title="Renamed")),))
        await shelf.library.reload(key, ["episodes"])

        async def renamed() -> bool:
            return b"Renamed" in nfo.read_bytes()

        await shelf.until(renamed)


async def test_a_description_that_is_outdated_when_it_is_written_is_written_again(both: Shelf) -> None:
    key = await both.loaded()
    targets, _ = await both.library.download_targets(key, [(1, 5, "de"), (1, 6, "de")])
    async with both.db.write() as session:
        for target in targets:
            await both.library.mark_downloaded(session, target.episode_id, "de", f"a/{target.episode}.mkv", 5)
        repository = NfoRepository(session)
        before = await repository.pending(10)
        await session.execute(update(Episode).where(Episode.id == targets[0].episode_id).values(title="Renamed"))
        await repository.written(before)
        assert [file.title for file in await repository.pending(10)] == ["Renamed"]


async def test_a_slow_source_with_many_series_does_not_keep_another_s_away(shelf: Shelf) -> None:
    shelf.catalog.others["quick"] = []
    shelf.catalog.held["shelf"] = asyncio.Event()
    slow = []
    for number in range(6):
        info = clockwork(provider_key=f"slow{number}", name=f"Slow {number}")
        shelf.catalog.infos[info.provider_key] = info
        slow.append((await shelf.library.add("shelf", info.provider_key, info.name)).key)
    async with shelf.loading():
        await shelf.until_status(slow[0], "loading_episodes")
        quick = await shelf.library.add("quick", "clockwork", "Clockwork Garden")
        await shelf.until_status(quick.key, "completed")
        states = [(await shelf.library.loading_status(key)).loading_status for key in slow]
        assert sorted(states) == ["loading_episodes"] * 3 + ["pending"] * 3
        shelf.catalog.held["shelf"].set()
        for key in slow:
            await shelf.until_status(key, "completed")
