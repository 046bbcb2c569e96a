"""Asks the sources for what could be added, and makes one row of what is one series."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncGenerator, Callable, Sequence
from typing import Any
from urllib.parse import urlencode

from litestar import Request

from aniworld.catalog.errors import UnknownProviderError
from aniworld.catalog.service import Catalog
from aniworld.catalog.types import Answer, Found
from aniworld.db.engine import Database
from aniworld.kit.errors import InvalidInputError
from aniworld.library.schemas import AddSeries, SourceOut
from aniworld.library.search_schemas import FailedProvider, SearchAnswer, SearchDone, SearchItem, SearchResult
from aniworld.library.source_repository import SourceRepository

__all__ = ["AddSeries", "CoverPath", "FailedProvider", "SearchItem", "SearchService", "cover_path"]

CoverPath = Callable[[str, str], str]
"""Our address of a (source, cover address)."""


def cover_path(request: Request[Any, Any, Any]) -> CoverPath:
    """How a client of this request reaches a cover through us."""
    root = request.scope.get("root_path", "").rstrip("/")
    return lambda name, url: f"{root}/api/search/cover?{urlencode({'provider': name, 'url': url})}"


class SearchService:
    """What is out there, and what of it is in the library."""

    def __init__(self, db: Database, catalog: Catalog) -> None:
        self._db = db
        self._catalog = catalog

    def check(self, provider: str | None) -> None:
        """Raise :class:`InvalidInputError` for a source that cannot be asked."""
        try:
            if provider is not None:
                self._catalog.provider(provider)
        except UnknownProviderError as error:
            raise InvalidInputError.field("provider", error.detail) from error

    async def search(self, q: str, provider: str | None, cover_path: CoverPath) -> SearchResult:
        """Ask the sources and wait for all of them; each has its own limit."""
        self.check(provider)
        return await self._result(q, await self._catalog.search(q, provider), cover_path)

    async def stream(
        self, q: str, provider: str | None, cover_path: CoverPath
    ) -> AsyncGenerator[SearchAnswer | SearchDone, None]:
        """What is known after each source's answer, then the end. Use it inside ``contextlib.aclosing``."""
        self.check(provider)
        waiting = [source.name for source in self._catalog.providers()] if provider is None else [provider]
        answers: list[Answer] = []
        async with contextlib.aclosing(self._catalog.ask(q, provider)) as asked:
            async for answer in asked:
                answers.append(answer)
                waiting = [name for name in waiting if name != answer.source]
                result = await self._result(q, answers, cover_path)
                yield SearchAnswer(items=result.items, failed_providers=result.failed_providers, waiting=waiting)
        yield SearchDone()

    async def _result(self, q: str, answers: Sequence[Answer], cover_path: CoverPath) -> SearchResult:
        found = self._catalog.rows(q, answers)
        entries = {(source, hit.provider_key) for row in found for source, hit in row.hits}
        async with self._db.read() as session:
            known = await SourceRepository(session).known(entries)
        return SearchResult(
            items=[_item(row, known, cover_path) for row in found],
            failed_providers=[
                FailedProvider(provider=answer.source, detail=answer.problem)
                for answer in sorted(answers, key=lambda answer: answer.source)
                if answer.problem is not None
            ],
        )


def _item(row: Found, known: dict[tuple[str, str], str], cover_path: CoverPath) -> SearchItem:
    source, hit = row.hits[0]
    key = next((known[name, hit.provider_key] for name, hit in row.hits if (name, hit.provider_key) in known), None)
    cover = next((cover_path(name, hit.cover_url) for name, hit in row.hits if hit.cover_url), None)
    return SearchItem(
        provider=source,
        provider_key=hit.provider_key,
        name=hit.name,
        year=row.year,
        cover_url=cover,
        in_library=key is not None,
        key=key,
        sources=[SourceOut(provider=name, provider_key=hit.provider_key, name=hit.name) for name, hit in row.hits],
    )
