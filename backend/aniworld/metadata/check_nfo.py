"""What Jellyfin and Kodi read in one NFO file. Pure: bytes in, findings out."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.etree import ElementTree as ET

from aniworld.metadata import nfo_merge, nfo_read
from aniworld.metadata.check_types import Finding, finding
from aniworld.metadata.errors import ForeignNfoError

_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f]")
_ADDRESS = re.compile(r"\s*https?://\S+\s*")
_DAY = re.compile(r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])")
_STATUS = {"continuing", "ended", "returning series", "pilot", "canceled", "cancelled", "unreleased"}
"""What Jellyfin knows (``TvParserHelpers``)."""
_PLACES = ("airsbefore_season", "airsbefore_episode", "airsafter_season", "displayseason", "displayepisode")
_UTF8 = {"utf-8", "ascii"}


@dataclass(slots=True)
class Seen:
    """What stands in an NFO file, as far as it can be read."""

    path: str
    readable: bool = False
    title: str = ""
    year: int | None = None
    numbers: list[tuple[int | None, int | None]] = field(default_factory=list)
    """(season, episode) of each episode that it describes."""
    ids: dict[str, str] = field(default_factory=dict)
    """By service, in lower case."""
    named_seasons: dict[int, str] = field(default_factory=dict)
    pictures: dict[str, str] = field(default_factory=dict)
    """Kinds of pictures that it gives addresses of, and in which element."""
    findings: list[Finding] = field(default_factory=list)


def look(path: str, data: bytes, root: str) -> Seen:
    """Look at one file, which ought to hold a ``root``."""
    seen = Seen(path)
    try:
        document = nfo_read.read(data, root)
    except ForeignNfoError as error:
        seen.findings.append(_why_not(path, data, root, error.detail))
        return seen
    seen.readable = True
    if document.encoding not in _UTF8 and not document.mark:
        seen.findings.append(finding(path, "nfo_encoding", encoding=document.encoding))
    for tree in document.trees:
        seen.findings += _of_tree(path, tree)
        seen.numbers.append((number(tree, "season"), number(tree, "episode")))
    first = document.trees[0]
    seen.title = _text(first, "title") or _text(first, "seasonname")
    year = _text(first, "year") or _text(first, "premiered")[:4]
    seen.year = int(year) if re.fullmatch(r"(19|20)\d\d", year, re.ASCII) else None
    for element in first.findall("uniqueid"):
        seen.ids.setdefault(element.get("type", "").strip().lower(), (element.text or "").strip())
    for element in first.findall("namedseason"):
        if re.fullmatch(r"\d{1,4}", element.get("number", ""), re.ASCII) and (element.text or "").strip():
            seen.named_seasons[int(element.get("number", ""))] = (element.text or "").strip()[:200]
    _pictures(seen, first)
    return seen


def number(tree: ET.Element, tag: str) -> int | None:
    """The number in that element; None: there is none."""
    text = _text(tree, tag)
    return int(text) if re.fullmatch(r"\d{1,6}", text, re.ASCII) else None


def _text(tree: ET.Element, tag: str) -> str:
    return " ".join((tree.findtext(tag) or "").split())[:500]


def _why_not(path: str, data: bytes, root: str, detail: str) -> Finding:
    """Why it cannot be read, in a word that helps."""
    if len(data) > nfo_read.LARGEST:
        return finding(path, "nfo_unreadable", detail=detail)
    try:
        text = nfo_read.decoded(data)[0]
    except ForeignNfoError as error:
        return finding(path, "nfo_unreadable", detail=error.detail)
    if _ADDRESS.fullmatch(text):
        return finding(path, "nfo_only_address")
    if _CONTROL.search(text):
        return finding(path, "nfo_control_characters")
    try:
        found = nfo_read.read(data).trees[0].tag
    except ForeignNfoError:
        return finding(path, "nfo_malformed", detail=detail)
    if found == "kodimultiepisode":
        return finding(path, "nfo_kodi_multi_episode")
    if found == root:
        return finding(path, "nfo_malformed", detail=detail)
    return finding(path, "nfo_wrong_root", found=found[:60], expected=root)


def _of_tree(path: str, tree: ET.Element) -> Iterator[Finding]:
    if nfo_merge.is_locked(tree):
        yield finding(path, "nfo_locked")
    if not _text(tree, "title") and tree.tag != "season":
        yield finding(path, "nfo_no_title")
    yield from _of_ids(path, tree)
    if tree.tag == "tvshow" and (status := _text(tree, "status")) and status.lower() not in _STATUS:
        yield finding(path, "nfo_status", value=status)
    for tag in ("genre", "country", "credits"):
        for element in tree.findall(tag):
            if "/" in (element.text or ""):
                yield finding(path, "nfo_slash", tag=tag, value=(element.text or "").strip()[:100])
    for tag in ("premiered", "aired", "enddate"):
        if (day := _text(tree, tag)) and not _DAY.fullmatch(day[:10]):
            yield finding(path, "nfo_date", tag=tag, value=day)
    for element in tree.iterfind("ratings/rating"):
        yield from _of_rating(path, element)
    for tag in _PLACES:
        if _text(tree, tag) in ("0", "-1"):
            yield finding(path, "nfo_place", tag=tag, value=_text(tree, tag))


def _of_ids(path: str, tree: ET.Element) -> Iterator[Finding]:
    ids = [element for element in tree.findall("uniqueid") if (element.text or "").strip()]
    legacy = _text(tree, "id")
    if legacy and legacy not in {(element.text or "").strip() for element in ids}:
        yield finding(path, "nfo_legacy_id")
    defaults = sum(element.get("default", "").strip().lower() == "true" for element in ids)
    if defaults > 1:
        yield finding(path, "nfo_several_default_ids", count=defaults)
    elif len(ids) > 1 and not defaults:
        yield finding(path, "nfo_no_default_id")


def _of_rating(path: str, element: ET.Element) -> Iterator[Finding]:
    text = _text(element, "value")
    try:
        value, most = float(text or 0), float(element.get("max") or 10)
    except ValueError:
        value, most = math.nan, 10
    # Kodi counts in tenths of what it is out of.
    if not (most > 0 and 0 < value * 10 / most <= 10):
        yield finding(path, "nfo_rating", value=text or "0")


def _pictures(seen: Seen, tree: ET.Element) -> None:
    for element in tree.findall("thumb"):
        if not (element.text or "").strip():
            continue
        aspect = element.get("aspect", "").strip().lower()
        if element.get("type", "").lower() == "season" or element.get("season"):
            _once(seen, finding(seen.path, "nfo_season_thumb"))
        elif aspect == "logo":
            _once(seen, finding(seen.path, "nfo_logo_aspect"))
        else:
            seen.pictures.setdefault(aspect or "poster", "thumb")
    if any((element.text or "").strip() for element in tree.iterfind("fanart/thumb")):
        seen.pictures.setdefault("fanart", "fanart")


def _once(seen: Seen, found: Finding) -> None:
    if found not in seen.findings:
        seen.findings.append(found)
