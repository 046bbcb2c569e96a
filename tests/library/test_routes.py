"""The library over real HTTP, on a catalogue in memory."""

from __future__ import annotations

import json
import shutil
from collections.abc import AsyncIterator, Callable
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from litestar import Litestar, Router
from litestar.di import Provide

from aniworld.api import EXCEPTION_HANDLERS
from aniworld.catalog.errors import SourceUnreachableError
from aniworld.catalog.types import SeriesHit
from aniworld.library import routes
from tests.conftest import serving
from tests.library.conftest import Shelf
from tests.library.doubles import picture

ADD = {"provider": "shelf", "provider_key": "clockwork", "name": "Clockwork Garden"}


def _giving(value: object) -> Callable[[], object]:
    def provide() -> object:
        return value

    return provide


@pytest.fixture
async def client(shelf: Shelf) -> AsyncIterator[httpx.AsyncClient]:
    app = Litestar(
        route_handlers=[Router("/api", route_handlers=[*routes.routers])],
        exception_handlers=EXCEPTION_HANDLERS,
        dependencies={
            "library": Provide(_giving(shelf.library), sync_to_thread=False),
            "gallery": Provide(_giving(shelf.gallery), sync_to_thread=False),
            "search": Provide(_giving(shelf.search), sync_to_thread=False),
        },
        logging_config=None,
    )
    async with serving(app) as url, httpx.AsyncClient(base_url=url, trust_env=False) as client:
        yield client


async def test_a_search_told_step_by_step(client: httpx.AsyncClient, shelf: Shelf) -> None:
    shelf.catalog.others["attic"] = [SeriesHit(provider_key="1", name="CLOCKWORK GARDEN", year=2021)]
    async with client.stream("GET", "/api/search/stream", params={"q": "clock"}) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        frames = (await answer.aread()).decode().strip().split("\n\n")
    events = [json.loads(frame.split("data: ")[1]) for frame in frames]
    assert [event["type"] for event in events] == ["answer", "answer", "answer", "done"]
    assert [frame.splitlines()[0] for frame in frames] == ["event: answer"] * 3 + ["event: done"]
    assert [len(item["sources"]) for event in events[:3] for item in event["items"]] == [1, 2, 2]
    assert events[2]["failed_providers"] == [{"provider": "broken", "detail": "It does not answer"}]
    assert events[2]["items"] == (await client.get("/api/search", params={"q": "clock"})).json()["items"]
    for path in ("/api/search/stream?q=x&provider=nobody", "/api/search/stream?q=%20"):
        assert (await client.get(path)).status_code == 400


async def test_from_search_to_pictures(client: httpx.AsyncClient, shelf: Shelf) -> None:
    found = (await client.get("/api/search", params={"q": "clock"})).json()
    hit = found["items"][0]
    assert {name: hit[name] for name in ("provider", "provider_key", "name", "year", "in_library", "key")} == {
        **ADD, "year": 2021, "in_library": False, "key": None,
    }  # fmt: skip
    assert hit["cover_url"] == f"/api/search/cover?provider=shelf&url={quote('https://shelf.test/poster.jpg', safe='')}"
    assert found["failed_providers"] == [{"provider": "broken", "detail": "It does not answer"}]
    cover = await client.get(hit["cover_url"])
    assert (cover.status_code, cover.headers["content-type"]) == (200, "image/jpeg")
    assert "max-age" in cover.headers["cache-control"]

    answer = await client.post("/api/anime/add", json=ADD)
    assert answer.status_code == 202
    assert (answer.json()["key"], answer.json()["loading_status"]) == ("clockwork-garden", "pending")
    async with shelf.loading():
        await shelf.until_status("clockwork-garden", "completed")
    state = (await client.get("/api/anime/clockwork-garden/loading-status")).json()
    assert state["progress"] == {"episodes": True, "nfo": True, "logo": True, "images": True}
    assert (state["key"], state["loading_status"], state["message"]) == ("clockwork-garden", "completed", "Complete")
    detail = (await client.get("/api/anime/clockwork-garden")).json()
    assert detail["seasons"][0]["episodes"][0]["aired"] == "2021-04-09"
    assert detail["created_at"].endswith("Z")
    page = (await client.get("/api/anime")).json()
    assert (page["total"], page["limit"], page["offset"]) == (1, 100, 0)
    assert page["items"][0] == {name: detail[name] for name in page["items"][0]}
    assert (await client.get("/api/search", params={"q": "clock"})).json()["items"][0]["key"] == "clockwork-garden"


