"""The Internet Archive: an item is a series, its video files are the episodes.

The search is the archive's own (``advancedsearch.php``), kept to what the profile's query says; an item's files come
from the metadata API, and ``/download/`` leads to where a file lies at the moment.
"""

from __future__ import annotations

import asyncio
import html
import re
from collections.abc import Iterable, Iterator
from typing import Annotated, Any, ClassVar, Literal, TypeVar
from urllib.parse import quote, urlencode

import msgspec
from msgspec import Meta

from aniworld.catalog import answers, files, languages
from aniworld.catalog.errors import NotAtSourceError, SourceChangedError, SourceUnreachableError, from_net
from aniworld.catalog.pages import text
from aniworld.catalog.pages.addresses import own
from aniworld.catalog.pages.shape import MAX_EPISODES, MAX_HITS
from aniworld.catalog.profile import LanguageTag, Profile, Word, base_url_problems
from aniworld.catalog.tools import JSON, Tools, json_of
from aniworld.catalog.types import Artwork, EpisodeRef, Language, Link, SeriesHit, SeriesInfo
from aniworld.kit.errors import FieldError
from aniworld.kit.net.errors import NetError
from aniworld.kit.net.guard import parse_url

T = TypeVar("T")

UNAVAILABLE_SECONDS = 300.0
"""When to come back for an item whose servers are out of reach, which the archive tells without a time."""

_IDENTIFIER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_WORD = re.compile(r"\w{1,50}")
_MAX_WORDS = 10
_BREAK = re.compile(r"<(?:br|/p|/div|/li)\b[^<>]{0,200}>", re.IGNORECASE)
_MARKUP = re.compile(r"<[^<>]{0,1000}>")
_MAX_HTML = 40_000


class ArchiveProfile(Profile, frozen=True, kw_only=True):
    """Which part of the archive is a source."""

    query: Annotated[str, Meta(min_length=1, max_length=1000)]
    """What the archive's own search keeps to: ``collection:(feature_films)``, ``creator:"Somebody"``."""
    prefer: Annotated[tuple[Word, ...], Meta(max_length=20)] = ("original", "h.264", "mpeg4")
    """Which of several files of an episode comes first: ``original``, a format as the archive names it, or an
    extension (``mkv``). What is not named comes after."""
    language: LanguageTag = languages.UNKNOWN
    """Of a file of which neither its name nor the item tells."""
    base_url: Annotated[str, Meta(max_length=500)] = "https://archive.org/"
    kind: Literal["archive"] = "archive"

    def problems(self, adapters: frozenset[str] | None) -> Iterator[FieldError]:
        """An address that is none."""
        return base_url_problems(self.base_url)


class Docs(msgspec.Struct):
    """The part of an answer to a search that counts."""

    docs: list[dict[str, Any]]


class Search(msgspec.Struct):
    """The answer to a search; one to a wrong query has no ``response``."""

    response: Docs | None = None
    error: Any = None


class Record(msgspec.Struct):
    """The answer of the metadata API. For an item that does not exist it is empty."""

    metadata: dict[str, Any] | None = None
    files: list[dict[str, Any]] = []
    is_dark: Any = False
    servers_unavailable: Any = False
    error: Any = None


