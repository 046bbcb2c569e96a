"""What the server costs and how fast it answers. Prints figures; a machine with other work to do prints worse ones.

    python -m benchmarks.server [--rounds 3] [--only start,idle,api,queue,events]

``start``  seconds from the command to the first healthy answer, also without any network
``idle``   memory (RSS, PSS) and processor share of a server that has nothing to do
``api``    latency of the lists with two downloads running
``queue``  adding 100 rows in one call, a page of 500 pending rows
``events`` fan-out to 500 readers, and to 1,000 of which a fifth never reads
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

PASSWORD = "only for measuring"


@dataclass
class Server:
    """A server in a process of its own, with a logged-in client."""

    process: subprocess.Popen[str]
    url: str
    client: httpx.AsyncClient
    token: str
    started: float

    def memory(self) -> tuple[float, float]:
        """RSS and PSS in MiB."""
        rollup = Path(f"/proc/{self.process.pid}/smaps_rollup").read_text()
        rss, pss = (re.search(rf"^{name}:\s+(\d+) kB", rollup, re.M) for name in ("Rss", "Pss"))
        assert rss is not None
        assert pss is not None
        return int(rss.group(1)) / 1024, int(pss.group(1)) / 1024

    def cpu(self) -> float:
        """Processor seconds so far."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(") ")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@asynccontextmanager
