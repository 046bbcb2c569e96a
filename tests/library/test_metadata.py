"""What services tell of a series: asked over real HTTP, kept, laid to the source's seasons, and chosen by a person."""

from __future__ import annotations

import datetime as dt
from xml.etree import ElementTree as ET

import msgspec
from PIL import Image

from aniworld.events.types import SeriesLoadingUpdate
from aniworld.kit.clock import now
from aniworld.library.metadata_schemas import PlaceIn, SeasonMappingIn
from tests.library.conftest import FIRST, Described, as_source, put
from tests.library.doubles import TODAY, episode, season
from tests.metadata.services.made import Made


class Coming(Made):
    """Half of its first season has been shown."""

    @property
    def year(self) -> int:
        return TODAY.year

    def aired(self, season: int, episode: int) -> dt.date:
        return TODAY + dt.timedelta(days=7 * (episode - 6) + 365 * (season - 1))


async def test_what_services_tell_is_in_the_series_and_its_files(both_described: Described) -> None:
    key = await both_described.load(as_source())
    series = await both_described.shelf.library.get(key)
    assert series.loading_status == "completed"
    assert series.ids["tmdb"] == str(FIRST.tmdb)
    assert series.ids["anilist"] == str(FIRST.anilist(1))
    assert series.ids["tvdb"] == str(FIRST.tvdb)
    assert "Studio Nowhere" in series.studios
    assert series.original_title == FIRST.native
    assert series.ratings
    second = next(part for part in series.seasons if part.season == 2)
    assert second.episodes[2].aired == FIRST.aired(2, 3)
    assert second.episodes[2].title
    assert second.episodes[2].plot
    root = both_described.nfo()
    ids = {one.get("type"): one.text for one in root.findall("uniqueid")}
    assert ids["tmdb"] == str(FIRST.tmdb)
    assert root.findtext("plot")
    assert (both_described.shelf.anime / str(series.folder) / "poster.jpg").exists()
    messages = [event.data.message for event in both_described.shelf.bus.of(SeriesLoadingUpdate)]
    assert any("AniList" in message for message in messages)


async def test_seasons_have_posters_and_texts_of_their_own(both_described: Described) -> None:
    key = await both_described.load(as_source())
    folder = both_described.shelf.anime / str((await both_described.shelf.library.get(key)).folder)
    posters = {path.name for path in folder.glob("season*")}
    assert posters == {"season01-poster.jpg", "season02-poster.jpg"}, "no specials: the source has none"
    with Image.open(folder / "season02-poster.jpg") as poster:
        poster.load()
        assert poster.format == "JPEG"
    names = {one.get("number"): one.text for one in both_described.nfo().findall("namedseason")}
    assert names["2"] == "The Long Arc"
    path = f"{folder.name}/Season 02/Clockwork Garden - S02E01.mkv"
    (folder / "Season 02").mkdir()
    (both_described.shelf.anime / path).write_bytes(b"no video")
    nfo = folder / "Season 02" / "season.nfo"

    async def written() -> bool:
        return nfo.exists()

    async with both_described.shelf.loading():
        await put(both_described.shelf, key, path, (2, 1))
        await both_described.shelf.until(written)
    root = ET.fromstring(nfo.read_bytes())
    assert root.findtext("title") == "The Long Arc"
    assert root.findtext("plot") == "In season 2 everything turns."
    assert root.findtext("premiered") == FIRST.aired(2, 1).isoformat()


async def test_another_match_renews_our_pictures_and_leaves_a_person_s(told: Described) -> None:
    key = await told.load(as_source())
    folder = told.shelf.anime / str((await told.shelf.library.get(key)).folder)
    ours = {path.name for path in (*folder.glob("*.jpg"), *folder.glob("*.png"))}
    assert {"poster.jpg", "banner.jpg", "season01-poster.jpg"} <= ours
    (folder / "banner.jpg").write_bytes(b"of my own")
    await told.described.choose(key, "tmdb", str(Made(1).tmdb))
    assert [path.name for path in folder.glob("*.jpg")] == ["banner.jpg"]
    async with told.shelf.loading():
        await told.shelf.until_status(key, "completed")
    assert (folder / "poster.jpg").exists()
    assert (folder / "banner.jpg").read_bytes() == b"of my own"
    stamp = (folder / "poster.jpg").stat().st_mtime_ns
    await told.described.choose(key, "tmdb", str(Made(1).tmdb))
    assert (folder / "poster.jpg").stat().st_mtime_ns == stamp, "the same one: nothing to renew"


async def test_both_cours_in_one_season_are_two_entries(told: Described) -> None:
    key = await told.load(as_source(in_one=True))
    mapping = await told.described.mapping(key)
    places = {one.service: one.seasons[0] for one in mapping.services}
    anilist = [(segment.first, segment.last, segment.id, segment.offset) for segment in places["anilist"].segments]
    assert anilist == [(1, 12, str(FIRST.anilist(1)), 0), (13, None, str(FIRST.anilist(2)), -12)]
    series = await told.shelf.library.get(key)
    assert series.seasons[0].episodes[12].aired == FIRST.aired(2, 1)


async def test_a_service_that_is_down_empties_nothing_and_fails_nothing(told: Described) -> None:
    told.services.faults["anilist"] = "off"
    key = await told.load(as_source())
    state = await told.shelf.library.loading_status(key)
    assert state.loading_status == "completed"
    assert "AniList" in state.message
    before = await told.shelf.library.get(key)
    assert before.seasons[0].episodes[0].plot
    told.services.faults["tmdb"] = "server"
    await told.again(key)
    after = await told.shelf.library.get(key)
    assert after.loading_status == "completed"
    assert (after.ids, after.description, after.seasons) == (before.ids, before.description, before.seasons)
    told.services.faults.clear()


