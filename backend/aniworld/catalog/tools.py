"""What every source is given to work with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

from aniworld.catalog.errors import SourceChangedError, SourceUnreachableError
from aniworld.catalog.pages.reader import Reader
from aniworld.kit.net import Answer, HttpClient
from aniworld.kit.net.errors import BadAnswerError

T = TypeVar("T")

JSON = {"Accept": "application/json"}


@dataclass(frozen=True, slots=True)
class Tools:
    """One set for all sources."""

    client: HttpClient
    """The only way out."""
    reader: Reader
    """Reads pages where they can do no harm."""


def json_of(answer: Answer, type_: type[T], who: str) -> T:
    """The answer as data. Raises ``SourceChangedError``, and ``SourceUnreachableError`` for a page in its place."""
    try:
        return answer.json(type_)
    except BadAnswerError as error:
        if answer.headers.get("content-type", "").strip().lower().startswith("text/html"):
            # That is how proxies and overloaded hosts say that it does not work now.
            raise SourceUnreachableError(f"{who} answers with a page instead of data") from error
        raise SourceChangedError(f"{who}: {error.detail}") from error
