"""What the lists cost, beside a bare list of rows out of the same database. Prints figures in one run.

    python -m benchmarks.lists [--series 10000] [--seconds 3] [--rounds 3]

The real server, with authentication, on one processor; the client on the other. ``floor`` is an ASGI application that
reads 50 rows with aiosqlite and encodes them, nothing else. ``kept``: nothing is written meanwhile; ``written``: a
series changes ten times a second; ``made``: each request asks what was not asked before, by every order and filter.
"""

from __future__ import annotations

import argparse
import asyncio
import datetime as dt
import itertools
import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, get_args

from sqlalchemy import insert, update

from aniworld.db.base import new_id
from aniworld.db.engine import Database
from aniworld.downloads.models import QueueState
from aniworld.library.models import (
    Episode,
    EpisodeFile,
    EpisodeLanguage,
    Season,
    Series,
    SeriesGenre,
    SeriesLanguage,
)
from aniworld.library.types import SeriesSort
from benchmarks.server import Server, percentile, serving

_WORDS = "amber bell cinder drift ember fable garden harbour ink jade kettle lantern meadow opal paper river".split()
_GENRES = [f"genre {number}" for number in range(25)]
_FLOOR = """
import aiosqlite, msgspec, uvicorn
async def app(scope, receive, send):
    if scope["type"] != "http":
        return
    global connection
    connection = connection or await aiosqlite.connect({path!r})
    rows = await connection.execute_fetchall(
        "SELECT key, name, provider, provider_key, folder, year, status, total_episodes, downloaded_episodes, "
        "missing_episodes, monitored, loading_status, created_at, updated_at, description, size "
        "FROM series WHERE deleted_at IS NULL ORDER BY name_folded, id LIMIT 50")
    body = msgspec.json.encode(rows)
    await send({{"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(body))]}})
    await send({{"type": "http.response.body", "body": body}})
connection = None
uvicorn.run(app, port={port}, lifespan="off", log_level="error", access_log=False, loop="uvloop", http="httptools")
"""


