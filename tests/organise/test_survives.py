"""Renaming that is killed in the middle, and renaming of which a part is forbidden: by processes of their own."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from typing import Any
from uuid import UUID

import pytest

from aniworld.organise.service import OrganiseService
from tests.library.doubles import clockwork
from tests.organise.test_service import files, organise  # noqa: F401 - a fixture
from tests.scan.conftest import Scanned, scanned  # noqa: F401 - a fixture

GARDEN = [
    "clockwork_garden/Staffel 1/garden.s01e01.de.srt",
    "clockwork_garden/Staffel 1/garden.s01e01.mkv",
    "clockwork_garden/Staffel 1/garden.s01e02.mkv",
    "clockwork_garden/notes.txt",
]
MEADOW = ["brass_meadow/meadow.s01e01.mkv", "brass_meadow/meadow.s02e03.mkv"]


class Shelves:
    """Two series whose files are called as somebody liked it, and what the library says of them."""

    def __init__(self, scanned: Scanned, service: OrganiseService, url: str) -> None:  # noqa: F811
        self.scanned = scanned
        self.organise = service
        self.anime = scanned.shelf.anime
        self.keys: list[str] = []
        self._url = url

    async def fill(self) -> None:
        shelf = self.scanned.shelf
        info = clockwork(provider_key="meadow", name="Brass Meadow", year=2020)
        shelf.catalog.infos[info.provider_key] = info
        self.scanned.put(*GARDEN, *MEADOW)
        for path in (*GARDEN, *MEADOW):
            (self.anime / path).write_text(path)
        await self.scanned.scans.scan()
        self.keys = [await shelf.loaded("meadow"), await shelf.loaded("clockwork")]
        await self.scanned.scans.scan()
        await self.scanned.scans.scan()  # what was written of the series is seen

    async def known(self) -> dict[tuple[str, int, int], str | None]:
        """Where the library says that each episode lies."""
        return {(key, *number): path for key in self.keys for number, path in (await self.scanned.paths(key)).items()}

    def lies(self) -> dict[str, str]:
        """What lay where at first → where it lies."""
        return {(self.anime / path).read_text(): path for path in files(self.anime)}

    async def apart(self, what: str, when: str, *, prefix: tuple[str, ...] = ()) -> dict[str, Any] | None:
        """Let another process do it; what it tells, None where it was killed."""
        process = await asyncio.create_subprocess_exec(
            *prefix, sys.executable, "-m", "tests.organise.renamer",
            self._url, str(self.anime.parent / "data"), what, when,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        out, err = await process.communicate()
        if process.returncode == -signal.SIGKILL:
            return None
        assert process.returncode == 0, err.decode()
        return dict(json.loads(out))

    async def agree(self) -> dict[tuple[str, int, int], str | None]:
        """The library and the disk say the same; what they say."""
        known = await self.known()
        assert len(known) == 4, "every episode is there"
        for path in known.values():
            assert (self.anime / str(path)).is_file()
        lies = self.lies()
        assert set(lies) == {*GARDEN, *MEADOW}, "nothing is lost, doubled or changed"
        assert {lies[one] for one in (*GARDEN, *MEADOW) if one.endswith(".mkv")} == set(known.values())
        assert (await self.scanned.scans.scan()).changed == 0, "a scan sees nothing else"
        assert await self.known() == known
        return known


@pytest.fixture
async def shelves(
    organise: OrganiseService,  # noqa: F811
    scanned: Scanned,  # noqa: F811
    database_url: str,
) -> Shelves:
    shelves = Shelves(scanned, organise, database_url)
    await shelves.fill()
    return shelves


ON = ("database_url", "when")


@pytest.mark.parametrize(
    ON,
    [("sqlite", "before 0"), ("postgresql", "after 0"), ("sqlite", "before 3"), ("sqlite", "after 4"),
     ("postgresql", "told")],
    indirect=["database_url"],
)  # fmt: skip
async def test_killed_while_it_renames(shelves: Shelves, when: str) -> None:
    before = await shelves.agree()
    assert await shelves.apart("organise", when) is None
    lies = shelves.lies()
    assert set(lies) == {*GARDEN, *MEADOW}, "whole, under its old name or its new one"

    await shelves.organise.heal()
    between = await shelves.agree()
    change = (await shelves.organise.changes(limit=10, offset=0)).items[0]
    assert (change.status, change.left) == ("done", 0)
    for key in shelves.keys:
        told = {number: path for number, path in between.items() if number[0] == key}
        old = {number: path for number, path in before.items() if number[0] == key}
        renamed = all("/Season 0" in str(path) for path in told.values())
        assert renamed or told == old, "of a series all or nothing is renamed"

    await shelves.organise.undo_now(UUID(change.id))
    assert await shelves.agree() == before
    assert shelves.lies() == {path: path for path in (*GARDEN, *MEADOW)}


@pytest.mark.parametrize(ON, [("postgresql", "after 1"), ("sqlite", "told")], indirect=["database_url"])
async def test_killed_while_it_puts_back(shelves: Shelves, when: str) -> None:
    before = await shelves.agree()
    done = await shelves.apart("organise", "never")
    assert done is not None
    assert done["left"] == {}
    assert await shelves.apart(f"undo {done['id']}", when) is None
    await shelves.organise.heal()
    await shelves.agree()
    if (await shelves.organise.changes(limit=10, offset=0)).items[0].status == "done":
        await shelves.organise.undo_now(UUID(done["id"]))
    assert await shelves.agree() == before


UNPRIVILEGED = ("setpriv", "--bounding-set", "-dac_override,-dac_read_search") if os.geteuid() == 0 else ()
"""A command that takes root's right to write everywhere."""


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_folder_that_is_read_only_is_left_alone_and_told(shelves: Shelves) -> None:
    before = await shelves.agree()
    (shelves.anime / "clockwork_garden/Staffel 1").chmod(0o555)
    done = await shelves.apart("organise", "never", prefix=UNPRIVILEGED)
    assert done is not None
    assert {path: done["conflicts"][path] for path in GARDEN[1:3]} == dict.fromkeys(GARDEN[1:3], "unreadable")
    known = await shelves.agree()
    lies = shelves.lies()
    assert [lies[path].rpartition("/")[2] for path in GARDEN[:3]] == [path.rpartition("/")[2] for path in GARDEN[:3]]
    assert all("/Season 0" in lies[path] for path in MEADOW), "the others are renamed"
    assert known != before
    next(shelves.anime.glob("*/Staffel 1")).chmod(0o755)
    await shelves.organise.undo_now(UUID(done["id"]))
    assert await shelves.agree() == before


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_folder_that_becomes_read_only_meanwhile_is_left_and_told(shelves: Shelves) -> None:
    before = await shelves.agree()
    locked = shelves.anime / "clockwork_garden"
    done = await shelves.apart("organise", f"lock {locked}", prefix=UNPRIVILEGED)
    assert done is not None
    assert set(done["conflicts"].values()) == {None}, "when it was shown nothing stood in the way"
    assert "unreadable" in done["left"].values()
    await shelves.agree()
    assert all("/Season 0" in shelves.lies()[path] for path in MEADOW), "the others are renamed"
    for folder in shelves.anime.iterdir():
        folder.chmod(0o755)
    await shelves.organise.undo_now(UUID(done["id"]))
    assert await shelves.agree() == before
