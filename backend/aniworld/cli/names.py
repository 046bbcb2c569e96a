"""``aniworld parse``: what names are taken for, and why."""

from __future__ import annotations

import sys
from collections.abc import Iterable

import click
import msgspec

from aniworld.cli.common import json_option
from aniworld.naming.parse import parse as parse_name
from aniworld.naming.path import parse_path
from aniworld.naming.types import Parsed


@click.command()
@click.argument("names", nargs=-1)
@json_option
def parse(names: tuple[str, ...], as_json: bool) -> None:
    """Tell what NAMES of files (or paths below the anime directory) say; without any, each line of the input is one."""
    for name in names or _lines():
        parsed = parse_path(name) if "/" in name and " / " not in name else parse_name(name)
        click.echo(msgspec.json.encode(_told(name, parsed)) if as_json else _sentence(parsed))


def _lines() -> Iterable[str]:
    for line in sys.stdin.buffer:
        if name := line.decode("utf-8", "replace").rstrip("\r\n"):
            yield name


def _told(name: str, parsed: Parsed) -> dict[str, object]:
    return {**msgspec.to_builtins(parsed), "name": name}


def _sentence(parsed: Parsed) -> str:
    """``Show · season 1 · episode 5 · de    (SxxEyy)``."""
    version = f"version {parsed.version}" if parsed.version else ""
    parts = [
        parsed.title + (f" ({parsed.year})" if parsed.year else ""),
        parsed.kind if parsed.kind != "episode" else "",
        f"season {parsed.season}" if parsed.season is not None else "",
        f"episode {_range(parsed.episodes)}" if parsed.episodes else "",
        f"number {_range(parsed.absolute)}" if parsed.absolute else "",
        " ".join(parsed.languages),
        version,
        parsed.group or "",
    ]
    return f"{' · '.join(part for part in parts if part)}\t({parsed.rule})"


def _range(numbers: tuple[int, ...]) -> str:
    whole = len(numbers) > 2 and numbers == tuple(range(numbers[0], numbers[-1] + 1))
    return f"{numbers[0]}-{numbers[-1]}" if whole else ", ".join(map(str, numbers))
