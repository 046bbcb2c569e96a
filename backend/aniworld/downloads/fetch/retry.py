"""Trying again within one call: a few times, each later than the last, as long as nothing new comes."""

from __future__ import annotations

import asyncio
import random

from aniworld.downloads.fetch.answers import worth_another_try
from aniworld.downloads.fetch.types import Limits
from aniworld.kit.errors import AppError

_RNG = random.Random()  # noqa: S311 - jitter is no secret


class Patience:
    """Counts failures in a row."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._failures = 0

    def progressed(self) -> None:
        """Something new came: failures begin to count anew."""
        self._failures = 0

    async def wait(self, error: AppError) -> None:
        """Wait before the next attempt, or raise the error where there will be none."""
        if self._failures >= self._limits.retries or not worth_another_try(error, self._limits.patience):
            raise error
        delay = self._limits.backoff * 2**self._failures * _RNG.uniform(0.75, 1.25)
        self._failures += 1
        await asyncio.sleep(max(delay, error.retry_after or 0.0))
