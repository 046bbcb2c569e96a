"""What an HLS stream costs from its playlist to a finished file, beside yt-dlp and ffmpeg, in one run.

    python -m benchmarks.hls [--rounds 5] [--segments 600] [--only whole,apart,locked,resume,four]

``whole``   600 pieces of 1.5 MB (an hour, 720p with sound), 30 ms before each answer, into one Matroska file
``apart``   the same pieces with a second playlist for the sound          ``locked``  the same, encrypted
``resume``  ``whole`` over a line of 64 MiB/s: kill -9 at half and start again; how much is fetched twice
``four``    four streams at once in one process: its memory beside what it needs idle, and how late its event loop was

The peers are those that are installed. The processor time is that of the whole tree of processes, the memory the most
that it had at a time. The origin serves from memory (/dev/shm), and files are written there. The ratios count.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import functools
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

MIB = 1024 * 1024
_SCENARIOS = {
    "whole": ("rtt=30", "whole.m3u8"),
    "apart": ("rtt=30", "apart.m3u8"),
    "locked": ("rtt=30", "locked.m3u8"),
    "resume": ("rtt=30,total=64M", "whole.m3u8"),
    "four": ("rtt=30", "whole.m3u8"),
}
"""Name: how the host behaves, and the playlist."""


@dataclass
class Result:
    """One run."""

    wall: float
    cpu: float
    peak: float = 0.0
    """MiB."""
    note: str = ""


# --- the engine, in a process of its own ----------------------------------------------------------------------------


async def engine(work: Path, host: str, urls: list[str]) -> None:
    """Fetch all at once; print what it took."""
    from aniworld.catalog.types import Stream  # noqa: PLC0415 - the other process does not need all this
    from aniworld.downloads.fetch.service import fetch  # noqa: PLC0415
    from aniworld.downloads.fetch.types import Limits  # noqa: PLC0415
    from aniworld.downloads.progress import Meter  # noqa: PLC0415
    from aniworld.kit.net import HttpClient  # noqa: PLC0415

    lag = work_done = 0.0

    async def watch() -> None:
        nonlocal lag, work_done
        while True:
            before, worked = time.perf_counter(), time.thread_time()
            await asyncio.sleep(0.01)
            late = time.perf_counter() - before - 0.01
            if late > lag:
                lag, work_done = late, time.thread_time() - worked

    async with HttpClient(allowed_hosts=lambda: frozenset({host})) as client:
        limits = Limits(reserve=0)
        # What is loaded at first use belongs to an idle server too.
        await fetch(Stream(url=urls[0], protocol="hls"), work / "first", client=client, progress=Meter(), limits=limits)
        shutil.rmtree(work / "first")
        Path("/proc/self/clear_refs").write_text("5")  # the peak counts from here
        idle, before, begun = _status("VmRSS"), _spent(resource.RUSAGE_SELF), time.perf_counter()
        watching = asyncio.create_task(watch())
        runs = [
            fetch(Stream(url=url, protocol="hls"), work / str(number), client=client, progress=Meter(), limits=limits)
            for number, url in enumerate(urls)
        ]
        await asyncio.gather(*runs)
        watching.cancel()
    told = {
        "wall": time.perf_counter() - begun,
        "cpu": _spent(resource.RUSAGE_SELF) - before,
        "more": _status("VmHWM") - idle,
        "lag": lag,
        "own": work_done,
    }
    print(json.dumps(told), flush=True)


def _status(name: str) -> float:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(name))


def _spent(who: int) -> float:
    usage = resource.getrusage(who)
    return usage.ru_utime + usage.ru_stime


# --- the runs -------------------------------------------------------------------------------------------------------


class Bench:
    """The origin, its stream and a directory to write to."""

    def __init__(self, directory: Path, count: int) -> None:
        from benchmarks.hls_stream import make_stream  # noqa: PLC0415

        self.directory = directory
        (directory / "files").mkdir()
        self.sizes = make_stream(directory / "files", count)
        self.duration = 6.0 * count
        command = [sys.executable, "-m", "benchmarks.origin", str(directory / "files")]
        self.origin = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self.origin.stdout is not None
        self.port = self.origin.stdout.readline().strip()

    def close(self) -> None:
        """End what was started."""
        self.origin.kill()
        self.origin.wait()

    def sent(self, profile: str) -> int:
        """Bytes that the origin sent."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/stats/{profile}") as answer:
            return int(json.load(answer)["sent"])

    def command(self, target: str, url: str, out: Path) -> list[str]:
        """What to run."""
        if target == "aniworld":
            flags = ["--quiet", "--allow-host", f"127.0.0.1:{self.port}"]
            return [sys.executable, "-m", "aniworld", "fetch", *flags, url, "-o", str(out)]
        if target == "yt-dlp":
            return [*_yt_dlp(), "-q", "--no-warnings", "-N", "8", "--no-part", "-o", str(out), url]
        return ["ffmpeg", "-v", "error", "-y", "-i", url, "-c", "copy", str(out)]

    def run(self, command: list[str]) -> Result:
        """To its end."""
        before, begun = _spent(resource.RUSAGE_CHILDREN), time.perf_counter()
        process = subprocess.Popen(command)
        with _Watched(process.pid) as watched:
            failed = process.wait()
        wall = time.perf_counter() - begun
        return Result(wall, _spent(resource.RUSAGE_CHILDREN) - before, watched.peak, f"FAILED {failed}" * bool(failed))

    def one(self, target: str, scenario: str, round_: int) -> Result:
        """One run, and whether the file is as long as it should be."""
        profile, playlist = _SCENARIOS[scenario]
        label = f"{profile},{scenario}-{target}-{round_}"
        out = self.directory / f"out.{'mp4' if target == 'yt-dlp' else 'mkv'}"
        result = self.run(self.command(target, f"http://127.0.0.1:{self.port}/{label}/{playlist}", out))
        result.note += self._look(out)
        over = self.sent(label) / self.sizes[playlist] - 1
        result.note = f"{100 * over:+.2f} % bytes{result.note}"
        return result

    def _look(self, out: Path) -> str:
        from benchmarks.hls_stream import packets  # noqa: PLC0415

        there = packets(out) if out.exists() else (0, 0)
        out.unlink(missing_ok=True)
        wanted = packets(self.directory / "files" / "00000.ts")
        count = round(self.duration / 6)
        return "" if there == (wanted[0] * count, wanted[1] * count) else f" WRONG: {there} packets"

    def resume(self, round_: int) -> Result:
        """kill -9 at half, start again."""
        profile, playlist = _SCENARIOS["resume"]
        label = f"{profile},{round_}"
        out = self.directory / "resumed.mkv"
        command = self.command("aniworld", f"http://127.0.0.1:{self.port}/{label}/{playlist}", out)
        process = subprocess.Popen(command)
        while self.sent(label) < self.sizes[playlist] // 2:
            time.sleep(0.01)
        process.kill()
        process.wait()
        result = self.run(command)
        result.note += f"{(self.sent(label) - self.sizes[playlist]) / MIB:.2f} MiB twice{self._look(out)}"
        return result

    def four(self, round_: int) -> Result:
        """Four at once in one process."""
        profile, playlist = _SCENARIOS["four"]
        work = self.directory / "four"
        urls = [f"http://127.0.0.1:{self.port}/{profile},{round_}-{number}/{playlist}" for number in range(4)]
        command = [sys.executable, "-m", "benchmarks.hls", "--engine", str(work), f"127.0.0.1:{self.port}", *urls]
        told = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        shutil.rmtree(work)
        # What is not its own work is that of others on the machine, whom the loop had to wait for.
        note = f"event loop {1000 * told['lag']:.0f} ms late at most ({1000 * told['own']:.0f} ms its own work)"
        return Result(told["wall"], told["cpu"], told["more"], note)