async def serving(
    root: Path,
    *,
    demo: bool = False,
    prefix: tuple[str, ...] = (),
    reachable: bool = False,
    command: tuple[str, ...] = (),
) -> AsyncIterator[Server]:
    """Run ``aniworld serve`` (or ``demo``, or what ``command`` gives to Python) on the data below ``root``.

    ``reachable``: no matter the ``prefix``.
    """
    data, anime = root / "data", root / "anime"
    anime.mkdir(parents=True, exist_ok=True)
    begin = time.perf_counter()
    what = command or ("-m", "aniworld", "demo" if demo else "serve")
    process = subprocess.Popen(
        [*prefix, sys.executable, *what, "--port", "0", "--data-dir", str(data)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    assert process.stdout is not None
    url = ""
    for line in process.stdout:
        if match := re.search(r"Aniworld runs at (\S+)", line):
            url = match.group(1)
            break
    if prefix and not reachable:  # inside a network namespace: not reachable from here, the printed line has to do
        started = time.perf_counter() - begin
        try:
            yield Server(process, url, httpx.AsyncClient(), "", started)
        finally:
            process.kill()
            process.wait()
        return
    async with httpx.AsyncClient(base_url=url, trust_env=False, timeout=60) as client:
        while (await client.get("/health")).status_code != 200:
            await asyncio.sleep(0.002)
        started = time.perf_counter() - begin
        await client.post("/api/auth/setup", json={"password": PASSWORD, "anime_directory": str(anime)})
        token = (await client.post("/api/auth/login", json={"password": PASSWORD})).json()["access_token"]
        client.cookies.clear()
        client.headers["Authorization"] = f"Bearer {token}"
        try:
            yield Server(process, url, client, token, started)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(20)


async def eventually(check: Callable[[], Awaitable[Any]]) -> Any:
    """The first truthy answer."""
    async with asyncio.timeout(60):
        while not (answer := await check()):
            await asyncio.sleep(0.05)
    return answer


def percentile(values: list[float], share: float) -> float:
    """The value below which ``share`` of them lie."""
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


async def start(rounds: int) -> dict[str, Any]:
    """Seconds from the command to healthy; the second figure in a namespace without any network."""
    times: dict[str, list[float]] = {"seconds": [], "seconds_without_network": []}
    with tempfile.TemporaryDirectory() as directory:
        async with serving(Path(directory)):
            pass  # makes the database and warms the caches
        for _ in range(rounds):
            async with serving(Path(directory)) as server:
                times["seconds"].append(server.started)
            if shutil.which("unshare") and os.geteuid() == 0:
                prefix = ("unshare", "-n", "sh", "-c", 'ip link set lo up 2>/dev/null; exec "$@"', "sh")
                async with serving(Path(directory), prefix=prefix) as server:
                    times["seconds_without_network"].append(server.started)
    return {name: round(statistics.median(values), 3) for name, values in times.items() if values}


async def idle(rounds: int) -> dict[str, Any]:
    """Memory and processor share with one login and one open event stream."""
    rss, pss, share = [], [], []
    for _ in range(rounds):
        with tempfile.TemporaryDirectory() as directory:
            async with serving(Path(directory)) as server, server.client.stream("GET", "/api/events") as stream:
                await anext(stream.aiter_bytes())
                await asyncio.sleep(2)
                before = server.cpu()
                await asyncio.sleep(8)
                share.append((server.cpu() - before) / 8 * 100)
                memory = server.memory()
                rss.append(memory[0])
                pss.append(memory[1])
    return {
        "rss_mib": round(statistics.median(rss), 1),
        "pss_mib": round(statistics.median(pss), 1),
        "cpu_percent": round(statistics.median(share), 2),
    }


async def _add_all(client: httpx.AsyncClient) -> list[str]:
    keys = []
    for slug in ("clockwork-garden", "paper-lanterns", "tide-and-ember"):
        body = {"provider": "sample", "provider_key": slug, "name": slug}
        keys.append((await client.post("/api/anime/add", json=body)).json()["key"])
    for key in keys:

        async def loaded(key: str = key) -> bool:
            answer = (await client.get(f"/api/anime/{key}/loading-status")).json()
            return bool(answer["loading_status"] == "completed")

        await eventually(loaded)
    return keys


async def api(rounds: int) -> dict[str, Any]:
    """Latency in ms of the two busiest lists while two downloads run."""
    figures: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as directory:
        async with serving(Path(directory), demo=True) as server:
            keys = await _add_all(server.client)
            for key in keys:
                await server.client.post(f"/api/anime/{key}/download", json={"missing": True})
            await server.client.post("/api/queue/start")

            async def active() -> bool:
                return len((await server.client.get("/api/queue/status")).json()["active_downloads"]) == 2

            await eventually(active)
            for path in ("/api/anime", "/api/queue/status"):
                times = []
                for _ in range(300 * rounds):
                    begin = time.perf_counter()
                    (await server.client.get(path)).raise_for_status()
                    times.append((time.perf_counter() - begin) * 1000)
                figures[path] = {
                    "p50_ms": round(percentile(times, 0.5), 2),
                    "p99_ms": round(percentile(times, 0.99), 2),
                }
            figures["rss_mib"] = round(server.memory()[0], 1)
    return figures


async def queue(rounds: int) -> dict[str, Any]:
    """ms for adding 100 rows in one call and for reading a page of 500 pending ones."""
    add, page = [], []
    with tempfile.TemporaryDirectory() as directory:
        async with serving(Path(directory)) as server:
            keys = _fill(Path(directory) / "data" / "aniworld.db", series=rounds + 5, episodes=100)
            for key in keys:
                body = {"series_key": key, "episodes": [{"season": 1, "episode": n} for n in range(1, 101)]}
                begin = time.perf_counter()
                answer = await server.client.post("/api/queue/add", json=body)
                add.append((time.perf_counter() - begin) * 1000)
                assert len(answer.json()["added_items"]) == 100, answer.text
            for _ in range(20 * rounds):
                begin = time.perf_counter()
                answer = await server.client.get("/api/queue", params={"status": "pending", "limit": 500})
                page.append((time.perf_counter() - begin) * 1000)
                assert len(answer.json()["items"]) == 500
    return {
        "add_100_ms": round(statistics.median(add), 1),
        "page_of_500_ms": round(statistics.median(page), 1),
        "page_of_500_p99_ms": round(percentile(page, 0.99), 1),
    }


def _fill(path: Path, *, series: int, episodes: int) -> list[str]:
    """Rows as the loader would have written them, straight into the database."""
    import sqlite3  # noqa: PLC0415
    import uuid  # noqa: PLC0415

    keys = []
    with sqlite3.connect(path, timeout=10) as db:
        for number in range(series):
            key, series_id, moment = f"measured-{number}", uuid.uuid4().hex, "2026-01-01 00:00:00.000000"
            columns = {row[1]: row[2] for row in db.execute("PRAGMA table_info(series)") if row[3] and row[4] is None}
            values: dict[str, Any] = {
                name: moment
                if "DATE" in kind or name.endswith("_at")
                else 0
                if "INT" in kind or "BOOL" in kind
                else "[]"
                if "JSON" in kind
                else key
                for name, kind in columns.items()
            }
            values |= {"id": series_id, "key": key, "name": key, "loading_status": "completed"}
            if "status" in values:
                values["status"] = "completed"
            marks = ", ".join("?" * len(values))
            db.execute(f"INSERT INTO series ({', '.join(values)}) VALUES ({marks})", list(values.values()))
            for episode in range(1, episodes + 1):
                episode_id = uuid.uuid4().hex
                db.execute(
                    "INSERT INTO episodes (id, series_id, season, episode, title) VALUES (?, ?, 1, ?, 'Title')",
                    (episode_id, series_id, episode),
                )
                db.execute("INSERT INTO episode_languages (episode_id, language) VALUES (?, 'de')", (episode_id,))
            keys.append(key)
    return keys


async def events(_rounds: int) -> dict[str, Any]:
    """Fan-out latency in ms of 50 events, from the call that causes one to each reader."""
    return {
        "500_readers": await _fan_out(500, 0),
        "1000_readers_200_stalled": await _fan_out(800, 200),
    }


async def _fan_out(readers: int, stalled: int, count: int = 50) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as directory:
        async with serving(Path(directory)) as server:
            host, port = server.url.removeprefix("http://").split(":")
            request = (
                f"GET /api/events?topics=system HTTP/1.1\r\nHost: {host}:{port}\r\n"
                f"Authorization: Bearer {server.token}\r\n\r\n"
            ).encode()
            arrivals: list[list[float]] = [[] for _ in range(readers)]
            connections = []
            for number in range(readers + stalled):
                reader, writer = await asyncio.open_connection(host, int(port), limit=1 << 20)
                writer.write(request)
                connections.append((reader, writer))
                if number < readers:
                    await reader.readuntil(b"welcome")

            async def read(number: int) -> None:
                reader = connections[number][0]
                while len(arrivals[number]) < count:
                    chunk = await reader.read(65536)
                    if not chunk:
                        return
                    arrivals[number].extend([time.perf_counter()] * chunk.count(b'"code":"config_changed"'))

            tasks = [asyncio.create_task(read(number)) for number in range(readers)]
            sent = []
            for number in range(count):
                sent.append(time.perf_counter())
                body = {"slots": 1 + number % 8}
                (await server.client.patch("/api/config/section/downloads", json=body)).raise_for_status()
                await asyncio.sleep(0.1)
            await asyncio.wait(tasks, timeout=20)
            # From the first arrival of each event: the call itself writes a file first.
            firsts = [min(times[n] for times in arrivals if len(times) > n) for n in range(count)]
            delays = [(t - firsts[n]) * 1000 for times in arrivals for n, t in enumerate(times)]
            lost = sum(count - len(times) for times in arrivals)
            for _reader, writer in connections:
                writer.close()
            return {
                "p50_ms": round(percentile(delays, 0.5), 1),
                "p99_ms": round(percentile(delays, 0.99), 1),
                "lost": lost,
                "rss_mib": round(server.memory()[0], 1),
            }


BENCHES = {"start": start, "idle": idle, "api": api, "queue": queue, "events": events}


def main() -> None:
    """Run the chosen benches and print one JSON line each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", default=",".join(BENCHES))
    options = parser.parse_args()
    for name in options.only.split(","):
        print(json.dumps({name: asyncio.run(BENCHES[name](options.rounds))}), flush=True)


if __name__ == "__main__":
    main()
