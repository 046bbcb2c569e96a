"""A question put to a process of its own, which has what it needs and nothing more, and is gone afterwards.

The child reads one line, writes one line, and takes the end of its input for the end of whoever asked.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Collection
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

from aniworld.kit.tasks import to_the_end

_LONGEST_COMPLAINT = 16 * 1024
_LAST_WORDS = 1.0
"""Seconds for what a child that answers nothing has to complain about."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back."""

    line: bytes
    """Empty: nothing, or more than was allowed."""
    complaint: str
    """The end of what it wrote to its error output; only where it did not answer."""
    how: str
    """How it ended: the name of a signal, or its status."""


async def ask(
    module: str,
    question: bytes,
    *,
    limit: AbstractAsyncContextManager[object],
    longest: int,
    environment: Collection[str],
    isolated: bool = False,
) -> Reply:
    """Run ``python -m module``, hand it a line and wait for its own, of at most ``longest`` bytes.

    ``limit`` raises ``TimeoutError`` when it takes too long; ``environment`` names all that the child learns of ours,
    which may hold secrets; ``isolated``: nothing is imported but what is installed. The child and all that it started
    are killed before this returns. Raises ``OSError`` where it cannot be started, and ``TimeoutError``.
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *(("-I",) if isolated else ()),
        "-m",
        module,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        limit=longest,
        start_new_session=True,
        cwd="/" if isolated else None,
        env={name: os.environ[name] for name in environment if name in os.environ},
    )
    try:
        async with limit:
            line, complaint = await _talk(process, question)
    finally:
        await to_the_end(_end(process))
    code = process.returncode or 0
    how = signal.Signals(-code).name if code < 0 else f"status {code}"
    return Reply(line, complaint.decode("utf-8", "replace"), how)


async def _talk(process: asyncio.subprocess.Process, question: bytes) -> tuple[bytes, bytes]:
    """The pipe stays open meanwhile: its end is the child's too."""
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stderr is not None
    with contextlib.suppress(ConnectionError):  # it died before it had read all; how it ended tells why
        process.stdin.write(question)
        await process.stdin.drain()
    complaint = asyncio.create_task(_tail(process.stderr))
    try:
        line = await _first_line(process.stdout)
        if not line:
            await asyncio.wait((complaint,), timeout=_LAST_WORDS)
        return line, complaint.result() if complaint.done() else b""
    finally:
        complaint.cancel()


async def _first_line(stream: asyncio.StreamReader) -> bytes:
    try:
        return await stream.readline()
    except ValueError:  # longer than any answer
        return b""


async def _tail(stream: asyncio.StreamReader) -> bytes:
    kept = b""
    while data := await stream.read(4096):
        kept = (kept + data)[-_LONGEST_COMPLAINT:]
    return kept


async def _end(process: asyncio.subprocess.Process) -> None:
    assert process.stdin is not None
    # One that has ended by itself keeps its own status; others of its group may still run.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    await process.wait()
    process.stdin.close()
