"""What the commands share: where the data is, and how an error is told."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Coroutine
from functools import wraps
from pathlib import Path
from typing import Any, NoReturn, ParamSpec

import click

from aniworld.config.settings import Settings, default_data_dir

P = ParamSpec("P")


def data_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """``--data-dir`` and ``--database-url``, from the command line or the environment, as ``settings``."""

    @click.option(
        "--data-dir",
        type=click.Path(file_okay=False, path_type=Path),
        envvar="ANIWORLD_DATA_DIR",
        show_envvar=True,
        default=None,
        help="Where the database and the configuration are kept.",
    )
    @click.option(
        "--database-url",
        envvar="ANIWORLD_DATABASE_URL",
        show_envvar=True,
        default=None,
        help="postgresql+asyncpg://…; left out: SQLite in the data directory.",
    )
    @wraps(command)
    def wrapped(*args: Any, data_dir: Path | None, database_url: str | None, **kwargs: Any) -> Any:
        directory = (data_dir or default_data_dir()).expanduser().absolute()
        return command(*args, settings=Settings(data_dir=directory, database_url=database_url), **kwargs)

    return wrapped


def prepare_data_dir(settings: Settings) -> None:
    """Make the data directory, for its owner alone."""
    try:
        settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        fail(f"The data directory {settings.data_dir} cannot be made: {error.strerror}")


def fail(message: str) -> NoReturn:
    """Say what is wrong and end."""
    click.echo(message, err=True)
    sys.exit(1)


def runs(command: Callable[P, Coroutine[Any, Any, None]]) -> Callable[P, None]:
    """Run an asynchronous command."""

    @wraps(command)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> None:
        asyncio.run(command(*args, **kwargs))

    return wrapped
