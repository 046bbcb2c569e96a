"""A source with as many episodes as a test wants, each with bytes of its own, behind one slow line; all is counted."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import random
import re
from collections import Counter
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path

from aniworld.sample import SampleSource, install_profile
from aniworld.sample.asgi import Exchange, Receive, Scope, Send, parse_range
from tests.media.clips import make_clip, make_segments

SERIES = "shelf"
EPISODES = 600
DIRECT = 8 * 1024 * 1024
"""Bytes of a file that comes in one."""
PIECE = 1024 * 1024
"""Bytes of each piece of one that comes in pieces."""
LINE = 24_000_000.0
"""Bytes a second that all connections get together."""
SYNC = 4 * 1024 * 1024
"""What may be fetched again of a file after a kill, and what its connections had brought to the door."""
ON_THE_WAY = 2 * 1024 * 1024
_NOT_YET_A_FILE = 0.3
_NOT_YET_A_CHECKPOINT = 1.5
"""Seconds for which what came is at stake."""
_LENGTHS = (5, 7, 8)
"""Seconds of the clips, and so the number of their pieces. Episodes have them in turn."""
_KEPT = 40
"""Bodies in memory."""
_STEP = 64 * 1024
_PACKET = 188
_PLAYLIST = "application/vnd.apple.mpegurl"


@dataclass
class Shelf:
    """The site as an ASGI application. Episodes with an odd number come as a file, the others in pieces."""

    clips: list[bytes]
    pieces: list[list[bytes]]
    speed: float = LINE
    served: Counter[int] = field(default_factory=Counter)
    """Bytes of media that went out, by episode."""
    may_again: Counter[int] = field(default_factory=Counter)
    """Bytes that may go out a second time, because something cut them off."""
    sending: int = 0
    """Answers that are not at their end. One that was cut off counts a step more before it knows."""
    touched: dict[tuple[int, str], float] = field(default_factory=dict)
    """When the last byte of a file or piece went out, by episode and name of the piece."""
    _made: dict[str, bytes] = field(default_factory=dict)
    _free: float = 0.0

    def size(self, episode: int) -> int:
        """Bytes of all media of an episode."""
        if is_direct(episode):
            return len(self.file(episode))
        return sum(len(self.piece(episode, number)) for number in range(self.seconds(episode)))

    def seconds(self, episode: int) -> int:
        """How long it plays, which is the number of its pieces as well."""
        return _LENGTHS[self.clip(episode)]

    @staticmethod
    def clip(episode: int) -> int:
        """Which of the clips it shows."""
        return episode // 2 % len(_LENGTHS)

    def file(self, episode: int) -> bytes:
        """The whole file of an episode: the clip, and behind it a box that players pass over."""
        return self._kept(f"{episode}", lambda: self._make_file(episode))

    def piece(self, episode: int, number: int) -> bytes:
        """One piece: that of the clip, and behind it packets that players pass over."""
        return self._kept(f"{episode}/{number}", lambda: self._make_piece(episode, number))

    def digest(self, episode: int) -> str:
        """SHA-256 of the whole file."""
        return hashlib.sha256(self.file(episode)).hexdigest()

    def _kept(self, name: str, make: Callable[[], bytes]) -> bytes:
        if name not in self._made:
            while len(self._made) >= _KEPT:
                del self._made[next(iter(self._made))]
            self._made[name] = make()
        return self._made[name]

    def _make_file(self, episode: int) -> bytes:
        clip = self.clips[self.clip(episode)]
        missing = DIRECT - len(clip)
        return clip + missing.to_bytes(4, "big") + b"free" + _noise(episode, missing - 8)

    def _make_piece(self, episode: int, number: int) -> bytes:
        piece = self.pieces[self.clip(episode)][number]
        count = (PIECE - len(piece)) // _PACKET
        noise = _noise(episode * 1000 + number, _PACKET - 4)
        return piece + b"".join(b"\x47\x1f\xff" + bytes([16 + index % 16]) + noise for index in range(count))

    # --- ASGI ---------------------------------------------------------------------------------------------------

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        exchange = Exchange(scope, receive, send)
        if match := re.fullmatch(r"/media/(\d+)(?:\.mp4|/(media\.m3u8|\d{5}\.ts))", exchange.path):
            await self._media(exchange, int(match[1]), match[2])
        elif match := re.fullmatch(rf"/series/{SERIES}/season/1/episode/(\d+)", exchange.path):
            await exchange.text(200, _links(int(match[1])), "text/html")
        elif exchange.path == f"/series/{SERIES}/season/1":
            rows = "".join(self._row(number) for number in range(1, EPISODES + 1))
            await exchange.text(200, f'<table class="episodes">{rows}</table>', "text/html")
        elif exchange.path == f"/series/{SERIES}":
            seasons = f'<nav class="seasons"><a href="/series/{SERIES}/season/1">Season 1</a></nav>'
            await exchange.text(
                200, f'<h1 class="series-title"><span class="series-name">Shelf</span></h1>{seasons}', "text/html"
            )
        else:
            await exchange.text(404, "Nothing is here", "text/plain")

    def _row(self, number: int) -> str:
        return (
            f'<tr class="episode"><td class="ep-number">{number}</td><td class="ep-title">Number {number}</td>'
            f'<td class="ep-aired"><time datetime="2020-01-01">1 January 2020</time></td>'
            f'<td class="ep-duration">0:{self.seconds(number):02}</td>'
            f'<td class="ep-languages"><span class="lang" data-lang="ger-dub">German</span></td></tr>'
        )

    async def _media(self, exchange: Exchange, episode: int, name: str | None) -> None:
        if name == "media.m3u8":
            lines = "".join(f"#EXTINF:1.0,\n{number:05}.ts\n" for number in range(self.seconds(episode)))
            head = "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:1\n#EXT-X-PLAYLIST-TYPE:VOD\n"
            await exchange.text(200, f"{head}{lines}#EXT-X-ENDLIST\n", _PLAYLIST)
        elif name is None:
            await self._send(exchange, episode, "", self.file(episode), "video/mp4")
        else:
            await self._send(exchange, episode, name, self.piece(episode, int(name[:5])), "video/mp2t")

    async def _send(self, exchange: Exchange, episode: int, name: str, data: bytes, kind: str) -> None:
        etag = f'"{episode}-{name}"'
        headers = {"ETag": etag, "Accept-Ranges": "bytes", "Content-Type": kind}
        first, end, status = 0, len(data), 200
        wanted = exchange.header("range")
        if wanted and exchange.header("if-range") in (None, etag) and (part := parse_range(wanted, len(data))):
            status, (first, end) = 206, part
            headers["Content-Range"] = f"bytes {first}-{end - 1}/{len(data)}"
        await exchange.start(status, {**headers, "Content-Length": str(end - first)})
        gone = asyncio.create_task(_leaving(exchange.receive))
        self.sending += 1
        try:
            while first < end and not gone.done():
                body = data[first : min(first + _STEP, end)]
                await self._take(len(body))
                first += len(body)
                await exchange.send({"type": "http.response.body", "body": body, "more_body": first < end})
                self.served[episode] += len(body)
                self.touched[episode, name] = asyncio.get_running_loop().time()
        finally:
            self.sending -= 1
            gone.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await gone

    async def _take(self, count: int) -> None:
        now = asyncio.get_running_loop().time()
        self._free = max(self._free, now) + count / self.speed
        await asyncio.sleep(self._free - now)

    # --- what is counted ----------------------------------------------------------------------------------------

    @property
    def sent(self) -> int:
        """Bytes of media that went out."""
        return sum(self.served.values())

    async def at_rest(self) -> None:
        """Wait until nothing is sent any more, so that all is counted."""
        while self.sending:
            await asyncio.sleep(0.005)

    def interrupt(self, *, killed: bool) -> None:
        """What runs was or will be cut off in this moment, so some of it may be fetched again.

        Of a file: what it had since its last checkpoint, if it was ``killed``, and what was on the way. Each piece that
        was not on the disk yet.
        """
        now = asyncio.get_running_loop().time()
        for (episode, name), last in self.touched.items():
            if name and now - last < _NOT_YET_A_FILE:
                self.may_again[episode] += PIECE
            elif not name and now - last < _NOT_YET_A_CHECKPOINT:
                self.may_again[episode] += ON_THE_WAY + (SYNC if killed else 0)
        if killed:
            self.touched.clear()


def is_direct(episode: int) -> bool:
    """Whether it comes as one file."""
    return episode % 2 == 1


def _links(episode: int) -> str:
    hoster, address = ("Streamline", f"{episode}.mp4") if is_direct(episode) else ("Rivulet", f"{episode}/media.m3u8")
    link = f'<a class="watch" href="/media/{address}"><span class="hoster">{hoster}</span></a>'
    return f'<ul class="links"><li class="link" data-lang="ger-dub">{link}</li></ul>'


def _noise(seed: int, size: int) -> bytes:
    block = random.Random(seed).randbytes(65_521)
    return (block * (size // len(block) + 1))[:size]


async def _leaving(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


class ShelfSource(SampleSource):
    """The shelf on loopback."""

    def __init__(self, cache: Path) -> None:
        super().__init__(cache)
        clips = [make_clip(cache / f"{seconds}.mp4", seconds).read_bytes() for seconds in _LENGTHS]
        pieces = [
            [path.read_bytes() for path in make_segments(cache / f"{seconds}", seconds)[1]] for seconds in _LENGTHS
        ]
        self.shelf = Shelf(clips, pieces)
        self._site = self.shelf  # type: ignore[assignment]

    def install(self, data: Path) -> None:
        """Make a server know it."""
        install_profile(data / "providers", self.url)


@contextlib.asynccontextmanager
async def shelf_source(cache: Path) -> AsyncIterator[ShelfSource]:
    """A shelf that is open."""
    cache.mkdir(parents=True, exist_ok=True)
    async with ShelfSource(cache) as source:
        yield source
