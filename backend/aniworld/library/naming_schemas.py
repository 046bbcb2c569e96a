"""What the API says about templates of names."""

from __future__ import annotations

from typing import Literal

import msgspec

from aniworld.config.schemas import LibrarySection, NameTemplate
from aniworld.kit.errors import FieldError
from aniworld.kit.schema import Input, Schema

ExampleKind = Literal["regular", "special", "several", "long", "cjk", "untitled"]

_DEFAULTS = LibrarySection()


class TryNames(Input, frozen=True):
    """Templates to try. What is left out is as it is by default."""

    series_folder: NameTemplate = _DEFAULTS.series_folder
    season_folder: NameTemplate = _DEFAULTS.season_folder
    specials_folder: NameTemplate = _DEFAULTS.specials_folder
    episode_name: NameTemplate = _DEFAULTS.episode_name
    absolute_numbers: bool = _DEFAULTS.absolute_numbers

    def section(self) -> LibrarySection:
        """As they would be configured."""
        return LibrarySection(**msgspec.structs.asdict(self))


class NameExample(Schema, frozen=True):
    """A path that the templates make."""

    kind: ExampleKind
    path: str


class NamesPreview(Schema, frozen=True):
    """What templates make. With errors there are no examples."""

    errors: list[FieldError]
    examples: list[NameExample]
    tokens: dict[str, list[str]]
    """By field: what may stand in the template, as it is written."""
