"""What clients may rely on: addresses, statuses, fields and their types, as they were promised."""

from __future__ import annotations

import httpx
import pytest

from tests.api.live import Live
from tests.api.shapes import (
    EPISODE,
    FLAG,
    ITEM,
    LIST,
    MAYBE_TEXT,
    MAYBE_WHOLE,
    MODE,
    NUMBER,
    OPERATION,
    OVERVIEW,
    PAGE,
    SERIES,
    TEXT,
    WHOLE,
    of,
    promised,
)


def state_of(client: httpx.Client, id_: str) -> str | None:
    page = of(client.get("/api/queue", params={"limit": 500}), 200, PAGE)
    return next((item["status"] for item in page["items"] if item["id"] == id_), None)


def queued(client: httpx.Client, *numbers: int, language: str = "ja+en", key: str = "one") -> list[str]:
    """Queue episodes; the ids."""
    episodes = [{"season": 1, "episode": number, "language": language} for number in numbers]
    added = of(client.post("/api/queue/add", json={"series_key": key, "episodes": episodes}), 201)
    assert len(added["added_items"]) == len(numbers), added
    return list(added["added_items"])


# --- health and access ----------------------------------------------------------------------------------------------


def test_health(stranger: httpx.Client) -> None:
    promised(of(stranger.get("/health"), 200), {"status": {"healthy"}, "uptime_seconds": NUMBER})
    part = {"status": {"ok"}, "detail": TEXT}
    of(stranger.get("/health/ready"), 200, {"database": part, "anime_directory": part, "providers": part})


def test_access(live: Live, client: httpx.Client, stranger: httpx.Client) -> None:
    status = {"setup_required": FLAG, "authenticated": FLAG, "expires_at": MAYBE_TEXT}
    assert of(stranger.get("/api/auth/status"), 200, status) == {
        "setup_required": False,
        "authenticated": False,
        "expires_at": None,
    }
    assert of(client.get("/api/auth/status"), 200, status)["authenticated"] is True
    of(stranger.post("/api/auth/setup", json={"password": "another long one"}), 409)
    of(stranger.post("/api/auth/login", json={"password": "not the password"}), 401)
    login = stranger.post("/api/auth/login", json={"password": "correct horse battery", "remember": True})
    token = of(login, 200, {"access_token": TEXT, "token_type": {"bearer"}, "expires_at": TEXT})
    assert "HttpOnly" in login.headers["set-cookie"]
    assert "samesite=strict" in login.headers["set-cookie"].lower()
    page = of(client.get("/api/auth/sessions"), 200, PAGE)
    promised(page["items"][0], {"id": TEXT, "address": TEXT, "user_agent": TEXT, "last_seen_at": TEXT})
    stranger.cookies.clear()
    other = {"Authorization": f"Bearer {token['access_token']}"}
    of(stranger.post("/api/auth/logout", headers=other), 204)
    of(stranger.post("/api/auth/logout", headers=other), 401)
    of(client.post("/api/auth/password", json={"current_password": "no", "new_password": "a stable of horses"}), 400)
    of(client.delete("/api/auth/sessions/01937e2c-6f0a-7cc3-9d2b-1f6a0e5b7c11"), 404)


# --- library --------------------------------------------------------------------------------------------------------


def test_the_library(live: Live, client: httpx.Client) -> None:
    page = of(client.get("/api/anime"), 200, PAGE)
    assert page["total"] == len(page["items"]) == 3
    for series in page["items"]:
        promised(series, SERIES)
    detail = of(client.get(f"/api/anime/{live.key}"), 200, SERIES)
    promised(detail["seasons"][0], {"season": WHOLE, "name": TEXT, "monitored": FLAG, "episodes": LIST})
    episodes = [episode for season in detail["seasons"] for episode in season["episodes"]]
    for episode in episodes:
        promised(episode, EPISODE)
    kept = [episode for episode in episodes if episode["is_downloaded"]]
    assert len(kept) == 1
    file = live.anime / kept[0]["file_path"]
    assert not kept[0]["file_path"].startswith("/")
    assert file.stat().st_size == kept[0]["file_size"]
    shape = {
        "key": {live.key},
        "loading_status": SERIES["loading_status"],
        "progress": {"episodes": FLAG, "nfo": FLAG, "logo": FLAG, "images": FLAG},
        "message": TEXT,
        "started_at": MAYBE_TEXT,
        "completed_at": MAYBE_TEXT,
        "error": MAYBE_TEXT,
    }
    of(client.get(f"/api/anime/{live.key}/loading-status"), 200, shape)
    assert of(client.patch("/api/anime/two", json={"monitored": False}), 200, SERIES)["monitored"] is False
    assert of(client.patch("/api/anime/two", json={"monitored": True}), 200, SERIES)["monitored"] is True


