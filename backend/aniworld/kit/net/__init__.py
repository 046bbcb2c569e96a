"""The one way out: an HTTP client that looks at every address before it connects, and at every answer's size."""

import sys

# httpx has a command of its own, which loads rich and pygments where they are installed: 4 MiB for nothing.
sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]

from aniworld.kit.net.client import Answer, HttpClient, Response, raise_for_status  # noqa: E402
from aniworld.kit.net.kinds import IMAGE, KEY, MEDIA, PAGE, PLAYLIST, Kind  # noqa: E402

__all__ = [
    "IMAGE",
    "KEY",
    "MEDIA",
    "PAGE",
    "PLAYLIST",
    "Answer",
    "HttpClient",
    "Kind",
    "Response",
    "raise_for_status",
]
