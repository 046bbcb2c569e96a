"""Runs the server and Vite together; the server starts anew when one of its files changes. Ctrl-C ends both."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = ROOT / ".venv" / "bin"
BACKEND = ROOT / "backend" / "aniworld"
STOP_AFTER = 10.0
"""Seconds that a process has to end by itself."""


def newest() -> float:
    """When the last change to the server's sources was made."""
    files = (path for pattern in ("**/*.py", "**/*.toml") for path in BACKEND.glob(pattern))
    return max(path.stat().st_mtime for path in files if path.exists())


def start(*command: str, cwd: Path, environment: dict[str, str]) -> subprocess.Popen[bytes]:
    """Start a program as the head of a group, so that what it starts ends with it."""
    return subprocess.Popen(command, cwd=cwd, env=environment, start_new_session=True)


def stop(process: subprocess.Popen[bytes]) -> None:
    """Ask the group to end, and end it when it does not."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(STOP_AFTER)
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def main() -> None:
    """Watch until Ctrl-C. The sample source is there too, so that there is something to work with."""
    port = os.environ.get("ANIWORLD_PORT", "8000")
    environment = os.environ | {
        "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
        "ANIWORLD_BACKEND": f"http://127.0.0.1:{port}",  # where Vite finds the API
    }
    signal.signal(signal.SIGTERM, signal.default_int_handler)

    def server() -> subprocess.Popen[bytes]:
        return start("aniworld", "demo", "--data-dir", ".data/dev", cwd=ROOT, environment=environment)

    seen, backend = newest(), server()
    vite = start("npm", "run", "--silent", "dev", cwd=ROOT / "frontend", environment=environment)
    try:
        while vite.poll() is None:
            time.sleep(0.5)
            if (changed := newest()) > seen:
                seen = changed
                print("A file has changed: the server starts anew", flush=True)
                stop(backend)
                backend = server()
    except KeyboardInterrupt:
        pass
    finally:
        stop(vite)
        stop(backend)


if __name__ == "__main__":
    main()