@pytest.mark.parametrize(
    ("query", "keys"),
    [
        ("filter=all", {"one", "two", "paper-lanterns"}),
        ("filter=missing", {"one", "two", "paper-lanterns"}),
        ("filter=complete", set()),
        ("filter=loading", set()),
        ("filter=failed", set()),
        ("q=LANTERN", {"paper-lanterns"}),
        ("q=%25", set()),
        ("q=_", set()),
        ("genre=Drama", {"paper-lanterns"}),
        ("genre=Nothing", set()),
        ("status=completed", {"paper-lanterns"}),
        ("status=ongoing", set()),
    ],
)
def test_filters_of_the_library(client: httpx.Client, query: str, keys: set[str]) -> None:
    page = of(client.get(f"/api/anime?{query}"), 200, PAGE)
    assert {series["key"] for series in page["items"]} == keys
    assert page["total"] == len(keys)


@pytest.mark.parametrize("sort", ["name", "added", "missing", "year"])
def test_orders_of_the_library(client: httpx.Client, sort: str) -> None:
    """Both ends hold the same series, and pages together are the whole."""
    both = []
    for order in ("asc", "desc"):
        pages = [
            of(client.get("/api/anime", params={"sort": sort, "order": order, "limit": 1, "offset": n}), 200, PAGE)
            for n in range(3)
        ]
        assert [page["total"] for page in pages] == [3, 3, 3]
        both.append([page["items"][0]["key"] for page in pages])
        assert len(set(both[-1])) == 3
    if sort in ("name", "added", "missing"):
        assert both[0] == both[1][::-1]


def test_adding_and_removing(live: Live, client: httpx.Client) -> None:
    found = of(client.get("/api/search", params={"q": "paper"}), 200, {"items": LIST, "failed_providers": LIST})
    shape = {
        "provider": TEXT,
        "provider_key": TEXT,
        "name": TEXT,
        "year": MAYBE_WHOLE,
        "cover_url": MAYBE_TEXT,
        "in_library": FLAG,
        "key": MAYBE_TEXT,
    }
    promised(found["items"][0], shape)
    assert (found["items"][0]["in_library"], found["items"][0]["key"]) == (True, live.key)
    cover = client.get(found["items"][0]["cover_url"])
    assert (cover.status_code, cover.headers["content-type"]) == (200, "image/jpeg")
    known = client.get(found["items"][0]["cover_url"], headers={"If-None-Match": cover.headers["etag"]})
    assert (known.status_code, known.content) == (304, b"")
    again = client.post("/api/anime/add", json={name: found["items"][0][name] for name in list(shape)[:3]})
    assert of(again, 409)["key"] == live.key

    body = {"provider": "sample", "provider_key": "nowhere", "name": "Nowhere To Be Found"}
    added = of(client.post("/api/anime/add", json=body), 202, SERIES)
    assert (added["key"], added["loading_status"]) == ("nowhere-to-be-found", "pending")
    assert of(client.post(f"/api/anime/{added['key']}/reload", json={"parts": ["nfo"]}), 202, SERIES)
    of(client.delete(f"/api/anime/{added['key']}"), 204)
    of(client.get(f"/api/anime/{added['key']}"), 404)
    of(client.post(f"/api/anime/{added['key']}/restore"), 200, SERIES)
    of(client.post(f"/api/anime/{added['key']}/restore"), 409)
    of(client.delete(f"/api/anime/{added['key']}", params={"delete_files": "true"}), 204)


def test_pictures(live: Live, client: httpx.Client) -> None:
    for kind in ("poster", "fanart", "logo"):
        picture = client.get(f"/api/anime/{live.key}/images/{kind}")
        assert picture.status_code == 200
        assert picture.headers["content-type"] in ("image/jpeg", "image/png", "image/webp")
        assert "max-age" in picture.headers["cache-control"]
    of(client.get(f"/api/anime/{live.key}/images/banner"), 404)
    of(client.get(f"/api/anime/{live.key}/images/other"), 404)


