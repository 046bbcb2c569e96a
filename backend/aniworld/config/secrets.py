"""What is taken and never shown: each field ``x`` that has an ``x_set`` beside it. Pure.

Answers have null for the secret and say with ``x_set`` whether there is one. An answer that is sent back as it came
(null, and true) leaves the secret that is there.
"""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec

from aniworld.config.schemas import AppConfig

T = TypeVar("T", bound=msgspec.Struct)


def names(section: type[msgspec.Struct] | msgspec.Struct) -> list[str]:
    """The secrets of a section."""
    fields = section.__struct_fields__
    return [name for name in fields if f"{name}_set" in fields]


def hidden(section: T) -> T:
    """The section as it may be shown."""
    values: dict[str, Any] = {}
    for name in names(section):
        values |= {name: None, f"{name}_set": getattr(section, name) is not None}
    return msgspec.structs.replace(section, **values)


def hidden_all(config: AppConfig) -> AppConfig:
    """The configuration as it may be shown."""
    return msgspec.structs.replace(config, **{name: hidden(getattr(config, name)) for name in _sections(config)})


def settled(config: AppConfig, before: AppConfig) -> AppConfig:
    """The configuration as it is kept: with the secrets of ``before`` that are said to stay."""
    sections: dict[str, Any] = {}
    for part in _sections(config):
        section = getattr(config, part)
        values: dict[str, Any] = {}
        for name in names(section):
            secret = getattr(section, name)
            if secret is None and getattr(section, f"{name}_set"):
                secret = getattr(getattr(before, part), name)
            values |= {name: secret, f"{name}_set": secret is not None}
        sections[part] = msgspec.structs.replace(section, **values)
    return msgspec.structs.replace(config, **sections)


def _sections(config: AppConfig) -> list[str]:
    return [name for name in config.__struct_fields__ if names(getattr(config, name))]
