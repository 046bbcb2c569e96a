"""What yt-dlp does differently here and has no option for. Only for the process that runs it."""

from __future__ import annotations

import zlib
from typing import Any
from urllib.parse import urlsplit

MOST_REDIRECTS = 5
MOST_BYTES = 8 * 1024 * 1024
"""Of one page, as it comes and decoded."""


def tame(yt_dlp: Any) -> None:
    """No plugins; redirects as we follow them; no page larger than pages are."""
    import yt_dlp.globals as state  # type: ignore[import-untyped]  # noqa: PLC0415 - see the caller
    from yt_dlp.networking import _urllib  # type: ignore[import-untyped]  # noqa: PLC0415

    state.plugin_dirs.value = []
    _follow_as_we_do(_urllib.RedirectHandler, yt_dlp.networking.exceptions.RequestError)
    _limit_bodies(_urllib, yt_dlp.networking.exceptions.RequestError)


def _follow_as_we_do(handler: Any, error: Any) -> None:
    handler.max_redirections = MOST_REDIRECTS
    follow = handler.redirect_request

    def redirect_request(self: Any, request: Any, fp: Any, code: int, msg: str, headers: Any, newurl: str) -> Any:
        old, new = urlsplit(request.full_url), urlsplit(newurl)
        if old.scheme == "https" and new.scheme != "https":
            raise error("The host leads from https to http")
        following = follow(self, request, fp, code, msg, headers, newurl)
        if following is not None and old[:2] != new[:2]:
            following.remove_header("Authorization")
        return following

    handler.redirect_request = redirect_request


def _limit_bodies(module: Any, error: Any) -> None:
    def checked(data: bytes) -> bytes:
        if len(data) > MOST_BYTES:
            raise error(f"The page is larger than {MOST_BYTES // 1024 // 1024} MiB")
        return data

    def inflate(data: bytes, wbits: int) -> bytes:
        return checked(zlib.decompressobj(wbits).decompress(data, MOST_BYTES + 1)) if data else data

    def deflate(data: bytes) -> bytes:
        try:
            return inflate(data, -zlib.MAX_WBITS)
        except zlib.error:
            return inflate(data, zlib.MAX_WBITS)

    module.HTTPHandler.gz = staticmethod(lambda data: inflate(data, 16 + zlib.MAX_WBITS))
    module.HTTPHandler.deflate = staticmethod(deflate)
    read = module.UrllibResponseAdapter.read

    def read_within(self: Any, amt: int | None = None) -> bytes:
        return checked(read(self, MOST_BYTES + 1 if amt is None else amt))

    module.UrllibResponseAdapter.read = read_within