async def test_pictures_are_cacheable(client: httpx.AsyncClient, shelf: Shelf) -> None:
    key = await shelf.loaded()
    for kind, media in (("poster", "image/jpeg"), ("fanart", "image/jpeg"), ("logo", "image/png")):
        url = f"/api/anime/{key}/images/{kind}"
        first = await client.get(url)
        assert (first.status_code, first.headers["content-type"]) == (200, media)
        again = await client.get(url, headers={"If-None-Match": first.headers["etag"]})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", first.headers["etag"])
        other = await client.get(url, headers={"If-None-Match": '"other"'})
        assert other.content == first.content
        assert "max-age" in first.headers["cache-control"]
    for kind in ("banner", "thumb", "nonsense", "poster.jpg"):
        assert (await client.get(f"/api/anime/{key}/images/{kind}")).status_code == 404
    (shelf.anime / "Clockwork Garden (2021)" / "poster.jpg").write_text("<script>alert(1)</script>")
    assert (await client.get(f"/api/anime/{key}/images/poster")).status_code == 404


async def test_what_players_will_make_of_it(client: httpx.AsyncClient, shelf: Shelf) -> None:
    key = await shelf.loaded()
    url = f"/api/anime/{key}/nfo/check"
    folder = shelf.anime / "Clockwork Garden (2021)"
    fine = (await client.get(url)).json()
    assert fine["folder"] == folder.name
    assert [item["code"] for item in fine["findings"]] == ["no_videos"]
    assert [(view["player"], view["title"], view["episodes"]) for view in fine["players"]] == [
        ("jellyfin", "Clockwork Garden", 0), ("kodi", "Clockwork Garden", 0),
    ]  # fmt: skip
    (folder / "Season 01").mkdir()
    (folder / "Season 01" / "Clockwork Garden - 05.mkv").write_bytes(b"x")
    (folder / "tvshow.nfo").write_text("<tvshow><title>cut off")
    found = (await client.get(url)).json()["findings"]
    assert [item["severity"] for item in found[:2]] == ["error", "error"]
    assert {item["code"]: item["path"] for item in found[:2]} == {
        "nfo_malformed": f"{folder.name}/tvshow.nfo",
        "no_number": f"{folder.name}/Season 01/Clockwork Garden - 05.mkv",
    }
    assert str(shelf.anime) not in json.dumps(found)
    shutil.rmtree(folder)
    assert (await client.get(url)).json() == {"folder": None, "findings": [], "left_out": 0, "players": []}
    shelf.anime.rename(shelf.anime.with_name("elsewhere"))
    gone = await client.get(url)
    assert (gone.status_code, gone.headers["content-type"]) == (503, "application/problem+json"), gone.text


async def test_a_cover_is_a_picture_or_nothing(client: httpx.AsyncClient, shelf: Shelf) -> None:
    shelf.catalog.pictures["page"] = b"<html><script>alert(1)</script>"
    shelf.catalog.pictures["gif"] = picture(form="GIF")

    async def get(url: str) -> httpx.Response:
        return await client.get("/api/search/cover", params={"provider": "shelf", "url": url})

    assert (await get("page")).status_code == 404
    assert (await get("unknown")).status_code == 404
    assert (await get("gif")).headers["content-type"] == "image/gif"

    def away(_what: str) -> None:
        raise SourceUnreachableError(retry_after=7)

    shelf.catalog.before = away
    answer = await get("gif")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "7")


