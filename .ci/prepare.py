"""Makes a checkout ready to run: packages, Node modules, the built pages, and with ``--browser`` a browser.

``--strace`` installs that where the system's package manager may.

A step is skipped while the stamp that its last run left says that nothing it reads has changed.
"""

from __future__ import annotations

import compileall
import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import browser

ROOT = Path(__file__).resolve().parent.parent
CACHE = ROOT / ".cache"
BIN = ROOT / ".venv" / "bin"
FRONTEND = ROOT / "frontend"
WEB = ROOT / "backend" / "aniworld" / "web"
MODULES = FRONTEND / "node_modules"
GENERATED = {"node_modules", ".svelte-kit", "paraglide", "test-results"}
NODE_INPUTS = [FRONTEND / name for name in ("package.json", "package-lock.json", ".npmrc")]


def digest(files: Iterable[Path]) -> str:
    """One hash over names and contents, and over the Python that will run."""
    whole = hashlib.sha256(sys.version.encode())
    for file in sorted(files):
        content = file.read_bytes()
        whole.update(f"{file.relative_to(ROOT)} {len(content)}\n".encode())
        whole.update(content)
    return whole.hexdigest()


def sources(folder: Path) -> Iterable[Path]:
    """What the pages are built from."""
    for path in folder.iterdir():
        if path.is_dir():
            if path.name not in GENERATED:
                yield from sources(path)
        elif not path.name.endswith((".test.ts", ".md")):
            yield path


def step(title: str, made: Path, stamp: Path, inputs: str, action: Callable[[], None]) -> None:
    """Run ``action`` unless ``made`` is there and was made from the same ``inputs``."""
    if made.exists() and stamp.is_file() and stamp.read_text() == inputs:
        return
    started = time.monotonic()
    print(f"{title} …", file=sys.stderr, flush=True)
    stamp.unlink(missing_ok=True)
    action()
    stamp.parent.mkdir(parents=True, exist_ok=True)
    stamp.write_text(inputs)
    print(f"{title}: {time.monotonic() - started:.1f} s", file=sys.stderr, flush=True)


def run(*command: str, cwd: Path = ROOT) -> None:
    """Run a command quietly; when it fails, show what it said and stop."""
    environment = os.environ | {
        "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
        "UV_COMPILE_BYTECODE": "1",
        "UV_PYTHON": str(BIN / "python"),
        "UV_PYTHON_DOWNLOADS": "never",
    }
    done = subprocess.run(
        command, cwd=cwd, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False
    )
    if done.returncode != 0:
        sys.stderr.write(done.stdout.decode(errors="replace"))
        sys.exit(f"This failed: {' '.join(command)}")


def install_packages() -> None:
    """Exactly what the lock says, then the program itself from its sources."""
    run("uv", "pip", "sync", "--require-hashes", "requirements.lock")
    run("uv", "pip", "install", "--no-deps", "--no-build-isolation", "--editable", ".")


def install_modules() -> None:
    """Exactly what package-lock.json says."""
    run("npm", "ci", "--no-audit", "--no-fund", cwd=FRONTEND)


def build_pages() -> None:
    """The static files that the server hands out."""
    run("npm", "run", "build", cwd=FRONTEND)


def install_browser() -> None:
    """One that is there already is taken."""
    if browser.find() is None:
        print("Chromium …", file=sys.stderr, flush=True)
        if browser.install() is None:
            sys.exit(browser.HELP)


def install_strace() -> None:
    """What the fault tests let calls fail with; without it they fail and say so."""
    if sys.platform != "linux" or shutil.which("strace") or not shutil.which("apt-get") or os.geteuid() != 0:
        return
    print("strace …", file=sys.stderr, flush=True)
    apt = ["apt-get", "-qq", "-o", "DPkg::Lock::Timeout=300"]
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    for command in (["update"], ["install", "-y", "--no-install-recommends", "strace"]):
        subprocess.run([*apt, *command], env=environment, stdout=subprocess.DEVNULL, check=False)


def main(options: list[str]) -> None:
    """Run the steps, one set-up at a time."""
    if unknown := set(options) - {"--browser", "--strace"}:
        sys.exit(f"Unknown option: {' '.join(sorted(unknown))}")
    CACHE.mkdir(exist_ok=True)
    with (CACHE / "setup.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        packages = digest([ROOT / "pyproject.toml", ROOT / "requirements.lock"])
        step("Packages", BIN / "aniworld", ROOT / ".venv" / ".packages", packages, install_packages)
        modules = digest([*NODE_INPUTS, ROOT / "requirements-build.lock"])
        step("Node modules", MODULES, MODULES / ".made", modules, install_modules)
        step("Pages", WEB / "index.html", CACHE / "pages", digest(sources(FRONTEND)), build_pages)
        compileall.compile_dir(ROOT / "backend" / "aniworld", quiet=1)
        if "--browser" in options:
            install_browser()
        if "--strace" in options:
            install_strace()


if __name__ == "__main__":
    main(sys.argv[1:])
