"""The OpenAPI document: what the routes say, the errors that every one may answer with, and an example of each body."""

from typing import Any

import msgspec
from litestar import Litestar, MediaType, Request, Router
from litestar.openapi import ResponseSpec
from litestar.openapi.plugins import OpenAPIRenderPlugin
from litestar.plugins.base import ReceiveRoutePlugin
from litestar.routes import BaseRoute, HTTPRoute

from aniworld.access.guards import require_session
from aniworld.api import PROBLEM_JSON, TITLES, Problem

_COMMON = (400, 401, 403, 413, 415, 421, 429, 500, 503)
_CHANGING = (404, 409)


class ProblemResponses(ReceiveRoutePlugin):
    """Documents the errors of every operation, so that no route has to repeat them."""

    def receive_route(self, route: BaseRoute) -> None:
        """Add the error answers to the handlers of an API route."""
        if not isinstance(route, HTTPRoute) or not route.path.startswith("/api"):
            return
        for handler in route.route_handlers:
            wanted = {*_COMMON}
            if "{" in route.path_format or not handler.http_methods <= {"GET"}:
                wanted |= {404}
            if not handler.http_methods <= {"GET"}:
                wanted |= {*_CHANGING}
            documented = {
                status: ResponseSpec(
                    Problem,
                    media_type=PROBLEM_JSON,
                    description=TITLES[status][1],
                    generate_examples=False,
                )
                for status in sorted(wanted)
            }
            handler.responses = {**documented, **(handler.responses or {})}


class JsonDocument(OpenAPIRenderPlugin):
    """Serves the document as it is, without a page that would load scripts from elsewhere."""

    def __init__(self) -> None:
        super().__init__(path="/", media_type=MediaType.JSON)
        self._document: bytes | None = None

    def render(self, request: Request[Any, Any, Any], openapi_schema: dict[str, Any]) -> bytes:
        """What this server offers."""
        if self._document is None:
            self._document = openapi_json(request.app)
        return self._document


def document_router() -> Router:
    """Where the document is; like everything else under ``/api`` it needs a session."""
    return Router("/api/openapi.json", route_handlers=[], guards=[require_session], include_in_schema=False)


def openapi_json(app: Litestar) -> bytes:
    """The document, the same bytes each time."""
    document = app.openapi_schema.to_schema()
    schemas = document["components"]["schemas"]
    for path, operations in document["paths"].items():
        for operation in operations.values():
            bodies = [operation.get("requestBody", {}), *operation.get("responses", {}).values()]
            for content in (content for body in bodies for content in body.get("content", {}).items()):
                media_type, media = content
                if media_type.endswith("json") and "schema" in media:
                    media["example"] = example(media["schema"], schemas, path)
    return msgspec.json.format(msgspec.json.encode(document, order="deterministic"), indent=2)


_TELLING: dict[str, Any] = {
    "key": "clockwork-garden",
    "series_key": "clockwork-garden",
    "name": "Clockwork Garden",
    "series_name": "Clockwork Garden",
    "provider": "sample",
    "provider_key": "clockwork-garden",
    "folder": "Clockwork Garden (2021)",
    "year": 2021,
    "description": "A gardener winds the flowers up each morning.",
    "genres": ["Adventure", "Mystery"],
    "title": "The Brass Seed",
    "season": 1,
    "episode": 5,
    "language": "ja+en",
    "languages": ["ja+en", "de"],
    "hoster": "Streamline",
    "hosters": ["Streamline"],
    "file_path": "Clockwork Garden (2021)/Season 01/Clockwork Garden (2021) - S01E05 - The Brass Seed.mkv",
    "file_size": 412316860,
    "total_bytes": 412316860,
    "downloaded_bytes": 206158430,
    "percent": 50.0,
    "speed": 12582912,
    "eta_seconds": 16,
    "anime_directory": "/srv/anime",
    "password": "correct horse battery",
    "current_password": "correct horse battery",
    "new_password": "staple battery horse",
    "setup_code": "ACDE-4679",
    "access_token": "eyJhbGciOiJIUzI1NiJ9.eyJzaWQiOiIwMTkzIn0.c2lnbmF0dXJl",
    "token_type": "bearer",
    "address": "192.168.1.20",
    "user_agent": "Firefox",
    "allowed_hosts": ["nas.example"],
    "cover_url": "/api/search/cover?provider=sample&url=https%3A%2F%2Fcatalogue.example%2Fcover.jpg",
    "site": "https://catalogue.example/series/clockwork-garden",
    "error_message": None,
    "loading_error": None,
    "error": None,
    "limit": 100,
    "offset": 0,
    "total": 1,
}
"""Values that mean something, by the field's name."""

_FORMATS = {
    "date-time": "2026-01-09T18:30:00Z",
    "date": "2026-01-09",
    "uuid": "01937e2c-6f0a-7cc3-9d2b-1f6a0e5b7c11",
}


def example(schema: dict[str, Any], schemas: dict[str, Any], name: str = "", depth: int = 0) -> Any:
    """A value that the schema allows, the same each time."""
    if "$ref" in schema:
        return example(schemas[schema["$ref"].rpartition("/")[2]], schemas, name, depth + 1)
    if "const" in schema:
        return schema["const"]
    choices = schema.get("oneOf") or schema.get("anyOf")
    if choices is not None and not ("type" in schema or "properties" in schema):
        if name in _TELLING and all("$ref" not in choice for choice in choices):
            return _TELLING[name]
        return example(choices[0], schemas, name, depth)
    kind = schema.get("type")
    if kind == "object" or "properties" in schema:
        properties = schema.get("properties", {})
        return {key: example(value, schemas, key, depth + 1) for key, value in properties.items()}
    if "enum" in schema:
        return schema["enum"][0]
    if kind == "array":
        items = schema.get("items", {})
        if name in _TELLING and "$ref" not in items:
            return _TELLING[name]
        return [example(items, schemas, name.removesuffix("s"), depth + 1)]
    if schema.get("format") in _FORMATS:
        return _FORMATS[schema["format"]]
    if name in _TELLING:
        return _TELLING[name]
    if name == "id" or name.endswith(("_id", "_items")):
        return _FORMATS["uuid"]
    return {"boolean": True, "integer": schema.get("minimum", 0), "number": schema.get("minimum", 0.0)}.get(
        kind or "", name.replace("_", " ")
    )
