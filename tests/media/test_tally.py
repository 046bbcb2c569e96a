"""The rules by which a file is judged, without a file."""

from __future__ import annotations

import pytest

from aniworld.media.languages import track_languages
from aniworld.media.refusal import RefusalError
from aniworld.media.tally import Tally
from aniworld.media.timeline import Timeline


def tally(
    seconds: float, *, hole: tuple[float, float] = (0, 0), sound: bool = True, picture_until: float = 1e9
) -> Tally:
    result = Tally()
    for number in range(round(seconds * 25)):
        at = number / 25
        if hole[0] <= at < hole[1]:
            continue
        if at < picture_until:
            result.add("video", at, at + 0.04)
        if sound:
            result.add("audio", at, at + 0.04)
    return result


def reason(tally: Tally, **told: float | None) -> str | None:
    try:
        tally.check(**{"declared": None, "expected": None, "tolerance": None, **told})
    except RefusalError as error:
        return error.reason
    return None


def test_a_whole_file() -> None:
    assert reason(tally(1440), declared=1441, expected=1420) is None
    assert tally(10).duration == pytest.approx(10)


def test_lengths() -> None:
    assert reason(tally(1000), declared=1440) == "cut-short"
    assert reason(tally(1400), expected=1440) == "too-short"
    assert reason(tally(1400), expected=1440, tolerance=60) is None
    assert reason(tally(1440), expected=1300) is None
    assert reason(tally(1440), expected=1200) == "too-long"
    assert reason(tally(100, picture_until=60)) == "picture-ends"
    assert reason(Tally()) == "no-video"


def test_holes() -> None:
    assert reason(tally(100, hole=(50, 50.5))) is None
    assert reason(tally(100, hole=(50, 51))) == "hole"
    assert reason(tally(100, hole=(50, 53), sound=False)) is None
    assert reason(tally(100, hole=(50, 56), sound=False)) == "hole"


def test_subtitles_may_stay_after_the_picture() -> None:
    result = tally(100)
    result.add("subtitle", 99, 109)
    assert reason(result, declared=109) is None
    assert result.duration == pytest.approx(100)


def test_clocks_that_start_anew() -> None:
    """Picture and sound jump at different packets and stay together."""
    line = Timeline(1.4)
    picture, sound, text = line.clock("video"), line.clock("audio"), line.clock("subtitle")
    assert line.read(picture, 1.4, 0.04) == pytest.approx(-1.4)
    assert line.read(sound, 1.4, 9.9) == pytest.approx(-1.4)
    assert line.read(picture, 11.36, 0.04) == pytest.approx(-1.4)
    jumped = line.read(picture, 500.0, 0.04)
    assert jumped + 500 == pytest.approx(10, abs=0.05)
    assert line.read(sound, 11.3, 0.1) == pytest.approx(-1.4)
    assert line.read(sound, 500.0, 0.1) == pytest.approx(jumped)
    assert line.read(text, 501.0, 3) == pytest.approx(jumped)
    assert line.read(picture, 500.04, 0.04) == pytest.approx(jumped)


@pytest.mark.parametrize(
    ("language", "matroska", "mp4"),
    [
        ("ja+en", ("jpn", "eng"), ("jpn", "eng")),
        ("de", ("ger", None), ("deu", None)),
        ("pt-BR+zh-Hans", ("por", "chi"), ("por", "zho")),
        ("gsw", ("gsw", None), ("gsw", None)),
        ("xx", (None, None), (None, None)),
        (None, (None, None), (None, None)),
    ],
)
def test_languages(
    language: str | None, matroska: tuple[str | None, str | None], mp4: tuple[str | None, str | None]
) -> None:
    assert track_languages(language, "matroska") == matroska
    assert track_languages(language, "mp4") == mp4