# --- the queue ------------------------------------------------------------------------------------------------------


def test_looking_at_the_queue(live: Live, client: httpx.Client) -> None:
    page = of(client.get("/api/queue"), 200, PAGE)
    assert {item["id"] for item in page["items"]} == set(live.items.values())
    for item in page["items"]:
        promised(item, ITEM)
    for status, id_ in live.items.items():
        of_status = of(client.get("/api/queue", params={"status": status}), 200, PAGE)
        assert [item["id"] for item in of_status["items"]] == [id_]
    assert of(client.get("/api/queue", params={"series_key": "two"}), 200)["items"] == []
    overview = of(client.get("/api/queue/status"), 200, OVERVIEW)
    numbers = overview["statistics"]
    assert [numbers[name] for name in ("pending", "active", "completed", "failed")] == [1, 0, 1, 1]
    short = of(client.get("/api/queue/status", params={"limit": 1}), 200, OVERVIEW)
    assert max(len(short[name]) for name in OVERVIEW if name.endswith(("downloads", "queue"))) == 1


def test_adding_to_the_queue(client: httpx.Client) -> None:
    wanted = [
        {"season": 1, "episode": 10, "language": "de"},
        {"season": 1, "episode": 11},
        {"season": 1, "episode": 11},
        {"season": 9, "episode": 1},
        {"season": 1, "episode": 12, "language": "fr"},
        {"season": 1, "episode": 1, "language": "de"},
    ]
    body = {"series_key": "one", "episodes": wanted, "priority": "high"}
    added = of(client.post("/api/queue/add", json=body), 201, {"added_items": LIST, "skipped": LIST})
    assert len(added["added_items"]) == 2
    told = {(skipped["season"], skipped["episode"], skipped["reason"]) for skipped in added["skipped"]}
    assert told == {(9, 1, "unknown_episode"), (1, 12, "language_not_available"), (1, 1, "already_queued")}
    of(client.post("/api/queue/add", json={"series_key": "one", "episodes": []}), 400)
    of(client.post("/api/queue/add", json={**body, "series_key": "no"}), 404)
    missing = client.post("/api/anime/two/download", json={"missing": True, "priority": "low"})
    ids = added["added_items"] + of(missing, 201, {"added_items": LIST, "skipped": LIST})["added_items"]
    assert len(ids) == 7
    of(client.post("/api/anime/two/download", json={"episodes": [{"season": 1, "episode": 1}]}), 201)
    of(client.post("/api/anime/no/download", json={"missing": True}), 404)
    of(client.delete(f"/api/queue/{ids[0]}"), 204)
    of(client.delete(f"/api/queue/{ids[0]}"), 404)
    unknown = "01937e2c-6f0a-7cc3-9d2b-1f6a0e5b7c11"
    of(client.request("DELETE", "/api/queue", json={"item_ids": [*ids[1:], unknown]}), 204)
    of(client.request("DELETE", "/api/queue", json={"item_ids": []}), 204)
    assert [state_of(client, id_) for id_ in ids] == [None] * 7


def test_the_mode_of_the_queue_may_be_set_twice(client: httpx.Client) -> None:
    for verb, running, paused in (
        ("pause", False, True),
        ("resume", False, False),
        ("stop", False, False),
    ):
        for _ in range(2):
            mode = of(client.post(f"/api/queue/{verb}"), 200, MODE)
            assert (mode["is_running"], mode["is_paused"]) == (running, paused), verb


def test_one_item(live: Live, client: httpx.Client) -> None:
    (id_,) = queued(client, 20)
    for _ in range(2):
        assert of(client.post(f"/api/queue/items/{id_}/pause"), 200, ITEM)["status"] == "paused"
    for _ in range(2):
        assert of(client.post(f"/api/queue/items/{id_}/resume"), 200, ITEM)["status"] == "pending"
    of(client.post(f"/api/queue/items/{live.items['completed']}/pause"), 409)
    of(client.post(f"/api/queue/items/{live.items['completed']}/resume"), 409)
    of(client.delete(f"/api/queue/{id_}"), 204)


