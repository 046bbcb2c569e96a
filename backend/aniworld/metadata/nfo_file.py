"""Reads what lies there under the name of a description or a picture. Blocks."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

from aniworld.metadata.errors import ForeignNfoError


def read_file(path: Path, largest: int) -> bytes | None:
    """What is there, and one byte more than ``largest`` at most; None: nothing. A link or a device is not read."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise ForeignNfoError("It is a symbolic link; it is left alone") from error
        raise
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise ForeignNfoError("It is not a file; it is left alone")
    with os.fdopen(descriptor, "rb") as stream:
        return stream.read(largest + 1)
