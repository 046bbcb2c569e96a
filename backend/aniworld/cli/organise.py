"""``aniworld organise``: names as the templates say, and back."""

from __future__ import annotations

from uuid import UUID

import click
import msgspec

from aniworld.cli.common import data_options, fail, json_option, opened, runs
from aniworld.cli.serve import locked
from aniworld.config.settings import Settings

_ALL = 1_000_000_000


@click.command()
@click.option("--dry-run", is_flag=True, help="Only tell what would be renamed.")
@click.option("--undo", type=click.UUID, metavar="ID", help="Put back what that change renamed.")
@json_option
@data_options
@runs
async def organise(settings: Settings, dry_run: bool, undo: UUID | None, as_json: bool) -> None:
    """Rename the files and folders of the library to what the templates in the settings say.

    Nothing is written over; what is in the way is told and stays. Each run is a change that can be undone.
    """
    async with opened(settings) as parts:
        if dry_run:
            shown = await parts.organise.preview(None, limit=_ALL, offset=0)
            if as_json:
                click.echo(msgspec.json.encode(shown))
                return
            for series in shown.items:
                if series.folder is not None:
                    _tell(series.folder.source, series.folder.target, series.folder.conflict)
                for file in series.files:
                    _tell(file.source, file.target, file.conflict)
            counts = shown.counts
            click.echo(f"{counts.files} files, {counts.folders} folders of series, {counts.conflicts} in conflict")
            return
        with locked(settings):  # a running server would not know that files are moved
            await parts.organise.heal()
            if undo is not None:
                await parts.organise.undo_now(undo)
                id_ = undo
            else:
                shown = await parts.organise.preview(None, limit=1, offset=0)
                id_ = await parts.organise.organise_now(None, shown.token)
            done = await parts.organise.change(id_)
        if as_json:
            click.echo(msgspec.json.encode(done))
            return
        left = [move for move in done.moves if move.reason is not None]
        for move in left:
            click.echo(f"{move.source}: {move.reason}", err=True)
        click.echo(f"Change {id_}: {done.status}, {len(left)} left as they were")
    if left and undo is not None:
        fail("Not all could be put back")


def _tell(source: str, target: str, conflict: str | None) -> None:
    click.echo(f"{source}\n  → {target}" + (f"  ({conflict}: stays)" if conflict else ""))
