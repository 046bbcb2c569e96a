"""Regular expressions of profiles: only such as cannot be made slow by what a page says. Pure.

Python's ``re`` tries again and again where an expression is ambiguous, and holds everything else up meanwhile. So
nothing but a single character may be repeated, at most three parts may be repeated without a bound, and the text is
cut.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

MAX_LENGTH = 300
MAX_REPEATS = 3
_BOUNDED = 16
"""Repeats up to here are no more than that many characters written out."""

_sre: Any = re._parser  # type: ignore[attr-defined]  # the only way to see how an expression is built
_REPEATS = frozenset({"MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"})
_SINGLE = frozenset({"LITERAL", "NOT_LITERAL", "IN", "ANY", "CATEGORY"})
_PLAIN = _SINGLE | {"AT"}


def compile_pattern(text: str) -> re.Pattern[str]:
    """The expression. Raises ``ValueError`` with the reason when it is wrong or could be made slow."""
    if len(text) > MAX_LENGTH:
        raise ValueError(f"longer than {MAX_LENGTH} characters")
    try:
        pattern = re.compile(text)
        tree = _sre.parse(text)
    except (re.error, RecursionError, OverflowError) as error:
        raise ValueError(f"no regular expression: {error}") from error
    if _repeats(tree) > MAX_REPEATS:
        raise ValueError(f"more than {MAX_REPEATS} parts are repeated without a bound")
    if pattern.groups > 1:
        raise ValueError("more than one group; write (?:…) for groups that are not the value")
    return pattern


def longest_text(pattern: re.Pattern[str]) -> int:
    """How many characters of a text the pattern may see: its cost grows with a power of it."""
    return (20_000, 2_000, 400, 200)[_repeats(_sre.parse(pattern.pattern))]


def capture(pattern: re.Pattern[str], text: str) -> str | None:
    """What the group caught, or all that was matched when there is none; None: no match."""
    found = pattern.search(text, 0, longest_text(pattern))
    return None if found is None else found.group(pattern.groups)


def _repeats(tree: Iterable[tuple[Any, Any]]) -> int:
    """Parts that are repeated without a bound. Raises ``ValueError`` for what may not be there at all."""
    count = 0
    for operator, argument in tree:
        name = str(operator)
        if name in _REPEATS:
            least, most, inner = argument
            inner = list(inner)
            if int(most) > 1 and (len(inner) != 1 or str(inner[0][0]) not in _SINGLE):
                raise ValueError("only single characters and classes may be repeated, not groups")
            count += _repeats(inner) + (int(most) - int(least) > _BOUNDED)
        elif name == "SUBPATTERN":
            count += _repeats(argument[3])
        elif name == "ATOMIC_GROUP":
            count += _repeats(argument)
        elif name in ("ASSERT", "ASSERT_NOT"):
            count += _repeats(argument[1])
        elif name == "BRANCH":
            count += sum(_repeats(branch) for branch in argument[1])
        elif name not in _PLAIN:
            raise ValueError(f"{name.lower()} is not allowed")
    return count
