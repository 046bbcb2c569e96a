"""What a host may answer to do harm: it costs the program a few megabytes and no more than a moment of its loop.

The reader is a process of its own, so that its memory can be told. A moment is counted in the processor's time between
two turns of the loop, which does not depend on what else the machine does.
"""

from __future__ import annotations

import asyncio
import gzip
import json
import sys
import zlib
from pathlib import Path

import pytest

from tests.kit.net_host import Request, host

MIB = 1024 * 1024
MOST_MEMORY = 64 * MIB
LONGEST_TURN = 0.25
"""Seconds."""

READER = """
import asyncio, json, sys, time
from pathlib import Path
from typing import Any
from aniworld.catalog.pages.extract import TangledError
from aniworld.catalog.pages import reader
from aniworld.catalog.pages.rules import Page, Query, Rule, Wanted
from aniworld.catalog.types import Stream
from aniworld.downloads.fetch.service import fetch
from aniworld.downloads.fetch.types import Limits
from aniworld.kit.errors import AppError
from aniworld.kit.net import IMAGE, HttpClient
from tests.downloads.fetch.support import Sink

reader.CHILD_SECONDS = 2.0  # nobody has to wait for it here
LIMITS = Limits(retries=0, backoff=0, idle=5, reserve=0)
QUERY = Query(values={"name": Wanted(rules=(Rule(css="h1"),))})

def memory(name):
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(name):
            return int(line.split()[1]) * 1024

class Turns:
    longest = 0.0
    async def watch(self):
        last = time.thread_time()
        while True:
            await asyncio.sleep(0)
            now = time.thread_time()
            self.longest, last = max(self.longest, now - last), now

async def main():
    entry, work, bodies = sys.argv[1], Path(sys.argv[2]), json.loads(sys.argv[3])
    told = {}
    async with HttpClient(allowed_hosts=lambda: {entry}) as client:
        pages = reader.Reader()
        async def use(kind, url):
            if kind == "page":
                answer = await client.get(url)
                html = await asyncio.to_thread(answer.text)
                await pages.read(Page(html=html, url=answer.url, hosts=(entry,)), [QUERY])
            elif kind == "json":
                answer = await client.get(url)
                await asyncio.to_thread(answer.json, dict[str, Any])
            elif kind == "image":
                await client.get_bytes(url, kind=IMAGE)
            else:
                stream = Stream(url=url, protocol="hls" if kind == "playlist" else "http")
                await fetch(stream, work / str(len(told)), client=client, progress=Sink(), limits=LIMITS)
        await client.get(f"http://{entry}/warm")
        for name, kind in bodies.items():
            Path("/proc/self/clear_refs").write_text("5")
            before = memory("VmRSS")
            turns = Turns()
            watching = asyncio.create_task(turns.watch())
            await asyncio.sleep(0)
            try:
                async with asyncio.timeout(60):
                    await use(kind, f"http://{entry}/{name}")
                how = "read"
            except (AppError, TangledError) as error:
                how = type(error).__name__
            watching.cancel()
            told[name] = (how, memory("VmHWM") - before, turns.longest)
    print(json.dumps(told))

asyncio.run(main())
"""


def plain(body: bytes, kind: str = "text/html", **headers: str) -> bytes:
    lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    return f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\n{lines}Content-Length: {len(body)}\r\n\r\n".encode() + body


def coded(body: bytes, coding: str = "gzip", kind: str = "text/html") -> bytes:
    return plain(body, kind, Content_Encoding=coding)


def raw(head: str, body: bytes = b"") -> bytes:
    return f"HTTP/1.1 200 OK\r\n{head}\r\n\r\n".encode() + body


def bomb(block: bytes, times: int) -> bytes:
    """A gzip stream without its end that becomes so many times the block."""
    packer = zlib.compressobj(9, wbits=31)
    head = packer.compress(b"<html>") + packer.flush(zlib.Z_FULL_FLUSH)
    packed = packer.compress(block) + packer.flush(zlib.Z_FULL_FLUSH)
    return head + packed * times


