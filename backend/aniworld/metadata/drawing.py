"""Decodes pictures and encodes them anew. Only runs in the process for it (:mod:`child`): this is where Pillow is."""

from __future__ import annotations

import io
import struct

from PIL import Image, ImageOps, UnidentifiedImageError

from aniworld.metadata.errors import BadPictureError
from aniworld.metadata.pictures import LARGEST
from aniworld.metadata.types import DrawJob, PictureFacts, PictureKind

MAX_PIXELS = 40_000_000
_FORMATS = ("JPEG", "PNG", "WEBP")
_QUALITY = 88
_SMALL_QUALITY = 80
_BROKEN = "That is not a JPEG, PNG or WebP picture, or it is broken"
_BAD = (UnidentifiedImageError, OSError, ValueError, SyntaxError, MemoryError, OverflowError, struct.error)

Image.MAX_IMAGE_PIXELS = None  # the check below is stricter, and does not only warn


def draw(job: DrawJob, data: bytes) -> tuple[bytes, PictureFacts]:
    """What is kept of the picture, and what it is. Raises :class:`BadPictureError`."""
    try:
        with Image.open(io.BytesIO(data), formats=_FORMATS) as picture:
            width, height = picture.size
            if width * height > MAX_PIXELS:
                raise BadPictureError(f"The picture has {width} × {height} pixels, more than 40 million")
            if job.kind is not None:
                return _kept(job.kind, picture), PictureFacts(width, height)
            return _thumbnail(job.width, picture)
    except _BAD as error:
        raise BadPictureError(_BROKEN) from error


def _kept(kind: PictureKind, picture: Image.Image) -> bytes:
    size = LARGEST[kind]
    picture.draft("RGB", size)  # a JPEG can be decoded at a fraction of its size
    turned = ImageOps.exif_transpose(_eight_bits(picture))
    out = io.BytesIO()
    if kind == "logo":
        logo = turned.convert("RGBA")
        logo.thumbnail(size, Image.Resampling.LANCZOS)
        logo.info = {}  # comments and the like would be written again
        logo.save(out, format="PNG", optimize=True)
    else:
        flat = _flat(turned)
        flat.thumbnail(size, Image.Resampling.LANCZOS)
        flat.info = {}
        flat.save(out, format="JPEG", quality=_QUALITY, progressive=True)
    return out.getvalue()


def _thumbnail(width: int, picture: Image.Image) -> tuple[bytes, PictureFacts]:
    """A WebP of that width, or of the picture's own where that is less; width 0: none, only what the picture is."""
    wanted = width or 16
    own = picture.size
    picture.draft("RGB", (2 * wanted, 2 * wanted))
    drafted = picture.size
    turned = ImageOps.exif_transpose(_eight_bits(picture))
    see_through = _is_see_through(turned)
    small = turned.convert("RGBA") if see_through else turned.convert("RGB")
    if small.width > wanted:
        small = small.resize(
            (wanted, max(1, round(small.height * wanted / small.width))), Image.Resampling.LANCZOS, reducing_gap=2.0
        )
    dot = (_flat(small) if see_through else small).resize((1, 1), Image.Resampling.BOX).getpixel((0, 0))
    assert isinstance(dot, tuple)
    facts = PictureFacts(*(own if turned.size == drafted else own[::-1]), "#{:02x}{:02x}{:02x}".format(*dot[:3]))
    if not width:
        return b"", facts
    small.info = {}
    out = io.BytesIO()
    small.save(out, format="WEBP", quality=_SMALL_QUALITY, method=4)
    return out.getvalue(), facts


def _eight_bits(picture: Image.Image) -> Image.Image:
    """16 bits of grey would be cut off above 255 otherwise."""
    if picture.mode.startswith("I"):
        return picture.convert("I").point(lambda value: value / 256).convert("L")
    return picture


def _is_see_through(picture: Image.Image) -> bool:
    return picture.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in picture.info


def _flat(picture: Image.Image) -> Image.Image:
    """On black where it can be seen through."""
    if not _is_see_through(picture):
        return picture.convert("RGB")
    seen = picture.convert("RGBA")
    flat = Image.new("RGB", seen.size)
    flat.paste(seen, mask=seen)
    return flat
