"""The moves of a queue item and the delays after a failure."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from aniworld.downloads.states import LONGEST_DELAY, MOVES, retry_delay, sources


def test_every_state_that_is_left_can_be_reached() -> None:
    reached = {target for targets in MOVES.values() for target in targets}
    assert reached == set(MOVES)


def test_a_completed_item_stays_completed() -> None:
    assert MOVES["completed"] == frozenset()
    assert sources("completed") == ("downloading",)


@given(
    attempt=st.integers(1, 10_000), base=st.floats(0.1, 3600), told=st.none() | st.floats(0, 1e9), seed=st.integers()
)
def test_delays_are_bounded_and_never_earlier_than_told(
    attempt: int, base: float, told: float | None, seed: int
) -> None:
    delay = retry_delay(attempt, base, told, rng=random.Random(seed))
    assert 0 < delay <= LONGEST_DELAY
    assert delay >= min(told or 0, LONGEST_DELAY)


def test_delays_double() -> None:
    rng = random.Random(0)
    mean = [sum(retry_delay(attempt, 10, rng=rng) for _ in range(2000)) / 2000 for attempt in (1, 2, 3)]
    assert [round(value / 10) for value in mean] == [1, 2, 4]
