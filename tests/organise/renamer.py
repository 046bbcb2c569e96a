"""Renames in a process of its own, which can be killed in the middle, or lack the rights that root has.

Arguments: the database's URL, the data directory, "organise" or "undo <change>", and what is to happen when: "before 3"
and "after 3" kill it at the third renaming (from 0), "told" when everybody was told of the first part, "lock <path>"
takes the right to write into a directory when the first renaming is done, "never" nothing. It tells what was left.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any, cast
from uuid import UUID

from aniworld.config.service import ConfigService
from aniworld.db.engine import Database
from aniworld.events.bus import EventBus
from aniworld.kit.files import durable_move
from aniworld.library.service import LibraryService
from aniworld.operations.service import Operations
from aniworld.organise import disk
from aniworld.organise.service import OrganiseService
from aniworld.scan import moved_service
from tests.library.doubles import MemoryCatalog


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _prepare(organise: OrganiseService, when: str, argument: str) -> None:
    do, count = organise._do, 0

    def moving(source: Path, target: Path) -> None:
        nonlocal count
        if when == "before" and count == int(argument):
            _die()
        durable_move(source, target)
        if when == "after" and count == int(argument):
            _die()
        if when == "lock" and count == 0:
            Path(argument).chmod(0o555)
        count += 1

    async def doing(*arguments: Any, **more: Any) -> None:
        await do(*arguments, **more)
        if when == "told":
            _die()

    disk.durable_move = moving  # type: ignore[attr-defined]
    organise._do = doing  # type: ignore[method-assign]


async def _main(url: str, data: str, what: str, when: str) -> None:
    bus = EventBus()
    config, operations, db = ConfigService(Path(data), bus), Operations(bus), Database(url)
    config.load()
    library = LibraryService(db, bus, config, cast("Any", MemoryCatalog()))
    organise = OrganiseService(db, bus, config, operations, library, Path.is_dir)
    organise.followers.append(moved_service.follow)
    point, _, argument = when.partition(" ")
    _prepare(organise, point, argument)
    verb, _, change = what.partition(" ")
    shown = await organise.preview(None, limit=100, offset=0)
    conflicts = {file.source: file.conflict for one in shown.items for file in one.files}
    if verb == "undo":
        await organise.undo_now(UUID(change))
        id_ = UUID(change)
    else:
        id_ = await organise.organise_now(None, shown.token)
    detail = await organise.change(id_)
    left = {move.source: move.reason for move in detail.moves if move.reason is not None}
    sys.stdout.write(json.dumps({"id": str(id_), "conflicts": conflicts, "left": left}))
    await db.close()


if __name__ == "__main__":
    asyncio.run(_main(*sys.argv[1:]))
