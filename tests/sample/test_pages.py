"""The site as a reader of catalogue pages meets it."""

import datetime as dt
import io
import re

import httpx
import pytest
from PIL import Image
from selectolax.lexbor import LexborHTMLParser

from aniworld.kit import clock
from aniworld.sample import content

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def page(client: httpx.AsyncClient, path: str) -> LexborHTMLParser:
    answer = await client.get(path)
    assert answer.status_code == 200, path
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    return LexborHTMLParser(answer.text)


def texts(tree: LexborHTMLParser, selector: str) -> list[str]:
    return [node.text(strip=True) for node in tree.css(selector)]


def attributes(tree: LexborHTMLParser, selector: str, name: str) -> list[str]:
    return [node.attributes[name] or "" for node in tree.css(selector)]


@pytest.mark.parametrize(
    ("query", "titles"),
    [
        ("lantern", ["Paper Lanterns"]),
        ("GARDEN clock", ["Clockwork Garden"]),
        ("", ["Clockwork Garden", "Paper Lanterns", "Tide and Ember"]),
        ("nothing of the kind", []),
    ],
)
async def test_search(client: httpx.AsyncClient, query: str, titles: list[str]) -> None:
    answer = await client.get("/search", params={"q": query})
    tree = LexborHTMLParser(answer.text)
    assert texts(tree, ".results .card .card-title") == titles
    assert bool(tree.css_first(".empty")) is not bool(titles)


async def test_a_query_is_no_markup(client: httpx.AsyncClient) -> None:
    answer = await client.get("/search", params={"q": '<script>alert(1)</script>&"'})
    assert "<script" not in answer.text
    assert "&lt;script&gt;" in answer.text


async def test_search_by_genre(client: httpx.AsyncClient) -> None:
    link = attributes(await page(client, "/series/paper-lanterns"), ".genres a", "href")[1]
    assert texts(await page(client, link), ".card-title") == ["Paper Lanterns"]


async def test_a_series_page(client: httpx.AsyncClient) -> None:
    tree = await page(client, "/series/clockwork-garden")
    assert texts(tree, "h1.series-title .series-name") == ["Clockwork Garden"]
    assert texts(tree, ".series-year") == ["(2021)"]
    assert texts(tree, ".series-status strong") == ["Completed"]
    assert texts(tree, ".genres a") == ["Adventure", "Mystery", "Steampunk"]
    assert len(texts(tree, ".series-description p")) == 2
    assert texts(tree, ".seasons a") == ["Season 1", "Season 2", "Specials"]
    assert attributes(tree, ".seasons a", "href")[2] == "/series/clockwork-garden/season/0"


@pytest.mark.parametrize(
    ("slug", "counts"),
    [("clockwork-garden", {1: 6, 2: 4, 0: 1}), ("paper-lanterns", {1: 12}), ("tide-and-ember", {1: 8})],
)
async def test_every_episode_is_listed_once(client: httpx.AsyncClient, slug: str, counts: dict[int, int]) -> None:
    hrefs = attributes(await page(client, f"/series/{slug}"), ".seasons a", "href")
    assert [int(href.rpartition("/")[2]) for href in hrefs] == list(counts)
    for href, count in zip(hrefs, counts.values(), strict=True):
        tree = await page(client, href)
        assert texts(tree, ".episode .ep-number") == [str(number) for number in range(1, count + 1)]
        assert len(set(texts(tree, ".ep-title a"))) == count
        assert set(texts(tree, ".ep-duration")) == {"0:05"}


async def test_specials_have_a_name_too(client: httpx.AsyncClient) -> None:
    by_name = await client.get("/series/clockwork-garden/season/specials")
    assert by_name.content == (await client.get("/series/clockwork-garden/season/0")).content


async def test_titles_are_escaped(client: httpx.AsyncClient) -> None:
    tree = await page(client, "/series/tide-and-ember/season/1")
    assert texts(tree, ".ep-title a")[2] == "Ash & Water"
    assert "Ash &amp; Water" in (await client.get("/series/tide-and-ember/season/1")).text


