"""Descriptions as players read them: the shapes, what others wrote in them, and who has the last word."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aniworld.media.types import MediaInfo, StreamInfo
from aniworld.metadata.nfo import episode_nfo, episode_numbers, season_nfo, series_marks, series_nfo
from aniworld.metadata.types import EpisodeFacts, Person, Rating, SeasonFacts, SeriesFacts

GOLDEN = Path(__file__).parent / "golden"

SERIES = SeriesFacts(
    title="Clockwork Garden",
    original_title="時計仕掛けの庭",
    sort_title="Clockwork Garden, The",
    plot="A garden.\r\n\r\nIt is wound up & runs <down>.",
    age_rating="FSK 12",
    premiered=dt.date(2021, 4, 9),
    ended=dt.date(2022, 9, 30),
    ongoing=False,
    duration=1440.0,
    studios=("Brass Works",),
    genres=("Adventure", "Mystery/Thriller", "Mystery", ""),
    tags=("gardens", "clocks"),
    ratings=(
        Rating(name="themoviedb", value=8.1, votes=12),
        Rating(name="anilist", value=7.54),
        Rating(name="none", value=0),
    ),
    ids=(("shelf", "clockwork-garden"), ("anilist", "11"), ("tmdb", "77"), ("imdb", "tt0000077"), ("tmdb", "78")),
    named_seasons=((1, "Season 1"), (2, "The Brass Arc"), (0, "Specials")),
    people=(
        Person(name="Ada Example", role="The Gardener", picture="https://pictures.example/ada.jpg"),
        Person(name="Bo Example", picture="javascript:alert(1)"),
    ),
)
SEASON = SeasonFacts(
    season=2, title="The Brass Arc", plot="Brass.", premiered=dt.date(2022, 7, 1), ids=(("tmdb", "9"),)
)
EPISODE = EpisodeFacts(
    series="Clockwork Garden",
    season=1,
    episode=5,
    title="A <b> & c",
    plot="It ticks.",
    aired=dt.date(2021, 5, 7),
    duration=1421.0,
    ratings=(Rating(name="themoviedb", value=7.0, votes=3),),
    ids=(("tmdb", "501"), ("tvdb", "502")),
    directors=("Ada Example",),
    writers=("Bo Example/Cy Example",),
    media=MediaInfo(
        container="matroska",
        duration=1421.3,
        streams=(
            StreamInfo(kind="video", codec="hevc", width=1440, height=1080, aspect=1.7778, hdr="hdr10"),
            StreamInfo(kind="audio", codec="dts", language="jpn", channels=6),
            StreamInfo(kind="subtitle", codec="ass", language="ger"),
            StreamInfo(kind="subtitle", codec="ass"),
        ),
    ),
)
NEXT = EpisodeFacts(series="Clockwork Garden", season=1, episode=6, title="Once more")
SPECIAL = EpisodeFacts(series="Clockwork Garden", season=0, episode=1, title="Between", airs_before=(2, 4))
LATE = replace(SPECIAL, airs_after=2)
NOWHERE = replace(SPECIAL, airs_before=(0, -1), airs_after=-1)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("tvshow", series_nfo(SERIES)),
        ("season", season_nfo(SEASON)),
        ("episode", episode_nfo([EPISODE])),
        ("two-episodes", episode_nfo([EPISODE, NEXT])),
        ("special-before", episode_nfo([SPECIAL])),
        ("special-after", episode_nfo([LATE])),
        ("special-nowhere", episode_nfo([NOWHERE])),
    ],
)
def test_the_shapes(name: str, data: bytes | None) -> None:
    """Each file of ``golden`` is what players are to find, to the byte."""
    assert data == (GOLDEN / f"{name}.nfo").read_bytes()


def _root(data: bytes | None) -> ET.Element:
    assert data is not None
    return ET.fromstring(data)


def _told(data: bytes | None) -> list[tuple[str, str | None]]:
    return [(element.tag, element.text) for element in _root(data) if element.tag != "aniworld"]


def test_what_is_not_known_is_not_written() -> None:
    assert _told(series_nfo(SeriesFacts(title="X"))) == [("title", "X")]
    assert _root(series_nfo(SeriesFacts(title="X", ongoing=True, ended=dt.date(2030, 1, 1)))).find("enddate") is None
    assert _told(season_nfo(SeasonFacts(season=1, title="Staffel 1"))) == [("seasonnumber", "1")]


@given(st.text(), st.text(), st.lists(st.text()), st.lists(st.tuples(st.text(), st.text())), st.floats())
def test_any_text_is_well_formed(
    title: str, plot: str, texts: list[str], ids: list[tuple[str, str]], seconds: float
) -> None:
    facts = SeriesFacts(
        title=title,
        plot=plot,
        genres=tuple(texts),
        tags=tuple(texts),
        ids=tuple(ids),
        duration=seconds,
        people=tuple(Person(name=text, role=title, picture=plot) for text in texts),
        named_seasons=tuple(enumerate(texts)),
    )
    data = series_nfo(facts)
    root = _root(data)
    assert all("/" not in (genre.text or "") for genre in root.findall("genre"))
    defaults = [element for element in root.findall("uniqueid") if element.get("default") == "true"]
    assert len(defaults) == min(1, len(root.findall("uniqueid")))
    assert series_nfo(facts, data) == data, "writing it again changes nothing"
    again = _root(series_nfo(replace(facts, title="Another"), data))
    assert again.findtext("title") == "Another", "what is ours is recognised, whatever it says"


@given(st.text(), st.text())
def test_any_episode_is_well_formed(title: str, plot: str) -> None:
    several = [replace(EPISODE, title=title, plot=plot, writers=(title,)), replace(NEXT, title=plot)]
    data = episode_nfo(several)
    assert data is not None
    body = data.decode().partition("?>")[2]
    assert [root.tag for root in ET.fromstring(f"<all>{body}</all>")] == ["episodedetails"] * 2
    assert episode_nfo(several, data) == data


def test_what_xml_cannot_hold_is_dropped() -> None:
    title = "a\x00b\x1bc\ud800d\ufffee\x85f\U0001f600"
    assert _root(series_nfo(SeriesFacts(title=title))).findtext("title") == "abcdef😀"


THEIRS = b"""<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<!-- by hand -->
<tvshow xmlns:x="urn:x">
    <!-- mine -->
    <userrating>9</userrating>
    <title>My title</title>
    <plot></plot>
    <lockedfields>Genres|Cast</lockedfields>
    <uniqueid type="tmdb">77</uniqueid>
    <uniqueid type="SHELF" default="true">old</uniqueid>
    <x:more kept="yes"/>
