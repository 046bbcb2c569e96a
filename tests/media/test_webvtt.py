"""Subtitles in pieces become one file, timed from the beginning of the video."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from aniworld.media.webvtt import join

INF = float("inf")


def piece(*cues: str, mpegts: int | None = None, local: str = "00:00:00.000") -> str:
    header = "WEBVTT" + (f"\nX-TIMESTAMP-MAP=LOCAL:{local},MPEGTS:{mpegts}" if mpegts is not None else "")
    return "\n\n".join([header, *cues])


def cue(begin: str, end: str, words: str = "Hallo") -> str:
    return f"{begin} --> {end}\n{words}"


def joined(*pieces: tuple[str, float, float], start: float = 0.0) -> list[str]:
    text = join(pieces, start)
    return [] if text is None else text.strip().split("\n\n")


def test_one_file_as_it_is() -> None:
    text = piece("NOTE nothing", "STYLE\n::cue { color: red }", f"1\n{cue('00:01.000', '00:02.500')}")
    assert joined((text.replace("\n", "\r\n"), 0, INF)) == [
        "WEBVTT",
        "STYLE\n::cue { color: red }",
        "00:00:01.000 --> 00:00:02.500\nHallo",
    ]


def test_pieces_told_by_the_clock_of_the_video() -> None:
    one = piece(cue("00:00:01.000", "00:00:02.000", "a"), mpegts=900_000)
    two = piece(cue("00:00:11.000", "00:00:12.000", "b"), mpegts=900_000)
    assert joined((one, 0, 10), (two, 10, INF), start=9.5)[1:] == [
        "00:00:01.500 --> 00:00:02.500\na",
        "00:00:11.500 --> 00:00:12.500\nb",
    ]


def test_a_clock_that_ran_over() -> None:
    text = piece(cue("00:00:01.000", "00:00:02.000"), mpegts=90_000)
    start = 2**33 / 90_000 - 3
    assert joined((text, 0, 10), start=start)[1:] == ["00:00:05.000 --> 00:00:06.000\nHallo"]


def test_a_clock_that_was_set_anew_in_between() -> None:
    """After a break in the stream the video's clock begins again, and the piece tells the new one."""
    one = piece(cue("00:00:01.000", "00:00:02.000", "a"), mpegts=900_000)
    whole = piece(cue("00:10:01.000", "00:10:02.000", "b"), mpegts=900_000, local="00:00:00.000")
    own = piece(cue("00:00:01.000", "00:00:02.000", "c"), mpegts=2**32)
    assert joined((one, 0, 600), (whole, 600, 1200), (own, 1200, 1800), start=10)[1:] == [
        "00:00:01.000 --> 00:00:02.000\na",
        "00:10:01.000 --> 00:10:02.000\nb",
        "00:20:01.000 --> 00:20:02.000\nc",
    ]


def test_a_cue_that_two_pieces_hold() -> None:
    both = cue("00:00:09.000", "00:00:11.000")
    assert len(joined((piece(both), 0, 10), (piece(both), 10, INF))) == 2


def test_what_is_no_cue_is_left_out() -> None:
    assert join([(piece(), 0, INF)], 0) is None
    for block in ("00:01.000 --> 00:00.500\nback", "00:00.000 -> 00:01.000\nx", "00:00.000 --> 00:01.000", "x\ny\nz"):
        assert join([(piece(block), 0, INF)], 0) is None
    assert join([(piece("00:00.000 --> 00:01.000\nx\n00:05.000 --> 00:06.000\ny"), 0, INF)], 0) is None
    assert join([(piece(cue("00:00:01.000", "00:00:02.000"), mpegts=0), 0, INF)], 5) is None


@given(st.lists(st.tuples(st.text(max_size=200), st.floats(0, 1e5), st.floats(0, 1e5)), max_size=5), st.floats(0, 1e5))
def test_no_text_breaks_it(pieces: list[tuple[str, float, float]], start: float) -> None:
    text = join([(f"WEBVTT\n\n00:00.000 --> 00:01.000\nx\n\n{text}", begin, end) for text, begin, end in pieces], start)
    assert text is None or text.startswith("WEBVTT\n\n")
