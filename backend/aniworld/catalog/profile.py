"""What every source is described by: a TOML file in the data folder. Its ``kind`` says which adapter reads it."""

from __future__ import annotations

import difflib
import logging
import os
import re
import stat
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin

import msgspec
from msgspec import Meta

from aniworld.catalog.errors import InvalidProfileError
from aniworld.kit.errors import FieldError
from aniworld.kit.net.errors import AddressRefusedError
from aniworld.kit.net.guard import parse_url
from aniworld.kit.schema import Input

log = logging.getLogger(__name__)

MAX_FILE = 256 * 1024
DEFAULT_KIND = "site"

LanguageTag = Annotated[
    str,
    Meta(
        pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})?(\+[a-z]{2,3}(-[A-Za-z0-9]{2,8})?)?$",
        max_length=24,
        description="a language such as de, or ja+de: Japanese with German subtitles",
    ),
]
Word = Annotated[str, Meta(min_length=1, max_length=100)]


_NAME = "at most 64 lower case letters, digits, - and _, the first a letter or a digit"


class Profile(Input, frozen=True):
    """One source. Every kind adds what it needs; a new key has a default, so that profiles stay valid."""

    name: Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$", description=_NAME)]
    """Stored with every series that comes from here: never change it."""
    title: Annotated[str, Meta(min_length=1, max_length=100)]
    """For people."""
    kind: str
    """Narrowed by each kind to its own name."""
    version: Literal[1] = 1
    requests_per_second: Annotated[float, Meta(ge=0.01, le=100, description="a number from 0.01 to 100")] | None = None
    """To each of its hosts. Left out: 4; as many as are needed where the host is one of those that the user lists."""

    def problems(self, adapters: frozenset[str] | None) -> Iterator[FieldError]:
        """Everything that is wrong beyond the form. ``adapters``: the hosters that exist; None: not checked."""
        return iter(())

    @property
    def secret(self) -> bool:
        """Whether it holds a password or a key, so that nobody else should be able to read the file."""
        return False

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name})"  # what it holds may be secret


def base_url_problems(base_url: str) -> Iterator[FieldError]:
    """What is wrong with the address that a source stands at."""
    try:
        url, _ = parse_url(base_url)
        if url.query or url.fragment:
            yield FieldError(field="base_url", message="must end with the path")
    except AddressRefusedError as error:
        yield FieldError(field="base_url", message=error.detail)


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
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
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
    profile = _checked(document, path.name, text, kinds, adapters)
    if profile.secret and mode & 0o077:
        log.warning("%s holds a password or key and others can read it: chmod 600 it", path.name)
    return profile


def _checked(
    document: dict[str, Any], file: str, text: str, kinds: Mapping[str, type[P]], adapters: frozenset[str] | None
) -> P:
    kind = document.get("kind", DEFAULT_KIND)
    if not isinstance(kind, str) or kind not in kinds:
        known = ", ".join(sorted(kinds))
        problem = FieldError(field="kind", message=f"no such kind of source; there are {known}")
        raise _invalid([problem], file, text)
    problems = list(misfits(document, kinds[kind]))
    if not problems:
        profile = msgspec.convert(document, kinds[kind])
        problems = list(profile.problems(adapters))
        if not problems:
            return profile
    raise _invalid(problems, file, text)


def _invalid(problems: list[FieldError], file: str, text: str) -> InvalidProfileError:
    told = "; ".join(
        f"{file}, {_place(text, problem.field)}{problem.field or 'the file'}: {problem.message}"
        for problem in problems[:10]
    )
    return InvalidProfileError(told, errors=tuple(problems))


def misfits(value: Any, type_: Any, field: str = "") -> Iterator[FieldError]:
    """Everything in the value that does not have the form of the type; msgspec itself stops at the first."""
    try:
        msgspec.convert(value, type_)
    except msgspec.ValidationError as error:
        inner = list(_inner_misfits(value, type_, field))
        told = _description(type_)
        message = f"must be {told}" if told else str(error).partition(" - at `$")[0]
        yield from inner or [FieldError(field=field, message=message)]


def _inner_misfits(value: Any, type_: Any, field: str) -> Iterator[FieldError]:
    """What does not fit inside of it, for the one of several types that its form chooses."""
    plain = _plain(type_)
    for choice in get_args(plain) if get_origin(plain) in (Union, UnionType) else (plain,):
        kind, arguments = get_origin(_plain(choice)) or _plain(choice), get_args(_plain(choice))
        if isinstance(value, dict) and isinstance(kind, type) and issubclass(kind, msgspec.Struct):
            yield from _struct_misfits(value, kind, field)
        elif isinstance(value, dict) and kind is dict:
            for name, inner in value.items():
                for part, of in ((name, arguments[0]), (inner, arguments[1])):
                    yield from misfits(part, of, f"{field}.{name}")
        elif isinstance(value, list) and kind is tuple:
            for inner in value:
                yield from misfits(inner, arguments[0], field)


def _struct_misfits(value: dict[str, Any], type_: type[msgspec.Struct], field: str) -> Iterator[FieldError]:
    fields = {info.encode_name: info for info in msgspec.structs.fields(type_)}
    before = f"{field}." if field else ""
    for name, inner in value.items():
        if name in fields:
            yield from misfits(inner, fields[name].type, before + name)
        else:
            near = difflib.get_close_matches(name, fields, n=1)
            hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(sorted(fields))}"
            yield FieldError(field=before + name, message=f"no such key, {hint}")
    for name, info in fields.items():
        if info.required and name not in value:
            yield FieldError(field=before + name, message="is missing")


def _plain(type_: Any) -> Any:
    return get_args(type_)[0] if get_origin(type_) is Annotated else type_


def _description(type_: Any) -> str:
    notes = get_args(type_)[1:] if get_origin(type_) is Annotated else ()
    return next((note.description for note in notes if isinstance(note, Meta) and note.description), "")


def _place(text: str, field: str) -> str:
    """``line 12, `` where the field can be found in the file, or the section that it is missing from."""
    parts = field.split(".")
    header = ""
    inside: list[str] = []
    for number, line in enumerate(text.splitlines(), start=1):
        if table := re.match(r"\s*\[\s*([^\[\]]+?)\s*\]", line):
            inside = [part.strip(" \"'") for part in table.group(1).split(".")]
            if parts[: len(inside)] == inside:
                header = f"line {number}, "
                if inside == parts:
                    return header
        elif (name := re.match(r"""\s*["']?([^"'=]*?)["']?\s*=""", line)) and parts[: len(inside) + 1] == [
            *inside,
            name.group(1).partition(".")[0],
        ]:
            return f"line {number}, "
    return header
