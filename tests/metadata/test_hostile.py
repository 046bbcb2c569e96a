"""Pictures that somebody made to do harm, or that are only odd: refused or drawn right, and never at any price."""

from __future__ import annotations

import io
import resource
import struct
import time
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from aniworld.metadata.artwork import CHILD_SECONDS, encode, thumbnail
from aniworld.metadata.child import MEMORY
from aniworld.metadata.errors import BadPictureError
from aniworld.metadata.pictures import LARGEST

_MIB = 1024 * 1024
_START = b"\x89PNG\r\n\x1a\n"


def _made(size: tuple[int, int] = (60, 90), form: str = "JPEG", mode: str = "RGB", **options: object) -> bytes:
    out = io.BytesIO()
    Image.new(mode, size, "teal" if mode in ("RGB", "RGBA", "P") else 0).save(out, form, **options)
    return out.getvalue()


def _chunk(kind: bytes, data: bytes, *, crc: int | None = None) -> bytes:
    body = kind + data
    return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body) if crc is None else crc)


def _png(
    width: int, height: int, *, depth: int = 8, colour: int = 2, rows: int | None = None, extra: bytes = b""
) -> bytes:
    """One colour; so many rows of it. Takes little memory to make, whatever its size."""
    channels = {0: 1, 2: 3, 6: 4}[colour]
    line = bytes(1 + (width * channels * depth + 7) // 8)
    packed = zlib.compressobj(1)
    body = b"".join(packed.compress(line) for _ in range(height if rows is None else rows)) + packed.flush()
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    return _START + _chunk(b"IHDR", header) + extra + _chunk(b"IDAT", body) + _chunk(b"IEND", b"")


def _animated(form: str) -> bytes:
    frames = [Image.new("RGB", (60, 90), colour) for colour in ("teal", "red", "red")]
    out = io.BytesIO()
    frames[0].save(out, form, save_all=True, append_images=frames[1:], duration=50)
    return out.getvalue()


def _with_zip() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("payload.txt", "payload" * 100)
    return _made() + packed.getvalue()


def _with_exif(value: bytes) -> bytes:
    data = _made()
    segment = b"Exif\0\0" + value
    return data[:2] + b"\xff\xe1" + struct.pack(">H", len(segment) + 2) + segment + data[2:]


def _with_text() -> bytes:
    info = PngInfo()
    info.add_text("Comment", "payload" * 100, zip=True)
    return _made(form="PNG", pnginfo=info)


REFUSED: dict[str, Callable[[], bytes]] = {
    "nothing": lambda: b"",
    "a page": lambda: b"<!doctype html><title>404</title>",
    "a script that begins like a JPEG": lambda: b"\xff\xd8\xff\xe0<script>alert(1)</script>",
    "a drawing": lambda: b'<svg xmlns="http://www.w3.org/2000/svg"><image href="file:///etc/passwd"/></svg>',
    "PostScript": lambda: b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n(x) run\n",
    "a PDF": lambda: _made(form="PDF"),
    "a GIF": lambda: _animated("GIF"),
    "a TIFF": lambda: _made(form="TIFF"),
    "an icon": lambda: _made((32, 32), form="ICO", mode="RGBA"),
    "JPEG 2000 by its name": lambda: b"\x00\x00\x00\x0cjP  \r\n\x87\n" + bytes(100),
    "more pixels than there is memory": lambda: _png(65_000, 65_000, rows=2),
    "just too many pixels": lambda: _png(8_000, 5_001, depth=1, colour=0),
    "wider than numbers go": lambda: _png(2**31 - 1, 1, rows=0),
    "no pixels": lambda: _png(0, 0),
    "a wrong checksum": lambda: _START + _chunk(b"IHDR", struct.pack(">IIBBBBB", 60, 90, 8, 2, 0, 0, 0), crc=1),
    "half a JPEG": lambda: _made((600, 900))[:-2000],
    "half a PNG": lambda: _made((600, 900), "PNG")[:-60],
    "half a WebP": lambda: _made((600, 900), "WEBP")[:-60],
    "text that unpacks to a lot": lambda: _png(
        60, 90, extra=_chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(256 * _MIB), 9))
    ),
}

