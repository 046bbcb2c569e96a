"""A series that is loaded from several sources, and sources that begin to count otherwise."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import pytest

from aniworld.catalog.errors import NotAtSourceError, SourceUnreachableError
from aniworld.catalog.types import EpisodeInfo, EpisodeRef, SeriesInfo
from aniworld.library.errors import ConflictGoneError
from aniworld.library.schemas import AddSource, SeriesDetail
from aniworld.library.types import EpisodeSource, TargetDetails
from tests.library.conftest import Shelf
from tests.library.doubles import DE, LONG_AGO, clockwork, episode, season

ATTIC = AddSource(provider="attic", provider_key="cg/1", name="The Clockwork Garden")


def attic(*episodes: EpisodeInfo, **more: object) -> SeriesInfo:
    by_season: dict[int, list[EpisodeInfo]] = {}
    for info in episodes:
        by_season.setdefault(info.season, []).append(info)
    seasons = tuple(season(number, *infos) for number, infos in by_season.items())
    return SeriesInfo(provider_key="cg/1", name="The Clockwork Garden", seasons=seasons, **more)  # type: ignore[arg-type]


@pytest.fixture
async def two(both: Shelf) -> Shelf:
    """The attic counts on over both seasons, and has one more language."""
    both.catalog.others = {"attic": []}
    both.catalog.infos["cg/1"] = attic(*(episode(1, n, title="", languages=(DE, "ja+de")) for n in range(1, 11)))  # type: ignore[arg-type]
    return both


async def _told(shelf: Shelf, key: str) -> str | None:
    return (await shelf.library.loading_status(key)).error


async def load(shelf: Shelf, key: str | None = None) -> str:
    if key is None:
        key = (await shelf.library.add("shelf", "clockwork", "Clockwork Garden", [ATTIC])).key
    else:
        await shelf.library.reload(key, ["episodes"])
    async with shelf.loading():
        await shelf.until_status(key, "completed", "failed")
    return key


def numbers(series: SeriesDetail, *, offered: str | None = None) -> list[tuple[int, int]]:
    return [
        (one.season, one.episode)
        for part in series.seasons
        for one in part.episodes
        if offered is None or any(there.language == offered and there.available for there in one.languages)
    ]


async def target(shelf: Shelf, key: str, season: int, number: int, language: str) -> TargetDetails:
    (found,), _ = await shelf.library.download_targets(key, [(season, number, language)])
    return await shelf.library.target(found.episode_id, language)


async def keep_file(shelf: Shelf, key: str, *wanted: tuple[int, int]) -> dict[tuple[int, int], UUID]:
    ids = {}
    for place in wanted:
        (found,), _ = await shelf.library.download_targets(key, [(*place, "de")])
        ids[place] = found.episode_id
        path = (await shelf.library.target(found.episode_id, "de")).path("mkv")
        (shelf.anime / path).parent.mkdir(parents=True, exist_ok=True)
        (shelf.anime / path).write_bytes(b"video")
        async with shelf.db.write() as session:
            await shelf.library.mark_downloaded(session, found.episode_id, "de", path, 5)
    return ids


def fails(shelf: Shelf, **errors: Exception) -> None:
    def before(what: str) -> None:
        for name, error in errors.items():
            if what == f"series {'cg/1' if name == 'attic' else name}":
                raise error

    shelf.catalog.before = before


async def test_what_only_the_second_has_can_be_had_there_under_its_own_number(two: Shelf) -> None:
    key = await load(two)
    series = await two.library.get(key)
    assert numbers(series) == [*((1, n) for n in range(1, 7)), *((2, n) for n in range(1, 5)), (0, 1)]
    assert numbers(series, offered="ja+de") == numbers(series)[:-1]
    assert series.conflicts == []
    assert series.seasons[1].episodes[0].title == "Part 2.1"
    found = await target(two, key, 2, 3, "ja+de")
    assert (found.provider, found.ref) == ("attic", EpisodeRef(provider_key="cg/1", season=1, episode=9))
    assert [other.provider for other in found.others] == ["shelf"]
    found = await target(two, key, 2, 3, "de")
    assert (found.provider, found.others) == (
        "shelf",
        (EpisodeSource("attic", EpisodeRef(provider_key="cg/1", season=1, episode=9)),),
    )
    # The special is not asked for where it is known not to be.
    assert (await target(two, key, 0, 1, "ja+en")).others == ()


@pytest.mark.parametrize("error", [SourceUnreachableError("It is down"), NotAtSourceError("It is gone"), None])
async def test_another_one_stands_in_for_the_first(two: Shelf, error: Exception | None) -> None:
    if error is None:
        two.catalog.infos["clockwork"] = clockwork(seasons=())
    else:
        fails(two, clockwork=error)
    key = await load(two)
    series = await two.library.get(key)
    assert numbers(series) == [(1, n) for n in range(1, 11)]
    state = await two.library.loading_status(key)
    assert state.loading_status == "completed"
    assert "attic answered instead" in state.message
    fails(two)
    two.catalog.infos["clockwork"] = clockwork()
    await load(two, key)
    # The first one leads again: nobody had files, so its numbers hold.
    assert (2, 4) in numbers(await two.library.get(key))
    assert "instead" not in (await two.library.loading_status(key)).message


async def test_a_source_that_is_down_empties_nothing(two: Shelf) -> None:
    key = await load(two)
    before = await two.library.get(key)
    for down in ("clockwork", "attic"):
        fails(two, **{down: SourceUnreachableError("It is down")})
        await load(two, key)
        now = await two.library.get(key)
        assert now.seasons == before.seasons
        assert (now.missing_episodes, now.name) == (before.missing_episodes, before.name)
    fails(two, clockwork=SourceUnreachableError("The cellar is wet"), attic=NotAtSourceError())
    await two.library.reload(key, ["episodes"])
    async with two.loading():
        await two.until(lambda: _told(two, key))
    assert "The cellar is wet" in str((await two.library.loading_status(key)).error)
    assert (await two.library.get(key)).seasons == before.seasons


async def test_the_first_one_is_not_overridden_and_what_it_leaves_out_is_filled(two: Shelf) -> None:
    bare = clockwork(
        description="", year=None, seasons=(season(1, episode(1, 1, aired=None), episode(1, 2, title="")),)
    )
    two.catalog.infos["clockwork"] = bare
    other = [episode(1, 1, title="Samen"), episode(1, 2, title="Feder"), episode(1, 3, title="Glocke")]
    two.catalog.infos["cg/1"] = attic(*other, description="Ein Garten.", year=2020)
    series = await two.library.get(await load(two))
    assert [one.title for one in series.seasons[0].episodes] == ["Part 1.1", "Feder", "Glocke"]
    assert series.seasons[0].episodes[0].aired == LONG_AGO
    assert (series.name, series.description, series.year) == ("Clockwork Garden", "Ein Garten.", 2020)


async def test_in_doubt_nothing_is_taken_over_until_somebody_says_so(two: Shelf) -> None:
    two.catalog.infos["cg/1"] = attic(*(episode(1, n, title="", languages=("ja+de",)) for n in range(1, 8)))  # type: ignore[arg-type]
    key = await load(two)
    series = await two.library.get(key)
    (conflict,) = series.conflicts
    (doubt,) = conflict.episodes
    assert (conflict.kind, conflict.provider) == ("doubtful", "attic")
    assert (doubt.season, doubt.episode, doubt.source_season, doubt.source_episode) == (2, 1, 1, 7)
    assert (2, 1) not in numbers(series, offered="ja+de")
    await two.library.resolve(key, conflict.id, "accept")
    await load(two, key)
    series = await two.library.get(key)
    assert (2, 1) in numbers(series, offered="ja+de")
    assert series.conflicts == []


HALVES = clockwork(
    seasons=(
        season(1, *(episode(1, n, title=f"Half {n}a") for n in range(1, 4))),
        season(2, *(episode(2, n, title=f"Half {n}b") for n in range(1, 4))),
    )
)
WHOLE = clockwork(
    seasons=(season(1, *(episode(1, n, title=f"Half {n}a" if n < 4 else f"Half {n - 3}b") for n in range(1, 7))),)
)


async def renumbered(shelf: Shelf, files: Sequence[tuple[int, int]]) -> tuple[str, dict[tuple[int, int], UUID]]:
    shelf.catalog.infos["clockwork"] = WHOLE
    key = await shelf.loaded()
    ids = await keep_file(shelf, key, *files)
    shelf.catalog.infos["clockwork"] = HALVES
    await load(shelf, key)
    return key, ids


async def test_without_files_the_numbers_follow_the_source(both: Shelf) -> None:
    key, _ = await renumbered(both, [(1, 2)])
    series = await both.library.get(key)
    assert numbers(series) == [(1, 1), (1, 2), (1, 3), (2, 1), (2, 2), (2, 3)]
    assert series.conflicts == []
    assert series.downloaded_episodes == 1


async def test_with_files_nothing_moves_until_it_is_accepted(both: Shelf) -> None:
    key, ids = await renumbered(both, [(1, 2), (1, 5)])
    series = await both.library.get(key)
    assert numbers(series) == [(1, n) for n in range(1, 7)]
    (conflict,) = series.conflicts
    assert [(one.episode, one.source_season, one.source_episode, one.has_file) for one in conflict.episodes] == [
        (4, 2, 1, False),
        (5, 2, 2, True),
        (6, 2, 3, False),
    ]
    # What is fetched meanwhile is asked for as the source counts now.
    assert (await target(both, key, 1, 6, "de")).ref == EpisodeRef(provider_key="clockwork", season=2, episode=3)
    path = series.seasons[0].episodes[4].file_path
    await both.library.resolve(key, conflict.id, "accept")
    await load(both, key)
    series = await both.library.get(key)
    assert numbers(series) == [(1, 1), (1, 2), (1, 3), (2, 1), (2, 2), (2, 3)]
    assert (series.seasons[1].episodes[1].file_path, series.conflicts) == (path, [])
    (again,), _ = await both.library.download_targets(key, [(2, 2, "ja+en")])
    assert again.episode_id == ids[1, 5]
    nfo = (both.anime / str(path)).with_suffix(".nfo")

    async def described() -> bool:
        return nfo.is_file() and "<episode>2</episode>" in nfo.read_text()

    async with both.loading():
        await both.until(described)
    with pytest.raises(ConflictGoneError):
        await both.library.resolve(key, conflict.id, "keep")


async def test_what_is_kept_stays_kept_and_new_ones_are_counted_on(both: Shelf) -> None:
    key, _ = await renumbered(both, [(1, 5)])
    (conflict,) = (await both.library.get(key)).conflicts
    await both.library.resolve(key, conflict.id, "keep")
    longer = (HALVES.seasons[0], season(2, *HALVES.seasons[1].episodes, episode(2, 4, title="Half 4b")))
    both.catalog.infos["clockwork"] = clockwork(seasons=longer)
    for _ in range(2):
        await load(both, key)
        series = await both.library.get(key)
        assert numbers(series) == [(1, n) for n in range(1, 8)]
    assert series.seasons[0].episodes[6].title == "Half 4b"
    # The source counts as before: nothing is left to be settled.
    both.catalog.infos["clockwork"] = WHOLE
    await load(both, key)
    assert (await both.library.get(key)).conflicts == []


async def test_a_decision_to_keep_is_taken_back(both: Shelf) -> None:
    key, _ = await renumbered(both, [(1, 5)])
    (conflict,) = (await both.library.get(key)).conflicts
    with pytest.raises(ConflictGoneError):
        await both.library.resolve(key, conflict.id, "reopen")
    await both.library.resolve(key, conflict.id, "keep")
    await load(both, key)
    series = await both.library.get(key)
    assert (series.conflicts, series.kept_conflicts) == ([], [conflict])
    await both.library.resolve(key, conflict.id, "reopen")
    series = await both.library.get(key)
    assert (series.conflicts, series.kept_conflicts) == ([conflict], [])
    await both.library.resolve(key, conflict.id, "accept")
    await load(both, key)
    series = await both.library.get(key)
    assert numbers(series) == [(1, 1), (1, 2), (1, 3), (2, 1), (2, 2), (2, 3)]
    assert (series.conflicts, series.kept_conflicts) == ([], [])


async def test_an_episode_in_the_middle_waits_where_files_are_behind_it(both: Shelf) -> None:
    names = ["Seed", "Spring", "Cog", "Bell"]
    both.catalog.infos["clockwork"] = clockwork(
        seasons=(season(1, *(episode(1, n, title=name) for n, name in enumerate(names, 1))),)
    )
    key = await both.loaded()
    ids = await keep_file(both, key, (1, 3))
    more = [*names[:2], "Interlude", *names[2:]]
    both.catalog.infos["clockwork"] = clockwork(
        seasons=(season(1, *(episode(1, n, title=name) for n, name in enumerate(more, 1))),)
    )
    await load(both, key)
    series = await both.library.get(key)
    assert [one.title for one in series.seasons[0].episodes] == names
    (conflict,) = series.conflicts
    assert [one.title for one in conflict.episodes if one.season is None] == ["Interlude"]
    await both.library.resolve(key, conflict.id, "accept")
    await load(both, key)
    series = await both.library.get(key)
    assert [one.title for one in series.seasons[0].episodes] == more
    assert [one.episode for one in series.seasons[0].episodes if one.is_downloaded] == [4]
    (again,), _ = await both.library.download_targets(key, [(1, 4, "ja+en")])
    assert again.episode_id == ids[1, 3]


async def test_a_season_that_vanishes_leaves_what_lies_here(both: Shelf) -> None:
    key = await both.loaded()
    await keep_file(both, key, (2, 1))
    both.catalog.infos["clockwork"] = clockwork(seasons=clockwork().seasons[:1])
    await load(both, key)
    series = await both.library.get(key)
    assert [number for number in numbers(series) if number[0] == 2] == [(2, 1)]
    assert series.seasons[1].episodes[0].is_downloaded
