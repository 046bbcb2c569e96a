"""What a test wants of the machine: file systems of its own, and tools that have to be there."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import struct
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

mounts = pytest.mark.mounts
"""Marks a test that mounts. Where the machine allows no mounts it is left out, which the summary tells."""
_SHUTDOWN, _AT_ONCE = 0x8004587D, 2
"""The ioctl that cuts a file system off, and: without writing anything more."""


def refusal(*command: str) -> str | None:
    """Why a command cannot be run here; None: it can."""
    if shutil.which(command[0]) is None:
        return f"{command[0]} is not there"
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return None if done.returncode == 0 else f"{' '.join(command)}: {done.stderr.strip()[:200]}"


def must_run(*command: str) -> None:
    """Fail where a tool is missing or refuses."""
    reason = refusal(*command)
    assert reason is None, f"This test needs it, but {reason}"


def no_mounts() -> str | None:
    """Why nothing can be mounted here; None: it can."""
    if os.geteuid() != 0:
        return "only root may mount"
    return refusal("unshare", "-m", "mount", "-t", "tmpfs", "x", "/mnt")


@contextlib.contextmanager
def mounted(where: Path, *arguments: str) -> Iterator[None]:
    """Something is mounted there, with the arguments of ``mount``."""
    where.mkdir(parents=True, exist_ok=True)
    subprocess.run(["mount", *arguments, str(where)], check=True, capture_output=True)
    try:
        yield
    finally:
        subprocess.run(["umount", str(where)], check=True)


class Disk:
    """An ext4 file system in a file, from which the power can be taken."""

    def __init__(self, image: Path, where: Path, mib: int) -> None:
        self.where = where
        self._image = image
        must_run("mkfs.ext4", "-V")
        with image.open("wb") as stream:
            stream.truncate(mib * 1024 * 1024)
        subprocess.run(["mkfs.ext4", "-q", "-F", str(image)], check=True)

    def __enter__(self) -> Disk:
        self.where.mkdir(parents=True, exist_ok=True)
        self._mount()
        return self

    def __exit__(self, *_error: object) -> None:
        subprocess.run(["umount", str(self.where)], check=True)

    def _mount(self) -> None:
        subprocess.run(["mount", "-o", "loop", str(self._image), str(self.where)], check=True, capture_output=True)

    def cut(self) -> None:
        """As if the power had gone: nothing more reaches the disk."""
        descriptor = os.open(self.where, os.O_RDONLY)
        try:
            fcntl.ioctl(descriptor, _SHUTDOWN, struct.pack("I", _AT_ONCE))
        finally:
            os.close(descriptor)

    def again(self) -> None:
        """The power is back; nobody may have anything open there."""
        subprocess.run(["umount", str(self.where)], check=True)
        # A child that outlives its server for a moment, in a name space of its own, still has the old one mounted.
        for _try in range(200):
            if not subprocess.run(["losetup", "-j", str(self._image)], check=True, capture_output=True).stdout:
                break
            time.sleep(0.05)
        self._mount()


class PowerUps:
    """Lets a server believe that the machine was started anew, as it is after a cut."""

    def __init__(self, directory: Path) -> None:
        self._file = directory / "boot_id"
        self._count = 0

    def prefix(self) -> tuple[str, ...]:
        """A command that starts another one after the next start of the machine."""
        self._count += 1
        self._file.write_text(f"00000000-0000-4000-8000-{self._count:012}\n")
        script = 'mount --bind "$0" /proc/sys/kernel/random/boot_id && exec "$@"'
        return ("unshare", "-m", "sh", "-c", script, str(self._file))
