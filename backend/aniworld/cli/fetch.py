"""``aniworld fetch``: the download engine alone, one address to one finished file."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import shutil
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from aniworld.cli.common import fail, runs
from aniworld.downloads.progress import Meter
from aniworld.kit.errors import AppError

if TYPE_CHECKING:
    from aniworld.downloads.fetch.types import Fetched
    from aniworld.media.types import Container

_RETRIES = 5
_PATIENCE = 300.0
_TELL = 0.5
_UNITS = {"K": 1024, "M": 1024**2, "G": 1024**3}


@click.command()
@click.argument("url")
@click.option(
    "-o", "--output", required=True, type=click.Path(dir_okay=False, path_type=Path), help="The file to make."
)
@click.option("--header", "headers", multiple=True, metavar="NAME:VALUE", help="Send this too; to the first host only.")
@click.option(
    "--allow-host", "allowed", multiple=True, metavar="HOST:PORT", help="May be reached although it is private."
)
@click.option(
    "--connections",
    default=8,
    show_default=True,
    type=click.IntRange(1, 16),
    help="As many as this where it is faster.",
)
@click.option("--limit", metavar="RATE", help="Bytes per second at most: 500K, 10M, 1G.")
@click.option("--quiet", is_flag=True, help="Tell nothing but what is wrong.")
@runs
async def fetch(
    url: str,
    output: Path,
    headers: tuple[str, ...],
    allowed: tuple[str, ...],
    connections: int,
    limit: str | None,
    quiet: bool,
) -> None:
    """Fetch an address (a file, or an HLS playlist) to a finished FILE.

    Ended early, it goes on from where it was when it is called again: what it has lies beside FILE until then. A
    playlist's pieces are put into the container that FILE's name says: .mkv, .mp4, or .ts as they are.
    """
    from aniworld.catalog.types import Stream  # noqa: PLC0415 - the group starts without all this
    from aniworld.downloads.fetch.errors import PlaylistInsteadError  # noqa: PLC0415
    from aniworld.downloads.fetch.service import fetch as fetch_stream  # noqa: PLC0415
    from aniworld.downloads.fetch.throttle import Throttle  # noqa: PLC0415
    from aniworld.downloads.fetch.types import Limits  # noqa: PLC0415
    from aniworld.downloads.together import fetch_and_finish  # noqa: PLC0415
    from aniworld.kit.files import durable_replace  # noqa: PLC0415
    from aniworld.kit.net import HttpClient  # noqa: PLC0415

    rate = None if limit is None else _rate(limit)
    limits = Limits(connections=connections, throttle=Throttle(lambda: rate))
    playlist = url.partition("?")[0].lower().endswith((".m3u8", ".m3u"))
    sent = dict(map(_header, headers))
    # Two addresses for one file never share what was fetched.
    work = output.with_name(f".{output.name}.{hashlib.sha256(url.encode()).hexdigest()[:12]}")
    meter = Meter()
    telling = contextlib.nullcontext() if quiet or not sys.stderr.isatty() else _telling(meter)

    async def get(client: HttpClient, *, playlist: bool) -> Path:
        stream = Stream(url=url, protocol="hls" if playlist else "http", headers=sent)
        return await fetch_and_finish(
            lambda soon: fetch_stream(stream, work, client=client, progress=meter, limits=limits, soon=soon),
            lambda fetched, whole: _finish(fetched, output, whole, playlist=playlist),
        )

    try:
        async with HttpClient(allowed_hosts=lambda: frozenset(allowed)) as client, telling:
            for attempt in range(_RETRIES + 1):
                try:
                    try:
                        finished = await get(client, playlist=playlist)
                    except PlaylistInsteadError:  # the address led to one without saying so
                        finished = await get(client, playlist=True)
                    break
                except AppError as error:
                    # What a moment heals has been tried again already; here it is about hosts that ask for patience.
                    if error.permanent or error.retry_after is None or attempt == _RETRIES:
                        raise
                    await asyncio.sleep(min(error.retry_after, _PATIENCE))
            await asyncio.to_thread(durable_replace, finished, output)
    except AppError as error:
        fail(f"{url}: {error.detail}")
    except OSError as error:
        fail(f"{output}: {os.strerror(error.errno or 0)}")
    await asyncio.to_thread(shutil.rmtree, work, ignore_errors=True)


async def _finish(fetched: Fetched, output: Path, whole: asyncio.Event | None, *, playlist: bool) -> Path:
    """The file as it is to be; what it is made of may still be coming until ``whole`` is set."""
    from aniworld.downloads.fetch.service import join  # noqa: PLC0415
    from aniworld.media import client as media  # noqa: PLC0415

    if not playlist:
        return fetched.paths[0]
    finished = fetched.paths[0].with_name("finished")
    if output.suffix.lower() in (".mkv", ".mp4"):
        container: Container = "mp4" if output.suffix.lower() == ".mp4" else "matroska"
        await media.remux(
            fetched.paths,
            finished,
            container=container,
            audio=fetched.audio,
            expected_duration=fetched.expected_duration,
            whole=whole,
        )
    elif fetched.audio:
        fail(f"{output}: picture and sound come apart; name a file that ends with .mkv or .mp4")
    else:
        if whole is not None:
            await whole.wait()
        await asyncio.to_thread(join, fetched.paths, finished)
    return finished


def _rate(text: str) -> int:
    number, unit = (text[:-1], text[-1].upper()) if text[-1:].upper() in _UNITS else (text, "")
    if not (number.isascii() and number.isdigit() and int(number) > 0):
        fail(f"--limit {text!r}: write it as 500K, 10M or 1G")
    return int(number) * _UNITS.get(unit, 1)


def _header(text: str) -> tuple[str, str]:
    name, colon, value = text.partition(":")
    if not colon or not name.strip() or any(ord(letter) < 32 for letter in text):
        fail(f"--header {text!r}: write it as NAME:VALUE")
    return name.strip(), value.strip()


@contextlib.asynccontextmanager
async def _telling(meter: Meter) -> AsyncIterator[None]:
    async def tell() -> None:
        while True:
            await asyncio.sleep(_TELL)
            now = meter.reading()
            total = f" of {now.total_bytes / 2**20:.1f}" if now.total_bytes else ""
            rate = f"{now.percent:5.1f} %  {now.speed / 2**20:.1f} MiB/s"
            line = f"\r{now.downloaded_bytes / 2**20:9.1f}{total} MiB  {rate}   "
            click.echo(line, nl=False, err=True)

    task = asyncio.create_task(tell())
    try:
        yield
    finally:
        task.cancel()
        click.echo("", err=True)
