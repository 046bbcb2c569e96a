"""Many folders are read by another process, to the same end."""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path

import pytest

from aniworld.scan import reader
from aniworld.scan.walk import Seen, look
from tests.scan.conftest import Scanned


def _tree(anime: Path, folders: int) -> list[str]:
    names = [f"Show {number:03}" for number in range(folders)]
    for name in names:
        (anime / name / "Season 01").mkdir(parents=True)
        (anime / name / "Season 01" / f"{name} - S01E01.mkv").write_bytes(b"x")
    (anime / names[1] / "tvshow.nfo").write_text('<tvshow><uniqueid type="tmdb">12</uniqueid></tvshow>')
    (anime / names[2] / os.fsdecode(b"caf\xe9.mkv")).write_bytes(b"x")
    return names


async def test_the_other_process_sees_what_we_would(anime: Path) -> None:
    names = _tree(anime, 130)
    seen: list[Seen] = []
    batches = 0
    async with contextlib.aclosing(reader.read(anime, [(name, {}) for name in names], thoroughly=False)) as told:
        async for batch in told:
            seen += batch
            batches += 1
    assert seen == [look(anime, name, {}) for name in names]
    assert batches >= 1


@pytest.mark.parametrize("command", ["/nowhere/python", "/bin/false"])
async def test_without_the_other_process_all_is_read_all_the_same(
    scanned: Scanned, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    _tree(scanned.shelf.anime, 130)
    monkeypatch.setattr(sys, "executable", command)
    result = await scanned.scans.scan()
    assert (result.folders, result.videos, result.problem_count) == (130, 130, 1)