</tvshow>
<!-- the end -->
https://www.themoviedb.org/tv/77?language=de&session=1
"""


def test_what_others_wrote_stays() -> None:
    merged = series_nfo(SERIES, THEIRS)
    assert merged is not None
    root = _root(merged.partition(b"https://")[0])
    assert root.findtext("title") == "My title"
    assert (root.findtext("plot") or "").startswith("A garden."), "what was empty is filled"
    assert root.findtext("originaltitle") == SERIES.original_title
    assert (root.findall("genre"), root.findall("actor")) == ([], []), "fields that are locked"
    assert [(element.get("type"), element.text, element.get("default")) for element in root.findall("uniqueid")] == [
        ("tmdb", "77", None), ("SHELF", "old", "true"), ("AniList", "11", None), ("imdb", "tt0000077", None),
    ]  # fmt: skip
    tags = [element.tag for element in root.iterfind("./*")]
    assert tags[:6] == ["userrating", "title", "plot", "lockedfields", "uniqueid", "uniqueid"], "in its order"
    assert merged.startswith(b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<!-- by hand -->\n<tvshow')
    assert b"<!-- mine -->" in merged
    assert b'<x:more kept="yes" />' in merged
    assert merged.endswith(b"<!-- the end -->\nhttps://www.themoviedb.org/tv/77?language=de&session=1\n")
    assert series_nfo(SERIES, merged) == merged


def test_a_file_that_tells_all_is_not_touched() -> None:
    existing = b"\xef\xbb\xbf<tvshow>\r\n\t<title>Mine</title><x>&#65;<![CDATA[<]]></x></tvshow>"
    assert series_nfo(SeriesFacts(title="Ours"), existing) == existing


def _edited(data: bytes | None, *edits: tuple[str, str]) -> bytes:
    assert data is not None
    text = data.decode()
    for old, new in edits:
        assert old in text
        text = text.replace(old, new)
    return text.encode()


def test_what_somebody_changed_stays_changed_and_the_rest_goes_on() -> None:
    edited = _edited(
        series_nfo(SERIES),
        ("<title>Clockwork Garden</title>", "<title>Uhrwerkgarten</title>"),
        ("  <mpaa>FSK 12</mpaa>\n", ""),
        ("<genre>Thriller</genre>", "<genre>Krimi</genre>"),
        ('type="tmdb" default="true">77<', 'type="tmdb">99<'),
        ('type="imdb"', 'type="imdb" default="true"'),
        ("</tvshow>", "  <watched>true</watched>\n</tvshow>"),
    )
    news = replace(
        SERIES,
        title="New title",
        plot="New plot",
        age_rating="FSK 16",
        genres=("Drama",),
        tags=("new",),
        ids=(("tmdb", "78"), ("anilist", "12"), ("tvdb", "5")),
        ongoing=True,
    )
    root = _root(series_nfo(news, edited))
    assert root.findtext("title") == "Uhrwerkgarten"
    assert root.find("mpaa") is None, "it was taken out"
    assert [genre.text for genre in root.findall("genre")] == ["Adventure", "Mystery", "Krimi"]
    assert root.findtext("watched") == "true"
    assert {element.get("type"): (element.text, element.get("default")) for element in root.findall("uniqueid")} == {
        "shelf": ("clockwork-garden", None),
        "AniList": ("12", None),
        "tmdb": ("99", None),
        "imdb": ("tt0000077", "true"),
        "tvdb": ("5", None),
    }
    assert (root.findtext("plot"), root.findtext("status")) == ("New plot", "Continuing")
    assert [tag.text for tag in root.findall("tag")] == ["new"]
    assert root.findtext("namedseason") == "The Brass Arc", "what is not known any more is not emptied"


def test_a_value_brought_back_is_ours_again() -> None:
    first = series_nfo(SERIES)
    edited = _edited(first, ("<mpaa>FSK 12</mpaa>", "<mpaa>FSK 18</mpaa>"))
    kept = series_nfo(replace(SERIES, age_rating="FSK 6", plot="x"), edited)
    back = _edited(kept, ("<mpaa>FSK 18</mpaa>", "<mpaa>FSK 12</mpaa>"))
    assert _root(series_nfo(replace(SERIES, age_rating="FSK 6"), back)).findtext("mpaa") == "FSK 6"


def test_a_player_that_lays_it_out_anew_changes_nothing() -> None:
    laid_out = ET.tostring(_root(series_nfo(SERIES)), encoding="utf-8").replace(b"  ", b"\t").replace(b"><", b">\n\n<")
    root = _root(series_nfo(replace(SERIES, plot="New plot", genres=("Drama",)), laid_out))
    assert (root.findtext("plot"), [genre.text for genre in root.findall("genre")]) == ("New plot", ["Drama"])


def test_one_default_is_left_of_two() -> None:
    existing = (
        b'<tvshow><uniqueid type="a" default="true">1</uniqueid><uniqueid type="b" default="TRUE">2</uniqueid></tvshow>'
    )
    ids = _root(series_nfo(SERIES, existing)).findall("uniqueid")
    assert [element.get("type") for element in ids if element.get("default")] == ["a"]


@pytest.mark.parametrize("flag", ["true", " True\n"])
def test_a_locked_one_is_left_alone(flag: str) -> None:
    assert series_nfo(SERIES, f"<tvshow><lockdata>{flag}</lockdata></tvshow>".encode()) is None
    assert series_nfo(SERIES, b"<tvshow><lockdata>false</lockdata></tvshow>") is not None
    stacked = f"<episodedetails/>\n<episodedetails><lockdata>{flag}</lockdata></episodedetails>".encode()
    assert episode_nfo([EPISODE], stacked) is None


def _episodes(data: bytes | None) -> Sequence[ET.Element]:
    assert data is not None
    return list(ET.fromstring("<all>" + data.decode().partition("?>")[2].partition("http")[0] + "</all>"))


def test_the_episodes_of_a_file_come_and_go() -> None:
    written = episode_nfo([EPISODE, NEXT])
    assert written is not None
    first, end, rest = written.partition(b"</episodedetails>\n")
    watched = first + b"<watched>true</watched>" + end + rest + b"https://x\n"
    only_second = episode_nfo([NEXT], watched)
    assert [(tree.findtext("episode"), tree.findtext("watched")) for tree in _episodes(only_second)] == [
        ("5", "true"), ("6", None),
    ], "one in which somebody wrote is not taken away"  # fmt: skip
    only_first = episode_nfo([replace(EPISODE, title="New")], watched)
    assert [(tree.findtext("title"), tree.findtext("watched")) for tree in _episodes(only_first)] == [("New", "true")]
    assert only_first is not None
    assert only_first.endswith(b"https://x\n")
    both = episode_nfo([EPISODE, NEXT], only_first)
    assert [tree.findtext("episode") for tree in _episodes(both)] == ["5", "6"]
    renumbered = episode_nfo([replace(EPISODE, episode=7)], only_first)
    assert [(tree.findtext("episode"), tree.findtext("watched")) for tree in _episodes(renumbered)] == [("7", "true")]


@pytest.mark.parametrize(
    ("declared", "encoding", "mark"),
    [
        ("utf-8", "utf-8", b"\xef\xbb\xbf"),
        ("utf-16", "utf-16-le", b"\xff\xfe"),
        ("UTF-16", "utf-16-be", b"\xfe\xff"),
        ("utf-16", "utf-16-le", b""),
        ("windows-1252", "cp1252", b""),
        ("Shift_JIS", "shift_jis", b""),
        ("ISO-8859-15", "iso8859-15", b""),
    ],
)
def test_encodings_are_read_and_kept(declared: str, encoding: str, mark: bytes) -> None:
    theirs = {"cp1252": "Grüße €", "shift_jis": "時計", "iso8859-15": "€"}.get(encoding, "時計 ü")
    text = f'<?xml version="1.0" encoding="{declared}"?>\n<tvshow>\n  <title>{theirs}</title>\n</tvshow>\n'
    existing = mark + text.encode(encoding)
    assert series_nfo(SeriesFacts(title="Ours"), existing) == existing
    written = series_nfo(SeriesFacts(title="Ours", plot="庭 ü"), existing)
    assert written is not None
    assert written.startswith(mark + text.partition("\n</tvshow>")[0].encode(encoding))
    plain = written.removeprefix(mark).decode(encoding)
    root = ET.fromstring(plain.partition("?>")[2])
    assert (root.findtext("title"), root.findtext("plot")) == (theirs, "庭 ü")
    assert series_marks(written).title == theirs


def test_an_empty_file_is_none() -> None:
    assert series_nfo(SERIES, b" \n") == series_nfo(SERIES)


def told(text: str) -> tuple[tuple[int, int], ...]:
    return episode_numbers(text.encode())


def test_the_numbers_that_others_tell() -> None:
    one = "<episodedetails><season>{}</season><episode>{}</episode></episodedetails>"
    assert told(one.format(2, 7)) == ((2, 7),)
    assert told(one.format(2, 7) + one.format(2, 8)) == ((2, 7), (2, 8))
    assert told(one.format(2, "7</episode><episodenumberend>9</episodenumberend><episode>")) == ((2, 7), (2, 8), (2, 9))
    assert told(one.format(-1, 7)) == told(one.format("", 7)) == told("<episodedetails/>") == ()
    assert len(told(one.format(1, "1</episode><episodenumberend>999999</episodenumberend><episode>"))) == 100


def test_what_we_wrote_tells_no_numbers_until_somebody_changes_one() -> None:
    ours = episode_nfo([EPISODE])
    assert ours is not None
    assert episode_numbers(ours) == ()
    assert episode_numbers(ours.replace(b"<title>", b"<title>My ")) == (), "another field is theirs, the number is ours"
    assert episode_numbers(ours.replace(b"<episode>5<", b"<episode>6<")) == ((1, 6),)
    theirs = b"<episodedetails><season>1</season><episode>9</episode></episodedetails>"
    merged = episode_nfo([EPISODE], theirs)
    assert merged is not None
    assert b"It ticks." in merged
    assert episode_numbers(merged) == ((1, 9),), "what we add makes it no less theirs"
