"""What the queue costs when it is long. Prints one JSON line for each kind of database.

    python -m benchmarks.queue [--rows 100000] [--rounds 5] [--only sqlite,postgresql]

A real server answers over loopback; ``add`` is one call with 10,000 episodes, everything else is measured with ``rows``
items in the queue, most of them pending. ``claim`` is what the engine does to take one, commit included.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import datetime as dt
import json
import os
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import UUID

import asyncpg
import httpx
import pgserver
from sqlalchemy import insert, text, update

from aniworld.db.base import new_id
from aniworld.db.engine import Database
from aniworld.downloads.lease_repository import LeaseRepository
from aniworld.downloads.models import Download
from aniworld.downloads.repository import GAP
from aniworld.kit.clock import now
from aniworld.library.models import Episode, EpisodeLanguage, Series
from benchmarks.server import percentile, serving

EPISODES = 10_000
"""Of one series: as many as one call may name."""
_CHUNK = 2_000


@contextlib.asynccontextmanager
async def database_of(kind: str, root: Path) -> AsyncIterator[str]:
    """The address of an empty database; for PostgreSQL the server finds it in its environment."""
    if kind == "sqlite":
        yield f"sqlite+aiosqlite:///{root / 'data' / 'aniworld.db'}"
        return
    # Started by root, PostgreSQL runs as another user, who may not look into directories of ours.
    directory = Path(tempfile.mkdtemp(prefix="aniworld-pg-"))
    server = pgserver.get_server(directory, cleanup_mode="delete")
    try:
        place = str(server.get_postmaster_info().socket_dir)
        connection = await asyncpg.connect(host=place, user="postgres", database="postgres")
        await connection.execute("CREATE DATABASE aniworld")
        await connection.close()
        os.environ["ANIWORLD_DATABASE_URL"] = f"postgresql+asyncpg://postgres@/aniworld?host={quote(place)}"
        yield os.environ["ANIWORLD_DATABASE_URL"]
    finally:
        os.environ.pop("ANIWORLD_DATABASE_URL", None)
        server.cleanup()


async def fill(db: Database, rows: int) -> None:
    """One series with as many episodes as a call may name, and a queue of ``rows`` items of others."""
    moment, series = now(), new_id()
    episodes = [{"id": new_id(), "series_id": series, "season": 1, "episode": n + 1} for n in range(EPISODES)]
    async with db.write() as session:
        await session.execute(insert(Series), [_series(series, moment)])
        for part in _parts(episodes):
            await session.execute(insert(Episode), [{**row, "title": f"Number {row['episode']}"} for row in part])
            await session.execute(
                insert(EpisodeLanguage), [{"episode_id": row["id"], "language": "de"} for row in part]
            )
    for part in _parts(range(rows)):
        async with db.write() as session:
            await session.execute(insert(Download), [queue_item(number, moment) for number in part])
    await settle(db)


async def settle(db: Database) -> None:
    """What PostgreSQL does by itself within a minute of so large a change."""
    if db.dialect == "postgresql":
        async with db.engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
            await connection.execute(text("VACUUM ANALYZE"))


def _parts(rows: Any) -> list[Any]:
    return [rows[start : start + _CHUNK] for start in range(0, len(rows), _CHUNK)]


def _series(id_: UUID, moment: dt.datetime) -> dict[str, Any]:
    return {
        "id": id_,
        "key": "long",
        "name": "Long",
        "name_folded": "long",
        "provider": "sample",
        "provider_key": "long",
        "folder": "Long",
        "folder_folded": "long",
        "loading_status": "completed",
        "created_at": moment,
        "updated_at": moment,
    }


def queue_item(number: int, moment: dt.datetime) -> dict[str, Any]:
    """Seven of ten wait, two are done, one has failed."""
    status = "pending" if number % 10 < 7 else "completed" if number % 10 < 9 else "failed"
    return {
        "id": new_id(),
        "language": "de",
        "series_key": f"series-{number % 200}",
        "series_name": f"Series {number % 200}",
        "season": 1,
        "episode": number // 200,
        "title": f"Number {number}",
        "status": status,
        "priority": 1,
        "position": GAP * (number + 1),
        "created_at": moment,
        "completed_at": None if status == "pending" else moment + dt.timedelta(seconds=number),
        "error_code": "stalled" if status == "failed" else None,
        "error_message": "The host stopped sending" if status == "failed" else None,
    }


async def timed(rounds: int, call: Callable[[], Awaitable[Any]]) -> dict[str, float]:
    """Milliseconds of some calls after one that does not count."""
    times = []
    for number in range(rounds + 1):
        begin = time.perf_counter()
        await call()
        if number:
            times.append((time.perf_counter() - begin) * 1000)
    return {"p50_ms": round(statistics.median(times), 2), "p99_ms": round(percentile(times, 0.99), 2)}


async def claims(db: Database, rounds: int) -> dict[str, float]:
    """Taking an item, as the engine does."""

    async def claim() -> None:
        async with db.write() as session:
            assert await LeaseRepository(session).claim("measuring", dt.timedelta(seconds=60)) is not None

    return await timed(rounds, claim)


async def measure(kind: str, rows: int, rounds: int) -> dict[str, Any]:
    """All figures of one kind of database."""
    figures: dict[str, Any] = {"database": kind, "rows": rows}
    with tempfile.TemporaryDirectory() as directory:
        root = Path(directory)
        async with database_of(kind, root) as url, serving(root) as server:
            db, client = Database(url), server.client
            try:
                await fill(db, rows)
                figures["claim"] = await claims(db, 20 * rounds)
                async with db.write() as session:  # all but the last few wait after a failure
                    await session.execute(
                        update(Download)
                        .where(Download.status == "pending", Download.position < (rows - 1000) * GAP)
                        .values(not_before=now() + dt.timedelta(hours=1))
                    )
                await settle(db)
                figures["claim_where_most_wait"] = await claims(db, 4 * rounds)
                figures |= await _calls(client, rounds)
            finally:
                await db.close()
    return figures


async def _calls(client: httpx.AsyncClient, rounds: int) -> dict[str, Any]:
    async def get(path: str) -> Any:
        answer = await client.get(path)
        answer.raise_for_status()
        return answer.json()

    async def post(path: str, body: dict[str, Any]) -> Any:
        answer = await client.post(path, json=body)
        answer.raise_for_status()
        return answer.json()

    async def once(call: Awaitable[Any]) -> float:
        begin = time.perf_counter()
        await call
        return round((time.perf_counter() - begin) * 1000, 1)

    figures: dict[str, Any] = {
        "status": await timed(20 * rounds, lambda: get("/api/queue/status?limit=20")),
        "status_lists_of_100": await timed(20 * rounds, lambda: get("/api/queue/status")),
        "page_of_100": await timed(20 * rounds, lambda: get("/api/queue?status=pending")),
        "page_of_all_states": await timed(4 * rounds, lambda: get("/api/queue")),
        "page_far_in": await timed(4 * rounds, lambda: get("/api/queue?status=pending&offset=50000")),
        "page_of_a_series": await timed(4 * rounds, lambda: get("/api/queue?series_key=series-7")),
    }
    ids = [item["id"] for item in (await get("/api/queue?status=pending&limit=500"))["items"]]
    figures["move_one_to_the_front"] = await timed(
        4 * rounds, lambda: post("/api/queue/reorder", {"item_id": ids[-1], "new_position": 0})
    )
    figures["move_one_far_in"] = await timed(
        rounds, lambda: post("/api/queue/reorder", {"item_id": ids[-2], "new_position": 50_000})
    )
    figures["reorder_400"] = await timed(
        rounds, lambda: post("/api/queue/reorder", {"item_ids": list(reversed(ids[:400]))})
    )
    body = {"series_key": "long", "episodes": [{"season": 1, "episode": n + 1} for n in range(EPISODES)]}
    figures["add_10000_ms"] = await once(post("/api/queue/add", body))
    figures["add_the_same_again_ms"] = await once(post("/api/queue/add", body))
    figures["retry_all_failed_ms"] = await once(post("/api/queue/retry", {}))
    figures["clear_completed_ms"] = await once(client.delete("/api/queue/completed"))
    figures["clear_pending_ms"] = await once(client.delete("/api/queue/pending"))
    return figures


def main() -> None:
    """Run the chosen kinds."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", default="sqlite,postgresql")
    options = parser.parse_args()
    for kind in options.only.split(","):
        print(json.dumps(asyncio.run(measure(kind, options.rows, options.rounds))), flush=True)


if __name__ == "__main__":
    main()
