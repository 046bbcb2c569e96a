"""Has yt-dlp look at pages in processes of their own. This is the door of the package; it never imports yt-dlp.

A page that hangs, goes on for ever, eats memory or kills the process costs one process its time and nobody else
anything. What it fetches goes through a proxy of ours, so that the guard sees every address.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

import msgspec

from aniworld.catalog.errors import CatalogError, NotAtSourceError, SourceChangedError, SourceUnreachableError, from_net
from aniworld.catalog.extraction.types import MOST_ENTRIES, Answer, Failed, Found, Job, Listed, ListJob, ResolveJob
from aniworld.catalog.types import Stream
from aniworld.kit import child
from aniworld.kit.net import HttpClient
from aniworld.kit.net.errors import AddressRefusedError, HttpStatusError, NetError, TooLargeError
from aniworld.kit.net.guard import parse_url
from aniworld.kit.net.proxy import Budget

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
        reply = await child.ask(
            _MODULE,
            msgspec.json.encode(job) + b"\n",
            limit=asyncio.timeout(seconds),
            longest=_LONGEST_ANSWER,
            environment=_ENVIRONMENT,
            isolated=True,
        )
    except OSError as error:
        if isinstance(error, TimeoutError):
            raise SourceUnreachableError(f"{who}: yt-dlp found nothing within {seconds:g} s") from error
        # Too many processes or files are open, or there is no memory left.
        raise SourceUnreachableError(f"{who}: yt-dlp cannot be started: {error.strerror}") from error
    try:
        return await asyncio.to_thread(msgspec.json.decode, reply.line, type=Answer)
    except msgspec.DecodeError as error:  # of a schema as well
        log.warning("yt-dlp's process ended with %s: %s", reply.how, reply.complaint[-2000:])
        raise SourceChangedError(f"{who}: yt-dlp failed (its process ended with {reply.how})") from error
