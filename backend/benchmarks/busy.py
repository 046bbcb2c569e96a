"""A real server that downloads four files at once: how fast its API still is, and what memory it takes.

The files come from a directory listing of the benchmark's origin over a line of a certain speed, are verified and filed
as always. ``late`` tells by how much the slowest answer to a request that does nothing came later than the fastest: the
event loop was not stalled longer than that.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import httpx

from benchmarks.server import Server, eventually, percentile, serving

FILES = 4
FOLDER = "Measured"
_SECONDS, _FPS = 12, 24
_PAUSE = 0.01


@dataclass
class Busy:
    """What was seen while the downloads ran."""

    rate: float
    """MB/s of all together."""
    p50: float
    p99: float
    late: float
    """ms, all three."""
    idle: float
    peak: float
    """MiB of the server."""
    cpu: float
    """Seconds per GiB, with everything around the download."""
    waited: float
    """Share of the time in which the event loop was ready to run and others had the processors."""
    over: float = 0.0
    """Bytes that the origin sent beyond those of the files, as a share."""


def make_files(directory: Path, mib: int) -> None:
    """Episodes that play; what makes them large is a box that players skip."""
    folder = directory / FOLDER
    folder.mkdir(parents=True)
    clip = directory / "clip.mp4"
    with av.open(str(clip), "w", options={"movflags": "+faststart"}) as target:
        picture = target.add_stream("libx264", rate=_FPS)
        picture.width, picture.height, picture.pix_fmt = 320, 180, "yuv420p"
        for number in range(_SECONDS * _FPS):
            frame = av.VideoFrame(320, 180, "yuv420p")
            for plane in frame.planes:
                plane.update(bytes([number % 256]) * plane.buffer_size)
            frame.pts = number
            target.mux(picture.encode(frame))
        target.mux(picture.encode(None))
    beginning = clip.read_bytes()
    clip.unlink()
    missing = mib * 1024 * 1024 - len(beginning)
    for number in range(1, FILES + 1):
        with (folder / f"{FOLDER} S01E{number:02}.mp4").open("wb") as stream:
            stream.write(beginning + missing.to_bytes(4, "big") + b"free")
            block = bytes([number]) * (1024 * 1024)
            for start in range(0, missing - 8, len(block)):
                stream.write(block[: missing - 8 - start])


async def measure(url: str, mib: int) -> Busy:
    """Download what is listed at ``url``; four files of so many MiB."""
    with tempfile.TemporaryDirectory(dir="/dev/shm", prefix="busy-") as text:
        root = Path(text)
        profile = f'kind = "index"\nname = "measured"\ntitle = "Measured"\nbase_url = "{url}"\nlanguage = "de"\n'
        (root / "data" / "providers").mkdir(parents=True)
        (root / "data" / "providers" / "measured.toml").write_text(profile)
        async with serving(root) as server:
            client = server.client
            host = url.split("/")[2]
            await _patch(client, "providers", allowed_hosts=[host])
            await _patch(client, "downloads", slots=FILES)
            body = {"provider": "measured", "provider_key": FOLDER, "name": FOLDER}
            key = (await client.post("/api/anime/add", json=body)).raise_for_status().json()["key"]

            async def loaded() -> bool:
                answer = (await client.get(f"/api/anime/{key}/loading-status")).json()
                return bool(answer["loading_status"] == "completed")

            await eventually(loaded)
            await _watch(client, "/api/anime", 50)  # warm, as a server is that has run for a while
            idle = server.memory()[0]
            Path(f"/proc/{server.process.pid}/clear_refs").write_text("5")
            (await client.post(f"/api/anime/{key}/download", json={"missing": True})).raise_for_status()
            return await _run(server, mib, idle)


async def _run(server: Server, mib: int, idle: float) -> Busy:
    client = server.client
    spent, waited, begun = server.cpu(), _waited(server), time.perf_counter()
    (await client.post("/api/queue/start")).raise_for_status()
    times: dict[str, list[float]] = {}
    done = asyncio.Event()

    async def watch(path: str) -> None:
        while not done.is_set():
            times.setdefault(path, []).extend(await _watch(client, path, 1))
            await asyncio.sleep(_PAUSE)

    async with asyncio.TaskGroup() as group:
        for path in ("/api/anime", "/api/queue/status", "/health"):
            group.create_task(watch(path))
        async with asyncio.timeout(120):
            while True:
                counts: dict[str, Any] = (await client.get("/api/queue/status")).json()["statistics"]
                if counts["completed"] + counts["failed"] >= FILES:
                    break
                await asyncio.sleep(0.1)
        wall = time.perf_counter() - begun
        done.set()
    if counts["failed"]:
        raise RuntimeError(f"{counts['failed']} downloads failed")
    answers = times["/api/anime"] + times["/api/queue/status"]
    gib = FILES * mib / 1024
    return Busy(
        rate=gib * 1024**3 / 1e6 / wall,
        p50=percentile(answers, 0.5),
        p99=percentile(answers, 0.99),
        late=max(times["/health"]) - min(times["/health"]),
        idle=idle,
        peak=_peak(server),
        cpu=(server.cpu() - spent) / gib,
        waited=(_waited(server) - waited) / wall,
    )


async def _watch(client: httpx.AsyncClient, path: str, count: int) -> list[float]:
    times = []
    for _ in range(count):
        begin = time.perf_counter()
        (await client.get(path)).raise_for_status()
        times.append((time.perf_counter() - begin) * 1000)
    return times


async def _patch(client: httpx.AsyncClient, section: str, **values: Any) -> None:
    (await client.patch(f"/api/config/section/{section}", json=values)).raise_for_status()


def _waited(server: Server) -> float:
    """Seconds, of the main thread."""
    pid = server.process.pid
    return int(Path(f"/proc/{pid}/task/{pid}/schedstat").read_text().split()[1]) / 1e9


def _peak(server: Server) -> float:
    with contextlib.suppress(FileNotFoundError):
        status = Path(f"/proc/{server.process.pid}/status").read_text()
        if match := re.search(r"^VmHWM:\s+(\d+) kB", status, re.M):
            return int(match.group(1)) / 1024
    return 0.0
