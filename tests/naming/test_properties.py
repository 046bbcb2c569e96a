"""What holds for every name: it is read, soon, always the same; and what we write we read back."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from aniworld.naming.parse import LONGEST_NAME, parse, title_of
from aniworld.naming.path import parse_path, season_of_folder
from tests.library.names import episode_path, folder_name

HANG = 5.0
"""Seconds, a thousand times what any name takes: a guard against a pattern that explodes, not a measurement."""

_PIECES = [
    "[", "]", "(", ")", "{", "}", "【", "】", "「", "」", "-", " - ", ".", "_", " ", "~", "+", "&", "#", "'", "/", "%",
    "0", "1", "05", "12.5", "86", "2019", "1080p", "x264", "S01E05", "E05", "s1", "1x02", "v2", "第", "話", "期", "화",
    "Season", "Staffel ", "Episode ", "Folge", "OVA", "Special", "Movie", "NCOP", "PV", "Trailer", "GerSub", "[ja+de]",
    "VOSTFR", "Dual Audio", "The", "Show", "ä", "か", "\u202e", "\u0000", "\ud800", ".mkv", "a" * 40, "9" * 40,
]  # fmt: skip
names = st.lists(st.sampled_from(_PIECES), max_size=60).map("".join) | st.text(max_size=200)


@given(names)
def test_any_name_is_read_and_always_the_same(name: str) -> None:
    parsed = parse(name)
    assert parsed == parse(name)
    assert parsed.name == name[:LONGEST_NAME]
    assert parsed.special == (parsed.kind in ("special", "extra"))
    assert parsed.kind != "extra" or not (parsed.episodes or parsed.absolute)
    assert all(number >= 0 for number in parsed.episodes + parsed.absolute)
    title_of(name)
    season_of_folder(name)


@given(st.lists(names, max_size=5).map("/".join))
def test_any_path_is_read_and_always_the_same(path: str) -> None:
    parsed = parse_path(f"Show/{path}/05.mkv")
    assert parsed == parse_path(f"Show/{path}/05.mkv")
    assert parsed.special == (parsed.kind in ("special", "extra"))


@pytest.mark.parametrize(
    "piece", [*_PIECES, "[a", "a-", "- 1 ", "1-", "S01", "E1", "第1", "(1", "1 & ", "[gb_a", "a.a-"]
)
@pytest.mark.parametrize("end", ["", "!", ".mkv", " - 05.mkv", "]"])
def test_no_pattern_explodes(piece: str, end: str) -> None:
    start = time.monotonic()
    for text in (piece * (5000 // len(piece)), (piece * LONGEST_NAME)[: LONGEST_NAME - len(end)]):
        parse(text + end)
        parse_path(f"{text}/{text}/{text}{end}")
    assert time.monotonic() - start < HANG


words = st.from_regex(re.compile(r"[A-Z][a-zäöüé]{2,9}"), fullmatch=True)
titles = st.lists(words, min_size=1, max_size=5).map(" ".join)
_TAKEN_FOR_MORE = re.compile(
    r"\b(?:season|staffel|saison|temporada|stagione|sample|ncop|nced|end|fin|final|complete|batch|proper|uncut)\b", re.I
)
languages = st.sampled_from(["de", "ja+de", "ja+en", "en", "ja", "pt-BR", "ja+fr"])


@given(titles, st.none() | st.integers(1950, 2035), st.integers(0, 40), st.integers(0, 2000), titles, languages)
def test_what_we_write_we_read_back(
    name: str, year: int | None, season: int, episode: int, title: str, language: str
) -> None:
    assume(not _TAKEN_FOR_MORE.search(f"{name} {title}"))
    parsed = parse_path(episode_path(folder_name(name, year), season, episode, title, "mkv", language=language))
    assert (parsed.title, parsed.year, parsed.season) == (name, year, season)
    assert (parsed.episodes, parsed.absolute, parsed.special) == ((episode,), (), season == 0)
    assert parsed.languages == (language,)


@given(st.text(min_size=1, max_size=60), st.integers(0, 99), st.integers(0, 2000), st.text(max_size=60))
def test_the_numbers_we_write_we_read_back_whatever_the_titles(
    name: str, season: int, episode: int, title: str
) -> None:
    assume(not re.search(r"\d", name + title))
    parsed = parse_path(episode_path(folder_name(name, 2020), season, episode, title, "mkv", language="ja+de"))
    assert parsed.season == season
    assert parsed.kind == "extra" or parsed.episodes == (episode,)