class ArchiveProvider:
    """A part of the Internet Archive."""

    kind: ClassVar[str] = "archive"
    profile: ClassVar[type[Profile]] = ArchiveProfile

    def __init__(self, profile: ArchiveProfile, tools: Tools) -> None:
        self._profile = profile
        self._pages = tools.pages.of(profile.name, profile.requests_per_second)
        self._base = profile.base_url.rstrip("/")
        self._hosts = (parse_url(profile.base_url)[1].entry,)

    @property
    def name(self) -> str:
        """The profile's name."""
        return self._profile.name

    @property
    def title(self) -> str:
        """The profile's title."""
        return self._profile.title

    def owns(self, url: str) -> bool:
        """Whether the address is on the archive's front door."""
        return own(url, self._hosts)

    async def search(self, query: str) -> list[SeriesHit]:
        """What the archive finds among the profile's items: all words, as the archive ranks them."""
        words = [f'"{word}"' for word in _WORD.findall(query)[:_MAX_WORDS]]
        asked = " AND ".join([f"({self._profile.query})", "mediatype:(movies)", *words])
        fields = [("fl[]", field) for field in ("identifier", "title", "year", "date")]
        values = urlencode([("q", asked), *fields, ("rows", str(MAX_HITS)), ("page", "1"), ("output", "json")])
        found = await self._ask(f"/advancedsearch.php?{values}", Search)
        if found.response is None:
            raise SourceChangedError(f"{self.title} does not take the query: {_one_line(found.error)[:300]}")
        return answers.hits(hit for doc in found.response.docs if (hit := self._hit(doc)))

    async def series(self, provider_key: str) -> SeriesInfo:
        """The item and its video files."""
        record = await self._record(provider_key)
        about = record.metadata or {}
        name = _one_line(about.get("title")) or provider_key
        return answers.series(
            SeriesInfo(
                provider_key=provider_key,
                name=name,
                year=answers.year(_one_line(about.get("year"))) or answers.year(_one_line(about.get("date"))),
                description=_plain(about.get("description")),
                genres=tuple(_subjects(about.get("subject"))),
                site=f"{self._base}/details/{provider_key}",
                artwork=Artwork(poster=self._picture(provider_key)),
                seasons=files.seasons(await self._episodes(provider_key, record)),
            ),
            self.title,
        )

    async def links(self, episode: EpisodeRef, language: Language) -> list[Link]:
        """The files of the episode in that language, the preferred one first."""
        key = episode.provider_key
        found = (await self._episodes(key, await self._record(key))).get((episode.season, episode.episode))
        if found is None:
            raise NotAtSourceError(f"{self.title} does not have this episode")
        return answers.links(
            [
                Link(hoster=self.title, kind="direct", url=file.url, language=language, subtitles=file.subtitles)
                for file in found.in_language(language)
            ]
        )

    # --- inside -------------------------------------------------------------------------------------------------

    def _hit(self, doc: dict[str, Any]) -> SeriesHit | None:
        key = doc.get("identifier")
        if not isinstance(key, str) or not _IDENTIFIER.fullmatch(key):
            return None
        return SeriesHit(
            provider_key=key,
            name=_one_line(doc.get("title")) or key,
            year=answers.year(_one_line(doc.get("year"))) or answers.year(_one_line(doc.get("date"))),
            cover_url=self._picture(key),
        )

    def _picture(self, key: str) -> str:
        return f"{self._base}/services/img/{key}"

    async def _record(self, key: str) -> Record:
        if not _IDENTIFIER.fullmatch(key):
            raise NotAtSourceError("That is no item of the archive")
        record = await self._ask(f"/metadata/{key}", Record)
        if record.is_dark is True:
            raise NotAtSourceError(f"{self.title} has taken this item away from the public")
        if record.metadata is None:
            if record.error is not None:
                raise SourceUnreachableError(f"{self.title}: {_one_line(record.error)[:300]}")
            raise NotAtSourceError(f"{self.title} has no such item")
        if record.servers_unavailable is True and not record.files:
            raise SourceUnreachableError(
                f"{self.title}: the servers with this item are out of reach", retry_after=UNAVAILABLE_SECONDS
            )
        return record

    async def _episodes(self, key: str, record: Record) -> files.Episodes:
        about = record.metadata or {}
        found = self._videos(key, record)
        if len(found) > MAX_EPISODES:
            raise SourceChangedError(f"{self.title} lists more than {MAX_EPISODES} videos in one item")
        name = _one_line(about.get("title")) or key
        return await asyncio.to_thread(files.arrange, name, found, self._profile.language)

    def _videos(self, key: str, record: Record) -> list[files.File]:
        """The videos that anybody may download, those that are preferred first."""
        spoken = tuple(filter(None, map(languages.tag, _words((record.metadata or {}).get("language")))))
        ranked: list[tuple[int, files.File]] = []
        for entry in record.files:
            name = entry.get("name")
            if not isinstance(name, str) or not _usable(name) or _is_true(entry.get("private")):
                continue
            # A derived file is named after the one that it was made from, and its own name says less.
            original = entry.get("original")
            derived = entry.get("source") == "derivative" and isinstance(original, str) and _usable(original)
            file = files.File(
                path=str(original) if derived else name,
                url=f"{self._base}/download/{key}/{quote(name)}",
                title=_one_line(entry.get("title")),
                duration=text.duration(_one_line(entry.get("length")), 1.0),
                languages=spoken,
            )
            ranked.append((self._rank(entry, name), file))
        videos = [file for _, file in sorted(ranked, key=lambda pair: pair[0])]
        texts = [
            (name, f"{self._base}/download/{key}/{quote(name)}")
            for entry in record.files
            if isinstance(name := entry.get("name"), str) and _below(name) and not _is_true(entry.get("private"))
        ]
        return files.with_subtitles(videos, texts, {})

    def _rank(self, entry: dict[str, Any], name: str) -> int:
        told = {
            _one_line(entry.get("format")).casefold(),
            _one_line(entry.get("source")).casefold(),
            files.extension(name),
        }
        prefer = self._profile.prefer
        return next((place for place, word in enumerate(prefer) if word.casefold() in told), len(prefer))

    async def _ask(self, path: str, type_: type[T]) -> T:
        try:
            answer = await self._pages.get(self._base + path, headers=JSON)
        except NetError as error:
            raise from_net(error, self.title) from error
        return json_of(answer, type_, self.title)


def _usable(name: str) -> bool:
    """Whether a file of that name can be an episode."""
    return _below(name) and files.extension(name) in files.VIDEO


def _below(name: str) -> bool:
    """Whether the name stays below its item."""
    return len(name) <= 1000 and name.isprintable() and not {"", ".", ".."} & {*name.split("/")}


def _is_true(value: object) -> bool:
    return value is True or (isinstance(value, str) and value.strip().casefold() == "true")


def _one_line(value: object) -> str:
    """A field as text; of a list the first one. The archive has both for every field."""
    if isinstance(value, list):
        value = value[0] if value else None
    return str(value)[:2000] if isinstance(value, str | int | float) and not isinstance(value, bool) else ""


def _words(value: object) -> Iterable[str]:
    """A field that may be one value, a list, or several values in one."""
    for part in value[:50] if isinstance(value, list) else [value]:
        yield from re.split(r"[;,/&]", _one_line(part))


def _subjects(value: object) -> Iterable[str]:
    for part in value[:50] if isinstance(value, list) else [value]:
        yield from _one_line(part).split(";")


def _plain(value: object) -> str:
    """A description without its markup."""
    parts = value[:50] if isinstance(value, list) else [value]
    joined = "\n".join(part[:_MAX_HTML] for part in parts if isinstance(part, str))[:_MAX_HTML]
    return html.unescape(_MARKUP.sub(" ", _BREAK.sub("\n", joined)))
