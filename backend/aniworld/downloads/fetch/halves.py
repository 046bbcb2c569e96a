"""What is known of pieces that have come in part. Blocks; runs in threads.

A journal in the directory of the pieces: a line when a piece is begun, nothing afterwards. How much of it is there
its own file says. That holds for as long as the machine runs: what a killed process wrote, the system still has. After
a restart of the machine nothing is believed, for nothing of a piece is on the disk for certain before it is whole.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

import msgspec

from aniworld.kit.schema import Schema

_LARGEST = 16 * 1024**2
_BOOT = Path("/proc/sys/kernel/random/boot_id")


class Half(Schema, frozen=True):
    """A piece that is on its way, or was when the process ended."""

    name: str
    validator: str
    """Names the version that the bytes are of; empty where the host does not name it."""
    length: int
    """Bytes that the host announced for the whole piece, as it sends them; negative where it announced none."""


class _Began(Schema, frozen=True):
    """The first line: since when the machine runs."""

    boot: str


class Halves:
    """The journal of one directory."""

    def __init__(self, directory: Path) -> None:
        self._path = directory / "halves.jsonl"
        self._descriptor = -1

    def load(self) -> dict[str, Half]:
        """What was begun since the machine runs, the latest of each name."""
        try:
            with self._path.open("rb") as stream:
                first, *lines = stream.read(_LARGEST).splitlines() or [b""]
        except FileNotFoundError:
            return {}
        found = {}
        # The last line may have been cut off.
        with contextlib.suppress(msgspec.DecodeError):
            if msgspec.json.decode(first, type=_Began).boot != _boot():
                return {}
            for line in lines:
                half = msgspec.json.decode(line, type=Half)
                found[half.name] = half
        return found

    def begin(self, kept: list[Half]) -> None:
        """A new journal with what is left of the old one."""
        self.close()
        fresh = self._path.with_suffix(".new")
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND | os.O_NOFOLLOW
        self._descriptor = os.open(fresh, flags, 0o666)
        lines = [msgspec.json.encode(_Began(boot=_boot())), *map(msgspec.json.encode, kept)]
        os.write(self._descriptor, b"".join(line + b"\n" for line in lines))
        fresh.replace(self._path)

    def add(self, half: Half) -> None:
        """A piece is begun."""
        os.write(self._descriptor, msgspec.json.encode(half) + b"\n")

    def close(self) -> None:
        """No more pieces."""
        if self._descriptor >= 0:
            descriptor, self._descriptor = self._descriptor, -1
            os.close(descriptor)


def _boot() -> str:
    """Another one after each start of the machine; where it cannot be told, never the same twice."""
    try:
        return _BOOT.read_text(encoding="ascii").strip()
    except OSError:
        return os.urandom(16).hex()