def test_order_and_priority(live: Live, client: httpx.Client) -> None:
    ids = queued(client, 21, 22, 23)

    def order() -> list[str]:
        page = of(client.get("/api/queue", params={"status": "pending"}), 200)
        return [item["id"] for item in page["items"] if item["id"] in ids]

    assert order() == ids
    of(client.post("/api/queue/reorder", json={"item_ids": ids[::-1]}), 200, OVERVIEW)
    assert order() == ids[::-1]
    of(client.post("/api/queue/reorder", json={"item_id": ids[0], "new_position": 0}), 200, OVERVIEW)
    assert order() == [ids[0], ids[2], ids[1]]
    of(client.post("/api/queue/reorder", json={"item_ids": [live.items["completed"]]}), 404)
    of(client.post("/api/queue/reorder", json={"item_id": live.items["failed"], "new_position": 0}), 404)
    of(client.post("/api/queue/priority", json={"item_ids": [ids[1]], "priority": "high"}), 200, OVERVIEW)
    assert order() == [ids[1], ids[0], ids[2]]
    of(client.request("DELETE", "/api/queue", json={"item_ids": ids}), 204)


# --- long work, configuration ---------------------------------------------------------------------------------------


def test_long_work(client: httpx.Client) -> None:
    page = of(client.get("/api/operations"), 200, PAGE)
    assert page["total"] >= 2
    for operation in page["items"]:
        promised(operation, OPERATION)
    ended = next(operation["id"] for operation in page["items"] if operation["finished_at"])
    of(client.get(f"/api/operations/{ended}"), 200, OPERATION)
    of(client.post(f"/api/operations/{ended}/cancel"), 409)


def test_the_configuration(live: Live, client: httpx.Client) -> None:
    whole = of(client.get("/api/config"), 200)
    assert of(client.put("/api/config", json=whole), 200) == whole
    for name, section in whole.items():
        assert of(client.get(f"/api/config/section/{name}"), 200) == section
        assert of(client.patch(f"/api/config/section/{name}", json=section), 200) == section
    verdict = {"valid": FLAG, "errors": LIST, "warnings": LIST}
    assert of(client.post("/api/config/validate", json=whole), 200, verdict)["valid"] is True
    wrong = {"downloads": {"slots": 0}, "logging": {"level": "loud"}, "other": {}}
    refused = of(client.post("/api/config/validate", json=wrong), 200, verdict)
    assert refused["valid"] is False
    assert [error["field"] for error in refused["errors"]] == ["downloads.slots", "logging.level", ""]
    for section, change, field in (
        ("downloads", {"slots": 9}, "slots"),
        ("downloads", {"other": 1}, ""),
        ("library", {"anime_directory": "/no/such/place"}, "anime_directory"),
        ("library", {"anime_directory": str(live.parts.settings.data_dir)}, "anime_directory"),
        ("library", {"languages": ["de", "german"]}, "languages[1]"),
    ):
        answer = client.patch(f"/api/config/section/{section}", json=change)
        assert [error["field"] for error in of(answer, 400)["errors"]] == [field]
    assert of(client.get("/api/config"), 200) == whole


# --- the end ---------------------------------------------------------------------------------------------------------


def test_trying_again_and_clearing(live: Live, client: httpx.Client) -> None:
    """Comes last: it empties the queue of the server that these tests share."""
    counted = {"retried_count": WHOLE}
    assert of(client.post("/api/queue/retry", json={"item_ids": []}), 200, counted) == {"retried_count": 0}
    named = [live.items["failed"], live.items["completed"]]
    assert of(client.post("/api/queue/retry", json={"item_ids": named, "force": True}), 200) == {"retried_count": 1}
    assert state_of(client, live.items["failed"]) == "pending"
    cleared = {"cleared_count": WHOLE}
    assert of(client.delete("/api/queue/pending"), 200, cleared) == {"cleared_count": 2}
    assert of(client.delete("/api/queue/failed"), 200, cleared) == {"cleared_count": 1}  # the cancelled one
    assert of(client.delete("/api/queue/completed"), 200, cleared) == {"cleared_count": 1}
    assert of(client.delete("/api/queue/completed"), 200, cleared) == {"cleared_count": 0}
    assert state_of(client, live.items["paused"]) == "paused"
