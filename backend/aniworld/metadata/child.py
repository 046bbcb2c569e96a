"""The process that decodes pictures: one after the other comes in, what is kept of it goes out.

A question is a line of JSON and the picture, an answer a line of JSON and what was made. It ends with its input, and by
itself when nobody asks for a while.
"""

from __future__ import annotations

import contextlib
import os
import select
import sys
from typing import BinaryIO

import msgspec

from aniworld.metadata import drawing
from aniworld.metadata.errors import BadPictureError
from aniworld.metadata.types import DrawAnswer, DrawJob

MEMORY = 1024 * 1024 * 1024
SECONDS = 20
"""Of the processor, for one picture."""
IDLE_SECONDS = 20.0
_NICE = 5


def limit_itself() -> None:
    """Memory, where the system knows such limits."""
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource  # noqa: PLC0415 - not there on every system

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with contextlib.suppress(OSError):
        os.nice(_NICE)


def _limit_next() -> None:
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource  # noqa: PLC0415

        used = resource.getrusage(resource.RUSAGE_SELF)
        _soft, hard = resource.getrlimit(resource.RLIMIT_CPU)
        resource.setrlimit(resource.RLIMIT_CPU, (int(used.ru_utime + used.ru_stime) + SECONDS, hard))


def main() -> None:
    """Answer until nobody asks."""
    limit_itself()
    questions, answers = os.fdopen(0, "rb", buffering=0), sys.stdout.buffer
    while select.select([questions], [], [], IDLE_SECONDS)[0]:
        line = questions.readline()
        if not line:
            return
        job = msgspec.json.decode(line, type=DrawJob)
        data = _exactly(questions, job.size)
        _limit_next()
        try:
            made, facts = drawing.draw(job, data)
            answer = DrawAnswer(size=len(made), facts=facts)
        except BadPictureError as error:
            made, answer = b"", DrawAnswer(problem=error.detail)
        answers.write(msgspec.json.encode(answer) + b"\n" + made)
        answers.flush()


def _exactly(stream: BinaryIO, size: int) -> bytes:
    parts = bytearray()
    while len(parts) < size:
        part = stream.read(min(size - len(parts), 1024 * 1024))
        if not part:
            sys.exit(1)
        parts += part
    return bytes(parts)


if __name__ == "__main__":
    main()
