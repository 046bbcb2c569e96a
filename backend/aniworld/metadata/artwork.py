"""Has pictures made harmless and small: by processes of their own, two at once at most. Blocks.

They stay for a while, because starting one takes longer than most pictures; one that dies, or takes too long, is
replaced, and its memory goes with it. Pillow is never imported here.
"""

from __future__ import annotations

import asyncio
import atexit
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import IO, ParamSpec, TypeVar

import msgspec

from aniworld.metadata.errors import BadPictureError
from aniworld.metadata.types import DrawAnswer, DrawJob, PictureFacts, PictureKind

T = TypeVar("T")
P = ParamSpec("P")

MAX_BYTES = 16 * 1024 * 1024
AT_ONCE = 2
CHILD_SECONDS = 30.0
_JOBS = 500
"""After so many pictures a process makes room for a new one."""
_NEEDED = ("LD_LIBRARY_PATH", "PATH", "SYSTEMROOT")
"""Of the environment, for the interpreter to start."""
_BROKEN = "The picture is broken, or takes too much memory or time"


def media_type(data: bytes) -> str | None:
    """What kind of picture the bytes begin like; None: none that a browser shows."""
    if data.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if data.startswith((b"GIF87a", b"GIF89a")):
        return "image/gif"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    if data[4:12] in (b"ftypavif", b"ftypavis"):
        return "image/avif"
    return None


def encode(kind: PictureKind, data: bytes) -> bytes:
    """The picture as it is kept: a PNG with transparency for a logo, else a JPEG, no larger than players want.

    Raises :class:`BadPictureError` for what is no JPEG, PNG or WebP, is broken, or is over 16 MiB or 40 million pixels.
    """
    return _draw(DrawJob(kind=kind, size=len(data)), data)[0]


def thumbnail(data: bytes, width: int) -> tuple[bytes, PictureFacts]:
    """A WebP of that width, and what the picture is; width 0: only that. Raises as :func:`encode`."""
    return _draw(DrawJob(width=width, size=len(data)), data)


async def apart(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run what blocks and makes pictures in threads of its own, so that all else finds its threads free."""
    return await asyncio.wrap_future(_threads.submit(work, *args, **kwargs))


_threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="pictures")
_free = threading.BoundedSemaphore(AT_ONCE)


class _Painter:
    """One process."""

    def __init__(self) -> None:
        self.jobs = 0
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-m", "aniworld.metadata.child"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={name: os.environ[name] for name in _NEEDED if name in os.environ},
        )

    def ask(self, job: DrawJob, data: bytes) -> tuple[DrawAnswer, bytes]:
        """Raises ``OSError``, ``EOFError`` and ``msgspec.DecodeError`` when it died over it or took too long."""
        self.jobs += 1
        questions, answers = _pipe(self._process.stdin), _pipe(self._process.stdout)
        watch = threading.Timer(CHILD_SECONDS, self._process.kill)
        watch.start()
        try:
            questions.write(msgspec.json.encode(job) + b"\n")
            questions.write(data)
            questions.flush()
            answer = msgspec.json.decode(answers.readline(4096), type=DrawAnswer)
            made = answers.read(min(answer.size, MAX_BYTES))
            if len(made) != answer.size:
                raise EOFError
            return answer, made
        finally:
            watch.cancel()

    def end(self) -> None:
        self._process.kill()
        self._process.communicate()


_idle: list[_Painter] = []


@atexit.register
def _send_home() -> None:
    while _idle:
        _idle.pop().end()


def _pipe(stream: IO[bytes] | None) -> IO[bytes]:
    assert stream is not None
    return stream


def _draw(job: DrawJob, data: bytes) -> tuple[bytes, PictureFacts]:
    if len(data) > MAX_BYTES:
        raise BadPictureError("The picture is larger than 16 MiB")
    with _free:
        painter = _idle.pop() if _idle else _Painter()
        try:
            answer, made = painter.ask(job, data)
        except (OSError, EOFError, ValueError):  # msgspec's errors are ValueErrors
            painter.end()
            if painter.jobs == 1:
                raise BadPictureError(_BROKEN) from None
            painter = _Painter()  # the other one may have gone home because nobody asked
            try:
                answer, made = painter.ask(job, data)
            except (OSError, EOFError, ValueError) as error:
                painter.end()
                raise BadPictureError(_BROKEN) from error
        if painter.jobs < _JOBS:
            _idle.append(painter)
        else:
            painter.end()
    if answer.problem is not None or answer.facts is None:
        raise BadPictureError(answer.problem or _BROKEN)
    return made, answer.facts
