"""A link that leads, over redirects, to the file itself."""

from __future__ import annotations

import re
from typing import ClassVar

from aniworld.catalog.errors import SourceChangedError, from_net
from aniworld.catalog.tools import Tools
from aniworld.catalog.types import Link, Stream
from aniworld.kit.net import MEDIA, Response, raise_for_status
from aniworld.kit.net.errors import NetError
from aniworld.kit.net.guard import parse_url

_TOTAL = re.compile(r"bytes [0-9]{1,19}-[0-9]{1,19}/([0-9]{1,19})")
_NO_MEDIA = (
    "text/",
    "image/",
    "application/json",
    "application/xml",
    "application/xhtml+xml",
    "application/problem+json",
)


class DirectHoster:
    """Asks for the first byte: the answer tells the final address, the size, and whether it is a file at all."""

    name: ClassVar[str] = "direct"

    def __init__(self, tools: Tools) -> None:
        self._client = tools.client

    async def resolve(self, link: Link) -> Stream:
        """The file's address. ``NotAtSourceError``: the link is dead; ``SourceChangedError``: it leads to a page."""
        headers = {**link.headers, "Range": "bytes=0-0"}
        try:
            async with self._client.stream("GET", link.url, headers=headers, kind=MEDIA) as response:
                raise_for_status(response)
                kind = response.headers.get("content-type", "").strip().lower()
                if kind.startswith(_NO_MEDIA):
                    raise SourceChangedError(f"{link.hoster} answered with {kind.partition(';')[0]} instead of a video")
                if response.status_code == 206:
                    await response.discard()
                kept = kept_headers(link, response.url)
                return Stream(
                    url=response.url, protocol="http", headers=kept, size=_size(response), subtitles=link.subtitles
                )
        except NetError as error:
            raise from_net(error, link.hoster) from error


def kept_headers(link: Link, url: str) -> dict[str, str]:
    """The link's headers, unless it has led to another origin."""
    return link.headers if parse_url(url)[1] == parse_url(link.url)[1] else {}


def _size(response: Response) -> int | None:
    """Bytes of the whole file, where the host tells."""
    if response.headers.get("content-encoding", "identity").lower() != "identity":
        return None
    if response.status_code == 206:
        total = _TOTAL.fullmatch(response.headers.get("content-range", "").strip())
        return int(total.group(1)) if total else None
    length = response.headers.get("content-length", "")
    return int(length) if re.fullmatch(r"[0-9]{1,19}", length) else None