async def test_verbs(client: httpx.AsyncClient, shelf: Shelf) -> None:
    key = await shelf.loaded()
    url = f"/api/anime/{key}"
    changed = await client.patch(url, json={"monitored": False, "languages": ["de"]})
    assert (changed.status_code, changed.json()["monitored"], changed.json()["languages"]) == (200, False, ["de"])
    changed = await client.patch(url, json={"languages": None})
    assert (changed.json()["monitored"], changed.json()["languages"]) == (False, None)
    reloaded = await client.post(f"{url}/reload", json={"parts": ["nfo"]})
    assert reloaded.status_code == 202
    body = reloaded.json()
    assert (body["loading_status"], body["episodes_loaded"], body["nfo_loaded"]) == ("pending", True, False)
    assert (await client.post(f"{url}/reload", json={})).json()["images_loaded"] is False
    assert (await client.delete(url)).status_code == 204
    assert (await client.get(url)).status_code == 404
    assert (await client.delete(url)).status_code == 404
    restored = await client.post(f"{url}/restore")
    assert (restored.status_code, restored.json()["key"]) == (200, key)
    assert (await client.post(f"{url}/restore")).status_code == 409
    assert (await client.delete(url, params={"delete_files": "true"})).status_code == 204
    assert list(shelf.anime.iterdir()) == []


async def test_a_conflict_names_the_key(client: httpx.AsyncClient) -> None:
    await client.post("/api/anime/add", json=ADD)
    answer = await client.post("/api/anime/add", json=ADD)
    assert (answer.status_code, answer.headers["content-type"]) == (409, "application/problem+json")
    assert (answer.json()["type"], answer.json()["key"]) == ("/problems/already-in-library", "clockwork-garden")


@pytest.mark.parametrize(
    ("method", "path", "body", "field"),
    [
        ("POST", "/api/anime/add", {**ADD, "name": ""}, "name"),
        ("POST", "/api/anime/add", {**ADD, "name": "  "}, "name"),
        ("POST", "/api/anime/add", {**ADD, "name": "a\x00b"}, "name"),
        ("POST", "/api/anime/add", {**ADD, "name": "x" * 301}, "name"),
        ("POST", "/api/anime/add", {**ADD, "provider": "nobody"}, "provider"),
        ("POST", "/api/anime/add", {**ADD, "provider_key": ""}, "provider_key"),
        ("POST", "/api/anime/add", {"provider": "shelf"}, None),
        ("POST", "/api/anime/add", {**ADD, "more": 1}, None),
        ("POST", "/api/anime/x/reload", {"parts": []}, "parts"),
        ("POST", "/api/anime/x/reload", {"parts": ["other"]}, None),
        ("PATCH", "/api/anime/x", {"languages": []}, None),
        ("PATCH", "/api/anime/x", {"languages": ["German"]}, None),
        ("PATCH", "/api/anime/x", {"monitored": None}, "monitored"),
        ("PATCH", "/api/anime/x", {"unknown": "y"}, None),
        ("GET", "/api/anime?limit=0", None, "limit"),
        ("GET", "/api/anime?limit=501", None, "limit"),
        ("GET", "/api/anime?offset=-1", None, "offset"),
        ("GET", "/api/anime?filter=other", None, "filter"),
        ("GET", "/api/anime?sort=id", None, "sort"),
        ("GET", "/api/anime?order=up", None, "order"),
        ("GET", "/api/anime?status=other", None, "status"),
        ("GET", "/api/anime?q=%00", None, "q"),
        ("GET", "/api/anime?genre=%00", None, "genre"),
        ("GET", "/api/search", None, None),
        ("GET", "/api/search?q=%20", None, "q"),
        ("GET", "/api/search?q=x&provider=nobody", None, "provider"),
        ("GET", "/api/search/cover?provider=shelf", None, None),
        ("GET", "/api/search/cover?provider=nobody&url=x", None, "provider"),
    ],
)
async def test_wrong_input(
    client: httpx.AsyncClient, method: str, path: str, body: dict[str, Any] | None, field: str | None
) -> None:
    answer = await client.request(method, path, json=body)
    assert (answer.status_code, answer.headers["content-type"]) == (400, "application/problem+json"), answer.text
    if field is not None:
        assert [error["field"] for error in answer.json()["errors"]] == [field]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/anime/no"),
        ("GET", "/api/anime/no/loading-status"),
        ("GET", "/api/anime/no/images/poster"),
        ("GET", "/api/anime/no/nfo/check"),
        ("POST", "/api/anime/no/restore"),
        ("DELETE", "/api/anime/no"),
        ("GET", "/api/anime/%00"),
        ("GET", "/api/anime/" + "x" * 300),
    ],
)
async def test_unknown_series(client: httpx.AsyncClient, method: str, path: str) -> None:
    answer = await client.request(method, path)
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json"), answer.text
