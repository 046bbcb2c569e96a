"""The OpenAPI document: what the routes say, the errors that each may answer with, and an example of every body."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

import msgspec
from litestar import Litestar, MediaType, Request, Router
from litestar.handlers import HTTPRouteHandler
from litestar.openapi import ResponseSpec
from litestar.openapi.plugins import OpenAPIRenderPlugin
from litestar.plugins.base import ReceiveRoutePlugin
from litestar.routes import BaseRoute, HTTPRoute

from aniworld.access.guards import require_session
from aniworld.api import PROBLEM_JSON, TITLES, Problem
from aniworld.kit.schema import Input

_NOT_THERE = ("addToQueue", "reorderQueue", "searchCover")
"""Operations that answer 404 although their address holds no name."""
_IN_CONFLICT = (
    "acceptFolder", "addAnime", "cancelOperation", "changePassword",
    "checkMetadataService", "checkProvider", "deleteAnime", "getOrganisePreview",
    "login", "organiseLibrary", "pauseQueueItem", "previewOrganise",
    "restoreAnime", "resumeQueueItem", "setup", "undoOrganiseChange",
    "updateAnime",
)  # fmt: skip
_THROTTLED = ("changePassword", "login", "setup")

_ANSWERS = {
    200: "Done; this is how it is now",
    201: "It is made",
    202: "Accepted; it goes on in the background",
    204: "Done; there is nothing to tell",
}


class ProblemResponses(ReceiveRoutePlugin):
    """Documents the errors of every operation, so that no route has to repeat them."""

    def receive_route(self, route: BaseRoute) -> None:
        """Add the error answers to the handlers of a documented route."""
        if not isinstance(route, HTTPRoute):
            return
        for handler in route.route_handlers:
            if not handler.resolve_include_in_schema():
                continue
            documented = {
                status: ResponseSpec(
                    Problem,
                    media_type=PROBLEM_JSON,
                    description=TITLES[status][1],
                    generate_examples=False,
                )
                for status in sorted(_statuses(route, handler))
            }
            handler.responses = {**documented, **(handler.responses or {})}


def _statuses(route: HTTPRoute, handler: HTTPRouteHandler) -> set[int]:
    found = {400, 421, 500}
    if not route.path.startswith("/api"):
        return found
    name = handler.operation_id
    found.add(503)  # the session is looked up in the database
    if not handler.opt.get("public") or name == "login":
        found.add(401)
    if not handler.http_methods <= {"GET"}:
        found |= {403, 415}
    if handler.parsed_data_field is not None:
        found.add(413)
    if "{" in route.path_format or name in _NOT_THERE:
        found.add(404)
    if name in _IN_CONFLICT:
        found.add(409)
    if name in _THROTTLED:
        found.add(429)
    return found


class JsonDocument(OpenAPIRenderPlugin):
    """Serves the document as it is, without a page that would load scripts from elsewhere."""

    def __init__(self) -> None:
        super().__init__(path="/", media_type=MediaType.JSON)
        self._document: bytes | None = None

    def render(self, request: Request[Any, Any, Any], openapi_schema: dict[str, Any]) -> bytes:
        """What this server offers, at the address under which it is reached."""
        if self._document is None:
            self._document = openapi_json(request.app, request.scope.get("root_path", ""))
        return self._document


def document_router() -> Router:
    """Where the document is; like everything else under ``/api`` it needs a session."""
    return Router("/api/openapi.json", route_handlers=[], guards=[require_session], include_in_schema=False)


def openapi_json(app: Litestar, root_path: str = "") -> bytes:
    """The document, the same bytes each time."""
    document = app.openapi_schema.to_schema()
    document["servers"] = [{"url": root_path or "/"}]
    schemas = document["components"]["schemas"]
    _say_what_is_checked(schemas)
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            _finish(operation, schemas, asks=method == "get", tagged=method == "get" and path.startswith("/api"))
    _whole_limits(document)
    return msgspec.json.format(msgspec.json.encode(document, order="deterministic"), indent=2)


def _finish(operation: dict[str, Any], schemas: dict[str, Any], *, asks: bool, tagged: bool) -> None:
    """Complete one operation: headers, examples, plain words."""
    name = operation["operationId"]
    for media_type, media in operation.get("requestBody", {}).get("content", {}).items():
        if media_type.endswith("json"):
            media["example"] = _BODIES.get(name) or example(media["schema"], schemas)
    for code, response in list(operation["responses"].items()):
        status = int(code)
        content = response.get("content", {})
        if response["description"] == HTTPStatus(status).description:
            response["description"] = "What was asked for" if asks else _ANSWERS[status]
        if status == 204:
            response.pop("content", None)
            continue
        for media_type, media in content.items():
            if media_type == PROBLEM_JSON:
                media["example"] = _problem_example(name, status)
            elif media_type.endswith("json"):
                media["example"] = example(media["schema"], schemas)
            elif media_type.startswith("image/"):
                media["schema"] = {"type": "string", "format": "binary"}
            elif media_type == "text/event-stream":
                media["example"] = _STREAMS[name]
        if status in (429, 503):
            response["headers"] = {"Retry-After": _header("Seconds after which to ask again", {"type": "integer"})}
        if tagged and status == 200 and content.keys() & {"application/json", "image/*"}:
            response["headers"] = {"ETag": _header("Send it back as If-None-Match", {"type": "string"})}
            operation["responses"]["304"] = {"description": "Nothing has changed since the ETag that was sent"}


def _header(description: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"description": description, "required": True, "schema": schema}


def _say_what_is_checked(schemas: dict[str, Any]) -> None:
    """Give the schemas all the limits that the code holds inputs to, and outputs the fields that are always there."""
    structs = {struct.__name__: struct for struct in _subclasses(msgspec.Struct)}
    inputs = [struct for name in schemas if issubclass(struct := structs[name], Input)]
    _, checked = msgspec.json.schema_components(inputs, ref_template="#/components/schemas/{name}")
    for name, schema in schemas.items():
        if name in checked:
            schemas[name] = checked[name]
            for field in schemas[name]["properties"].values():
                # What can be left empty is a choice of two; what it means stands with the first.
                if "anyOf" in field and "description" in field["anyOf"][0]:
                    field["description"] = field["anyOf"][0].pop("description")
            continue
        struct = structs[name]
        schema["description"] = (struct.__doc__ or "").strip().partition("\n")[0]
        left_out = {field.name for field in msgspec.structs.fields(struct) if field.default is msgspec.UNSET}
        schema["required"] = sorted(schema["properties"].keys() - left_out)


def _subclasses(struct: type[msgspec.Struct]) -> list[type[msgspec.Struct]]:
    direct = struct.__subclasses__()
    ours = [cls for cls in direct if cls.__module__.startswith("aniworld.")]
    return [*ours, *(deeper for cls in direct for deeper in _subclasses(cls))]


def _whole_limits(node: Any) -> None:
    """Whole numbers have whole limits."""
    if isinstance(node, dict):
        for name in ("minimum", "maximum"):
            limit = node.get(name)
            if isinstance(limit, float) and limit.is_integer() and node.get("type") == "integer":
                node[name] = int(limit)
    for child in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        _whole_limits(child)


_IDS = ["01937e2c-6f0a-7cc3-9d2b-1f6a0e5b7c11", "01937e2c-70b4-7e11-8a57-4c0d2f9e6b23"]

_BODIES: dict[str, Any] = {
    "chooseAnimeMetadata": {"id": "154587"},
    "organiseLibrary": {"token": "9f86d081884c7d659a2feaa0c55ad015", "series_keys": ["clockwork-garden"]},
    "patchConfigSection": {"languages": ["de", "ja+en"]},
    "updateAnime": {
        "name": "Clockwork Garden",
        "folder": "Clockwork Garden (2021)",
        "monitored": True,
        "languages": ["ja+en", "de"],
        "language_mode": "all",
        "sources": [{"provider": "sample", "provider_key": "clockwork-garden", "name": "Clockwork Garden"}],
    },
    "updateProvider": {"enabled": True, "position": 0},
    "validateConfig": {"downloads": {"slots": 3}},
}
"""By the operation, where the schema alone would not tell."""

_OBJECTS: dict[str, Any] = {
    "CandidateOut": {
        "key": "clockwork-garden",
        "name": "Clockwork Garden",
        "year": 2021,
        "confidence": 0.83,
        "reason": "similar",
    },
    "ParsedName": {
        "name": "[Group] Clockwork Garden - 05v2 [GerSub].mkv",
        "title": "Clockwork Garden",
        "year": None,
        "season": None,
        "episodes": [],
        "absolute": [5],
        "special": False,
        "kind": "episode",
        "version": 2,
        "group": "Group",
        "languages": ["ja+de"],
        "rule": "number after a dash",
    },
    "AuthStatus": {"setup_required": False, "authenticated": True, "expires_at": "2026-01-10T18:30:00Z"},
    "DownloadSeries": {"missing": True, "priority": "normal"},
    "EventsStatus": {"connections": 1, "topics": {"downloads": 1, "series": 1}},
    "FailedProvider": {"provider": "sample", "detail": "The source cannot be reached"},
    "FieldError": {"field": "downloads.slots", "message": "Expected `int` >= 1"},
    "HosterFailure": {
        "hoster": "Rivulet",
        "reason": "The host answered 404",
        "code": "source-gone",
        "source": "sample",
    },
    "Health": {"status": "healthy", "uptime_seconds": 86400.0},
    "MetadataServiceList": {"items": [], "orders": {"plot": ["tmdb", "source", "anilist"]}},
    "MetadataSection": {"tmdb_key": None, "tmdb_key_set": True, "languages": ["de", "en"]},
    "ProvidersSection": {"disabled": [], "allowed_hosts": ["nas.example:8096"]},
    "QueueHold": {
        "reason": "quiet-hours",
        "message": "Quiet hours: nothing is fetched",
        "until": "2026-01-10T05:00:00Z",
    },
    "QuietHours": {"days": ["sat", "sun"], "start": "22:00", "end": "06:00", "pause": False, "speed_limit": 1048576},
    "Readiness": {
        "status": "ready",
        "database": {"status": "ok", "detail": "sqlite"},
        "anime_directory": {"status": "ok", "detail": "writable"},
        "providers": {"status": "ok", "detail": "1 configured"},
        "workers": {"downloads": {"status": "ok", "detail": "running, restarted 0 times"}},
    },
    "Reorder": {"item_ids": _IDS},
    "Retry": {"item_ids": [], "force": False},
    "Validation": {
        "valid": False,
        "errors": [{"field": "downloads.slots", "message": "Expected `int` >= 1"}],
        "warnings": [],
    },
}
"""By the schema, where values must fit together."""

_STREAMS = {
    "streamEvents": (
        'id: 1767983400000001\nevent: series_added\ndata: {"type":"series_added","timestamp":"2026-01-09T18:30:00Z",'
        '"data":{"key":"clockwork-garden","name":"Clockwork Garden"}}\n\n'
    ),
    "streamSearch": (
        'event: answer\ndata: {"type":"answer","items":[],"failed_providers":[],"waiting":[]}\n\n'
        'event: done\ndata: {"type":"done"}\n\n'
    ),
}

_TELLING: dict[str, Any] = {
    "absolute": 5,
    "access_token": "eyJhbGciOiJIUzI1NiJ9.eyJzaWQiOiIwMTkzIn0.c2lnbmF0dXJl",
    "added_items": _IDS,
    "address": "192.168.1.20",
    "allowed_hosts": ["nas.example"],
    "anime_directory": "/srv/anime",
    "cover_url": "/api/search/cover?provider=sample&url=https%3A%2F%2Fcatalogue.example%2Fcover.jpg",
    "current": 3,
    "current_password": "correct horse battery",
    "description": "A gardener winds the flowers up each morning.",
    "downloaded_bytes": 206158430,
    "downloaded_episodes": 12,
    "duration": 1440.0,
    "episode": 5,
    "error": None,
    "error_code": None,
    "error_message": None,
    "eta_seconds": 16,
    "file_path": "Clockwork Garden (2021)/Season 01/Clockwork Garden (2021) - S01E05 - The Brass Seed.mkv",
    "file_size": 412316860,
    "finished_at": None,
    "folder": "Clockwork Garden (2021)",
    "genres": ["Adventure", "Mystery"],
    "hoster": "Streamline",
    "hosters": ["Streamline"],
    "key": "clockwork-garden",
    "language": "ja+en",
    "languages": ["ja+en", "de"],
    "limit": 100,
    "loading_error": None,
    "loading_status": "completed",
    "max_height": 1080,
    "message": "Complete",
    "missing_episodes": 1,
    "name": "Clockwork Garden",
    "new_password": "a stable of other horses",
    "offset": 0,
    "password": "correct horse battery",
    "percent": 50.0,
    "position": 1024,
    "provider": "sample",
    "provider_key": "clockwork-garden",
    "queue_status": "completed",
    "reason": "already_downloaded",
    "result": None,
    "retry_at": None,
    "season": 1,
    "series_key": "clockwork-garden",
    "series_name": "Clockwork Garden",
    "setup_code": "ACDE-4679",
    "site": "https://catalogue.example/series/clockwork-garden",
    "speed": 12582912,
    "title": "The Brass Seed",
    "total": 1,
    "total_bytes": 412316860,
    "total_episodes": 13,
    "user_agent": "Firefox",
    "year": 2021,
}
"""Values that mean something, by the field's name."""

