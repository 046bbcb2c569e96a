"""What TMDB's answers mean. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Literal

import msgspec

from aniworld.metadata.sources.reading import Node
from aniworld.metadata.types import (
    Candidate,
    EpisodeOrder,
    IdKind,
    Person,
    Picture,
    PictureKind,
    Rating,
    ServiceEpisode,
    ServiceSeason,
    ServiceSeries,
)

MOST_PICTURES = 60
"""Of one kind."""
MOST_PEOPLE = 30

Size = Literal["w342", "w500", "w780", "h632", "original"]
_SIZES: dict[PictureKind, Size] = {
    "poster": "w780", "fanart": "original", "thumb": "original", "logo": "w500", "banner": "original",
}  # fmt: skip
_ONGOING = {
    "Returning Series": True, "In Production": True, "Planned": True, "Pilot": True, "Ended": False, "Canceled": False,
}  # fmt: skip
_ORDERS = {1: "aired", 2: "absolute", 3: "dvd", 4: "digital", 5: "arcs", 6: "production", 7: "tv"}
_NUMBER_ONLY = re.compile(
    r"(?:episode|folge|épisode|episodio|episódio|aflevering|odcinek|avsnitt|jakso|afsnit|bölüm|серия|эпизод|"
    r"season|staffel|saison|temporada|stagione|seizoen|sezon|сезон|series|specials?|extras|第|シーズン|エピソード|시즌)?"
    r"\s*\d*\s*(?:話|期|季|集|화)?",
    re.IGNORECASE,
)
"""A name that only says the number: TMDB makes one up where nobody has written any."""


def picture_url(base: str, path: str, size: Size) -> str | None:
    """Where a picture lies; a drawing is asked for as a picture of pixels."""
    if not re.fullmatch(r"/[A-Za-z0-9_-]{1,100}\.(jpg|jpeg|png|svg|webp)", path):
        return None
    if path.endswith(".svg"):
        path, size = f"{path[:-4]}.png", "w500" if size == "original" else size
    return f"{base}/{size}{path}"


def candidate(node: Node, base: str) -> Candidate:
    """One result of a search."""
    names = tuple(dict.fromkeys(name for name in (node.title("name"), node.title("original_name")) if name))
    return Candidate(
        service="tmdb",
        id=node.id("id"),
        title=names[0] if names else "",
        titles=names,
        year=_year(node),
        format="tv",
        episode_count=node.whole("number_of_episodes", least=1, most=99_999),
        picture=picture_url(base, node.title("poster_path"), "w342"),
    )


def known_better(found: Candidate, node: Node) -> Candidate:
    """The result with what the series' own page tells."""
    return msgspec.structs.replace(
        found,
        titles=tuple(dict.fromkeys([*found.titles, *_titles(node)])),
        year=_year(node) or found.year,
        episode_count=node.whole("number_of_episodes", least=1, most=99_999),
    )


def series(node: Node, seasons: tuple[ServiceSeason, ...], languages: Sequence[str], base: str) -> ServiceSeries:
    """A series with all that was asked along with it."""
    id_, external = node.id("id"), node.node("external_ids")
    ids: dict[IdKind, str] = {"tmdb": id_}
    if tvdb := external.id("tvdb_id"):
        ids["tvdb"] = tvdb
    if re.fullmatch(r"tt[0-9]{5,12}", imdb := external.title("imdb_id")):
        ids["imdb"] = imdb
    runtimes = node.wholes("episode_run_time")
    rating = _rating(node)
    return ServiceSeries(
        service="tmdb",
        id=id_,
        ids=ids,
        title=_text(node, "name", languages) or node.title("original_name"),
        original_title=node.title("original_name"),
        titles=tuple(dict.fromkeys(_titles(node))),
        format="tv",
        year=_year(node),
        premiered=node.date("first_air_date"),
        ended=node.date("last_air_date") if _ONGOING.get(node.title("status")) is False else None,
        ongoing=_ONGOING.get(node.title("status")),
        plot=_text(node, "overview", languages),
        genres=tuple(name for genre in node.nodes("genres") if (name := genre.title("name"))),
        tags=tuple(name for tag in node.node("keywords").nodes("results") if (name := tag.title("name")))[:30],
        studios=tuple(name for studio in node.nodes("production_companies") if (name := studio.title("name"))),
        duration=runtimes[0] * 60.0 if runtimes and runtimes[0] else None,
        age_rating=_age_rating(node, languages),
        ratings=(rating,) if rating else (),
        people=_people(node, base),
        pictures=tuple(_pictures(node, base)),
        episode_count=node.whole("number_of_episodes", least=1, most=99_999),
        seasons=seasons,
        orders=tuple(_orders(node)),
    )


