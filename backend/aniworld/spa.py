"""The built SPA: its files, and its first page for every address that is a page of it."""

import asyncio
import base64
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from litestar import Request, Response, get
from litestar.params import FromPath

from aniworld.kit.errors import NotFoundError, UnavailableError
from aniworld.middleware import content_security_policy

WEB = Path(__file__).with_name("web")

_ASSETS = "_app/"
"""Where the build puts what pages load; nothing below it is a page."""
_TYPES = {  # the framework adds the charset
    ".html": "text/html",
    ".js": "text/javascript",
    ".css": "text/css",
    ".json": "application/json",
    ".webmanifest": "application/manifest+json",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".ico": "image/x-icon",
    ".webp": "image/webp",
    ".woff2": "font/woff2",
    ".txt": "text/plain",
}
_INLINE_SCRIPT = re.compile(rb"<script(?![^>]*\bsrc=)[^>]*>(.*?)</script>", re.DOTALL)


class SpaNotBuiltError(UnavailableError):
    """The static files are not there, or no longer those that were there at the start."""

    code, title = "spa-not-built", "The web interface is not built; run ./just setup and start the program again"


@dataclass(frozen=True, slots=True)
class _File:
    path: Path
    type: str
    etag: str
    encodings: dict[str, Path]
    immutable: bool


class Spa:
    """Serves a fixed table of files: a name that is not in it is not opened, whatever it looks like.

    The table is made anew when the pages were built anew below a running server.
    """

    def __init__(self, directory: Path = WEB) -> None:
        self._directory = directory
        self._files: dict[str, _File] = {}
        self._csp = content_security_policy([])
        self._built: int | None = None
        self._refresh()

    def _refresh(self) -> None:
        index = self._directory / "index.html"
        try:
            built = index.stat().st_mtime_ns
        except FileNotFoundError:  # not built, or being built at this moment
            return
        if built == self._built:
            return
        files: dict[str, _File] = {}
        for path in sorted(self._directory.rglob("*")):
            if path.suffix in _TYPES and path.is_file() and not path.is_symlink():
                name = path.relative_to(self._directory).as_posix()
                siblings = {"br": path.with_name(path.name + ".br"), "gzip": path.with_name(path.name + ".gz")}
                packed = {
                    encoding: sibling
                    for encoding, sibling in siblings.items()
                    if sibling.is_file() and not sibling.is_symlink()
                }
                files[name] = _File(
                    path=path,
                    type=_TYPES[path.suffix],
                    # Weak: the same file goes out packed in different ways.
                    etag=f'W/"{hashlib.blake2b(path.read_bytes(), digest_size=12).hexdigest()}"',
                    encodings=packed,
                    immutable=name.startswith(_ASSETS + "immutable/"),
                )
        self._files, self._built = files, built
        self._csp = content_security_policy(_script_hashes(index.read_bytes()))

    async def respond(self, name: str, request: Request[Any, Any, Any]) -> Response[bytes]:
        """The file of that name, or the first page where a page was asked for."""
        if name not in self._files or name == "index.html":
            await asyncio.to_thread(self._refresh)
        if not self._files:
            raise SpaNotBuiltError
        file = self._files.get(name)
        if file is None:
            is_page = not f"{name}/".startswith(_ASSETS) and "." not in name.rpartition("/")[2]
            if name and not (is_page and "text/html" in request.headers.get("accept", "")):
                raise NotFoundError
            file = self._files["index.html"]
        headers = {
            "ETag": file.etag,
            "Cache-Control": "public, max-age=31536000, immutable" if file.immutable else "no-cache",
            "Vary": "Accept-Encoding",
            "Content-Security-Policy": self._csp,
        }
        if file.etag.removeprefix("W/") in request.headers.get("if-none-match", ""):
            return Response(b"", status_code=304, headers=headers)
        accepted = _accepted(request.headers.get("accept-encoding", ""))
        encoding = next((name for name in ("br", "gzip") if name in accepted and name in file.encodings), None)
        path = file.path
        if encoding is not None:
            headers["Content-Encoding"] = encoding
            path = file.encodings[encoding]
        try:
            content = await asyncio.to_thread(path.read_bytes)
        except FileNotFoundError as error:  # replaced by a newer build, or being built at this moment
            raise (SpaNotBuiltError if file.type == _TYPES[".html"] else NotFoundError) from error
        return Response(content, headers=headers, media_type=file.type)


def _accepted(header: str) -> set[str]:
    """The encodings that a client takes."""
    offers = [part.replace(" ", "").lower().partition(";q=") for part in header.split(",")]
    return {name for name, _, weight in offers if weight.strip("0.") or not weight}


def _script_hashes(page: bytes) -> Sequence[str]:
    return [
        base64.b64encode(hashlib.sha256(script).digest()).decode() for script in _INLINE_SCRIPT.findall(page) if script
    ]


@get(["/", "/{path:path}"], include_in_schema=False, name="spa")
async def serve_spa(request: Request[Any, Any, Any], path: FromPath[str] = "") -> Response[bytes]:
    """Static files and pages."""
    spa: Spa = request.app.state.spa
    return await spa.respond(path.strip("/"), request)
