"""What a download costs beside curl, aria2c, wget and yt-dlp. The ratios count; the seconds are this machine's.

    python -m benchmarks.downloads [--rounds 5] [--only single,tls,…]

``engine`` is the fetch layer in a process that runs already, as in the server; ``aniworld`` the command with its start.
An origin of its own serves from memory (/dev/shm), and files are written there. The targets take turns; a ratio is the
median of the rounds' ratios. Every file is compared with what the origin has.

``single``     1 GiB over a fast line          ``tls``    the same over TLS
``small``      4 MiB, 30 ms away               ``capped`` 40 MiB/s over all connections
``throttled``  8 MiB/s a connection, 30 ms, 16 connections; ``eight``: as many as we take unless told otherwise
``few``        the same, four connections at most; a further one is refused with 503
``four``       four files at once, 16 MiB/s a connection   ``fast``  four at once over a fast line
``resume``     kill -9 at half and start again, 4 times a round: how much is fetched twice
``server``     a real server with four downloads at 250 MB/s: its API, its memory, the bytes that were sent

HLS has a benchmark of its own: ``benchmarks.hls``.
"""

from __future__ import annotations

import argparse
import asyncio
import filecmp
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
from dataclasses import dataclass
from pathlib import Path

from benchmarks import busy

MIB = 1024 * 1024
_TICK = 0.01
SCENARIOS = {
    "single": ("-", 1024, 1, 8),
    "tls": ("-", 1024, 1, 8),
    "small": ("rtt=30", 4, 1, 8),
    "throttled": ("rate=8M,rtt=30", 256, 1, 16),
    "eight": ("rate=8M,rtt=30", 256, 1, 8),
    "few": ("rate=8M,rtt=30,most=4", 256, 1, 16),
    "capped": ("total=40M,rtt=30", 256, 1, 8),
    "four": ("rate=16M,rtt=30", 256, 4, 16),
    "fast": ("-", 256, 4, 8),
    "resume": ("total=64M", 256, 1, 8),
}
"""Name: how the host behaves, MiB of a file, files at once, connections for a file."""
PEERS: dict[str, tuple[str, ...]] = {
    "single": ("curl", "aria2c", "wget", "yt-dlp"),
    "small": ("curl", "aria2c", "wget", "yt-dlp"),
}
PEERS |= dict.fromkeys(("tls", "capped", "fast"), ("curl", "aria2c"))
"""Others are compared with aria2c alone: what has one connection takes half a minute there."""
LINE = "total=240M,rtt=10"
SERVER_MIB = 512


@dataclass
class Result:
    """One run."""

    wall: float
    cpu: float
    note: str = ""
    twice: float = 0.0
    """MiB that were fetched a second time."""

    @property
    def is_wrong(self) -> bool:
        """Whether the file is not what it should be."""
        return "WRONG" in self.note or "FAILED" in self.note


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
    late = held = 0.0

    async def watch() -> None:
        nonlocal late, held
        while True:
            begun, waited = time.perf_counter(), _waited()
            await asyncio.sleep(_TICK)
            lag = time.perf_counter() - begun - _TICK
            late, held = max(late, lag), max(held, lag - (_waited() - waited))

    async with HttpClient(allowed_hosts=lambda: hosts) as client:
        watching = asyncio.create_task(watch())
        while line := await asyncio.to_thread(sys.stdin.readline):
            connections, target, *urls = line.split()
            Path("/proc/self/clear_refs").write_text("5")  # the peak counts from here
            late = held = 0.0
            before, begun = _spent(), time.perf_counter()
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
            wall, cpu = time.perf_counter() - begun, _spent() - before
            print(json.dumps({"wall": wall, "cpu": cpu, "peak": peak, "late": late, "held": held}), flush=True)
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


