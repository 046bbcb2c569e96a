"""A public list of which ids of AniList, AniDB, TMDB and TheTVDB belong together, and in which season an entry lies.

Made by https://github.com/Fribb/anime-lists of other lists. It has no licence, so it is no part of the program: it is
fetched, once a week, when the user has switched that on. Ids of one entry come in more than one form.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Mapping
from pathlib import Path

import msgspec

from aniworld.kit.net import HttpClient, Kind
from aniworld.kit.net.errors import NetError
from aniworld.metadata.sources.reading import Node
from aniworld.metadata.types import Format, IdEntry, IdKind

log = logging.getLogger(__name__)

LIST = Kind("list of ids", 48 * 1024 * 1024, 180)
WEEK = 7 * 24 * 3600.0
PAUSE = 3600.0
"""Seconds until a list that could not be had is asked for again."""
MOST_FOUND = 100
_FORMATS: dict[str, Format] = {
    "TV": "tv", "MOVIE": "movie", "OVA": "ova", "ONA": "ona", "SPECIAL": "special",
}  # fmt: skip


class _Line(msgspec.Struct, gc=False):
    """One entry, as it stands in the list; only what is used of it."""

    type: object = None
    anilist_id: object = None
    mal_id: object = None
    anidb_id: object = None
    kitsu_id: object = None
    themoviedb_id: object = None
    tvdb_id: object = None
    thetvdb_id: object = None
    imdb_id: object = None
    season: object = None
    episode_offset: object = None


class AnimeLists:
    """Asked only while it is switched on."""

    def __init__(self, http: HttpClient, directory: Path, address: str) -> None:
        self._http = http
        self._file = directory / "anime-lists.json"
        self._address = address
        self._entries: list[IdEntry] | None = None
        self._read_at = 0.0
        self._asked_at: float | None = None
        self._lock = asyncio.Lock()

    async def entries(self, ids: Mapping[IdKind, str]) -> tuple[IdEntry, ...]:
        """Every entry that shares one of the ids; none while the list is not to be had."""
        async with self._lock:
            await self._make_ready()
        return await asyncio.to_thread(_sharing, self._entries or [], dict(ids))

    async def _make_ready(self) -> None:
        now = time.time()
        written = await asyncio.to_thread(_written, self._file)
        old = written is None or now - written > WEEK
        if old and (self._asked_at is None or now - self._asked_at > PAUSE):
            self._asked_at = now
            try:
                content = await self._http.get_bytes(self._address, kind=LIST)
                self._entries = await asyncio.to_thread(_taken, content, self._file)
                self._read_at = now
                return
            except (NetError, OSError, msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
                log.warning("The list of ids cannot be had: %s", error)
        if written is not None and self._read_at < written:
            self._read_at = now
            with contextlib.suppress(OSError, msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
                self._entries = await asyncio.to_thread(lambda: _parsed(self._file.read_bytes()))


def _written(file: Path) -> float | None:
    try:
        return file.stat().st_mtime
    except OSError:
        return None


def _taken(content: bytes, file: Path) -> list[IdEntry]:
    """What stands in a new list; it is kept only if something does."""
    entries = _parsed(content)
    if not entries:
        raise msgspec.ValidationError("there is nothing in it")
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = file.with_suffix(".new")
    draft.write_bytes(content)
    draft.replace(file)
    return entries


def _parsed(content: bytes) -> list[IdEntry]:
    found = (entry(msgspec.to_builtins(line)) for line in msgspec.json.decode(content, type=list[_Line]))
    return [one for one in found if len(one.ids) > 1]


def entry(raw: object) -> IdEntry:
    """One entry of the list. Pure."""
    node = Node(raw)
    format_ = _FORMATS.get(node.title("type").upper(), "unknown")
    ids: dict[IdKind, str] = {}
    for kind, names in _NAMES.items():
        found = next((id_ for name in names if (id_ := node.id(name) or _one(node, name))), "")
        if found.removeprefix("tt" if kind == "imdb" else "").isdigit():  # there are words, too: "movie", "OVA"
            ids[kind] = found
    # TMDB counts films apart: their ids say nothing about series.
    if format_ != "movie" and (tmdb := node.node("themoviedb_id").id("tv") or node.id("themoviedb_id")):
        ids["tmdb"] = tmdb
    season, offset = node.node("season"), node.node("episode_offset")
    return IdEntry(
        ids=ids,
        format=format_,
        tmdb_season=season.whole("tmdb", most=9999),
        tvdb_season=season.whole("tvdb", most=9999),
        tmdb_offset=offset.whole("tmdb", most=99_999) or 0,
        tvdb_offset=offset.whole("tvdb", most=99_999) or 0,
    )


_NAMES: dict[IdKind, tuple[str, ...]] = {
    "anilist": ("anilist_id",),
    "mal": ("mal_id",),
    "anidb": ("anidb_id",),
    "kitsu": ("kitsu_id",),
    "tvdb": ("tvdb_id", "thetvdb_id"),
    "imdb": ("imdb_id",),
}


def _one(node: Node, name: str) -> str:
    """The only one of a list; of several nobody knows which is meant."""
    several = node.titles(name)
    return Node({"id": several[0]}).id("id") if len(several) == 1 else ""


def _sharing(entries: list[IdEntry], ids: Mapping[IdKind, str]) -> tuple[IdEntry, ...]:
    wanted = ids.items()
    return tuple(one for one in entries if not wanted.isdisjoint(one.ids.items()))[:MOST_FOUND]
