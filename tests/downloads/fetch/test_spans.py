"""Stretches of a file, against a plain set of positions."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from aniworld.downloads.fetch.spans import Spans

SIZE = 60
spans = st.lists(st.tuples(st.integers(0, SIZE), st.integers(0, SIZE)), max_size=12)


@given(spans, st.integers(0, SIZE))
def test_like_a_set(pairs: list[tuple[int, int]], at: int) -> None:
    there = {place for start, end in pairs for place in range(start, end)}
    made = Spans(pairs)
    assert {place for start, end in made.all() for place in range(start, end)} == there
    assert all(end < after for (_, end), (after, _) in pairwise(made.all()))
    assert made.count == len(there)
    assert made.end == max(there, default=-1) + 1
    missing = set(range(SIZE)) - there
    assert {place for start, end in made.gaps(SIZE) for place in range(start, end)} == missing
    assert made.prefix == min(missing, default=SIZE)
    assert made.after(at) == min((place for place in missing if place >= at), default=SIZE) - at
    assert made.before(at) == at - max((place + 1 for place in missing if place < at), default=0)
