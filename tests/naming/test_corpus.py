"""Names and what they say: data in ``library/names/*.yaml``, written from the rules, not from what the parser does.

A line gives the ``name`` (or the ``path``) and what it says. ``season``, ``episodes``, ``absolute`` and ``kind`` are
always compared, and are nothing where the line does not give them (the ``kind`` is then that of an episode); the season
of an extra is its own affair. ``title``, ``year``, ``version``, ``group`` and ``languages`` are compared where they are
given. ``1-12`` is a range. ``known`` gives the reason for which a name is not read right yet; it is counted below.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from aniworld.naming.parse import parse
from aniworld.naming.path import parse_path
from aniworld.naming.types import Parsed

FILES = sorted((Path(__file__).parents[1] / "library" / "names").glob("*.yaml"))
LEAST = 800
KNOWN_SHARE = 0.02


def _lines(file: Path) -> list[dict[str, Any]]:
    lines: list[dict[str, Any]] = yaml.load(file.read_text("utf-8"), yaml.CSafeLoader)
    return lines


def _numbers(said: int | str | list[int | str]) -> list[int]:
    numbers: list[int] = []
    for part in said if isinstance(said, list) else [said]:
        first, _, last = str(part).partition("-")
        numbers += range(int(first), int(last or first) + 1)
    return numbers


def _read(line: dict[str, Any]) -> Parsed:
    return parse_path(line["path"]) if "path" in line else parse(line["name"])


def _differences(line: dict[str, Any]) -> dict[str, tuple[object, object]]:
    """What is expected and what was found, where they differ."""
    parsed = _read(line)
    kind = line.get("kind", "episode")
    expected: dict[str, object] = {
        "kind": kind,
        "special": kind in ("special", "extra"),
        "episodes": _numbers(line.get("episodes", [])),
        "absolute": _numbers(line.get("absolute", [])),
    }
    if kind != "extra":
        expected["season"] = line.get("season")
    expected |= {field: line[field] for field in ("title", "year", "version", "group") if field in line}
    if "languages" in line:
        expected["languages"] = sorted(line["languages"])
    found = {field: getattr(parsed, field) for field in expected}
    found |= {field: sorted(found[field]) for field in ("episodes", "absolute", "languages") if field in found}
    return {field: (expected[field], found[field]) for field in expected if expected[field] != found[field]}


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_names(file: Path) -> None:
    wrong = [(line, found) for line in _lines(file) if "known" not in line and (found := _differences(line))]
    told = "\n".join(f"{line.get('name', line.get('path'))}: {found} ({_read(line).rule})" for line, found in wrong)
    assert not wrong, f"(expected, found)\n{told}"


def test_what_is_not_right_yet_is_said_and_little() -> None:
    lines = [line for file in FILES for line in _lines(file)]
    known = [line for line in lines if "known" in line]
    assert len(lines) >= LEAST
    assert len({line.get("name", line.get("path")) for line in lines}) == len(lines), "no name twice"
    assert len(known) <= KNOWN_SHARE * len(lines)
    assert all(_differences(line) for line in known), "what is right now is not known to be wrong"
