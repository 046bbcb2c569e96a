"""How fast series load in the background, and what others notice of it: a real server, services that take 50 ms.

    python -m benchmarks.loading [--rounds 3] [--series 1000] [--seconds 30] [--only burst,start]

``burst``  ten series are added at once: how long each answer takes at the server and at the client, when the last one
           is complete, how much more memory the server and its child processes take meanwhile, how long an event is on
           its way from a step to a reader
``start``  so many series are incomplete when the server starts: how fast its API is while they load

The services are those of the tests, in a process of their own; AniList counts its 30 requests a minute. The source is a
directory listing with the same titles, over a line that takes as long.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import datetime as dt
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import uvloop

from benchmarks.server import Server, percentile, serving

LATENCY = 0.05
"""Seconds before each answer of a service or the source."""
BURST = 10
_EPISODES = 12
_ROOT = Path(__file__).resolve().parents[2]
_SERVICES = "ANIWORLD_BENCHMARK_SERVICES"
"""Where the start script below finds the services; the program itself knows no such thing."""
_TAKEN = "x-taken"
_TMDB = "eyJhbGciOiJIUzI1NiJ9.made-up.token"
_FANART = "fedcba9876543210fedcba9876543210"
_PATHS = ("/api/anime?limit=50", "/api/queue/status", "/api/operations")


def start_with_services() -> None:
    """``aniworld serve`` with other services; what the server's process runs."""
    from aniworld import __main__, app  # noqa: PLC0415 - only in the server's process
    from aniworld.metadata.sources.api import Addresses  # noqa: PLC0415

    url = os.environ[_SERVICES]
    addresses = Addresses(
        anilist=f"{url}/graphql",
        tmdb=f"{url}/3",
        tmdb_pictures=f"{url}/t/p",
        fanart=f"{url}/v3.2",
        anime_lists=f"{url}/lists.json",
    )
    made = app.create_app

    def create(settings: Any) -> Any:
        whole = made(settings, addresses)
        whole.asgi_handler = timed(whole.asgi_handler)
        return whole

    app.__dict__["create_app"] = create
    __main__.main()


def timed(handler: Any) -> Any:
    """The same ASGI application, whose answers tell how many ms it took until they began."""

    async def handle(scope: Any, receive: Any, send: Any) -> None:
        begun = time.perf_counter()

        async def tell(message: Any) -> None:
            if message["type"] == "http.response.start":
                taken = f"{(time.perf_counter() - begun) * 1000:.3f}".encode()
                message = {**message, "headers": [*message["headers"], (_TAKEN.encode(), taken)]}
            await send(message)

        await handler(scope, receive, tell)

    return handle


# --- what is around the server ----------------------------------------------------------------------------------------


@contextlib.contextmanager
def beside(module: str, *arguments: str, directory: Path = _ROOT) -> Iterator[str]:
    """A process that prints where it serves."""
    path = os.pathsep.join((str(_ROOT), str(_ROOT / "backend")))
    process = subprocess.Popen(
        [sys.executable, "-m", module, *arguments],
        cwd=directory,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": path, "PYTHONUNBUFFERED": "1"},
    )
    assert process.stdout is not None
    try:
        yield process.stdout.readline().strip()
    finally:
        process.terminate()
        process.wait(10)


def make_listing(directory: Path, count: int) -> list[str]:
    """Folders with two seasons each, of the series that the services know; their names."""
    sys.path.insert(0, str(_ROOT))
    from tests.metadata.services.made import Made  # noqa: PLC0415 - the benchmark's own world, not installed

    names = []
    for number in range(count):
        made = Made(number)
        folder = directory / f"{made.title} ({made.year})"
        folder.mkdir(parents=True)
        names.append(folder.name)
        for season in range(1, made.seasons + 1):
            for episode in range(1, _EPISODES + 1):
                (folder / f"{made.title} S{season:02}E{episode:02}.mkv").touch()
    return names


