"""Reads a page where it can do no harm.

Building a tree from HTML can take time and memory out of all proportion: open ``<b>``, ``<i>`` and the like are built
anew in every block that follows, deep nesting and thousands of attributes cost the square of their number. A page for
which that is ruled out by counting is read in a thread (the parser lets others run meanwhile). Any other is read in a
process of its own, which has a limit on memory and on time and is thrown away afterwards.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import sys

import msgspec

from aniworld.catalog.pages.extract import TangledError, extract
from aniworld.catalog.pages.rules import Found, Page, Query
from aniworld.kit.net.body import decode_text
from aniworld.kit.net.room import Room

HERE_BYTES = 128 * 1024
HERE_TAGS = 10_000
HERE_TAGS_HAS = 200
HERE_COPIES = 150_000
"""Elements that the worst arrangement of a page's tags could become, at some 350 bytes each."""
CHILD_SECONDS = 12.0
LARGE_AT_ONCE = 2
"""Large pages in memory: as many as are read."""
MAX_ANSWER = 12 * 1024 * 1024
PIECE = 256 * 1024

_FORMATTING = re.compile(r"<(?:b|big|code|em|font|i|nobr|s|small|strike|strong|tt|u)(?=[\s/>])", re.IGNORECASE)
_PLAIN_TAG = re.compile(r"""<\w{1,6}(?:\s+[\w:-]{1,40}(?:="[^"<>]{0,200}"|='[^'<>]{0,200}')?){0,10}\s*/?>""", re.ASCII)
_NEEDED = ("LD_LIBRARY_PATH", "PATH", "SYSTEMROOT")
"""Of the environment, for the interpreter to start; nothing else is the child's business."""
_SAME = 3
"""Equal formatting elements that a parser keeps open at most."""


class Job(msgspec.Struct):
    """What the child process is given, on a line of its own; the page itself follows as it came."""

    url: str
    hosts: tuple[str, ...]
    content_type: str
    queries: list[Query]


class Outcome(msgspec.Struct):
    """What it gives back."""

    found: list[Found] | None = None
    problem: str = ""


class Reader:
    """Reads pages; one for all sources, so that few child processes run at a time."""

    def __init__(self) -> None:
        self._children = asyncio.Semaphore(2)
        self.room = Room(LARGE_AT_ONCE)
        """For pages from the moment on when they come."""

    async def read(self, page: Page, queries: list[Query]) -> list[Found]:
        """The answers to the queries, in their order. Raises ``TangledError`` for a page that wants too much."""
        # Bytes may become text of their own length at most: what is too long is not looked at here.
        if len(page.html) <= HERE_BYTES and harmless(_text(page), queries):
            return await asyncio.to_thread(extract, page, queries)
        async with self._children:
            return await _read_in_child(page, queries)


def harmless(html: str, queries: list[Query]) -> bool:
    """Whether the page can be read in this process. Never wrongly yes; counts and does not parse."""
    if len(html) > HERE_BYTES:
        return False
    tags = html.count("<")
    open_at_once = 0
    plain: set[str] = set()
    for found in _FORMATTING.finditer(html):
        tag = _PLAIN_TAG.match(html, found.start())
        if tag is None:
            # It may end elsewhere than it seems to, and so differ from every other.
            open_at_once += 1
        elif tag.group() not in plain:
            plain.add(tag.group())
            open_at_once += _SAME
    # :has() looks through the rest of the tree at every element, with everything else standing still.
    looks_ahead = any(":has(" in css for query in queries for css in _selectors(query))
    limit = HERE_TAGS_HAS if looks_ahead else HERE_TAGS
    return tags <= limit and tags * (open_at_once + 1) <= HERE_COPIES


def _text(page: Page) -> str:
    return page.html if isinstance(page.html, str) else decode_text(page.html, page.content_type)


async def _read_in_child(page: Page, queries: list[Query]) -> list[Found]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-I",
        "-m",
        "aniworld.catalog.pages.child",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        limit=1024 * 1024,
        env={name: os.environ[name] for name in _NEEDED if name in os.environ},
    )
    try:
        async with asyncio.timeout(CHILD_SECONDS):
            answer = await _talk(process, page, queries)
            await process.wait()
        outcome = msgspec.msgpack.decode(answer, type=Outcome)
    except (TimeoutError, msgspec.MsgspecError, OSError) as error:
        raise TangledError("the page is too large or too tangled to be read") from error
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
    if outcome.found is None:
        raise TangledError(outcome.problem)
    return outcome.found


async def _talk(process: asyncio.subprocess.Process, page: Page, queries: list[Query]) -> bytes:
    assert process.stdin is not None
    assert process.stdout is not None
    body, kind = page.html, page.content_type
    if isinstance(body, str):
        body, kind = body.encode(errors="replace"), "charset=utf-8"
    job = Job(url=page.url, hosts=page.hosts, content_type=kind, queries=queries)
    with contextlib.suppress(ConnectionError):
        process.stdin.write(msgspec.json.encode(job) + b"\n")
        for place in range(0, len(body), PIECE):  # what the pipe does not take is copied: little at a time
            process.stdin.write(body[place : place + PIECE])
            await process.stdin.drain()
    process.stdin.close()
    answer = bytearray()
    while piece := await process.stdout.read(PIECE):
        answer += piece
        if len(answer) > MAX_ANSWER:
            raise OSError("more than one page can hold")
    return bytes(answer)


def _selectors(query: Query) -> list[str]:
    wanted = (*query.values.values(), *([] if query.next is None else [query.next]))
    return [
        query.items or "",
        query.empty,
        *(css for want in wanted for rule in want.rules for css in (rule.css, rule.up)),
    ]
