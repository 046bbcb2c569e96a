"""From a path to what it means: the folders say what the name leaves out. Pure."""

from __future__ import annotations

import functools
import re

from msgspec.structs import replace

from aniworld.naming.parse import parse, title_of
from aniworld.naming.text import plain
from aniworld.naming.types import Parsed
from aniworld.naming.words import NAMED_SEASON, SEASON, named_season

_PLAIN_SEASON = re.compile(rf"^\s*(?:(?:{SEASON})[ ._-]*)?0*(\d{{1,4}})\s*$|^\s*s(\d{{1,4}})\s*$", re.IGNORECASE)
_CODE = re.compile(r"[ ._\-(\[]s(\d{1,2})(?=$|[ ._\-)\]])(?![ ._-]*e\d)", re.IGNORECASE)
_CODE_BEHIND = re.compile(r"[\s-]+s(\d{1,2})", re.IGNORECASE)
_SPECIALS = re.compile(
    r"^\s*(?:season[ ._-]*0+|staffel[ ._-]*0+|s0+|0+|specials?|ovas?|oads?|sp|sonderfolgen|spéciaux|"
    r"especiales|speciali|ova[ ._-]*(?:&|and|,)?[ ._-]*specials?|movies?|films?|filme|特典|特別[篇編]|番外[篇編])\s*$",
    re.IGNORECASE,
)
EXTRAS = frozenset(
    "extras extra featurettes featurette trailers trailer samples sample interviews scenes shorts other others"
    " backdrops bonus theme-music themes nc ncop nced op ed pv cm menu menus scans ost soundtrack".split()
) | {"behind the scenes", "deleted scenes", "making of"}  # fmt: skip
"""Folders, in lower case, that hold what nobody misses."""


@functools.lru_cache(maxsize=1024)
def _series(folder: str) -> tuple[str, int | None]:
    title, year, _ = title_of(folder)
    return title, year


@functools.lru_cache(maxsize=1024)
def season_of_folder(name: str) -> int | None:
    """``Season 01``, ``Staffel 2``, ``3.Staffel``, ``S02``, ``2``, ``X S2``, ``X 2nd Season`` (specials: 0)."""
    text = plain(name)
    if _SPECIALS.match(text):
        return 0
    if match := _PLAIN_SEASON.match(text):
        number = int(match[1] or match[2])
        return number if number < 100 or 1900 <= number < 2100 else None
    if match := NAMED_SEASON.search(text):
        return named_season(match)
    if match := _CODE.search(text):
        return int(match[1])
    return None


def parse_path(path: str) -> Parsed:
    """What a path, relative to the folder of the library, says. Slashes part its folders; the first is the series'."""
    *folders, name = [part for part in path.split("/") if part] or [""]
    title, year = _series(folders[0]) if folders else ("", None)
    parsed = parse(name, title)
    if any(plain(folder).strip().casefold() in EXTRAS for folder in folders[1:]):
        return replace(parsed, kind="extra", special=True, episodes=(), absolute=(), rule="folder of extras")
    if title and (code := _CODE_BEHIND.fullmatch(parsed.title, len(title))) and parsed.season is None:
        # "Show S2 - 05" in the folder "Show" is of its second season, not of another series.
        return replace(parsed, title=title, season=int(code[1]), rule=f"{parsed.rule}, behind the folder's title")
    season = next((found for folder in reversed(folders[1:]) if (found := season_of_folder(folder)) is not None), None)
    if season is not None:
        parsed = _within(parsed, season)
    if not parsed.title:
        parsed = replace(parsed, title=title, year=parsed.year or year)
    return parsed


def _within(parsed: Parsed, season: int) -> Parsed:
    if parsed.season is not None or parsed.kind == "extra":
        return parsed
    if season == 0:
        return replace(
            parsed, season=0, special=True, kind="special", episodes=parsed.episodes or parsed.absolute, absolute=(),
            rule=f"{parsed.rule}, folder of specials",
        )  # fmt: skip
    return replace(parsed, season=season, rule=f"{parsed.rule}, folder of season {season}")