async def test_ids_in_the_folder_win_over_guesses(told: Described) -> None:
    other = Made(2)
    folder = told.shelf.anime / f"{FIRST.title} ({FIRST.year})"
    folder.mkdir()
    (folder / "tvshow.nfo").write_text(
        f'<tvshow><title>Mine</title><uniqueid type="tmdb">{other.tmdb}</uniqueid></tvshow>'
    )
    told.shelf.catalog.infos["first"] = as_source()
    await told.shelf.config.patch("metadata", {"tmdb": False, "anilist": False})
    key = await told.shelf.loaded("first")
    await told.shelf.config.patch("metadata", {"tmdb": True})
    await told.again(key)
    series = await told.shelf.library.get(key)
    assert series.ids["tmdb"] == str(other.tmdb)


async def test_what_a_person_chose_stays(told: Described) -> None:
    key = await told.load(as_source())
    other = Made(1)
    chosen = await told.described.choose(key, "tmdb", str(other.tmdb))
    tmdb = next(one for one in chosen.services if one.service == "tmdb")
    assert (tmdb.id, tmdb.pinned) == (str(other.tmdb), True)
    async with told.shelf.loading():
        await told.shelf.until_status(key, "completed")
    series = await told.shelf.library.get(key)
    assert series.ids["tmdb"] == str(other.tmdb)
    assert series.seasons[0].episodes[0].aired == other.aired(1, 1)
    none = await told.described.choose(key, "tmdb", None)
    tmdb = next(one for one in none.services if one.service == "tmdb")
    assert (tmdb.id, tmdb.pinned) == (None, True)
    await told.again(key)
    series = await told.shelf.library.get(key)
    assert "tmdb" not in series.ids
    first = series.seasons[0].episodes[0]
    assert (first.title, first.plot) == ("", "")  # what only the wrong one said is gone


async def test_a_pinned_season_is_never_moved(told: Described) -> None:
    key = await told.load(as_source())
    pinned = await told.described.put_mapping(
        key, [SeasonMappingIn(service="tmdb", season=2, segments=[PlaceIn(id=str(FIRST.tmdb), season=1)])]
    )
    tmdb = next(one for one in pinned.services if one.service == "tmdb")
    second = next(one for one in tmdb.seasons if one.season == 2)
    assert second.pinned
    await told.again(key)
    again = await told.described.mapping(key)
    tmdb = next(one for one in again.services if one.service == "tmdb")
    second = next(one for one in tmdb.seasons if one.season == 2)
    assert (second.pinned, second.segments[0].season) == (True, 1)
    series = await told.shelf.library.get(key)
    assert next(part for part in series.seasons if part.season == 2).episodes[0].aired == FIRST.aired(1, 1)
    released = await told.described.put_mapping(key, [SeasonMappingIn(service="tmdb", season=2, pinned=False)])
    tmdb = next(one for one in released.services if one.service == "tmdb")
    assert not next(one for one in tmdb.seasons if one.season == 2).pinned


async def test_dates_of_the_services_make_episodes_known_before_they_air(told: Described) -> None:
    key = await told.load(as_source())
    series = await told.shelf.library.get(key)
    assert all(one.aired is not None for part in series.seasons for one in part.episodes)
    assert series.seasons[0].episodes[0].aired < TODAY  # type: ignore[operator]


async def test_a_date_in_the_future_that_only_a_service_knows_is_not_missing(told: Described) -> None:
    told.services.series[0] = Coming(0)
    listed = [episode(1, number, title="", aired=None, languages=()) for number in range(1, 13)]
    info = msgspec.structs.replace(as_source(Coming(0)), seasons=(season(1, *listed),))
    key = await told.load(info)
    series = await told.shelf.library.get(key)
    out = [one for one in series.seasons[0].episodes if one.aired is not None and one.aired <= TODAY]
    assert len(series.seasons[0].episodes) == 12
    assert all(one.aired is not None for one in series.seasons[0].episodes)
    assert 0 < len(out) < 12
    assert series.missing_episodes == len(out)


async def test_a_reload_asks_the_services_anew(told: Described) -> None:
    key = await told.load(as_source())
    before = told.services.count()
    await told.again(key)
    after = told.services.count()
    assert after["anilist"] > before["anilist"]
    assert after["tmdb"] > before["tmdb"]


async def test_nobody_waits_for_a_service_that_allows_no_more(told: Described) -> None:
    told.services.faults["anilist"] = "busy"
    told.services.retry_after = 3600
    keys = []
    for number in (0, 1):
        made = Made(number)
        info = msgspec.structs.replace(as_source(made), provider_key=f"made{number}")
        told.shelf.catalog.infos[info.provider_key] = info
        keys.append((await told.shelf.library.add("shelf", info.provider_key, info.name)).key)
    async with told.shelf.loading():
        for number, key in enumerate(keys):
            await told.shelf.until_status(key, "completed")
            said = {one.service: one for one in (await told.described.said(key)).services}
            assert said["tmdb"].id == str(Made(number).tmdb)
            assert said["anilist"].problem
            assert said["anilist"].ask_after is not None
            assert said["anilist"].ask_after > now() + dt.timedelta(minutes=50)
    assert told.services.count()["anilist"] == 1
