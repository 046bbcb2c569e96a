"""The process that looks at media: ``python -m aniworld.media.worker``.

Reads one job as a line of JSON, writes one answer as a line of JSON. Media comes from strangers and is read by a large
library written in C; here it can crash nothing but itself, and takes no more than the limits below. When the server
dies its end of the pipe closes, and this process ends too, so that nobody writes into a file that the next server owns.
"""

from __future__ import annotations

import contextlib
import errno
import os
import resource
import sys
import threading
from pathlib import Path

import av.error
import msgspec

from aniworld.media import frame, remux, verify
from aniworld.media.refusal import RefusalError
from aniworld.media.types import Answer, DiskTrouble, Done, Framed, FrameJob, Job, ProbeJob, Refused, VerifyJob

_ADDRESS_SPACE = 4 * 1024**3
_CPU_SECONDS = 900
_OPEN_FILES = 64
_NICE = 5
_MACHINE = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS, errno.EACCES, errno.ENOENT, errno.EFBIG})


def main() -> None:
    """Do one job."""
    line = sys.stdin.buffer.readline()
    threading.Thread(target=_end_with_the_server, daemon=True).start()
    _limit()
    answer = _answer(msgspec.json.decode(line, type=Job))
    sys.stdout.buffer.write(msgspec.json.encode(answer) + b"\n")
    sys.stdout.buffer.flush()
    os._exit(0)  # the thread still waits for the server


def _end_with_the_server() -> None:
    while os.read(0, 4096):
        pass
    os._exit(1)


def _limit() -> None:
    for kind, limit in (
        (resource.RLIMIT_AS, _ADDRESS_SPACE),
        (resource.RLIMIT_CPU, _CPU_SECONDS),
        (resource.RLIMIT_NOFILE, _OPEN_FILES),
        (resource.RLIMIT_CORE, 0),
    ):
        _soft, hard = resource.getrlimit(kind)
        value = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(kind, (value, value))
    with contextlib.suppress(OSError):
        os.nice(_NICE)


def _answer(job: Job) -> Answer:
    try:
        if isinstance(job, ProbeJob):
            return Done(info=verify.probe(Path(job.path)))
        if isinstance(job, VerifyJob):
            return Done(info=verify.verify(Path(job.path), job.expected_duration, job.tolerance))
        if isinstance(job, FrameJob):
            return Framed(data=frame.frame(job))
        return remux.remux(job)
    except RefusalError as error:
        return Refused(reason=error.reason, message=error.message)
    except MemoryError:
        return Refused(reason="memory", message="Reading the file needs too much memory")
    except (OSError, av.error.FFmpegError) as error:
        if error.errno in _MACHINE:
            return DiskTrouble(number=error.errno, file=str(error.filename) if error.filename else None)
        return Refused(reason="damaged", message=f"The file is damaged ({error.strerror or type(error).__name__})")


if __name__ == "__main__":
    main()
