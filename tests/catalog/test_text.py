"""Text from a page, made harmless."""

import datetime as dt

import pytest

from aniworld.catalog.pages import text


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("  a \n\t b\u00a0 c ", "a b c"),
        ("a\x00b\x1b[31mc\x7f\x9f", "a b [31mc"),
        ("evil\u202egpj.exe", "evilgpj.exe"),
        ("\u2066a\u2069\u200b\u200e\ufeff", "a"),
        ("e\u0301", "é"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("a\ud800b\ue000c", "a b c"),
        ("👩‍👧 ok", "👩‍👧 ok"),
        ("", ""),
    ],
)
def test_clean(raw: str, clean: str) -> None:
    assert text.clean(raw, 100) == clean


def test_clean_is_bounded() -> None:
    assert text.clean("a b " * 1000, 10) == "a b a b a"
    assert len(text.clean("\ufdfa" * 100_000, 300)) == 300


def test_paragraphs() -> None:
    assert text.clean_paragraphs(["one\nline", " ", "two\u202e"], 100) == "one\n\nline\n\ntwo"
    assert text.clean_paragraphs(["abc"] * 100, 7) == "abc\n\nab"


@pytest.mark.parametrize(
    ("raw", "number"),
    [
        ("7", 7),
        (" 007 ", 7),
        ("#7", 7),
        ("12.", 12),
        ("0", 0),
        ("7.5", None),
        ("-1", None),
        ("123456", None),
        ("7 of 12", None),
        ("٧", None),
        ("", None),
    ],
)
def test_number(raw: str, number: int | None) -> None:
    assert text.number(raw) == number


@pytest.mark.parametrize(
    ("raw", "year"),
    [("(2021)", 2021), ("1899 – 1998", 1998), ("20210", None), ("3000", None), ("since 2004, again 2010", 2004)],
)
def test_year(raw: str, year: int | None) -> None:
    assert text.year(raw) == year


@pytest.mark.parametrize(
    ("raw", "form", "date"),
    [
        ("2021-04-09", "", dt.date(2021, 4, 9)),
        ("2021-04-09T23:00:00Z", "", dt.date(2021, 4, 9)),
        ("9.4.2021", "%d.%m.%Y", dt.date(2021, 4, 9)),
        ("9 April 2021", "%d %B %Y", dt.date(2021, 4, 9)),
        ("31.2.2021", "%d.%m.%Y", None),
        ("1021-04-09", "", None),
        ("soon", "", None),
        ("9. März 2021", "%d. %B %Y", dt.date(2021, 3, 9)),
        ("1er août 2021", "%d %B %Y", dt.date(2021, 8, 1)),
        ("April 9th, 2021", "%B %d, %Y", dt.date(2021, 4, 9)),
        ("9 Okt 2021", "%d %b %Y", dt.date(2021, 10, 9)),
        ("9 août 2021", "%d %B %Y", dt.date(2021, 8, 9)),
        ("1617926400", "unix", dt.date(2021, 4, 9)),
        ("1e300", "unix", None),
        ("nan", "unix", None),
        ("", "%d.%m.%Y", None),
    ],
)
def test_date(raw: str, form: str, date: dt.date | None) -> None:
    assert text.date(raw, (form,) if form else ()) == date


@pytest.mark.parametrize(
    ("raw", "unit", "seconds"),
    [
        ("0:20", 60, 20),
        ("23:40", 60, 1420),
        ("1:02:03", 60, 3723),
        ("24 min.", 60, 1440),
        ("ca. 24,5 Minuten", 60, 1470),
        ("24 min", 1, 1440),
        ("1 h 30 min", 60, 5400),
        ("1 Std. 30 Min.", 60, 5400),
        ("PT1H2M3S", 60, 3723),
        ("1 Min. 20 Sek.", 60, 80),
        ("90 s", 60, 90),
        ("1h02", 60, 3720),
        ("90", 1, 90),
        ("0", 60, None),
        ("99999", 60, None),
        ("long", 60, None),
    ],
)
def test_duration(raw: str, unit: float, seconds: float | None) -> None:
    assert text.duration(raw, unit) == seconds


def test_the_first_form_that_fits() -> None:
    forms = ("%d.%m.%Y", "%Y")
    assert text.date("9.4.2021", forms) == dt.date(2021, 4, 9)
    assert text.date("2021", forms) == dt.date(2021, 1, 1)
    assert text.date("April", forms) is None
