"""The sample site: which address leads to what. Beside its own pages it shows its catalogue in two other layouts."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from urllib.parse import parse_qs

from aniworld.kit import clock
from aniworld.sample import content, pages
from aniworld.sample.asgi import Exchange, Receive, Route, Scope, Send, send_file
from aniworld.sample.cache import Cache
from aniworld.sample.content import Link, Series
from aniworld.sample.data import SEARCH, Data
from aniworld.sample.tabs import Tabs

PICTURES = {"poster.jpg": "image/jpeg", "fanart.jpg": "image/jpeg", "cover.jpg": "image/jpeg", "logo.png": "image/png"}
PLAYLIST = "application/vnd.apple.mpegurl"
VERSION = 1
"""Counted up when pictures or clips are made differently: what older versions left in the cache is not used."""


class Site:
    """The site as an ASGI application."""

    def __init__(self, cache_dir: Path, *, seconds: float, bitrate: int, throttle: int | None) -> None:
        self._cache = Cache(cache_dir)
        self._seconds = seconds
        self._bitrate = bitrate
        self._throttle = throttle
        season = r"/series/([a-z-]+)/season/(\d{1,4}|specials)"
        self._routes: tuple[Route, ...] = (
            (re.compile(r"/"), self._front),
            (re.compile(r"/search"), self._search),
            (re.compile(r"/style\.css"), self._style),
            (re.compile(r"/series/([a-z-]+)"), self._series),
            (re.compile(season), self._season),
            (re.compile(season + r"/episode/(\d{1,4})"), self._episode),
            (re.compile(r"/go/([0-9a-f]{12})"), self._go),
            (re.compile(r"/media/([0-9a-f]{12})\.mp4"), self._mp4),
            (re.compile(r"/media/([0-9a-f]{12})/((?:master|media)\.m3u8|\d{5}\.ts)"), self._hls),
            (re.compile(r"/art/([a-z-]+)/([a-z]+\.[a-z]+)"), self._picture),
            *Tabs(seconds).routes(),
            *Data(seconds).routes(),
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        exchange = Exchange(scope, receive, send)
        if exchange.method not in ("GET", "HEAD") and not (exchange.method == "POST" and exchange.path == SEARCH):
            await exchange.answer(405, headers={"Allow": "GET, HEAD"})
            return
        for pattern, handler in self._routes:
            if match := pattern.fullmatch(exchange.path):
                if await handler(exchange, *match.groups()):
                    return
                break
        await exchange.text(404, pages.not_found(), "text/html")

    async def _front(self, exchange: Exchange) -> bool:
        return await _html(exchange, pages.results("All series", list(content.SERIES)))

    async def _search(self, exchange: Exchange) -> bool:
        query = parse_qs(exchange.scope["query_string"].decode("latin-1"), max_num_fields=20)
        words, genre = query.get("q", [""])[0].strip(), query.get("genre", [""])[0]
        hits = [
            series
            for series in content.search(words)
            if not genre or genre.casefold() in (name.casefold() for name in series.genres)
        ]
        return await _html(exchange, pages.results(f"Results for “{words or genre}”", hits))

    async def _style(self, exchange: Exchange) -> bool:
        await exchange.text(200, pages.STYLE, "text/css")
        return True

    async def _series(self, exchange: Exchange, slug: str) -> bool:
        series = content.find(slug)
        return series is not None and await _html(exchange, pages.series_page(series))

    async def _season(self, exchange: Exchange, slug: str, number: str) -> bool:
        series = content.find(slug)
        season = series.season(_season_number(number)) if series else None
        if series is None or season is None:
            return False
        page = pages.season_page(series, season, seconds=self._seconds, today=clock.now().date())
        return await _html(exchange, page)

    async def _episode(self, exchange: Exchange, slug: str, season_number: str, number: str) -> bool:
        series = content.find(slug)
        season = series.season(_season_number(season_number)) if series else None
        episode = season.episode(int(number)) if season else None
        if series is None or season is None or episode is None:
            return False
        return await _html(exchange, pages.episode_page(series, season, episode, today=clock.now().date()))

    async def _go(self, exchange: Exchange, link_id: str) -> bool:
        link = content.LINKS.get(link_id)
        if link is None:
            return False
        target = f"/media/{link_id}.mp4" if link.hoster == "Streamline" else f"/media/{link_id}/master.m3u8"
        await exchange.answer(302, headers={"Location": target, "Cache-Control": "no-store"})
        return True

    async def _mp4(self, exchange: Exchange, link_id: str) -> bool:
        link = content.LINKS.get(link_id)
        if link is None or link.hoster != "Streamline":
            return False
        await send_file(exchange, await self._clip(link), "video/mp4", throttle=self._throttle)
        return True

    async def _hls(self, exchange: Exchange, link_id: str, name: str) -> bool:
        link = content.LINKS.get(link_id)
        if link is None or link.hoster != "Rivulet":
            return False
        path = await self._presentation(link) / name
        if not await asyncio.to_thread(path.is_file):
            return False
        segment = name.endswith(".ts")
        await send_file(
            exchange, path, "video/mp2t" if segment else PLAYLIST, throttle=self._throttle if segment else None
        )
        return True

    async def _picture(self, exchange: Exchange, slug: str, name: str) -> bool:
        series = content.find(slug)
        if series is None or name not in PICTURES:
            return False
        path = await self._cache.get(f"v{VERSION}-art/{slug}/{name}", lambda work: _draw(series, name, work))
        await send_file(exchange, path, PICTURES[name], throttle=None)
        return True

    async def _clip(self, link: Link) -> Path:
        """The MP4 of the link's episode and language; both hosters have the same."""
        seconds, bitrate = self._seconds, self._bitrate

        def make(path: Path) -> None:
            from aniworld.sample import clips  # noqa: PLC0415 - heavy, and only needed here

            clips.write_mp4(link, path, seconds=seconds, bitrate=bitrate)

        return await self._cache.get(f"{self._name(link)}.mp4", make)

    async def _presentation(self, link: Link) -> Path:
        """The directory with the HLS presentation of the clip."""
        clip = await self._clip(link)

        def make(path: Path) -> None:
            from aniworld.sample import clips  # noqa: PLC0415 - heavy, and only needed here

            clips.write_hls(clip, path)

        return await self._cache.get(f"{self._name(link)}.hls", make)

    def _name(self, link: Link) -> str:
        episode = f"s{link.season.number:02}e{link.episode.number:02}"
        return f"v{VERSION}-{self._seconds:g}s-{self._bitrate}/{link.series.slug}-{episode}-{link.language.code}"


def _season_number(text: str) -> int:
    return 0 if text == "specials" else int(text)


def _draw(series: Series, name: str, path: Path) -> None:
    from aniworld.sample import pictures  # noqa: PLC0415 - heavy, and only needed here

    pictures.draw(series, name, path)


async def _html(exchange: Exchange, page: str) -> bool:
    await exchange.text(200, page, "text/html")
    return True
