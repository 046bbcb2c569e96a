"""Every way in which a host can go wrong, once and for ever, at the start and in the midst, for a file and for pieces.

What comes is the whole video or an error with a reason. After a fault that passes, it comes.
"""

from __future__ import annotations

import dataclasses
import shutil
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from aniworld.catalog.types import Stream
from aniworld.kit.net.client import HttpClient
from tests.faults.delivery import PAGES, Delivery, Material, make_material
from tests.origin import Body, Fault, Origin, html_page

HALF = 70_000
"""Bytes of the file after which an earlier attempt was cut off; a piece is half as large."""
PIECE = 2
LATER = "Wed, 01 Jan 2025 10:00:00 GMT"
Answer = Callable[[Material], list[Fault]]


def always(*faults: Fault) -> Answer:
    return lambda _material: list(faults)


CASES: dict[str, Answer] = {
    "c1 ends early": always(Fault(cut=20_000)),
    "c1 is reset": always(Fault(cut=20_000, end="rst")),
    "c1 is reset at once": always(Fault(cut=0, end="rst")),
    "c1 ends early, again and again": always(*[Fault(cut=9_000 + 500 * n) for n in range(6)]),
    "c2 stalls": always(Fault(cut=20_000, end="stall")),
    "c2 stalls before the answer": always(Fault(before=5)),
    "c2 trickles": always(Fault(chunk=20, pause=0.02)),
    "c3 tells too much": always(Fault(length_by=1000)),
    "c3 tells too little": always(Fault(length_by=-1000)),
    "c3 tells one byte too little": always(Fault(length_by=-1)),
    "c3 tells nothing": always(Fault(framing="close")),
    "c3 tells nothing and ends early": always(Fault(framing="close", cut=20_001)),
    "c3 tells nothing and ends between two packets": always(Fault(framing="close", cut=188 * 100)),
    "c3 tells a negative length": always(Fault(length="-5")),
    "c3 tells no number": always(Fault(length="many")),
    "c3 tells two lengths": always(Fault(headers=(("Content-Length", "7"),))),
    "c3 chunks, and ends early": always(Fault(framing="chunked", cut=20_000)),
    "c4 knows no ranges": always(Fault(ignore_range=True)),
    "c5 has changed": lambda material: [Fault(body=Body(material.versions[1]))],
    "c5 has changed and says the old one goes on": lambda material: [
        Fault(body=Body(material.versions[1], etag=Body(material.versions[0]).tag), ignore_if_range=True)
    ],
    "c5 changes with every answer": lambda material: [
        Fault(body=Body(version), cut=30_000) for version in (*material.versions, *material.versions)
    ],
    "c6 begins too late": always(Fault(start_by=1)),
    "c6 begins too early": always(Fault(start_by=-1)),
    "c6 says it begins elsewhere": always(Fault(claim_by=1)),
    "c6 sends other bytes than it says": always(Fault(data_by=1)),
    "c6 says another size": always(Fault(total_by=1)),
    "c6 sends several parts": always(Fault(multipart=True)),
    "c6 sends less than asked": always(Fault(at_most=10_000)),
    "c6 has no such range": always(Fault(status=416)),
    "c6 says nonsense": always(Fault(content_range="bytes all")),
    "c7 codes": always(Fault(gzip=True)),
    "c7 codes and ends early": always(Fault(gzip=True, cut=15_000)),
    "c7 says that it codes": always(Fault(headers=(("Content-Encoding", "gzip"),))),
    "c7 codes in an unknown way": always(Fault(headers=(("Content-Encoding", "br"),))),
    "c8 leads in a circle": always(Fault(redirect="/circle")),
    "c8 leads over many hosts": always(Fault(redirect="/hops")),
    "c8 leads to another scheme": always(Fault(redirect="ftp://127.0.0.1/x")),
    "c8 leads inside": always(Fault(redirect="http://169.254.169.254/latest")),
    "c8 has run out": always(Fault(status=403)),
    "c8 is gone": always(Fault(status=410)),
    "c9 asks for patience": always(Fault(status=429, retry_after="0")),
    "c9 asks for much patience": always(Fault(status=429, retry_after="3600")),
    "c9 asks for patience until a date": always(Fault(status=503, retry_after=LATER)),
    "c9 has trouble": always(*[Fault(status=status) for status in (500, 502, 503, 504)]),
    "c10 speaks no HTTP": always(Fault(raw=b"220 ready\r\n")),
    "c10 says nothing": always(Fault(raw=b"")),
    "c11 sends a page": always(html_page()),
    "c11 sends a page as a video": always(Fault(body=Body(b"<html>" + bytes(900), ranges=False))),
    "c11 sends JSON": always(Fault(body=Body(PAGES[2], "application/json", ranges=False))),
    "c11 sends nothing": always(Fault(body=Body(b"", ranges=False))),
    "c11 sends a picture": always(Fault(body=Body(b"\x89PNG\r\n" + bytes(900), "image/png", ranges=False))),
    "c12 is not there": always(Fault(status=404)),
}
PIECES_ONLY: dict[str, Answer] = {
    "c12 lacks its end": lambda material: [Fault(body=Body(material.pieces[PIECE][:-188], "video/mp2t", ranges=False))],
    "c12 is cut within a packet": lambda material: [
        Fault(body=Body(material.pieces[PIECE][:-100], "video/mp2t", ranges=False))
    ],
}
ALL = [("file", case) for case in CASES]
ALL += [("pieces", case) for case in (CASES | PIECES_ONLY) if not case.startswith("c5")]
"""A piece has no versions: whatever comes under its name is that piece, as long as it is a whole one."""


