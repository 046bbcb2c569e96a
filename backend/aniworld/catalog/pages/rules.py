"""What a rule says, and what is asked of a page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from aniworld.kit.schema import Input, Schema

Css = Annotated[str, Meta(max_length=300)]
DateFormat = Annotated[str, Meta(min_length=1, max_length=60)]
Kind = Literal["text", "number", "year", "date", "duration", "path", "url"]


class Rule(Input, frozen=True):
    """Where a value stands. The first element that has a value gives it (all of them, for lists and descriptions)."""

    css: Css = ""
    """Selector, below the item; empty: the item itself."""
    path: Css = ""
    """The same in JSON; see ``paths``."""
    up: Css = ""
    """Begin at the nearest element around the item that fits this selector."""
    attr: Annotated[str, Meta(max_length=60, pattern=r"^[^\s\"'<>/=]*$")] = ""
    """The attribute that holds the value; empty: the text."""
    text: Literal["all", "own", "html"] = "all"
    """``own`` leaves out what stands inside child elements; ``html``: the value is HTML, of which the text is taken."""
    regex: Annotated[str, Meta(max_length=300)] = ""
    """The value is what its group catches, or all that matches when it has none; no match is no value."""
    map: Annotated[dict[str, str], Meta(max_length=200)] = msgspec.field(default_factory=dict)
    """Words of the site → ours, upper and lower case alike; other words stay as they are."""
    wrap: Annotated[str, Meta(max_length=500)] = ""
    """A text into which the value is put, in place of ``{value}``."""
    format: DateFormat | Annotated[tuple[DateFormat, ...], Meta(max_length=10)] = ()
    """How a date is written, as in ``%d.%m.%Y``; ``unix``: seconds since 1970; empty: as in 2021-04-09."""
    unit: Literal["seconds", "minutes"] = "minutes"
    """What a duration without a colon or a unit of its own counts."""


class Data(Input, frozen=True):
    """Where JSON stands in HTML. Every element that fits is read; what is no JSON is passed over."""

    css: Css
    attr: Annotated[str, Meta(max_length=60, pattern=r"^[^\s\"'<>/=]*$")] = ""
    """The attribute that holds it; empty: the text."""
    after: Annotated[str, Meta(max_length=200)] = ""
    """It begins after this text, as in ``window.data =``; an element without the text is passed over."""


class Wanted(Schema, frozen=True):
    """One value of each item."""

    rules: tuple[Rule, ...]
    """The first that finds something is taken."""
    many: int = 1
    """Values to take at most."""
    kind: Kind = "text"
    """What it must be to be a value at all. ``path`` and ``url``: an address, relative to the page, on one of the
    source's hosts; the rule's regex sees the path of a ``path``, and what makes up a ``url``."""


class Query(Schema, frozen=True):
    """What is asked of a page."""

    values: dict[str, Wanted]
    items: str | None = None
    """Selector or path of the items; None: the page is the one item."""
    limit: int = 1
    """Items to take at most; one more is looked at, to know that there are more."""
    empty: str = ""
    """Selector or path of what the page shows when it has no items on purpose."""
    next: Wanted | None = None
    """What leads to the next page."""
    answer: Literal["html", "json"] = "html"
    """What the page is."""
    data: Data | None = None
    """Where JSON stands in HTML: the rules are paths in it."""
    html: str = ""
    """Where HTML stands in JSON: the rules are selectors in it."""

    @property
    def in_json(self) -> bool:
        """Whether the rules are paths."""
        return self.data is not None or (self.answer == "json" and not self.html)


class Found(Schema, frozen=True):
    """What the page answers to a query."""

    items: list[dict[str, list[str]]]
    """Values by name; a value that is not there is missing. Numbers, dates (ISO 8601) and seconds are plain."""
    more: bool
    """There are more items than the limit."""
    empty: bool
    """The page says by itself that there is nothing."""
    next: str = ""
    """What leads to the next page."""
    unfit: dict[str, str] = msgspec.field(default_factory=dict)
    """By name the first thing that stood where a value should, and is none."""


@dataclass(frozen=True, slots=True)
class Page:
    """A page and where it came from."""

    html: str | bytes
    """As text, or as it came."""
    url: str
    hosts: tuple[str, ...]
    """``host:port`` of the addresses that may come out of it."""
    content_type: str = ""
    """For bytes: as the server says."""
