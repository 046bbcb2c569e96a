"""What the API says about a search."""

from __future__ import annotations

from aniworld.kit.schema import Schema
from aniworld.library.schemas import SourceOut


class SearchItem(Schema, frozen=True):
    """A series that one or several sources know."""

    provider: str
    provider_key: str
    name: str
    year: int | None
    cover_url: str | None
    """On this server; null: no source shows one."""
    in_library: bool
    key: str | None
    """Its key, if it is in the library."""
    sources: list[SourceOut]
    """All that know it; the first is ``provider``."""


class FailedProvider(Schema, frozen=True):
    """A source that did not answer."""

    provider: str
    detail: str


class SearchResult(Schema, frozen=True):
    """What the sources know; the failure of one hides no other's answers."""

    items: list[SearchItem]
    failed_providers: list[FailedProvider]


class SearchAnswer(SearchResult, frozen=True, tag_field="type", tag="answer"):
    """What is known after one more source has answered: all rows, the most relevant first."""

    waiting: list[str]
    """Sources that have not answered yet."""


class SearchDone(Schema, frozen=True, tag_field="type", tag="done"):
    """Every source has answered or failed; the last message."""
