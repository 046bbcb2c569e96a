"""How every operation refuses: without a session, from elsewhere, with bad input, under a wrong name or method."""

from __future__ import annotations

import json
import re
from typing import Any

import httpx
import pytest

from tests.api.document import PROBLEM, Operation, check, document, operations
from tests.api.live import Live

ALL = list(operations())
GUARDED = [operation for operation in ALL if not operation.public]
UNSAFE = [operation for operation in ALL if operation.method != "GET"]
WITH_BODY = [operation for operation in ALL if operation.body is not None]
NAMED = [operation for operation in ALL if "{" in operation.path]
LISTS = [
    operation for operation in ALL if any(given["name"] == "limit" for given in operation.spec.get("parameters", []))
]
PUBLIC = {"authStatus", "health", "login", "ready", "setup"}


def ask(client: httpx.Client, operation: Operation, **options: Any) -> httpx.Response:
    if operation.body is not None and "content" not in options:
        options.setdefault("json", operation.body)
    return client.request(operation.method, operation.address(), **options)


def refused(answer: httpx.Response, status: int, code: str | None = None) -> dict[str, Any]:
    assert answer.status_code == status, (answer.request.url, answer.text)
    assert answer.headers["content-type"] == PROBLEM
    body: dict[str, Any] = answer.json()
    assert code is None or body["type"] == f"/problems/{code}", body
    return body


def test_what_needs_no_session_is_known() -> None:
    assert {operation.id for operation in ALL if operation.public} == PUBLIC
    assert len(GUARDED) >= 38


@pytest.mark.parametrize("operation", GUARDED, ids=lambda operation: operation.id)
def test_without_a_session(live: Live, stranger: httpx.Client, operation: Operation) -> None:
    """Whatever it carries instead of one, and before anything is said about what was asked."""
    forged = "eyJhbGciOiJub25lIn0.eyJzaWQiOiIwMTkzN2UyYy02ZjBhLTdjYzMtOWQyYi0xZjZhMGU1YjdjMTEifQ."
    for headers in (
        {},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer x"},
        {"Authorization": f"Bearer {forged}"},
        {"Authorization": f"Bearer {live.token[:-4]}AAAA"},
        {"Authorization": f"Basic {live.token}"},
        {"Authorization": live.token},
        {"X-Forwarded-For": "127.0.0.1", "X-Real-IP": "127.0.0.1"},
        {"If-None-Match": "*"},
    ):
        refused(ask(stranger, operation, headers=headers), 401, "unauthenticated")
    refused(stranger.request(operation.method, f"{operation.address()}?token={live.token}"), 401, "unauthenticated")
    if operation.body is not None:
        refused(ask(stranger, operation, content=b"{", headers={"Content-Type": "application/json"}), 401)


def test_the_document_needs_a_session(client: httpx.Client, stranger: httpx.Client) -> None:
    refused(stranger.get("/api/openapi.json"), 401, "unauthenticated")
    answer = client.get("/api/openapi.json")
    assert (answer.status_code, answer.json()) == (200, document())


@pytest.mark.parametrize("operation", UNSAFE, ids=lambda operation: operation.id)
def test_changes_asked_for_by_another_site(live: Live, operation: Operation) -> None:
    cookie = {"Cookie": f"aniworld_session={live.token}"}
    bearer = {"Authorization": f"Bearer {live.token}"}
    own = live.url
    with live.client(logged_in=False, event_hooks={"response": [check]}) as client:
        for sender in (cookie, bearer):
            for hint in (
                {"Sec-Fetch-Site": "cross-site"},
                {"Sec-Fetch-Site": "same-site"},
                {"Origin": "https://evil.example"},
                {"Origin": "null"},
                {"Origin": own + "0"},
                {"Origin": own.replace("127.0.0.1", "localhost")},
                {"Origin": own, "Sec-Fetch-Site": "cross-site"},
            ):
                refused(ask(client, operation, headers={**sender, **hint}), 403, "cross-site")
        if not operation.public:
            refused(ask(client, operation, headers=cookie), 403, "cross-site")


def test_what_a_browser_of_ours_and_a_program_send_is_fine(live: Live) -> None:
    with live.client(logged_in=False, event_hooks={"response": [check]}) as client:
        cookie = {"Cookie": f"aniworld_session={live.token}"}
        assert client.get("/api/queue", headers={**cookie, "Sec-Fetch-Site": "cross-site"}).status_code == 200
        for headers in (
            {**cookie, "Sec-Fetch-Site": "same-origin"},
            {**cookie, "Origin": live.url},
            {"Authorization": f"Bearer {live.token}"},
            {"Authorization": f"bearer {live.token}", "Origin": live.url},
        ):
            assert client.post("/api/queue/resume", headers=headers).status_code == 200, headers


@pytest.mark.parametrize("operation", ALL, ids=lambda operation: operation.id)
def test_under_a_name_that_is_not_ours(client: httpx.Client, operation: Operation) -> None:
    refused(ask(client, operation, headers={"Host": "evil.example"}), 421, "unknown-host")
    refused(ask(client, operation, headers={"Host": "a b"}), 400, "bad-host")


