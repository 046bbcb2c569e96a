"""Has yt-dlp look at pages in processes of their own. This is the door of the package; it never imports yt-dlp.

A page that hangs, goes on for ever, eats memory or kills the process costs one process its time and nobody else
anything. What it fetches goes through a proxy of ours, so that the guard sees every address.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import sys
from collections.abc import Callable

import msgspec

from aniworld.catalog.errors import CatalogError, NotAtSourceError, SourceChangedError, SourceUnreachableError, from_net
from aniworld.catalog.extraction.types import MOST_ENTRIES, Answer, Failed, Found, Job, Listed, ListJob, ResolveJob
from aniworld.catalog.types import Stream
from aniworld.kit.net import HttpClient
from aniworld.kit.net.errors import AddressRefusedError, HttpStatusError, NetError, TooLargeError
from aniworld.kit.net.guard import parse_url
from aniworld.kit.net.proxy import Budget
from aniworld.kit.tasks import to_the_end

log = logging.getLogger(__name__)

MIB = 1024 * 1024
AT_ONCE = 2
"""Processes; each takes a second of the processor and some 80 MiB."""
RESOLVE_SECONDS = 60.0
LIST_SECONDS = 120.0
QUEUE_SECONDS = 300.0
"""The longest wait for one of them to be free."""
RESOLVE_BUDGET = Budget(down=32 * MIB, up=2 * MIB, requests=100)
LIST_BUDGET = Budget(down=128 * MIB, up=4 * MIB, requests=500)

_MODULE = "aniworld.catalog.extraction.worker"
_ENVIRONMENT = ("LD_LIBRARY_PATH", "PATH", "SYSTEMROOT")
"""All that the worker learns of the server's environment, which may hold secrets and proxies."""
_LONGEST_ANSWER = 8 * MIB
_LONGEST_COMPLAINT = 16 * 1024


class Extractor:
    """One for all sources and hosters, so that few processes run at a time. Raises ``CatalogError`` only."""

    def __init__(self, client: HttpClient) -> None:
        self._client = client
        self._places = asyncio.Semaphore(AT_ONCE)

    async def resolve(self, url: str, who: str, *, max_height: int | None, language: str | None) -> Stream:
        """What can be fetched of the video on that page; ``who`` is asked, in words."""
        answer = await self._ask(
            lambda proxy: ResolveJob(url=url, proxy=proxy, max_height=max_height, language=language),
            who,
            url,
            RESOLVE_BUDGET,
            RESOLVE_SECONDS,
        )
        if not isinstance(answer, Found):
            raise SourceChangedError(f"{who}: yt-dlp answered something else than was asked")
        return answer.stream

    async def list(self, url: str, who: str, *, most: int = MOST_ENTRIES) -> Listed:
        """What is on the list at that address, in its order."""
        answer = await self._ask(
            lambda proxy: ListJob(url=url, proxy=proxy, most=most), who, url, LIST_BUDGET, LIST_SECONDS
        )
        if not isinstance(answer, Listed):
            raise SourceChangedError(f"{who}: yt-dlp answered something else than was asked")
        return answer

    async def _ask(self, job: Callable[[str], Job], who: str, url: str, budget: Budget, seconds: float) -> Answer:
        try:
            parse_url(url)  # told early what the proxy would refuse
            async with asyncio.timeout(QUEUE_SECONDS):
                await self._places.acquire()
        except NetError as error:
            raise from_net(error, who) from error
        except TimeoutError as error:
            raise SourceUnreachableError(f"{who} was not asked: too many pages are waiting for yt-dlp") from error
        try:
            async with self._client.proxy(budget) as proxy:
                answer = await _run(job(proxy.url), who, seconds)
                failure = proxy.failure
        finally:
            self._places.release()
        if isinstance(answer, Failed):
            raise _error(answer, failure, who)
        return answer


def _error(failed: Failed, failure: NetError | None, who: str) -> CatalogError:
    """What a failure means; the guard's own reason goes before what yt-dlp made of it."""
    told = f"{who}: {failed.message}" if failed.message else who
    if failure is not None and (
        failed.reason == "network" or (isinstance(failure, (AddressRefusedError, TooLargeError)))
    ):
        return from_net(failure, who)
    match failed.reason:
        case "gone" | "live":
            return NotAtSourceError(told)
        case "network":
            return SourceUnreachableError(told)
        case "refused" if failed.http_status is not None:
            return from_net(HttpStatusError(failed.http_status, ""), who)
        case "refused":
            return NotAtSourceError(told)
        case _:
            return SourceChangedError(told)


async def _run(job: Job, who: str, seconds: float) -> Answer:
    try:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-I",
            "-m",
            _MODULE,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            limit=_LONGEST_ANSWER,
            start_new_session=True,
            cwd="/",
            env={name: os.environ[name] for name in _ENVIRONMENT if name in os.environ},
        )
    except OSError as error:  # too many processes or files are open, or there is no memory left
        raise SourceUnreachableError(f"{who}: yt-dlp cannot be started: {error.strerror}") from error
    try:
        async with asyncio.timeout(seconds):
            line, complaint = await _talk(process, msgspec.json.encode(job) + b"\n")
    except TimeoutError as error:
        raise SourceUnreachableError(f"{who}: yt-dlp found nothing within {seconds:g} s") from error
    finally:
        await to_the_end(_end(process))
    try:
        return await asyncio.to_thread(msgspec.json.decode, line, type=Answer)
    except msgspec.DecodeError as error:  # of a schema as well
        code = process.returncode or 0
        how = signal.Signals(-code).name if code < 0 else f"status {code}"
        log.warning("yt-dlp's process ended with %s: %s", how, complaint.decode("utf-8", "replace")[-2000:])
        raise SourceChangedError(f"{who}: yt-dlp failed (its process ended with {how})") from error


async def _talk(process: asyncio.subprocess.Process, job: bytes) -> tuple[bytes, bytes]:
    """Hand over the job and wait for the answer. The pipe stays open meanwhile: its end is the worker's too."""
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stderr is not None
    with contextlib.suppress(ConnectionError):  # it died before it had read all; its status tells why
        process.stdin.write(job)
        await process.stdin.drain()
    complaint = asyncio.create_task(_tail(process.stderr))
    try:
        line = await _first_line(process.stdout)
        if not line:
            await asyncio.wait((complaint,), timeout=1.0)
        return line, complaint.result() if complaint.done() else b""
    finally:
        complaint.cancel()


async def _first_line(stream: asyncio.StreamReader) -> bytes:
    try:
        return await stream.readline()
    except ValueError:  # longer than any answer
        return b""


async def _tail(stream: asyncio.StreamReader) -> bytes:
    """The end of what a process complains about."""
    kept = b""
    while data := await stream.read(4096):
        kept = (kept + data)[-_LONGEST_COMPLAINT:]
    return kept


async def _end(process: asyncio.subprocess.Process) -> None:
    """Whatever has become of it, afterwards it and all that it started are gone."""
    assert process.stdin is not None
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    await process.wait()
    process.stdin.close()