def _waited() -> float:
    """Seconds that this thread was ready to run and others had the processors."""
    return int(Path("/proc/thread-self/schedstat").read_text().split()[1]) / 1e9


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
                for number in range(-(-size // 64)):
                    stream.write(number.to_bytes(8, "big") + block[: 64 * MIB - 24 + 16 * (number > 0)])
                stream.truncate(size * MIB)
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
        late, held = (round(1000 * said[name]) for name in ("late", "held"))
        note = f"peak {said['peak']} MiB, loop late {late} ms at most, by its own doing {held} ms"
        return Result(said["wall"], said["cpu"], note)

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
        single = {
            "curl": ["curl", "-sSfk", "-o"],
            "wget": ["wget", "-q", "--no-check-certificate", "-O"],
            "yt-dlp": ["yt-dlp", "-q", "--no-warnings", "--no-check-certificates", "-o"],
        }
        if name in single:
            return [[*single[name], target, url] for url, target in zip(urls, targets, strict=True)]
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
        result.wall, result.twice = time.perf_counter() - begun, (self.stats(label)[0] - size * MIB) / MIB
        if not out.exists() or not filecmp.cmp(out, self.files / f"{size}.mp4", shallow=False):
            result.note += " WRONG BYTES"
        out.unlink(missing_ok=True)
        return result

    def server(self, round_: int) -> busy.Busy:
        """A real one, while it downloads."""
        shelf = self.files / "shelf"
        if not shelf.exists():
            busy.make_files(shelf, SERVER_MIB)
        label = f"{LINE},server-{round_}"
        seen = asyncio.run(busy.measure(f"http://127.0.0.1:{self.port}/{label}/shelf", SERVER_MIB))
        seen.over = self.stats(label)[0] / (SERVER_MIB * MIB * busy.FILES) - 1
        return seen


def table(scenario: str, results: dict[str, list[Result]]) -> None:
    """One line a target: medians, and how they compare."""
    profile, size, count, connections = SCENARIOS[scenario]
    files = f"{count} x {size} MiB" if count > 1 else f"{size} MiB"
    print(f"\n{scenario}: {files}, host: {profile}, {connections} connections a file at most")
    references = [name for name in ("curl", "aria2c") if name in results]
    print(
        f"  {'':9}{'seconds (all)':>22}{'CPU s/GiB':>11}"
        + "".join(f"{f'/ {name}: wall, CPU':>22}" for name in references)
    )
    for name, runs in results.items():
        walls, spent = ([getattr(run, what) for run in runs] for what in ("wall", "cpu"))
        line = f"  {name:9}{statistics.median(walls):8.2f} {f'({min(walls):.2f}-{max(walls):.2f})':>13}"
        line += f"{statistics.median(spent) / (size * count) * 1024:11.2f}"
        for reference in references:
            pairs = list(zip(runs, results[reference], strict=True))
            wall, cpu = (
                statistics.median(getattr(a, what) / getattr(b, what) for a, b in pairs) for what in ("wall", "cpu")
            )
            line += f"{f'{wall:.2f} x, {cpu:.2f} x':>22}"
        print(f"{line}  {runs[-1].note}")
        for run in runs:
            if run.is_wrong:
                print(f"  {name}: {run.note}")


def show_resumed(results: list[Result]) -> None:
    """How much of all that was killed had to be fetched again."""
    twice = [result.twice for result in results]
    wrong = sum(result.is_wrong for result in results)
    print(f"\nresume: kill -9 at half of {SCENARIOS['resume'][1]} MiB and start again, {len(results)} times")
    print(f"  fetched twice: median {statistics.median(twice):.1f} MiB, most {max(twice):.1f} MiB; wrong: {wrong}")


def show_server(seen: list[busy.Busy]) -> None:
    """What the server was like."""

    def middle(name: str) -> float:
        return float(statistics.median(getattr(one, name) for one in seen))

    print(f"\nserver: {busy.FILES} x {SERVER_MIB} MiB at once from {LINE}, {len(seen)} runs, medians")
    print(
        f"  {middle('rate'):.0f} MB/s, {middle('cpu'):.2f} CPU s/GiB in all, {100 * middle('over'):+.2f} % bytes sent"
    )
    print(f"  API p50 {middle('p50'):.1f} ms, p99 {middle('p99'):.1f} ms; latest answer {middle('late'):.0f} ms late")
    print(f"  the event loop waited for a processor {100 * middle('waited'):.0f} % of the time")
    idle, peak = middle("idle"), middle("peak")
    print(f"  memory {idle:.0f} MiB idle, {peak:.0f} MiB at most: {peak - idle:+.0f} MiB")


def main() -> None:
    """See above."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", default=",".join([*SCENARIOS, "server"]))
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir="/dev/shm", prefix="downloads-") as directory:
        bench = Bench(Path(directory))
        try:
            for scenario in options.only.split(","):
                if scenario == "resume":
                    show_resumed([bench.resume(number) for number in range(4 * options.rounds)])
                    continue
                if scenario == "server":
                    show_server([bench.server(number) for number in range(options.rounds)])
                    continue
                peers = [name for name in PEERS.get(scenario, ("aria2c",)) if shutil.which(name)]
                ours = (
                    ["engine"] if scenario == "tls" else ["engine", "aniworld"]
                )  # its certificate is the origin's own
                results: dict[str, list[Result]] = {name: [] for name in (*ours, *peers)}
                for round_ in range(options.rounds):
                    for name, runs in results.items():
                        runs.append(bench.one(name, scenario, round_))
                table(scenario, results)
        finally:
            bench.close()


if __name__ == "__main__":
    if sys.argv[1:2] == ["--engine"]:
        import uvloop

        uvloop.install()
        asyncio.run(engine())
    else:
        main()
