"""Files that are made when they are first asked for, and kept."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Callable
from pathlib import Path


class Cache:
    """A directory of made things. A name is either not there or there and whole, whoever asks, however it ends."""

    def __init__(self, root: Path) -> None:
        self._root = root
        # One thing is made at a time: the machine also downloads and plays meanwhile.
        self._making = asyncio.Lock()

    async def get(self, name: str, make: Callable[[Path], None]) -> Path:
        """The file or directory ``name``; ``make`` writes it in a thread, at a path it is given, unless it is there."""
        final = self._root / name
        if not await asyncio.to_thread(final.exists):
            async with self._making:
                if not await asyncio.to_thread(final.exists):
                    await asyncio.to_thread(self._make, final, make)
        return final

    def _make(self, final: Path, make: Callable[[Path], None]) -> None:
        final.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=self._root, prefix=".making-") as directory:
            work = Path(directory) / final.name
            make(work)
            try:
                work.rename(final)
            except OSError:
                # Another process was faster with a directory; its own is as good.
                if not final.is_dir():
                    raise
