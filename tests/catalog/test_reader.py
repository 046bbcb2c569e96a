"""Pages that are made to hurt, and rules applied to pages that are not."""

from __future__ import annotations

import asyncio
import os
import resource

import pytest

from aniworld.catalog.pages import reader
from aniworld.catalog.pages.extract import TangledError
from aniworld.catalog.pages.reader import Reader, harmless
from aniworld.catalog.pages.rules import Found, Page, Query, Rule, Wanted

HOSTS = ("site.example:80", "img.example:443")


def page(html: str) -> Page:
    return Page(html=html, url="http://site.example/series/one?a=b", hosts=HOSTS)


async def ask(html: str, query: Query) -> Found:
    (found,) = await Reader().read(page(html), [query])
    return found


async def one(html: str, wanted: Wanted) -> list[str]:
    return (await ask(html, Query(values={"value": wanted}))).items[0].get("value", [])


async def test_items_and_their_values() -> None:
    html = "<ul><li class=a>1 <b>x</b></li><li>2</li><li class=a>3</li></ul><p class=none></p>"
    values = {"text": Wanted(rules=(Rule(),)), "b": Wanted(rules=(Rule(css="b"),))}
    found = await ask(html, Query(values=values, items="li.a"))
    assert found.items == [{"text": ["1 x"], "b": ["x"]}]
    assert found.more
    assert not found.empty
    found = await ask(html, Query(values=values, items="li.a", limit=10, empty="p.none"))
    assert found.items[1] == {"text": ["3"]}
    assert not found.more
    assert found.empty


@pytest.mark.parametrize(
    ("html", "rule", "values"),
    [
        ("<h1>  Name\n here <small>(2021)</small></h1>", Rule(css="h1", text="own"), ["Name here"]),
        ("<h1>Name<br>two<p>three</p>four</h1>", Rule(css="h1"), ["Name\ntwo\nthreefour"]),
        ("<p>a<script>b()</script><style>c</style>&amp;<!-- d -->e</p>", Rule(css="p"), ["a&e"]),
        ("<p>no</p><p>Year: 2021</p>", Rule(css="p", regex=r"Year: (\d+)"), ["2021"]),
        ("<p></p><p>second</p>", Rule(css="p"), ["second"]),
        ("<a title='t'>x</a>", Rule(css="a", attr="title"), ["t"]),
        ("<a title>x</a>", Rule(css="a", attr="title"), []),
        ("<a>x</a>", Rule(css="a", attr="title"), []),
        ("<p>AIRING</p>", Rule(css="p", map={"Airing": "ongoing"}), ["ongoing"]),
        ("<p>Other</p>", Rule(css="p", map={"Airing": "ongoing"}), ["Other"]),
        ("", Rule(css="p"), []),
        (" <tr class=e><td>rows alone</tr>", Rule(css="tr.e td"), ["rows alone"]),
        ("<div data-x='&lt;b&gt;a&lt;/b&gt;'>", Rule(css="div", attr="data-x", text="html"), ["a"]),
        ("<ul class=de><li><i>x</i></ul>", Rule(css="i", wrap="/go/{value}"), ["/go/x"]),
    ],
)
async def test_rules(html: str, rule: Rule, values: list[str]) -> None:
    assert await one(html, Wanted(rules=(rule,))) == values


async def test_several_values() -> None:
    html = "<i>a</i><i>b</i><i></i><i>c</i><i>d</i>"
    assert await one(html, Wanted(rules=(Rule(css="i"),), many=3)) == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("href", "address"),
    [
        ("/a b", "http://site.example/a%20b"),
        ("two?x=1#f", "http://site.example/series/two?x=1"),
        ("?c", "http://site.example/series/one?c"),
        ("//site.example/x", "http://site.example/x"),
        ("HTTP://SITE.example.:80/x", "http://site.example./x"),
        ("https://img.example/x", "https://img.example/x"),
        ("http://img.example/x", None),
        ("http://other.example/x", None),
        ("http://site.example:8080/x", None),
        ("http://site.example@other.example/x", None),
        ("http://user@site.example/x", None),
        ("http://127.0.0.1/x", None),
        ("javascript:alert(1)", None),
        ("data:text/html,x", None),
        ("file:///etc/passwd", None),
        ("http://[::1", None),
        ("/" + "x" * 3000, None),
        ("", None),
    ],
)
async def test_addresses_stay_on_the_sources_own_hosts(href: str, address: str | None) -> None:
    found = await one(f'<a href="{href}">x</a>', Wanted(rules=(Rule(css="a", attr="href"),), kind="url"))
    assert found == ([address] if address else [])