BROKEN = [
    b"",
    b"{",
    b"[]",
    b"null",
    b"0",
    b'"text"',
    b"\xff\xfe",
    b'{"\xff": 1}',
    b"{} {}",
    b'{"name": "\\ud800"}',
    b"[" * 100_000,
    b'{"a":' * 5_000 + b"1" + b"}" * 5_000,
    b'{"a": 1e999}',
    b'{"a": ' + b"9" * 5_000 + b"}",
    b'{"a": NaN}',
]


@pytest.mark.parametrize("operation", WITH_BODY, ids=lambda operation: operation.id)
def test_broken_bodies(client: httpx.Client, operation: Operation) -> None:
    takes_anything = operation.id == "validateConfig"
    for body in BROKEN:
        answer = ask(client, operation, content=body, headers={"Content-Type": "application/json"})
        if takes_anything and answer.status_code == 200:
            assert answer.json()["valid"] is False, body[:40]
        elif len(body) > 65_536 and "/auth/" in operation.path:
            refused(answer, 413, "too-large")
        else:
            refused(answer, 400, "invalid-input")


@pytest.mark.parametrize("operation", WITH_BODY, ids=lambda operation: operation.id)
def test_fields_that_are_wrong(live: Live, client: httpx.Client, operation: Operation) -> None:
    """One wrong field in a body that is fine otherwise, each in turn."""
    good = operation.body
    values: list[Any] = [{"nested": [1]}, [[]], -1, 10**30, 1.5, "a\x00b", "x" * 10_000]
    wrongs = [{**good, "colour": "blue"}]
    for name in good:
        wrongs += [
            {**good, name: value} for value in values if type(value) is not type(good[name]) or isinstance(value, str)
        ]
    for wrong in wrongs:
        answer = ask(client, operation, json=wrong)
        if operation.id == "validateConfig":
            assert answer.json()["valid"] is False, wrong
        elif operation.id == "previewNames" and answer.status_code == 200:
            assert answer.json()["errors"], wrong
        else:
            problem = refused(answer, 400)
            assert problem["errors"], wrong


@pytest.mark.parametrize("operation", UNSAFE, ids=lambda operation: operation.id)
def test_bodies_that_are_no_json(client: httpx.Client, operation: Operation) -> None:
    body = json.dumps(operation.body or {}).encode()
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/json", ""):
        headers = {"Content-Type": kind}
        refused(ask(client, operation, content=body, headers=headers), 415, "unsupported-media-type")


@pytest.mark.parametrize("operation", WITH_BODY, ids=lambda operation: operation.id)
def test_bodies_that_are_too_large(client: httpx.Client, operation: Operation) -> None:
    answer = ask(client, operation, content=b" " * (4 * 1024 * 1024 + 1), headers={"Content-Type": "application/json"})
    refused(answer, 413, "too-large")


@pytest.mark.parametrize("operation", NAMED, ids=lambda operation: operation.id)
def test_names_that_nobody_has(client: httpx.Client, operation: Operation) -> None:
    names = re.findall(r"\{(\w+)\}", operation.path)
    for value in (
        "nobody",
        "%00",
        "a%00b",
        "%ff",
        "..%2f..%2fetc%2fpasswd",
        "..%5c..",
        "x" * 201,
        "%F0%9F%90%88",
        "-1",
    ):
        address = operation.address(**{names[0]: value})
        refused(client.request(operation.method, address, json=operation.body), 404)


def test_addresses_that_lead_nowhere(client: httpx.Client, stranger: httpx.Client) -> None:
    for path in ("/api", "/api/", "/api/unknown", "/api/anime/a/b/c", "/api/queue/items", "/api/auth", "/api/../api/x"):
        for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
            answer = client.request(method, path)
            assert answer.status_code in (404, 405), (method, path)
            refused(answer, answer.status_code)
            assert stranger.request(method, path).status_code in (401, 404, 405)


@pytest.mark.parametrize("path", sorted(document()["paths"]))
def test_methods_that_are_not_there(client: httpx.Client, path: str) -> None:
    there = {method.upper() for method in document()["paths"][path]}
    address = next(operation for operation in ALL if operation.path == path).address().partition("?")[0]
    shadowed = {"/api/queue/{item_id}": set(), "/api/anime/add": {"GET", "PATCH", "DELETE"}}.get(path, set())
    for method in {"GET", "POST", "PUT", "PATCH", "DELETE", "TRACE", "PROPFIND"} - there - shadowed:
        answer = client.request(method, address)
        problem = refused(answer, 405, "method-not-allowed")
        assert problem["detail"]
        assert there <= {allowed.strip() for allowed in answer.headers["allow"].split(",")}, method
    options = client.options(address)
    assert (options.status_code, options.content) == (204, b"")
    assert there <= {allowed.strip() for allowed in options.headers["allow"].split(",")}