@pytest.fixture
async def origin() -> AsyncIterator[Origin]:
    async with Origin() as origin:
        origin.redirect("/circle", "/circle")
        origin.redirect("/hops", "/v", hops=30)
        yield origin


@pytest.fixture(scope="session")
def material(tmp_path_factory: pytest.TempPathFactory) -> Material:
    return make_material(tmp_path_factory.mktemp("material"))


@pytest.fixture
async def delivery(origin: Origin, material: Material, tmp_path: Path) -> AsyncIterator[Delivery]:
    async with HttpClient(allowed_hosts=lambda: {f"127.0.0.1:{origin.port}"}) as client:
        delivery = Delivery(origin, client, material, tmp_path / "work", "v")
        delivery.allowed = list(material.versions)
        yield delivery


@pytest.mark.parametrize(("kind", "case"), ALL)
@pytest.mark.parametrize("when", ["fresh", "resumed"])
async def test_it_happens(delivery: Delivery, material: Material, kind: str, case: str, when: str) -> None:
    faults = (CASES | PIECES_ONLY)[case](material)
    if kind == "file":
        if when == "resumed":
            delivery.serve_file([Fault(cut=HALF), Fault(status=404)])
            assert not await delivery.attempt()
            assert list(delivery.directory.iterdir())
        delivery.serve_file(faults)
    else:
        if when == "resumed":
            delivery.serve_pieces({PIECE: [Fault(status=403)]})
            assert not await delivery.attempt()
        delivery.serve_pieces({PIECE: faults})
    await delivery.must_come(10)


@pytest.mark.parametrize(("kind", "case"), ALL)
async def test_it_stays_so(delivery: Delivery, material: Material, kind: str, case: str) -> None:
    """Nothing wrong is delivered, however often it is tried; whether it can be had at all is another matter."""
    last = dataclasses.replace((CASES | PIECES_ONLY)[case](material)[-1], times=None)
    if kind == "file":
        delivery.serve_file([last])
    else:
        delivery.serve_pieces({PIECE: [last]})
    for _call in range(2):
        await delivery.attempt()


@pytest.mark.parametrize("fresh", [True, False])
@pytest.mark.parametrize("change", ["other pieces", "fewer", "nothing", "a page", "cut", "cut without a length"])
async def test_c12_the_playlist(delivery: Delivery, material: Material, change: str, *, fresh: bool) -> None:
    """It is another one, or broken, at the start or after some pieces came; later it is good again."""
    if not fresh:
        delivery.serve_pieces({PIECE: [Fault(status=403)]})
        assert not await delivery.attempt()
    delivery.serve_pieces({})
    text = "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXT-X-PLAYLIST-TYPE:VOD\n"
    lines = [f"#EXTINF:1.0,\n{number:05}.ts\n" for number in range(len(material.pieces))]
    bodies = {
        "other pieces": text + "".join(reversed(lines)) + "#EXT-X-ENDLIST\n",
        "fewer": text + lines[0] + "#EXT-X-ENDLIST\n",
        "nothing": "",
        "a page": "<html></html>",
    }
    fault = Fault(body=Body(bodies[change].encode(), "application/x-mpegurl")) if change in bodies else Fault(cut=150)
    if change == "cut without a length":
        fault = dataclasses.replace(fault, framing="close")
    delivery.origin.fail("/v/media.m3u8", fault)
    whole = material.pieces
    delivery.expected = {"other pieces": whole[::-1], "fewer": whole[:1]}.get(change, whole)
    await delivery.must_come(5)
    delivery.expected = whole
    if fresh:
        shutil.rmtree(delivery.directory)
    await delivery.must_come(5)


async def test_a_name_that_nobody_knows(delivery: Delivery) -> None:
    delivery.stream = Stream(url="http://nowhere.invalid/v", protocol="http")
    assert not await delivery.attempt()
