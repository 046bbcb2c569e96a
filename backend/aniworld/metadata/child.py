"""The process that decodes one large picture: it comes in, what is kept of it goes out, and that was it."""

from __future__ import annotations

import contextlib
import sys
from typing import cast

from aniworld.metadata import artwork
from aniworld.metadata.errors import BadPictureError
from aniworld.metadata.types import PictureKind

MEMORY = 1024 * 1024 * 1024
SECONDS = 20


def limit_itself() -> None:
    """Memory and processor time, where the system knows such limits."""
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource  # noqa: PLC0415 - not there on every system

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def main() -> None:
    """Read a picture of the named kind from standard input, and write what is kept to standard output."""
    limit_itself()
    kind = cast(PictureKind, sys.argv[1])
    try:
        made = artwork.encode_here(kind, sys.stdin.buffer.read(), artwork.MAX_PIXELS)
    except BadPictureError:
        sys.exit(1)
    sys.stdout.buffer.write(made or b"")


if __name__ == "__main__":
    main()
