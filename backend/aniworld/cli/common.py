"""What the commands share: where the data is, and how an error is told."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, ParamSpec

import click
import msgspec

from aniworld.config.settings import Settings, default_data_dir

if TYPE_CHECKING:
    from aniworld.app import Parts

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


def json_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """``--json``, as ``as_json``."""
    return click.option("--json", "as_json", is_flag=True, help="Answer in JSON, for a script.")(command)


def tell(answer: object, as_json: bool, lines: list[str]) -> None:
    """Print an answer for a script or for a person."""
    if as_json:
        click.echo(msgspec.json.encode(answer).decode())
        return
    for line in lines:
        click.echo(line)


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Parts]:
    """The program's parts with the data read and nothing running; what goes wrong ends the command with a sentence."""
    from aniworld.app import build  # noqa: PLC0415 - heavy; a command that needs none of it starts without
    from aniworld.config.service import ConfigFileError  # noqa: PLC0415
    from aniworld.db import schema  # noqa: PLC0415
    from aniworld.kit.errors import AppError  # noqa: PLC0415

    prepare_data_dir(settings)
    parts = build(settings)
    try:
        await schema.ensure(settings.url, settings.data_dir / "backups")
        parts.config.load()
        await parts.catalog.load()
        yield parts
    except (AppError, ConfigFileError, schema.SchemaError) as error:
        fail(error.detail if isinstance(error, AppError) else str(error))
    finally:
        await parts.http.aclose()
        await parts.db.close()


def runs(command: Callable[P, Coroutine[Any, Any, None]]) -> Callable[P, None]:
    """Run an asynchronous command."""

    @wraps(command)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> None:
        asyncio.run(command(*args, **kwargs))

    return wrapped
