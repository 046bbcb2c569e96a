"""``aniworld openapi``: the API's document."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from aniworld.config.settings import Settings


@click.command()
def openapi() -> None:
    """Print the OpenAPI document."""
    from aniworld.app import create_app  # noqa: PLC0415 - heavy
    from aniworld.openapi import openapi_json  # noqa: PLC0415 - heavy

    app = create_app(Settings(data_dir=Path("unused")))
    sys.stdout.buffer.write(openapi_json(app) + b"\n")