def _yt_dlp() -> list[str]:
    beside = Path(sys.executable).with_name("yt-dlp")
    return [str(beside)] if beside.exists() else ["yt-dlp"]


class _Watched:
    """Looks from time to time how much memory a process and all below it have."""

    def __init__(self, pid: int) -> None:
        self.peak = 0.0
        self._pid = pid
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch)

    def __enter__(self) -> _Watched:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._ended.wait(0.05):
            self.peak = max(self.peak, _resident(self._pid))


def _resident(pid: int) -> float:
    """MiB that no other process shares, of the whole tree."""
    with contextlib.suppress(OSError, ValueError, IndexError):
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
        below = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        return pages * os.sysconf("SC_PAGESIZE") / MIB + sum(_resident(int(child)) for child in below)
    return 0.0


def table(scenario: str, results: dict[str, list[Result]], size: int) -> None:
    """One line a target, medians."""
    print(f"\n{scenario}: {_SCENARIOS[scenario][0]}, {size / MIB:.0f} MiB")

    def middle(name: str, what: Callable[[Result], float]) -> float:
        return statistics.median(what(run) for run in results[name])

    for name, runs in results.items():
        wall, cpu = middle(name, lambda run: run.wall), middle(name, lambda run: run.cpu)
        ratios = ""
        if name != "yt-dlp" and "yt-dlp" in results:
            shares = wall / middle("yt-dlp", lambda run: run.wall), cpu / middle("yt-dlp", lambda run: run.cpu)
            ratios = f"= {shares[0]:.2f}x the time, {shares[1]:.2f}x the work of yt-dlp"
        low, high = min(run.wall for run in runs), max(run.wall for run in runs)
        notes = "; ".join(dict.fromkeys(run.note for run in runs))
        peak = middle(name, lambda run: run.peak)
        spent = cpu / size * 1024 * MIB
        print(
            f"  {name:9} {wall:6.2f} s ({low:.2f}-{high:.2f}) {spent:5.2f} CPU s/GiB {peak:4.0f} MiB {ratios}  {notes}"
        )


def main() -> None:
    """See above."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--segments", type=int, default=600)
    parser.add_argument("--only", default=",".join(_SCENARIOS))
    parser.add_argument("--targets", default="aniworld,yt-dlp,ffmpeg")
    options = parser.parse_args()
    wanted = options.targets.split(",")
    there = {"aniworld": True, "yt-dlp": shutil.which(_yt_dlp()[0]), "ffmpeg": shutil.which("ffmpeg")}
    with tempfile.TemporaryDirectory(dir="/dev/shm", prefix="hls-") as directory:
        bench = Bench(Path(directory), options.segments)
        try:
            for scenario in options.only.split(","):
                size = bench.sizes[_SCENARIOS[scenario][1]]
                runs: dict[str, Callable[[int], Result]] = {}
                if scenario in ("resume", "four"):
                    runs["aniworld"] = bench.resume if scenario == "resume" else bench.four
                    size *= 4 if scenario == "four" else 1
                else:
                    for name in wanted:
                        if there[name]:
                            runs[name] = functools.partial(bench.one, name, scenario)
                results: dict[str, list[Result]] = {name: [] for name in runs}
                for round_ in range(options.rounds):
                    for name, run in runs.items():
                        results[name].append(run(round_))
                table(scenario, results, size)
        finally:
            bench.close()


if __name__ == "__main__":
    if sys.argv[1:2] == ["--engine"]:
        import uvloop

        uvloop.install()
        asyncio.run(engine(Path(sys.argv[2]), sys.argv[3], sys.argv[4:]))
    else:
        main()
