"""Holds the configuration in force and the one file it lives in."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from aniworld.config import secrets
from aniworld.config.schemas import AppConfig, LibrarySection, Section, SectionName, Validation
from aniworld.events.bus import EventBus
from aniworld.events.types import Message, SystemInfo
from aniworld.kit.errors import FieldError, InvalidInputError, field_error
from aniworld.kit.files import durable_write
from aniworld.naming.template import Kind
from aniworld.naming.template_check import template_problem

VERSION = 1
TEMPLATES: tuple[tuple[str, Kind], ...] = (
    ("series_folder", "series"),
    ("season_folder", "season"),
    ("specials_folder", "specials"),
    ("episode_name", "episode"),
)
"""Fields of the library's section that are templates of names."""


class ConfigFileError(Exception):
    """The file cannot be used; the text says what to do. The file is left as it is."""


class ConfigService:
    """``current`` is what holds now, secrets and all: read it when it is needed, never keep it.

    Changes are validated whole, written atomically and take effect at once: ``subscribe`` tells those who must act.
    """

    def __init__(self, data_dir: Path, bus: EventBus) -> None:
        self.current = AppConfig()
        self._data_dir = data_dir
        self._file = data_dir / "config.json"
        self._bus = bus
        self._lock = asyncio.Lock()
        self._listeners: list[Callable[[AppConfig], None]] = []

    def load(self) -> None:
        """Read the file; a missing one means the defaults. Raises :class:`ConfigFileError`. Called before the start."""
        try:
            raw = msgspec.json.decode(self._file.read_bytes())
            if not isinstance(raw, dict) or raw.pop("version", None) != VERSION:
                raise msgspec.ValidationError(f"it has no version {VERSION}")
            self.current = msgspec.convert(raw, AppConfig)
        except FileNotFoundError:
            self.current = AppConfig()
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            raise ConfigFileError(
                f"{self._file} cannot be used: {error}. Put it right, or move it away to start with the defaults."
            ) from error

    def subscribe(self, listener: Callable[[AppConfig], None]) -> None:
        """Call ``listener`` with each new configuration."""
        self._listeners.append(listener)

    async def validate(self, raw: object) -> Validation:
        """Check a whole configuration and change nothing. At most one error a section is found in its form."""
        if not isinstance(raw, dict):
            return Validation(
                valid=False, errors=[FieldError(field="", message="Expected an object of sections")], warnings=[]
            )
        errors: list[FieldError] = []
        for name, value in raw.items():
            try:
                msgspec.convert({name: value}, AppConfig)
            except msgspec.ValidationError as error:
                errors.append(field_error(error))
        if errors:
            return Validation(valid=False, errors=errors, warnings=[])
        errors, warnings = await self._check(msgspec.convert(raw, AppConfig))
        return Validation(valid=not errors, errors=errors, warnings=warnings)

    async def replace(self, config: AppConfig) -> AppConfig:
        """Put a whole configuration in force; how it is shown."""
        async with self._lock:
            return secrets.hidden_all(await self._store(config))

    def shown(self) -> AppConfig:
        """What holds now, without secrets."""
        return secrets.hidden_all(self.current)

    def section(self, name: SectionName) -> Section:
        """One section of what holds now, without secrets."""
        section: Section = secrets.hidden(getattr(self.current, name))
        return section

    async def patch(self, name: SectionName, changes: dict[str, Any]) -> Section:
        """Change the named fields of one section; how it is shown then. A null for a secret removes it."""
        async with self._lock:
            raw = msgspec.to_builtins(self.current)
            raw[name].update({f"{secret}_set": False for secret in secrets.names(getattr(self.current, name))})
            raw[name].update(changes)
            try:
                stored = await self._store(parse(raw))
            except InvalidInputError as error:
                raise InvalidInputError(
                    error.detail, errors=tuple(_within(name, problem) for problem in error.errors)
                ) from error
            section: Section = secrets.hidden(getattr(stored, name))
            return section

    async def _store(self, config: AppConfig) -> AppConfig:
        config = secrets.settled(config, self.current)
        errors, _warnings = await self._check(config)
        if errors:
            raise InvalidInputError(errors[0].message, errors=tuple(errors))
        content = msgspec.json.format(
            msgspec.json.encode({"version": VERSION, **msgspec.to_builtins(config)}), indent=2
        )
        await asyncio.to_thread(durable_write, self._file, content + b"\n", mode=0o600)
        self.current = config
        for listener in self._listeners:
            listener(config)
        self._bus.publish(SystemInfo(data=Message(code="config_changed", message="The configuration changed")))
        return config

    async def _check(self, config: AppConfig) -> tuple[list[FieldError], list[FieldError]]:
        errors: list[FieldError] = []
        warnings: list[FieldError] = []
        directory = config.library.anime_directory
        if directory is not None:
            problem = await asyncio.to_thread(directory_problem, directory, self._data_dir)
            if problem:
                # A directory that was fine and is away for now (a NAS that sleeps) must not block other changes.
                unchanged = directory == self.current.library.anime_directory
                (warnings if unchanged else errors).append(FieldError(field="library.anime_directory", message=problem))
        errors += template_problems(config.library)
        for index, entry in enumerate(config.providers.allowed_hosts):
            if not 1 <= int(entry.rpartition(":")[2]) <= 65535:
                errors.append(
                    FieldError(field=f"providers.allowed_hosts[{index}]", message="The port must be 1 to 65535")
                )
        for field, listed in (
            ("library.languages", config.library.languages),
            ("metadata.languages", config.metadata.languages),
            ("metadata.picture_languages", config.metadata.picture_languages),
        ):
            if len(set(listed)) != len(listed):
                errors.append(FieldError(field=field, message="A language stands there twice"))
        return errors, warnings


def template_problems(library: LibrarySection) -> list[FieldError]:
    """What is wrong with the templates of names, each with its field."""
    problems = []
    for field, kind in TEMPLATES:
        text: str = getattr(library, field)
        if (problem := template_problem(text, kind)) is not None:
            problems.append(FieldError(field=f"library.{field}", message=problem))
    return problems


def parse(raw: object) -> AppConfig:
    """A configuration as a client sends it. Raises :class:`InvalidInputError`, which names the field."""
    try:
        return msgspec.convert(raw, AppConfig)
    except msgspec.ValidationError as error:
        problem = field_error(error)
        raise InvalidInputError(problem.message, errors=(problem,)) from error


def directory_problem(directory: str, data_dir: Path) -> str | None:
    """Why a directory cannot hold the anime, as a sentence; None: it can. Blocks on the file system."""
    path = Path(directory)
    if "\x00" in directory or not path.is_absolute():
        return "Give the whole path, beginning with /"
    try:
        real = path.resolve(strict=True)
    except (FileNotFoundError, NotADirectoryError):
        return "There is no such directory; create it first"
    except (OSError, RuntimeError) as error:
        return f"The directory cannot be opened ({getattr(error, 'strerror', None) or 'a loop of links'})"
    data = data_dir.resolve()
    if real == Path(real.anchor) or real.is_relative_to(data) or data.is_relative_to(real):
        return "Choose a directory of its own: not the data directory, nor one above or below it"
    if not real.is_dir():
        return "That is a file, not a directory"
    if not os.access(real, os.R_OK | os.W_OK | os.X_OK):
        return "The server may not write there; check the directory's owner and permissions"
    return None


def _within(section: str, problem: FieldError) -> FieldError:
    """The problem as the section's own form names it."""
    return FieldError(field=problem.field.removeprefix(section).removeprefix("."), message=problem.message)
