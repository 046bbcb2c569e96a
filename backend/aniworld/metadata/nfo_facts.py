"""Facts as the elements that Jellyfin, Emby and Kodi read. Pure."""

from __future__ import annotations

import datetime as dt
import json
import math
import re
from collections.abc import Iterable, Iterator, Sequence
from xml.etree import ElementTree as ET

from aniworld.media.types import MediaInfo, StreamInfo
from aniworld.metadata.types import EpisodeFacts, Person, Rating, SeasonFacts, SeriesFacts

_SPELLED = {
    "tmdb": "tmdb", "tvdb": "tvdb", "imdb": "imdb", "anidb": "AniDB", "anilist": "AniList",
    "mal": "MyAnimeList", "kitsu": "Kitsu",
}  # fmt: skip
"""Services as Jellyfin and its plugins spell them."""
_GUIDE = ("tmdb", "tvdb", "imdb")
"""Services that Kodi can ask for the episodes of a series."""
_NOT_XML = re.compile("[^\t\n\u0020-\u007e\u00a0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML cannot hold, and control characters that it can."""
_PLAIN_SEASON = re.compile(
    r"(season|staffel|saison|temporada|stagione|series|s)?\s*0*\d{1,4}|specials?|extras?", re.IGNORECASE
)
_CODECS = {"dts": "dca", "libdav1d": "av1", "libaom-av1": "av1", "hevc": "hevc", "mpeg4": "mpeg4"}
"""Names of decoders that players know under another one."""


def series_elements(facts: SeriesFacts) -> list[ET.Element]:
    """What a ``tvshow.nfo`` holds, in order; nothing empty."""
    status = {True: "Continuing", False: "Ended", None: ""}[facts.ongoing]
    ended = facts.ended if facts.ongoing is False else None
    return _told(
        _element("title", _line(facts.title)),
        _element("originaltitle", _line(facts.original_title)),
        _element("sorttitle", _line(facts.sort_title)),
        _element("plot", legal(facts.plot)),
        _element("mpaa", _line(facts.age_rating)),
        *_dates("premiered", facts.premiered, facts.year),
        _element("status", status),
        _element("enddate", _day(ended)),
        _element("runtime", _minutes(facts.duration)),
        *_each("studio", facts.studios),
        *_each("genre", _parted(facts.genres)),
        *_each("tag", facts.tags),
        _ratings(facts.ratings),
        *_ids(facts.ids),
        *_named_seasons(facts.named_seasons),
        *_actors(facts.people),
    )


def season_elements(facts: SeasonFacts) -> list[ET.Element]:
    """What a ``season.nfo`` holds. A title that only tells the number is left to the player, and its language."""
    title = _line(facts.title)
    return _told(
        _element("title", "" if _PLAIN_SEASON.fullmatch(title) else title),
        _element("seasonnumber", str(facts.season)),
        _element("plot", legal(facts.plot)),
        *_dates("premiered", facts.premiered, None),
        *_ids(facts.ids),
    )


def episode_elements(facts: EpisodeFacts) -> list[ET.Element]:
    """What one ``<episodedetails>`` holds, in order; nothing empty."""
    return _told(
        _element("title", _line(facts.title)),
        _element("showtitle", _line(facts.series)),
        _element("season", str(facts.season)),
        _element("episode", str(facts.episode)),
        *_place(facts),
        _element("aired", _day(facts.aired)),
        _element("plot", legal(facts.plot)),
        _element("runtime", _minutes(facts.duration)),
        _ratings(facts.ratings),
        *_ids(facts.ids),
        *_each("director", facts.directors),
        *_each("credits", _parted(facts.writers)),
        *([_file(facts.media)] if facts.media else []),
    )


def episode_guide(tree: ET.Element) -> ET.Element:
    """Where Kodi can ask for the episodes: of the ids that stand in a ``tvshow.nfo``; empty where it knows none."""
    known = {element.get("type", "").strip().lower(): _line(element.text or "") for element in tree.iter("uniqueid")}
    guide = {service: known[service] for service in _GUIDE if known.get(service)}
    return _element("episodeguide", json.dumps(guide, separators=(",", ":")) if guide else "")


def service_type(service: str) -> str:
    """A service as it stands in ``<uniqueid type>``."""
    return _SPELLED.get(service.strip().lower(), _line(service))


def legal(text: str) -> str:
    """Without what XML 1.0 cannot hold, control characters, and space around it; lines end as XML readers see them."""
    return _NOT_XML.sub("", text.replace("\r\n", "\n").replace("\r", "\n")).strip()


def _line(text: str) -> str:
    return " ".join(legal(text).split())


def _told(*elements: ET.Element) -> list[ET.Element]:
    return [element for element in elements if len(element) or element.text]


def _element(tag: str, text: str, **attributes: str) -> ET.Element:
    element = ET.Element(tag, attributes)
    element.text = text
    return element


def _within(tag: str, *children: ET.Element, **attributes: str) -> ET.Element:
    element = ET.Element(tag, attributes)
    element.extend(_told(*children))
    return element


def _each(tag: str, texts: Iterable[str]) -> Iterator[ET.Element]:
    for text in dict.fromkeys(_line(text) for text in texts):
        yield _element(tag, text)


def _parted(texts: Iterable[str]) -> Iterator[str]:
    """One each: Jellyfin parts genres and credits at a slash."""
    for text in texts:
        yield from text.split("/")


def _day(day: dt.date | None) -> str:
    return day.isoformat() if day else ""


def _dates(tag: str, day: dt.date | None, year: int | None) -> Iterator[ET.Element]:
    yield _element(tag, _day(day))
    known = year or (day.year if day else None)
    yield _element("year", str(known) if known else "")


def _minutes(seconds: float | None) -> str:
    known = seconds is not None and math.isfinite(seconds) and seconds > 0
    return str(max(1, round((seconds or 0) / 60))) if known else ""


def _ratings(ratings: Sequence[Rating]) -> ET.Element:
    """Kodi drops values of 0 and below, and above 10."""
    by_name = {_line(rating.name).lower(): rating for rating in reversed(ratings) if 0 < round(rating.value, 3) <= 10}
    found = ET.Element("ratings")
    for name in dict.fromkeys(_line(rating.name).lower() for rating in ratings):
        rating = by_name.get(name)
        if rating is None or not name:
            continue
        votes = str(rating.votes) if rating.votes and rating.votes > 0 else ""
        value = f"{rating.value:.3f}".rstrip("0").rstrip(".")
        attributes = {"name": name, "max": "10"} | ({} if len(found) else {"default": "true"})
        found.append(_within("rating", _element("value", value), _element("votes", votes), **attributes))
    return found


def _ids(ids: Iterable[tuple[str, str]]) -> Iterator[ET.Element]:
    """One for each service; which is the default is decided among all that the file has."""
    seen: set[str] = set()
    for service, value in ids:
        type_ = service_type(service)
        if type_ and type_.lower() not in seen and _line(value):
            seen.add(type_.lower())
            yield _element("uniqueid", _line(value), type=type_)


def _named_seasons(names: Iterable[tuple[int, str]]) -> Iterator[ET.Element]:
    seen: set[int] = set()
    for number, name in names:
        if number not in seen and not _PLAIN_SEASON.fullmatch(_line(name)):
            seen.add(number)
            yield _element("namedseason", _line(name), number=str(number))


def _actors(people: Sequence[Person]) -> Iterator[ET.Element]:
    order = 0
    for person in people:
        picture = person.picture or ""
        if name := _line(person.name):
            yield _within(
                "actor",
                _element("name", name),
                _element("role", _line(person.role)),
                _element("order", str(order)),
                _element("thumb", _line(picture) if picture.startswith(("https://", "http://")) else ""),
            )
            order += 1


def _place(facts: EpisodeFacts) -> Iterator[ET.Element]:
    """Where a special is seen among the episodes. Players take 0 and -1 for a place: nothing is told instead."""
    if facts.season != 0:
        return
    if facts.airs_after is not None and facts.airs_after > 0:
        yield _element("airsafter_season", str(facts.airs_after))
        yield _element("displayafterseason", str(facts.airs_after))
    elif facts.airs_before is not None and facts.airs_before[0] > 0:
        season, episode = facts.airs_before
        yield _element("airsbefore_season", str(season))
        yield _element("displayseason", str(season))
        if episode > 0:
            yield _element("airsbefore_episode", str(episode))
            yield _element("displayepisode", str(episode))


def _file(media: MediaInfo) -> ET.Element:
    tracks = [track for stream in media.streams if (track := _track(stream, media.duration)) is not None]
    return _within("fileinfo", _within("streamdetails", *tracks))


def _track(stream: StreamInfo, duration: float | None) -> ET.Element | None:
    codec = _element("codec", _CODECS.get(stream.codec, stream.codec))
    language = _element("language", stream.language or "")
    match stream.kind:
        case "video":
            aspect = stream.aspect or (stream.width / stream.height if stream.width and stream.height else None)
            return _within(
                "video",
                codec,
                _element("aspect", f"{aspect:.6f}" if aspect else ""),
                _element("width", str(stream.width or "")),
                _element("height", str(stream.height or "")),
                _element("durationinseconds", str(round(duration)) if duration else ""),
                _element("hdrtype", stream.hdr or ""),
            )
        case "audio":
            return _within("audio", codec, language, _element("channels", str(stream.channels or "")))
        case "subtitle":
            return _within("subtitle", language) if stream.language else None
