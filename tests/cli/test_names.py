"""``aniworld parse`` and ``aniworld scan``, as a script calls them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path


def parse(*arguments: str, lines: bytes = b"") -> str:
    command = [sys.executable, "-m", "aniworld", "parse", *arguments]
    return subprocess.run(command, input=lines, capture_output=True, check=True).stdout.decode()


def scan(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "aniworld", "scan", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_a_directory_is_told_and_nothing_is_written(tmp_path: Path) -> None:
    season = tmp_path / "anime/Show (2024)/Season 02"
    season.mkdir(parents=True)
    (season / "Show - S02E03.mkv").write_bytes(b"xyz")
    (season / "04.mkv").write_bytes(b"x")
    data = tmp_path / "data"
    done = scan("--dry-run", "--json", str(tmp_path / "anime"), "--data-dir", str(data))
    told = {line["path"].rpartition("/")[2]: line for line in map(json.loads, done.stdout.splitlines())}
    named = told["Show - S02E03.mkv"]
    assert (named["season"], named["episodes"], named["absolute"], named["size"]) == (2, [3], None, 3)
    bare = told["04.mkv"]
    assert (bare["season"], bare["episodes"], bare["absolute"]) == (2, [], 4)
    assert not data.exists()
    refused = scan(str(tmp_path / "anime"), "--data-dir", str(data))
    assert (refused.returncode, "--dry-run" in refused.stderr) == (1, True)


def test_the_library_is_scanned(tmp_path: Path) -> None:
    (tmp_path / "anime/Show").mkdir(parents=True)
    (tmp_path / "anime/Show/01.mkv").write_bytes(b"x")
    data = tmp_path / "data"
    data.mkdir()
    where = ("--data-dir", str(data))
    assert "No anime directory" in scan(*where).stderr
    (data / "config.json").write_text(
        json.dumps({"version": 1, "library": {"anime_directory": str(tmp_path / "anime")}})
    )
    first, again = scan("--json", *where), scan("--json", *where)
    seen = {"folders": 1, "videos": 1, "problems": [], "problem_count": 0}
    assert json.loads(first.stdout) == {**seen, "changed": 1}, first.stderr
    assert json.loads(again.stdout) == {**seen, "changed": 0}


def test_names_as_arguments_are_told_in_a_sentence() -> None:
    assert parse("[G] Show - 05v2 [GerSub].mkv") == ("Show · number 5 · ja+de · version 2 · G\t(number after a dash)\n")


def test_lines_of_the_input_become_one_object_each() -> None:
    told = parse("--json", lines="Show/Season 2/03-04.mkv\n\n第12話.mkv\n".encode() + b"\xff.mkv\n")
    first, second, third = map(json.loads, told.splitlines())
    assert first == {
        "name": "Show/Season 2/03-04.mkv",
        "title": "Show",
        "year": None,
        "season": 2,
        "episodes": [],
        "absolute": [3, 4],
        "special": False,
        "kind": "episode",
        "version": None,
        "group": None,
        "languages": [],
        "rule": first["rule"],
    }
    assert second["absolute"] == [12]
    assert third["kind"] == "unknown"