def pages() -> dict[str, bytes]:
    words = b"<p>word</p>"
    return {
        "bomb": coded(bomb(bytes(16 * MIB), 64)),
        "bomb-of-members": coded(gzip.compress(b" " * 4096) * 20_000),
        "bomb-twice": coded(gzip.compress(bomb(bytes(16 * MIB), 8))),
        "bomb-as-text": coded(bomb(words * 100_000, 64)),
        "cut-gzip": coded(gzip.compress(words * 1000)[:-20]),
        "broken-gzip": coded(b"\x1f\x8b\x08" + bytes(1000)),
        "no-gzip": coded(words * 1000),
        "brotli": coded(words, "br"),
        "deflate": coded(zlib.compress(bytes(MIB)), "deflate"),
        "zstd": coded(words, "zstd"),
        "gzip-of-gzip": coded(gzip.compress(words), "gzip, gzip"),
        "too-large": plain(b"<p>" * (4 * MIB)),
        "endless": raw("Content-Type: text/html", b"<p>" * (6 * MIB)),
        "endless-chunks": raw("Transfer-Encoding: chunked", b"10000\r\n" + b"x" * 65536 + b"\r\n"),
        "tiny-chunks": raw("Transfer-Encoding: chunked", b"1\r\nx\r\n" * 50_000 + b"0\r\n\r\n"),
        "chunk-extension": raw("Transfer-Encoding: chunked", b"5;" + b"x" * MIB + b"\r\nhello\r\n0\r\n\r\n"),
        "chunk-size": raw("Transfer-Encoding: chunked", b"ffffffffffffffffff\r\nx"),
        "trailers": raw("Transfer-Encoding: chunked", b"0\r\n" + b"X-A: b\r\n" * 200_000 + b"\r\n"),
        "long-header": raw("X-Long: " + "x" * (2 * MIB)),
        "many-headers": raw("X-Many: x\r\n" * 200_000 + "X-Last: x"),
        "many-cookies": raw("Set-Cookie: a=b\r\n" * 3000 + "Content-Length: 0"),
        "two-lengths": raw("Content-Length: 5\r\nContent-Length: 50", b"hello"),
        "length-below-zero": raw("Content-Length: -5", b"hello"),
        "length-of-everything": raw("Content-Length: 99999999999999999999", b"hello"),
        "both-framings": raw("Content-Length: 5\r\nTransfer-Encoding: chunked", b"5\r\nhello\r\n0\r\n\r\n"),
        "interim": b"HTTP/1.1 100 Continue\r\n\r\n" * 50_000,
        "no-http": b"SSH-2.0-OpenSSH_9.2\r\n" * 1000,
        "utf-7": plain(b"+ADw-script+AD4-" * 10_000, "text/html; charset=utf-7"),
        "rot13": plain(words * 1000, "text/html; charset=rot13"),
        "zip-charset": plain(zlib.compress(bytes(MIB)), "text/html; charset=zlib_codec"),
        "idna": plain(b"a" * 200_000, "text/html; charset=idna"),
        "utf-16": plain("x".encode("utf-16") * 100_000, "text/html; charset=utf-16"),
        "nul": plain(bytes(MIB)),
        "deep": plain(b"<div>" * 100_000),
        "deep-inline": plain(b"<b><i><u>" * 20_000 + b"<p>" * 5000),
        "attributes": plain(b"<p " + b" ".join(b"a%d=1" % at for at in range(100_000)) + b">"),
        "one-attribute": plain(b'<p title="' + b"x" * (4 * MIB) + b'">'),
        "comment": plain(b"<!--" + b"-" * (4 * MIB)),
        "entities": plain(b"&amp;" * 500_000),
        "tables": plain(b"<table><td>" * 30_000),
        "select": plain(b"<select><option>" * 50_000),
        "svg": plain(b"<svg><foreignObject>" * 30_000),
        "doctype": plain(b'<!DOCTYPE html [<!ENTITY a "' + b"x" * MIB + b'">]>' + b"&a;" * 10_000),
    }


