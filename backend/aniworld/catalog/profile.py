"""What every source is described by: a TOML file in the data folder. Its ``kind`` says which adapter reads it."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import msgspec
from msgspec import Meta

from aniworld.catalog.errors import InvalidProfileError
from aniworld.kit.errors import FieldError
from aniworld.kit.schema import Input

MAX_FILE = 256 * 1024
DEFAULT_KIND = "site"

LanguageTag = Annotated[
    str, Meta(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})?(\+[a-z]{2,3}(-[A-Za-z0-9]{2,8})?)?$", max_length=24)
]
Word = Annotated[str, Meta(min_length=1, max_length=100)]


class Profile(Input, frozen=True):
    """One source. Every kind adds what it needs; a new key has a default, so that profiles stay valid."""

    name: Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")]
    """Stored with every series that comes from here: never change it."""
    title: Annotated[str, Meta(min_length=1, max_length=100)]
    """For people."""
    kind: str
    """Narrowed by each kind to its own name."""
    version: Literal[1] = 1

    def problems(self, adapters: frozenset[str] | None) -> Iterator[FieldError]:
        """Everything that is wrong beyond the form. ``adapters``: the hosters that exist; None: not checked."""
        return iter(())


P = TypeVar("P", bound=Profile)


def load(
    path: Path,
    kinds: Mapping[str, type[P]],
    *,
    base_url: str | None = None,
    adapters: frozenset[str] | None = None,
) -> P:
    """Read and check a profile; ``base_url`` takes the place of the file's own.

    ``kinds``: what may describe a source, by ``kind``. Raises ``InvalidProfileError``, whose ``errors`` name the key
    and whose text names file, line and key. Reads a file: not for the event loop.
    """
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_FILE + 1)
        if len(raw) > MAX_FILE:
            raise InvalidProfileError(f"{path.name} is larger than {MAX_FILE // 1024} KiB")
        text = raw.decode()
        document = tomllib.loads(text)
    except OSError as error:
        raise InvalidProfileError(f"{path.name} cannot be read: {error.strerror}") from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        raise InvalidProfileError(f"{path.name} is no TOML: {error}") from error
    if base_url is not None:
        document["base_url"] = base_url
    return _checked(document, path.name, text, kinds, adapters)


def _checked(
    document: dict[str, Any], file: str, text: str, kinds: Mapping[str, type[P]], adapters: frozenset[str] | None
) -> P:
    kind = document.get("kind", DEFAULT_KIND)
    if not isinstance(kind, str) or kind not in kinds:
        known = ", ".join(sorted(kinds))
        problem = FieldError(field="kind", message=f"no such kind of source; there are {known}")
        raise _invalid([problem], file, text)
    try:
        profile = msgspec.convert(document, kinds[kind])
        problems = list(profile.problems(adapters))
    except msgspec.ValidationError as error:
        message, _, key = str(error).partition(" - at `$")
        inner = re.search(r"(?:unknown|missing required) field `(.*?)`", message)
        name = ".".join(part for part in (key.strip("`.").replace("[...]", ""), inner and inner.group(1)) if part)
        problems = [FieldError(field=name, message=message)]
    if problems:
        raise _invalid(problems, file, text)
    return profile


def _invalid(problems: list[FieldError], file: str, text: str) -> InvalidProfileError:
    told = "; ".join(
        f"{file}, {_place(text, problem.field)}{problem.field or 'the file'}: {problem.message}"
        for problem in problems[:10]
    )
    return InvalidProfileError(told, errors=tuple(problems))


def _place(text: str, field: str) -> str:
    """``line 12, `` where the field can be found in the file."""
    section, _, rest = field.partition(".")
    key = rest.partition(".")[0]
    inside = ""
    for number, line in enumerate(text.splitlines(), start=1):
        if header := re.match(r"\s*\[\s*([\w.-]+)\s*\]", line):
            inside = header.group(1)
            if (inside == section and not key) or inside == f"{section}.{key}":
                return f"line {number}, "
            continue
        name = re.match(r"""\s*["']?([^"'=]*?)["']?\s*=""", line)
        if name and ((inside == section and name.group(1) == key) or (not inside and name.group(1) == section)):
            return f"line {number}, "
    return ""
