"""A server on loopback that speaks the API of another program, and a source that reads it."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from aniworld.catalog import profile as profiles
from aniworld.catalog.pages.reader import Reader
from aniworld.catalog.provider import Provider
from aniworld.catalog.registry import Registry
from aniworld.catalog.tools import Tools
from tests.kit.net_host import Handler, Host, Request, answer, client, host

Query = dict[str, str]
Api = Callable[[Request, str, Query], object]
"""From a request, its path and its query to the answer: JSON, a ``Handler`` for anything else, None for 404."""


def speaks(api: Api) -> Handler:
    """A handler that answers as the API does."""

    async def handler(request: Request, writer: asyncio.StreamWriter) -> None:
        parts = urlsplit(request.target)
        query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        found = api(request, unquote(parts.path), query)
        if found is None:
            await answer(b"", "404 Not Found")(request, writer)
        elif callable(found):
            await found(request, writer)
        else:
            await answer(json.dumps(found).encode(), Content_Type="application/json")(request, writer)

    return handler


@contextlib.asynccontextmanager
async def source(
    directory: Path, handler: Handler, profile: str, also: tuple[Host, ...] = ()
) -> AsyncIterator[tuple[Provider, Host]]:
    """The server, and the source that ``profile`` describes; ``{url}`` in it is the server's address."""
    async with host(handler) as serving, client(serving, *also) as http:
        path = directory / "source.toml"
        path.write_text(profile.replace("{url}", serving.url))
        path.chmod(0o600)
        registry = Registry()
        made = registry.make_provider(
            profiles.load(path, registry.kinds, adapters=registry.adapters), Tools(http, Reader())
        )
        yield made, serving
