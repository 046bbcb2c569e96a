"""Names by templates of one's own: what may stand in them, and that all of it is read back."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from aniworld.config.schemas import LibrarySection
from aniworld.kit.files import NAME_BYTES, safe_name
from aniworld.library.naming import EpisodeName, Names, SeriesName
from aniworld.library.naming_schemas import TryNames
from aniworld.library.naming_service import preview
from aniworld.naming.path import parse_path
from aniworld.naming.template import Kind, TemplateError, code, template
from aniworld.naming.template_check import template_problem

SHOW = SeriesName("Show", 2024, {"tmdb": "12345"})


def path(episode: EpisodeName, series: SeriesName = SHOW, *, absolute_numbers: bool = False, **texts: str) -> str:
    names = Names.of(LibrarySection(absolute_numbers=absolute_numbers, **texts))  # type: ignore[arg-type]
    return names.path(names.folder(series), series, episode, "mkv")


@pytest.mark.parametrize(
    ("episode_name", "episode", "expected"),
    [
        ("{Series Title} S{season:00}E{episode:00}{ - Episode Title}", EpisodeName(1, (5,), "T"), "Show S01E05 - T"),
        ("{Series Title} S{season:00}E{episode:00}{ - Episode Title}", EpisodeName(1, (5,)), "Show S01E05"),
        ("{series title} s{Season}e{Episode}", EpisodeName(1, (5,), "T"), "Show S01E05"),
        ("S{season:00}E{episode:00}{ - Episode Title}", EpisodeName(1, (1, 2), "T"), "S01E01-E02 - T"),
        ("S{season:00}E{episode:00}", EpisodeName(1, (1, 2, 3)), "S01E01-E03"),
        ("S{season:00}E{episode:00}", EpisodeName(1, (1, 3)), "S01E01E03"),
        ("S{season:00}E{episode:00}{ - absolute:000}", EpisodeName(2, (1,), "", (13,)), "S02E01 - 013"),
        ("S{season:00}E{episode:00}{ - absolute:000}", EpisodeName(0, (1,)), "S00E01"),
        (
            "S{season:00}E{episode:00}{ [Quality]}{ [Language]}{ [Version]}",
            EpisodeName(1, (1,), "", (), ("de", "ja"), 1080, 2),
            "S01E01 [1080p] [de] [ja] [v2]",
        ),
        ("{Series Title}{ [tmdbid-{TmdbId}]} - S{season:00}E{episode:00}", EpisodeName(1, (1,)),
         "Show [tmdbid-12345] - S01E01"),
        ("{Series Title}{ [anidbid-{AniDbId}]} - S{season:00}E{episode:00}", EpisodeName(1, (1,)), "Show - S01E01"),
    ],
)  # fmt: skip
def test_episode(episode_name: str, episode: EpisodeName, expected: str) -> None:
    assert path(episode, episode_name=episode_name).rpartition("/")[2] == f"{expected}.mkv"


def test_the_absolute_number_follows_on_request() -> None:
    told = path(EpisodeName(1, (5,), "Title", (5,)), absolute_numbers=True)
    assert told == "Show (2024)/Season 01/Show (2024) - S01E05 - 005 - Title.mkv"
    both = path(EpisodeName(1, (5, 6), "Title", (5, 6)), absolute_numbers=True)
    assert both.endswith("Show (2024) - S01E05-E06 - 005-006 - Title.mkv")
    assert parse_path(both).absolute == (5, 6)
    assert path(EpisodeName(0, (1,), "Title"), absolute_numbers=True).endswith(" - S00E01 - Title.mkv")


def test_folders() -> None:
    folder = "{Series Title}{ (Series Year)}{ [tmdbid-{TmdbId}]}"
    assert Names.of(LibrarySection(series_folder=folder)).folder(SHOW, 2) == "Show (2024) [tmdbid-12345] (2)"
    assert Names.of(LibrarySection(series_folder=folder)).folder(SeriesName("Show")) == "Show"
    assert path(EpisodeName(1, (5,)), season_folder="") == "Show (2024)/Show (2024) - S01E05.mkv"
    assert path(EpisodeName(0, (5,)), specials_folder="Specials").split("/")[1] == "Specials"
    assert path(EpisodeName(3, (5,)), season_folder="Staffel {season}").split("/")[1] == "Staffel 3"
    long = Names.of(LibrarySection(series_folder=folder)).folder(SeriesName("長い" * 100, 2021, {"tmdb": "9"}))
    assert long.endswith(" (2021) [tmdbid-9]")
    assert len(long.encode()) <= NAME_BYTES


@pytest.mark.parametrize(
    ("kind", "text", "told"),
    [
        ("episode", "{Series Title} - {Episode Title}", "Write S{season:00}E{episode:00}"),
        ("episode", "{season:00}x{episode:00}", "Write S{season:00}E{episode:00}"),
        ("episode", "XS{season:00}E{episode:00}", "Write S{season:00}E{episode:00}"),
        ("episode", "S{season:00}E{episode:00}{Episode Title}", "has to follow"),
        ("episode", "{Show} S{season:00}E{episode:00}", "known are {Series Title}"),
        ("episode", "S{season:00}E{episode:00} {Episode Title:00}", "only numbers take zeros"),
        ("episode", "S{season:00}E{episode:00} {Language}", "{[Language]}"),
        ("episode", "S{season:00}E{episode:00}{ - Episode Title}{ - Version}", "{[Version]}"),
        ("episode", "S{season:00}E{episode:00} - {Episode Title", "without its }"),
        ("episode", "S{season:00}E{episode:00} Title}", "without its {"),
        ("episode", "{a{b{Series Title}}}", "Groups"),
        ("episode", "Season 1/S{season:00}E{episode:00}", "'/' may not"),
        ("episode", "S09E09 - S{season:00}E{episode:00}", "not understood"),
        ("episode", "", "empty"),
        ("episode", "x" * 301, "At most"),
        ("series", "Anime", "{Series Title}"),
        ("series", "{Series Title} {season}", "not known here"),
        ("season", "Season", "{season:00}"),
        ("season", "Arc {season}", "not understood"),
        ("specials", "Season 01", "not understood"),
    ],
)
def test_a_wrong_template_says_what_to_do(kind: Kind, text: str, told: str) -> None:
    problem = template_problem(text, kind)
    assert problem is not None
    assert told in problem


def test_preview() -> None:
    shown = preview(TryNames(season_folder="", absolute_numbers=True))
    assert shown.errors == []
    assert {example.kind for example in shown.examples} == {
        "regular", "special", "several", "long", "cjk", "untitled",
    }  # fmt: skip
    assert shown.examples[0].path == ("Clockwork Garden (2021)/Clockwork Garden (2021) - S02E05 - 017 - The Gate.mkv")
    wrong = preview(TryNames(episode_name="{Episode Title}", season_folder="{nothing}"))
    assert [error.field for error in wrong.errors] == ["season_folder", "episode_name"]
    assert wrong.examples == []
    assert "{Episode Title}" in wrong.tokens["episode_name"]


_NAMES = [
    "{Series TitleYear} - S{season:00}E{episode:00}{ - Episode Title}",
    "{Series Title} - S{season}E{episode}{ - absolute:000}{ - Episode Title}{ [Quality]}{ [Language]}{ [Version]}",
    "{Series Title}{ (Series Year)}.S{season:00}E{episode:00}{.Episode Title}",
    "{[Language] }S{season:00}E{episode:00} {Episode Title}",
]
numbers = st.lists(st.integers(1, 1500), min_size=1, max_size=3, unique=True).map(sorted).map(tuple)


@given(
    st.text(min_size=1, max_size=120), st.none() | st.integers(1950, 2035), st.integers(0, 60), numbers,
    st.text(max_size=150), st.sampled_from(["de", "ja+de", "pt-BR"]), st.sampled_from(_NAMES),
    st.sampled_from(["Season {season:00}", "", "Staffel {season}"]), st.booleans(),
)  # fmt: skip
def test_what_any_template_makes_is_valid_and_read_back(
    name: str, year: int | None, season: int, episodes: tuple[int, ...], title: str, language: str, episode_name: str,
    season_folder: str, absolute: bool,
) -> None:  # fmt: skip
    assume(template_problem(episode_name, "episode") is None)
    series = SeriesName(name, year)
    names = Names.of(LibrarySection(episode_name=episode_name, season_folder=season_folder, absolute_numbers=absolute))
    told = EpisodeName(season, episodes, title, episodes if season else (), (language,), 720, 2)
    made = names.path(names.folder(series), series, told, "mkv")
    assert made == names.path(names.folder(series), series, told, "mkv")
    assert code(season, episodes) in made
    for part in made.split("/"):
        assert part == safe_name(part) == unicodedata.normalize("NFC", part)
        assert len(part.removesuffix(".mkv").encode()) + len("-thumb.jpg") <= NAME_BYTES
    parsed = parse_path(made)
    assert parsed.season == season
    if not re.search(r"\d", name):
        assert parsed.episodes == episodes or code(season, parsed.episodes) == code(season, episodes)
        assert parsed.languages in ((), (language,))


def test_a_template_is_read_once() -> None:
    section = LibrarySection()
    assert Names.of(section) is Names.of(LibrarySection())
    with pytest.raises(TemplateError):
        template("{x}", "series")
