"""Fetches in a process of its own, which a test can kill or limit."""

from __future__ import annotations

import asyncio
import dataclasses
import resource
import sys
from pathlib import Path
from urllib.parse import urlsplit

from aniworld.catalog.types import Stream
from aniworld.downloads.fetch.errors import FetchError
from aniworld.downloads.fetch.service import fetch
from aniworld.kit.net.client import HttpClient
from tests.downloads.fetch.support import QUICK, Sink

REFUSED = 3


async def main(url: str, directory: str, largest: int, connections: int) -> int:
    """Exit status; a refusal is printed."""
    if largest:
        resource.setrlimit(resource.RLIMIT_FSIZE, (largest, largest))
    stream = Stream(url=url, protocol="hls" if url.endswith(".m3u8") else "http")
    limits = dataclasses.replace(QUICK, connections=connections)
    async with HttpClient(allowed_hosts=lambda: {urlsplit(url).netloc}) as client:
        try:
            await fetch(stream, Path(directory), client=client, progress=Sink(), limits=limits)
        except FetchError as error:
            print(type(error).__name__, error.detail)
            return REFUSED
    return 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))))
