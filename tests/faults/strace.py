"""Makes a running process fail at a certain system call."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

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
