"""``aniworld password``: for whoever can read the data directory and has forgotten the password."""

from __future__ import annotations

import click

from aniworld.cli.common import data_options, fail, prepare_data_dir, runs
from aniworld.config.settings import Settings


@click.command()
@data_options
@click.password_option(help="The new password; asked for when it is left out.")
@runs
async def password(settings: Settings, password: str) -> None:
    """Set a new master password; every session ends."""
    from aniworld.app import build  # noqa: PLC0415 - heavy
    from aniworld.kit.errors import AppError  # noqa: PLC0415

    prepare_data_dir(settings)
    parts = build(settings)
    try:
        parts.config.load()
        await parts.access.load()
        await parts.access.reset_password(password)
    except AppError as error:
        fail(error.detail)
    finally:
        await parts.http.aclose()
        await parts.db.close()
    click.echo("The password is changed; every session has ended.")
