"""What a download costs beside curl and aria2c, in one run. The ratios count; the seconds are this machine's.

    python -m benchmarks.downloads [--rounds 5] [--only single,tls,throttled,few,capped,four,resume]

``engine`` is the fetch layer in a process that runs already, as in the server; ``aniworld`` the command with its start.
An origin of its own serves from memory (/dev/shm), and files are written there. Every file is compared with what the
origin has.

``single``     1 GiB over a fast line          ``tls``   the same over TLS
``throttled``  8 MiB/s a connection, 30 ms     ``few``   the same, four connections at most
``capped``     40 MiB/s over all connections   ``four``  four files at once, 16 MiB/s a connection
``resume``     kill -9 at half and start again: how much is fetched twice
"""

from __future__ import annotations

import argparse
import asyncio
import filecmp
import functools
import json
import os
import resource
import shutil
import ssl
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

MIB = 1024 * 1024
SCENARIOS = {
    "single": ("-", 1024, 1, 8),
    "tls": ("-", 1024, 1, 8),
    "throttled": ("rate=8M,rtt=30", 256, 1, 16),
    "few": ("rate=8M,rtt=30,most=4", 256, 1, 16),
    "capped": ("total=40M,rtt=30", 256, 1, 8),
    "four": ("rate=16M,rtt=30", 256, 4, 16),
    "resume": ("total=64M", 256, 1, 8),
}
"""Name: how the host behaves, MiB of a file, files at once, connections for a file."""


@dataclass
class Result:
    """One run."""

    wall: float
    cpu: float
    note: str = ""


# --- the engine, in a process of its own ----------------------------------------------------------------------------


async def engine() -> None:
    """Fetch what each line of the input says: connections, target, addresses. Answers each with a line."""
    from aniworld.catalog.types import Stream  # noqa: PLC0415 - the other process does not need all this
    from aniworld.downloads.fetch.service import fetch  # noqa: PLC0415
    from aniworld.downloads.fetch.types import Limits  # noqa: PLC0415
    from aniworld.downloads.progress import Meter  # noqa: PLC0415
    from aniworld.kit.net import HttpClient, transport  # noqa: PLC0415

    transport.tls_context = _trusting  # the origin's certificate is its own
    hosts = frozenset(sys.argv[2:])
    lag = 0.0

    async def watch() -> None:
        nonlocal lag
        while True:
            before = time.perf_counter()
            await asyncio.sleep(0.02)
            lag = max(lag, time.perf_counter() - before - 0.02)

    async with HttpClient(allowed_hosts=lambda: hosts) as client:
        watching = asyncio.create_task(watch())
        while line := await asyncio.to_thread(sys.stdin.readline):
            connections, target, *urls = line.split()
            Path("/proc/self/clear_refs").write_text("5")  # the peak counts from here
            lag, before, begun = 0.0, _spent(), time.perf_counter()
            work = [
                fetch(
                    Stream(url=url, protocol="http"),
                    Path(f"{target}.{number}.work"),
                    client=client,
                    progress=Meter(),
                    limits=Limits(connections=int(connections), per_host=int(connections) * len(urls), reserve=0),
                )
                for number, url in enumerate(urls)
            ]
            for number, fetched in enumerate(await asyncio.gather(*work)):
                fetched.paths[0].rename(f"{target}.{number}")
            peak = _peak()
            said = {"wall": time.perf_counter() - begun, "cpu": _spent() - before, "peak": peak, "lag": lag}
            print(json.dumps(said), flush=True)
        watching.cancel()


