"""Asks all sources of a series what they list; one that is down, gone or empty is stood in for by the next."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from aniworld.catalog.errors import SourceUnreachableError
from aniworld.catalog.service import Catalog
from aniworld.catalog.types import SeriesInfo
from aniworld.kit.errors import AppError
from aniworld.library.uniting import Source

log = logging.getLogger(__name__)

_PATIENCE = 120.0
"""Seconds for one source."""
_AFTERWARDS = 20.0
"""Seconds that further sources have once the leading one has answered: what they have can come with the next load."""


@dataclass(frozen=True, slots=True)
class Answers:
    """What the sources of a series said."""

    order: tuple[Source, ...]
    """All of them, the leading one first."""
    told: Mapping[Source, SeriesInfo]
    """Those that list episodes, in order."""
    failed: Mapping[Source, AppError]
    silent: SeriesInfo | None
    """The leading one lists no episodes."""

    @property
    def first(self) -> Source | None:
        """Which one answered first in order."""
        return next(iter(self.told), None)

    @property
    def note(self) -> str | None:
        """Who answered in place of the leading source, and why; None: that did."""
        if self.first is None or self.first == self.order[0]:
            return None
        error = self.failed.get(self.order[0])
        why = error.detail if error is not None else f"{self.order[0][0]} lists no episodes"
        return f"{self.first[0]} answered instead: {why}"[:500]


async def ask_all(catalog: Catalog, sources: Sequence[Source]) -> Answers:
    """Ask them all at once. Never raises for a source that fails."""
    tasks = [asyncio.create_task(_ask(catalog, source)) for source in sources]
    try:
        answers: list[SeriesInfo | AppError] = [await tasks[0]]
        if not isinstance(answers[0], AppError) and _lists(answers[0]):
            await asyncio.wait(tasks, timeout=_AFTERWARDS)
            for task in tasks[1:]:
                late = SourceUnreachableError("It did not answer in time")
                answers.append(task.result() if task.done() else late)
        else:
            answers += [await task for task in tasks[1:]]
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
    told: dict[Source, SeriesInfo] = {}
    failed: dict[Source, AppError] = {}
    silent: SeriesInfo | None = None
    for source, answer in zip(sources, answers, strict=True):
        if isinstance(answer, AppError):
            log.info("%s was asked for %s: %s", *source, answer.detail)
            failed[source] = answer
        elif _lists(answer):
            told[source] = answer
        elif source == sources[0]:
            silent = answer
    return Answers(tuple(sources), told, failed, silent)


async def _ask(catalog: Catalog, source: Source) -> SeriesInfo | AppError:
    try:
        async with asyncio.timeout(_PATIENCE):
            return await catalog.series(*source)
    except AppError as error:
        return error
    except TimeoutError:
        return SourceUnreachableError(f"{source[0]} did not answer within {_PATIENCE:g} s")


def _lists(info: SeriesInfo) -> bool:
    return any(season.episodes for season in info.seasons)
