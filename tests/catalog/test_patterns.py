"""Regular expressions that cannot be made slow."""

import pytest

from aniworld.catalog.pages.patterns import capture, compile_pattern, longest_text


@pytest.mark.parametrize(
    ("pattern", "text", "value"),
    [
        (r"^/series/([^/]+)$", "/series/clockwork-garden", "clockwork-garden"),
        (r"/season/(\d+)$", "/series/a/season/12", "12"),
        (r"\d{4}", "(2021)", "2021"),
        (r"(?:Staffel|Season)\s+(\d+)", "Season 3", "3"),
        (r"(?i)film(e)?", "Filme", "e"),
        (r"(?<=id=)\w+", "?id=abc&x=1", "abc"),
        (r"url\(['\"]?([^'\")]+)", "background: url('/a.jpg')", "/a.jpg"),
        (r"(\d+)$", "none", None),
    ],
)
def test_capture(pattern: str, text: str, value: str | None) -> None:
    assert capture(compile_pattern(pattern), text) == value


@pytest.mark.parametrize(
    "pattern",
    [
        r"(a+)+$",
        r"(a|a)*b",
        r"(?:ab|ac){20}",
        r"(?:a{1,20}){1,20}",
        r"(?:\d+,?)*",
        r".*.*.*.*x",
        r"a*a*a*(?=b*)",
        r"(a)\1",
        r"(?P<n>a)(?P=n)",
        r"(a)(b)",
        r"[",
        r"(",
        r"a{99999999999}",
        "(" * 140 + ")" * 140,
        "a" * 301,
    ],
)
def test_what_could_be_slow_is_refused(pattern: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        compile_pattern(pattern)


def test_the_more_repeats_the_shorter_the_text() -> None:
    lengths = [longest_text(compile_pattern(pattern)) for pattern in ("a", "a*", "a*b+", r"a*b+\d{2,}")]
    assert lengths == sorted(lengths, reverse=True)
    assert lengths[-1] <= 200
