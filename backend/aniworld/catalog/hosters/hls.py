"""A link that leads, over redirects, to an HLS playlist."""

from __future__ import annotations

from typing import ClassVar

from aniworld.catalog.errors import SourceChangedError, from_net
from aniworld.catalog.hosters.direct import kept_headers
from aniworld.catalog.tools import Tools
from aniworld.catalog.types import Link, Stream
from aniworld.kit.net import PLAYLIST
from aniworld.kit.net.errors import NetError


class HlsHoster:
    """Fetches the playlist once, to know where it really is and that it is one."""

    name: ClassVar[str] = "hls"

    def __init__(self, tools: Tools) -> None:
        self._client = tools.client

    async def resolve(self, link: Link) -> Stream:
        """The playlist's address. ``NotAtSourceError``: the link is dead; ``SourceChangedError``: no playlist."""
        try:
            answer = await self._client.get(link.url, kind=PLAYLIST, headers=link.headers)
        except NetError as error:
            raise from_net(error, link.hoster) from error
        if not answer.text().lstrip("\ufeff").startswith("#EXTM3U"):
            raise SourceChangedError(f"{link.hoster} answered with something that is no playlist")
        return Stream(url=answer.url, protocol="hls", headers=kept_headers(link, answer.url))
