"""``docs/providers.md`` tells the truth: every key is in it, every piece of a profile loads, the output is real."""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import msgspec
import pytest

from aniworld.catalog import profile as profiles
from aniworld.catalog.errors import InvalidProfileError
from aniworld.catalog.pages.profile import (
    Episodes,
    Links,
    Listing,
    Search,
    Seasons,
    Section,
    Series,
    SiteProfile,
)
from aniworld.catalog.pages.rules import Data, Rule
from aniworld.sample import SampleSource
from tests.architecture.tree import ROOT

PAPER = (ROOT / "docs" / "providers.md").read_text()
BLOCKS = re.findall(r"^```toml\n(.*?)^```", PAPER, re.MULTILINE | re.DOTALL)
EXAMPLE = BLOCKS[0]
SECTIONS = {"search", "series", "seasons", "episodes", "links"}


def fields(type_: type[msgspec.Struct], *without: type[msgspec.Struct]) -> set[str]:
    own = {info.encode_name for info in msgspec.structs.fields(type_)}
    return own - {info.encode_name for other in without for info in msgspec.structs.fields(other)}


KEYS = {
    "The whole": fields(SiteProfile) - SECTIONS,
    "In every section": fields(Section),
    "In every section but `[series]`": fields(Listing, Section),
    "`[search]`": fields(Search, Listing),
    "`[series]`": fields(Series, Section),
    "`[seasons]`": fields(Seasons, Listing),
    "`[episodes]`": fields(Episodes, Listing),
    "`[links]`": fields(Links, Listing),
    "A rule": fields(Rule),
}


@pytest.mark.parametrize("heading", KEYS)
def test_every_key_is_in_its_table(heading: str) -> None:
    _, _, rest = PAPER.partition(f"\n### {heading}\n")
    rows = re.findall(r"^\| (`[^|]*) \|", rest.partition("\n### ")[0], re.MULTILINE)
    assert {key for row in rows for key in re.findall(r"`(\w+)`", row)} == KEYS[heading]


def test_the_keys_of_embedded_json_are_told() -> None:
    (row,) = re.findall(r"^\| `data` \|.*$", PAPER, re.MULTILINE)
    assert fields(Data) <= set(re.findall(r"\w+", row))


def test_there_are_pieces() -> None:
    assert len(BLOCKS) > 8
    assert PAPER.count("```toml") == len(BLOCKS)


@pytest.mark.parametrize("place", range(len(BLOCKS)))
def test_every_piece_of_a_profile_loads(place: int, tmp_path: Path) -> None:
    whole: dict[str, Any] = tomllib.loads(EXAMPLE)
    piece = tomllib.loads(BLOCKS[place])
    if "[seasons]" not in BLOCKS[place] and "season" in piece.get("episodes", {}):
        del whole["seasons"]
        whole["links"]["page"] = "/{season}/{episode}"
    if place:
        assert set(piece) <= SECTIONS, "a piece is made of whole sections"
    document = whole | piece
    assert list(profiles.misfits(document, SiteProfile)) == []
    assert list(msgspec.convert(document, SiteProfile).problems(frozenset({"direct", "hls"}))) == []


def console(number: int) -> str:
    blocks: list[str] = re.findall(r"^```console\n(.*?)^```", PAPER, re.MULTILINE | re.DOTALL)
    return blocks[number]


async def test_the_output_is_real(tmp_path: Path) -> None:
    command, _, told = console(0).partition("\n")
    async with SampleSource(tmp_path / "sample", seconds=20) as source:
        profile = EXAMPLE.replace('hoster = ".hoster"', 'hoster = "b.hoster"')
        (tmp_path / "my-shelf.toml").write_text(profile.replace("40001", str(source.port)))
        arguments = command.replace("40001", str(source.port)).split()[2:]
        run = await asyncio.to_thread(
            subprocess.run, [sys.executable, "-m", "aniworld", *arguments], capture_output=True, text=True, cwd=tmp_path
        )
        assert run.stdout.replace(str(source.port), "40001") == told
        assert run.returncode == 1


def test_what_is_wrong_is_told_as_written(tmp_path: Path) -> None:
    _, _, told = console(1).partition("\n")
    path = tmp_path / "my-shelf.toml"
    wrong = EXAMPLE.replace('items = "ul.results', 'itmes = "ul.results').replace('title = "My Shelf"\n', "")
    path.write_text(wrong.replace('"ger-dub" = "de"', '"ger-dub" = "german"'))
    with pytest.raises(InvalidProfileError) as caught:
        profiles.load(path, {"site": SiteProfile})
    assert caught.value.detail.replace("; my-shelf.toml, ", "\nmy-shelf.toml, ") == told.strip()
