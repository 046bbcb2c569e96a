"""Makes a running process fail at a certain system call."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

CALLS = ("rename", "renameat2", "fsync", "fdatasync", "unlink", "unlinkat")
"""Those that matter: what they promise is what a crash may not take away."""


WAL = "data/aniworld.db-wal"
TARGETS: tuple[tuple[str, str | None], ...] = (
    ("rename", None),
    ("renameat2", None),
    ("fsync", None),
    ("fdatasync", None),
    ("pwrite64", None),
    ("unlink", None),
    ("unlinkat", None),
    ("ftruncate", None),
    ("pwrite64", WAL),
    ("fdatasync", WAL),
)
"""Calls to die in, and the file of the server they are about; None: any, so mostly work files."""
RARITY = {
    "rename": 0.7,
    "renameat2": 3.0,
    "fsync": 0.7,
    "fdatasync": 1.0,
    "pwrite64": 0.4,
    "unlink": 1.5,
    "unlinkat": 1.5,
    "ftruncate": 3.0,
}
"""The rarer a call is in one thread, the earlier one of them has to be chosen."""


def must_be_there() -> None:
    """Fail where processes cannot be traced."""
    reason = why_not()
    assert reason is None, f"{reason}; on Debian: apt-get install strace. In a container it needs CAP_SYS_PTRACE"


def failing(injection: str, path: Path | None) -> tuple[str, ...]:
    """A command that starts another one whose calls fail as ``injection`` says, only those about ``path`` if given."""
    name = injection.partition(":")[0]
    about = ("-P", str(path)) if path is not None else ()
    # The kernel picks the calls out, so that all others run at full speed.
    return ("strace", "-f", "--seccomp-bpf", "-qq", "-o", os.devnull, "-e", f"trace={name}", *about,
            "-e", f"inject={injection}")  # fmt: skip


def why_not() -> str | None:
    """The reason why processes cannot be traced here; None: they can."""
    if sys.platform != "linux" or shutil.which("strace") is None:
        return "strace is not there"
    tried = subprocess.run(["strace", "-qq", "-o", os.devnull, "true"], capture_output=True, text=True, check=False)
    return None if tried.returncode == 0 else f"strace may not trace: {tried.stderr.strip()[:200]}"


@contextlib.asynccontextmanager
async def traced(process: asyncio.subprocess.Process, log: Path, *injections: str) -> AsyncIterator[None]:
    """Watch the calls of a running process and all its threads, failing those that ``injections`` name."""
    tracer = await asyncio.create_subprocess_exec(
        "strace", "-f", "-o", str(log), "-p", str(process.pid), "-e", f"trace={','.join(CALLS)}",
        *(part for injection in injections for part in ("-e", f"inject={injection}")),
        stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert tracer.stderr is not None
    async with asyncio.timeout(20):
        while b"attached" not in (line := await tracer.stderr.readline()):
            assert line, "strace ended"
    drain = asyncio.create_task(tracer.stderr.read())
    try:
        yield
    finally:
        with contextlib.suppress(ProcessLookupError):
            tracer.send_signal(signal.SIGINT)  # it lets go of the process
        await tracer.wait()
        await drain


def calls(log: Path) -> Counter[str]:
    """How often each call was made by the thread that made it most often: ``when=`` counts for each thread apart."""
    found = Counter(re.findall(r"^(\d+) +(\w+)\(", log.read_text(errors="replace"), re.MULTILINE))
    most: Counter[str] = Counter()
    for (_thread, name), count in found.items():
        most[name] = max(most[name], count)
    return most
