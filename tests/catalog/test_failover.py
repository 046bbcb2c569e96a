"""In which order hosters are tried."""

from aniworld.catalog.failover import order
from aniworld.catalog.types import Language, Link


def link(hoster: str, url: str = "") -> Link:
    return Link(hoster=hoster, kind="direct", url=f"http://x/{url or hoster}", language=Language("de"))


def test_preferred_first_the_rest_as_it_came() -> None:
    links = [link(name) for name in ("Alpha", "Beta", "Gamma", "Delta")]
    assert [found.hoster for found in order(links, ["gamma", "Nobody", "ALPHA"])] == ["Gamma", "Alpha", "Beta", "Delta"]
    assert order(links, []) == links


def test_an_address_is_tried_once() -> None:
    links = [link("Alpha", "1"), link("Beta", "1"), link("Alpha", "2")]
    assert order(links, ["Beta"]) == [links[0], links[2]]


def test_a_hoster_named_twice_keeps_its_first_place() -> None:
    links = [link("Beta"), link("Alpha")]
    assert [found.hoster for found in order(links, ["Alpha", "Beta", "Alpha"])] == ["Alpha", "Beta"]