def _trusting() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _peak() -> int:
    """MiB of memory at most."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) // 1024 for line in lines if line.startswith("VmHWM"))


def _spent() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


# --- the runs -------------------------------------------------------------------------------------------------------


class Bench:
    """The origin, the engine and a directory to write to."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.files = directory / "files"
        self.files.mkdir()
        block = os.urandom(64 * MIB)
        for size in {size for _, size, _, _ in SCENARIOS.values()}:
            with (self.files / f"{size}.mp4").open("wb") as stream:
                stream.write(b"\0\0\0\x10ftypisom\0\0\0\0")
                for number in range(size // 64):
                    stream.write(number.to_bytes(8, "big") + block[: 64 * MIB - 24 + 16 * (number > 0)])
        certificate = directory / "origin.pem"
        made = f"-keyout {certificate} -out {directory / 'cert.pem'}"
        command = f"openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost {made}"
        subprocess.run(command.split(), check=True, capture_output=True)
        certificate.write_text(certificate.read_text() + (directory / "cert.pem").read_text())
        self.origin = self._start("benchmarks.origin", str(self.files), str(certificate))
        assert self.origin.stdout is not None
        self.port, self.tls_port = self.origin.stdout.readline().split()
        self.engine = self._start("benchmarks.downloads", "--engine", *self.hosts)

    @property
    def hosts(self) -> list[str]:
        """The origin's addresses."""
        return [f"127.0.0.1:{port}" for port in (self.port, self.tls_port)]

    def _start(self, module: str, *arguments: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", module, *arguments]
        return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def close(self) -> None:
        """End what was started."""
        for process in (self.engine, self.origin):
            process.kill()
            process.wait()

    def stats(self, profile: str) -> tuple[int, int]:
        """Bytes that the origin sent, and its most connections at a time."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/stats/{profile}") as answer:
            said = json.load(answer)
        return said["sent"], said["peak"]

    def run_engine(self, urls: list[str], out: Path, connections: int) -> Result:
        """By the process that runs already."""
        assert self.engine.stdin is not None
        assert self.engine.stdout is not None
        self.engine.stdin.write(f"{connections} {out} {' '.join(urls)}\n")
        self.engine.stdin.flush()
        said = json.loads(self.engine.stdout.readline())
        return Result(
            said["wall"], said["cpu"], f"peak {said['peak']} MiB, loop late {1000 * said['lag']:.0f} ms at most"
        )

    def aniworld(self, url: str, out: str, connections: int) -> list[str]:
        """The command."""
        allowed = [word for host in self.hosts for word in ("--allow-host", host)]
        flags = ["--quiet", "--connections", str(connections), *allowed]
        return [sys.executable, "-m", "aniworld", "fetch", *flags, url, "-o", out]

    def run_commands(self, commands: list[list[str]]) -> Result:
        """Several at once, to their ends."""
        before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        processes = [subprocess.Popen(command) for command in commands]
        failed = [process.wait() for process in processes]
        wall, after = time.perf_counter() - begun, resource.getrusage(resource.RUSAGE_CHILDREN)
        cpu = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
        return Result(wall, cpu, f"FAILED {failed}" if any(failed) else "")

    def commands(self, name: str, urls: list[str], out: Path, connections: int) -> list[list[str]]:
        """A command for each address."""
        targets = [f"{out}.{number}" for number in range(len(urls))]
        if name == "curl":
            return [["curl", "-sSfk", url, "-o", target] for url, target in zip(urls, targets, strict=True)]
        if name == "aniworld":
            return [self.aniworld(url, target, connections) for url, target in zip(urls, targets, strict=True)]
        count = str(min(connections, 16))
        flags = ["-q", f"-x{count}", f"-s{count}", "-k1M", "--file-allocation=none", "--check-certificate=false"]
        return [
            ["aria2c", *flags, url, "-d", str(out.parent), "-o", Path(target).name]
            for url, target in zip(urls, targets, strict=True)
        ]

    def one(self, target: str, scenario: str, round_: int) -> Result:
        """One run, and whether the bytes are right."""
        profile, size, count, connections = SCENARIOS[scenario]
        label = f"{profile},{scenario}-{target}-{round_}"
        base = f"https://127.0.0.1:{self.tls_port}" if scenario == "tls" else f"http://127.0.0.1:{self.port}"
        urls = [f"{base}/{label}/{size}.mp4"] * count
        out = self.directory / "out"
        if target == "engine":
            result = self.run_engine(urls, out, connections)
        else:
            result = self.run_commands(self.commands(target, urls, out, connections))
        for number in range(count):
            made = Path(f"{out}.{number}")
            if not made.exists() or not filecmp.cmp(made, self.files / f"{size}.mp4", shallow=False):
                result.note += " WRONG BYTES"
            made.unlink(missing_ok=True)
        if scenario != "tls":
            sent, peak = self.stats(label)
            over = sent / (size * MIB * count) - 1
            result.note = f"{peak} connections, {100 * over:+.2f} % bytes; {result.note}".rstrip("; ")
        return result

    def resume(self, round_: int) -> Result:
        """kill -9 at half, start again."""
        profile, size, _, connections = SCENARIOS["resume"]
        label = f"{profile},resume-{round_}"
        out = self.directory / "resumed"
        url = f"http://127.0.0.1:{self.port}/{label}/{size}.mp4"
        command = self.aniworld(url, str(out), connections)
        begun = time.perf_counter()
        process = subprocess.Popen(command)
        while self.stats(label)[0] < size * MIB // 2:
            time.sleep(0.01)
        process.kill()
        process.wait()
        result = self.run_commands([command])
        twice = (self.stats(label)[0] - size * MIB) / MIB
        right = out.exists() and filecmp.cmp(out, self.files / f"{size}.mp4", shallow=False)
        out.unlink(missing_ok=True)
        return Result(
            time.perf_counter() - begun, result.cpu, f"{twice:.1f} MiB twice{'' if right else ' WRONG BYTES'}"
        )


def table(scenario: str, results: dict[str, list[Result]], size: int) -> None:
    """One line a target, medians."""
    print(f"\n{scenario}: {SCENARIOS[scenario][0]}, {size} MiB")
    reference = "curl" if "curl" in results else next(iter(results))
    middle = {name: statistics.median(result.wall for result in runs) for name, runs in results.items()}
    spent = {name: statistics.median(result.cpu for result in runs) for name, runs in results.items()}
    for name, runs in results.items():
        wall, cpu = middle[name], spent[name] / size * 1024
        ratios = " ".join(
            f"{middle[name] / middle[other]:.2f}x {other}" for other in ("curl", "aria2c") if other in middle
        )
        share = f"{spent[name] / spent[reference]:.2f}x {reference}"
        low, high = min(run.wall for run in runs), max(run.wall for run in runs)
        note = runs[-1].note
        print(f"  {name:9} {wall:6.2f} s ({low:.2f}-{high:.2f}) = {ratios:26} {cpu:5.2f} CPU s/GiB = {share}  {note}")


def main() -> None:
    """See above."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", default=",".join(SCENARIOS))
    options = parser.parse_args()
    targets = ["engine", "aniworld", *(name for name in ("curl", "aria2c") if shutil.which(name))]
    with tempfile.TemporaryDirectory(dir="/dev/shm", prefix="downloads-") as directory:
        bench = Bench(Path(directory))
        try:
            for scenario in options.only.split(","):
                _, size, count, _ = SCENARIOS[scenario]
                names = [name for name in targets if name != "aniworld" or scenario != "tls"]
                runs: dict[str, Callable[[int], Result]] = {
                    name: functools.partial(bench.one, name, scenario) for name in names
                }
                if scenario == "resume":
                    runs = {"aniworld": bench.resume}
                results: dict[str, list[Result]] = {name: [] for name in runs}
                for round_ in range(options.rounds):
                    for name, run in runs.items():
                        results[name].append(run(round_))
                table(scenario, results, size * count)
        finally:
            bench.close()


if __name__ == "__main__":
    if sys.argv[1:2] == ["--engine"]:
        import uvloop

        uvloop.install()
        asyncio.run(engine())
    else:
        main()