_FORMATS = {
    "date-time": "2026-01-09T18:30:00Z",
    "date": "2026-01-09",
    "uuid": _IDS[0],
}


def example(schema: dict[str, Any], schemas: dict[str, Any], name: str = "") -> Any:
    """A value that the schema allows, the same each time. ``name``: the field that holds it."""
    if "$ref" in schema:
        target = schema["$ref"].rpartition("/")[2]
        return _OBJECTS.get(target) or example(schemas[target], schemas)
    if "const" in schema:
        return schema["const"]
    choices = schema.get("oneOf") or schema.get("anyOf") or []
    kind = schema.get("type")
    if (
        name in _TELLING
        and kind != "boolean"
        and "enum" not in schema
        and not any("$ref" in part for part in (schema.get("items", {}), *choices))
    ):
        return _TELLING[name]
    if choices:
        return example(choices[0], schemas, name)
    if schema.get("default") is not None:
        return schema["default"]
    if kind == "object":
        return {field: example(value, schemas, field) for field, value in schema.get("properties", {}).items()}
    if kind == "array":
        return [example(schema["items"], schemas, name.removesuffix("s"))]
    if "enum" in schema:
        return schema["enum"][0]
    if schema.get("format") in _FORMATS:
        return _FORMATS[schema["format"]]
    if name == "id" or name.endswith("_id"):
        return _IDS[0]
    return {"boolean": True, "integer": schema.get("minimum", 0), "number": schema.get("minimum", 0.0)}.get(
        kind or "", name.replace("_", " ")
    )


def _problem_example(operation: str, status: int) -> dict[str, Any]:
    code, title = TITLES[status]
    if status == 400:
        wrong = "Object contains unknown field `colour`"
        return {
            "type": f"/problems/{code}",
            "title": title,
            "status": status,
            "detail": wrong,
            "errors": [{"field": "", "message": wrong}],
        }
    if (operation, status) == ("addAnime", 409):
        detail = "That series is in the library already, as clockwork-garden"
        title = "That series is in the library already"
        return {
            "type": "/problems/already-in-library",
            "title": title,
            "status": status,
            "detail": detail,
            "key": "clockwork-garden",
        }
    return {"type": f"/problems/{code}", "title": title, "status": status, "detail": title}
