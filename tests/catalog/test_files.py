"""Files to episodes, and languages as others write them."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aniworld.catalog import files, languages
from aniworld.catalog.files import File, arrange, extension, natural, seasons
from aniworld.catalog.types import Language


def held(*paths: str, series: str = "Clockwork Garden", language: str = "und") -> dict[tuple[int, int], list[str]]:
    found = arrange(series, [File(path=path, url=f"http://x/{path}") for path in paths], language)
    return {place: [file.path for file, _ in episode.files] for place, episode in sorted(found.items())}


def test_names_with_numbers() -> None:
    assert held("Clockwork Garden - S01E02.mkv", "cover.mkv") == {(1, 2): ["Clockwork Garden - S01E02.mkv"]}
    assert held("Season 2/Clockwork Garden - 03.mkv") == {(2, 3): ["Season 2/Clockwork Garden - 03.mkv"]}
    assert set(held("A - S01E04-E05.mkv", series="A")) == {(1, 4), (1, 5)}
    assert set(held("Specials/A OVA 1.mkv", series="A")) == {(0, 1)}
    assert set(held("Extras/A - 09.mkv", "A - 01.mkv", series="A")) == {(1, 1)}


def test_what_has_no_number_is_left_out_where_others_have() -> None:
    assert held("A - 01.mkv", "About.mkv", series="A") == {(1, 1): ["A - 01.mkv"]}
    assert held("Zwei.mkv", "Eins.mkv", series="A") == {(1, 1): ["Eins.mkv"], (1, 2): ["Zwei.mkv"]}
    assert held(series="A") == {}


def test_absolute_numbers_are_kept() -> None:
    (season,) = seasons(arrange("A", [File(path="A - 101.mkv", url="http://x/")], "und"))
    assert [(found.season, found.episode, found.absolute) for found in season.episodes] == [(1, 101, 101)]


def test_several_files_of_an_episode() -> None:
    found = [
        File(path="A - S01E01 [German Dub].mkv", url="http://x/1", languages=("ja",)),
        File(path="A - S01E01.mkv", url="http://x/2", languages=("ja",), title="One", duration=60.0),
        File(path="A - S01E01v2.mkv", url="http://x/3"),
    ]
    made = arrange("A", found, "ja+de")
    episode = made[(1, 1)]
    assert [file.url for file in episode.in_language(Language("de"))] == ["http://x/1"]
    assert [file.url for file in episode.in_language(Language("ja"))] == ["http://x/2"]
    assert [file.url for file in episode.in_language(Language("ja+de"))] == ["http://x/3"]
    ((info,),) = [season.episodes for season in seasons(made)]
    assert info.languages == ("de", "ja", "ja+de")


def test_subtitles_that_lie_beside_a_video() -> None:
    videos = [File(path=f"Season 1/A - S01E0{number}.mkv", url=f"http://x/{number}") for number in (1, 2, 3)]
    videos.append(File(path="Season 1/B.no.mkv", url="http://x/4"))
    names = [
        "Season 1/A - S01E01.srt", "Season 1/A - S01E01.de.vtt", "Season 1/A - S01E01.ger.sdh.srt", "A - S01E01.en.srt",
        "Season 1/A - S01E01.fr.forced.srt", "Season 1/A - S01E02.EN.SRT", "Season 1/A - S01E02.ass", "x.srt", ".srt",
        "Season 1/A - S01E03.Director's Cut.de.srt", "Season 1/A - S01E03.end.srt",
        "Season 1/B.no.srt", "Season 1/B.de.srt",
    ]  # fmt: skip
    found = files.with_subtitles(videos, [(name, f"http://x/{quote(name)}") for name in names], {"Authorization": "x"})
    told = [[(text.language, text.format) for text in video.subtitles] for video in found]
    assert told == [[(None, "srt"), ("de", "vtt"), ("de", "srt")], [("en", "srt")], [], [(None, "srt")]]
    assert found[0].subtitles[0].headers == {"Authorization": "x"}
    made = arrange("A", found, "ja")
    assert [made[(1, number)].files[0][1] for number in (1, 2, 3)] == [("ja", "ja+de"), ("ja", "ja+en"), ("ja",)]
    # What is subtitled already stays as it is.
    assert [made[(1, 1)].files[0][1] for made in [arrange("A", found, "ja+en")]] == [("ja+en",)]


def test_a_name_that_claims_thousands_of_episodes() -> None:
    assert len(held("A - S01E01-E2000.mkv", series="A")) <= files.MOST_IN_ONE


@pytest.mark.parametrize(
    ("path", "found"),
    [("a/b.MKV", "mkv"), ("a.b/c", ""), (".mkv", ""), ("a/.mkv", ""), ("x.tar.gz", "gz"), ("", ""), ("x.", "")],
)
def test_extensions(path: str, found: str) -> None:
    assert extension(path) == found


def test_two_comes_before_ten() -> None:
    assert sorted(["b10", "b2", "B1", "a", "10", "2"], key=natural) == ["2", "10", "a", "B1", "b2", "b10"]


@given(st.lists(st.text(max_size=60), max_size=20), st.text(max_size=30))
def test_no_name_breaks_it(paths: list[str], series: str) -> None:
    made = arrange(series, [File(path=path, url="http://x/") for path in paths], "und")
    assert all(0 <= season <= 99_999 and 0 <= number <= 99_999 for season, number in made)
    seasons(made)


@given(st.lists(st.text(max_size=20), max_size=5))
def test_any_two_names_can_be_sorted(names: list[str]) -> None:
    sorted(names, key=natural)


# --- languages ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("word", "tag"),
    [
        ("jpn", "ja"), ("ger", "de"), ("DEU", "de"), ("English", "en"), (" Japanese ", "ja"), ("pt_BR", "pt-BR"),
        ("en-US", "en"), ("es-419", "es-419"), ("pob", "pt-BR"), ("zh-Hans", "zh"), ("swa", "swa"),
        ("de-DE-1996", "de"),
        ("und", None), ("mul", None), ("", None), ("x", None), ("<script>", None), ("klingonisch", None), (7, None),
        (None, None), (["de"], None), ("de" * 500, None), ("ja+de", None),
    ],
)  # fmt: skip
def test_tags(word: object, tag: str | None) -> None:
    assert languages.tag(word) == tag


def test_what_a_file_can_be_watched_in() -> None:
    assert languages.spoken_and_read(["jpn"], []) == ("ja",)
    both = ("ja", "de", "ja+de", "ja+en", "de+en")
    assert languages.spoken_and_read(["jpn", "ger", "jpn"], ["ger", "eng", None]) == both
    assert languages.spoken_and_read([], ["ger"]) == ()
    assert languages.spoken_and_read([None, "und"], ["ger"]) == ()
