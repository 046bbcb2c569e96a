"""The sample catalogue as a site built on scripts shows it: pages that hold JSON, and addresses that answer in it."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Iterator
from html import escape
from typing import Any
from urllib.parse import parse_qs

from aniworld.kit import clock
from aniworld.sample import content
from aniworld.sample.asgi import Exchange, Route
from aniworld.sample.content import Season, Series

PREFIX = "/data"
SEARCH = f"{PREFIX}/api/search"
"""Asked by ``POST``, as many sites are."""
PER_PAGE = 5


class Data:
    """The pages below ``/data``."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    def routes(self) -> Iterator[Route]:
        """Which address leads to what."""
        yield re.compile(SEARCH), self._search
        yield re.compile(PREFIX + r"/([a-z-]+)"), self._page
        yield re.compile(PREFIX + r"/api/([a-z-]+)/(\d{1,4})"), self._episodes
        yield re.compile(PREFIX + r"/api/([a-z-]+)/(\d{1,4})/(\d{1,4})"), self._links

    async def _search(self, exchange: Exchange) -> bool:
        if exchange.method != "POST":
            return False
        form = parse_qs((await exchange.body(4096)).decode(), max_num_fields=20)
        found = [
            {
                "url": f"{PREFIX}/{series.slug}",
                "title": {"rendered": escape(series.title)},
                "year": series.year,
                "image": f"{series.slug}/cover.jpg",
            }
            for series in content.search(form.get("words", [""])[0])
        ]
        return await _json(exchange, {"count": len(found), "results": found})

    async def _page(self, exchange: Exchange, slug: str) -> bool:
        series = content.find(slug)
        if series is None:
            return False
        about = {
            "@context": "https://schema.org",
            "@type": "TVSeries",
            "name": series.title,
            "description": "".join(f"<p>{escape(paragraph)}</p>" for paragraph in series.description),
            "genre": list(series.genres),
            "startDate": f"{series.year}-01-01",
            "image": f"/art/{slug}/poster.jpg",
        }
        state = {
            "series": {"running": series.status == "Airing", "art": slug},
            "seasons": {str(season.number): {"label": season.name} for season in series.seasons},
        }
        crumbs = {"@type": "BreadcrumbList", "name": "Not the series"}
        page = (
            f"<!DOCTYPE html><title>{escape(series.title)}</title>\n"
            f'<script type="application/ld+json">{_script(crumbs)}</script>\n'
            f'<script type="application/ld+json">{_script(about)}</script>\n'
            f'<div id="app"></div><script>window.state = {_script(state)}; start()</script>\n'
        )
        await exchange.text(200, page, "text/html")
        return True

    async def _episodes(self, exchange: Exchange, slug: str, number: str) -> bool:
        series, season = _find(slug, number)
        if series is None or season is None:
            return False
        query = parse_qs(exchange.scope["query_string"].decode("latin-1"), max_num_fields=20)
        text = query.get("offset", ["0"])[0]
        first = int(text) if text.isdecimal() and len(text) < 6 else 0
        today = clock.now().date()
        episodes = [
            {
                "no": episode.number,
                "name": episode.title,
                "aired": int(dt.datetime.combine(episode.aired(today), dt.time(12), dt.UTC).timestamp()),
                "length": round(self._seconds),
                "versions": [language.code for language in content.LANGUAGES] if episode.out else None,
            }
            for episode in season.episodes[first : first + PER_PAGE]
        ]
        return await _json(exchange, {"episodes": episodes})

    async def _links(self, exchange: Exchange, slug: str, number: str, episode_number: str) -> bool:
        series, season = _find(slug, number)
        episode = season.episode(int(episode_number)) if season else None
        if series is None or season is None or episode is None:
            return False
        links = list(content.links_of(series, season, episode))
        versions = [
            {
                "code": language.code,
                "streams": [{"host": link.hoster, "ticket": link.id} for link in links if link.language == language],
            }
            for language in content.LANGUAGES
            if links
        ]
        return await _json(exchange, {"versions": versions})


def _find(slug: str, number: str) -> tuple[Series | None, Season | None]:
    series = content.find(slug)
    return series, series.season(int(number)) if series else None


def _script(value: Any) -> str:
    """JSON that ends no script."""
    return json.dumps(value).replace("<", "\\u003c")


async def _json(exchange: Exchange, value: Any) -> bool:
    await exchange.text(200, json.dumps(value), "application/json")
    return True
