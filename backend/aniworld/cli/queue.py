"""``aniworld queue``: the download queue without a browser. A running server takes changes up within seconds."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from aniworld.cli.common import data_options, fail, json_option, opened, runs, tell
from aniworld.config.settings import Settings

if TYPE_CHECKING:
    from aniworld.downloads.schemas import QueueItem

_EPISODE = re.compile(r"[sS](\d{1,4})[eE](\d{1,5})(?::(\S+))?")


@click.group()
def queue() -> None:
    """Look at the download queue and change it."""


@queue.command()
@click.argument("series_key")
@click.argument("episodes", nargs=-1, metavar="[SxxEyy[:LANGUAGE]]...")
@click.option("--missing", is_flag=True, help="All that is out and not there.")
@click.option(
    "--priority", type=click.Choice(["low", "normal", "high"]), default="normal", show_default=True, help="Which first."
)
@json_option
@data_options
@runs
async def add(
    settings: Settings, series_key: str, episodes: tuple[str, ...], missing: bool, priority: str, as_json: bool
) -> None:
    """Queue episodes of a series: ``S01E05``, ``S01E05:de``, or all that is missing."""
    from aniworld.downloads.schemas import EpisodeChoice  # noqa: PLC0415 - the group starts without all this

    if missing == bool(episodes):
        fail("Name episodes, or use --missing.")
    choices = []
    for text in episodes:
        if (match := _EPISODE.fullmatch(text)) is None:
            fail(f"{text!r} is no episode; write S01E05, or S01E05:de for a language.")
        choices.append(EpisodeChoice(season=int(match[1]), episode=int(match[2]), language=match[3]))
    async with opened(settings) as parts:
        added = await parts.downloads.add(series_key, None if missing else choices, priority)  # type: ignore[arg-type]
    tell(added, as_json, [f"{len(added.added_items)} queued"])
    for skipped in added.skipped:
        click.echo(f"S{skipped.season:02d}E{skipped.episode:02d}: {skipped.reason}", err=True)


@queue.command("list")
@click.option(
    "--status",
    type=click.Choice(["pending", "downloading", "paused", "completed", "failed", "cancelled"]),
    help="Only items in this state.",
)
@click.option("--limit", type=click.IntRange(1, 500), default=100, show_default=True, help="How many at most.")
@json_option
@data_options
@runs
async def list_(settings: Settings, status: str | None, limit: int, as_json: bool) -> None:
    """Show the items, open ones in the order in which they will run."""
    async with opened(settings) as parts:
        page = await parts.downloads.page([status] if status else [], None, limit=limit, offset=0)  # type: ignore[list-item]
    tell(page, as_json, [line for item in page.items for line in _lines(item)])


def _lines(item: QueueItem) -> Iterator[str]:
    """The item, and below it what went wrong at each hoster that was asked."""
    error = "" if item.failures else item.error_message or ""
    yield (
        f"{item.id}\t{item.status}\t{item.progress.percent:.0f} %\t{item.series_name} "
        f"S{item.season:02d}E{item.episode:02d}\t{item.language}\t{error}"
    )
    for failure in item.failures:
        yield f"\t{failure.hoster or failure.source}\t{failure.reason}"


@queue.command()
@data_options
@runs
async def start(settings: Settings) -> None:
    """Let the server run downloads, now and after each start."""
    async with opened(settings) as parts:
        await parts.downloads.start()


@queue.command()
@data_options
@runs
async def stop(settings: Settings) -> None:
    """Let the server run no downloads."""
    async with opened(settings) as parts:
        await parts.downloads.stop()


@queue.command()
@click.option("--force", is_flag=True, help="Also those that have used up their attempts.")
@data_options
@runs
async def retry(settings: Settings, force: bool) -> None:
    """Try all failed items again."""
    async with opened(settings) as parts:
        count = await parts.downloads.retry([], force=force)
    click.echo(f"{count} are tried again")


@queue.command()
@click.argument("status", type=click.Choice(["completed", "failed", "pending"]))
@data_options
@runs
async def clear(settings: Settings, status: str) -> None:
    """Take all items in one state out of the queue."""
    async with opened(settings) as parts:
        count = await parts.downloads.clear(status)  # type: ignore[arg-type]
    click.echo(f"{count} removed")
