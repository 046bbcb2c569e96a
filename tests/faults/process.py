"""The real command in a process of its own, so that it can be killed."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import signal
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from tests.conftest import PASSWORD


@dataclass
class ServerProcess:
    """``aniworld serve`` on a data directory."""

    data: Path
    anime: Path
    arguments: tuple[str, ...] = ("serve", "--port", "0")
    process: asyncio.subprocess.Process | None = None
    client: httpx.AsyncClient | None = None
    output: list[str] = field(default_factory=list)
    token: str | None = None
    url: str = ""
    prefix: tuple[str, ...] = ()
    """A command that starts it in another way."""
    module: str = "aniworld"
    traced: bool = False

    async def start(self) -> httpx.AsyncClient:
        """Start, set up or log in; a client that carries a token."""
        await self.launch()
        return await self.ready()

    async def launch(self) -> None:
        """Start, and wait for nothing."""
        self.output = []
        self.traced = "strace" in self.prefix
        self.process = await asyncio.create_subprocess_exec(
            *self.prefix,
            sys.executable,
            "-m",
            self.module,
            *self.arguments,
            "--data-dir",
            str(self.data),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )

    async def ready(self) -> httpx.AsyncClient:
        """Wait until it answers; set up or log in."""
        self.url = await self._line(r"Aniworld runs at (\S+)")
        self.client = httpx.AsyncClient(base_url=self.url, trust_env=False, timeout=20)
        status = (await self.client.get("/api/auth/status")).json()
        if status["setup_required"]:
            body = {"password": PASSWORD, "anime_directory": str(self.anime)}
            answer = await self.client.post("/api/auth/setup", json=body)
            assert answer.status_code == 201, answer.text
        if self.token is None:
            answer = await self.client.post("/api/auth/login", json={"password": PASSWORD, "remember": True})
            assert answer.status_code == 200, answer.text
            self.token = answer.json()["access_token"]
        self.client.cookies.clear()
        self.client.headers["Authorization"] = f"Bearer {self.token}"
        return self.client

    async def _line(self, pattern: str) -> str:
        assert self.process is not None
        assert self.process.stdout is not None
        async with asyncio.timeout(30):
            while line := (await self.process.stdout.readline()).decode():
                self.output.append(line)
                if match := re.search(pattern, line):
                    self._drain = asyncio.create_task(self._read_on())
                    return match.group(1)
        raise AssertionError("".join(self.output))

    async def _read_on(self) -> None:
        assert self.process is not None
        assert self.process.stdout is not None
        while line := await self.process.stdout.readline():
            self.output.append(line.decode())

    async def end(self, number: signal.Signals) -> int:
        """Send a signal and wait for the end; the exit status."""
        assert self.process is not None
        self._send(number)
        return await self.wait()

    def _send(self, number: signal.Signals) -> None:
        """To the server, which may run below a tracer."""
        assert self.process is not None
        pids = [self.process.pid]
        if self.traced:
            with contextlib.suppress(OSError):
                children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
                pids = [int(pid) for pid in children] or pids
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)

    @property
    def alive(self) -> bool:
        """Whether it runs."""
        return self.process is not None and self.process.returncode is None

    async def ended(self) -> None:
        """Wait for the end; its output and its clients stay."""
        assert self.process is not None
        await self.process.wait()

    async def kill(self) -> None:
        """kill -9, also where it runs below a tracer; at once, and nothing if it is dead already."""
        if self.process is None or not self.alive:
            return
        self._send(signal.SIGKILL)
        await self.process.wait()

    async def close(self) -> None:
        """Whatever it was doing and whatever failed: it is gone afterwards, and so are the connections to it."""
        await self.kill()
        if self.process is not None:
            await self.wait()

    async def wait(self) -> int:
        """Wait for the end, and let go of the client; the exit status."""
        assert self.process is not None
        status = await self.process.wait()
        if self.client is not None:
            await self.client.aclose()
        self.client = None
        return status


@contextlib.asynccontextmanager
async def server_process(data: Path, anime: Path) -> AsyncIterator[ServerProcess]:
    """A server that is killed at the end, if it still runs."""
    process = ServerProcess(data, anime)
    try:
        yield process
    finally:
        await process.close()
