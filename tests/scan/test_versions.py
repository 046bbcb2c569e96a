"""Several files of one (episode, language): the best is the episode's, the others are shown, and follow it."""

from __future__ import annotations

from tests.scan.conftest import Scanned

FOLDER = "Clockwork Garden (2021)"
FIRST, SECOND = f"{FOLDER}/[G] Clockwork Garden - 01.mkv", f"{FOLDER}/[G] Clockwork Garden - 01v2.mkv"
LARGE = f"{FOLDER}/[G] Clockwork Garden - 01 [1080p].mkv"


async def files(scanned: Scanned, key: str) -> list[tuple[str, int, int | None, bool]]:
    """Of the first episode: (path, size, version, whether it is the best)."""
    episode = (await scanned.shelf.library.get(key)).seasons[0].episodes[0]
    return [(file.path, file.size, file.version, file.is_best) for file in episode.files]


async def test_the_best_is_the_episodes_and_the_next_takes_its_place(scanned: Scanned) -> None:
    async with scanned.running():
        key = await scanned.shelf.loaded()
        scanned.put(FIRST, size=5)
        await scanned.scan()
        assert await files(scanned, key) == [(FIRST, 5, None, True)]

        scanned.put(LARGE, size=9)
        scanned.put(SECOND, size=3)
        await scanned.scan()
        assert await files(scanned, key) == [(SECOND, 3, 2, True), (LARGE, 9, None, False), (FIRST, 5, None, False)]
        detail = await scanned.shelf.library.get(key)
        assert (detail.downloaded_episodes, detail.missing_episodes) == (1, 9)
        assert await scanned.paths(key) == {(1, 1): SECOND}
        assert await scanned.loose() == {}
        assert (await scanned.scan())["changed"] == 0

        (scanned.shelf.anime / SECOND).unlink()
        await scanned.scan()
        assert await files(scanned, key) == [(LARGE, 9, None, True), (FIRST, 5, None, False)]
        (scanned.shelf.anime / FIRST).unlink()
        await scanned.scan()
        assert await files(scanned, key) == [(LARGE, 9, None, True)]


async def test_a_series_goes_with_all_its_versions(scanned: Scanned) -> None:
    async with scanned.running():
        key = await scanned.shelf.loaded()
        scanned.put(FIRST, SECOND, f"{FOLDER}/notes.txt")
        await scanned.scan()
        assert len(await files(scanned, key)) == 2
        await scanned.shelf.library.delete(key, delete_files=True)
    assert [path.name for path in (scanned.shelf.anime / FOLDER).iterdir()] == ["notes.txt"]


async def test_a_file_of_two_episodes_stays_that_of_one_when_the_other_has_a_better_one(scanned: Scanned) -> None:
    both_of_them, better = f"{FOLDER}/S01E01-E02.mkv", f"{FOLDER}/S01E01v2.mkv"
    async with scanned.running():
        key = await scanned.shelf.loaded()
        scanned.put(both_of_them)
        await scanned.scan()
        scanned.put(better)
        await scanned.scan()
        assert await scanned.paths(key) == {(1, 1): better, (1, 2): both_of_them}
        (scanned.shelf.anime / better).unlink()
        await scanned.scan()
        assert await scanned.paths(key) == {(1, 1): both_of_them, (1, 2): both_of_them}
