"""A web server's directory listing: a folder is a series, the videos below it are its episodes."""

from __future__ import annotations

import asyncio
import base64
import logging
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal
from urllib.parse import quote, unquote

from msgspec import Meta

from aniworld.catalog import answers, files, languages
from aniworld.catalog.apis.listing import LINKS, MAX_ENTRIES, Entry, from_json, from_links
from aniworld.catalog.errors import NotAtSourceError, SourceChangedError, SourceUnreachableError, from_net
from aniworld.catalog.pages.addresses import own
from aniworld.catalog.pages.extract import TangledError
from aniworld.catalog.pages.rules import Page
from aniworld.catalog.pages.shape import MAX_EPISODES, valid_key
from aniworld.catalog.profile import LanguageTag, Profile, base_url_problems
from aniworld.catalog.tools import Tools, json_of
from aniworld.catalog.types import Artwork, EpisodeRef, Language, Link, SeriesHit, SeriesInfo
from aniworld.kit.errors import FieldError
from aniworld.kit.net import Answer
from aniworld.kit.net.errors import NetError
from aniworld.kit.net.guard import parse_url
from aniworld.kit.text import fold
from aniworld.naming.parse import title_of

log = logging.getLogger(__name__)

MAX_DEPTH = 4
"""Folders below that of a series."""
MAX_PAGES = 200
"""Folders that are read for one question."""
MAX_FOUND = 20_000
"""Series of one source, and files of one series."""
AT_ONCE = 4
SECONDS = 120.0
"""For all pages of one question."""
KEPT_SECONDS = 600.0
"""How long the names of the series, and the files of one, are taken to be the same."""
KEPT_SERIES = 8

_ACCEPT = {"Accept": "application/json,text/html;q=0.9,*/*;q=0.5"}
_PICTURES = {"poster": "poster", "cover": "poster", "folder": "poster", "fanart": "fanart", "logo": "logo"}
_PICTURES |= {"clearlogo": "logo", "banner": "banner", "landscape": "thumb", "thumb": "thumb"}
_IMAGES = frozenset({"jpg", "jpeg", "png", "webp"})
_WORD = re.compile(r"\w+")


class IndexProfile(Profile, frozen=True, kw_only=True):
    """Where the listing is."""

    base_url: Annotated[str, Meta(max_length=500)]
    """The folder with the series."""
    levels: Annotated[int, Meta(ge=1, le=3)] = 1
    """How far below it the folders of the series are: 2 where they are sorted into folders once (``A``, ``B``)."""
    language: LanguageTag = languages.UNKNOWN
    """Of a file whose name does not tell."""
    username: Annotated[str, Meta(max_length=200, pattern=r"^[^:]*$", description="a name without a colon")] = ""
    password: Annotated[str, Meta(max_length=200)] = ""
    """What the server asks a browser for (Basic)."""
    kind: Literal["index"] = "index"

    def problems(self, adapters: frozenset[str] | None) -> Iterator[FieldError]:
        """An address that is none, a password of nobody."""
        yield from base_url_problems(self.base_url)
        if self.password and not self.username:
            yield FieldError(field="password", message="has no username")

    @property
    def secret(self) -> bool:
        """Whether it holds a password."""
        return bool(self.password)


@dataclass(frozen=True, slots=True)
class _Folder:
    """A folder that is looked into."""

    path: str
    """With a slash at its end; the first one is empty."""
    url: str
    above: tuple[frozenset[str], ...] = ()
    """The names in each folder around it."""


