"""Has many folders looked through by a process of its own: names are read there, while what was read is written here.

In one process the two would take turns, and so would whoever asks the server for something meanwhile.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import struct
import sys
import time
from collections.abc import AsyncGenerator, Mapping, Sequence
from pathlib import Path
from typing import Protocol

import msgspec

from aniworld.scan.walk import Seen, look

log = logging.getLogger(__name__)

_SLICE, _MOST = 0.05, 400
"""Seconds of looking, or videos, that are told together."""
_LARGEST = 64 * 1024 * 1024
_LENGTH = struct.Struct("<I")
_ENVIRONMENT = ("PATH", "PYTHONPATH", "PYTHONDONTWRITEBYTECODE", "LANG", "LC_ALL", "TMPDIR")


_LOOK = 0.05
"""Seconds of looking at folders before what was seen is written."""
_MOST_AT_ONCE = 500
"""Videos that are written in one transaction."""
_MANY = 50
"""Folders: so many that were read anew promise more, and so many are worth a process."""


class Known(Protocol):
    """A folder that was looked at before."""

    @property
    def directories(self) -> Mapping[str, int]:
        """Path → modification time (ns)."""


class _Job(msgspec.Struct, array_like=True):
    anime: str
    thoroughly: bool
    folders: list[tuple[str, dict[str, int]]]
    """Name, and its directories with their times as far as they are known."""


async def looks(
    anime: Path, names: Sequence[str], known: Mapping[str, Known], thoroughly: bool
) -> AsyncGenerator[list[Seen], None]:
    """What there is in the folders, in order. Where there is much to be read, another process does it."""
    done = read_anew = 0
    while done < len(names):
        if read_anew >= _MANY <= len(names) - done:
            rest = [(name, known[name].directories if name in known else {}) for name in names[done:]]
            async with contextlib.aclosing(read(anime, rest, thoroughly=thoroughly)) as batches:
                async for batch in batches:
                    yield batch
                    done += len(batch)
            read_anew = 0
        else:
            batch = await asyncio.to_thread(_look_at_some, anime, names[done:], known, thoroughly)
            read_anew += sum(bool(seen.changed) for seen in batch)
            yield batch
            done += len(batch)


def _look_at_some(anime: Path, names: Sequence[str], known: Mapping[str, Known], thoroughly: bool) -> list[Seen]:
    """Look at folders for a moment. Blocks."""
    begun, seen, videos = time.monotonic(), [], 0
    for name in names:
        folder = known.get(name)
        found = look(anime, name, folder.directories if folder is not None else {}, thoroughly=thoroughly)
        seen.append(found)
        videos += len(found.videos)
        if time.monotonic() - begun > _LOOK or videos > _MOST_AT_ONCE:
            break
    return seen


async def read(
    anime: Path, folders: Sequence[tuple[str, Mapping[str, int]]], *, thoroughly: bool
) -> AsyncGenerator[list[Seen], None]:
    """What there is in these folders, in order, some at a time. Use it inside ``contextlib.aclosing``.

    It ends early where the process cannot be started or dies: whoever asked does the rest.
    """
    question = msgspec.msgpack.encode(_Job(str(anime), thoroughly, [(name, dict(times)) for name, times in folders]))
    try:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", __name__,
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, limit=1024 * 1024, start_new_session=True,
            env={name: os.environ[name] for name in _ENVIRONMENT if name in os.environ},
        )  # fmt: skip
    except OSError as error:
        log.warning("The folders are read here, no process can be started: %s", error.strerror)
        return
    assert process.stdin is not None
    assert process.stdout is not None
    asking = asyncio.create_task(_ask(process.stdin, question))
    decoder = msgspec.msgpack.Decoder(list[Seen])
    try:
        with contextlib.suppress(asyncio.IncompleteReadError):
            while True:
                (length,) = _LENGTH.unpack(await process.stdout.readexactly(_LENGTH.size))
                if length > _LARGEST:
                    break
                yield decoder.decode(await process.stdout.readexactly(length))
    except msgspec.MsgspecError:
        log.warning("What the process that reads folders tells cannot be understood")
    finally:
        asking.cancel()
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()


async def _ask(stdin: asyncio.StreamWriter, question: bytes) -> None:
    """The pipe stays open: its end is the reader's too."""
    with contextlib.suppress(ConnectionError):
        stdin.write(_LENGTH.pack(len(question)) + question)
        await stdin.drain()


def main() -> None:
    """Read the question, tell what there is, batch by batch."""
    (length,) = _LENGTH.unpack(sys.stdin.buffer.read(_LENGTH.size))
    job = msgspec.msgpack.decode(sys.stdin.buffer.read(length), type=_Job)
    anime = Path(job.anime)
    batch: list[Seen] = []
    begun, videos = time.monotonic(), 0
    for name, times in job.folders:
        seen = look(anime, name, times, thoroughly=job.thoroughly)
        batch.append(seen)
        videos += len(seen.videos)
        if time.monotonic() - begun > _SLICE or videos > _MOST:
            _tell(batch)
            batch, begun, videos = [], time.monotonic(), 0
    if batch:
        _tell(batch)


def _tell(batch: list[Seen]) -> None:
    data = msgspec.msgpack.encode(batch)
    sys.stdout.buffer.write(_LENGTH.pack(len(data)) + data)
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