def season(node: Node, base: str) -> ServiceSeason | None:
    """A season with its episodes; what is no episode is passed over."""
    number = node.whole("season_number", most=9999)
    if number is None:
        return None
    episodes: dict[int, ServiceEpisode] = {}
    for one in node.nodes("episodes"):
        if (place := one.whole("episode_number", most=99_999)) is not None:
            episodes[place] = _episode(one, number, place, base)
    id_ = node.id("id")
    return ServiceSeason(
        season=number,
        name=_named(node.title("name")),
        plot=node.text("overview"),
        premiered=node.date("air_date"),
        ids={"tmdb": id_} if id_ else {},
        episodes=tuple(episodes[place] for place in sorted(episodes)),
    )


def group(node: Node, base: str) -> tuple[ServiceSeason, ...]:
    """The seasons of an episode group. One that is named for the specials is season 0, wherever it stands."""
    seasons: dict[int, ServiceSeason] = {}
    for place, one in enumerate(node.nodes("groups")):
        name = one.title("name")
        number = 0 if re.fullmatch(r"specials?|extras|ovas?", name, re.IGNORECASE) else one.whole("order", most=9999)
        if number is None or number in seasons:
            number = max((place, *seasons)) + 1
        episodes = tuple(
            _episode(episode, number, (episode.whole("order", most=99_999) or 0) + 1, base)
            for episode in one.nodes("episodes")
        )
        id_ = one.id("id")
        seasons[number] = ServiceSeason(
            season=number, name=_named(name), ids={"tmdb": id_} if id_ else {}, episodes=episodes
        )
    return tuple(seasons[number] for number in sorted(seasons))


def is_complete(season_: ServiceSeason | None) -> bool:
    """Whether nothing is to be hoped for from another language. The last episodes often have no text anywhere."""
    return season_ is not None and all(episode.title and episode.plot for episode in season_.episodes)


def filled(known: ServiceSeason | None, other: ServiceSeason) -> ServiceSeason:
    """The season with the texts of another language where its own are empty."""
    if known is None:
        return other
    others = {episode.episode: episode for episode in other.episodes}
    return msgspec.structs.replace(
        known,
        name=known.name or other.name,
        plot=known.plot or other.plot,
        episodes=tuple(
            msgspec.structs.replace(episode, title=episode.title or one.title, plot=episode.plot or one.plot)
            if (one := others.get(episode.episode))
            else episode
            for episode in known.episodes
        ),
    )


def _episode(node: Node, season_: int, number: int, base: str) -> ServiceEpisode:
    id_, minutes, rating = node.id("id"), node.number("runtime"), _rating(node)
    crew = [(person.title("job"), person.title("name")) for person in node.nodes("crew")]
    return ServiceEpisode(
        season=season_,
        episode=number,
        title=_named(node.title("name")),
        plot=node.text("overview"),
        aired=node.date("air_date"),
        duration=minutes * 60 if minutes else None,
        still=picture_url(base, node.title("still_path"), "original"),
        ratings=(rating,) if rating else (),
        directors=tuple(dict.fromkeys(name for job, name in crew if job == "Director" and name)),
        writers=tuple(
            dict.fromkeys(name for job, name in crew if job in ("Writer", "Screenplay", "Teleplay") and name)
        ),
        ids={"tmdb": id_} if id_ else {},
    )


def _named(name: str) -> str:
    return "" if _NUMBER_ONLY.fullmatch(name) else name


def _year(node: Node) -> int | None:
    aired = node.date("first_air_date")
    return aired.year if aired else None


