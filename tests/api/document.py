"""Holds answers to the OpenAPI document: the status, the headers, the type and every field must be as it says."""

from __future__ import annotations

import copy
import functools
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from jsonschema_rs import Draft202012Validator

from aniworld.app import create_app
from aniworld.config.settings import Settings
from aniworld.openapi import openapi_json

PROBLEM = "application/problem+json"
_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}")
_UTC = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,6})?Z")
_INSIDES = re.compile(r"Traceback|File \\\"|site-packages|\.py\b|sqlalchemy|sqlite3|asyncpg|/data/|0x[0-9a-f]{6}")


@dataclass(frozen=True)
class Operation:
    """One operation of the document."""

    method: str
    path: str
    id: str
    spec: dict[str, Any]

    @property
    def public(self) -> bool:
        """Whether it says that it needs no session."""
        return not self.path.startswith("/api") or {} in self.spec["security"]

    @property
    def body(self) -> Any:
        """The example of its body; None: it takes none."""
        content = self.spec.get("requestBody", {}).get("content", {})
        return content["application/json"]["example"] if content else None

    def address(self, **values: str) -> str:
        """Its address, with values for the names in it and for the query that it must have."""
        known = {
            "key": "no-such-series",
            "item_id": "01937e2c-6f0a-7cc3-9d2b-1f6a0e5b7c11",
            "session_id": "01937e2c-6f0a-7cc3-9d2b-1f6a0e5b7c11",
            "operation_id": "no-such-operation",
            "folder_id": "01937e2c-6f0a-7cc3-9d2b-1f6a0e5b7c11",
            "conflict_id": "01937e2c-6f0a-7cc3-9d2b-1f6a0e5b7c11",
            "change_id": "01937e2c-6f0a-7cc3-9d2b-1f6a0e5b7c11",
            "season": "1",
            "episode": "1",
            "kind": "poster",
            "name": "library",
            "service": "tmdb",
            "provider": "sample",
            **values,
        }
        required = [p["name"] for p in self.spec.get("parameters", []) if p["in"] == "query" and p["required"]]
        query = {"q": "lanterns", "provider": "sample", "url": "http://127.0.0.1/cover.jpg", "name": "Show.mkv"}
        asked = "&".join(f"{name}={query[name]}" for name in required)
        return self.path.format_map(known) + (f"?{asked}" if asked else "")


@functools.cache
def document() -> dict[str, Any]:
    """What the code says."""
    loaded: dict[str, Any] = json.loads(openapi_json(create_app(Settings(data_dir=Path("unused")))))
    return loaded


def operations() -> Iterator[Operation]:
    """Every operation."""
    for path, methods in document()["paths"].items():
        for method, spec in methods.items():
            yield Operation(method.upper(), path, spec["operationId"], spec)


@functools.cache
def _strict_schemas() -> dict[str, Any]:
    """The schemas; what the document does not name must not be in an answer."""
    schemas: dict[str, Any] = copy.deepcopy(document()["components"]["schemas"])
    for schema in schemas.values():
        schema.setdefault("additionalProperties", False)
    return schemas


@functools.cache
def _validator(schema: str) -> Draft202012Validator:
    return Draft202012Validator(
        {**json.loads(schema), "components": {"schemas": _strict_schemas()}}, validate_formats=True
    )


def validate(schema: dict[str, Any], value: Any) -> list[str]:
    """What is wrong with a value."""
    return [str(error) for error in _validator(json.dumps(schema, sort_keys=True)).iter_errors(value)]


def operation_of(method: str, path: str) -> Operation | None:
    """The operation that a request is for."""
    plain = path.rstrip("/") or "/"
    paths = [template for template in document()["paths"] if _template(template).fullmatch(plain)]
    template = min(paths, key=lambda path: path.count("{"), default=None)
    return next((found for found in operations() if (found.method, found.path) == (method, template)), None)


@functools.cache
def _template(path: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\\{[^}]+\\}", "[^/]+", re.escape(path)))


def strings(value: Any) -> Iterator[str]:
    """Every text in a value."""
    if isinstance(value, str):
        yield value
    for child in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from strings(child)


def check(answer: httpx.Response) -> None:
    """Fail unless the answer is as the document says; for hooks of a client."""
    answer.read()
    where = f"{answer.request.method} {answer.request.url.raw_path.decode()[:80]} -> {answer.status_code}"
    kind = answer.headers.get("content-type", "").partition(";")[0]
    body = answer.json() if kind in ("application/json", PROBLEM) and answer.content else None
    if answer.status_code >= 400 and not answer.request.url.path.startswith("/health"):
        assert kind == PROBLEM, where
        if body is not None:  # a HEAD has none
            check_problem(answer.status_code, body)
    if answer.status_code in (429, 503):
        assert int(answer.headers["retry-after"]) >= 1, where
    if answer.request.url.path != "/api/openapi.json":
        for text in strings(body):
            assert not _MOMENT.match(text) or _UTC.fullmatch(text), f"{where}: {text}"
            assert not _INSIDES.search(text), f"{where}: {text}"
    operation = operation_of(answer.request.method, answer.request.url.path)
    if operation is None:
        return
    documented = operation.spec["responses"].get(str(answer.status_code))
    assert documented is not None, f"{where} is not documented: {answer.text[:300]}"
    for name in documented.get("headers", {}):
        assert name in answer.headers, f"{where} has no {name}"
    content = documented.get("content", {})
    if not content:
        assert answer.content == b"", where
        return
    schema = next((media["schema"] for name, media in content.items() if _matches(kind, name)), None)
    assert schema is not None, f"{where}: {kind}"
    if body is not None:
        assert validate(schema, body) == [], where


def check_problem(status: int, body: Any) -> None:
    """RFC 9457, as the contract has it."""
    assert body["status"] == status
    assert re.fullmatch(r"/problems/[a-z0-9-]+", body["type"]), body
    assert body["title"], body
    assert body["detail"], body
    if body["type"] == "/problems/invalid-input":
        assert body["errors"], body
        assert all(set(error) == {"field", "message"} for error in body["errors"])


def _matches(kind: str, documented: str) -> bool:
    return kind == documented or (documented.endswith("/*") and kind.startswith(documented[:-1]))
