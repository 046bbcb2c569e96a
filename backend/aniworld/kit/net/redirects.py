"""Following redirects: every hop is checked like the first address, and what is secret stays at home."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol, TypeVar

import httpx

from aniworld import __version__
from aniworld.kit.net.errors import AddressRefusedError, BadAnswerError
from aniworld.kit.net.guard import Target, parse_url
from aniworld.kit.net.kinds import Kind

USER_AGENT = f"Aniworld/{__version__}"
MAX_HOPS = 5
DRAIN = 16 * 1024
"""Bytes of an unwanted body that are read so that its connection can be used again; a longer one costs it."""

_REDIRECTS = (301, 302, 303, 307, 308)
_KEPT_ACROSS_ORIGINS = frozenset({"range", "if-range", "accept-encoding", "user-agent"})


class Opened(Protocol):
    """An answer whose body has not been read."""

    @property
    def status(self) -> int:
        """As it was sent."""
        ...

    @property
    def location(self) -> str | None:
        """The field of that name."""
        ...

    async def drop(self) -> None:
        """Done with it; a short body is read so that the connection can be used again."""
        ...


T = TypeVar("T", bound=Opened)


async def follow(
    send: Callable[[httpx.URL, Target, httpx.Headers], Awaitable[T]], url: str, headers: httpx.Headers, kind: Kind
) -> tuple[T, str]:
    """The first answer that is no redirect, and where it came from. Raises ``NetError``."""
    place, target = parse_url(url)
    for _ in range(MAX_HOPS + 1):
        answer = await send(place, target, headers)
        if answer.status not in _REDIRECTS or answer.location is None:
            return answer, str(place)
        location = answer.location
        await answer.drop()
        before, (place, target) = target, _next(place, location)
        if before.scheme == "https" and target.scheme == "http":
            raise AddressRefusedError("The host leads from https to http")
        if target != before:
            headers = _for_another_origin(headers, kind)
    raise BadAnswerError(f"The host redirects more than {MAX_HOPS} times")


def defaults(kind: Kind) -> httpx.Headers:
    """What is sent with every request."""
    return httpx.Headers({"User-Agent": USER_AGENT, "Accept": kind.accept, "Accept-Encoding": "identity"})


def _for_another_origin(headers: httpx.Headers, kind: Kind) -> httpx.Headers:
    kept = defaults(kind)
    kept.update({name: value for name, value in headers.items() if name in _KEPT_ACROSS_ORIGINS})
    return kept


def _next(place: httpx.URL, location: str) -> tuple[httpx.URL, Target]:
    try:
        joined = str(place.join(location.strip()).copy_with(fragment=None))
    except (httpx.InvalidURL, ValueError) as error:
        raise AddressRefusedError("The host redirects to something that is no address") from error
    return parse_url(joined)
