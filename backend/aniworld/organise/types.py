"""The words of renaming."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal
from uuid import UUID

Kind = Literal["folder", "video", "beside"]
Reason = Literal[
    "target_exists",
    "same_target",
    "case_only",
    "name_too_long",
    "downloading",
    "loading",
    "unreadable",
    "outside",
    "missing",
    "refused",
]
"""Why something stays where it is."""
ChangeStatus = Literal["running", "done", "undoing", "undone"]
MoveState = Literal["moving", "moved", "left", "undoing", "undone"]


@dataclass(frozen=True, slots=True)
class Move:
    """One renaming, as it is done: the moves before it have been done by then."""

    kind: Kind
    source: str
    target: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedFile:
    """A video that is called otherwise by the templates."""

    source: str
    """Where it lies now."""
    target: str
    beside: tuple[tuple[str, str], ...] = ()
    """What lies beside it under its name and goes along."""
    conflict: Reason | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesPlan:
    """What would move of one series."""

    id: UUID
    key: str
    name: str
    folder: tuple[str, str] | None = None
    folder_conflict: Reason | None = None
    files: tuple[PlannedFile, ...] = ()
    moves: tuple[Move, ...] = ()
    """In the order in which they are done; without what is in conflict."""
