"""The rules that every name is held against, one name each; the corpus beside them has the breadth."""

from __future__ import annotations

from typing import Any

import pytest

from aniworld.naming.parse import parse, title_of
from aniworld.naming.path import parse_path, season_of_folder


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Show S01E05.mkv", {"title": "Show", "season": 1, "episodes": (5,), "kind": "episode"}),
        ("Show.S01E01-E03.mkv", {"episodes": (1, 2, 3)}),
        ("Show - 1x05 - Name.mkv", {"season": 1, "episodes": (5,)}),
        ("Show (2024) - S01E05 - 017 - Name.mkv", {"year": 2024, "episodes": (5,), "absolute": (17,)}),
        ("Show S3 - 12.mkv", {"title": "Show S3", "season": None, "absolute": (12,)}),
        ("[G] Show (Season 2) - 33.mkv", {"title": "Show", "season": 2, "absolute": (33,), "group": "G"}),
        ("[G] Show - 12.5.mkv", {"kind": "special", "episodes": (), "absolute": ()}),
        ("Show - 05.5 - S00E01.mkv", {"season": 0, "episodes": (1,), "kind": "special"}),
        ("[G] Show - 01 - OVA.mkv", {"kind": "special", "special": True, "absolute": ()}),
        ("[G] Show - NCOP1.mkv", {"kind": "extra", "episodes": (), "absolute": ()}),
        ("[G] Show - 09v2.mkv", {"absolute": (9,), "version": 2}),
        ("Show S01E01v2.mkv", {"episodes": (1,), "version": 2}),
        ("[G] Show (01-25) (Batch).mkv", {"absolute": tuple(range(1, 26))}),
        ("[G] Show 01~10.mkv", {"absolute": tuple(range(1, 11))}),
        ("Show - 1017-1088.mkv", {"absolute": tuple(range(1017, 1089))}),
        ("[G][Show][12END][1080p].mkv", {"title": "Show", "absolute": (12,)}),
        ("[G][Show][13完].mkv", {"absolute": (13,)}),
        ("Show 第05話 「7 Days」.mkv", {"title": "Show", "absolute": (5,)}),
        ("[G] 86 - 01.mkv", {"title": "86", "absolute": (1,)}),
        ("[G] Series 100 S2 - 07.mkv", {"title": "Series 100 S2", "absolute": (7,)}),
        ("300-nen Show - 01.mkv", {"title": "300-nen Show", "absolute": (1,)}),
        ("[G] Show - 03 (1280x720 x264 10bit) [10BBF2EA].mkv", {"absolute": (3,), "season": None}),
        ("Show.E1135.Der.Mond.GERMAN.1080p.mkv", {"absolute": (1135,), "languages": ("de",)}),
        ("Show 02x03 - 04 Name.mkv", {"season": 2, "episodes": (3,)}),
        ("12 - 24 Hours.mkv", {"title": "", "absolute": (12,)}),
        ("Show - S01E02 [ja+de].mkv", {"languages": ("ja+de",)}),
        ("Show Staffel 2 Folge 5.mkv", {"title": "Show", "season": 2, "episodes": (5,)}),
        ("Show.mkv", {"title": "Show", "kind": "unknown"}),
    ],
)
def test_a_name(name: str, expected: dict[str, Any]) -> None:
    parsed = parse(name)
    assert {field: getattr(parsed, field) for field in expected} == expected, parsed.rule


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("Show (2024)/Season 02/05 - Name.mkv", {"title": "Show", "year": 2024, "season": 2, "absolute": (5,)}),
        ("Show/Specials/Show - 03.mkv", {"season": 0, "episodes": (3,), "kind": "special"}),
        ("Show/Season 01/Show S02E03.mkv", {"season": 2, "episodes": (3,)}),
        ("Show/Extras/01.mkv", {"kind": "extra"}),
        ("86 - Blade/86 - Blade_02_[720p].mkv", {"title": "86 - Blade", "absolute": (2,)}),
    ],
)
def test_a_path(path: str, expected: dict[str, Any]) -> None:
    parsed = parse_path(path)
    assert {field: getattr(parsed, field) for field in expected} == expected, parsed.rule


@pytest.mark.parametrize(
    ("folder", "season"),
    [
        ("Season 01", 1), ("Staffel 2", 2), ("3.Staffel", 3), ("S04", 4), ("2", 2), ("Specials", 0), ("Season 0", 0),
        ("シーズン2", 2), ("第3季", 3), ("시즌 4", 4), ("Сезон 5", 5), ("Show S2", 2), ("Show 2nd Season", 2),
        ("Show.S03.1080p.WEB.x264-GRP", 3), ("Saison 2", 2), ("Temporada 3", 3), ("Show", None), ("Extras", None),
    ],
)  # fmt: skip
def test_a_folder(folder: str, season: int | None) -> None:
    assert season_of_folder(folder) == season


@pytest.mark.parametrize(
    ("folder", "title"),
    [
        ("Harbour.of.Glass.S01.1080p.WEB-DL.x264-Reed", "Harbour of Glass"),
        ("Show S2", "Show S2"),
        ("Show (2024) [tmdbid-12]", "Show"),
        ("86 - Blade", "86 - Blade"),
    ],
)
def test_the_title_of_a_folder(folder: str, title: str) -> None:
    assert title_of(folder)[0] == title
