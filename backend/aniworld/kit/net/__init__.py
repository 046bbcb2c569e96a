"""The one way out: an HTTP client that looks at every address before it connects, and at every answer's size."""

from aniworld.kit.net.client import Answer, HttpClient, Response, raise_for_status
from aniworld.kit.net.kinds import IMAGE, KEY, MEDIA, PAGE, PLAYLIST, Kind

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
