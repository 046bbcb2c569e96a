"""``aniworld parse``, as a script calls it."""

from __future__ import annotations

import json
import subprocess
import sys


def parse(*arguments: str, lines: bytes = b"") -> str:
    command = [sys.executable, "-m", "aniworld", "parse", *arguments]
    return subprocess.run(command, input=lines, capture_output=True, check=True).stdout.decode()


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