class IndexProvider:
    """A folder on a web server. Keeps for a while what was listed: links are asked for one episode at a time."""

    kind: ClassVar[str] = "index"
    profile: ClassVar[type[Profile]] = IndexProfile

    def __init__(self, profile: IndexProfile, tools: Tools) -> None:
        self._profile = profile
        self._pages = tools.pages.of(profile.name, profile.requests_per_second)
        self._reader = tools.reader
        self._base = profile.base_url.rstrip("/") + "/"
        self._hosts = (parse_url(profile.base_url)[1].entry,)
        self._headers: dict[str, str] = {}
        if profile.username:
            said = base64.b64encode(f"{profile.username}:{profile.password}".encode()).decode()
            self._headers = {"Authorization": f"Basic {said}"}
        self._listing = asyncio.Lock()
        self._names: list[tuple[str, str]] = []
        self._names_until = 0.0
        self._walking = asyncio.Lock()
        self._known: dict[str, tuple[float, files.Episodes]] = {}

    @property
    def name(self) -> str:
        """The profile's name."""
        return self._profile.name

    @property
    def title(self) -> str:
        """The profile's title."""
        return self._profile.title

    def owns(self, url: str) -> bool:
        """Whether the address is below the folder."""
        return own(url, self._hosts) and self._is_below(url)

    async def search(self, query: str) -> list[SeriesHit]:
        """The folders with all words of the query in their names, those that begin with it first."""
        found = await asyncio.to_thread(_ranked, await self._series_names(), _folded(query))
        return answers.hits(_hit(key) for key in found)

    async def series(self, provider_key: str) -> SeriesInfo:
        """The folder, its seasons and videos."""
        found = await self._below(provider_key)
        title, year, _ = title_of(provider_key.rpartition("/")[2])
        pictures: dict[str, str] = {}
        for path, entry in found:
            kind = _PICTURES.get(entry.name.rpartition(".")[0].lower())
            if "/" not in path and kind and files.extension(path) in _IMAGES:
                pictures.setdefault(kind, entry.url)
        return answers.series(
            SeriesInfo(
                provider_key=provider_key,
                name=title,
                year=year,
                site=self._address(provider_key),
                artwork=Artwork(**pictures),
                seasons=files.seasons(await self._arranged(provider_key, found)),
            ),
            self.title,
        )

    async def links(self, episode: EpisodeRef, language: Language) -> list[Link]:
        """The files of the episode in that language, in the order of the listing."""
        found = await self._episodes(episode.provider_key)
        there = found.get((episode.season, episode.episode))
        if there is None:
            raise NotAtSourceError(f"{self.title} does not have this episode")
        return answers.links(
            [
                Link(
                    hoster=self.title,
                    kind="direct",
                    url=file.url,
                    language=language,
                    headers=self._headers,
                    subtitles=file.subtitles,
                )
                for file in there.in_language(language)
            ]
        )

    # --- walking ------------------------------------------------------------------------------------------------

    async def _series_names(self) -> list[tuple[str, str]]:
        """Of the series' folders: the name as it is compared, and the path below the first folder."""
        async with self._listing:
            if time.monotonic() >= self._names_until:
                levels = self._profile.levels
                found = await self._walk(self._base, levels)
                keys = [path for path, entry in found if entry.is_folder and path.count("/") == levels - 1]
                if not keys:
                    raise SourceChangedError(f"{self.title} shows no folders: is that a directory listing?")
                self._names = await asyncio.to_thread(_named, keys)
                self._names_until = time.monotonic() + KEPT_SECONDS
            return self._names

    async def _below(self, key: str) -> list[tuple[str, Entry]]:
        """The files below the series' folder, with their paths from there."""
        if not valid_key(key) or key.count("/") != self._profile.levels - 1:
            raise NotAtSourceError("That is no series of this source")
        found = await self._walk(self._address(key), MAX_DEPTH)
        return [(path, entry) for path, entry in found if not entry.is_folder]

    async def _episodes(self, key: str) -> files.Episodes:
        """The series' episodes, as they were listed a while ago at most."""
        async with self._walking:
            until, episodes = self._known.get(key, (0.0, {}))
            if time.monotonic() >= until:
                episodes = await self._arranged(key, await self._below(key))
            return episodes

    async def _arranged(self, key: str, found: list[tuple[str, Entry]]) -> files.Episodes:
        videos = [files.File(path=path, url=entry.url) for path, entry in found if files.extension(path) in files.VIDEO]
        videos = files.with_subtitles(videos, ((path, entry.url) for path, entry in found), self._headers)
        if len(videos) > MAX_EPISODES:
            raise SourceChangedError(f"{self.title} lists more than {MAX_EPISODES} videos in one series")
        title, _, _ = title_of(key.rpartition("/")[2])
        episodes = await asyncio.to_thread(files.arrange, title, videos, self._profile.language)
        self._known.pop(key, None)
        self._known[key] = (time.monotonic() + KEPT_SECONDS, episodes)
        if len(self._known) > KEPT_SERIES:
            del self._known[next(iter(self._known))]
        return episodes

    async def _walk(self, url: str, levels: int) -> list[tuple[str, Entry]]:
        """Everything below a folder, level by level, with its path from there. Never without an end."""
        found: list[tuple[str, Entry]] = []
        level: list[_Folder] = [_Folder("", url)]
        pages = 0
        try:
            async with asyncio.timeout(SECONDS):
                for depth in range(levels):
                    pages += len(level)
                    if pages > MAX_PAGES:
                        raise SourceChangedError(f"{self.title} has more than {MAX_PAGES} folders to look into")
                    following: list[_Folder] = []
                    for folder, entries in zip(level, await self._read_all(level, depth), strict=True):
                        names = frozenset(entry.name for entry in entries)
                        if names in folder.above:
                            continue  # it shows what a folder around it does: a link that leads back there
                        found += [(folder.path + entry.name, entry) for entry in entries]
                        inner = (*folder.above, names)
                        following += [
                            _Folder(f"{folder.path}{entry.name}/", entry.url, inner)
                            for entry in entries
                            if entry.is_folder
                        ]
                    if len(found) > MAX_FOUND:
                        raise SourceChangedError(f"{self.title} lists more than {MAX_FOUND} names")
                    level = following
        except TimeoutError as error:
            raise SourceUnreachableError(f"{self.title} did not list its folders within {SECONDS:g} s") from error
        return found

    async def _read_all(self, level: list[_Folder], depth: int) -> list[list[Entry]]:
        places = asyncio.Semaphore(AT_ONCE)

        async def read(folder: _Folder) -> list[Entry]:
            async with places:
                try:
                    return await self._read(folder.url)
                except (NotAtSourceError, SourceUnreachableError) as error:
                    # One that may not be looked into hides no other. One that fails for now does: else its
                    # episodes would seem to be gone.
                    if depth == 0 or not error.permanent:
                        raise
                    log.info("%s: %s is left out: %s", self.name, folder.path, error.detail)
                    return []

        try:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(read(folder)) for folder in level]
        except ExceptionGroup as errors:
            raise errors.exceptions[0] from None
        return [task.result() for task in tasks]

    # --- reading ------------------------------------------------------------------------------------------------

    def _address(self, key: str) -> str:
        return self._base + quote(key) + "/"

    def _is_below(self, url: str) -> bool:
        """Whether the address is the first folder or one below it."""
        place, path = unquote(parse_url(url)[0].path), unquote(parse_url(self._base)[0].path)
        return place.startswith(path) and ".." not in place.split("/")

    async def _read(self, url: str) -> list[Entry]:
        """What lies in one folder, the names in their natural order."""
        try:
            answer = await self._pages.get(url, headers=_ACCEPT | self._headers)
        except NetError as error:
            raise from_net(error, self.title) from error
        if not self.owns(answer.url):
            raise SourceChangedError(f"{self.title} leads away from its folder, to {answer.url[:200]}")
        is_json = "json" in answer.headers.get("content-type", "").lower()
        made = await asyncio.to_thread(self._from_json, answer) if is_json else await self._from_html(answer)
        if len(made) > MAX_ENTRIES:
            raise self._too_many()
        return await asyncio.to_thread(sorted, made, key=_by_name)

    def _from_json(self, answer: Answer) -> list[Entry]:
        rows = json_of(answer, list[Any], self.title)
        if len(rows) > MAX_ENTRIES:
            raise self._too_many()
        return from_json(_folder_of(answer.url), rows)

    async def _from_html(self, answer: Answer) -> list[Entry]:
        kind = answer.headers.get("content-type", "")
        page = Page(html=answer.content, url=answer.url, hosts=self._hosts, content_type=kind)
        try:
            (found,) = await self._reader.read(page, [LINKS])
        except TangledError as error:
            raise SourceChangedError(f"{self.title}: {error}") from error
        if found.more:
            raise self._too_many()
        links = [url for item in found.items for url in item.get("href", ())]
        return await asyncio.to_thread(from_links, _folder_of(answer.url), links)

    def _too_many(self) -> SourceChangedError:
        return SourceChangedError(f"{self.title} lists more than {MAX_ENTRIES} names in one folder")


def _by_name(entry: Entry) -> list[tuple[bool, int, str]]:
    return files.natural(entry.name)


def _folder_of(url: str) -> str:
    """The address up to its last slash: what relative addresses begin at."""
    return url.partition("?")[0].rpartition("/")[0] + "/"


def _ranked(names: list[tuple[str, str]], wanted: str) -> list[str]:
    """The keys of the names that hold all words, the name that is the query itself first."""
    words = wanted.split()
    fitting = [(name, key) for name, key in names if all(word in name for word in words)]
    fitting.sort(key=lambda pair: (pair[0] != wanted, not pair[0].startswith(wanted), files.natural(pair[1])))
    return [key for _, key in fitting]


def _named(keys: list[str]) -> list[tuple[str, str]]:
    return [(_folded(key.rpartition("/")[2]), key) for key in keys if valid_key(key)]


def _hit(key: str) -> SeriesHit:
    title, year, _ = title_of(key.rpartition("/")[2])
    return SeriesHit(provider_key=key, name=title, year=year)


def _folded(text: str) -> str:
    """The words of a text, as they are compared."""
    return " ".join(_WORD.findall(fold(text[:1000])))
