"""What the fetch layer asks of others, and what it gives back."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol

from aniworld.catalog.types import Stream
from aniworld.downloads.fetch.throttle import Throttle
from aniworld.kit.net.kinds import MEDIA, Kind
from aniworld.kit.net.lines import Wish
from aniworld.media.types import TextTrack

BLOCK = 1024 * 1024
"""Bytes that are gathered in memory before they are written."""
BUFFER = 128 * 1024
"""Bytes of each of a connection's two buffers, where there are many connections."""

Renew = Callable[[], Awaitable[Stream]]
"""Asks for the same file at a fresh address. Raises ``AppError``."""


class Response(Protocol):
    """An answer whose body has not been read."""

    @property
    def status_code(self) -> int:
        """The HTTP status; nothing has judged it yet."""
        ...

    @property
    def headers(self) -> Mapping[str, str]:
        """Header fields, found in any case; several of one name are joined by commas."""
        ...

    @property
    def url(self) -> object:
        """The address after redirects; ``str()`` of it is the text."""
        ...

    @property
    def crowded(self) -> bool:
        """Whether others wait for a connection to this host."""
        ...

    @property
    def pending(self) -> int:
        """Bytes of the body that have come and were not handed out yet, about."""
        ...

    async def block(self, least: int | None = None) -> memoryview:
        """The next bytes of the body as they came over the wire, valid until the next call; empty at its end.

        A buffer full of them, or what came within a moment; at once where there are ``least``. Raises ``NetError``
        where the body ends too early.
        """
        ...

    def resize(self, size: int) -> None:
        """Bytes of a buffer from now on."""
        ...


class Transport(Protocol):
    """The HTTP client, seen from here: follows redirects, guards addresses, raises ``NetError`` and nothing else."""

    def open(
        self, url: str, *, headers: Mapping[str, str] | None = None, kind: Kind = MEDIA, wish: Wish | None = None
    ) -> AbstractAsyncContextManager[Response]:
        """Send a GET with exactly these headers beside its own."""
        ...


class ProgressSink(Protocol):
    """Counts. Called from the event loop; does no I/O and never waits."""

    def total(self, total: int | None, /) -> None:
        """The size in bytes, once it is known or better estimated; None: nobody knows."""
        ...

    def add(self, count: int, /) -> None:
        """Bytes arrived."""
        ...

    def reset(self, downloaded: int, /) -> None:
        """Count from here: what an earlier attempt left, or what of it could be trusted."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How patient a fetch is and how much it may take."""

    retries: int = 3
    """Attempts after a failure that brought nothing new."""
    backoff: float = 0.5
    """Seconds before the first of them; doubles."""
    patience: float = 10.0
    """The longest ``Retry-After`` that is waited for here; a longer one is left to the caller."""
    idle: float = 30.0
    """Seconds without a byte after which a connection is given up."""
    slow_bytes: int = 64 * 1024
    slow_window: float = 60.0
    """Fewer bytes than this in as many seconds: the connection is given up."""
    reserve: int = 64 * 1024 * 1024
    """Bytes that stay free on the disk."""
    max_size: int = 64 * 1024**3
    """Largest file."""
    sync_bytes: int = 1024 * 1024
    sync_seconds: float = 1.0
    """A checkpoint is made after so many bytes or seconds, whichever comes first,"""
    sync_pause: float = 0.01
    """but never sooner than this after the last one; on a slow disk a few times later than that."""
    segments: int = 8
    """HLS segments fetched at once."""
    connections: int = 8
    """Connections for one file, where more than one make it faster."""
    per_host: int = 16
    """Connections to one host, for all files together."""
    split_bytes: int = 2 * 1024 * 1024
    """The smallest stretch that is worth a connection."""
    worth: float = 1.0
    """Seconds that one connection would still need, so that more are worth it."""
    throttle: Throttle = field(default_factory=Throttle)
    """How fast all may be that share it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """What lies on the disk now, complete and synced."""

    protocol: Literal["http", "hls"]
    paths: tuple[Path, ...]
    """One file, or the pieces to be joined in this order."""
    bytes: int
    audio: tuple[Path, ...] = ()
    """The sound, in pieces to be joined, where it is apart from the picture."""
    subtitles: tuple[TextTrack, ...] = ()
    expected_duration: float | None = None
    """Seconds, where the playlist told."""
    proven: bool = True
    """The length is what the host announced. False: it announced none, so only the content can tell."""

    @property
    def single(self) -> bool:
        """Whether it is one file that holds everything, and may stay as it is."""
        return self.protocol == "http" and not self.audio and not self.subtitles


Soon = Callable[[Fetched], None]
"""Told what will lie where, at most once, when the rest is about to come. The size is an estimate, and each piece that
has its name is whole."""
