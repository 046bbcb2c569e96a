"""``aniworld nfo``: what Jellyfin and Kodi will make of folders."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from aniworld.cli.common import data_options, fail, json_option, opened, runs
from aniworld.config.settings import Settings

if TYPE_CHECKING:
    from aniworld.metadata.check_types import FolderCheck


@click.group()
def nfo() -> None:
    """Descriptions (NFO files) and what players make of them."""


@nfo.command()
@click.argument(
    "directories", nargs=-1, metavar="[DIR]...", type=click.Path(exists=True, file_okay=False, path_type=Path)
)
@json_option
@data_options
@runs
async def check(settings: Settings, directories: tuple[Path, ...], as_json: bool) -> None:
    """Tell what Jellyfin and Kodi will make of the folders of series, and what stands in the way. Writes nothing.

    DIR is the folder of a series, or one that holds such folders; left out: the anime directory. With --json one object
    a folder. Ends with 1 where there are errors, not for warnings.
    """
    if not directories:
        async with opened(settings) as parts:
            anime = parts.config.current.library.anime_directory
        if anime is None:
            fail("No anime directory is configured; name a DIR")
        directories = (Path(anime),)
    bad = [directory for directory in directories if _check(directory.absolute(), as_json)]
    sys.exit(1 if bad else 0)


def _check(directory: Path, as_json: bool) -> bool:
    """Tell of one; whether there are errors."""
    from aniworld.metadata import check_service  # noqa: PLC0415 - the help needs none of it

    bad = False
    try:
        for folder in check_service.series_folders(directory):
            result = check_service.check(folder.parent, folder.name)
            bad |= any(item.severity == "error" for item in result.findings)
            click.echo(msgspec.json.encode(result).decode() if as_json else "\n".join(_lines(result)))
    except OSError as error:
        fail(f"{directory} cannot be read: {error.strerror}")
    return bad


def _lines(result: FolderCheck) -> list[str]:
    lines = [str(result.folder)]
    for view in result.players:
        seasons = ", ".join(f"{season.name or season.season}: {season.episodes}" for season in view.seasons) or "-"
        year = f" ({view.year})" if view.year else ""
        pictures = ", ".join(view.artwork) or "-"
        lines.append(f"  {view.player}: {view.title}{year}; episodes {seasons}; pictures {pictures}")
        if view.passed_over:
            lines.append(f"    {view.passed_over} videos passed over")
    for item in result.findings:
        lines.append(f"  {item.severity} [{item.player}] {item.path}")
        lines.append(f"    {item.message} {item.fix}")
    if result.left_out:
        lines.append(f"  and {result.left_out} more")
    return lines
