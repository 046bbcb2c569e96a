"""What a scan costs, beside the least that it could: one look at every video. Prints medians and ratios.

    python -m benchmarks.library [--series 2000] [--episodes 24] [--rounds 5]

A tree of sparse files is made in memory. ``floor`` is ``os.scandir`` with a ``stat`` of each video; ``first`` is a scan
of a new library to rows on the disk, ``again`` one of an unchanged tree, ``thorough`` one that reads every directory
anew. Each round runs all of them, so that what else the machine does meets them alike. ``late`` is how late the event
loop was at most meanwhile. ``api`` is how long the real server takes to answer while it scans for the first time.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import os
import random
import resource
import shutil
import statistics
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from aniworld.app import Parts, build
from aniworld.config.settings import Settings
from aniworld.db import schema
from benchmarks.server import percentile, serving

_WORDS = (
    "amber bell cinder drift ember fable garden harbour ink jade kettle lantern meadow north opal paper quiet river "
    "silver tide umbra velvet winter yonder zephyr"
).split()
_GROUPS = ("Reed", "Saltmarsh", "Tinder")


@dataclass
class Measured:
    """Seconds of each round, by what was done."""

    wall: dict[str, list[float]] = field(default_factory=dict)
    late: dict[str, list[float]] = field(default_factory=dict)

    def add(self, name: str, wall: float, late: float = 0.0) -> None:
        """One run."""
        self.wall.setdefault(name, []).append(wall)
        self.late.setdefault(name, []).append(late)


def make_tree(root: Path, series: int, episodes: int) -> int:
    """Folders in the ways that people have; the number of videos."""
    chance = random.Random(1)
    count = 0
    for number in range(series):
        title = f"{chance.choice(_WORDS)} {chance.choice(_WORDS)} {number}".title()
        style = chance.choice(("plain", "plain", "group", "scene"))
        folder = root / (f"{title} ({1990 + number % 35})" if style == "plain" else title)
        seasons = chance.choice((1, 2))
        for season in range(1, seasons + 1):
            directory = folder / f"Season {season:02d}" if style != "group" else folder
            directory.mkdir(parents=True, exist_ok=True)
            for episode in range(1, episodes // seasons + 1):
                name = {
                    "plain": f"{title} - S{season:02d}E{episode:02d} - {chance.choice(_WORDS).title()}.mkv",
                    "group": f"[{chance.choice(_GROUPS)}] {title} S{season} - {episode:02d} (1080p) [{number:08X}].mkv",
                    "scene": f"{title.replace(' ', '.')}.S{season:02d}E{episode:02d}.1080p.WEB-DL.x264-Reed.mkv",
                }[style]
                descriptor = os.open(directory / name, os.O_CREAT | os.O_WRONLY)
                os.ftruncate(descriptor, 1_400_000_000)
                os.close(descriptor)
                count += 1
    return count


def floor(root: Path) -> float:
    """Seconds for a look at every video."""

    def walk(directory: str) -> None:
        with os.scandir(directory) as entries:
            for entry in entries:
                if entry.is_dir():
                    walk(entry.path)
                elif entry.name.endswith(".mkv"):
                    entry.stat()

    begun = time.perf_counter()
    walk(str(root))
    return time.perf_counter() - begun


async def scan(parts: Parts, *, thoroughly: bool = False) -> tuple[float, float]:
    """Seconds for a scan, and how late the loop was at most."""
    late = 0.0

    async def watch() -> None:
        nonlocal late
        while True:
            before = time.perf_counter()
            await asyncio.sleep(0.002)
            late = max(late, time.perf_counter() - before - 0.002)

    watcher = asyncio.create_task(watch())
    begun = time.perf_counter()
    await parts.scans.scan(thoroughly=thoroughly)
    taken = time.perf_counter() - begun
    watcher.cancel()
    return taken, late


async def api(root: Path) -> list[float]:
    """Seconds of each answer that a client in another process gets during the first scan."""
    waits: list[float] = []
    async with serving(root) as server:

        async def ask(path: str) -> None:
            while not over.is_set():
                begun = time.perf_counter()
                (await server.client.get(path)).raise_for_status()
                waits.append(time.perf_counter() - begun)
                await asyncio.sleep(0.01)

        over = asyncio.Event()
        asking = [asyncio.create_task(ask(path)) for path in ("/api/anime?limit=50", "/api/queue/status")]
        while True:
            operations = (await server.client.get("/api/operations")).json()["items"]
            if any(one["type"] == "scan" and one["finished_at"] for one in operations):
                break
            await asyncio.sleep(0.1)
        over.set()
        await asyncio.gather(*asking)
    return waits


async def one_round(tree: Path, measured: Measured) -> None:
    """Everything once, on a new database."""
    measured.add("floor", floor(tree))
    with tempfile.TemporaryDirectory(dir="/dev/shm") as data:
        settings = Settings(data_dir=Path(data))
        parts = build(settings)
        try:
            await schema.ensure(settings.url, settings.data_dir / "backups")
            parts.config.load()
            await parts.config.patch("library", {"anime_directory": str(tree)})
            gc.freeze()  # as the server does
            measured.add("first", *await scan(parts))
            measured.add("again", *await scan(parts))
            measured.add("thorough", *await scan(parts, thoroughly=True))
        finally:
            await parts.http.aclose()
            await parts.db.close()


def main() -> None:
    """Make the tree, measure, tell."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--series", type=int, default=2000)
    parser.add_argument("--episodes", type=int, default=24)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    import uvloop  # noqa: PLC0415 - as the server does

    measured = Measured()
    with tempfile.TemporaryDirectory(dir="/dev/shm", prefix="aniworld-library-") as tree:
        videos = make_tree(Path(tree), options.series, options.episodes)
        waits = []
        for number in range(options.rounds):
            uvloop.run(one_round(Path(tree), measured))
            root = Path(tree).with_name(f"{Path(tree).name}-{number}")
            root.mkdir()
            try:
                (root / "anime").symlink_to(tree)
                waits.append(uvloop.run(api(root)))
            finally:
                shutil.rmtree(root)
    least = statistics.median(measured.wall["floor"])
    print(f"{options.series} series, {videos} videos; medians of {options.rounds} rounds")
    for name, walls in measured.wall.items():
        wall = statistics.median(walls)
        late = f"  late {statistics.median(measured.late[name]) * 1000:4.0f} ms" if name != "floor" else ""
        print(f"{name:9} {wall:7.3f} s  {wall / least:6.1f} x the floor{late}")
    for share in (0.5, 0.99, 1.0):
        wait = statistics.median(percentile(one, share) for one in waits)
        print(f"api, {share:4.0%} of {len(waits[0])} answers within {wait * 1000:5.1f} ms")
    print(f"memory at most {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MiB")


if __name__ == "__main__":
    main()
