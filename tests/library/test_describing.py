"""Descriptions beside files: what the file itself holds, several episodes in one, and the folder of a season."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree as ET

from aniworld.library.nfo_repository import NfoRepository
from tests.library.conftest import Shelf, put
from tests.media.clips import make_clip

FOLDER = "Clockwork Garden (2021)"


async def _described(shelf: Shelf) -> bool:
    async with shelf.db.read() as session:
        return not await NfoRepository(session).pending(1)


def _episodes(path: Path) -> list[ET.Element]:
    body = path.read_bytes().partition(b"?>")[2]
    return list(ET.fromstring(b"<all>" + body + b"</all>"))


async def test_what_the_file_holds_is_looked_up_once(both: Shelf) -> None:
    key = await both.loaded()
    path = f"{FOLDER}/Season 01/Clockwork Garden - S01E01-E02.mkv"
    video = both.anime / path
    video.parent.mkdir()
    make_clip(video, 1.0)
    nfo = video.with_suffix(".nfo")
    async with both.loading():
        await put(both, key, path, (1, 1), (1, 2))
        await both.until(lambda: _described(both))
        first, second = _episodes(nfo)
        assert (first.findtext("episode"), second.findtext("episode")) == ("1", "2")
        for tree in (first, second):
            details = tree.find("fileinfo/streamdetails")
            assert details is not None
            assert [(element.tag, element.text) for element in details.iterfind("video/*")] == [
                ("codec", "h264"), ("aspect", "1.777778"), ("width", "160"), ("height", "90"),
                ("durationinseconds", "1"),
            ]  # fmt: skip
            assert [(element.tag, element.text) for element in details.iterfind("audio/*")] == [
                ("codec", "aac"), ("channels", "2"),
            ]  # fmt: skip
        nfo.unlink()
        video.write_bytes(b"no longer a video")
        await both.library.reload(key, ["nfo"])
        await both.until(lambda: _described(both))
        assert len(_episodes(nfo)) == 2
        assert _episodes(nfo)[0].findtext("fileinfo/streamdetails/video/codec") == "h264"


async def test_a_file_of_somebody_else_stays_and_holds_nothing_up(shelf: Shelf) -> None:
    key = await shelf.loaded()
    season = shelf.anime / FOLDER / "Season 01"
    season.mkdir()
    for name in ("a", "b"):
        (season / f"{name}.mkv").write_bytes(b"no video")
    (season / "a.nfo").write_text("<episodedetails><title>cut off")
    (season / "season.nfo").write_text("<season><title>Mine</title></season>")
    async with shelf.loading():
        await put(shelf, key, f"{FOLDER}/Season 01/a.mkv", (1, 1))
        await put(shelf, key, f"{FOLDER}/Season 01/b.mkv", (1, 2))
        await shelf.until(lambda: _described(shelf))
    assert (season / "a.nfo").read_text() == "<episodedetails><title>cut off"
    assert _episodes(season / "b.nfo")[0].find("fileinfo") is None
    root = ET.fromstring((season / "season.nfo").read_bytes())
    assert (root.findtext("title"), root.findtext("seasonnumber")) == ("Mine", "1")


async def test_nothing_is_written_where_nothing_is_to_be(shelf: Shelf) -> None:
    await shelf.config.patch("metadata", {"write_nfo": False})
    key = await shelf.loaded()
    season = shelf.anime / FOLDER / "Season 01"
    season.mkdir(parents=True)
    (season / "a.mkv").write_bytes(b"no video")
    async with shelf.loading():
        await put(shelf, key, f"{FOLDER}/Season 01/a.mkv", (1, 1))
        await shelf.until_status(key, "completed")
    assert list(shelf.anime.rglob("*.nfo")) == []
    assert not await _described(shelf), "it is still to be done, should somebody want it"
