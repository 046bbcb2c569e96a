"""A catalogue in memory, of which a test decides what it tells and how it fails."""

from __future__ import annotations

import asyncio
import datetime as dt
import io
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass, field
from types import SimpleNamespace

from PIL import Image

from aniworld.catalog.errors import NotAtSourceError, UnknownProviderError
from aniworld.catalog.matching import rows
from aniworld.catalog.types import Answer, Artwork, EpisodeInfo, Found, Language, SeasonInfo, SeriesHit, SeriesInfo
from aniworld.kit.clock import now

JA_EN, DE = Language("ja+en"), Language("de")
TODAY = now().date()
LONG_AGO = dt.date(2021, 4, 9)


@dataclass
class MemoryCatalog:
    """Speaks like the catalogue; ``before`` runs ahead of each answer and may raise or wait."""

    infos: dict[str, SeriesInfo] = field(default_factory=dict)
    pictures: dict[str, bytes] = field(default_factory=dict)
    before: Callable[[str], None] = lambda _what: None
    gate: asyncio.Event | None = None
    """While it is there and not set, answers wait."""
    others: dict[str, list[SeriesHit]] = field(default_factory=dict)
    """What further sources find, whatever is asked."""
    held: dict[str, asyncio.Event] = field(default_factory=dict)
    """By source: what its series wait for."""
    asked: list[str] = field(default_factory=list)
    running: int = 0
    most_running: int = 0

    def provider(self, name: str) -> object:
        if name != "shelf" and name not in self.others:
            raise UnknownProviderError
        return self

    def providers(self) -> list[SimpleNamespace]:
        return [SimpleNamespace(name=name) for name in ("shelf", *self.others)]

    def rows(self, query: str, answers: Iterable[Answer]) -> list[Found]:
        return rows(query, [(answer.source, answer.hits) for answer in answers])

    async def search(self, query: str, provider: str | None = None) -> list[Answer]:
        return [answer async for answer in self.ask(query, provider)]

    async def ask(self, query: str, provider: str | None = None) -> AsyncIterator[Answer]:
        await self._answer(f"search {query}")
        hits = [
            SeriesHit(provider_key=key, name=info.name, year=info.year, cover_url=info.artwork.poster)
            for key, info in self.infos.items()
            if query.casefold() in info.name.casefold()
        ]
        yield Answer("shelf", tuple(hits))
        for other, more in self.others.items():
            if provider is None:
                yield Answer(other, tuple(more))
        if not provider:
            yield Answer("broken", problem="It does not answer")

    async def series(self, provider: str, key: str) -> SeriesInfo:
        await self._answer(f"series {key}")
        if provider in self.held:
            await self.held[provider].wait()
        if key not in self.infos:
            raise NotAtSourceError
        return self.infos[key]

    async def cover(self, _provider: str, url: str) -> bytes:
        await self._answer(f"cover {url}")
        if url not in self.pictures:
            raise NotAtSourceError
        return self.pictures[url]

    async def _answer(self, what: str) -> None:
        self.asked.append(what)
        self.running += 1
        self.most_running = max(self.most_running, self.running)
        try:
            await asyncio.sleep(0)
            self.before(what)
            if self.gate is not None:
                await self.gate.wait()
        finally:
            self.running -= 1


def picture(size: tuple[int, int] = (60, 90), *, form: str = "JPEG", colour: str = "teal") -> bytes:
    """A picture of one colour."""
    out = io.BytesIO()
    Image.new("RGB", size, colour).save(out, format=form)
    return out.getvalue()


def episode(
    season: int,
    number: int,
    *,
    title: str | None = None,
    aired: dt.date | None = LONG_AGO,
    languages: tuple[Language, ...] = (JA_EN, DE),
) -> EpisodeInfo:
    return EpisodeInfo(
        season=season,
        episode=number,
        title=f"Part {season}.{number}" if title is None else title,
        aired=aired,
        duration=1440.0,
        languages=languages,
    )


def season(number: int, *episodes: EpisodeInfo, name: str = "") -> SeasonInfo:
    return SeasonInfo(season=number, name=name, episodes=episodes)


def clockwork(**changes: object) -> SeriesInfo:
    """A series of two seasons and a special, all pictures at hand (see :func:`pictures_of`)."""
    values: dict[str, object] = {
        "provider_key": "clockwork",
        "name": "Clockwork Garden",
        "year": 2021,
        "description": "A garden is wound up & runs <down>.",
        "genres": ("Adventure", "Mystery/Thriller"),
        "status": "completed",
        "site": "https://shelf.test/clockwork",
        "artwork": Artwork(
            poster="https://shelf.test/poster.jpg",
            fanart="https://shelf.test/fanart.jpg",
            logo="https://shelf.test/logo.png",
        ),
        "seasons": (
            season(1, *(episode(1, number) for number in range(1, 7)), name="Season 1"),
            season(2, *(episode(2, number) for number in range(1, 5)), name="The Brass Arc"),
            season(0, episode(0, 1, languages=(JA_EN,)), name="Specials"),
        ),
    }
    return SeriesInfo(**{**values, **changes})  # type: ignore[arg-type]


def pictures_of(info: SeriesInfo) -> dict[str, bytes]:
    """What lies at the addresses of its artwork."""
    art = info.artwork
    found = {url: picture() for url in (art.poster, art.fanart, art.banner, art.thumb) if url}
    if art.logo:
        found[art.logo] = picture((80, 31), form="PNG")
    return found
