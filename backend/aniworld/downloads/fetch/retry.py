"""Trying again within one call: a few times, each later than the last, as long as nothing new comes."""

from __future__ import annotations

import asyncio
import random

from aniworld.downloads.fetch.answers import worth_another_try
from aniworld.downloads.fetch.errors import HostBusyError
from aniworld.downloads.fetch.types import Limits
from aniworld.kit.errors import AppError

_RNG = random.Random()  # noqa: S311 - jitter is no secret


_MUCH = 1024 * 1024
"""Bytes after which a connection that broke has earned another one at once."""


class Patience:
    """Counts failures in a row."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._failures = 0
        self._earned = False

    def progressed(self, count: int = 0) -> None:
        """Something new came, and so many bytes of it: failures begin to count anew."""
        self._failures = 0
        self._earned = count >= _MUCH

    async def wait(self, error: AppError) -> None:
        """Wait before the next attempt, or raise the error where there will be none."""
        if self._failures >= self._limits.retries or not worth_another_try(error, self._limits.patience):
            raise error
        delay = self._limits.backoff * 2**self._failures * _RNG.uniform(0.75, 1.25)
        if self._earned and not isinstance(error, HostBusyError):
            delay = 0.0
        self._failures += 1
        self._earned = False
        await asyncio.sleep(max(delay, error.retry_after or 0.0))
