"""Which video is which episode."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from aniworld.db.base import new_id
from aniworld.kit.languages import CODES
from aniworld.library.linking import assign, languages_of, unsettled
from aniworld.library.types import FoundVideo
from aniworld.media.types import MediaInfo, StreamInfo, StreamKind
from aniworld.naming.path import parse_path


def episodes(*numbers: tuple[int, int], absolute: bool = False, offered: str | None = None) -> list[Any]:
    return [
        SimpleNamespace(
            id=new_id(), season=season, episode=number, absolute=place if absolute and season else None, offered=offered
        )
        for place, (season, number) in enumerate(numbers, start=1)
    ]


def video(path: str, size: int = 1) -> FoundVideo:
    parsed = parse_path(path)
    return FoundVideo(
        path=path,
        size=size,
        kind=parsed.kind,
        season=parsed.season,
        episodes=parsed.episodes,
        absolute=parsed.absolute,
        languages=parsed.languages,
        version=parsed.version,
    )


TWO_SEASONS = [*((1, number) for number in range(1, 13)), *((2, number) for number in range(1, 13)), (0, 1)]


def placed(paths: list[str], rows: list[Any]) -> dict[str, list[tuple[int, int]]]:
    numbers = {row.id: (row.season, row.episode) for row in rows}
    found: dict[str, list[tuple[int, int]]] = {path: [] for path in paths}
    for (id_, _language), (one, *_) in assign(rows, [video(path) for path in paths], ["ja"]).items():
        found[one.path].append(numbers[id_])
    return found


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("Show/Season 02/Show S02E03.mkv", [(2, 3)]),
        ("Show/Show S01E01-E03.mkv", [(1, 1), (1, 2), (1, 3)]),
        ("Show/Season 02/03 - Name.mkv", [(2, 3)]),
        ("Show/Season 02/[G] Show - 15.mkv", [(2, 3)]),
        ("Show/Season 01/[G] Show - 15.mkv", []),
        ("Show/Season 03/01.mkv", []),
        ("Show/[G] Show S3 - 03.mkv", []),
        ("Show/[G] Show - 15.mkv", [(2, 3)]),
        ("Show/[G] Show - 07.mkv", [(1, 7)]),
        ("Show/[G] Show S2 - 07.mkv", [(2, 7)]),
        ("Show/Specials/Show - 01.mkv", [(0, 1)]),
        ("Show/[G] Show - OVA 1.mkv", [(0, 1)]),
        ("Show/[G] Show - 25.mkv", []),
        ("Show/[G] Show - 12.5.mkv", []),
        ("Show/[G] Show - NCOP1.mkv", []),
        ("Show/Show S09E01.mkv", []),
    ],
)
@pytest.mark.parametrize("absolute", [False, True], ids=["counted", "absolute"])
def test_numbers(path: str, expected: list[tuple[int, int]], absolute: bool) -> None:
    assert placed([path], episodes(*TWO_SEASONS, absolute=absolute))[path] == expected


def test_languages() -> None:
    rows = episodes((1, 1), offered="de,ja+de")
    told = video("Show/Show S01E01 [ja+en].mkv")
    silent = video("Show/Show S01E01.mkv")
    best = assign(rows, [told, silent], ["ja+en", "de"])
    assert {language: one.path for (_id, language), (one, *_) in best.items()} == {
        "ja+en": told.path,
        "de": silent.path,
    }
    assert [language for _id, language in assign(episodes((1, 1)), [silent], ["ja+en", "de"])] == ["ja+en"]


def test_the_later_version_and_the_larger_file_are_the_better_ones() -> None:
    rows = episodes((1, 1), (1, 2))
    videos = [
        video("Show/[G] Show - 01v2.mkv", 5),
        video("Show/[G] Show - 01.mkv", 9),
        video("Show/[G] Show - 02 [480p].mkv", 1),
        video("Show/[G] Show - 02 [1080p].mkv", 7),
    ]
    assert [[one.size for one in those] for those in assign(rows, videos, ["ja"]).values()] == [[5, 9], [7, 1]]


def tracks(audio: str, subtitles: str = "") -> MediaInfo:
    """``-``: a track without a language."""
    tagged: tuple[tuple[StreamKind, str], ...] = (("audio", audio), ("subtitle", subtitles))
    return MediaInfo(
        container="matroska",
        duration=None,
        streams=tuple(
            StreamInfo(kind=kind, codec="x", language=None if tag == "-" else tag)
            for kind, tags in tagged
            for tag in tags.split()
        ),
    )


@pytest.mark.parametrize(
    ("audio", "subtitles", "expected"),
    [
        ("jpn", "", ("ja",)),
        ("jpn", "ger eng ger", ("ja+de", "ja+en")),
        ("jpn", "jpn", ("ja",)),
        ("jpn", "- und", ("ja",)),
        ("deu jpn", "deu", ("de", "ja+de")),
        ("ger", "ger eng", ("de",)),
        ("- eng", "", ("en",)),
        ("-", "ger", ()),
        ("und mul zxx", "", ()),
        ("xx qaa \x00 de-", "", ("de",)),
        ("chi", "eng", ("zh+en",)),
        ("chi jpn", "eng", ("zh", "ja+en")),
        ("por pt-BR es_419 de-AT", "", ("pt", "pt-BR", "es-419", "de")),
    ],
)
def test_what_tracks_tell(audio: str, subtitles: str, expected: tuple[str, ...]) -> None:
    assert languages_of(tracks(audio, subtitles)) == expected


def test_no_file_has_more_languages_than_can_be_kept() -> None:
    told = languages_of(tracks(" ".join(CODES)))
    assert len(",".join(told)) <= 200


def test_only_what_was_assumed_or_heard_moves() -> None:
    rows = episodes((1, 1), (1, 2))
    heard = {path: replace(video(path), tracks=("ja+de", "de")) for path in ("Show/Show S01E01.mkv", "Show/Show x.mkv")}

    def taken_for(path: str, *pairs: tuple[str, str]) -> list[Any]:
        return [
            SimpleNamespace(path=path, episode_id=rows[0].id, language=language, language_source=source)
            for language, source in pairs
        ]

    known, lost = heard
    assert unsettled(taken_for(known, ("ja", "assumed")), rows, heard) == {known}
    assert unsettled(taken_for(known, ("de", "assumed")), rows, heard) == {known}
    assert unsettled(taken_for(known, ("de", "tracks")), rows, heard) == {known}
    assert unsettled(taken_for(known, ("de", "tracks"), ("ja+de", "tracks")), rows, heard) == set()
    assert unsettled(taken_for(known, ("ja", "download")), rows, heard) == set()
    assert unsettled(taken_for(known, ("ja", "name")), rows, heard) == set()
    assert unsettled(taken_for(lost, ("ja", "assumed")), rows, heard) == set(), "it is of no episode that is known"
    assert unsettled(taken_for(known, ("ja", "assumed")), rows, {known: video(known)}) == set()


def test_a_file_that_tells_its_language_is_the_better_one() -> None:
    rows = episodes((1, 1))
    silent, told = video("Show/Show S01E01.mkv", 9), video("Show/Show S01E01 [de].mkv", 1)
    assert [one.path for one in assign(rows, [silent, told], ["de"])[rows[0].id, "de"]] == [told.path, silent.path]
