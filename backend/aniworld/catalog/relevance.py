"""How well a series answers a search. Pure.

What somebody typed is compared with every title that a source gives: the same title first, then one that begins with
it, then one that holds its words, then one that is nearly so. A season and a year that were typed must fit.
"""

from __future__ import annotations

from collections.abc import Sequence
from difflib import SequenceMatcher

from aniworld.naming.titles import Title, title, variants

EXACT, SAME, BEGINS, WORDS, NEAR = 1000, 950, 800, 600, 300
_SYNONYM = 20
"""What a title that is not the first costs."""
_OTHER_SEASON = 60
_YEAR_FITS = 30
_OTHER_YEAR = 150
_CLOSE = 0.75
"""How alike two words are (0 to 1) that are taken for one with a mistake in it."""


def relevance(query: str, name: str, synonyms: Sequence[str] = (), year: int | None = None) -> int:
    """0 (nothing in common) to about 1000 (the very title)."""
    asked = title(query)
    best = 0
    for place, known in enumerate([*variants(name), *(found for other in synonyms for found in variants(other))]):
        score = _score(asked, known)
        if score:
            best = max(best, score - (_SYNONYM if place else 0))
    if best and asked.year is not None:
        told = year if year is not None else title(name).year
        if told is not None:
            best += _YEAR_FITS if told == asked.year else -_OTHER_YEAR if abs(told - asked.year) > 1 else 0
    return max(best, 0)


def _score(asked: Title, known: Title) -> int:
    if not asked.core:
        return 0
    if asked.text == known.text:
        return EXACT
    season = 0 if asked.season == known.season else _OTHER_SEASON + min(abs(known.season - asked.season), 20)
    if asked.core == known.core:
        return SAME - season
    # Of two that hold it the shorter says less besides.
    beside = min(len(known.core) - len(asked.core), 99) if len(known.core) > len(asked.core) else 0
    if known.core.startswith(asked.core):
        whole = known.words[: len(asked.words)] == asked.words
        return BEGINS + (50 if whole else 0) - beside - season // 2
    held = sum(_held(word, known.words) for word in asked.words) / len(asked.words)
    if held == 1.0:
        return WORDS + (50 if asked.core in known.core else 0) - beside - season // 2
    alike = SequenceMatcher(None, asked.core[:80], known.core[:80], autojunk=False).ratio()
    nearest = max(held if held >= 0.5 else 0.0, alike if alike >= _CLOSE else 0.0)
    return int(NEAR * nearest) if nearest else 0


def _held(word: str, words: Sequence[str]) -> float:
    """1: it is there, or a word begins with it; less: one is like it; 0: none is."""
    if any(known.startswith(word) for known in words):
        return 1.0
    if len(word) < 4:
        return 0.0
    best = max(SequenceMatcher(None, word, known, autojunk=False).ratio() for known in words)
    return best * 0.9 if best >= _CLOSE else 0.0
