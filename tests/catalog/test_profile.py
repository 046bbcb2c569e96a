"""Profiles: what is wrong in one is named by file, line and key."""

from __future__ import annotations

from pathlib import Path

import pytest

from aniworld.catalog import profile as profiles
from aniworld.catalog.errors import InvalidProfileError
from aniworld.catalog.pages.profile import SiteProfile, hosts_of, rules
from aniworld.catalog.pages.rules import Rule
from aniworld.catalog.registry import Registry
from tests.catalog.site_host import PROFILE

SITE = {"site": SiteProfile}


def load(directory: Path, text: str) -> SiteProfile:
    path = directory / "shelf.toml"
    path.write_text(text)
    return profiles.load(path, SITE, adapters=Registry().adapters)


def test_a_valid_profile(tmp_path: Path) -> None:
    profile = load(tmp_path, PROFILE)
    assert hosts_of(profile) == ("shelf.example:80",)
    assert rules(profile.series.name) == (Rule(css="h1"),)


def test_the_base_url_can_be_given(tmp_path: Path) -> None:
    path = tmp_path / "shelf.toml"
    path.write_text(PROFILE.replace("http://shelf.example/", "{base_url}"))
    assert profiles.load(path, SITE, base_url="http://127.0.0.1:8000").base_url == "http://127.0.0.1:8000"
    with pytest.raises(InvalidProfileError, match=r"shelf.toml, line 4, base_url: "):
        profiles.load(path, SITE)


def test_further_hosts(tmp_path: Path) -> None:
    text = PROFILE.replace("hosts = []", 'hosts = ["IMG.example", "cdn.example:8443", "[2606:4700::1]"]')
    assert hosts_of(load(tmp_path, text)) == (
        "[2606:4700::1]:443",
        "[2606:4700::1]:80",
        "cdn.example:8443",
        "img.example:443",
        "img.example:80",
        "shelf.example:80",
    )


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ('name = "shelf"', 'name = "The Shelf"', "line 2, name: "),
        ('title = "The Shelf"\n', "", "title: is missing"),
        ('title = "The Shelf"\n', 'title = "x"\ncolour = "red"\n', "line 4, colour: "),
        ('base_url = "http://shelf.example/"', 'base_url = "ftp://shelf.example/"', "line 4, base_url: Only http"),
        ('base_url = "http://shelf.example/"', 'base_url = "http://u@shelf.example/"', "line 4, base_url: "),
        ('base_url = "http://shelf.example/"', 'base_url = "http://shelf.example/?a"', "line 4, base_url: must end"),
        ("hosts = []", 'hosts = ["http://img.example"]', "line 5, hosts: "),
        ("hosts = []", 'hosts = ["img.example/path"]', "line 5, hosts: "),
        ("hosts = []", 'hosts = ["0x7f.1"]', "line 5, hosts: "),
        ('Deutsch = "de"', 'Deutsch = "german"', "line 8, languages.Deutsch: must be a language such as de"),
        (
            'Alpha = "direct"',
            'Alpha = "pigeon"',
            "line 12, hosters.Alpha: no hoster adapter 'pigeon'; there are direct",
        ),
        ('items = "div.hit"', 'items = "div["', "line 17, search.items: 'div[' is no CSS selector"),
        ('items = "div.hit"', 'items = ""', "line 17, search.items: is empty"),
        ('items = "div.hit"', "items = 5", "line 17, search.items: Expected `str`, got `int`"),
        ('items = "div.hit"', 'itmes = "div.hit"', "line 17, search.itmes: no such key, did you mean items?"),
        ('items = "div.hit"', "", "line 15, search.items: is missing"),
        ('name = "h1"', 'name = { css = "h1", colour = "red" }', "series.name.colour"),
        ('name = "h1"', 'name = { css = "h1", regex = "(a+)+" }', "series.name.regex: only single characters"),
        ('name = "h1"', 'name = { css = "h1", regex = "(" }', "series.name.regex: no regular expression"),
        ("/find?q={query}", "/find", "line 16, search.page: {query} is missing"),
        ("/find?q={query}", "/find?q={query}&k={key}", "search.page: only {page}, {query} can be filled in here"),
        ("/find?q={query}", "/find?q={query.__class__}", "search.page: only {page}, {query} can be filled in here"),
        ("/find?q={query}", "/find?q={query!r}", "search.page: only {page}, {query} can be filled in here"),
        ("/find?q={query}", "/find?q={query:>999999999}", "search.page: only {page}, {query} can be filled in here"),
        ("/find?q={query}", "/find?q={query", "search.page: "),
        ("/find?q={query}", "http://elsewhere.example/{query}", "search.page: must start with /"),
        ('page = "/anime/{key}/{season}"', 'page = "/anime/{key}"', "episodes.page: {season} is missing"),
        ("[links]", "[lniks]", "lniks"),
        ("[links]", "[links", "is no TOML"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, before: str, after: str, told: str) -> None:
    assert before in PROFILE
    with pytest.raises(InvalidProfileError) as caught:
        load(tmp_path, PROFILE.replace(before, after, 1))
    assert caught.value.detail.startswith("shelf.toml")
    assert told in caught.value.detail


def test_all_that_is_wrong_is_told(tmp_path: Path) -> None:
    with pytest.raises(InvalidProfileError) as caught:
        load(tmp_path, PROFILE.replace('"div.hit"', '"["').replace('"h1"', '"]"'))
    assert [error.field for error in caught.value.errors] == ["search.items", "series.name"]


@pytest.mark.parametrize(
    "content", [b"\xff\xfe", b"x = " + b"[" * 100_000, b"#" * 300_000, b"name = '\x00'", b""], ids=range(5)
)
def test_files_that_are_no_profile(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "bad.toml"
    path.write_bytes(content)
    with pytest.raises(InvalidProfileError, match=r"^bad\.toml"):
        profiles.load(path, SITE)
    with pytest.raises(InvalidProfileError, match="cannot be read"):
        profiles.load(tmp_path / "missing.toml", SITE)