async def test_what_is_not_out_has_a_date_ahead_and_no_links(client: httpx.AsyncClient) -> None:
    today = clock.now().date()
    tree = await page(client, "/series/tide-and-ember/season/1")
    dates = [dt.date.fromisoformat(text) for text in attributes(tree, ".ep-aired time", "datetime")]
    assert all(date < today for date in dates[:6])
    assert [(date - today).days for date in dates[6:]] in ([14, 21], [13, 20])  # midnight may pass in between
    rows = tree.css("tr.episode")
    assert [len(row.css(".lang")) for row in rows] == [2] * 6 + [0] * 2
    announced = await page(client, "/series/tide-and-ember/season/1/episode/7")
    assert not announced.css(".link")
    assert announced.css_first(".empty")


async def test_an_episode_has_two_hosters_in_each_language(client: httpx.AsyncClient) -> None:
    tree = await page(client, "/series/paper-lanterns/season/1/episode/9")
    found = list(
        zip(
            attributes(tree, ".links .link", "data-lang"),
            texts(tree, ".links .link .hoster"),
            attributes(tree, ".links .link a.watch", "href"),
            strict=True,
        )
    )
    assert [(language, hoster) for language, hoster, _ in found] == [
        ("jpn-eng-sub", "Streamline"),
        ("jpn-eng-sub", "Rivulet"),
        ("ger-dub", "Streamline"),
        ("ger-dub", "Rivulet"),
    ]
    for _, hoster, href in found:
        for method in ("GET", "HEAD"):
            answer = await client.request(method, href)
            assert answer.status_code == 302
            assert re.fullmatch(
                r"/media/[0-9a-f]{12}\.mp4" if hoster == "Streamline" else r"/media/[0-9a-f]{12}/master\.m3u8",
                answer.headers["location"],
            )


@pytest.mark.parametrize(
    "path",
    [
        "/nowhere",
        "/series/unknown",
        "/series/clockwork-garden/season/3",
        "/series/clockwork-garden/season/1/episode/7",
        "/series/unknown/season/1/episode/1",
        "/go/000000000000",
        "/media/000000000000.mp4",
        "/media/000000000000/master.m3u8",
        "/art/unknown/poster.jpg",
        "/art/clockwork-garden/other.jpg",
        "/art/clockwork-garden/..%2f..%2fposter.jpg",
    ],
)
async def test_what_is_not_there(client: httpx.AsyncClient, path: str) -> None:
    answer = await client.get(path)
    assert answer.status_code == 404
    assert "Not found" in answer.text


async def test_other_methods_are_refused(client: httpx.AsyncClient) -> None:
    answer = await client.post("/search", data={"q": "x"})
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD")


async def test_pages_are_known_again(client: httpx.AsyncClient) -> None:
    first = await client.get("/series/paper-lanterns")
    again = await client.get("/series/paper-lanterns", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize("slug", [series.slug for series in content.SERIES])
@pytest.mark.parametrize(
    ("name", "kind", "size", "mode"),
    [
        ("poster.jpg", "JPEG", (1000, 1426), "RGB"),
        ("fanart.jpg", "JPEG", (1920, 1080), "RGB"),
        ("cover.jpg", "JPEG", (300, 428), "RGB"),
        ("logo.png", "PNG", (800, 310), "RGBA"),
    ],
)
async def test_pictures(
    client: httpx.AsyncClient, slug: str, name: str, kind: str, size: tuple[int, int], mode: str
) -> None:
    answer = await client.get(f"/art/{slug}/{name}")
    assert answer.headers["content-type"] == f"image/{kind.lower()}"
    picture = Image.open(io.BytesIO(answer.content))
    assert (picture.format, picture.size, picture.mode) == (kind, size, mode)
    assert len(picture.convert("RGB").resize((200, 200)).getcolors(40_000) or ()) > 500  # there is something on it
    if mode == "RGBA":
        assert picture.getchannel("A").getextrema() == (0, 255)


async def test_pictures_differ(client: httpx.AsyncClient) -> None:
    covers = {(await client.get(f"/art/{series.slug}/cover.jpg")).content for series in content.SERIES}
    assert len(covers) == 3
