"""Pictures: what comes in may be anything, what goes out is a picture of ours."""

from __future__ import annotations

import io
import struct
import zlib

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from aniworld.metadata.artwork import MAX_BYTES, encode, media_type
from aniworld.metadata.errors import BadPictureError
from aniworld.metadata.types import PictureKind


def _picture(mode: str, size: tuple[int, int], form: str, colour: object = None, **options: object) -> bytes:
    out = io.BytesIO()
    Image.new(mode, size, colour or 0).save(out, format=form, **options)  # type: ignore[arg-type]
    return out.getvalue()


def _png_header(width: int, height: int) -> bytes:
    """A PNG that says how large it is, and holds nothing."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = [b"IHDR" + header, b"IDAT" + zlib.compress(bytes(100)), b"IEND"]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(chunk) - 4) + chunk + struct.pack(">I", zlib.crc32(chunk)) for chunk in chunks
    )


@pytest.mark.parametrize(
    ("kind", "size", "expected"),
    [
        ("poster", (1000, 1426), (1000, 1426)),
        ("poster", (2000, 3000), (1000, 1500)),
        ("poster", (60, 90), (60, 90)),
        ("fanart", (3840, 2160), (1920, 1080)),
        ("banner", (2000, 370), (1000, 185)),
        ("thumb", (2000, 1124), (1000, 562)),
    ],
)
@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_sizes(kind: PictureKind, size: tuple[int, int], expected: tuple[int, int], form: str) -> None:
    with Image.open(io.BytesIO(encode(kind, _picture("RGB", size, form, "teal")))) as picture:
        assert (picture.format, picture.mode, picture.size) == ("JPEG", "RGB", expected)
        red, green, blue = picture.getpixel((5, 5))  # type: ignore[misc]
        assert abs(red) < 10
        assert abs(green - 128) < 10
        assert abs(blue - 128) < 10


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P", "L"])
def test_a_logo_keeps_its_transparency(mode: str) -> None:
    with Image.open(io.BytesIO(encode("logo", _picture(mode, (1600, 620), "PNG")))) as logo:
        assert (logo.format, logo.mode, logo.size) == ("PNG", "RGBA", (800, 310))
        alpha = logo.getpixel((0, 0))[3]  # type: ignore[index]
        assert alpha == (0 if mode in ("RGBA", "LA") else 255)


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P", "L", "1", "CMYK"])
def test_a_poster_of_any_mode_becomes_rgb(mode: str) -> None:
    form = "JPEG" if mode == "CMYK" else "PNG"
    with Image.open(io.BytesIO(encode("poster", _picture(mode, (60, 90), form)))) as picture:
        assert (picture.format, picture.mode) == ("JPEG", "RGB")


def test_a_turned_photograph_stands_upright() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    data = _picture("RGB", (90, 60), "JPEG", "teal", exif=exif)
    with Image.open(io.BytesIO(encode("poster", data))) as picture:
        assert picture.size == (60, 90)


def test_what_rides_along_is_dropped() -> None:
    exif = Image.Exif()
    exif[0x010E] = "a secret"
    data = _picture("RGB", (60, 90), "JPEG", "teal", exif=exif, comment=b"another secret")
    assert b"secret" in data
    encoded = encode("poster", data + b"<script>a third secret</script>")
    assert b"secret" not in encoded


def test_a_logo_carries_nothing_along_either() -> None:
    info = PngInfo()
    info.add_text("Comment", "a secret")
    data = _picture("RGBA", (60, 90), "PNG", pnginfo=info)
    assert b"secret" in data
    assert b"secret" not in encode("logo", data)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<html>Not found</html>",
        b'<svg xmlns="http://www.w3.org/2000/svg"/>',
        b"\xff\xd8\xff",
        b"\x89PNG\r\n\x1a\n",
        _picture("RGB", (60, 90), "JPEG")[:300],
        _picture("RGB", (60, 90), "GIF"),
        _picture("RGB", (60, 90), "BMP"),
        _png_header(60, 90),
        _picture("RGB", (600, 900), "PNG", "teal")[:-40],
    ],
)
def test_what_is_no_picture(data: bytes) -> None:
    with pytest.raises(BadPictureError):
        encode("poster", data)


def test_too_many_pixels_are_not_decoded() -> None:
    with pytest.raises(BadPictureError, match="more than 40 million"):
        encode("poster", _png_header(65_000, 65_000))


def test_too_many_bytes_are_not_looked_at() -> None:
    with pytest.raises(BadPictureError, match="16 MiB"):
        encode("poster", b"\xff\xd8\xff" + bytes(MAX_BYTES))


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (_picture("RGB", (6, 9), "JPEG"), "image/jpeg"),
        (_picture("RGB", (6, 9), "PNG"), "image/png"),
        (_picture("RGB", (6, 9), "GIF"), "image/gif"),
        (_picture("RGB", (6, 9), "WEBP"), "image/webp"),
        (b"\x00\x00\x00\x1cftypavif....", "image/avif"),
        (b"<svg/>", None),
        (b"", None),
    ],
)
def test_media_types(data: bytes, expected: str | None) -> None:
    assert media_type(data) == expected
