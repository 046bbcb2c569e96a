"""Runs the checks side by side and then the tests, counts them together, fails when one fails or is missing."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree

import browser

ROOT = Path(__file__).resolve().parent.parent
BIN = ROOT / ".venv" / "bin"
REPORTS = ROOT / ".cache" / "reports"


@dataclass(frozen=True)
class Part:
    """A command under a heading. With a ``report`` it is a run of tests, which are counted one by one; without one it
    is a check, which may run beside others."""

    name: str
    command: tuple[str, ...]
    cwd: Path = ROOT
    report: Path | None = None


@dataclass
class Count:
    """How many went well and how many did not, and what was written about it, where that was kept."""

    passed: int = 0
    failed: int = 0
    seconds: float = field(default=0, compare=False)
    output: str = field(default="", compare=False)


def npm(name: str, script: str, *arguments: str, report: Path | None = None) -> Part:
    """A part that is a script of the front end."""
    extra = ("--", *arguments) if arguments else ()
    return Part(name, ("npm", "run", "--silent", script, *extra), ROOT / "frontend", report)


def vitest(name: str) -> Part:
    """A part that vitest runs."""
    report = REPORTS / f"{name}.xml"
    return npm(name, "test", "--reporter=default", "--reporter=junit", f"--outputFile.junit={report}", report=report)


def pytest(name: str, *arguments: str) -> Part:
    """A part that pytest runs."""
    report = REPORTS / f"{name}.xml"
    return Part(name, ("pytest", f"--junitxml={report}", *arguments), report=report)


CHECKS = (
    Part("ruff", ("ruff", "check")),
    Part("format", ("ruff", "format", "--check")),
    Part("mypy", ("mypy",)),
    Part("imports", ("lint-imports", "--no-logo")),
    npm("svelte-check", "check"),
    npm("eslint", "lint"),
)
TESTS = (
    vitest("vitest"),
    # Many tests wait more than they work, so there is one process more than the smallest machine has cores.
    pytest("pytest", "tests", "-m", "not e2e", "--numprocesses=3"),
    # Playwright's synchronous interface leaves an event loop behind, so its tests run in processes of their own.
    pytest("e2e", "e2e", "-m", "e2e", "--numprocesses=2"),
)


def read(report: Path) -> Count:
    """Count a JUnit report. A test that was skipped was not run, so it has not passed."""
    count = Count()
    if report.exists():
        for case in ElementTree.parse(report).iter("testcase"):
            if any(case.find(kind) is not None for kind in ("failure", "error", "skipped")):
                count.failed += 1
            else:
                count.passed += 1
    return count


def run(part: Part, environment: dict[str, str]) -> Count:
    """Run one part to its end and count it; a check counts as one, and keeps its output to itself."""
    started = time.monotonic()
    if part.report:
        part.report.unlink(missing_ok=True)
        good = subprocess.run(part.command, cwd=part.cwd, env=environment, check=False).returncode == 0
        count = read(part.report)
    else:
        done = subprocess.run(
            part.command,
            cwd=part.cwd,
            env=environment,
            check=False,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        good = done.returncode == 0
        count = Count(passed=int(good), output=done.stdout)
    if not good or not count.passed:
        count.failed = max(count.failed, 1)
    count.seconds = time.monotonic() - started
    return count


def main(arguments: list[str]) -> int:
    """Run all parts, the checks, or the named ones."""
    parts = {part.name: part for part in (*CHECKS, *TESTS)}
    names = [part.name for part in CHECKS] if arguments == ["--checks"] else arguments or list(parts)
    if unknown := [name for name in names if name not in parts]:
        sys.exit(f"Unknown: {', '.join(unknown)}. There are: {', '.join(parts)}")
    REPORTS.mkdir(parents=True, exist_ok=True)
    environment = os.environ | {"PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"}
    if chromium := browser.find():
        environment["ANIWORLD_CHROMIUM"] = chromium

    total, lines = Count(), []
    with ThreadPoolExecutor(max_workers=2) as pool:
        checks = {name: pool.submit(run, parts[name], environment) for name in names if not parts[name].report}
        for name in names:
            heading = f"\n=== {name} {'=' * (75 - len(name))}"
            if name in checks:
                count = checks[name].result()
                print(heading, count.output, sep="\n", end="", flush=True)
            else:
                for check in checks.values():
                    check.result()
                print(heading, flush=True)
                count = run(parts[name], environment)
            total = Count(total.passed + count.passed, total.failed + count.failed)
            verdict = f"{count.failed} failed" if count.failed else "ok"
            lines.append(f"{name:14}{count.passed:6} passed  {verdict:12}{count.seconds:7.1f} s")
    print("", "\n".join(lines), f"{total.passed} passed, {total.failed} failed", sep="\n", flush=True)
    return 1 if total.failed else 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