@dataclass
class World:
    """Names of the series, and where everything answers."""

    names: list[str]
    source: str
    services: str
    root: Path

    @contextlib.asynccontextmanager
    async def server(self) -> AsyncIterator[Server]:
        """On the data below ``root``, which it keeps."""
        os.environ[_SERVICES] = self.services
        providers = self.root / "data" / "providers"
        providers.mkdir(parents=True, exist_ok=True)
        (providers / "measured.toml").write_text(
            'kind = "index"\nname = "measured"\ntitle = "Measured"\nlanguage = "de"\nrequests_per_second = 100\n'
            f'base_url = "{self.source}"\n'
        )
        command = ("-c", "from benchmarks.loading import start_with_services as main; main()", "serve")
        async with serving(self.root, command=command) as server:
            hosts = [url.split("/")[2] for url in (self.source, self.services)]
            for section, values in (
                ("providers", {"allowed_hosts": hosts}),
                ("metadata", {"tmdb_key": _TMDB, "fanart_key": _FANART}),
            ):
                (await server.client.patch(f"/api/config/section/{section}", json=values)).raise_for_status()
            yield server


@contextlib.contextmanager
def world(count: int) -> Iterator[World]:
    """A source and services that know so many series, and an empty place for the server."""
    with tempfile.TemporaryDirectory(dir="/dev/shm", prefix="loading-") as text:
        root = Path(text)
        names = make_listing(root / "listing", count)
        with (
            beside("benchmarks.origin", str(root / "listing")) as port,
            beside("tests.metadata.services.server", "--series", str(count), "--latency", str(LATENCY)) as services,
        ):
            yield World(names, f"http://127.0.0.1:{port}/rtt={LATENCY * 1000:.0f}/", services, root)


# --- ten at once ------------------------------------------------------------------------------------------------------


@dataclass
class Burst:
    """What was seen of one."""

    slowest: float
    """ms, of the answers to the additions, at the server."""
    slowest_seen: float
    """The same as the client sees them, which shares the processors with the server."""
    completed: float
    """Seconds until the last series was complete."""
    events: list[float]
    """ms, from what an event says to its arrival."""
    idle: float
    peak: float
    """MiB of the server."""
    children: float
    """MiB of all its child processes together at most, each page counted once (PSS)."""


async def burst(served: World) -> Burst:
    """Add ten, and wait for them."""
    async with served.server() as server:
        client = server.client
        (await client.get("/api/anime")).raise_for_status()
        delays: list[float] = []
        open_: set[str] = set()
        finished = asyncio.Event()
        states: dict[str, str] = {}
        listening = asyncio.Event()

        async def listen() -> None:
            async with client.stream("GET", "/api/events?topics=series") as stream:
                async for line in stream.aiter_lines():
                    listening.set()
                    if not line.startswith("data:") or "series_loading_update" not in line:
                        continue
                    event = json.loads(line[5:])
                    sent = dt.datetime.fromisoformat(event["timestamp"])
                    delays.append((dt.datetime.now(dt.UTC) - sent).total_seconds() * 1000)
                    states[event["data"]["key"]] = event["data"]["status"]
                    if open_ and all(states.get(key) in ("completed", "failed") for key in open_):
                        finished.set()

        reader = asyncio.create_task(listen())
        await asyncio.wait_for(listening.wait(), 10)
        await asyncio.sleep(1)
        idle = server.memory()[0]
        Path(f"/proc/{server.process.pid}/clear_refs").write_text("5")
        begun = time.perf_counter()

        more: list[float] = []
        watch = asyncio.create_task(most_of_children(server, more))

        async def add(name: str) -> tuple[str, float, float]:
            before = time.perf_counter()
            body = {"provider": "measured", "provider_key": name, "name": name}
            answer = await client.post("/api/anime/add", json=body)
            if answer.status_code != 202:
                raise RuntimeError(f"{name}: {answer.status_code} {answer.text}")
            return answer.json()["key"], float(answer.headers[_TAKEN]), (time.perf_counter() - before) * 1000

        added = await asyncio.gather(*(add(name) for name in served.names[:BURST]))
        open_ |= {key for key, _, _ in added}
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(finished.wait(), 60)
        completed = time.perf_counter() - begun
        reader.cancel()
        watch.cancel()
        for key in open_:
            told = (await client.get(f"/api/anime/{key}")).json()
            if told["loading_status"] != "completed" or not told["ids"].get("tmdb"):
                print(f"  {key}: {told['loading_status']}, ids {told['ids']}, {told['loading_error']}", file=sys.stderr)
        slowest = max(taken for _, taken, _ in added)
        seen = max(taken for _, _, taken in added)
        return Burst(slowest, seen, completed, delays, idle, peak(server), max(more, default=0.0))


async def most_of_children(server: Server, seen: list[float]) -> None:
    """Look every tenth of a second at what the server's child processes take, until cancelled."""
    while True:
        seen.append(await asyncio.to_thread(_children, server.process.pid))
        await asyncio.sleep(0.1)