async def test_a_path_is_what_the_regex_sees() -> None:
    rule = Rule(css="a", attr="href", regex=r"^/series/([^/?]+)")
    for href in ("/series/two", "two", "http://site.example/series/two?x", "//site.example/series/two#x"):
        assert await one(f'<a href="{href}">', Wanted(rules=(rule,), kind="path")) == ["two"]
    assert await one('<a href="http://other.example/series/two">', Wanted(rules=(rule,), kind="path")) == []


TABLE = "".join(
    f'<tr class="e"><td class="n">{number}</td><td><strong><a href="/x/{number}">Title</a></strong></td></tr>'
    for number in range(5000)
)
QUERY = Query(values={"n": Wanted(rules=(Rule(css=".n"),))}, items="tr.e", limit=5000)


async def test_a_large_page_is_read_in_a_process_of_its_own() -> None:
    html = f"<table>{TABLE}</table>"
    assert not harmless(html, [QUERY])
    (found,) = await Reader().read(page(html), [QUERY])
    assert [item["n"] for item in found.items] == [[str(number)] for number in range(5000)]


def cases(number: int) -> str:
    """A word that differs from others only in upper and lower case."""
    return f"{number:b}".replace("1", "a").replace("0", "A")


def bombs() -> dict[str, str]:
    return {
        "formatting": "<p>" + "".join(f"<b a={n}>" for n in range(3000)) + "</p>" + "<p>x</p>" * 3000,
        "formatting-quoted": "<p>" + "".join(f'<b a="{n}>">' for n in range(3000)) + "</p>" + "<p>x</p>" * 3000,
        "formatting-by-case": "<p>" + "".join(f'<b a="{cases(n)}">' for n in range(3000)) + "</p>" + "<p>x</p>" * 3000,
        "deep": "<div>" * 300_000,
        "attributes": "<p " + " ".join(f"a{n}" for n in range(300_000)) + ">",
        "wide": "<p>a" * 1_500_000,
        "text": "x" * 8_000_000,
    }


@pytest.mark.parametrize("name", sorted(bombs()))
async def test_bombs_harm_nobody(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "CHILD_SECONDS", 3.0)
    html = bombs()[name]
    assert not harmless(html, [QUERY])
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    reading = asyncio.create_task(Reader().read(page(html), [QUERY]))
    beats = 0
    while not reading.done():
        await asyncio.sleep(0.01)
        beats += 1
    assert beats > 3, "others run meanwhile"
    try:
        (found,) = await reading
        assert found.items == []
    except TangledError as error:
        assert "page" in str(error)
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    assert grown < 64, "MiB"


def children() -> set[str]:
    with open(f"/proc/self/task/{os.getpid()}/children") as file:  # noqa: PTH123 - a file of the kernel
        return set(file.read().split())


async def test_nothing_is_left_behind_when_reading_is_given_up() -> None:
    before = children()
    reading = asyncio.create_task(Reader().read(page(bombs()["deep"]), [QUERY]))
    while not children() - before:
        await asyncio.sleep(0.01)
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    assert children() <= before


@pytest.mark.parametrize(
    "html",
    [
        "<html><body>" + "<p>text <b>bold</b> <a href='/x'>x</a></p>" * 400,
        "<table>" + "<tr><td><i class='fa fa-play'></i> <strong>x</strong></td></tr>" * 300 + "</table>",
    ],
)
def test_ordinary_pages_are_read_here(html: str) -> None:
    assert harmless(html, [QUERY])


async def test_items_within_items_are_bounded() -> None:
    html = "<div class=e>x" * 1500 + "y" * 5000
    query = Query(values={"text": Wanted(rules=(Rule(),))}, items=".e", limit=5000)
    assert harmless(html, [query])
    with pytest.raises(TangledError):
        await Reader().read(page(html), [query])
