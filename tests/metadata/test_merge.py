"""One series of what all tell: whose value is taken, and that nobody's silence empties anything."""

from __future__ import annotations

import datetime as dt
import itertools

import msgspec

from aniworld.metadata.merge import merge
from aniworld.metadata.types import Origin, Picture, Rating, ServiceEpisode, ServiceSeason, ServiceSeries

TMDB = ServiceSeries(
    service="tmdb",
    id="5",
    ids={"tmdb": "5", "tvdb": "7", "anilist": "wrong"},
    title="Uhrwerkgarten",
    plot="Es dreht sich.",
    genres=("Animation",),
    ongoing=False,
    ratings=(Rating(name="themoviedb", value=7.5, votes=10),),
    seasons=(
        ServiceSeason(
            season=1,
            name="Der lange Weg",
            episodes=(
                ServiceEpisode(season=1, episode=1, title="Zahnrad", plot="Eins.", ids={"tmdb": "51"}),
                ServiceEpisode(season=1, episode=2),
            ),
        ),
    ),
    pictures=(
        Picture(kind="poster", url="https://t/de", language="de", score=1, service="tmdb"),
        Picture(kind="poster", url="https://t/en", language="en", score=9, service="tmdb"),
        Picture(kind="fanart", url="https://t/words", language="en", score=9, service="tmdb"),
        Picture(kind="fanart", url="https://t/plain", score=1, service="tmdb"),
    ),
)
ANILIST = ServiceSeries(
    service="anilist",
    id="3",
    ids={"anilist": "3", "mal": "4"},
    title="Clockwork Garden",
    plot="It turns.",
    genres=("Mystery",),
    ongoing=True,
    ratings=(Rating(name="anilist", value=8),),
    pictures=(Picture(kind="poster", url="https://a/cover", service="anilist"),),
)
SOURCE = ServiceSeries(
    service="source",
    id="clockwork",
    title="Clockwork Garden (Source)",
    year=2021,
    seasons=(
        ServiceSeason(
            season=1,
            name="Staffel 1",
            episodes=(
                ServiceEpisode(season=1, episode=1, title="Gear", absolute=1),
                ServiceEpisode(season=1, episode=2, title="Spring", aired=dt.date(2021, 1, 14)),
                ServiceEpisode(season=1, episode=3, title="Bell"),
            ),
        ),
    ),
)
ALL: dict[Origin, ServiceSeries] = {"source": SOURCE, "anilist": ANILIST, "tmdb": TMDB}


def test_each_field_comes_from_the_one_who_is_preferred() -> None:
    usual = merge(ALL, {}, ["de", "en"])
    assert (usual.title, usual.plot, usual.genres) == (SOURCE.title, TMDB.plot, ANILIST.genres)
    assert usual.origins == {
        "title": "source", "plot": "tmdb", "genres": "anilist", "rating": "tmdb", "episodes": "tmdb",
        "poster": "tmdb", "fanart": "tmdb",
    }  # fmt: skip
    other = merge(ALL, {"title": ["anilist"], "plot": ["fanart", "anilist"], "rating": ["anilist"]}, ["de"])
    assert (other.title, other.plot) == (ANILIST.title, ANILIST.plot)
    assert [rating.name for rating in other.ratings] == ["anilist", "themoviedb"]
    assert [rating.name for rating in usual.ratings] == ["themoviedb", "anilist"]


def test_silence_empties_nothing() -> None:
    """Whoever is preferred and says nothing: what others say stays, whoever they are."""
    silent: dict[Origin, ServiceSeries] = {
        name: ServiceSeries(service=name, id="1") for name in ("source", "anilist", "tmdb", "fanart")
    }
    for speaker, field in itertools.product(ALL, ("title", "plot", "genres", "year", "ratings", "pictures", "seasons")):
        told = {**silent, speaker: ALL[speaker]}
        merged = merge(told, {"title": ["fanart"], "plot": ["source"], "genres": ["tmdb"]})
        assert bool(getattr(merged, field)) == bool(getattr(ALL[speaker], field)), (speaker, field)
    assert merge(silent, {}) == merge({}, {})
    assert merge({"tmdb": TMDB}, {}).ongoing is False  # no is something that is said


def test_episodes_are_completed_one_by_one() -> None:
    first, second, third = merge(ALL, {}).seasons[0].episodes
    assert (first.title, first.plot, first.absolute, first.ids) == ("Zahnrad", "Eins.", 1, {"tmdb": "51"})
    assert (second.title, second.aired) == ("Spring", dt.date(2021, 1, 14))
    assert third.title == "Bell"
    season = merge(ALL, {"episodes": ["source"]}).seasons[0]
    assert (season.name, season.episodes[0].title, season.episodes[0].plot) == ("Staffel 1", "Gear", "Eins.")


def test_a_service_knows_its_own_id_best() -> None:
    assert merge(ALL, {}).ids == {"anilist": "3", "mal": "4", "tmdb": "5", "tvdb": "7"}


def test_the_language_of_pictures_counts_unless_a_service_is_preferred() -> None:
    def posters(prefer: dict[str, list[Origin]], languages: list[str]) -> list[str]:
        merged = merge(ALL, prefer, languages)  # type: ignore[arg-type]
        return [picture.url for picture in merged.pictures if picture.kind == "poster"]

    assert posters({}, ["de", "en"]) == ["https://t/de", "https://t/en", "https://a/cover"]
    assert posters({}, ["en"]) == ["https://t/en", "https://a/cover", "https://t/de"]
    assert posters({"poster": ["anilist"]}, ["en"])[0] == "https://a/cover"
    fanart = [picture.url for picture in merge(ALL, {}, ["en"]).pictures if picture.kind == "fanart"]
    assert fanart[0] == "https://t/plain"  # behind everything, words only disturb


def test_what_is_merged_can_be_kept() -> None:
    merged = merge(ALL, {})
    assert msgspec.json.decode(msgspec.json.encode(merged), type=type(merged)) == merged
    for one in ALL.values():
        assert msgspec.json.decode(msgspec.json.encode(one), type=ServiceSeries) == one