def others() -> dict[str, tuple[str, bytes]]:
    js, hls = "application/json", "application/vnd.apple.mpegurl"
    segments = b"#EXTM3U\n#EXT-X-TARGETDURATION:1\n"
    return {
        "json-deep": ("json", plain(b'{"a":' * 200_000, js)),
        "json-list": ("json", plain(b'{"a":' + b"[" * 500_000, js)),
        "json-number": ("json", plain(b'{"a":' + b"9" * 1_000_000 + b"}", js)),
        "json-exponent": ("json", plain(b'{"a":1e999999999}', js)),
        "json-string": ("json", plain(b'{"a":"' + b"\\u0041" * 1_000_000 + b'"}', js)),
        "json-surrogate": ("json", plain(b'{"a":"\\ud800"}' + b" " * MIB, js)),
        "json-keys": ("json", plain(b"{" + b",".join(b'"%d":0' % at for at in range(300_000)) + b"}", js)),
        "image-bomb": ("image", coded(bomb(bytes(16 * MIB), 64), kind="image/png")),
        "image-large": ("image", plain(bytes(20 * MIB), "image/png")),
        "image-endless": ("image", raw("Content-Type: image/png", bytes(20 * MIB))),
        "list-long": ("playlist", plain(segments + b"#EXTINF:1,\nx\n" * 250_000, hls)),
        "list-large": ("playlist", plain(segments + b"#EXTINF:1,\nx\n" * 500_000, hls)),
        "list-bomb": ("playlist", coded(bomb(b"#EXTINF:1,\nx\n" * 100_000, 64), kind=hls)),
        "list-line": ("playlist", plain(segments + b"#EXT-X-KEY:" + b"A=B," * 800_000, hls)),
        "list-keys": ("playlist", plain(segments + b'#EXT-X-KEY:METHOD=AES-128,URI="x"\n' * 90_000, hls)),
        "list-variants": ("playlist", plain(b"#EXTM3U\n" + b"#EXT-X-STREAM-INF:BANDWIDTH=1\nx\n" * 90_000, hls)),
        "list-lines": ("playlist", plain(segments + b"ab\v" * 1_300_000, hls)),
        "list-bytes": ("playlist", plain(b"#EXTM3U" + bytes(3 * MIB), hls)),
        "list-time": ("playlist", plain(segments + b"#EXTINF:1e308,\nx\n" * 20_000, hls)),
        "file-page": ("file", plain(b"<!DOCTYPE html>" + b"<p>" * MIB)),
        "file-lies": ("file", raw("Content-Length: 9223372036854775807", bytes(64))),
        "file-bomb": ("file", coded(bomb(bytes(16 * MIB), 4), kind="video/mp4")),
    }


def test_there_are_enough() -> None:
    assert len(pages()) + len(others()) >= 50


@pytest.mark.parametrize("of", ["pages", "others"])
async def test_bodies_that_mean_harm(tmp_path: Path, of: str) -> None:
    bodies = {name: ("page", said) for name, said in pages().items()} if of == "pages" else others()

    async def serve(request: Request, writer: asyncio.StreamWriter) -> None:
        said = bodies.get(request.target.removeprefix("/"))
        writer.write(said[1] if said else plain(b"ready"))
        if said:
            await writer.drain()
            writer.close()

    async with host(serve) as site:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-c",
            READER,
            site.entry,
            str(tmp_path),
            json.dumps({name: kind for name, (kind, _) in bodies.items()}),
            cwd=Path(__file__).parents[2],
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, error = await process.communicate()
    assert process.returncode == 0, error.decode()[-3000:]
    told: dict[str, tuple[str, int, float]] = json.loads(out)
    assert set(told) == set(bodies)
    assert {name: f"{grown // MIB} MiB" for name, (_, grown, _) in told.items() if grown > MOST_MEMORY} == {}
    assert {name: f"{turn:.2f} s" for name, (_, _, turn) in told.items() if turn > LONGEST_TURN} == {}
