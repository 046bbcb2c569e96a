"""What the API says about long work."""

import datetime as dt
from typing import Any

from aniworld.kit.schema import Schema
from aniworld.operations.types import OperationStatus, OperationType


class OperationOut(Schema, frozen=True):
    """One piece of long work."""

    id: str
    type: OperationType
    status: OperationStatus
    current: int
    total: int | None
    percent: float | None
    message: str
    started_at: dt.datetime
    finished_at: dt.datetime | None
    result: dict[str, Any] | None


class OperationPage(Schema, frozen=True):
    """Operations, the newest first."""

    items: list[OperationOut]
    total: int
    limit: int
    offset: int
