"""The OpenAPI document: complete, true to its own schemas, and the one that the clients are generated from."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, get_args

import httpx
import msgspec
import pytest

from aniworld.api import TITLES
from aniworld.app import create_app
from aniworld.config.settings import Settings
from aniworld.events.types import AppEvent
from aniworld.kit.schema import Input
from aniworld.openapi import openapi_json
from tests.api.document import PROBLEM, Operation, document, operations, validate
from tests.api.live import Live

COMMITTED = Path(__file__).parents[2] / "frontend" / "openapi.json"
ALL = list(operations())


def bodies(operation: Operation) -> list[tuple[str, dict[str, Any]]]:
    """(media type, media) of what goes in and comes out of an operation."""
    contents = [operation.spec.get("requestBody", {}), *operation.spec["responses"].values()]
    return [(kind, media) for content in contents for kind, media in content.get("content", {}).items()]


def test_the_committed_document_is_what_the_code_says() -> None:
    app = create_app(Settings(data_dir=Path("unused")))
    assert openapi_json(app) + b"\n" == COMMITTED.read_bytes(), "run ./just api"


def test_it_is_the_same_each_time() -> None:
    first, second = (openapi_json(create_app(Settings(data_dir=Path("unused")))) for _ in range(2))
    assert first == second


def test_the_server_names_the_path_under_which_it_is_reached() -> None:
    app = create_app(Settings(data_dir=Path("unused")))
    assert json.loads(openapi_json(app))["servers"] == [{"url": "/"}]
    assert json.loads(openapi_json(app, "/anime"))["servers"] == [{"url": "/anime"}]


def test_the_document_as_a_whole() -> None:
    assert document()["openapi"].startswith("3.1")
    assert document()["info"]["title"] == "Aniworld"
    assert set(document()["components"]["securitySchemes"]) == {"bearer", "cookie"}
    ids = [operation.id for operation in ALL]
    assert len(ids) == len(set(ids))
    for text in re.findall(r'"\$ref": "([^"]+)"', json.dumps(document())):
        assert text.rpartition("/")[2] in document()["components"]["schemas"], text


@pytest.mark.parametrize("operation", ALL, ids=lambda operation: operation.id)
def test_every_operation_tells_what_it_does(operation: Operation) -> None:
    spec = operation.spec
    assert re.fullmatch(r"[a-z][A-Za-z]+", operation.id)
    assert spec["summary"]
    assert not spec["summary"].endswith(".")
    assert len(spec["description"]) > 10
    assert spec["tags"]
    for parameter in spec.get("parameters", []):
        assert parameter["in"] == "path" or parameter["description"], parameter["name"]
    for status, response in spec["responses"].items():
        assert response["description"], status


@pytest.mark.parametrize("operation", ALL, ids=lambda operation: operation.id)
def test_every_operation_tells_how_it_refuses(operation: Operation) -> None:
    statuses = {int(status) for status in operation.spec["responses"]}
    expected = {400, 421, 500}
    if operation.path.startswith("/api"):
        expected |= {503} | (set() if operation.public else {401})
    if operation.method != "GET":
        expected |= {403, 415}
    if operation.body is not None:
        expected.add(413)
    if "{" in operation.path:
        expected.add(404)
    assert expected <= statuses
    assert 422 not in statuses
    assert len([status for status in statuses if status < 300]) == 1
    for status in statuses - {200, 201, 202, 204, 304}:
        content = operation.spec["responses"][str(status)]["content"]
        if operation.id == "ready" and status == 503:
            assert set(content) == {"application/json"}
            continue
        assert set(content) == {PROBLEM}, status
        given = content[PROBLEM]["example"]
        assert (given["status"], given["type"].startswith("/problems/")) == (status, True)
        assert (status == 400) == ("errors" in given)
    assert "Retry-After" in operation.spec["responses"].get("503", {}).get("headers", {"Retry-After": None})


@pytest.mark.parametrize("operation", ALL, ids=lambda operation: operation.id)
def test_every_json_body_has_an_example_that_its_schema_allows(operation: Operation) -> None:
    for kind, media in bodies(operation):
        if kind.endswith("json"):
            assert validate(media["schema"], media["example"]) == [], (kind, media["example"])


@pytest.mark.parametrize(
    "operation", [operation for operation in ALL if operation.body is not None], ids=lambda operation: operation.id
)
def test_what_the_examples_ask_for_is_understood(live: Live, client: httpx.Client, operation: Operation) -> None:
    """An example may name what this server does not have, but never be bad input."""
    if operation.id in ("changePassword", "setup"):
        return  # these would lock the other tests out; their schemas are held to above
    body = json.loads(json.dumps(operation.body).replace("/srv/anime", str(live.anime)))
    answer = client.request(operation.method, operation.address(key="one"), json=body)
    assert answer.status_code < 300 or answer.status_code in (404, 409), answer.text


def test_inputs_say_every_limit_that_they_are_held_to() -> None:
    """What the schema of an input allows is what the code allows."""
    schemas = document()["components"]["schemas"]
    inputs = {struct.__name__: struct for struct in _subclasses(Input)}
    found = [name for name in schemas if name in inputs]
    assert len(found) >= 15
    for name in found:
        assert schemas[name]["additionalProperties"] is False, name
        assert set(schemas[name]["properties"]) == set(inputs[name].__struct_encode_fields__), name
    assert schemas["EpisodeChoice"]["properties"]["language"]["anyOf"][0]["pattern"]
    assert schemas["LibrarySection"]["properties"]["languages"]["items"]["pattern"]
    slots = schemas["DownloadsSection"]["properties"]["slots"]
    assert (slots["minimum"], slots["maximum"], slots["default"]) == (1, 8, 2)


def test_outputs_say_that_all_their_fields_are_always_there() -> None:
    schemas = document()["components"]["schemas"]
    inputs = {struct.__name__ for struct in _subclasses(Input)}
    for name, schema in schemas.items():
        assert schema["description"], name
        if name not in inputs | {"Problem"}:
            assert set(schema["required"]) == set(schema["properties"]), name
    assert set(schemas["Problem"]["required"]) == {"type", "title", "status", "detail"}


def test_every_event_is_in_it() -> None:
    stream = next(operation for operation in ALL if operation.id == "streamEvents")
    media = stream.spec["responses"]["200"]["content"]["text/event-stream"]
    named = {choice["$ref"].rpartition("/")[2] for choice in media["schema"]["oneOf"]}
    assert named == {event.__name__ for event in get_args(AppEvent)}
    for event in get_args(AppEvent):
        schema = document()["components"]["schemas"][event.__name__]
        assert schema["properties"]["type"]["const"] == event.__struct_config__.tag
        assert set(schema["required"]) == {"type", "timestamp", "data"}
    data = next(line.removeprefix("data: ") for line in media["example"].split("\n") if line.startswith("data: "))
    assert validate({"$ref": "#/components/schemas/SeriesAdded"}, json.loads(data)) == []


def test_every_status_has_words() -> None:
    used = {int(status) for operation in ALL for status in operation.spec["responses"] if int(status) >= 400}
    assert used <= set(TITLES)


def _subclasses(struct: type[msgspec.Struct]) -> list[type[msgspec.Struct]]:
    return [found for cls in struct.__subclasses__() for found in (cls, *_subclasses(cls))]
