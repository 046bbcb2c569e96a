"""One of several ways to the same goal."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

import pytest

from aniworld.kit.errors import UnavailableError
from aniworld.kit.hedge import AT_ONCE, hedged

LONG = 60.0


class Works:
    """Works of which a test decides how they end."""

    def __init__(self, *plan: str) -> None:
        self.started: list[int] = []
        self.cancelled: list[int] = []
        self._plan = plan

    def all(self) -> list[Callable[[], Awaitable[str]]]:
        return [self._work(place, what) for place, what in enumerate(self._plan)]

    def _work(self, place: int, what: str) -> Callable[[], Awaitable[str]]:
        async def work() -> str:
            self.started.append(place)
            if what == "fails":
                raise UnavailableError(f"{place}")
            if what == "hangs":
                try:
                    await asyncio.sleep(LONG)
                except asyncio.CancelledError:
                    self.cancelled.append(place)
                    raise
            return what

        return work


async def first(works: Works, patience: float = LONG) -> tuple[str | None, list[int]]:
    """The first value, and the places that failed before it."""
    failed: list[int] = []
    async with contextlib.aclosing(hedged(works.all(), lambda _place: patience)) as ended:
        async for end in ended:
            if end.error is None:
                return end.value, failed
            failed.append(end.place)
    return None, failed


async def test_one_that_answers_is_asked_alone() -> None:
    works = Works("a", "b")
    assert await first(works) == ("a", [])
    assert works.started == [0]


async def test_a_failure_moves_on_at_once() -> None:
    works = Works("fails", "fails", "c", "d")
    assert await first(works) == ("c", [0, 1])
    assert works.started == [0, 1, 2]


async def test_silence_moves_on_and_the_silent_one_is_ended() -> None:
    works = Works("hangs", "b")
    assert await first(works, patience=0.01) == ("b", [])
    assert works.cancelled == [0]


async def test_a_failure_moves_on_while_another_is_silent() -> None:
    works = Works("hangs", "fails", "c")
    patience = iter((0.01, LONG, LONG))
    async with contextlib.aclosing(hedged(works.all(), lambda _place: next(patience))) as ended:
        ends = [await anext(ended), await anext(ended)]
    assert [(end.place, end.value) for end in ends] == [(1, None), (2, "c")]


async def test_not_more_than_a_few_at_once() -> None:
    works = Works(*["hangs"] * 6)
    async with contextlib.aclosing(hedged(works.all(), lambda _place: 0.0)) as ended:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await anext(ended)
    assert works.started == list(range(AT_ONCE))


async def test_whoever_comes_back_gets_the_next() -> None:
    works = Works("a", "b", "fails")
    async with contextlib.aclosing(hedged(works.all(), lambda _place: LONG)) as ended:
        ends = [end async for end in ended]
    assert [(end.value, end.error is None) for end in ends] == [("a", True), ("b", True), (None, False)]


async def test_none_is_none() -> None:
    assert await first(Works()) == (None, [])


async def test_a_mistake_comes_through_and_ends_the_others() -> None:
    works = Works("hangs")

    async def mistake() -> str:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        async with contextlib.aclosing(hedged([works.all()[0], mistake], lambda _place: 0.01)) as ended:
            await anext(ended)
    assert works.cancelled == [0]