async def fill(path: Path, series: int) -> None:
    """Series as a large library has them, and one, ``long``, with 500 episodes."""
    chance = random.Random(1)
    moment = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    rows, genres, languages = [], [], []
    for number in range(series):
        id_, total = new_id(), chance.choice((12, 13, 24, 26, 52))
        there = chance.randint(0, total)
        name = f"{chance.choice(_WORDS)} {chance.choice(_WORDS)} {number}".title()
        chosen = chance.sample(_GENRES, 3)
        rows.append(
            {
                "id": id_,
                "key": f"series-{number}",
                "name": name,
                "name_folded": name.lower(),
                "provider": chance.choice(("one", "two", "three")),
                "provider_key": str(number),
                "folder": name,
                "folder_folded": name.lower(),
                "year": chance.choice((None, *range(1990, 2026))),
                "status": chance.choice(("ongoing", "completed", "unknown")),
                "description": "A boat is built of what the tide brings, and nobody knows for whom. " * 3,
                "genres": chosen,
                "total_episodes": total,
                "downloaded_episodes": there,
                "missing_episodes": total - there,
                "size": there * 300_000_000,
                "season_count": total // 12,
                "next_air_date": chance.choice((None, dt.date(2027, 1, 1 + number % 28))),
                "loading_status": "completed",
                "episodes_loaded": True,
                "counted_languages": "de,ja+de",
                "created_at": moment + dt.timedelta(minutes=number),
                "updated_at": moment + dt.timedelta(minutes=chance.randint(0, 10_000)),
            }
        )
        genres += [{"series_id": id_, "genre": genre} for genre in chosen]
        languages.append({"series_id": id_, "language": chance.choice(("de", "ja+de")), "episodes": there})
    long: dict[str, Any] = rows[series // 2]
    long |= {"key": "long", "total_episodes": 500, "downloaded_episodes": 500, "missing_episodes": 0}
    ids = [new_id() for _ in range(500)]
    db = Database(f"sqlite+aiosqlite:///{path}")
    async with db.write() as session:
        await session.execute(insert(Series), rows)
        await session.execute(insert(SeriesGenre), genres)
        await session.execute(insert(SeriesLanguage), languages)
        await session.execute(
            insert(Season), [{"id": new_id(), "series_id": long["id"], "season": n, "name": ""} for n in range(1, 21)]
        )
        await session.execute(
            insert(Episode),
            [
                {"id": id_, "series_id": long["id"], "season": 1 + n // 25, "episode": 1 + n % 25, "title": f"Part {n}"}
                for n, id_ in enumerate(ids)
            ],
        )
        both = [{"episode_id": id_, "language": language} for id_ in ids for language in ("de", "ja+de")]
        await session.execute(insert(EpisodeLanguage), both)
        await session.execute(
            insert(EpisodeFile),
            [
                {
                    "id": new_id(),
                    "path": f"Long/Season 01/Long - {n}.mkv",
                    "size": 300_000_000,
                    "created_at": moment,
                    **row,
                }
                for n, row in enumerate(both)
            ],
        )
    await db.close()


async def load(server: Server, paths: Iterator[str], *, clients: int, seconds: float) -> dict[str, float]:
    """Closed loop over plain sockets; latencies in ms, requests and server processor time."""
    host, port = server.url.removeprefix("http://").split(":")
    times: list[float] = []
    size = 0

    async def client() -> None:
        nonlocal size
        reader, writer = await asyncio.open_connection(host, int(port), limit=1 << 22)
        while time.perf_counter() < end:
            head = f"GET {next(paths)} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {server.token}\r\n\r\n"
            begin = time.perf_counter()
            writer.write(head.encode())
            answer = await reader.readuntil(b"\r\n\r\n")
            assert answer.startswith(b"HTTP/1.1 200"), answer
            length = int(answer.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
            await reader.readexactly(length)
            times.append((time.perf_counter() - begin) * 1000)
            size = length
        writer.close()

    begin, before = time.perf_counter(), server.cpu()
    end = begin + seconds
    await asyncio.gather(*(client() for _ in range(clients)))
    wall, cpu = time.perf_counter() - begin, server.cpu() - before
    return {
        "per_second": len(times) / wall,
        "p50": statistics.median(times),
        "p99": percentile(times, 0.99),
        "cpu_ms": cpu * 1000 / len(times),
        "kb": size / 1000,
    }


async def writing(path: Path, pause: float) -> None:
    """Another process's commits: a series changes again and again."""
    db = Database(f"sqlite+aiosqlite:///{path}")
    try:
        for number in itertools.count():
            async with db.write() as session:
                year = 1990 + number % 30
                await session.execute(update(Series).where(Series.key == "series-1").values(year=year))
            await asyncio.sleep(pause)
    finally:
        await db.close()


async def queueing(path: Path, pause: float) -> None:
    """The queue's commits: a download goes on."""
    db = Database(f"sqlite+aiosqlite:///{path}")
    try:
        while True:
            async with db.write() as session:
                await session.execute(update(QueueState).values(paused=True))
            await asyncio.sleep(pause)
    finally:
        await db.close()


def anything(series: int) -> Iterator[str]:
    """Pages of 50 by every order and filter, hardly one twice."""
    chance = random.Random(2)
    filters = ("", "filter=missing", "status=ongoing", "genre=genre+1", "q=am+be", "language=de", "lacks_language=de",
               "provider=one&year_from=2000", "monitored=true&filter=complete")  # fmt: skip
    while True:
        sort, order = chance.choice(get_args(SeriesSort)), chance.choice(("asc", "desc"))
        offset = chance.randint(0, series // 4)
        yield f"/api/anime?limit=50&sort={sort}&order={order}&offset={offset}&{chance.choice(filters)}"


def typing() -> Iterator[str]:
    """What somebody types, letter by letter."""
    chance = random.Random(3)
    while True:
        words = f"{chance.choice(_WORDS)} {chance.choice(_WORDS)} {chance.randint(0, 99)}"
        for end in range(1, len(words)):
            yield f"/api/anime/facets?q={words[:end].replace(' ', '+')}"


def show(name: str, goal: str, runs: list[dict[str, float]]) -> None:
    """A line of medians."""
    middle = {key: statistics.median(run[key] for run in runs) for key in runs[0]}
    print(
        f"{name:34} {middle['per_second']:7.0f}/s  p50 {middle['p50']:6.2f}  p99 {middle['p99']:6.2f} ms"
        f"  {middle['cpu_ms']:6.2f} ms CPU  {middle['kb']:6.0f} kB   {goal}",
        flush=True,
    )


async def measure(series: int, seconds: float, rounds: int) -> None:
    """Everything, side by side."""
    with tempfile.TemporaryDirectory(dir="/dev/shm") as directory:
        prefix = ("taskset", "-c", "0")
        async with serving(Path(directory), prefix=prefix, reachable=True) as server:
            path = Path(directory) / "data" / "aniworld.db"
            await fill(path, series)
            port = int(server.url.rpartition(":")[2]) + 1
            code = _FLOOR.format(path=str(path), port=port)
            bare = await asyncio.create_subprocess_exec(*prefix, sys.executable, "-c", code)
            floor = Server(bare, f"http://127.0.0.1:{port}", server.client, "", 0)  # type: ignore[arg-type]
            await asyncio.sleep(1.5)
            series_change, often = partial(writing, path, 0.1), partial(writing, path, 0.01)
            queue_works = partial(queueing, path, 0.1)
            same: Callable[[str], Iterator[str]] = itertools.repeat
            pages = [f"/api/anime?limit=500&offset={offset}" for offset in range(0, 2000, 500)]
            cases: list[tuple[str, str, Server, Callable[[], Iterator[str]], int, Callable[[], Any] | None]] = [
                ("floor: 50 bare rows", "", floor, lambda: same("/"), 16, None),
                ("page of 50, kept", "p99 10, 2000/s", server, lambda: same("/api/anime?limit=50"), 16, None),
                (
                    "page of 50, written",
                    "p99 10, 2000/s",
                    server,
                    lambda: same("/api/anime?limit=50"),
                    16,
                    series_change,
                ),
                (
                    "page of 50, queue works",
                    "p99 10, 2000/s",
                    server,
                    lambda: same("/api/anime?limit=50"),
                    16,
                    queue_works,
                ),
                ("page of 50, made", "", server, lambda: anything(series), 16, None),
                ("500 of 2000, kept", "0.75 CPU", server, lambda: itertools.cycle(pages), 4, None),
                ("500 of 2000, written", "", server, lambda: itertools.cycle(pages), 4, series_change),
                ("500 episodes, kept", "p99 15", server, lambda: same("/api/anime/long"), 4, None),
                ("500 episodes, written", "p99 15", server, lambda: same("/api/anime/long"), 4, series_change),
                ("500 episodes, made", "p99 15", server, lambda: same("/api/anime/long"), 1, often),
                ("facets while typing, made", "", server, typing, 1, often),
            ]
            runs: dict[str, list[dict[str, float]]] = {}
            try:
                for _ in range(rounds):
                    for name, _goal, where, paths, clients, write in cases:
                        writer = None if write is None else asyncio.create_task(write())
                        run = await load(where, paths(), clients=clients, seconds=seconds)
                        runs.setdefault(name, []).append(run)
                        if writer is not None:
                            writer.cancel()
            finally:
                bare.kill()
                await bare.wait()
            print(f"{series} series; medians of {rounds} rounds; load {os.getloadavg()[0]:.1f}")
            for name, goal, *_ in cases:
                show(name, goal, runs[name])
            print(f"memory {server.memory()[0]:.0f} MiB")


def main() -> None:
    """Measure, tell."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--series", type=int, default=10_000)
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    import uvloop  # noqa: PLC0415 - as the server does

    os.sched_setaffinity(0, os.sched_getaffinity(0) - {0} or {0})  # the server has that one
    uvloop.run(measure(options.series, options.seconds, options.rounds))


if __name__ == "__main__":
    main()
