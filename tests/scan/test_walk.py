"""Looking through a real folder: what is taken, what is passed over, and what need not be read again."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from aniworld.naming.path import parse_path
from aniworld.naming.types import Parsed
from aniworld.scan import walk
from aniworld.scan.walk import Seen, look, series_folders


def put(anime: Path, *paths: str, size: int = 3) -> None:
    for path in paths:
        (anime / path).parent.mkdir(parents=True, exist_ok=True)
        (anime / path).write_bytes(b"x" * size)


def videos(seen: Seen) -> list[str]:
    return sorted(video.path for video in seen.videos)


def test_what_is_no_series_and_no_video_is_passed_over(anime: Path) -> None:
    put(
        anime,
        "Show/Season 01/Show S01E01.mkv",
        "Show/Season 01/Show S01E01.nfo",
        "Show/Season 01/Show S01E01.mkv.part",
        "Show/Season 01/.hidden.mkv",
        "Show/@eaDir/Show S01E01.mkv",
        "Show/.trash/Show S01E02.mkv",
        ".aniworld/work/x.mkv",
        "#recycle/Old/Old S01E01.mkv",
        "loose.mkv",
    )
    assert series_folders(anime) == (["Show"], [])
    seen = look(anime, "Show", {})
    assert videos(seen) == ["Show/Season 01/Show S01E01.mkv"]
    assert set(seen.changed) == {"Show", "Show/Season 01"}
    assert seen.videos[0].size == 3


def test_extras_are_told_apart(anime: Path) -> None:
    put(
        anime, "Show/Show - 01.mkv", "Show/Extras/Making of.mkv", "Show/Show - NCOP1.mkv", "Show/Specials/Show - 01.mkv"
    )
    kinds = {video.path: video.parsed.kind for video in look(anime, "Show", {}).videos}
    assert kinds == {
        "Show/Show - 01.mkv": "episode",
        "Show/Extras/Making of.mkv": "extra",
        "Show/Show - NCOP1.mkv": "extra",
        "Show/Specials/Show - 01.mkv": "special",
    }


def test_an_unchanged_directory_is_not_read_again(anime: Path) -> None:
    put(anime, "Show/Season 01/Show S01E01.mkv", "Show/Season 02/Show S02E01.mkv")
    first = look(anime, "Show", {})
    again = look(anime, "Show", first.changed)
    assert (again.changed, again.videos, again.gone) == ({}, [], set())

    put(anime, "Show/Season 02/Show S02E02.mkv")
    third = look(anime, "Show", first.changed)
    assert set(third.changed) == {"Show/Season 02"}
    assert videos(third) == ["Show/Season 02/Show S02E01.mkv", "Show/Season 02/Show S02E02.mkv"]

    assert videos(look(anime, "Show", first.changed, thoroughly=True)) == [
        "Show/Season 01/Show S01E01.mkv",
        "Show/Season 02/Show S02E01.mkv",
        "Show/Season 02/Show S02E02.mkv",
    ]


def test_a_directory_that_is_gone_is_told_with_all_below_it(anime: Path) -> None:
    put(anime, "Show/A/B/Show S01E01.mkv", "Show/Show S01E02.mkv")
    first = look(anime, "Show", {})
    (anime / "Show/A/B/Show S01E01.mkv").unlink()
    (anime / "Show/A/B").rmdir()
    (anime / "Show/A").rmdir()
    assert look(anime, "Show", first.changed).gone == {"Show/A", "Show/A/B"}
    (anime / "Show/Show S01E02.mkv").unlink()
    (anime / "Show").rmdir()
    assert look(anime, "Show", first.changed).gone == {"Show", "Show/A", "Show/A/B"}


def test_links_are_followed_inside_only_and_never_in_a_circle(anime: Path, tmp_path: Path) -> None:
    put(anime, "Show/Show S01E01.mkv", "Other/Other S01E01.mkv")
    put(tmp_path, "outside/Secret S01E01.mkv")
    (anime / "Show/out").symlink_to(tmp_path / "outside")
    (anime / "Show/out.mkv").symlink_to(tmp_path / "outside/Secret S01E01.mkv")
    (anime / "Show/round").symlink_to(anime / "Show")
    (anime / "Show/dead").symlink_to(anime / "nothing")
    (anime / "Show/in").symlink_to(anime / "Other")
    (anime / "Show/all").symlink_to(anime)
    (anime / "Elsewhere").symlink_to(tmp_path / "outside")
    (anime / "Everything").symlink_to(".")
    assert series_folders(anime) == (["Other", "Show"], [])
    assert videos(look(anime, "Show", {})) == ["Show/Show S01E01.mkv", "Show/in/Other S01E01.mkv"]


def test_ignore_files(anime: Path) -> None:
    put(anime, "Show/Show S01E01.mkv", "Show/Whole/Show S01E02.mkv", "Show/Some/a.mkv", "Show/Some/raw/b.mkv")
    (anime / "Show/Whole/.ignore").write_text("")
    (anime / "Show/Some/.ignore").write_text("# not these\nraw/\n")
    first = look(anime, "Show", {})
    assert videos(first) == ["Show/Show S01E01.mkv", "Show/Some/a.mkv"]
    # Its content may change while the directory's time does not.
    (anime / "Show/Some/.ignore").write_text("a.mkv\n")
    assert videos(look(anime, "Show", first.changed)) == ["Show/Some/raw/b.mkv"]


def test_a_description_says_what_the_folder_is(anime: Path) -> None:
    put(anime, "Odd name/x S01E01.mkv")
    (anime / "Odd name/tvshow.nfo").write_text(
        "<tvshow><title>Clockwork Garden</title><year>2021</year><uniqueid type='Sample'>clockwork</uniqueid></tvshow>"
    )
    marks = look(anime, "Odd name", {}).marks
    assert marks is not None
    assert (marks.title, marks.year, marks.ids) == ("Clockwork Garden", 2021, (("sample", "clockwork"),))
    (anime / "Odd name/tvshow.nfo").write_text("<!DOCTYPE x [<!ENTITY a 'b'>]><tvshow><title>&a;</title></tvshow>")
    assert look(anime, "Odd name", {}).marks is None


def test_names_that_are_no_text_are_told(anime: Path) -> None:
    put(anime, "Show/Show S01E01.mkv")
    (anime / "Show" / os.fsdecode(b"caf\xe9 S01E02.mkv")).write_bytes(b"x")
    seen = look(anime, "Show", {})
    assert videos(seen) == ["Show/Show S01E01.mkv"]
    assert seen.problems == ["Show/caf\ufffd S01E02.mkv: its name is not UTF-8, or holds control characters"]
    (anime / os.fsdecode(b"caf\xe9")).mkdir()
    assert series_folders(anime) == (["Show"], ["caf\ufffd: its name is not UTF-8, or holds control characters"])


def test_a_pipe_in_place_of_a_file_stops_nothing(anime: Path) -> None:
    put(anime, "Show/Show S01E01.mkv")
    for name in (".ignore", "tvshow.nfo", "Show S01E02.mkv"):
        os.mkfifo(anime / "Show" / name)
    seen = look(anime, "Show", {})
    assert (videos(seen), seen.marks) == (["Show/Show S01E01.mkv"], None)


def test_a_directory_that_cannot_be_read_stops_nothing_and_loses_nothing(anime: Path) -> None:
    put(anime, "Show/Season 01/Show S01E01.mkv", "Show/Season 02/Show S02E01.mkv")
    known = look(anime, "Show", {}).changed
    put(anime, "Show/Season 02/Show S02E02.mkv")
    (anime / "Show/Season 01").chmod(0)
    script = (
        "import json, sys; from pathlib import Path; from aniworld.scan.walk import look;"
        "seen = look(Path(sys.argv[1]), 'Show', json.loads(sys.argv[2]), thoroughly=True);"
        "print(json.dumps([sorted(v.path for v in seen.videos), seen.problems, sorted(seen.gone)]))"
    )
    command = [sys.executable, "-c", script, str(anime), json.dumps(known)]
    if os.geteuid() == 0:  # to root everything is readable, unless it lacks these
        command = ["setpriv", "--bounding-set", "-dac_override,-dac_read_search", *command]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    (anime / "Show/Season 01").chmod(0o755)
    assert done.returncode == 0, done.stderr
    found, problems, gone = json.loads(done.stdout)
    assert found == ["Show/Season 02/Show S02E01.mkv", "Show/Season 02/Show S02E02.mkv"]
    assert problems == ["Show/Season 01: Permission denied"]
    assert gone == []


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("Show/Show S01E01-trailer.mkv", "extra"),
        ("Show/Show S01E01-behindthescenes.mkv", "extra"),
        ("Show/Show S01E01-featurette.mkv", "extra"),
        ("Show/Show S01E01-other.mkv", "extra"),
        ("Show/featurettes/Show S01E01.mkv", "extra"),
        ("Show/Season 01/Trailers/Show - 01.mkv", "extra"),
        ("Show/Sample/show.s01e01.sample.mkv", "extra"),
        ("Show/extras/Show - 01.mkv", "extra"),
        ("Show/Season 0/Show - 01.mkv", "special"),
        ("Show/Season 00/Show S00E01.mkv", "special"),
    ],
)
def test_what_lies_beside_the_episodes_is_none(anime: Path, path: str, kind: str) -> None:
    put(anime, path)
    assert [video.parsed.kind for video in look(anime, "Show", {}).videos] == [kind]


def test_what_a_download_has_not_finished_is_no_video(anime: Path) -> None:
    put(anime, "Show/Show S01E01.mkv.part", "Show/Show S01E02.mkv.!qB", "Show/Show S01E03.mkv.crdownload",
        "Show/.aniworld-x.mkv", "Show/Show S01E04.mkv.aria2", "Show/Show S01E05.mkv.tmp")  # fmt: skip
    assert look(anime, "Show", {}).videos == []


def test_a_folder_of_any_size_costs_a_bounded_number_of_videos(anime: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(walk, "MOST_VIDEOS", 50)
    put(anime, *(f"Show/Show - {number:03d}.mkv" for number in range(60)), "Show/Season 02/Show S02E01.mkv")
    parsed: list[str] = []

    def counting(path: str) -> Parsed:
        parsed.append(path)
        return parse_path(path)

    monkeypatch.setattr(walk, "parse_path", counting)
    seen = look(anime, "Show", {})
    assert len(seen.videos) == len(parsed) == 50
    assert seen.problems == ["Show: more than 50 videos; the others were left out"]
