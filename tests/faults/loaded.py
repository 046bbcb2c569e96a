"""The sample source with files that take a while: padded clips behind one slow line, and every byte counted."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx

from aniworld.sample import SampleSource

SECONDS = 24
LINE = 12_000_000
"""Bytes a second that all connections get together."""
FILE = 32 * 1024 * 1024
PIECE = 2 * 1024 * 1024
"""Sizes of the padded file and of a padded piece."""
_NULL_PACKET = b"\x47\x1f\xff\x10" + b"\xff" * 184
_STEP = 64 * 1024


class Line:
    """The site behind a line of a certain speed."""

    def __init__(self, site: Any) -> None:
        self.speed: float = LINE
        self.served: Counter[str] = Counter()
        self._site = site
        self._free = 0.0

    @property
    def sent(self) -> int:
        """Bytes of media that went out."""
        return sum(self.served.values())

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        path: str = scope.get("path", "")
        if not path.endswith((".mp4", ".ts")):
            await self._site(scope, receive, send)
            return

        async def slowly(message: Any) -> None:
            body: bytes = message.get("body", b"")
            for start in range(0, max(len(body), 1), _STEP):
                part = body[start : start + _STEP]
                last = start + _STEP >= len(body)
                await self._take(len(part))
                more = bool(message.get("more_body")) or not last
                await send({**message, "body": part, "more_body": more} if body else message)
                self.served[path] += len(part)

        await self._site(scope, receive, slowly)

    async def _take(self, count: int) -> None:
        now = asyncio.get_running_loop().time()
        self._free = max(self._free, now) + count / self.speed
        await asyncio.sleep(self._free - now)


class LoadedSource(SampleSource):
    """Use it as :class:`SampleSource`; then :meth:`load` what a test asks for."""

    def __init__(self, cache: Path) -> None:
        super().__init__(cache, seconds=SECONDS, bitrate=200_000)
        self._cache = cache
        self.line = Line(self._site)
        self._site = self.line  # type: ignore[assignment]

    async def load(self) -> None:
        """Have the first episode made, for both hosters, and pad it. The second is the same."""
        async with httpx.AsyncClient(base_url=self.url, trust_env=False, timeout=60, follow_redirects=True) as client:
            from aniworld.sample import content

            for id_, link in content.LINKS.items():
                first = link.series.slug == "paper-lanterns" and (link.season.number, link.episode.number) == (1, 1)
                if first and link.language.code == "ger-dub":
                    (await client.get(f"/go/{id_}")).raise_for_status()
        await asyncio.to_thread(self._pad)
        self.line.served.clear()

    def _pad(self) -> None:
        for clip in self._cache.rglob("*.mp4"):
            if (missing := FILE - clip.stat().st_size) > 8:
                with clip.open("ab") as stream:
                    stream.write(missing.to_bytes(4, "big") + b"free" + bytes(missing - 8))
        for piece in self._cache.rglob("*.ts"):
            packets = (PIECE - piece.stat().st_size) // len(_NULL_PACKET)
            with piece.open("ab") as stream:
                stream.write(_NULL_PACKET * max(0, packets))
        for first in self._cache.rglob("*-s01e01-*.*"):
            second = first.with_name(first.name.replace("-s01e01-", "-s01e02-"))
            if not second.exists():
                second.symlink_to(first.name)


@contextlib.asynccontextmanager
async def loaded_source(cache: Path) -> AsyncIterator[LoadedSource]:
    """A source whose first episode is large."""
    async with LoadedSource(cache) as source:
        speed, source.line.speed = source.line.speed, 1e12
        await source.load()
        source.line.speed = speed
        yield source
