"""XML from strangers: refused with a sentence, in bounded memory, and never half read."""

from __future__ import annotations

import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aniworld.metadata.errors import ForeignNfoError
from aniworld.metadata.nfo import episode_nfo, series_nfo
from aniworld.metadata.nfo_read import DEEPEST, LARGEST, MOST_ELEMENTS, MOST_TREES, read
from aniworld.metadata.types import EpisodeFacts, SeriesFacts

LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))

HOSTILE = {
    "no XML": b"not xml",
    "cut off": b"<tvshow><title>",
    "an address alone": b"https://www.themoviedb.org/tv/1",
    "another root": b"<movie/>",
    "a wrapper": b"<kodimultiepisode><episodedetails/></kodimultiepisode>",
    "entities": b'<!DOCTYPE tvshow [<!ENTITY a "b">]><tvshow>&a;</tvshow>',
    "a billion laughs": f'<!DOCTYPE x [<!ENTITY l0 "ha">{LAUGHS}]><tvshow><title>&l9;</title></tvshow>'.encode(),
    "a file of ours": b'<!DOCTYPE tvshow [<!ENTITY a SYSTEM "file:///etc/passwd">]><tvshow>&a;</tvshow>',
    "a document type elsewhere": b'<!DOCTYPE tvshow SYSTEM "http://127.0.0.1/x.dtd"><tvshow/>',
    "an entity that nobody knows": b"<tvshow>&nbsp;</tvshow>",
    "too large": b"<tvshow>" + b" " * LARGEST + b"</tvshow>",
    "too deep": b"<tvshow>" + b"<a>" * DEEPEST + b"</a>" * DEEPEST + b"</tvshow>",
    "too deep to come back": b"<tvshow>" + b"<a>" * 200_000,
    "too many": b"<tvshow>" + b"<a/>" * MOST_ELEMENTS + b"</tvshow>",
    "too many attributes": b"<tvshow " + b" ".join(b'a%d=""' % n for n in range(5000)) + b"/>",
    "not what it says": b"<tvshow><title>\xff</title></tvshow>",
    "half a letter": "<tvshow><title>é</title></tvshow>".encode("utf-16-le")[:-1],
    "unknown encoding": b'<?xml version="1.0" encoding="nonsense"?><tvshow/>',
    "an encoding that does more": b'<?xml version="1.0" encoding="zlib"?><tvshow/>',
    "UTF-7": b'<?xml version="1.0" encoding="utf-7"?>+ADw-tvshow/+AD4-',
    "says UTF-16 and is not": b'<?xml version="1.0" encoding="utf-16"?><tvshow/>',
    "control characters": b"<tvshow><title>\x01</title></tvshow>",
    "control characters as numbers": b"<tvshow><title>&#1;&#xFFFF;</title></tvshow>",
    "zeros": b"\0" * 5000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_it_is_refused_and_not_replaced(name: str) -> None:
    tracemalloc.start()
    try:
        with pytest.raises(ForeignNfoError) as error:
            series_nfo(SeriesFacts(title="X"), HOSTILE[name])
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert error.value.detail.startswith("It ")
    assert peak < 30 * LARGEST


def test_too_many_episodes_are_refused() -> None:
    with pytest.raises(ForeignNfoError):
        episode_nfo([EpisodeFacts(series="X", season=1, episode=1)], b"<episodedetails/>" * MOST_TREES)


def test_comments_between_do_not_take_long() -> None:
    data = b"<tvshow/>" + b"<!-- a -->" * 50_000 + b"!"
    document = read(data, "tvshow")
    assert (len(document.trees), document.between[-1].encode()) == (1, data[9:])


@pytest.mark.parametrize(
    "behind",
    [
        b"",
        b"\nhttp://x/?a=1&b=2",
        b"</tvshow>",
        b"<!-- c --><tvshow",
        b"<![CDATA[x]]>",
        b"\x00",
        b"<other/>",
        b"<!DOCTYPE x>",
    ],
)
@pytest.mark.parametrize("tree", [b"<tvshow/>", b"<tvshow a='>' />", b"<tvshow></tvshow\n>", b"<tvshow><a/></tvshow>"])
def test_what_stands_behind_is_kept_to_the_byte(tree: bytes, behind: bytes) -> None:
    document = read(tree + behind, "tvshow")
    kept = document.between[0].encode() + tree + document.between[1].encode()
    assert kept in (tree + behind, tree + behind.removeprefix(b"</tvshow>"))


@given(st.binary(max_size=300) | st.text(alphabet="<>/!-[]?&;x='\" \n", max_size=60).map(str.encode))
def test_anything_is_read_or_refused(data: bytes) -> None:
    for existing in (data, b"<tvshow>" + data + b"</tvshow>", b"<tvshow/>" + data):
        try:
            merged = series_nfo(SeriesFacts(title="X"), existing)
        except ForeignNfoError:
            continue
        assert merged is not None
        assert read(merged, "tvshow").trees[0].findtext("title")
