"""Sending a form over redirects: once, and to nobody else."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

import httpx

from aniworld.kit.net.cookies import Jar
from aniworld.kit.net.errors import AddressRefusedError
from aniworld.kit.net.guard import Target
from aniworld.kit.net.redirects import Opened

T = TypeVar("T", bound=Opened)


class FormSender(Generic[T]):
    """Sends a form, and after a redirect asks for where that leads, as browsers do."""

    def __init__(self, send: Callable[..., Awaitable[T]], content: bytes, jar: Jar | None) -> None:
        self._send = send
        self._content = content
        self._jar = jar
        self._first: Target | None = None
        self._status = 0

    async def __call__(self, place: httpx.URL, target: Target, headers: httpx.Headers) -> T:
        """The answer to the form, and after a redirect to a plain request; how ``follow`` wants to be helped."""
        again = self._status in (307, 308)
        if again and target != self._first:
            raise AddressRefusedError("The host wants the form to be sent somewhere else")
        if self._first is None or again:
            opened = await self._send("POST", place, target, headers, content=self._content, jar=self._jar)
        else:
            opened = await self._send("GET", place, target, headers, jar=self._jar)
        self._first = self._first or target
        self._status = opened.status
        return opened
