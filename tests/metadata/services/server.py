"""The server: three APIs, the pictures and the list of ids at one address. It misbehaves on demand.

``python -m tests.metadata.services.server --series 1000 --latency 0.05`` runs it for benchmarks.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import io
import json
import re
import time
from collections import Counter, deque
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from typing import Any, Literal
from urllib.parse import parse_qs, unquote

import uvicorn
from PIL import Image

from aniworld.metadata.sources.api import Addresses
from tests.metadata.services import made
from tests.metadata.services.made import Made

Fault = Literal["busy", "broken", "html", "off", "errors", "complex", "silent", "elsewhere", "huge", "wrong", "server"]
Messages = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
TMDB_TOKEN = "eyJhbGciOiJIUzI1NiJ9.made-up.token"
TMDB_KEY = "0123456789abcdef0123456789abcdef"
FANART_KEY = "fedcba9876543210fedcba9876543210"
GROUP = "5f0a1b2c3d4e5f6a7b8c"
"""Begins the id of each series' other order."""


class Services:
    """An ASGI application. Everything may be changed while it runs."""

    def __init__(self, series: int = 10, *, latency: float = 0.0) -> None:
        self.series = [Made(number) for number in range(series)]
        self.latency = latency
        self.url = ""
        """Where it serves; set by :func:`running`."""
        self.faults: dict[str, Fault] = {}
        """By service: ``anilist``, ``tmdb``, ``fanart``, ``lists``, ``pictures``."""
        self.times: dict[str, int] = {}
        """How often a fault still happens; for ever where it is not here."""
        self.limit: int | None = 30
        """What AniList allows in a minute; None: it does not count."""
        self.retry_after = 1
        self.most_together = 50
        """Entries that AniList gives in one answer before it finds the question too complex."""
        self.without_art: set[int] = set()
        """Ids of TheTVDB."""
        self.asked: list[tuple[str, str]] = []
        """(service, what)."""
        self._minute: deque[float] = deque()

    @property
    def addresses(self) -> Addresses:
        """For ``MetadataServices`` and ``create_app``."""
        return Addresses(
            anilist=f"{self.url}/graphql",
            tmdb=f"{self.url}/3",
            tmdb_pictures=f"{self.url}/t/p",
            fanart=f"{self.url}/v3.2",
            anime_lists=f"{self.url}/lists.json",
        )

    @property
    def host(self) -> str:
        """``host:port``, for the list of hosts that may be reached."""
        return self.url.removeprefix("http://")

    def count(self) -> Counter[str]:
        """Requests so far, by service."""
        return Counter(service for service, _ in self.asked)

    async def __call__(self, scope: dict[str, Any], receive: Messages, send: Send) -> None:
        """ASGI."""
        if scope["type"] == "lifespan":
            while (message := await receive())["type"] != "lifespan.shutdown":
                await send({"type": f"{message['type']}.complete"})
            await send({"type": "lifespan.shutdown.complete"})
            return
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        path = unquote(scope["path"])
        query = {name: values[-1] for name, values in parse_qs(scope["query_string"].decode()).items()}
        headers = {name.decode().lower(): value.decode() for name, value in scope["headers"]}
        service = _service(path)
        await asyncio.sleep(self.latency)
        self.asked.append((service, path if service != "anilist" else body.decode()))
        status, more, answer = await self._answer(service, path, query, headers, body)
        content = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        kind = more.pop("content-type", "application/json")
        fields = {"content-type": kind, "content-length": str(len(content)), **more}
        raw = [(name.encode(), value.encode()) for name, value in fields.items()]
        await send({"type": "http.response.start", "status": status, "headers": raw})
        await send({"type": "http.response.body", "body": content})

    async def _answer(
        self, service: str, path: str, query: dict[str, str], headers: dict[str, str], body: bytes
    ) -> tuple[int, dict[str, str], object]:
        fault = self.faults.get(service)
        if fault and service in self.times:
            self.times[service] -= 1
            if self.times[service] < 0:
                fault = None
        if fault == "silent":
            await asyncio.sleep(3600)
        if fault and fault not in ("complex", "wrong"):
            return self._fault(service, fault)
        if service == "pictures":
            return 200, {"content-type": "image/png"}, _picture(path)
        if service == "lists":
            return 200, {}, [line for series in self.series for line in made.ids(series)]
        if service == "anilist":
            return self._anilist(json.loads(body), fault)
        if service == "fanart":
            return self._fanart(path, headers)
        status, answer = self._tmdb(path, query, headers)
        return status, {}, _spoiled(answer) if fault == "wrong" else answer

    def _fault(self, service: str, fault: Fault) -> tuple[int, dict[str, str], object]:
        if fault == "busy":
            more = {"retry-after": str(self.retry_after)}
            if service == "tmdb":
                return 429, more, {"status_code": 25, "status_message": "Your request count is over the allowed limit."}
            return 429, more, {"data": None, "errors": [{"message": "Too Many Requests.", "status": 429}]}
        if fault == "off":
            return 403, {}, {"data": None, "errors": [{"message": "The API is disabled.", "status": 403}]}
        if fault == "errors":
            return 200, {}, {"data": None, "errors": [{"message": "Internal Server Error", "status": 500}]}
        if fault == "html":
            return 200, {"content-type": "text/html"}, b"<html><title>Checking your browser</title></html>"
        if fault == "broken":
            return 200, {}, b'{"data": {"Page": {"media": [{"id": 1'
        if fault == "elsewhere":
            return 302, {"location": f"{self.url}/t/p/w500/stolen.png"}, b""
        if fault == "huge":
            return 200, {}, b'"' + b"x" * (17 * 1024 * 1024) + b'"'
        return 500, {"content-type": "text/html"}, b"<h1>Internal Server Error</h1>"

    # --- AniList ------------------------------------------------------------------------------------------------

    def _anilist(self, asked: dict[str, Any], fault: Fault | None) -> tuple[int, dict[str, str], object]:
        now = time.monotonic()
        while self._minute and self._minute[0] < now - 60:
            self._minute.popleft()
        limit = self.limit or 10_000
        if len(self._minute) >= limit:
            return self._fault("anilist", "busy")
        self._minute.append(now)
        more = {"x-ratelimit-limit": str(limit), "x-ratelimit-remaining": str(limit - len(self._minute))}
        query, variables = asked["query"], asked["variables"]
        if "ids" in variables:
            if len(variables["ids"]) > self.most_together:
                errors = [{"message": "Max query complexity should be 500 but got 646.", "status": 400}]
                return 400, more, {"data": None, "errors": errors}
            found = [entry for id_ in variables["ids"] if (entry := self._entry(id_))]
            return 200, more, {"data": {"Page": {"media": _spoiled(found) if fault == "wrong" else found}}}
        pages = {alias: {"media": self._found(name)} for alias, name in variables.items()}
        assert all(f"{alias}:Page(" in query for alias in pages)
        return 200, more, {"data": pages or {"Page": {"media": [{"id": 1}]}}}

    def _entry(self, id_: int) -> dict[str, object] | None:
        number, season = divmod(id_ - 1_000, 10)
        known = 0 <= number < len(self.series) and 1 <= season <= self.series[number].seasons
        return made.media(self.series[number], season, self.url) if known else None

    def _found(self, name: str) -> list[dict[str, object]]:
        wanted = name.casefold()
        return [
            made.media(series, season, self.url)
            for series in self.series
            if any(title in wanted or wanted in title for title in (series.title.casefold(), series.romaji.casefold()))
            for season in range(1, series.seasons + 1)
        ][:10]

    # --- TMDB ---------------------------------------------------------------------------------------------------

    def _tmdb(self, path: str, query: dict[str, str], headers: dict[str, str]) -> tuple[int, object]:
        if headers.get("authorization") != f"Bearer {TMDB_TOKEN}" and query.get("api_key") != TMDB_KEY:
            said = "Invalid API key: You must be granted a valid key."
            return 401, {"success": False, "status_code": 7, "status_message": said}
        language = query.get("language", "en").partition("-")[0]
        if path == "/3/configuration":
            return 200, {"images": {"secure_base_url": f"{self.url}/t/p/"}}
        if path == "/3/search/tv":
            wanted = query["query"].casefold()
            hits = [made.result(series) for series in self.series if wanted in (
                series.title.casefold(), series.romaji.casefold(), series.native)]  # fmt: skip
            return 200, {"page": 1, "results": hits, "total_results": len(hits)}
        if found := re.fullmatch(r"/3/find/(\w+)", path):
            hits = [made.result(series) for series in self.series if str(series.tvdb) == found[1]]
            return 200, {"tv_results": hits, "movie_results": []}
        if found := re.fullmatch(rf"/3/tv/episode_group/{GROUP}(\d{{4}})", path):
            return 200, made.order(self.series[int(found[1])], f"{GROUP}{found[1]}")
        if (found := re.fullmatch(r"/3/tv/(\d+)", path)) and 0 <= int(found[1]) - 50_000 < len(self.series):
            series = self.series[int(found[1]) - 50_000]
            whole = made.show(series, language, f"{GROUP}{series.number:04d}")
            appended = query.get("append_to_response", "").split(",")
            assert len(appended) <= 20
            for name in appended:
                if number := re.fullmatch(r"season/(\d+)", name):
                    whole[name] = made.season(series, int(number[1]), language)
            return 200, whole
        return 404, {"success": False, "status_code": 34, "status_message": "The resource could not be found."}

    # --- fanart.tv ----------------------------------------------------------------------------------------------

    def _fanart(self, path: str, headers: dict[str, str]) -> tuple[int, dict[str, str], object]:
        if headers.get("api-key") != FANART_KEY:
            return 401, {}, {"status": "error", "error message": "Invalid API key"}
        tvdb = int(path.rpartition("/")[2])
        number = tvdb - 300_000
        if not 0 <= number < len(self.series) or tvdb in self.without_art:
            return 404, {}, {"status": "error", "error message": "Not found"}
        return 200, {}, made.art(self.series[number], self.url)


