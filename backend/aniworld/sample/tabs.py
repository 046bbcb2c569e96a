"""The sample catalogue as an older kind of site shows it: tables and tabs, results on several pages, episodes counted
through all seasons, flags for languages, addresses that say nothing.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from collections.abc import Iterator
from html import escape
from urllib.parse import parse_qs, quote

from aniworld.kit import clock
from aniworld.sample import content
from aniworld.sample.asgi import Exchange, Route
from aniworld.sample.content import Episode, Language, Season, Series

PREFIX = "/tabs"
PER_PAGE = 2
_FLAGS = {"jpn-eng-sub": "flag flag-jp sub-en", "ger-dub": "flag flag-de"}
_MONTHS = "Januar Februar März April Mai Juni Juli August September Oktober November Dezember".split()


class Tabs:
    """The pages below ``/tabs``."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    def routes(self) -> Iterator[Route]:
        """Which address leads to what."""
        yield re.compile(PREFIX + r"/find\.php"), self._find
        yield re.compile(PREFIX + r"/t([0-9a-f]{8})"), self._title
        yield re.compile(PREFIX + r"/w([0-9a-f]{8})"), self._watch

    async def _find(self, exchange: Exchange) -> bool:
        query = parse_qs(exchange.scope["query_string"].decode("latin-1"), max_num_fields=20)
        words, place = query.get("name", [""])[0], query.get("p", ["1"])[0]
        hits = content.search(words)
        first = (int(place) - 1) * PER_PAGE if place.isdecimal() and 0 < int(place) < 1000 else 0
        rows = "\n".join(
            f'<tr><td><a href="{PREFIX}/t{_id(series.slug)}"><img data-src="/art/{series.slug}/cover.jpg" src="data:,"'
            f' alt="">{escape(series.title)}</a></td><td>Serie aus dem Jahr {series.year}</td></tr>'
            for series in hits[first : first + PER_PAGE]
        )
        if not rows:
            rows = '<tr><td colspan="2" class="none">Keine Treffer</td></tr>'
        more = ""
        if len(hits) > first + PER_PAGE:
            more = f'<a rel="next" href="?name={quote(words)}&amp;p={first // PER_PAGE + 2}">weiter</a>'
        return await _page(exchange, "Suche", f'<table id="hits">\n{rows}\n</table>\n<p>{more}</p>')

    async def _title(self, exchange: Exchange, id_: str) -> bool:
        series = next((series for series in content.SERIES if _id(series.slug) == id_), None)
        if series is None:
            return False
        today = clock.now().date()
        tabs = "".join(f'<li><a href="#s{season.number}">{_name(season)}</a></li>' for season in series.seasons)
        panels = "\n".join(self._panel(series, season, today) for season in series.seasons)
        art = f"/art/{series.slug}"
        status = "läuft" if series.status == "Airing" else "abgeschlossen"
        about = "<br><br>".join(escape(paragraph) for paragraph in series.description)
        return await _page(
            exchange,
            series.title,
            f'<div id="art" style="background-image: url(\'{art}/fanart.jpg\')">'
            f'<img data-src="{art}/poster.jpg" src="data:,"></div>\n'
            f'<h2>{escape(series.title)} <span>Serie</span></h2>\n<table id="facts">\n'
            f"<tr><th>Erschienen</th><td>{_day(series.seasons[0].episodes[0].aired(today))}</td></tr>\n"
            f"<tr><th>Status</th><td>{status}</td></tr>\n"
            f"<tr><th>Genres</th><td>{', '.join(f'<a>{escape(genre)}</a>' for genre in series.genres)}</td></tr>\n"
            f"<tr><th>Inhalt</th><td>{about}</td></tr>\n</table>\n"
            f'<ul id="tabs">{tabs}</ul>\n{panels}',
        )

    def _panel(self, series: Series, season: Season, today: dt.date) -> str:
        rows = "\n".join(self._row(series, season, episode, today) for episode in season.episodes)
        return f'<div class="panel" id="s{season.number}"><table>\n{rows}\n</table></div>'

    def _row(self, series: Series, season: Season, episode: Episode, today: dt.date) -> str:
        address = f"{PREFIX}/w{_id(series.slug, season.number, episode.number)}"
        flags = " ".join(f'<i class="{_FLAGS[language.code]}"></i>' for language in _spoken(episode))
        return (
            f"<tr><td>Folge {_count(series, season, episode)}</td>"
            f'<td><a href="{address}">{escape(episode.title)}</a></td><td>{_day(episode.aired(today))}</td>'
            f"<td>{_length(self._seconds)}</td><td>{flags}</td></tr>"
        )

    async def _watch(self, exchange: Exchange, id_: str) -> bool:
        for series in content.SERIES:
            for season in series.seasons:
                for episode in season.episodes:
                    if _id(series.slug, season.number, episode.number) == id_:
                        return await _page(exchange, series.title, _buttons(series, season, episode))
        return False


def _buttons(series: Series, season: Season, episode: Episode) -> str:
    """The hosters, in a box for each language."""
    links = list(content.links_of(series, season, episode))
    if not links:
        return '<p class="none">Noch nicht erschienen</p>'
    return "\n".join(
        f'<div class="box"><h3><i class="{_FLAGS[language.code]}"></i></h3>\n'
        + "\n".join(
            f'<button data-link-target="/go/{link.id}" title="Ansehen bei {link.hoster}">▶</button>'
            for link in links
            if link.language == language
        )
        + "\n</div>"
        for language in content.LANGUAGES
    )


def _id(*parts: object) -> str:
    return hashlib.sha256("/".join(map(str, ("tabs", *parts))).encode()).hexdigest()[:8]


def _name(season: Season) -> str:
    return f"Staffel {season.number}" if season.number else "Extras"


def _count(series: Series, season: Season, episode: Episode) -> int:
    """Through all seasons; the specials for themselves."""
    before = (other for other in series.seasons if 0 < other.number < season.number)
    return episode.number + sum(len(other.episodes) for other in before)


def _spoken(episode: Episode) -> tuple[Language, ...]:
    return content.LANGUAGES if episode.out else ()


def _day(day: dt.date) -> str:
    return f"{day.day}. {_MONTHS[day.month - 1]} {day.year}"


def _length(seconds: float) -> str:
    return f"{round(seconds) // 60} Min. {round(seconds) % 60} Sek."


async def _page(exchange: Exchange, title: str, body: str) -> bool:
    await exchange.text(200, f"<!DOCTYPE html><title>{escape(title)}</title>\n{body}\n", "text/html")
    return True
