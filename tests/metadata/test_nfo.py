"""Descriptions as players read them: well-formed whatever the text, and merged into what is there."""

from __future__ import annotations

import datetime as dt
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aniworld.metadata.errors import ForeignNfoError
from aniworld.metadata.nfo import LARGEST, episode_nfo, series_nfo
from aniworld.metadata.types import EpisodeFacts, SeriesFacts

FACTS = SeriesFacts(
    title="Clockwork Garden",
    plot="A garden.",
    year=2021,
    premiered=dt.date(2021, 4, 9),
    ongoing=False,
    genres=("Adventure", "Mystery/Thriller", "Mystery", ""),
    ids=(("shelf", "clockwork-garden"),),
    named_seasons=((1, "Season 1"), (2, "The Brass Arc"), (0, "Specials")),
)


def _root(data: bytes | None) -> ET.Element:
    assert data is not None
    return ET.fromstring(data)


def test_a_series() -> None:
    assert series_nfo(FACTS) == (
        b"<?xml version='1.0' encoding='utf-8'?>\n"
        b"<tvshow>\n"
        b"  <title>Clockwork Garden</title>\n"
        b"  <plot>A garden.</plot>\n"
        b"  <year>2021</year>\n"
        b"  <premiered>2021-04-09</premiered>\n"
        b"  <status>Ended</status>\n"
        b"  <genre>Adventure</genre>\n"
        b"  <genre>Mystery</genre>\n"
        b"  <genre>Thriller</genre>\n"
        b'  <uniqueid type="shelf" default="true">clockwork-garden</uniqueid>\n'
        b'  <namedseason number="2">The Brass Arc</namedseason>\n'
        b"</tvshow>\n"
    )


def test_an_episode() -> None:
    facts = EpisodeFacts(
        series="Clockwork Garden", season=1, episode=5, title="A <b> & c", aired=dt.date(2021, 5, 7), duration=1440.0
    )
    root = _root(episode_nfo([facts]))
    assert root.tag == "episodedetails"
    assert {element.tag: element.text for element in root} == {
        "title": "A <b> & c",
        "showtitle": "Clockwork Garden",
        "season": "1",
        "episode": "5",
        "aired": "2021-05-07",
        "runtime": "24",
    }


def test_what_is_not_known_is_not_written() -> None:
    assert [element.tag for element in _root(series_nfo(SeriesFacts(title="X")))] == ["title"]
    assert _root(series_nfo(SeriesFacts(title="X", ongoing=True))).findtext("status") == "Continuing"


@given(st.text(), st.text(), st.lists(st.text()))
def test_any_text_is_well_formed(title: str, plot: str, genres: list[str]) -> None:
    facts = SeriesFacts(title=title, plot=plot, genres=tuple(genres), ids=(("shelf", title),))
    data = series_nfo(facts)
    root = _root(data)
    assert all("/" not in (genre.text or "") for genre in root.findall("genre"))
    assert series_nfo(facts, data) == data, "writing it again changes nothing"


def test_what_xml_cannot_hold_is_dropped() -> None:
    assert _root(series_nfo(SeriesFacts(title="a\x00b\x1bc\ud800d\ufffee\U0001f600"))).findtext("title") == "abcde😀"


EXISTING = b"""<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<tvshow>
  <!-- mine -->
  <title>Old title</title>
  <plot>Old plot</plot>
  <userrating>9</userrating>
  <genre>Old genre</genre>
  <uniqueid type="tmdb">77</uniqueid>
  <uniqueid type="SHELF">old</uniqueid>
  <actor><name>Somebody</name><role>Bee</role></actor>
</tvshow>
"""


def test_what_others_wrote_stays() -> None:
    merged = series_nfo(FACTS, EXISTING)
    root = _root(merged)
    assert root.findtext("title") == "Clockwork Garden"
    assert root.findtext("userrating") == "9"
    assert root.findtext("actor/name") == "Somebody"
    assert [genre.text for genre in root.findall("genre")] == ["Adventure", "Mystery", "Thriller"]
    assert [(element.get("type"), element.text) for element in root.findall("uniqueid")] == [
        ("shelf", "clockwork-garden"), ("tmdb", "77"),
    ]  # fmt: skip
    assert merged is not None
    assert b"<!-- mine -->" in merged
    assert series_nfo(FACTS, merged) == merged


def test_nothing_known_empties_nothing() -> None:
    root = _root(series_nfo(SeriesFacts(title="New"), EXISTING))
    assert (root.findtext("title"), root.findtext("plot"), root.findtext("genre")) == ("New", "Old plot", "Old genre")


def test_there_is_one_default_id() -> None:
    existing = b'<tvshow><uniqueid type="tmdb" default="true">77</uniqueid></tvshow>'
    root = _root(series_nfo(FACTS, existing))
    assert [element.get("type") for element in root.findall("uniqueid") if element.get("default") == "true"] == ["tmdb"]


@pytest.mark.parametrize("flag", ["true", " True\n"])
def test_a_locked_one_is_left_alone(flag: str) -> None:
    assert series_nfo(FACTS, f"<tvshow><lockdata>{flag}</lockdata></tvshow>".encode()) is None
    assert series_nfo(FACTS, b"<tvshow><lockdata>false</lockdata></tvshow>") is not None


def test_an_empty_file_is_none() -> None:
    assert series_nfo(FACTS, b" \n") == series_nfo(FACTS)


@pytest.mark.parametrize(
    "existing",
    [
        b"not xml",
        b"<tvshow>",
        b"<tvshow/>\nhttps://www.themoviedb.org/tv/1",
        b"<movie/>",
        b'<!DOCTYPE tvshow [<!ENTITY a "b">]><tvshow>&a;</tvshow>',
        b'<!DOCTYPE tvshow SYSTEM "file:///etc/passwd"><tvshow/>',
        b"<episodedetails/><episodedetails/>",
        b"<tvshow>" + b" " * LARGEST + b"</tvshow>",
        b"<tvshow><title>\xff</title></tvshow>",
        b'<?xml version="1.0" encoding="nonsense"?><tvshow/>',
    ],
)
def test_what_cannot_be_read_is_not_replaced(existing: bytes) -> None:
    with pytest.raises(ForeignNfoError):
        series_nfo(FACTS, existing)
