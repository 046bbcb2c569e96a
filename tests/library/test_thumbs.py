"""Pictures beside the files of episodes: a service's still, else a frame; a person's stay."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from PIL import Image

from aniworld.library.schemas import EpisodeOut
from aniworld.metadata.pictures import is_ours
from aniworld.metadata.service import content_hash
from tests.library.conftest import Described, Shelf, as_source, put
from tests.library.doubles import picture
from tests.media.clips import make_clip
from tests.metadata.services.made import Made

FOLDER = "Clockwork Garden (2021)"


def _video(shelf: Shelf, folder: str, name: str) -> tuple[str, Path]:
    path = f"{folder}/Season 01/{name}.mkv"
    video = shelf.anime / path
    video.parent.mkdir(exist_ok=True)
    make_clip(video, 1.0)
    return path, video.with_name(f"{name}-thumb.jpg")


async def _episode(shelf: Shelf, key: str, number: int) -> EpisodeOut:
    series = await shelf.library.get(key)
    return next(
        one for season in series.seasons if season.season == 1 for one in season.episodes if one.episode == number
    )


async def _shown(shelf: Shelf, key: str, number: int) -> bool:
    return (await _episode(shelf, key, number)).thumb is not None


async def test_a_frame_where_nobody_has_a_picture(both: Shelf) -> None:
    key = await both.loaded()
    path, thumb = _video(both, FOLDER, "a")
    theirs_path, theirs = _video(both, FOLDER, "b")
    theirs.write_bytes(picture((64, 36)))
    broken = both.anime / FOLDER / "Season 01" / "c.mkv"
    broken.write_bytes(b"no video")
    async with both.loading():
        await put(both, key, f"{FOLDER}/Season 01/c.mkv", (1, 3))
        await put(both, key, path, (1, 1), (1, 2))
        await put(both, key, theirs_path, (1, 4))
        await both.until(lambda: _shown(both, key, 4))
    assert is_ours(thumb.read_bytes())
    with Image.open(thumb) as frame:
        frame.load()
        assert frame.size == (160, 90)
    hash_ = content_hash(thumb.read_bytes())
    assert [(await _episode(both, key, number)).thumb for number in (1, 2, 3)] == [hash_, hash_, None]
    assert theirs.read_bytes() == picture((64, 36)), "a person's picture stays"
    assert (await _episode(both, key, 4)).thumb == content_hash(theirs.read_bytes())
    whole = await both.gallery.episode_image(key, 1, 1, None, hash_, "")
    assert (whole.data, whole.for_ever) == (thumb.read_bytes(), True)
    small = await both.gallery.episode_image(key, 1, 2, "small", hash_, "")
    with Image.open(io.BytesIO(small.data or b"")) as made:
        assert (made.format, made.size, small.for_ever) == ("WEBP", (160, 90), True)
    again = await both.gallery.episode_image(key, 1, 2, "small", hash_, f'"{hash_}"')
    assert again.data is None


async def test_a_service_s_picture_and_another_one_of_another_match(told: Described) -> None:
    shelf = told.shelf
    key = await told.load(as_source())
    folder = str((await shelf.library.get(key)).folder)
    path, thumb = _video(shelf, folder, "a")
    async with shelf.loading():
        await put(shelf, key, path, (1, 1))
        await shelf.until(lambda: _shown(shelf, key, 1))
        still = thumb.read_bytes()
        assert is_ours(still)
        with Image.open(thumb) as opened:
            assert opened.size != (160, 90), "not the frame"
        await told.described.choose(key, "tmdb", None)

        async def the_frame() -> bool:
            return (await _episode(shelf, key, 1)).thumb == content_hash(thumb.read_bytes()) != content_hash(still)

        await shelf.until(the_frame)
        with Image.open(thumb) as opened:
            assert opened.size == (160, 90)
        thumb.write_bytes(b"of my own")
        await told.described.choose(key, "tmdb", str(Made(0).tmdb))
        await shelf.until(lambda: _is(shelf, key, content_hash(b"of my own")))
    assert thumb.read_bytes() == b"of my own"


async def _is(shelf: Shelf, key: str, hash_: str) -> bool:
    return (await _episode(shelf, key, 1)).thumb == hash_


async def test_nothing_is_written_where_nobody_wants_it_or_the_disk_is_away(
    shelf: Shelf, caplog: pytest.LogCaptureFixture
) -> None:
    await shelf.config.patch("metadata", {"episode_pictures": False})
    key = await shelf.loaded()
    path, thumb = _video(shelf, FOLDER, "a")
    aside = shelf.anime.with_name("unmounted")

    async def told() -> bool:
        return "Pictures of episodes have to wait" in caplog.text

    async with shelf.loading():
        await put(shelf, key, path, (1, 1))
        await shelf.until_status(key, "completed")
        assert not thumb.exists()
        shelf.anime.rename(aside)
        await shelf.config.patch("metadata", {"episode_pictures": True})
        await shelf.until(told)
    assert not shelf.anime.exists()
    aside.rename(shelf.anime)
    async with shelf.again().loading():
        await shelf.until(lambda: _shown(shelf, key, 1))
    assert thumb.exists()
