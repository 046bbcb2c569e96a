"""A site that means harm: what its pages, pictures and playlists are made of, and a server that hands them out."""

from __future__ import annotations

import asyncio
import functools
import gzip
import io
import struct
import zlib
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field

from tests.kit.net_host import Handler, Request

MIB = 1024 * 1024
NEARLY = 8 * MIB - 4096
"""The largest page that is taken at all."""


@dataclass(frozen=True)
class Body:
    """One answer. ``pieces`` None is an end that never comes."""

    data: Callable[[], bytes]
    kind: str = "text/html"
    headers: tuple[tuple[str, str], ...] = ()
    endless: bool = False
    trickle: bool = False
    length: int | None = field(default=None)
    """What is said to come, where that is a lie."""


def filled(piece: str | bytes, before: str = "", after: str = "", size: int = NEARLY) -> Callable[[], bytes]:
    """The piece again and again, up to the size."""
    one = piece.encode() if isinstance(piece, str) else piece
    return lambda: before.encode() + one * ((size - len(before) - len(after)) // len(one)) + after.encode()


def numbered(form: str, count: int, after: str = "") -> Callable[[], bytes]:
    return lambda: "".join(form % number for number in range(count)).encode() + after.encode()


def zipped(data: Callable[[], bytes]) -> Callable[[], bytes]:
    return lambda: gzip.compress(data(), 9)


@functools.cache
def bomb(size: int) -> bytes:
    """Gzip of that many zeros."""
    out = io.BytesIO()
    with gzip.GzipFile(fileobj=out, mode="wb", compresslevel=9) as file:
        for _ in range(size // MIB):
            file.write(bytes(MIB))
    return out.getvalue()


@functools.cache
def png(width: int, height: int, depth: int = 8, colour: int = 2) -> bytes:
    """A picture of one colour that says it is that large, and is."""
    samples = {0: 1, 2: 3, 6: 4}[colour]
    row = bytes(1 + width * samples * depth // 8)
    packer = zlib.compressobj(9)
    packed = b"".join(packer.compress(row) for _ in range(min(height, 8000))) + packer.flush()

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    head = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", packed) + chunk(b"IEND", b"")


@functools.cache
def text_bomb() -> bytes:
    """A small picture whose comment unpacks to a gigabyte."""
    whole = png(8, 8)
    data = b"a\0\0" + zlib.compress(bytes(256 * MIB), 9)
    chunk = struct.pack(">I", len(data)) + b"zTXt" + data + struct.pack(">I", zlib.crc32(b"zTXt" + data))
    return whole[:33] + chunk + whole[33:]


GZIP = (("Content-Encoding", "gzip"),)
JSON = "application/json"
HIT = '<div class="hit"><a href="/anime/one">One</a></div>'
LAUGHS = "<!DOCTYPE x [" + "".join(
    f'<!ENTITY l{n + 1} "{f"&l{n};" * 10}">' for n in range(20)
) + ']><x>&l20;</x>'  # fmt: skip

BODIES: dict[str, Body] = {
    "page-harmless": Body(HIT.encode),
    "json-harmless": Body(lambda: b'{"hits": [{"key": "one", "name": "One"}]}', JSON),
    "script-harmless": Body(lambda: b'<script>x = {"hits": [{"key": "one", "name": "One"}]}</script>'),
    "mixed-harmless": Body(lambda: b'{"html": "<div class=hit><a href=/anime/one>One</a></div>"}', JSON),
    "picture-harmless": Body(lambda: png(200, 300), "image/png"),
    "playlist-harmless": Body(lambda: b"#EXTM3U\n#EXT-X-ENDLIST\n", "application/vnd.apple.mpegurl"),
    # too much, or for too long
    "page-trickles": Body(lambda: b"<p>" * 10_000, trickle=True),
    "page-too-long": Body(filled("x", size=40 * MIB)),
    "page-says-a-terabyte": Body(lambda: b"x" * 1000, length=1 << 40),
    "page-endless": Body(filled("<p>", size=MIB), endless=True),
    "page-headers": Body(lambda: b"x", headers=tuple((f"X-{n}", "y" * 60) for n in range(2000))),
    "page-long-header": Body(lambda: b"x", headers=(("X", "y" * 2 * MIB),)),
    "page-cookies": Body(HIT.encode, headers=tuple(("Set-Cookie", f"c{n}=1") for n in range(900))),
    # packed
    "page-gzip-bomb": Body(lambda: bomb(512 * MIB), headers=GZIP),
    "page-gzip-nearly": Body(zipped(filled("<p>a")), headers=GZIP),
    "page-gzip-members": Body(lambda: gzip.compress(b"") * 100_000, headers=GZIP),
    "page-gzip-twice": Body(zipped(lambda: bomb(256 * MIB)), headers=(("Content-Encoding", "gzip, gzip"),)),
    "page-gzip-cut": Body(lambda: bomb(64 * MIB)[:20_000], headers=GZIP),
    "page-gzip-none": Body(filled("x", size=MIB), headers=GZIP),
    "page-br": Body(filled("x", size=MIB), headers=(("Content-Encoding", "br"),)),
    "page-zstd": Body(filled("x", size=MIB), headers=(("Content-Encoding", "zstd"),)),
    "page-deflate": Body(lambda: zlib.compress(bytes(64 * MIB)), headers=(("Content-Encoding", "deflate"),)),
    # HTML
    "page-text": Body(filled("x")),
    "page-wide": Body(filled("<p>a")),
    "page-deep": Body(filled("<div>", size=2 * MIB)),
    "page-formatting": Body(numbered("<b a=%d>", 3000, "<p>x</p>" * 3000)),
    "page-formatting-small": Body(numbered("<i a=%d>", 1200, "<p>x</p>" * 1200)),
    "page-tables": Body(filled("<table><tr><td>", size=MIB)),
    "page-attributes": Body(numbered(" a%d=1", 300_000, ">")),
    "page-one-attribute": Body(filled("x", "<div class='hit", "'>")),
    "page-comments": Body(filled("<!-- -->")),
    "page-open-script": Body(filled("x = 1;", "<script>")),
    "page-entities": Body(filled("&amp;")),
    "page-foreign": Body(filled("<svg><math>", size=MIB)),
    "page-zeros": Body(filled(b"\0")),
    "page-hits": Body(filled(HIT)),
    "page-hits-inside": Body(filled('<div class="hit"><a href="/anime/x">x', size=MIB)),
    "page-long-name": Body(filled("x", '<div class="hit"><a href="/anime/one">')),
    "page-laughs": Body(LAUGHS.encode, "application/xml"),
    "page-other-file": Body(lambda: b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><p>&e;</p>', "text/xml"),
    # charsets
    "page-utf-16": Body(filled(b"<\0p\0>\xd8"), "text/html; charset=utf-16"),
    "page-gb18030": Body(filled(b"\x81\x30\x81\x30\xff"), "text/html; charset=gb18030"),
    "page-iso-2022": Body(filled(b"\x1b$B!!\x1b(B"), "text/html; charset=iso-2022-jp"),
    "page-codec": Body(filled("x", size=MIB), "text/html; charset=zlib_codec"),
    "page-wide-letters": Body(filled("a", after="\U0001f600")),
    # JSON
    "json-deep": Body(filled("[", '{"hits":'), JSON),
    "json-deep-objects": Body(filled('{"a":'), JSON),
    "json-lists": Body(filled("[],", '{"hits":[', "1]}"), JSON),
    "json-objects": Body(filled('{"key":"a","name":"b"},', '{"hits":[', "1]}"), JSON),
    "json-names": Body(numbered('"%d":{},', 400_000), JSON),
    "json-number": Body(filled("9", '{"hits":[{"key":', "}]}"), JSON),
    "json-escapes": Body(filled("\\ud83d\\ude00", '{"hits":[{"key":"', '"}]}'), JSON),
    "json-is-html": Body(filled("<p>", size=MIB)),
    "script-deep": Body(filled("[", "<script>x = "), "text/html"),
    "script-many": Body(filled('<script>x = {"hits": []}</script>')),
    "mixed-wide": Body(filled("<p>a", '{"html": "', '"}'), JSON),
    # pictures and playlists
    "picture-huge": Body(lambda: png(50_000, 50_000), "image/png"),
    "picture-large": Body(lambda: png(6_000, 6_000), "image/png"),
    "picture-deep": Body(lambda: png(4_000, 4_000, depth=16, colour=6), "image/png"),
    "picture-comment": Body(text_bomb, "image/png"),
    "picture-zeros": Body(filled(b"\0", size=15 * MIB), "image/png"),
    "playlist-long": Body(filled("#EXTINF:1,\nx.ts\n", "#EXTM3U\n", size=4 * MIB), "application/vnd.apple.mpegurl"),
    "playlist-endless": Body(filled("#EXTINF:1,\nx.ts\n", "#EXTM3U\n", size=MIB), endless=True),
}

PROFILE = """
name = "hostile"
title = "Hostile"
base_url = "http://hostile.example"
cookies = true

[languages]
x = "de"

[hosters]
x = "direct"

[search]
page = "/{query}"
key = KEY
name = NAME
items = ITEMS
EXTRA

[series]
page = "/{key}"
name = "h1"

[episodes]
page = "/{key}/episodes"
items = "tr"
number = "td"

[links]
page = "/{key}/{episode}"
items = "a"
url = { attr = "href" }
"""

SEARCHES = {
    "page": ('{ css = "a", attr = "href", regex = "^/anime/(.+)" }', '"a"', '".hit"', ""),
    "json": ('"key"', '"name"', '"hits[]"', 'answer = "json"'),
    "script": ('"key"', '"name"', '"hits[]"', 'data = "script"'),
    "mixed": (
        '{ css = "a", attr = "href", regex = "^/anime/(.+)" }',
        '"a"',
        '".hit"',
        'answer = "json"\nhtml = "html"',
    ),
}


def profiles() -> Iterator[tuple[str, str]]:
    """A profile for each form of answer."""
    for name, (key, title, items, extra) in SEARCHES.items():
        text = PROFILE.replace("KEY", key).replace("NAME", title).replace("ITEMS", items).replace("EXTRA", extra)
        yield name, text


def serve() -> Handler:
    """Hands out the bodies by name. What takes long to make is made before."""
    for body in BODIES.values():
        if body.headers == GZIP or body.kind == "image/png":
            body.data()

    async def handler(request: Request, writer: asyncio.StreamWriter) -> None:
        body = BODIES[request.target.strip("/")]
        data = await asyncio.to_thread(body.data)
        length = body.length if body.length is not None else len(data)
        head = [f"Content-Type: {body.kind}", *(f"{name}: {value}" for name, value in body.headers)]
        head += ["Connection: close"] if body.endless or body.trickle else [f"Content-Length: {length}"]
        writer.write(("HTTP/1.1 200 OK\r\n" + "\r\n".join(head) + "\r\n\r\n").encode())
        async for piece in _pieces(body, data):
            writer.write(piece)
            await writer.drain()
        if body.endless or body.trickle or body.length is not None:
            writer.close()

    return handler


async def _pieces(body: Body, data: bytes) -> AsyncIterator[bytes]:
    while True:
        size = 10 if body.trickle else 64 * 1024
        for place in range(0, len(data), size):
            yield data[place : place + size]
            if body.trickle:
                await asyncio.sleep(0.05)
        if not body.endless:
            return
