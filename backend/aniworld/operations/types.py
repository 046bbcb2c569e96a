"""The words of long work."""

from typing import Literal

OperationType = Literal["scan", "download", "load", "queue", "system"]
OperationStatus = Literal["started", "in_progress", "completed", "failed", "cancelled"]
