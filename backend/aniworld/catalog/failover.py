"""In which order hosters are tried. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from aniworld.catalog.types import Link


def order(links: Iterable[Link], preferred: Sequence[str]) -> list[Link]:
    """Links of preferred hosters first, the best first; the others follow in the source's order. Each address once."""
    places = {name.casefold(): place for place, name in reversed(list(enumerate(preferred)))}
    unique: dict[str, Link] = {}
    for link in links:
        unique.setdefault(link.url, link)
    return sorted(unique.values(), key=lambda link: places.get(link.hoster.casefold(), len(places)))
