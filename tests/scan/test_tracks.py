"""What the tracks of real files tell of their languages, where their names do not."""

from __future__ import annotations

import asyncio
import contextlib
import io
import os
from collections.abc import AsyncIterator
from fractions import Fraction
from pathlib import Path

import av
import pytest

from aniworld.events.types import SeriesUpdated
from aniworld.scan.tracks import TrackListener
from tests.library.conftest import Shelf
from tests.scan.conftest import Scanned

FOLDER = "Clockwork Garden (2021)"


def make(path: Path, audio: str, subtitles: str = "") -> None:
    """A file with silent tracks in these languages."""
    path.parent.mkdir(parents=True, exist_ok=True)
    srt = b"1\n00:00:00,000 --> 00:00:01,000\nHello\n"
    with av.open(str(path), "w", format="matroska") as target, av.open(io.BytesIO(srt), format="srt") as written:
        sounds = [target.add_stream("pcm_s16le", rate=8000) for _ in audio.split()]
        texts = [target.add_stream_from_template(written.streams[0]) for _ in subtitles.split()]
        for stream, tag in zip([*sounds, *texts], [*audio.split(), *subtitles.split()], strict=True):
            stream.metadata["language"] = tag
        for sound in sounds:
            sound.layout = "mono"
            packet = av.Packet(bytes(1600))
            packet.stream, packet.pts, packet.time_base = sound, 0, Fraction(1, 8000)
            target.mux(packet)


@contextlib.asynccontextmanager
async def listening(scanned: Scanned) -> AsyncIterator[None]:
    task = asyncio.create_task(TrackListener(scanned.shelf.db, scanned.scans, scanned.shelf.library).run())
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def languages(shelf: Shelf, key: str, episode: int) -> dict[str, tuple[str, str | None]]:
    """Language → (name of the file, how it is known) of what an episode is there in."""
    season = next(one for one in (await shelf.library.get(key)).seasons if one.season == 1)
    return {
        one.language: ((one.file_path or "").rpartition("/")[2], one.language_source)
        for row in season.episodes
        if row.episode == episode
        for one in row.languages
        if one.is_downloaded
    }


async def test_tracks_tell_what_names_do_not(scanned: Scanned) -> None:
    shelf = scanned.shelf
    key = await shelf.loaded()
    folder = shelf.anime / FOLDER
    one, two, other = folder / "Clockwork S01E01.mkv", folder / "Clockwork S01E02.mkv", folder / "x S01E01.mkv"
    make(one, "jpn", "eng ger")
    make(other, "ger")
    make(two, "und")
    (folder / "Clockwork S01E03 [ja].mkv").write_bytes(one.read_bytes())
    await scanned.scans.scan()
    assert {source for _, source in (await languages(shelf, key, 1)).values()} == {"assumed"}
    before = (await shelf.library.get(key)).missing_episodes
    async with scanned.running(), listening(scanned):

        async def all_heard() -> bool:
            return len(await languages(shelf, key, 1)) == 3

        await shelf.until(all_heard)
        assert await languages(shelf, key, 1) == {
            "ja+en": (one.name, "tracks"),
            "ja+de": (one.name, "tracks"),
            "de": (other.name, "tracks"),
        }
        assert [source for _, source in (await languages(shelf, key, 2)).values()] == ["assumed"]
        assert await languages(shelf, key, 3) == {"ja": ("Clockwork S01E03 [ja].mkv", "name")}
        assert (await shelf.library.get(key)).missing_episodes == before, "it is wanted in German, and there"
        assert shelf.bus.of(SeriesUpdated)

        # The tracks get another language in place: the size is as before, only the time is not.
        size = two.stat().st_size
        data = two.read_bytes().replace(b"und", b"eng")
        two.write_bytes(data)
        os.utime(two, ns=(1, 1))
        assert two.stat().st_size == size
        await scanned.scan(thoroughly=True)

        async def english() -> bool:
            return (await languages(shelf, key, 2)).get("en") == (two.name, "tracks")

        await shelf.until(english)


async def test_a_download_knows_its_language(scanned: Scanned) -> None:
    shelf = scanned.shelf
    key = await shelf.loaded()
    path = f"{FOLDER}/Clockwork S01E01.mkv"
    make(shelf.anime / path, "jpn")
    targets, _ = await shelf.library.download_targets(key, [(1, 1, "de")])
    async with shelf.db.write() as session:
        size = (shelf.anime / path).stat().st_size
        await shelf.library.mark_downloaded(session, targets[0].episode_id, "de", path, size)
    make(shelf.anime / FOLDER / "Clockwork S01E02.mkv", "jpn")
    async with scanned.running(), listening(scanned):
        await scanned.scan()

        async def heard() -> bool:
            return "ja" in await languages(shelf, key, 2)

        await shelf.until(heard)
    await scanned.scans.scan(thoroughly=True)
    assert await languages(shelf, key, 1) == {"de": ("Clockwork S01E01.mkv", "download")}


@pytest.mark.parametrize("data", [b"", b"no video", b"\x1aE\xdf\xa3" + b"\xff" * 4000])
async def test_what_is_no_video_is_looked_into_once(scanned: Scanned, data: bytes) -> None:
    shelf = scanned.shelf
    key = await shelf.loaded()
    path = shelf.anime / FOLDER / "Clockwork S01E01.mkv"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(data)
    await scanned.scans.scan()
    listener = TrackListener(shelf.db, scanned.scans, shelf.library)
    assert await listener._listen("") == f"{FOLDER}/Clockwork S01E01.mkv"
    assert await listener._listen("") is None
    assert [source for _, source in (await languages(shelf, key, 1)).values()] == ["assumed"]
