"""Which picture is taken, what it is called, whose it is."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from aniworld.metadata.pictures import choose, is_ours, is_picture_name, marked, picture_file, thumb_path
from aniworld.metadata.types import Picture, PictureKind


def _urls(*pictures: Picture, kind: PictureKind = "poster", season: int | None = None, most: int = 0) -> list[str]:
    return [picture.url for picture in choose(pictures, kind, season, most=most)]


def test_the_order_of_those_who_merged_them_is_kept() -> None:
    offered = (
        Picture("poster", "a", width=1000, height=1500),
        Picture("fanart", "b"),
        Picture("poster", "c"),
        Picture("poster", "a", width=1000, height=1500),
        Picture("poster", "d", season=2),
    )
    assert _urls(*offered) == ["a", "c"]
    assert _urls(*offered, most=1) == ["a"]
    assert _urls(*offered, season=2) == ["d"]
    assert _urls(*offered, kind="fanart") == ["b"]
    assert _urls(*offered, kind="logo") == []


def test_what_is_small_comes_last_and_what_cannot_be_used_not_at_all() -> None:
    assert _urls(
        Picture("poster", "small", width=300, height=450),
        Picture("poster", "good", width=680, height=1000),
        Picture("poster", "lying", width=1500, height=1000),
        Picture("poster", "untold"),
    ) == ["good", "untold", "small"]
    assert _urls(Picture("logo", "a.SVG?x=1"), Picture("logo", "b.png"), kind="logo") == ["b.png"]
    assert _urls(Picture("banner", "tall", width=10, height=900), kind="banner") == []


@pytest.mark.parametrize(
    ("kind", "season", "number", "name"),
    [
        ("poster", None, 0, "poster.jpg"),
        ("logo", None, 0, "clearlogo.png"),
        ("thumb", None, 0, "landscape.jpg"),
        ("fanart", None, 3, "fanart3.jpg"),
        ("poster", 1, 0, "season01-poster.jpg"),
        ("thumb", 12, 0, "season12-landscape.jpg"),
        ("banner", 0, 0, "season-specials-banner.jpg"),
        ("fanart", 100, 0, "season100-fanart.jpg"),
    ],
)
def test_names(kind: PictureKind, season: int | None, number: int, name: str) -> None:
    assert picture_file(kind, season, number) == name
    assert is_picture_name(name)


@pytest.mark.parametrize(("kind", "season", "number"), [("logo", 1, 0), ("poster", None, 1), ("fanart", 1, 1)])
def test_what_has_no_name(kind: PictureKind, season: int | None, number: int) -> None:
    with pytest.raises(ValueError, match="only one|has no"):
        picture_file(kind, season, number)


def test_others_files_are_no_pictures_of_ours() -> None:
    for name in (
        "fanart0.jpg",
        "season1-poster.jpg",
        "folder.jpg",
        "poster.png",
        "holiday.jpg",
        "season01-poster.jpg.x",
    ):
        assert not is_picture_name(name)
    assert thumb_path("Show/Season 01/Show - S01E01 - 1.5 times.mkv") == (
        "Show/Season 01/Show - S01E01 - 1.5 times-thumb.jpg"
    )


@pytest.mark.parametrize("form", ["JPEG", "PNG"])
def test_a_picture_tells_whether_it_is_ours(form: str) -> None:
    out = io.BytesIO()
    Image.new("RGB", (60, 90), "teal").save(out, format=form)
    bare = out.getvalue()
    ours = marked(bare)
    assert is_ours(ours)
    with Image.open(io.BytesIO(ours)) as picture:
        picture.load()
        assert picture.size == (60, 90)
        again = io.BytesIO()
        picture.transpose(Image.Transpose.ROTATE_180).save(again, format=form, comment=picture.info.get("comment"))
    for theirs in (bare, ours[:-1] + b"x", ours + b"x", again.getvalue(), b"", b"\xff\xd8\xff\xfe"):
        assert not is_ours(theirs)
