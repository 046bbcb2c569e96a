"""What every source and every hoster is given to work with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from aniworld.catalog.errors import SourceChangedError, SourceUnreachableError
from aniworld.catalog.extraction.client import Extractor
from aniworld.catalog.fetcher import Fetcher
from aniworld.catalog.pages.reader import Reader
from aniworld.kit.net import Answer, HttpClient
from aniworld.kit.net.errors import BadAnswerError

T = TypeVar("T")

JSON = {"Accept": "application/json"}
MAX_PARTS = 300_000
"""Values in one JSON answer: empty objects take thirty times the room of their text."""


def _no_limit() -> int | None:
    return None


@dataclass(frozen=True, slots=True)
class Tools:
    """One set for all."""

    client: HttpClient
    """The only way out."""
    reader: Reader
    """Reads pages where they can do no harm."""
    max_height: Callable[[], int | None] = _no_limit
    """The tallest picture that is wanted now."""
    extractor: Extractor = field(init=False)
    """Has yt-dlp look at pages, where it can do no harm."""
    pages: Fetcher = field(init=False)
    """Fetches what sources list: politely, and nothing twice."""

    def __post_init__(self) -> None:
        """One of each for all: few processes run at a time, and a host that two sources share is asked as one."""
        object.__setattr__(self, "extractor", Extractor(self.client))
        object.__setattr__(self, "pages", Fetcher(self.client))


def json_of(answer: Answer, type_: type[T], who: str) -> T:
    """The answer as data. Raises ``SourceChangedError``, and ``SourceUnreachableError`` for a page in its place."""
    if sum(map(answer.content.count, (b",", b"{", b"["))) > MAX_PARTS:
        raise SourceChangedError(f"{who} answers with more than {MAX_PARTS} values")
    try:
        return answer.json(type_)
    except BadAnswerError as error:
        if answer.headers.get("content-type", "").strip().lower().startswith("text/html"):
            # That is how proxies and overloaded hosts say that it does not work now.
            raise SourceUnreachableError(f"{who} answers with a page instead of data") from error
        raise SourceChangedError(f"{who}: {error.detail}") from error
