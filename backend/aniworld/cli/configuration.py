"""``aniworld config``: the configuration without a browser."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import click
import msgspec

from aniworld.cli.common import data_options, fail, opened, runs
from aniworld.config.settings import Settings


@click.group()
def config() -> None:
    """Look at the configuration and check one."""


@config.command()
@data_options
@runs
async def show(settings: Settings) -> None:
    """Print what holds, as JSON, without keys."""
    async with opened(settings) as parts:
        click.echo(msgspec.json.format(msgspec.json.encode(parts.config.shown()), indent=2).decode())


@config.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@data_options
@runs
async def validate(settings: Settings, file: Path) -> None:
    """Check a file; changes nothing."""
    try:
        raw = msgspec.json.decode(await asyncio.to_thread(file.read_bytes))
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        fail(f"{file} is no JSON: {error}")
    if isinstance(raw, dict):
        raw.pop("version", None)
    async with opened(settings) as parts:
        verdict = await parts.config.validate(raw)
    for kind, found in (("error", verdict.errors), ("warning", verdict.warnings)):
        for entry in found:
            click.echo(f"{kind}: {entry.field}: {entry.message}", err=True)
    sys.exit(0 if verdict.valid else 1)
