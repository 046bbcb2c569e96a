"""``aniworld search``, ``add`` and ``list``: the library without a browser."""

from __future__ import annotations

import click

from aniworld.cli.common import data_options, json_option, opened, runs, tell
from aniworld.config.settings import Settings
from aniworld.library.types import SeriesFilter, SeriesQuery


@click.command()
@click.argument("query")
@click.option("--provider", help="Ask this source only.")
@json_option
@data_options
@runs
async def search(settings: Settings, query: str, provider: str | None, as_json: bool) -> None:
    """Ask all sources for a series."""
    async with opened(settings) as parts:
        result = await parts.search.search(query, provider, lambda _provider, url: url)
    tell(
        result,
        as_json,
        [f"{item.provider}\t{item.provider_key}\t{item.name}\t{item.year or ''}" for item in result.items],
    )
    for failed in result.failed_providers:
        click.echo(f"{failed.provider}: {failed.detail}", err=True)


@click.command()
@click.argument("provider")
@click.argument("provider_key")
@click.option("--name", help="What it is called until its data is loaded; its key, when left out.")
@json_option
@data_options
@runs
async def add(settings: Settings, provider: str, provider_key: str, name: str | None, as_json: bool) -> None:
    """Add a series, as ``aniworld search`` shows it. A running server loads its data; else the next start does."""
    async with opened(settings) as parts:
        series = await parts.library.add(provider, provider_key, name or provider_key)
    tell(series, as_json, [series.key])


@click.command("list")
@click.option(
    "--filter",
    "filter_",
    type=click.Choice(["all", "missing", "complete", "loading", "failed"]),
    default="all",
    show_default=True,
    help="Which series.",
)
@click.option("--limit", type=click.IntRange(1, 500), default=100, show_default=True, help="How many at most.")
@click.option("--offset", type=click.IntRange(0), default=0, help="How many to pass over.")
@json_option
@data_options
@runs
async def list_(settings: Settings, filter_: SeriesFilter, limit: int, offset: int, as_json: bool) -> None:
    """Show the library."""
    async with opened(settings) as parts:
        page = await parts.library.list(SeriesQuery(filter=filter_), limit=limit, offset=offset)
    lines = [
        f"{item.key}\t{item.downloaded_episodes}/{item.total_episodes}\t{item.missing_episodes} missing\t{item.name}"
        for item in page.items
    ]
    tell(page, as_json, lines)
