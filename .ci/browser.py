"""Finds the Chromium that drives the end-to-end tests, or installs one. As a command it prints where it is."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
MAC = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"
HELP = (
    "No Chromium was found and none could be installed; on Debian type: sudo apt-get install chromium fonts-liberation"
)


def works(path: str) -> bool:
    """Whether it starts: Ubuntu's ``chromium-browser``, say, can be a script that only points to a snap."""
    try:
        return subprocess.run([path, "--version"], capture_output=True, timeout=60, check=False).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def find() -> str | None:
    """The browser that ``ANIWORLD_CHROMIUM`` names, the system's, or playwright's own."""
    named = os.environ.get("ANIWORLD_CHROMIUM")
    if named:
        return named if works(named) else None
    installed = [path for name in NAMES if (path := shutil.which(name))]
    return next((path for path in (*installed, MAC, *_playwrights()) if works(path)), None)


def _playwrights() -> list[str]:
    base = os.environ.get("PLAYWRIGHT_BROWSERS_PATH") or (
        Path.home() / ("Library/Caches" if sys.platform == "darwin" else ".cache") / "ms-playwright"
    )
    patterns = ("chromium-*/chrome-linux*/chrome", "chromium-*/chrome-mac*/*.app/Contents/MacOS/*")
    return sorted((str(path) for pattern in patterns for path in Path(base).glob(pattern)), reverse=True)


def install() -> str | None:
    """Install one by the system's package manager where that is allowed, else by playwright."""
    if shutil.which("apt-get") and os.geteuid() == 0:
        apt = ["apt-get", "-qq", "-o", "DPkg::Lock::Timeout=300"]
        for command in (["update"], ["install", "-y", "--no-install-recommends", "chromium", "fonts-liberation"]):
            _try([*apt, *command])
        if path := find():
            return path
    _try([sys.executable, "-m", "playwright", "install", "chromium"])
    return find()


def _try(command: list[str]) -> None:
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=environment, check=False)
    if done.returncode != 0:
        print(done.stdout.decode(errors="replace"), file=sys.stderr)


if __name__ == "__main__":
    print(find() or sys.exit(HELP))