def _titles(node: Node) -> Iterator[str]:
    yield from (name for name in (node.title("name"), node.title("original_name")) if name)
    for other in node.node("alternative_titles").nodes("results"):
        if name := other.title("title"):
            yield name
    for translation in node.node("translations").nodes("translations"):
        if name := translation.node("data").title("name"):
            yield name


def _text(node: Node, name: str, languages: Sequence[str]) -> str:
    """A text in the first language that has one. What came may be in another one: TMDB puts the original name there."""
    translations = {
        (one.title("iso_639_1"), one.title("iso_3166_1")): one.node("data")
        for one in node.node("translations").nodes("translations")
    }
    for language in languages:
        short, _, region = language.partition("-")
        fitting = [data for (tongue, land), data in translations.items() if tongue == short and land == region.upper()]
        fitting += [data for (tongue, _land), data in translations.items() if tongue == short]
        for data in fitting:
            if found := data.text(name):
                return found if name == "overview" else " ".join(found.split())
    return node.text(name) if name == "overview" else node.title(name)


def _age_rating(node: Node, languages: Sequence[str]) -> str:
    told = {one.title("iso_3166_1"): one.title("rating") for one in node.node("content_ratings").nodes("results")}
    lands = [language.partition("-")[2].upper() or {"en": "US", "ja": "JP"}.get(language, language.upper())
             for language in languages]  # fmt: skip
    land = next((land for land in [*lands, "US"] if told.get(land)), None)
    if land is None:
        return ""
    return f"FSK {told[land]}" if land == "DE" and told[land].isdigit() else told[land]


def _rating(node: Node) -> Rating | None:
    value, votes = node.number("vote_average"), node.whole("vote_count")
    return Rating(name="themoviedb", value=value, votes=votes) if value and value <= 10 and votes else None


def _people(node: Node, base: str) -> tuple[Person, ...]:
    people: dict[str, Person] = {}
    for actor in node.node("aggregate_credits").nodes("cast"):
        name = actor.title("name")
        if not name or name in people:
            continue
        roles = [role for one in actor.nodes("roles") if (role := one.title("character"))]
        role = re.sub(r"\s*\(voice\)", "", " / ".join(roles[:2]))
        people[name] = Person(name=name, role=role, picture=picture_url(base, actor.title("profile_path"), "h632"))
        if len(people) == MOST_PEOPLE:
            break
    return tuple(people.values())


def _pictures(node: Node, base: str) -> Iterator[Picture]:
    images = node.node("images")
    for name in ("posters", "backdrops", "logos"):
        for place, image in enumerate(images.nodes(name)):
            if place == MOST_PICTURES:
                break
            language = image.title("iso_639_1") or None
            kind: PictureKind = "poster" if name == "posters" else "logo" if name == "logos" else "fanart"
            if kind == "fanart" and language is not None:
                kind = "thumb"  # with the title in it, it is what players call landscape
            if url := picture_url(base, image.title("file_path"), _SIZES[kind]):
                yield _picture(image, kind, url, language)
    for season_ in node.nodes("seasons"):
        number = season_.whole("season_number", most=9999)
        if number is not None and (url := picture_url(base, season_.title("poster_path"), "w780")):
            yield Picture(kind="poster", url=url, season=number, service="tmdb")


def _picture(image: Node, kind: PictureKind, url: str, language: str | None) -> Picture:
    votes = image.whole("vote_count", most=10**9) or 0
    return Picture(
        kind=kind,
        url=url,
        language=language if language is None or re.fullmatch(r"[a-z]{2,3}", language) else None,
        width=image.whole("width", least=1, most=100_000),
        height=image.whole("height", least=1, most=100_000),
        # Few votes say little: they are drawn to the middle.
        score=round(((image.number("vote_average") or 0.0) * votes + 5.0 * 5) / (votes + 5), 3),
        service="tmdb",
    )


def _orders(node: Node) -> Iterator[EpisodeOrder]:
    for one in node.node("episode_groups").nodes("results"):
        kind, id_ = _ORDERS.get(one.whole("type") or 0), one.id("id")
        if kind and id_:
            yield msgspec.convert(
                {
                    "id": id_,
                    "name": one.title("name"),
                    "kind": kind,
                    "episode_count": one.whole("episode_count", most=99_999) or 0,
                },
                EpisodeOrder,
            )
