"""The metadata services over real HTTP: what they tell, and what becomes of it when they misbehave."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from aniworld.config.service import ConfigService
from aniworld.events.bus import EventBus
from aniworld.kit.net import HttpClient
from aniworld.metadata.errors import NotAtServiceError, ServiceError, ServiceKeyError, ServiceOffError
from aniworld.metadata.lookup_service import MetadataServices
from aniworld.metadata.types import Origin, Service, ServiceSeries, Wanted
from tests.metadata.services.server import FANART_KEY, GROUP, TMDB_KEY, TMDB_TOKEN, Fault, Services, running


@dataclass
class World:
    """The services, and ours that asks them."""

    services: Services
    ours: MetadataServices
    config: ConfigService
    http: HttpClient
    data: Path

    def again(self) -> MetadataServices:
        """Ours after a restart."""
        return MetadataServices(self.http, self.config, self.data / "cache", self.services.addresses)

    async def fetch(self, service: Service, number: int = 0, **more: Any) -> ServiceSeries:
        """One series, its first season at AniList."""
        series = self.services.series[number]
        ids = {"anilist": str(series.anilist(1)), "tmdb": str(series.tmdb), "fanart": str(series.tvdb)}
        return await self.ours.fetch(service, ids[service], {}, **more)


@contextlib.asynccontextmanager
async def made(data: Path, services: Services) -> AsyncIterator[World]:
    """Both, with every key set."""
    data.mkdir(exist_ok=True)
    config = ConfigService(data, EventBus())
    await config.patch("metadata", {"tmdb_key": TMDB_TOKEN, "fanart_key": FANART_KEY})
    async with running(services), HttpClient(allowed_hosts=lambda: {services.host}) as http:
        ours = MetadataServices(http, config, data / "cache", services.addresses)
        yield World(services, ours, config, http, data)


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with made(tmp_path / "data", Services()) as found:
        yield found


async def test_what_anilist_tells(world: World) -> None:
    told = await world.fetch("anilist", 3)
    series = world.services.series[3]
    assert (told.title, told.original_title, told.format) == (series.title, series.native, "tv")
    assert told.plot == f"The gears of {series.title} turn."
    assert told.tags == ("Steampunk",)
    assert told.ids == {"anilist": str(series.anilist(1)), "mal": str(series.anilist(1) + 20_000)}
    assert (told.year, told.premiered, told.ended) == (series.year, series.aired(1, 1), series.aired(1, 12))
    assert (told.ongoing, told.duration, told.episode_count) == (False, 24 * 60, 12)
    assert [(person.name, person.role) for person in told.people] == [("A. Voice", "Rin")]
    assert [(one.relation, one.id) for one in told.related] == [("sequel", str(series.anilist(2)))]
    assert told.seasons[0].episodes[2].aired == series.aired(1, 3)
    assert {picture.kind for picture in told.pictures} == {"poster", "banner"}
    assert told.ratings[0].value == pytest.approx(7.4)


async def test_what_tmdb_tells_in_the_language_that_is_wanted(world: World) -> None:
    await world.config.patch("metadata", {"languages": ["de"]})
    told = await world.fetch("tmdb", 3)
    series = world.services.series[3]
    assert told.title == f"{series.title} auf Deutsch"
    assert told.plot == "The gears turn."  # nobody has written it in German
    assert told.ids == {"tmdb": str(series.tmdb), "tvdb": str(series.tvdb), "imdb": f"tt{series.tmdb:07d}"}
    assert (told.age_rating, told.ongoing, told.ended) == ("FSK 12", False, series.aired(2, 12))
    assert {series.romaji, series.native} <= set(told.titles)
    first = told.seasons[1]
    assert [season.season for season in told.seasons] == [0, 1, 2]
    assert [episode.title for episode in first.episodes[:2]] == ["Zahnrad 1-1", "Gear 1-2"]
    assert first.name == "The Long Arc"  # "Staffel 1" only says the number
    episode = first.episodes[0]
    assert (episode.aired, episode.duration, episode.directors) == (series.aired(1, 1), 24 * 60, ("D. Rector",))
    assert episode.still == f"{world.services.addresses.tmdb_pictures}/original/still1x1.jpg"
    logo = next(picture for picture in told.pictures if picture.kind == "logo")
    assert logo.url.endswith("/w500/logo.png")  # a drawing comes as a picture of pixels
    assert [(p.kind, p.language) for p in told.pictures if p.kind in ("fanart", "thumb")] == [
        ("fanart", None),
        ("thumb", "en"),
    ]
    assert {p.season for p in told.pictures if p.season is not None} == {0, 1, 2}
    assert world.services.count()["tmdb"] == 3  # all about it, its seasons, and what German leaves open


async def test_another_order_of_the_episodes(world: World) -> None:
    told = await world.fetch("tmdb", 2)
    assert [(one.kind, one.id) for one in told.orders] == [("absolute", f"{GROUP}0002")]
    (season,) = await world.ours.order("tmdb", told.id, told.orders[0].id)
    assert [episode.episode for episode in season.episodes] == list(range(1, 25))
    assert season.episodes[12].ids == told.seasons[2].episodes[0].ids
    with pytest.raises(NotAtServiceError):
        await world.ours.order("tmdb", told.id, "../../configuration")


async def test_what_fanart_tells(world: World) -> None:
    told = await world.ours.fetch("fanart", "", {"tvdb": str(world.services.series[1].tvdb)})
    assert [(p.kind, p.language, p.season, p.score) for p in told.pictures if p.kind in ("logo", "fanart")] == [
        ("fanart", None, None, 7.0),
        ("logo", "en", None, 3.0),
        ("logo", "de", None, 1.0),
    ]
    assert [p.season for p in told.pictures if p.kind == "poster"] == [1, None]
    assert (await world.ours.picture(told.pictures[0].url)).startswith(b"\x89PNG")
    with pytest.raises(NotAtServiceError, match="TheTVDB"):
        await world.ours.fetch("fanart", "", {})


async def test_that_there_is_nothing_is_kept_as_well(world: World) -> None:
    world.services.without_art = {world.services.series[0].tvdb}
    for ours in (world.ours, world.ours, world.again()):
        world.ours = ours
        with pytest.raises(NotAtServiceError):
            await world.fetch("fanart")
    assert world.services.count() == {"fanart": 1}


async def test_an_answer_is_kept_over_a_restart_and_asked_anew_on_demand(world: World) -> None:
    first = await world.fetch("tmdb")
    asked = world.services.count()["tmdb"]
    world.ours = world.again()
    assert await world.fetch("tmdb") == first
    assert world.services.count()["tmdb"] == asked
    await world.fetch("tmdb", fresh=True)
    assert world.services.count()["tmdb"] == 2 * asked
    kept = b"".join(path.read_bytes() for path in (world.data / "cache").rglob("*") if path.is_file())
    assert TMDB_TOKEN.encode() not in kept
    for path in (world.data / "cache" / "answers").iterdir():
        path.write_bytes(path.read_bytes()[:40])  # a power cut in the middle
    world.ours = world.again()
    assert await world.fetch("tmdb") == first


@pytest.mark.parametrize("service", ["anilist", "tmdb", "fanart"])
async def test_the_same_question_goes_out_once(world: World, service: Service) -> None:
    world.services.latency = 0.05
    one, *others = await asyncio.gather(*(world.fetch(service) for _ in range(5)))
    assert others == [one] * 4
    assert world.services.count()[service] == (2 if service == "tmdb" else 1)


async def test_one_who_leaves_takes_the_answer_from_nobody(world: World) -> None:
    world.services.latency = 0.1
    leaving, staying = (asyncio.create_task(world.fetch("tmdb")) for _ in range(2))
    await asyncio.sleep(0.05)
    leaving.cancel()
    assert (await staying).title
    with pytest.raises(asyncio.CancelledError):
        await leaving


async def test_ten_at_once_are_few_requests_at_anilist(world: World) -> None:
    world.services.latency = 0.05

    async def found(number: int) -> str:
        title = world.services.series[number].title
        candidates, problems = await world.ours.search(Wanted(titles=(title,), episode_count=12), ("anilist",))
        assert not problems
        return next(one.id for one in candidates if one.sure)

    ids = await asyncio.gather(*(found(number) for number in range(10)))
    assert ids == [str(series.anilist(1)) for series in world.services.series]
    series = await asyncio.gather(*(world.fetch("anilist", number) for number in range(10)))
    assert [one.title for one in series] == [one.title for one in world.services.series]
    assert world.services.count()["anilist"] <= 7


async def test_what_is_too_complex_is_asked_in_halves(world: World) -> None:
    world.services.most_together = 1
    series = await asyncio.gather(*(world.fetch("anilist", number) for number in range(6)))
    assert [one.title for one in series] == [one.title for one in world.services.series[:6]]
    with pytest.raises(NotAtServiceError):
        await world.ours.fetch("anilist", "999999", {})


async def test_the_titles_of_one_service_find_it_at_the_next(world: World) -> None:
    series = world.services.series[4]
    wanted = Wanted(titles=(f"{series.title}!",), year=series.year)
    candidates, problems = await world.ours.search(wanted)
    assert not problems
    assert {(one.service, one.id) for one in candidates if one.sure} == {
        ("anilist", str(series.anilist(1))),
        ("tmdb", str(series.tmdb)),
    }
    (exact,), _ = await world.ours.search(Wanted(titles=("?",), ids={"tvdb": str(series.tvdb)}), ("tmdb",))
    assert (exact.id, exact.sure) == (str(series.tmdb), True)


async def test_a_request_too_many_waits_as_long_as_it_is_told(world: World) -> None:
    world.services.faults["tmdb"] = "busy"
    world.services.times["tmdb"] = 1
    assert (await world.fetch("tmdb")).title
    world.services.faults["anilist"] = "busy"
    with pytest.raises(ServiceError, match="asked too much") as caught:
        await world.fetch("anilist")
    assert not caught.value.permanent
    assert caught.value.retry_after is not None
    assert not world.ours.states()[0].last_error  # being asked too much is no failure of the service


@pytest.mark.parametrize("service", ["anilist", "tmdb", "fanart"])
@pytest.mark.parametrize("fault", ["server", "html", "broken", "elsewhere", "huge"])
async def test_an_outage_is_told_and_over_when_it_is_over(world: World, service: Service, fault: Fault) -> None:
    world.services.faults[service] = fault
    with pytest.raises(ServiceError) as caught:
        await world.fetch(service)
    assert not isinstance(caught.value, (NotAtServiceError, ServiceKeyError))
    assert caught.value.permanent == (fault == "huge")
    assert not any("stolen" in what for _, what in world.services.asked)
    del world.services.faults[service]
    assert (await world.fetch(service)).pictures


async def test_a_service_that_stays_away_is_left_alone(world: World) -> None:
    world.services.faults["anilist"] = "errors"
    for _ in range(3):
        with pytest.raises(ServiceError):
            await world.fetch("anilist")
    asked = world.services.count()["anilist"]
    with pytest.raises(ServiceError) as caught:
        await world.fetch("anilist")
    assert (caught.value.retry_after or 0) > 30
    assert world.services.count()["anilist"] == asked
    candidates, problems = await world.ours.search(Wanted(titles=(world.services.series[0].title,)))
    assert [one.service for one in candidates] == ["tmdb"]
    assert [(one.service, one.permanent) for one in problems] == [("anilist", False)]
    state = world.ours.states()[0]
    assert (state.state, state.down_until is not None, state.last_error) == (
        "down",
        True,
        "AniList: Internal Server Error",
    )
    del world.services.faults["anilist"]
    assert (await world.ours.check("anilist")).state == "healthy"
    assert (await world.fetch("anilist")).title


async def test_an_api_that_is_switched_off_rests_at_once(world: World) -> None:
    world.services.faults["anilist"] = "off"
    for _ in range(2):
        with pytest.raises(ServiceError, match="switched its API off") as caught:
            await world.fetch("anilist")
        assert (caught.value.retry_after or 0) > 3000
    assert world.services.count()["anilist"] == 1


@pytest.mark.parametrize("service", ["tmdb", "fanart"])
async def test_a_wrong_key_is_asked_with_once(world: World, service: Service) -> None:
    await world.config.patch("metadata", {f"{service}_key": "not-the-right-one"})
    for _ in range(3):
        with pytest.raises(ServiceKeyError, match="does not accept the key") as caught:
            await world.fetch(service)
        assert caught.value.permanent
    assert world.services.count()[service] == 1
    state = next(one for one in world.ours.states() if one.name == service)
    assert (state.state, state.key_set) == ("key_refused", True)
    await world.config.patch("metadata", {f"{service}_key": {"tmdb": TMDB_KEY, "fanart": FANART_KEY}[service]})
    assert (await world.fetch(service)).pictures
    await world.config.patch("metadata", {f"{service}_key": None})
    assert service not in world.ours.enabled()
    with pytest.raises(ServiceOffError):
        await world.fetch(service)


@pytest.mark.parametrize("service", ["anilist", "tmdb"])
async def test_fields_of_the_wrong_kind_cost_only_themselves(world: World, service: Service) -> None:
    world.services.faults[service] = "wrong"
    told = await world.fetch(service, 5)
    assert told.title == world.services.series[5].title
    assert told.year == world.services.series[5].year
    assert told.ratings == ()
    assert told.genres == ()
    if service == "tmdb":
        assert len(told.seasons[1].episodes) == 12
        assert told.seasons[1].episodes[0].title == "Gear 1-1"
        assert told.seasons[1].episodes[0].plot == ""


async def test_the_limit_that_an_answer_tells_is_kept(world: World) -> None:
    world.services.limit = 3
    await world.fetch("anilist", 0)
    state = world.ours.states()[0]
    assert (state.limit, state.remaining) == (3, 2)


async def test_which_ids_belong_together_is_asked_only_when_that_is_switched_on(world: World) -> None:
    series = world.services.series[6]
    known = {"tmdb": str(series.tmdb)}
    assert await world.ours.id_entries({"tmdb": known["tmdb"]}) == ()
    assert world.services.count()["lists"] == 0
    await world.config.patch("metadata", {"anime_lists": True})
    entries = await world.ours.id_entries({"tmdb": known["tmdb"]})
    assert [(one.ids["anilist"], one.tmdb_season) for one in entries] == [
        (str(series.anilist(1)), 1),
        (str(series.anilist(2)), 2),
    ]
    world.services.faults["lists"] = "html"
    assert await world.again().id_entries({"anilist": str(series.anilist(2))}) == entries[1:]
    assert world.services.count()["lists"] == 1


async def test_what_all_tell_becomes_one(world: World) -> None:
    told: dict[Origin, ServiceSeries] = {name: await world.fetch(name, 7) for name in world.ours.enabled()}
    merged = world.ours.merged(told)
    assert merged.origins["plot"] == "tmdb"
    assert [rating.name for rating in merged.ratings] == ["themoviedb", "anilist"]
    assert merged.ids.keys() == {"anilist", "mal", "tmdb", "tvdb", "imdb"}
    assert merged.seasons[1].episodes[0].aired == dt.date(1997, 1, 7)
    del told["tmdb"]  # away: what others tell stays
    assert world.ours.merged(told).plot.startswith("The gears of")