def _service(path: str) -> str:
    if path == "/graphql":
        return "anilist"
    return {"3": "tmdb", "v3.2": "fanart", "lists.json": "lists"}.get(path.split("/")[1], "pictures")


def _spoiled(value: Any) -> Any:
    """The answer with fields of other kinds than the documentation says; its lists also hold what is no entry."""
    if isinstance(value, dict):
        spoiled = {name: _spoiled(child) for name, child in value.items()}
        return spoiled | {
            name: [{"wrong": None}, 7]
            for name in ("overview", "vote_average", "synonyms", "genres", "air_date", "averageScore", "description")
            if name in spoiled
        }
    if isinstance(value, list):
        return [None, "what", {}, *(_spoiled(child) for child in value)]
    return value


def _picture(path: str) -> bytes:
    """A small picture, of another colour for each address."""
    out = io.BytesIO()
    seed = sum(path.encode()) % 256
    size = (300, 450) if "poster" in path or "season" in path else (320, 180)
    Image.new("RGB", size, (seed, 255 - seed, 128)).save(out, format="PNG")
    return out.getvalue()


@contextlib.asynccontextmanager
async def running(services: Services, *, port: int = 0) -> AsyncIterator[Services]:
    """Serve it on loopback, in this event loop."""
    config = uvicorn.Config(services, port=port, log_config=None, ws="none", timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    socket = config.bind_socket()
    services.url = f"http://127.0.0.1:{socket.getsockname()[1]}"
    task = asyncio.create_task(server.serve(sockets=[socket]))
    try:
        while not server.started:
            await asyncio.sleep(0.005)
        yield services
    finally:
        server.should_exit = True
        await task


async def _main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--series", type=int, default=100)
    parser.add_argument("--latency", type=float, default=0.05, help="seconds before each answer")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--no-limit", action="store_true", help="AniList does not count its requests")
    given = parser.parse_args()
    services = Services(given.series, latency=given.latency)
    services.limit = None if given.no_limit else services.limit
    async with running(services, port=given.port):
        print(services.url, flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_main())
