"""``aniworld scan``: looks through a directory, or through the library."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from aniworld.cli.common import data_options, fail, json_option, opened, runs
from aniworld.config.settings import Settings

if TYPE_CHECKING:
    from aniworld.scan.walk import Video


@click.command()
@click.argument("directory", required=False, type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Only tell what is there; write nothing. DIRECTORY may be any.")
@click.option("--thoroughly", is_flag=True, help="Also read directories that look unchanged.")
@json_option
@data_options
@runs
async def scan(settings: Settings, directory: Path | None, dry_run: bool, thoroughly: bool, as_json: bool) -> None:
    """Look through the anime directory and take over what came and went.

    With --dry-run each video of DIRECTORY (else of the anime directory) is told, one a line.
    """
    if directory is not None and not dry_run:
        fail("Another directory than the library's can only be looked at: add --dry-run")
    if dry_run and directory is not None:
        _tell_all(directory, as_json)
        return
    async with opened(settings) as parts:
        if dry_run:
            anime = parts.config.current.library.anime_directory
            if anime is None:
                fail("No anime directory is configured; name a DIRECTORY")
            _tell_all(Path(anime), as_json)
            return
        result = await parts.scans.scan(thoroughly=thoroughly)
    if as_json:
        click.echo(msgspec.json.encode(result))
        return
    click.echo(f"{result.folders} folders, {result.videos} videos, {result.changed} folders changed")
    for problem in result.problems:
        click.echo(problem, err=True)


def _tell_all(directory: Path, as_json: bool) -> None:
    from aniworld.scan.walk import look, series_folders  # noqa: PLC0415 - the help needs none of it

    try:
        folders, problems = series_folders(directory)
    except OSError as error:
        fail(f"{directory} cannot be read: {error.strerror}")
    for problem in problems:
        click.echo(problem, err=True)
    for folder in folders:
        seen = look(directory, folder, {})
        for line in _lines(seen.videos, as_json):
            click.echo(line)
        for problem in seen.problems:
            click.echo(problem, err=True)


def _lines(videos: list[Video], as_json: bool) -> Iterator[str]:
    for video in videos:
        parsed = video.parsed
        first = parsed.absolute[0] if parsed.absolute else None
        if as_json:
            told = {
                "path": video.path,
                "season": parsed.season,
                "episodes": parsed.episodes,
                "absolute": first,
                "absolutes": parsed.absolute,
                "special": parsed.special,
                "kind": parsed.kind,
                "languages": parsed.languages,
                "version": parsed.version,
                "size": video.size,
            }
            yield msgspec.json.encode(told).decode()
        else:
            season = "-" if parsed.season is None else str(parsed.season)
            numbers = ",".join(map(str, parsed.episodes or parsed.absolute)) or "-"
            yield f"{season}\t{numbers}\t{parsed.kind}\t{video.path}"
