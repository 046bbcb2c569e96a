"""In which order hosters are tried."""

from aniworld.catalog.failover import order
from aniworld.catalog.types import Language, Link


def link(hoster: str, url: str = "") -> Link:
    return Link(hoster=hoster, kind="direct", url=f"http://x/{url or hoster}", language=Language("de"))


LINKS = [link(name) for name in ("Alpha", "Beta", "Gamma", "Delta")]


def names(preferred: list[str], health: dict[str, float]) -> list[str]:
    return [found.hoster for found in order(LINKS, preferred, lambda link: health.get(link.hoster, 1.0))]


def test_preferred_first_the_rest_as_it_came() -> None:
    assert names(["gamma", "Nobody", "ALPHA"], {}) == ["Gamma", "Alpha", "Beta", "Delta"]
    assert order(LINKS, []) == LINKS


def test_an_address_is_tried_once() -> None:
    links = [link("Alpha", "1"), link("Beta", "1"), link("Alpha", "2")]
    assert order(links, ["Beta"]) == [links[0], links[2]]


def test_a_hoster_named_twice_keeps_its_first_place() -> None:
    assert names(["Beta", "Alpha", "Beta"], {})[:2] == ["Beta", "Alpha"]


def test_one_that_is_down_comes_last_whatever_is_preferred() -> None:
    assert names(["Beta", "Gamma"], {"Beta": 0.01}) == ["Gamma", "Alpha", "Delta", "Beta"]
    assert names([], {"Alpha": 0.01, "Gamma": 0.01}) == ["Beta", "Delta", "Alpha", "Gamma"]


def test_one_that_is_shaky_gives_way_to_those_that_are_well() -> None:
    assert names(["Alpha", "Beta"], {"Alpha": 0.4}) == ["Beta", "Gamma", "Delta", "Alpha"]
    assert names(["Alpha"], dict.fromkeys(("Alpha", "Beta", "Gamma", "Delta"), 0.4))[0] == "Alpha"
