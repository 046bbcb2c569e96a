"""Names of folders and files: valid, stable, unique."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aniworld.kit.files import NAME_BYTES, safe_name
from aniworld.kit.text import fold
from aniworld.library.naming import STEM_BYTES
from aniworld.library.text import same_name, slug
from tests.library.names import episode_path, episode_stem, folder_name, free_episode_path

FORBIDDEN = set('<>:"/\\|?*')


@pytest.mark.parametrize(
    ("name", "year", "copy", "expected"),
    [
        ("Clockwork Garden", 2021, 1, "Clockwork Garden (2021)"),
        ("Clockwork Garden", None, 1, "Clockwork Garden"),
        ("Clockwork Garden (2021)", 2021, 1, "Clockwork Garden (2021)"),
        ("Clockwork Garden (2020)", 2021, 1, "Clockwork Garden (2020) (2021)"),
        ("Clockwork Garden", 2021, 2, "Clockwork Garden (2021) (2)"),
        ("Clockwork Garden", None, 3, "Clockwork Garden (3)"),
        ("Gintama.", 2006, 1, "Gintama (2006)"),
        ("Fate/Zero", 2011, 1, "Fate-Zero (2011)"),
        ("Re: Zero", 2016, 1, "Re - Zero (2016)"),
        ("../../etc", 2016, 1, "-..-etc (2016)"),
        ("CON", None, 1, "CON_"),
        ("???", 2016, 1, "_ (2016)"),
        ("進撃の巨人", 2013, 1, "進撃の巨人 (2013)"),
    ],
)
def test_folder(name: str, year: int | None, copy: int, expected: str) -> None:
    assert folder_name(name, year, copy) == expected


def test_a_long_name_keeps_its_year() -> None:
    folder = folder_name("長い" * 100, 2021, 2)
    assert folder.endswith(" (2021) (2)")
    assert len(folder.encode()) <= NAME_BYTES


@pytest.mark.parametrize(
    ("season", "episode", "title", "language", "expected"),
    [
        (1, 5, "Title", None, "Show (2021)/Season 01/Show (2021) - S01E05 - Title.mkv"),
        (1, 5, "Title", "de", "Show (2021)/Season 01/Show (2021) - S01E05 - Title [de].mkv"),
        (1, 5, "Title", "ja+en", "Show (2021)/Season 01/Show (2021) - S01E05 - Title [ja+en].mkv"),
        (0, 1, "Special", None, "Show (2021)/Season 00/Show (2021) - S00E01 - Special.mkv"),
        (1, 5, "", None, "Show (2021)/Season 01/Show (2021) - S01E05.mkv"),
        (1, 5, " ?? ", None, "Show (2021)/Season 01/Show (2021) - S01E05.mkv"),
        (12, 1100, "Far", None, "Show (2021)/Season 12/Show (2021) - S12E1100 - Far.mkv"),
        (1, 5, "A: B/C\\D", None, "Show (2021)/Season 01/Show (2021) - S01E05 - A - B-C-D.mkv"),
        (1, 5, "Wait...", None, "Show (2021)/Season 01/Show (2021) - S01E05 - Wait.mkv"),
    ],
)
def test_path(season: int, episode: int, title: str, language: str | None, expected: str) -> None:
    assert episode_path("Show (2021)", season, episode, title, ".mkv", language=language) == expected


@pytest.mark.parametrize("extension", ["mkv", ".mkv", ".MKV"])
def test_the_extension_may_have_its_dot(extension: str) -> None:
    assert episode_path("Show", 1, 1, "", extension) == "Show/Season 01/Show - S01E01.mkv"


@pytest.mark.parametrize("extension", ["", ".", "../x", "mkv.exe", "toolong"])
def test_no_other_extension(extension: str) -> None:
    with pytest.raises(ValueError, match="extension"):
        episode_path("Show", 1, 1, "", extension)


@pytest.mark.parametrize("language", ["", "../de", "de]/x", "d" * 25])
def test_no_other_language(language: str) -> None:
    with pytest.raises(ValueError, match="language"):
        episode_path("Show", 1, 1, "", "mkv", language=language)


def test_the_title_is_cut_before_the_series() -> None:
    folder = folder_name("S" * 150, 2021)
    stem = episode_stem(folder, 1, 5, "T" * 300)
    assert stem.startswith(f"{folder} - S01E05 - TTT")
    assert len(stem.encode()) == STEM_BYTES


def test_no_scrap_of_a_title_is_left() -> None:
    stem = episode_stem("S" * 185, 1, 5, "A title that does not fit")
    assert stem == f"{'S' * 185} - S01E05"


def test_a_short_title_fits_where_a_long_one_does_not() -> None:
    assert episode_stem("S" * 185, 1, 5, "Oh").endswith(" - S01E05 - Oh")


def test_the_second_language_says_so() -> None:
    plain = "Show/Season 01/Show - S01E05 - Title.mkv"
    tagged = "Show/Season 01/Show - S01E05 - Title [de].mkv"

    def path(*taken: str, extension: str = "mkv", title: str = "Title") -> str:
        return free_episode_path("Show", 1, 5, title, extension, language="de", taken=taken)

    assert path() == plain
    assert path("Show/Season 01/Show - S01E05 - Older title.mkv") == plain
    assert path(plain) == tagged
    assert path(plain.upper()) == tagged, "one file, where case does not count"
    assert path(plain, extension="mp4") == tagged.replace("mkv", "mp4"), "one description lies beside both"
    decomposed = unicodedata.normalize("NFD", "Show/Season 01/Show - S01E05 - Äther.mkv")
    assert path(decomposed, title="Äther").endswith("[de].mkv")


names = st.text(max_size=300)


@given(names, st.none() | st.integers(1900, 2100), st.integers(0, 200), st.integers(0, 5000), names)
def test_every_name_is_valid_and_stable(name: str, year: int | None, season: int, episode: int, title: str) -> None:
    folder = folder_name(name, year)
    path = episode_path(folder, season, episode, title, "mkv", language="zh-Hant+zh-Hans")
    first, second, third = path.split("/")
    assert first == folder
    assert f"S{season:02d}E{episode:02d}" in third
    for component in (first, second, third, third.removesuffix(".mkv") + "-thumb.jpg"):
        assert len(component.encode()) <= NAME_BYTES
        assert not FORBIDDEN & set(component)
        assert component == safe_name(component), "nothing is left to be made safe"
        assert component == unicodedata.normalize("NFC", component)
    assert path == episode_path(folder, season, episode, title, "mkv", language="zh-Hant+zh-Hans")
    assert folder == folder_name(folder, None)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Clockwork Garden", "clockwork-garden"),
        ("Hunter × Hunter", "hunter-x-hunter"),
        ("The Lantern Maker's Daughter", "the-lantern-makers-daughter"),
        ("Pokémon: Große Straße!", "pokemon-grosse-strasse"),
        ("  --  ", ""),
        ("進撃の巨人", ""),
        ("进击 no Kyojin", "no-kyojin"),
        ("Ｆｕｌｌｗｉｄｔｈ", "fullwidth"),
        ("Ærø", "aero"),
        ("a" * 200, "a" * 80),
        ("a" * 79 + " b", "a" * 79),
    ],
)
def test_slug(text: str, expected: str) -> None:
    assert slug(text) == expected


@pytest.mark.parametrize(
    ("one", "other"),
    [("Pokémon", "POKEMON"), ("Straße", "strasse"), ("A  B\tC", "a b c"), ("Ｆｕｌｌ", "full"), ("Œuvre", "oeuvre")],
)
def test_folding_joins(one: str, other: str) -> None:
    assert fold(one) == fold(other)


def test_folding_keeps_letters_apart() -> None:
    assert fold("が") != fold("か")
    assert fold("ガンダム") == fold(unicodedata.normalize("NFD", "ガンダム"))


def test_names_that_file_systems_take_for_one() -> None:
    assert same_name("ÄTHER") == same_name(unicodedata.normalize("NFD", "äther"))
    assert same_name("Straße") == same_name("STRASSE")
    assert same_name("Aether") != same_name("Äther")
