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

_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".json": "application/json",
    ".webmanifest": "application/manifest+json",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".ico": "image/x-icon",
    ".webp": "image/webp",
    ".woff2": "font/woff2",
    ".txt": "text/plain; charset=utf-8",
}
_INLINE_SCRIPT = re.compile(rb"<script(?![^>]*\bsrc=)[^>]*>(.*?)</script>", re.DOTALL)


class SpaNotBuiltError(UnavailableError):
    """The static files are not there."""

    code, title = "spa-not-built", "The web interface is not built; run ./just setup"


@dataclass(frozen=True, slots=True)
class _File:
    path: Path
    type: str
    etag: str
    encodings: dict[str, Path]
    immutable: bool


class Spa:
    """Serves a fixed table of files, made once: a name that is not in it is not opened, whatever it looks like."""

    def __init__(self, directory: Path = WEB) -> None:
        self._files: dict[str, _File] = {}
        if not (directory / "index.html").is_file():
            self._csp = content_security_policy([])
            return
        for path in sorted(directory.rglob("*")):
            if path.suffix in _TYPES and path.is_file() and not path.is_symlink():
                name = path.relative_to(directory).as_posix()
                siblings = {"br": path.with_name(path.name + ".br"), "gzip": path.with_name(path.name + ".gz")}
                self._files[name] = _File(
                    path=path,
                    type=_TYPES[path.suffix],
                    etag=f'"{hashlib.blake2b(path.read_bytes(), digest_size=12).hexdigest()}"',
                    encodings={encoding: sibling for encoding, sibling in siblings.items() if sibling.is_file()},
                    immutable=name.startswith("_app/immutable/"),
                )
        self._csp = content_security_policy(_script_hashes((directory / "index.html").read_bytes()))

    async def respond(self, name: str, request: Request[Any, Any, Any]) -> Response[bytes]:
        """The file of that name, or the first page where a page was asked for."""
        if not self._files:
            raise SpaNotBuiltError
        file = self._files.get(name)
        if file is None:
            wants_page = "text/html" in request.headers.get("accept", "") and "." not in name.rpartition("/")[2]
            if name and not wants_page:
                raise NotFoundError
            file = self._files["index.html"]
        headers = {
            "ETag": file.etag,
            "Cache-Control": "public, max-age=31536000, immutable" if file.immutable else "no-cache",
            "Vary": "Accept-Encoding",
            "Content-Security-Policy": self._csp,
        }
        if file.etag in request.headers.get("if-none-match", ""):
            return Response(b"", status_code=304, headers=headers)
        accepted = {part.partition(";")[0].strip() for part in request.headers.get("accept-encoding", "").split(",")}
        encoding = next((name for name in ("br", "gzip") if name in accepted and name in file.encodings), None)
        path = file.path
        if encoding is not None:
            headers["Content-Encoding"] = encoding
            path = file.encodings[encoding]
        content = await asyncio.to_thread(path.read_bytes)
        return Response(content, headers=headers, media_type=file.type)


def _script_hashes(page: bytes) -> Sequence[str]:
    return [
        base64.b64encode(hashlib.sha256(script).digest()).decode() for script in _INLINE_SCRIPT.findall(page) if script
    ]


@get(["/", "/{path:path}"], include_in_schema=False, name="spa")
async def serve_spa(request: Request[Any, Any, Any], path: FromPath[str] = "") -> Response[bytes]:
    """Static files and pages."""
    spa: Spa = request.app.state.spa
    return await spa.respond(path.strip("/"), request)
