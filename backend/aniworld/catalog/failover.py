"""In which order hosters and sources are tried. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from aniworld.catalog.types import Link

_STEP = 0.25
"""How much less a place is worth than the one before it."""


def order(
    links: Iterable[Link], preferred: Sequence[str], health: Callable[[Link], float] = lambda _link: 1.0
) -> list[Link]:
    """Links by preference × health (0 to 1); the source's order where that is the same. Each address once.

    A hoster that is down comes last whatever is preferred; one that is shaky gives way to the next preferred ones.
    """
    unique: dict[str, Link] = {}
    for link in links:
        unique.setdefault(link.url, link)
    return sorted(unique.values(), key=lambda link: -preference(link.hoster, preferred) * health(link))


def preference(name: str, preferred: Sequence[str]) -> float:
    """1 for the most preferred, less for each further one, least for all the others."""
    folded = name.casefold()
    place = next((place for place, known in enumerate(preferred) if known.casefold() == folded), len(preferred))
    return 1 / (1 + _STEP * place)
