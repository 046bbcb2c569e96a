"""A series' folder, name and source as a person sets them; series that leave and come back."""

from __future__ import annotations

from uuid import UUID

import pytest

from aniworld.kit.errors import InvalidInputError
from aniworld.library.errors import AlreadyInLibraryError, FolderTakenError
from aniworld.library.schemas import UpdateSeries
from tests.library.doubles import clockwork
from tests.scan.conftest import Scanned

OTHER = clockwork(provider_key="other", name="Another Garden")


async def test_another_folder_is_linked_and_what_lies_in_the_old_one_stays(scanned: Scanned) -> None:
    key = await scanned.shelf.loaded()
    old = str((await scanned.shelf.library.get(key)).folder)
    scanned.put(f"{old}/Season 01/x S01E01.mkv", "My Own Garden/S01E02.mkv")
    await scanned.scans.scan()
    assert "My Own Garden" in await scanned.loose()
    changed = await scanned.shelf.library.patch(key, UpdateSeries(folder="my own garden"))
    assert changed.folder == "My Own Garden", "as it is spelled there"
    paths = await scanned.paths(key)
    assert paths[1, 2] == "My Own Garden/S01E02.mkv"
    assert str(paths[1, 1]).startswith(f"{old}/")
    assert "My Own Garden" not in await scanned.loose()
    await scanned.shelf.library.patch(key, UpdateSeries(folder="New"))
    assert (scanned.shelf.anime / "New").is_dir()
    for bad in ("../x", "a/b", ".aniworld", "..", "con", "a:b", "x."):
        with pytest.raises(InvalidInputError):
            await scanned.shelf.library.patch(key, UpdateSeries(folder=bad))
    scanned.shelf.catalog.infos["other"] = OTHER
    other = await scanned.shelf.loaded("other")
    with pytest.raises(FolderTakenError):
        await scanned.shelf.library.patch(other, UpdateSeries(folder="NEW", monitored=False))
    assert (await scanned.shelf.library.get(other)).monitored, "all or nothing"


async def test_a_name_of_ones_own_stays_and_another_source_leads(scanned: Scanned) -> None:
    library = scanned.shelf.library
    key = await scanned.shelf.loaded()
    await library.patch(key, UpdateSeries(name="  The   Garden "))
    await library.reload(key, ["episodes"])
    async with scanned.shelf.loading():
        await scanned.shelf.until_status(key, "completed")
    assert (await library.get(key)).name == "The Garden"
    await library.patch(key, UpdateSeries(name=None))
    async with scanned.shelf.loading():
        await scanned.shelf.until_status(key, "completed")
    assert (await library.get(key)).name == "Clockwork Garden"
    scanned.shelf.catalog.infos["other"] = OTHER
    await scanned.shelf.loaded("other")
    with pytest.raises(AlreadyInLibraryError):
        await library.patch(key, UpdateSeries(provider="shelf", provider_key="other"))
    with pytest.raises(InvalidInputError):
        await library.patch(key, UpdateSeries(provider="shelf"))
    changed = await library.patch(key, UpdateSeries(provider="shelf", provider_key="third"))
    assert (changed.provider_key, changed.loading_status) == ("third", "pending")
    assert [one.provider_key for one in (await library.get(key)).sources] == ["third", "clockwork"]


async def test_what_left_comes_back_with_what_it_had(scanned: Scanned) -> None:
    library = scanned.shelf.library
    key = await scanned.shelf.loaded()
    folder = str((await library.get(key)).folder)
    scanned.put(f"{folder}/S01E01.mkv")
    await scanned.scans.scan()
    had = await scanned.paths(key)
    await library.delete(key)
    assert folder in await scanned.loose(), "what lies there is nobody's"
    back = await library.restore(key)
    assert (back.folder, back.downloaded_episodes) == (folder, 1)
    assert await scanned.paths(key) == had
    assert folder not in await scanned.loose()
    # Its folder is given to another one meanwhile.
    await library.delete(key)
    scanned.shelf.catalog.infos["other"] = OTHER
    other = await scanned.shelf.loaded("other")
    await scanned.unmatched.accept(UUID((await scanned.loose())[folder].id), other)
    await library.patch(other, UpdateSeries(folder=folder))
    assert set((await scanned.paths(other)).values()) == set(had.values())
    back = await library.restore(key)
    assert (back.folder, back.downloaded_episodes) == (None, 0)
    await scanned.scans.scan()
    assert (await scanned.paths(key), len(await scanned.paths(other))) == ({}, 1)
