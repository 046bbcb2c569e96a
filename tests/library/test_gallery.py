"""What pictures there are, small ones of them, and what somebody changes on the disk."""

from __future__ import annotations

import asyncio
import contextlib
import io
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from PIL import Image

from aniworld.events.types import Resync, SeriesUpdated
from aniworld.library.errors import ImageNotFoundError
from aniworld.library.gallery import Served
from aniworld.library.schemas import ImageOut
from aniworld.library.types import ImageKind, ImageSize, SeriesQuery
from aniworld.metadata.service import content_hash
from tests.library.conftest import Shelf
from tests.library.doubles import picture

FOLDER = "Clockwork Garden (2021)"


@contextlib.asynccontextmanager
async def _looking(shelf: Shelf) -> AsyncIterator[None]:
    task = asyncio.create_task(shelf.gallery.run())
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def _images(shelf: Shelf, key: str) -> dict[ImageKind, ImageOut]:
    return (await shelf.library.list(SeriesQuery(q=""))).items[0].images


async def _served(
    shelf: Shelf, key: str, kind: ImageKind = "poster", size: ImageSize | None = None, v: str | None = None
) -> Served:
    return await shelf.gallery.image(key, kind, size, v, "")


def _size(served: Served) -> tuple[str | None, tuple[int, int]]:
    with Image.open(io.BytesIO(served.data or b"")) as opened:
        opened.load()
        return opened.format, opened.size


async def test_a_row_tells_what_the_pictures_are(both: Shelf) -> None:
    both.catalog.pictures["https://shelf.test/poster.jpg"] = picture((800, 1200))
    key = await both.loaded()
    async with _looking(both):
        await both.until(lambda: _images(both, key))
        images = await _images(both, key)
    poster = images["poster"]
    assert poster.hash == content_hash((both.anime / FOLDER / "poster.jpg").read_bytes())
    assert (poster.width, poster.height) == (800, 1200)
    assert poster.color is not None
    assert poster.color.startswith("#0080")  # teal, as far as JPEG keeps it
    assert sorted(images) == ["fanart", "logo", "poster"]
    kept = sorted(path.name for path in (both.anime.parent / "data" / "thumbnails").rglob(f"{poster.hash}*"))
    assert kept == [f"{poster.hash}-200.webp", f"{poster.hash}-400.webp"]
    assert both.bus.of(SeriesUpdated) or both.bus.of(Resync)


async def test_small_ones_are_kept_for_ever_by_their_hash(shelf: Shelf) -> None:
    shelf.catalog.pictures["https://shelf.test/poster.jpg"] = picture((800, 1200))
    key = await shelf.loaded()
    first = await _served(shelf, key, size="small")
    assert (_size(first), first.for_ever) == (("WEBP", (200, 300)), False)
    hash_ = content_hash((shelf.anime / FOLDER / "poster.jpg").read_bytes())
    sizes: dict[ImageSize, tuple[int, int]] = {"small": (200, 300), "large": (400, 600)}
    for size, expected in sizes.items():
        for _ in range(2):  # made, then kept
            served = await _served(shelf, key, size=size, v=hash_)
            assert (_size(served), served.for_ever) == (("WEBP", expected), True)
    whole = await _served(shelf, key, v=hash_)
    assert (_size(whole), whole.for_ever) == (("JPEG", (800, 1200)), True)
    other = await _served(shelf, key, size="small", v="0" * 20)
    assert other.for_ever is False, "what is asked for is no longer there: what is there now, but not under that name"
    again = await shelf.gallery.image(key, "poster", "small", None, first.tag)
    assert (again.data, again.tag) == (None, first.tag)


async def test_half_a_thumbnail_is_made_again(shelf: Shelf) -> None:
    key = await shelf.loaded()
    await _served(shelf, key, size="small")
    (kept,) = (shelf.anime.parent / "data" / "thumbnails").rglob("*-200.webp")
    whole = kept.read_bytes()
    kept.write_bytes(whole[:-5])
    assert (await _served(shelf, key, size="small")).data == whole
    assert kept.read_bytes() == whole