@pytest.mark.parametrize("operation", LISTS, ids=lambda operation: operation.id)
def test_limits_of_lists(client: httpx.Client, operation: Operation) -> None:
    def page(**query: Any) -> httpx.Response:
        return client.get(operation.address(), params=query)

    for limit in ("0", "-1", "501", "abc", "", "1.5", "99999999999999999999", "true", "٣"):
        assert refused(page(limit=limit), 400)["errors"][0]["field"] == "limit"
    assert page(limit=500).status_code == 200
    assert page(limit=1).status_code == 200
    if operation.id == "queueStatus":
        return
    first = page().json()
    assert (first["limit"], first["offset"]) == (100, 0)
    short = page(limit=1).json()
    assert (short["limit"], len(short["items"]), short["total"]) == (1, 1, first["total"])
    second = page(limit=1, offset=1).json()
    assert second["items"] == first["items"][1:2]
    beyond = page(offset=1_000_000).json()
    assert (beyond["items"], beyond["total"], beyond["offset"]) == ([], first["total"], 1_000_000)
    for offset in ("-1", "abc", "", "99999999999999999999"):
        assert refused(page(offset=offset), 400)["errors"][0]["field"] == "offset"


def test_values_of_queries_that_are_not_there(client: httpx.Client) -> None:
    for path, field in (
        ("/api/anime?filter=other", "filter"),
        ("/api/anime?status=other", "status"),
        ("/api/anime?sort=id;drop", "sort"),
        ("/api/anime?order=up", "order"),
        (f"/api/anime?q={'x' * 201}", "q"),
        ("/api/anime?q=%00", "q"),
        ("/api/queue?status=running", "status"),
        ("/api/queue?series_key=%00", "series_key"),
        ("/api/search", "q"),
        ("/api/search?q=", "q"),
        ("/api/search?q=x&provider=nobody", "provider"),
        ("/api/search/cover?provider=sample", "url"),
        ("/api/events?topics=downloads,other", "topics"),
    ):
        assert [error["field"] for error in refused(client.get(path), 400)["errors"]] == [field], path


@pytest.mark.parametrize(
    "operation",
    [operation for operation in ALL if operation.method == "GET" and "304" in operation.spec["responses"]],
    ids=lambda operation: operation.id,
)
def test_what_a_client_has_already_is_not_sent_again(live: Live, client: httpx.Client, operation: Operation) -> None:
    folder = client.get("/api/library/unmatched").json()["items"][0]["id"]
    change = client.get("/api/library/organise/changes").json()["items"][0]["id"]
    address = operation.address(key=live.key, operation_id=_an_operation(client), folder_id=folder, change_id=change)
    if operation.id == "searchCover":
        address = client.get("/api/search", params={"q": "paper"}).json()["items"][0]["cover_url"]
    first = client.get(address)
    assert first.status_code == 200, first.text
    tag = first.headers["etag"]
    assert re.fullmatch(r'(W/)?"[0-9a-f-]{8,}"', tag)
    for known in (tag, tag.removeprefix("W/"), f'"other", {tag}'):
        again = client.get(address, headers={"If-None-Match": known})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag), known
    other = client.get(address, headers={"If-None-Match": '"other"'})
    assert (other.status_code, other.content) == (200, first.content)


def _an_operation(client: httpx.Client) -> str:
    return str(client.get("/api/operations").json()["items"][0]["id"])


def test_every_get_answer_can_be_known_but_the_streams() -> None:
    without = {
        operation.id
        for operation in ALL
        if operation.path.startswith("/api") and operation.method == "GET" and "304" not in operation.spec["responses"]
    }
    assert without == {"streamEvents", "streamSearch"}


def test_without_an_anime_directory(live: Live, client: httpx.Client) -> None:
    """What needs it says that it is not there, and when to ask again; everything else goes on."""
    library = "/api/config/section/library"
    assert client.patch(library, json={"anime_directory": None}).status_code == 200
    try:
        answer = client.delete(f"/api/anime/{live.key}", params={"delete_files": "true"})
        refused(answer, 503, "no-anime-directory")
        assert int(answer.headers["retry-after"]) >= 1
        refused(client.get(f"/api/anime/{live.key}/images/poster"), 404)
        assert client.get("/health/ready").json()["anime_directory"]["status"] == "not_configured"
        assert client.get(f"/api/anime/{live.key}").status_code == 200
        assert client.get("/api/queue/status").status_code == 200
    finally:
        assert client.patch(library, json={"anime_directory": str(live.anime)}).status_code == 200
    assert client.get("/health/ready").status_code == 200


def test_numbers_and_truths_are_what_they_look_like(client: httpx.Client) -> None:
    """Text is no number and a number is no truth; but 1.0 is a whole number, as JSON has it."""
    for episode, status in ((1, 404), (1.0, 404), ("1", 400), (True, 400), (1.5, 400), (None, 400)):
        body = {"series_key": "nobody", "episodes": [{"season": 1, "episode": episode}]}
        assert client.post("/api/queue/add", json=body).status_code == status, episode
    values: list[Any] = [0, 1, "true", "", None, []]
    for force in values:
        answer = client.post("/api/queue/retry", json={"force": force})
        assert [error["field"] for error in refused(answer, 400)["errors"]] == ["force"], force
