"""``aniworld password``: for whoever can read the data directory and has forgotten the password."""

from __future__ import annotations

import click

from aniworld.cli.common import data_options, opened, runs
from aniworld.config.settings import Settings


@click.command()
@data_options
@click.password_option(help="The new password; asked for when it is left out.")
@runs
async def password(settings: Settings, password: str) -> None:
    """Set a new master password; every session ends."""
    async with opened(settings) as parts:
        await parts.access.reset_password(password)
    click.echo("The password is changed; every session has ended.")
