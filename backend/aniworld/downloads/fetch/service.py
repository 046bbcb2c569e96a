"""Fetches what a hoster resolved: the one door of this package."""

from __future__ import annotations

import asyncio
import dataclasses
import os
from pathlib import Path

from aniworld.catalog.types import Stream
from aniworld.downloads.fetch.errors import DiskError
from aniworld.downloads.fetch.fragments import fetch_fragments
from aniworld.downloads.fetch.hls import fetch_hls
from aniworld.downloads.fetch.http import fetch_http
from aniworld.downloads.fetch.texts import fetch_texts
from aniworld.downloads.fetch.tracks import fetch_both
from aniworld.downloads.fetch.types import BLOCK, Fetched, Limits, ProgressSink, Renew, Soon, Transport
from aniworld.kit.files import durable_mkdir, fsync_directory
from aniworld.media.containers import Content
from aniworld.media.types import TextTrack

FILE = "video.part"
PIECES = "pieces"


async def fetch(
    stream: Stream,
    directory: Path,
    *,
    client: Transport,
    progress: ProgressSink,
    limits: Limits | None = None,
    max_height: int | None = None,
    language: str | None = None,
    subtitles: bool = False,
    renew: Renew | None = None,
    soon: Soon | None = None,
) -> Fetched:
    """Fetch into a directory of its own, which is made; a later call with the same one goes on where this one ended.

    ``language`` (``audio[+subtitles]``) chooses where a playlist offers several, and ``subtitles`` wants them as well.
    The stream's address may be another one then, as long as it is of the same file; ``renew`` is asked for one where it
    runs out on the way. Picture and sound that are apart come at the same time. ``soon`` is told of the pieces of a
    playlist while the last ones are still to come. When this returns the bytes are on the disk; whether they are a
    video that plays is for ``media`` to say. Cancelling leaves a fresh checkpoint. Raises
    :class:`~aniworld.downloads.fetch.errors.FetchError` and :class:`~aniworld.kit.net.errors.NetError`.
    """
    limits = limits or Limits()
    alone = stream.audio is None

    async def one(
        stream: Stream,
        directory: Path,
        *,
        progress: ProgressSink,
        limits: Limits,
        renew: Renew | None,
        content: Content = "video",
    ) -> Fetched:
        await _make(directory)
        if stream.protocol == "http":
            return await fetch_http(
                stream, directory / FILE, client=client, progress=progress, limits=limits, renew=renew
            )
        if stream.protocol == "fragments":
            return await fetch_fragments(
                stream, directory / PIECES, client=client, progress=progress, limits=limits, content=content
            )
        return await fetch_hls(
            stream,
            directory / PIECES,
            client=client,
            progress=progress,
            limits=limits,
            max_height=max_height,
            language=language,
            subtitles=subtitles,
            content=content,
            soon=tell if alone else None,
            renew=renew,
        )

    def tell(planned: Fetched) -> None:
        if soon is not None:
            soon(dataclasses.replace(planned, subtitles=planned.subtitles + texts))

    await _make(directory)
    texts: tuple[TextTrack, ...] = ()
    if subtitles and stream.subtitles:
        texts = await fetch_texts(stream.subtitles, directory, language, client=client, limits=limits)
    fetched = await fetch_both(stream, directory, one, progress=progress, limits=limits, renew=renew)
    return dataclasses.replace(fetched, subtitles=fetched.subtitles + texts) if texts else fetched


async def _make(directory: Path) -> None:
    try:
        await asyncio.to_thread(durable_mkdir, directory)
    except OSError as error:
        raise DiskError.of(error, "Making the work directory") from error


def join(paths: tuple[Path, ...], target: Path) -> None:
    """Put pieces behind one another into one file, synced. Blocks. Raises :class:`DiskError`."""
    try:
        with target.open("wb") as writer:
            for path in paths:
                with path.open("rb") as reader:
                    while block := reader.read(BLOCK):
                        writer.write(block)
            writer.flush()
            os.fsync(writer.fileno())
        fsync_directory(target.parent)
    except OSError as error:
        raise DiskError.of(error, "Joining the pieces") from error
