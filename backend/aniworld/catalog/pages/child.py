"""The process that reads one page: a job comes in, an outcome goes out, and that was it."""

from __future__ import annotations

import contextlib
import sys

import msgspec

from aniworld.catalog.pages.extract import TangledError, extract
from aniworld.catalog.pages.reader import Job, Outcome
from aniworld.catalog.pages.rules import Page

MEMORY = 384 * 1024 * 1024
SECONDS = 8


def limit_itself() -> None:
    """Memory and processor time, where the system knows such limits."""
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource  # noqa: PLC0415 - not there on every system

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def main() -> None:
    """Read the job from standard input and write the outcome to standard output."""
    limit_itself()
    job = msgspec.json.decode(sys.stdin.buffer.readline(), type=Job)
    page = Page(html=sys.stdin.buffer.read(), url=job.url, hosts=job.hosts, content_type=job.content_type)
    try:
        outcome = Outcome(found=extract(page, job.queries))
    except TangledError as error:
        outcome = Outcome(problem=str(error))
    except MemoryError:
        outcome = Outcome(problem="the page needs too much memory")
    sys.stdout.buffer.write(msgspec.msgpack.encode(outcome))


if __name__ == "__main__":
    main()
