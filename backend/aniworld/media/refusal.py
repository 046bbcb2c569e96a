"""Says no to media."""

from __future__ import annotations


class RefusalError(Exception):
    """The media is not good."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message
