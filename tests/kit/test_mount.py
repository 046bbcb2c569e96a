"""The anime directory is known again by its marker."""

from __future__ import annotations

from pathlib import Path

from aniworld.kit.mount import Mount


def test_it_is_new_then_there_then_away(tmp_path: Path, anime: Path) -> None:
    mount = Mount(tmp_path)
    assert mount.look(anime) == "new"
    mount.settle(anime)
    assert mount.look(anime) == "there"
    assert Mount(tmp_path).look(anime) == "there"
    anime.rename(tmp_path / "unmounted")
    assert mount.look(anime) == "away"
    anime.mkdir()
    assert (mount.look(anime), mount.is_there(anime)) == ("away", False)
    assert mount.look(tmp_path / "unmounted") == "new"  # configured under another name


def test_two_installations_share_a_marker(tmp_path: Path, anime: Path) -> None:
    one, other = Mount(tmp_path / "one"), Mount(tmp_path / "other")
    for data in ("one", "other"):
        (tmp_path / data).mkdir()
    one.settle(anime)
    other.settle(anime)
    assert (one.look(anime), other.look(anime)) == ("there", "there")


def test_what_is_remembered_may_be_damaged(tmp_path: Path, anime: Path) -> None:
    mount = Mount(tmp_path)
    mount.settle(anime)
    (tmp_path / "anime-directory.json").write_text("{")
    assert mount.look(anime) == "new"
