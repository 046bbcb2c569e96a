"""Which language of an episode is taken, and why one is not. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence

from aniworld.catalog.types import Language
from aniworld.library.types import RefusalReason


def is_out(aired: dt.date | None, offered: Collection[str], today: dt.date) -> bool:
    """Whether an episode can be expected to be there: it has aired, or a source has it."""
    return bool(offered) or (aired is not None and aired <= today)


def choose(
    *,
    asked: str | None,
    wanted: Sequence[str],
    offered: Collection[str],
    kept: Collection[str],
    aired: dt.date | None,
    today: dt.date,
) -> tuple[Language | None, RefusalReason | None]:
    """The language to download, or the reason why there is none.

    ``asked``: the one that was named; None: the first of ``wanted`` that is ``offered``, unless one is ``kept``.
    """
    if asked in kept if asked is not None else any(language in kept for language in wanted):
        return None, "already_downloaded"
    if not is_out(aired, offered, today):
        return None, "not_out_yet"
    for language in [asked] if asked is not None else wanted:
        if language in offered:
            return Language(language), None
    return None, "language_not_available"
