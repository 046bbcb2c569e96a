"""Pictures from a source, made harmless: checked, decoded and encoded anew. Blocks; call it through a thread.

Pillow is imported when the first picture comes.
"""

from __future__ import annotations

import io
import threading
from typing import TYPE_CHECKING

from aniworld.metadata.errors import BadPictureError
from aniworld.metadata.types import PictureKind

if TYPE_CHECKING:
    from PIL import Image

MAX_BYTES = 16 * 1024 * 1024
MAX_PIXELS = 40_000_000
_FORMATS = ("JPEG", "PNG", "WEBP")
_LARGEST: dict[PictureKind, tuple[int, int]] = {
    "poster": (1000, 1500),
    "fanart": (1920, 1080),
    "logo": (800, 310),
    "banner": (1000, 185),
    "thumb": (1000, 562),
}
_QUALITY = 88
_one_at_a_time = threading.Lock()
"""A picture of 40 million pixels takes 160 MB while it is decoded."""


def media_type(data: bytes) -> str | None:
    """What kind of picture the bytes begin like; None: none that a browser shows."""
    if data.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if data.startswith((b"GIF87a", b"GIF89a")):
        return "image/gif"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    if data[4:12] in (b"ftypavif", b"ftypavis"):
        return "image/avif"
    return None


def encode(kind: PictureKind, data: bytes) -> bytes:
    """The picture as it is kept: a PNG with transparency for a logo, else a JPEG, no larger than players want.

    Raises :class:`BadPictureError` for what is no JPEG, PNG or WebP, is broken, or is over 16 MiB or 40 million pixels.
    """
    if len(data) > MAX_BYTES:
        raise BadPictureError("The picture is larger than 16 MiB")
    from PIL import Image, UnidentifiedImageError  # noqa: PLC0415 - heavy, see above

    Image.MAX_IMAGE_PIXELS = None  # the check below is stricter, and does not only warn
    with _one_at_a_time:
        try:
            with Image.open(io.BytesIO(data), formats=_FORMATS) as picture:
                width, height = picture.size
                if width * height > MAX_PIXELS:
                    raise BadPictureError(f"The picture has {width} × {height} pixels, more than 40 million")
                return _encoded(kind, picture)
        except (UnidentifiedImageError, OSError, ValueError, SyntaxError, MemoryError, OverflowError) as error:
            raise BadPictureError("That is not a JPEG, PNG or WebP picture, or it is broken") from error


def _encoded(kind: PictureKind, picture: Image.Image) -> bytes:
    from PIL import Image, ImageOps  # noqa: PLC0415

    size = _LARGEST[kind]
    picture.draft("RGB", size)  # a JPEG can be decoded at a fraction of its size
    turned = ImageOps.exif_transpose(picture)
    out = io.BytesIO()
    if kind == "logo":
        logo = turned.convert("RGBA")
        logo.thumbnail(size, Image.Resampling.LANCZOS)
        logo.info = {}  # comments and the like would be written again
        logo.save(out, format="PNG", optimize=True)
        return out.getvalue()
    if turned.mode in ("RGBA", "LA", "PA") or "transparency" in turned.info:
        seen = turned.convert("RGBA")
        flat = Image.new("RGB", seen.size)
        flat.paste(seen, mask=seen)
    else:
        flat = turned.convert("RGB")
    flat.thumbnail(size, Image.Resampling.LANCZOS)
    flat.info = {}
    flat.save(out, format="JPEG", quality=_QUALITY, progressive=True)
    return out.getvalue()