async def test_a_picture_that_a_person_put_there_gets_a_new_hash(shelf: Shelf) -> None:
    key = await shelf.loaded()
    poster = shelf.anime / FOLDER / "poster.jpg"

    async def changed() -> bool:
        images = await _images(shelf, key)
        return "poster" in images and images["poster"].hash == content_hash(poster.read_bytes())

    async with _looking(shelf):
        await shelf.until(changed)
        poster.write_bytes(picture((90, 120), form="PNG", colour="red"))
        await shelf.library.get(key)
        await shelf.until(changed)
        assert (await _images(shelf, key))["poster"].color == "#ff0000"
        poster.write_bytes(b"<html>")
        await shelf.library.get(key)

        async def gone() -> bool:
            return "poster" not in await _images(shelf, key)

        await shelf.until(gone)
        aside = shelf.anime.with_name("unmounted")
        shelf.anime.rename(aside)
        await shelf.library.get(key)
        await asyncio.sleep(0.05)
        assert "fanart" in await _images(shelf, key), "a disk that is away takes nothing with it"
        aside.rename(shelf.anime)


async def test_what_cannot_be_decoded_is_no_thumbnail(shelf: Shelf) -> None:
    key = await shelf.loaded()
    poster = shelf.anime / FOLDER / "poster.jpg"
    for data in (b"", b"\xff\xd8\xff", poster.read_bytes()[:300], b"<svg/>"):
        poster.write_bytes(data)
        with pytest.raises(ImageNotFoundError):
            await _served(shelf, key, size="small")


async def test_seasons_and_episodes(shelf: Shelf) -> None:
    key = await shelf.loaded()
    folder = shelf.anime / FOLDER
    (folder / "season02-poster.jpg").write_bytes(picture((300, 450)))
    (folder / "season-specials-poster.jpg").write_bytes(picture((30, 45)))
    assert _size(await shelf.gallery.season_image(key, 2, "poster", "small", ""))[1] == (200, 300)
    assert _size(await shelf.gallery.season_image(key, 0, "poster", "small", ""))[1] == (30, 45)
    for season, kind in ((1, "poster"), (2, "logo")):
        with pytest.raises(ImageNotFoundError):
            await shelf.gallery.season_image(key, season, kind, None, "")  # type: ignore[arg-type]
    with pytest.raises(ImageNotFoundError):
        await shelf.gallery.episode_image(key, 1, 1, None, None, "")


async def test_the_cache_has_an_end(tmp_path: Path) -> None:
    from aniworld.metadata.service import Thumbnails

    small = Thumbnails(tmp_path)
    for number in range(10):
        small.make(f"{number:020}", 200, picture((200, 300), colour=f"#{number}00000"))
        (path,) = tmp_path.rglob(f"{number:020}-*")
        os.utime(path, (number, number))
    size = path.stat().st_size
    assert small.prune(most=10 * size + 100) == 0
    assert small.prune(most=5 * size + 10) >= 5
    assert small.read(f"{9:020}", 200) is not None
    assert small.read(f"{0:020}", 200) is None


async def test_a_picture_elsewhere_is_not_shown(shelf: Shelf, tmp_path: Path) -> None:
    key = await shelf.loaded()
    secret = tmp_path / "secret.jpg"
    secret.write_bytes(picture())
    (shelf.anime / "Other").mkdir()
    (shelf.anime / "Other" / "poster.jpg").write_bytes(picture())
    poster = shelf.anime / FOLDER / "poster.jpg"
    for target in (secret, shelf.anime / "Other" / "poster.jpg", tmp_path):
        poster.unlink()
        poster.symlink_to(target)
        with pytest.raises(ImageNotFoundError):
            await _served(shelf, key)
    poster.unlink()
    (shelf.anime / FOLDER).rename(tmp_path / "elsewhere")
    (tmp_path / "elsewhere" / "poster.jpg").write_bytes(picture())
    (shelf.anime / FOLDER).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ImageNotFoundError):
        await _served(shelf, key)
