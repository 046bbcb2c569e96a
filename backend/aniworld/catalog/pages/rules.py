"""What a rule says, and what is asked of a page."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from aniworld.kit.schema import Input, Schema

Css = Annotated[str, Meta(max_length=300)]


class Rule(Input, frozen=True):
    """Where a value stands. The first element that has a value gives it (all of them, for lists and descriptions)."""

    css: Css = ""
    """Selector, below the item; empty: the item itself."""
    attr: Annotated[str, Meta(max_length=60, pattern=r"^[^\s\"'<>/=]*$")] = ""
    """The attribute that holds the value; empty: the text."""
    text: Literal["all", "own"] = "all"
    """``own`` leaves out what stands inside child elements."""
    regex: Annotated[str, Meta(max_length=300)] = ""
    """The value is what its group catches, or all that matches when it has none; no match is no value."""
    map: Annotated[dict[str, str], Meta(max_length=200)] = msgspec.field(default_factory=dict)
    """Words of the site → ours, upper and lower case alike; other words stay as they are."""
    format: Annotated[str, Meta(max_length=60)] = ""
    """How a date is written, as in ``%d.%m.%Y``; empty: as in 2021-04-09."""
    unit: Literal["seconds", "minutes"] = "minutes"
    """What a duration without a colon counts."""


class Wanted(Schema, frozen=True):
    """One value of each item."""

    rule: Rule
    many: int = 1
    """Values to take at most."""
    address: Literal["", "path", "url"] = ""
    """The value is an address, relative to the page, and must be on one of the source's hosts: taken whole or as its
    path. Where the rule has a regex, it sees what this makes of the value."""


class Query(Schema, frozen=True):
    """What is asked of a page."""

    values: dict[str, Wanted]
    items: str | None = None
    """Selector of the items; None: the page is the one item."""
    limit: int = 1
    """Items to take at most; one more is looked at, to know that there are more."""
    empty: str = ""
    """Selector of what the page shows when it has no items on purpose."""


class Found(Schema, frozen=True):
    """What the page answers to a query."""

    items: list[dict[str, list[str]]]
    """Values by name; a value that is not there is missing."""
    more: bool
    """There are more items than the limit."""
    empty: bool
    """The page says by itself that there is nothing."""


class Page(Schema, frozen=True):
    """A page and where it came from."""

    html: str
    url: str
    hosts: tuple[str, ...]
    """``host:port`` of the addresses that may come out of it."""
