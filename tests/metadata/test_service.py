"""Writing into a series' folder: only what changes, only there."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from PIL import Image

from aniworld.kit.files import UnsafePathError
from aniworld.metadata import service
from aniworld.metadata.errors import BadPictureError, ForeignNfoError
from aniworld.metadata.types import EpisodeFacts, PictureKind, SeriesFacts

FACTS = SeriesFacts(title="Clockwork Garden", year=2021)
EPISODE = EpisodeFacts(series="Clockwork Garden", season=1, episode=1, title="The Brass Seed")


@pytest.fixture
def folder(anime: Path) -> Path:
    directory = anime / "Show"
    directory.mkdir()
    return directory


def _jpeg(colour: str) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (60, 90), colour).save(out, format="JPEG")
    return out.getvalue()


def test_it_is_written_when_it_changes(anime: Path, folder: Path) -> None:
    nfo = folder / "tvshow.nfo"
    assert service.write_series_nfo(anime, "Show", FACTS) is True
    first = nfo.stat()
    assert service.write_series_nfo(anime, "Show", FACTS) is False
    assert (nfo.stat().st_ino, nfo.stat().st_mtime_ns) == (first.st_ino, first.st_mtime_ns)
    assert service.write_series_nfo(anime, "Show", SeriesFacts(title="Other")) is True
    assert [path.name for path in folder.iterdir()] == ["tvshow.nfo"], "no temporary file is left"


def test_a_locked_one_is_not_touched(anime: Path, folder: Path) -> None:
    (folder / "tvshow.nfo").write_text("<tvshow><lockdata>true</lockdata></tvshow>")
    assert service.write_series_nfo(anime, "Show", FACTS) is False


def test_a_missing_folder_is_an_error(anime: Path) -> None:
    with pytest.raises(FileNotFoundError):
        service.write_series_nfo(anime, "Show", FACTS)
    with pytest.raises(FileNotFoundError):
        service.write_episode_nfo(anime, "Show/Season 01/x.mkv", [EPISODE])


def test_it_lies_beside_its_video(anime: Path, folder: Path) -> None:
    (folder / "Season 01").mkdir()
    assert service.write_episode_nfo(anime, "Show/Season 01/Show - S01E01 - 1.5 times [de].mkv", [EPISODE]) is True
    assert (folder / "Season 01" / "Show - S01E01 - 1.5 times [de].nfo").exists()


def test_links_are_left_alone(anime: Path, folder: Path, tmp_path: Path) -> None:
    for target in (tmp_path / "elsewhere.nfo", folder / "mine.nfo"):
        target.write_text("<tvshow/>")
        link = folder / "tvshow.nfo"
        link.symlink_to(target)
        with pytest.raises((UnsafePathError, ForeignNfoError)):
            service.write_series_nfo(anime, "Show", FACTS)
        assert target.read_text() == "<tvshow/>"
        link.unlink()


def test_a_folder_that_leads_out_is_refused(anime: Path, tmp_path: Path) -> None:
    (anime / "Show").symlink_to(tmp_path)
    with pytest.raises(UnsafePathError):
        service.write_series_nfo(anime, "Show", FACTS)
    with pytest.raises(UnsafePathError):
        service.write_picture(anime, "Show", "poster", _jpeg("teal"))
    assert not (tmp_path / "tvshow.nfo").exists()


def test_pictures(anime: Path, folder: Path) -> None:
    assert service.wants_picture(anime, "Show", "poster") is True
    assert service.write_picture(anime, "Show", "poster", _jpeg("teal")) is True
    assert service.wants_picture(anime, "Show", "poster") is False
    assert service.wants_picture(anime, "Show", "poster", replace="ours") is True
    first = (folder / "poster.jpg").stat()
    assert service.write_picture(anime, "Show", "poster", _jpeg("red")) is False
    assert service.write_picture(anime, "Show", "poster", _jpeg("teal"), replace="ours") is False
    assert (folder / "poster.jpg").stat().st_mtime_ns == first.st_mtime_ns
    before = (folder / "poster.jpg").read_bytes()
    with pytest.raises(BadPictureError):
        service.write_picture(anime, "Show", "poster", b"<html>", replace="ours")
    assert (folder / "poster.jpg").read_bytes() == before
    assert service.write_picture(anime, "Show", "poster", _jpeg("red"), replace="ours") is True
    assert (folder / "poster.jpg").read_bytes() != before


def test_a_person_s_pictures_stay(anime: Path, folder: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere.jpg"
    elsewhere.write_bytes(_jpeg("red"))
    (folder / "poster.jpg").write_bytes(_jpeg("red"))
    (folder / "fanart.jpg").symlink_to(elsewhere)
    (folder / "banner.jpg").symlink_to(tmp_path / "nowhere")
    (folder / "season01-banner.jpg").mkdir()
    kinds: tuple[PictureKind, ...] = ("poster", "fanart", "banner")
    for kind in kinds:
        assert service.wants_picture(anime, "Show", kind, replace="ours") is False
        assert service.write_picture(anime, "Show", kind, _jpeg("teal"), replace="ours") is False
    service.write_picture(anime, "Show", "poster", _jpeg("teal"), season=1)
    service.write_picture(anime, "Show", "fanart", _jpeg("teal"), number=1)
    (folder / "holiday.jpg").write_bytes((folder / "fanart1.jpg").read_bytes())
    assert service.remove_pictures(anime, "Show") == 2
    assert sorted(path.name for path in folder.iterdir() if path.suffix == ".jpg") == [
        "banner.jpg", "fanart.jpg", "holiday.jpg", "poster.jpg", "season01-banner.jpg",
    ]  # fmt: skip
    assert elsewhere.read_bytes() == _jpeg("red")