def _children(parent: int) -> float:
    total = 0.0
    for listed in Path(f"/proc/{parent}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            for child in listed.read_text().split():
                rollup = Path(f"/proc/{child}/smaps_rollup").read_text()
                found = re.search(r"^Pss:\s+(\d+) kB", rollup, re.M)
                total += int(found.group(1)) / 1024 if found else 0.0
    return total


# --- many at a start --------------------------------------------------------------------------------------------------


async def incomplete(served: World) -> None:
    """Write rows as somebody's additions do, and load none of them."""
    from sqlalchemy import insert  # noqa: PLC0415

    from aniworld.config.settings import Settings  # noqa: PLC0415
    from aniworld.db.engine import Database  # noqa: PLC0415
    from aniworld.kit.clock import now  # noqa: PLC0415
    from aniworld.library.models import Series  # noqa: PLC0415

    async with served.server():
        pass  # makes the database
    database = Database(Settings(data_dir=served.root / "data").url)
    rows: list[dict[str, Any]] = [
        {
            "id": uuid.uuid4(),
            "key": f"measured-{number}",
            "name": name,
            "name_folded": name.casefold(),
            "provider": "measured",
            "provider_key": name,
            "counted_languages": "de",
            "load_priority": 0,
            "created_at": now(),
            "updated_at": now(),
        }
        for number, name in enumerate(served.names)
    ]
    async with database.write() as session:
        await session.execute(insert(Series), rows)
    await database.close()


async def start(served: World, seconds: float) -> dict[str, Any]:
    """The API while all of them load."""
    await incomplete(served)
    times: dict[str, list[float]] = {path: [] for path in _PATHS}
    async with served.server() as server:
        idle, end = server.memory()[0], time.perf_counter() + seconds

        async def ask(path: str) -> None:
            while time.perf_counter() < end:
                before = time.perf_counter()
                (await server.client.get(path)).raise_for_status()
                times[path].append((time.perf_counter() - before) * 1000)
                await asyncio.sleep(0.01)

        spent = server.cpu()
        await asyncio.gather(*(ask(path) for path in _PATHS))
        page = (await server.client.get("/api/anime?limit=1")).json()
        left = (await server.client.get("/api/anime?limit=1&filter=loading")).json()
        every = [one for answers in times.values() for one in answers]
        return {
            "p50_ms": round(percentile(every, 0.5), 1),
            "p99_ms": round(percentile(every, 0.99), 1),
            "slowest_ms": round(max(every), 1),
            "answers": len(every),
            "loaded": page["total"] - left["total"],
            "of": page["total"],
            "seconds": seconds,
            "processor": round((server.cpu() - spent) / seconds, 2),
            "more_mib": round(peak(server) - idle, 1),
        }


def peak(server: Server) -> float:
    """MiB that the server took at most since its start, or since that was forgotten."""
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    found = re.search(r"^VmHWM:\s+(\d+) kB", status, re.M)
    return int(found.group(1)) / 1024 if found else 0.0


def main() -> None:
    """Measure and tell."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--series", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--only", default="burst,start")
    options = parser.parse_args()
    print(f"load {os.getloadavg()[0]:.1f}, {os.cpu_count()} processors")
    if "burst" in options.only:
        seen: list[Burst] = []
        for _ in range(options.rounds):
            with world(BURST) as served:
                seen.append(uvloop.run(burst(served)))
        events = [delay for one in seen for delay in one.events]
        print(f"burst: {BURST} series, medians of {options.rounds} rounds (goal)")
        slowest = [
            statistics.median(values) for values in zip(*((one.slowest, one.slowest_seen) for one in seen), strict=True)
        ]
        print(f"  slowest 202     {slowest[0]:7.1f} ms  (50), {slowest[1]:.1f} at the client")
        print(f"  all complete    {statistics.median(one.completed for one in seen):7.2f} s   (10)")
        children = statistics.median(one.children for one in seen)
        more = statistics.median(one.peak - one.idle for one in seen)
        print(f"  memory more     {more:7.1f} MiB (40), child processes {children:.1f}")
        print(f"  event, p95      {percentile(events, 0.95):7.1f} ms  (100), {len(events)} events")
    if "start" in options.only:
        with world(options.series) as served:
            print(f"start: {json.dumps(uvloop.run(start(served, options.seconds)))} (p99: 100)")


if __name__ == "__main__":
    main()
