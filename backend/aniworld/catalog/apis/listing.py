"""Directory listings of web servers: nginx, Apache, Caddy, lighttpd, rclone and whatever lists a folder by links.

A listing says nothing about itself that all servers share. What they share is that everything in a folder is linked
one step below it; so an entry is a link that leads there, and its name is what the address says (what is shown may be
cut). Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from aniworld.catalog.pages.rules import Query, Rule, Wanted

MAX_ENTRIES = 10_000
"""Of one folder."""

LINKS = Query(values={"href": Wanted(rules=(Rule(attr="href"),), kind="url")}, items="a[href]", limit=2 * MAX_ENTRIES)
"""What is asked of a listing in HTML; sorting and the way up are links as well."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A file or folder."""

    name: str
    is_folder: bool
    url: str
    """Of a folder: with the slash at its end."""


def from_links(folder: str, links: Iterable[str]) -> list[Entry]:
    """What lies in the folder at that address, by the addresses that its page links."""
    inside = _segments(urlsplit(folder).path)[:-1]
    found: dict[str, Entry] = {}
    for link in links:
        parts = urlsplit(link)
        segments = _segments(parts.path)
        is_folder = segments[-1] == ""
        if is_folder:
            segments.pop()
        if parts.query or len(segments) != len(inside) + 1 or segments[:-1] != inside:
            continue
        name = segments[-1]
        if name is not None and usable(name):
            found.setdefault(name, Entry(name, is_folder, link))
    return list(found.values())


def from_json(folder: str, rows: Iterable[Any]) -> list[Entry]:
    """The same from the JSON of nginx (``type``) and Caddy (``is_dir``)."""
    found: dict[str, Entry] = {}
    for row in rows:
        if not isinstance(row, dict) or not isinstance(name := row.get("name"), str):
            continue
        is_folder = row.get("type") == "directory" or row.get("is_dir") is True
        name = name.removesuffix("/") if is_folder else name
        if usable(name) and row.get("type") != "other":
            found.setdefault(name, Entry(name, is_folder, folder + quote(name, safe="") + "/" * is_folder))
    return list(found.values())


def usable(name: str) -> bool:
    """Whether it is the name of one thing, and not of one that is hidden."""
    return 0 < len(name) <= 255 and name[0] != "." and name.isprintable() and not {"/", "\\"} & {*name}


def _segments(path: str) -> list[str | None]:
    """The parts of a path, decoded; None is one that is no UTF-8."""
    return list(_decoded(path))


def _decoded(path: str) -> Iterator[str | None]:
    for part in path.split("/"):
        try:
            yield unquote(part, errors="strict")
        except UnicodeDecodeError:
            yield None
