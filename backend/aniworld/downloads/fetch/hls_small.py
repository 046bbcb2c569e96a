"""Fetches what an HLS stream has beside its pieces: playlists and keys, which fit into memory."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from urllib.parse import urlsplit

from aniworld.catalog.types import Stream
from aniworld.downloads.fetch.answers import check_status, coding, content_length, refuse_page, tells_end
from aniworld.downloads.fetch.connection import Body, request
from aniworld.downloads.fetch.errors import BadAnswerError, ShortBodyError, TooLargeError
from aniworld.downloads.fetch.retry import Patience
from aniworld.downloads.fetch.types import Limits, Transport
from aniworld.kit.errors import AppError
from aniworld.kit.net.errors import TooLargeError as AnswerTooLargeError
from aniworld.kit.net.kinds import KEY, PLAYLIST, SUBTITLES, Kind
from aniworld.media.containers import HEAD

_END = b"#EXT-X-ENDLIST"
"""What a list of pieces ends with; one of variants has no such mark, so without a length it has to come twice."""


def headers_for(stream: Stream) -> Callable[[str], dict[str, str]]:
    """Tells the headers to send to an address: the stream's own at its origin, none elsewhere."""
    home = _origin(stream.url)
    return lambda url: dict(stream.headers) if _origin(url) == home else {}


def _origin(url: str) -> tuple[str, str | None, int | None]:
    try:
        parts = urlsplit(url)
        return parts.scheme, parts.hostname, parts.port
    except ValueError:  # no address; whoever asks for it is told
        return "", None, None


class SmallFiles:
    """Fetches them, trying again where that can help. Raises ``FetchError`` and ``NetError``."""

    def __init__(self, client: Transport, headers: Callable[[str], dict[str, str]], limits: Limits) -> None:
        self._client = client
        self._headers = headers
        self._limits = limits

    async def playlist(self, url: str) -> tuple[str, str]:
        """A playlist's text, and where it came from in the end."""

        seen = b""

        async def once() -> tuple[str, str]:
            nonlocal seen
            data, headers, final = await self._once(url, PLAYLIST)
            if not (tells_end(headers) or coding(headers) or _END in data or data == seen):
                seen = data
                raise ShortBodyError("The host did not tell how long the playlist is")
            if not data.lstrip().removeprefix(b"\xef\xbb\xbf").startswith(b"#EXTM3U"):
                refuse_page(headers, data[:HEAD])
            return data.decode("utf-8", "replace"), final

        patience = Patience(self._limits)
        while True:
            try:
                return await once()
            except AppError as error:
                await patience.wait(error)

    async def text(self, url: str) -> str:
        """Subtitles in a file of their own."""
        patience = Patience(self._limits)
        while True:
            try:
                data, headers, _final = await self._once(url, SUBTITLES)
                refuse_page(headers, data[:HEAD])
                return data.decode("utf-8", "replace")
            except AppError as error:
                await patience.wait(error)

    async def key(self, url: str, size: int) -> bytes:
        """A key of so many bytes."""
        patience = Patience(self._limits)
        while True:
            try:
                data, _headers, _final = await self._once(url, KEY)
                if len(data) == size:
                    return data
                await patience.wait(BadAnswerError(f"The key has {len(data)} bytes, not {size}"))
            except AnswerTooLargeError:
                await patience.wait(BadAnswerError(f"The key has more than {size} bytes"))
            except AppError as error:
                await patience.wait(error)

    async def _once(self, url: str, kind: Kind) -> tuple[bytes, dict[str, str], str]:
        try:
            async with asyncio.timeout(kind.seconds):
                return await self._read(url, kind)
        except TimeoutError as error:
            raise BadAnswerError(f"The {kind.name} did not come in time") from error

    async def _read(self, url: str, kind: Kind) -> tuple[bytes, dict[str, str], str]:
        async with request(self._client, url, self._headers(url), self._limits, kind) as connection:
            headers = connection.response.headers
            check_status(connection.response.status_code, headers)
            if connection.response.status_code != 200:
                raise BadAnswerError(f"The host sent a part of the {kind.name}, which was not asked for")
            length = content_length(headers)
            body = Body(connection, coding(headers))
            data = bytearray()
            async with contextlib.aclosing(body.blocks()) as blocks:
                async for block in blocks:
                    data += block
                    if len(data) > kind.max_bytes:
                        raise TooLargeError(f"The {kind.name} is larger than {kind.max_bytes} bytes")
            if length is not None and body.received != length:
                raise ShortBodyError(f"The host sent {body.received} of {length} bytes of the {kind.name}")
            return bytes(data), dict(headers), str(connection.response.url)
