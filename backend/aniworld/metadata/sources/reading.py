"""Reading what a service answered. Pure, and it never fails: what is of the wrong kind counts as not said.

One field that is not what the documentation says costs that field; one episode that is none costs that episode.
"""

from __future__ import annotations

import datetime as dt
import html
import math
import re
from collections.abc import Iterator
from urllib.parse import urlsplit

LONGEST_TITLE = 500
LONGEST_TEXT = 20_000
LONGEST_URL = 2_000
MOST = 5_000
"""Entries of one list that are looked at: a series that never ends has some thousand episodes."""

_TAG = re.compile(r"<(/?[A-Za-z][^<>]{0,300}|!--[^<>]{0,300})>")
_BREAK = re.compile(r"<\s*(br|/p|/div|/li)\b[^<>]{0,100}>", re.IGNORECASE)
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]")


class Node:
    """One object of the answer."""

    __slots__ = ("_fields",)

    def __init__(self, raw: object) -> None:
        self._fields: dict[str, object] = raw if isinstance(raw, dict) else {}

    def __bool__(self) -> bool:
        return bool(self._fields)

    @property
    def raw(self) -> object:
        """As it came."""
        return self._fields

    def flag(self, name: str) -> bool:
        """Whether it is said to be true."""
        return self._fields.get(name) is True

    def node(self, *path: str) -> Node:
        """The object at that path; an empty one where there is none."""
        found = self
        for name in path:
            found = Node(found._fields.get(name))
        return found

    def nodes(self, name: str) -> Iterator[Node]:
        """The objects of a list; what is no object is passed over."""
        listed = self._fields.get(name)
        for entry in listed[:MOST] if isinstance(listed, list) else ():
            if isinstance(entry, dict):
                yield Node(entry)

    def title(self, name: str) -> str:
        """A text of one line."""
        value = self._fields.get(name)
        return " ".join(_CONTROL.sub("", value[:LONGEST_TITLE]).split()) if isinstance(value, str) else ""

    def titles(self, name: str) -> tuple[str, ...]:
        """A list of texts of one line, without the empty ones."""
        listed = self._fields.get(name)
        entries = listed[:MOST] if isinstance(listed, list) else ()
        return tuple(found for entry in entries if (found := Node({"it": entry}).title("it")))

    def text(self, name: str) -> str:
        """A text of some lines, without markup."""
        value = self._fields.get(name)
        return plain(value) if isinstance(value, str) else ""

    def whole(self, name: str, *, least: int = 0, most: int = 2**53) -> int | None:
        """A whole number within limits; digits in a text are one, too."""
        value = self._fields.get(name)
        if isinstance(value, str) and value.strip().isascii() and value.strip().isdigit() and len(value) < 20:
            value = int(value)
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        fits = isinstance(value, int) and not isinstance(value, bool) and least <= value <= most
        return value if fits and isinstance(value, int) else None

    def wholes(self, name: str) -> list[int]:
        """The whole numbers of a list."""
        listed = self._fields.get(name)
        entries = listed[:MOST] if isinstance(listed, list) else ()
        return [entry for entry in entries if isinstance(entry, int) and not isinstance(entry, bool)]

    def number(self, name: str) -> float | None:
        """A number that is neither negative nor endless."""
        value = self._fields.get(name)
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            return None
        return float(value) if 0 <= value < 1e12 and math.isfinite(value) else None

    def date(self, name: str) -> dt.date | None:
        """``2024-05-06``."""
        value = self._fields.get(name)
        try:
            return dt.date.fromisoformat(value) if isinstance(value, str) and len(value) == 10 else None
        except ValueError:
            return None

    def url(self, name: str) -> str | None:
        """The address of something on the web."""
        value = self._fields.get(name)
        return value if isinstance(value, str) and is_url(value) else None

    def id(self, name: str) -> str:
        """A number, or a short text, that names something: as text; empty where there is none."""
        number = self.whole(name, least=1)
        if number is not None:
            return str(number)
        value = self._fields.get(name)
        return value if isinstance(value, str) and re.fullmatch(r"[A-Za-z0-9_-]{1,64}", value) else ""


def is_url(value: str) -> bool:
    """Whether it is an address on the web, whole and of sensible length."""
    if len(value) > LONGEST_URL or not value.isascii() or not value.isprintable() or " " in value:
        return False
    try:
        parts = urlsplit(value)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.username is None


def plain(value: str) -> str:
    """A text without markup, its lines kept."""
    text = html.unescape(_TAG.sub("", _BREAK.sub("\n", value[: 2 * LONGEST_TEXT])))
    lines = (" ".join(line.split()) for line in _CONTROL.sub("", text.replace("\r", "\n")).split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()[:LONGEST_TEXT]