DRAWN: dict[str, tuple[Callable[[], bytes], tuple[int, int]]] = {
    "40 million pixels in a small file": (lambda: _png(8_000, 5_000), (1000, 625)),
    "very wide": (lambda: _png(40_000, 2), (1000, 1)),
    "very high": (lambda: _png(2, 16_000), (1, 1500)),
    "rows that are missing": (lambda: _png(600, 900, rows=300), (600, 900)),
    "a JPEG that says it is larger": (
        lambda: _made().replace(struct.pack(">HH", 90, 60), struct.pack(">HH", 6000, 6000), 1),
        (1000, 1000),
    ),
    "one pixel": (lambda: _made((1, 1), "PNG"), (1, 1)),
    "an animated WebP": (lambda: _animated("WEBP"), (60, 90)),
    "an animated PNG": (lambda: _animated("PNG"), (60, 90)),
    "CMYK": (lambda: _made(mode="CMYK"), (60, 90)),
    "sixteen bits of grey": (lambda: _png(60, 90, depth=16, colour=0), (60, 90)),
    "a palette": (lambda: _made(form="PNG", mode="P"), (60, 90)),
    "an archive behind it": (_with_zip, (60, 90)),
    "a page behind it": (lambda: _made() + b"<script>payload</script>", (60, 90)),
    "a page in its comment": (lambda: _made(comment=b"--><script>payload</script>"), (60, 90)),
    "text in it": (_with_text, (60, 90)),
    "EXIF that is none": (lambda: _with_exif(b"II*\0\xff\xff\xff\xffpayload"), (60, 90)),
    "EXIF that points at itself": (
        lambda: _with_exif(b"II*\0\x08\0\0\0\x01\0\x69\x87\x04\0\x01\0\0\0\x08\0\0\0"),
        (60, 90),
    ),
    "a colour profile that is none": (lambda: _made(icc_profile=b"payload" * 1000), (60, 90)),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name: str) -> None:
    data = REFUSED[name]()
    begun = time.monotonic()
    with pytest.raises(BadPictureError):
        encode("poster", data)
    with pytest.raises(BadPictureError):
        thumbnail(data, 200)
    assert time.monotonic() - begun < CHILD_SECONDS


@pytest.mark.parametrize("name", DRAWN)
def test_drawn(name: str) -> None:
    make, size = DRAWN[name]
    data = make()
    made = encode("poster", data)
    assert b"payload" not in made
    assert b"script" not in made
    with Image.open(io.BytesIO(made)) as picture:
        picture.load()
        assert (picture.format, picture.mode, picture.size) == ("JPEG", "RGB", size)
        assert getattr(picture, "n_frames", 1) == 1
        assert picture.width <= LARGEST["poster"][0]
        assert picture.height <= LARGEST["poster"][1]
    small, facts = thumbnail(data, 200)
    with Image.open(io.BytesIO(small)) as picture:
        picture.load()
        assert picture.format == "WEBP"
        assert picture.width == min(200, facts.width)
        assert b"payload" not in small


@pytest.mark.parametrize("turned", range(9))
def test_turned_by_its_own_word(turned: int) -> None:
    """Five to eight say that it lies on its side; zero is nothing that there is."""
    exif = Image.Exif()
    exif[0x0112] = turned
    data = _made((90, 60), exif=exif)
    size = (60, 90) if turned >= 5 else (90, 60)
    with Image.open(io.BytesIO(encode("poster", data))) as picture:
        assert picture.size == size
        assert 0x0112 not in picture.getexif()
    facts = thumbnail(data, 200)[1]
    assert (facts.width, facts.height) == size


def test_none_of_it_is_the_server_s_memory() -> None:
    """What is decoded is decoded elsewhere, and there within a limit."""
    bombs = [_png(4_500, 4_500, depth=16, colour=6), REFUSED["text that unpacks to a lot"]()]
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for bomb in bombs:
        try:
            encode("fanart", bomb)
        except BadPictureError:
            continue
    assert (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024 < 32
    peaks = [
        int(line.split()[1])
        for children in Path("/proc/self/task").glob("*/children")
        for child in children.read_text().split()
        for line in Path(f"/proc/{child}/status").read_text().splitlines()
        if line.startswith("VmHWM:")
    ]
    assert peaks
    assert max(peaks) * 1024 < MEMORY
