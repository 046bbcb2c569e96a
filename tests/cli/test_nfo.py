"""``aniworld nfo check``, as a person and as a script calls it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path


def check(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "aniworld", "nfo", "check", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_folders_are_told_and_nothing_is_written(tmp_path: Path) -> None:
    data = tmp_path / "data"
    bad = tmp_path / "anime/Show (2024)"
    (bad / "Season 01").mkdir(parents=True)
    (bad / "Season 01/Show - S01E01.mkv").write_bytes(b"x")
    (bad / "tvshow.nfo").write_text("<tvshow><title>cut off")
    (tmp_path / "anime/Other/Season 01").mkdir(parents=True)
    (tmp_path / "anime/Other/Season 01/Other - S01E01.mkv").write_bytes(b"x")
    before = sorted(tmp_path.rglob("*"))

    done = check(tmp_path / "anime", "--json", "--data-dir", data)
    other, show = map(json.loads, done.stdout.splitlines())
    assert (other["folder"], show["folder"]) == ("Other", "Show (2024)"), done.stderr
    assert {item["code"] for item in other["findings"]} == {"no_series_nfo", "episodes_without_nfo", "poster_missing"}
    assert show["findings"][0]["code"] == "nfo_malformed"
    assert [(view["player"], view["episodes"]) for view in show["players"]] == [("jellyfin", 1), ("kodi", 1)]
    assert done.returncode == 1

    told = check(tmp_path / "anime/Other", "--data-dir", data)  # warnings alone are no failure
    assert told.returncode == 0
    assert "There is no tvshow.nfo" in told.stdout
    assert "Show (2024)" not in told.stdout
    assert sorted(tmp_path.rglob("*")) == before


def test_without_a_directory_the_library_is_looked_through(tmp_path: Path) -> None:
    data, season = tmp_path / "data", tmp_path / "anime/Show/Season 01"
    season.mkdir(parents=True)
    data.mkdir()
    (season / "Show - S01E01.mkv").write_bytes(b"x")
    refused = check("--data-dir", data)
    assert (refused.returncode, "No anime directory" in refused.stderr) == (1, True)
    library = {"anime_directory": str(tmp_path / "anime")}
    (data / "config.json").write_text(json.dumps({"version": 1, "library": library}))
    done = check("--data-dir", data)
    assert (done.returncode, done.stdout.splitlines()[0]) == (0, "Show"), done.stderr
