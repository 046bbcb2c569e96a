"""Keys of encrypted streams, and what they open."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import TYPE_CHECKING, Protocol

from aniworld.downloads.fetch.errors import BadAnswerError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers import Cipher as Scheme
    from cryptography.hazmat.primitives.ciphers.modes import CBC

    from aniworld.downloads.fetch.hls_small import SmallFiles

BLOCK = 16
"""Bytes of a key, of an initialization vector, and of what is encrypted at once."""


class UndecryptableError(BadAnswerError):
    """The key does not fit, or the piece is not whole."""


class Cipher(Protocol):
    """Turns what came into what is kept. Blocks; runs in threads."""

    def feed(self, data: bytes | memoryview) -> bytes:
        """The next bytes, as far as they can be told."""
        ...

    def finish(self) -> bytes:
        """The last bytes. Raises :class:`BadAnswerError`."""
        ...


class KeyRing:
    """Every key is fetched once, however many pieces need it at the same moment."""

    def __init__(self, files: SmallFiles) -> None:
        self._files = files
        self._keys: dict[str, bytes] = {}
        self._fetching = asyncio.Lock()

    async def get(self, url: str) -> bytes:
        """The key. Raises what fetching raises."""
        if url not in self._keys:
            async with self._fetching:
                if url not in self._keys:
                    self._keys[url] = await self._files.key(url, BLOCK)
        return self._keys[url]

    def forget(self, url: str, key: bytes) -> None:
        """A piece did not open with that key: the host may have sent a wrong one."""
        if self._keys.get(url) == key:
            del self._keys[url]


class AesCbc:
    """AES-128 in CBC mode with PKCS #7 padding, as HLS has it."""

    def __init__(self, key: bytes, iv: bytes) -> None:
        self._open = _scheme(key, iv).decryptor()
        self._held = b""
        self._size = 0

    def feed(self, data: bytes | memoryview) -> bytes:
        """All but the last block, which may be padding."""
        self._size += len(data)
        plain = self._held + self._open.update(data)
        self._held = plain[-BLOCK:]
        return plain[:-BLOCK]

    def finish(self) -> bytes:
        """The last block without its padding."""
        held = self._held
        count = held[-1] if held else 0
        if self._size % BLOCK or not 1 <= count <= BLOCK or held[-count:] != bytes([count]) * count:
            raise UndecryptableError("The piece cannot be decrypted: it is not whole, or the key does not fit")
        return held[:-count]


def relock(blocks: Iterator[bytes], key: bytes, iv: bytes, count: int) -> bytes:
    """The last ``count`` bytes as they came, of plain content in whole blocks. Runs in threads."""
    lock = _scheme(key, iv).encryptor()
    last = b""
    for block in blocks:
        last = (last + lock.update(block))[-count:]
    return last


def _scheme(key: bytes, iv: bytes) -> Scheme[CBC]:
    # Few streams are encrypted; the rest do without the library.
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes  # noqa: PLC0415

    return Cipher(algorithms.AES128(key), modes.CBC(iv))
