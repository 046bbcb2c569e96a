"""What the API is told about a change of many series."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from aniworld.config.schemas import LanguageMode, LanguageTag
from aniworld.kit.schema import Input, Schema
from aniworld.library.types import STEPS, Step

Key = Annotated[str, Meta(min_length=1, max_length=200, pattern=r"^[^\x00]+$")]
BulkAction = Literal[
    "monitor", "unmonitor", "languages", "reload", "download_missing", "delete", "delete_with_files", "restore"
]
"""``delete`` and ``restore`` undo one another, and so do ``monitor`` and ``unmonitor``."""


class BulkChange(Input, frozen=True):
    """The same change for many series."""

    keys: Annotated[
        list[Key],
        Meta(min_length=1, max_length=10_000, description="Which series", extra_json_schema={"uniqueItems": True}),
    ]
    action: BulkAction
    languages: (
        Annotated[
            list[LanguageTag],
            Meta(min_length=1, max_length=20, description="For `languages`, the best first; null: as the library"),
        ]
        | None
    ) = None
    language_mode: LanguageMode | None = None
    """For ``languages``; null: as the library."""
    parts: Annotated[list[Step], Meta(min_length=1, max_length=4, description="For `reload`")] = msgspec.field(
        default_factory=lambda: list(STEPS)
    )


class BulkFailure(Schema, frozen=True):
    """A series that stayed as it was, and why."""

    key: str
    detail: str


class BulkResult(Schema, frozen=True):
    """The ``result`` of the operation: what was changed and what was not."""

    action: BulkAction
    done: list[str]
    """Keys: for these the inverse takes it back."""
    failed: list[BulkFailure]
    queued: int
    """Episodes, for ``download_missing``."""


class BulkStarted(Schema, frozen=True):
    """The operation that does it."""

    operation_id: str
