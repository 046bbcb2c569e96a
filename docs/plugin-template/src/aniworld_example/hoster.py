"""Exchanges a ticket for the address of a file: ``{"file": "https://…", "size": 123}``."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from aniworld.catalog.errors import from_net
from aniworld.catalog.tools import Tools
from aniworld.catalog.types import Link, Stream
from aniworld.kit.net.errors import NetError


class Ticket(msgspec.Struct):
    """What a ticket says."""

    file: str
    size: int | None = None


class ExampleTicketHoster:
    """Holds no state but its HTTP client; may be called several times at once."""

    api: ClassVar[int] = 1
    name: ClassVar[str] = "example-ticket"

    def __init__(self, tools: Tools) -> None:
        self._client = tools.client

    async def resolve(self, link: Link) -> Stream:
        """The stream behind the link."""
        try:
            ticket = (await self._client.get(link.url)).json(Ticket)
        except NetError as error:
            raise from_net(error, link.hoster) from error
        return Stream(url=ticket.file, protocol="http", size=ticket.size)
